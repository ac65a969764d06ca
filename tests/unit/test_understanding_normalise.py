"""What was typed → plain text, and back to the places where it was typed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.understanding import MAX_CHARS, literally, understand
from search.understanding.normalise import plain

ANY_TEXT = st.text(st.characters(), max_size=80)


@pytest.mark.parametrize(
    ("raw", "text", "language"),
    [
        ("  quiet \t keyboard\n", "quiet keyboard", "en"),
        ("适合油皮的面霜", "适合油皮的面霜", "zh"),
        ("ｉＰｈｏｎｅ　１５", "iPhone 15", "en"),
        ("a\u200bb\x00c", "a b c", "en"),
        ("", "", "en"),
        ("\u200b", "", "en"),
        ("usb-c 数据线", "usb-c 数据线", "zh"),
        ("cafe\u0301 cre\u0300me", "café crème", "en"),
        ("lone \ud800 surrogate", "lone surrogate", "en"),
    ],
)
def test_understands(raw: str, text: str, language: str) -> None:
    for query in (understand(raw), literally(raw)):
        assert (query.raw, query.text, query.language) == (raw, text, language)


def test_a_very_long_text_is_cut() -> None:
    assert len(understand("word " * 100_000).text) <= MAX_CHARS


@given(ANY_TEXT)
def test_every_character_knows_where_it_comes_from(raw: str) -> None:
    found = plain(raw)
    assert len(found.text) == len(found.lower) == len(found.starts) == len(found.ends)
    assert all(0 <= start < end <= len(raw) for start, end in zip(found.starts, found.ends, strict=True))
    assert list(found.starts) == sorted(found.starts)
    assert list(found.ends) == sorted(found.ends)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=60))
def test_a_slice_of_the_plain_text_is_the_slice_that_was_typed(raw: str) -> None:
    found = plain(raw)
    for start in range(0, len(found.text), 3):
        for end in range(start + 1, len(found.text) + 1, 4):
            first, last = found.span(start, end)
            assert found.text[start:end].strip() in " ".join(unicodedata.normalize("NFKC", raw[first:last]).split())


@given(ANY_TEXT)
def test_normalising_twice_changes_nothing(raw: str) -> None:
    assert plain(plain(raw).text).text == plain(raw).text
