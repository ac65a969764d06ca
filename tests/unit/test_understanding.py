"""Words → Query, as far as it goes today."""

from __future__ import annotations

import pytest

from search.understanding import MAX_CHARS, understand


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
    ],
)
def test_understands(raw: str, text: str, language: str) -> None:
    query = understand(raw)
    assert (query.raw, query.text, query.language) == (raw, text, language)


def test_a_very_long_text_is_cut() -> None:
    assert len(understand("word " * 100_000).text) <= MAX_CHARS
