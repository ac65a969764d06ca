"""Marking, cropping and locating query words: golden strings, several of them from Meilisearch's own tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.highlight import crop, find, in_bytes, mark, terms


def marked(query: str, text: str) -> str:
    return mark(text, find(text, terms(query)), "<", ">")


def cropped(query: str, text: str, words: int) -> str:
    found = crop(text, find(text, terms(query)), words, "…")
    return mark(*found, "<", ">")


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("prince", "Le Petit Prince", "Le Petit <Prince>"),
        ("pri", "Le Petit Prince", "Le Petit <Pri>nce"),
        ("pri ", "Le Petit Prince", "Le Petit Prince"),
        ("pri petit", "Le Petit Prince", "Le <Petit> Prince"),
        ("p", "Le Petit Prince", "Le Petit Prince"),
        ("pésti", "PESTI and Pésti", "<PESTI> and <Pésti>"),
        ("strasse", "Straße", "<Straße>"),
        ("ＡＢＣ", "abc ＡＢＣ", "<abc> <ＡＢＣ>"),
        ("usb-c cable", "USB-C cable", "<USB>-<C> <cable>"),
        ("iphone 15", "iPhone 15 and 150", "<iPhone> <15> and <15>0"),
        ("で", "この度、クーポンで無料で頂きました。", "この度、クーポン<で>無料<で>頂きました。"),
        ("大卫", "大卫到了扫罗那里", "<大卫>到了扫罗那里"),
        ("无线耳机", "无线蓝牙耳机", "<无线>蓝牙<耳机>"),
        ("无线耳机", "无线耳机", "<无线耳机>"),
        ("Sony耳机", "索尼Sony降噪耳机", "索尼<Sony>降噪<耳机>"),
        ("keyboard for the office", "A keyboard for the home", "A <keyboard> for the home"),
        ("for the", "A keyboard for the home", "A keyboard <for> <the> home"),
        ("", "anything", "anything"),
        ("!!!", "wow!!!", "wow!!!"),
        ("<b>", "a <b> c", "a <<b>> c"),
    ],
)
def test_marks_the_words_of_the_query(query: str, text: str, expected: str) -> None:
    assert marked(query, text) == expected


_LONG = "This text goes on about nothing much until a very quiet mechanical keyboard appears in the sentence"


@pytest.mark.parametrize(
    ("query", "text", "words", "expected"),
    [
        ("prince", "Le Petit Prince", 2, "…Petit <Prince>"),
        ("quiet keyboard", _LONG, 5, "…very <quiet> mechanical <keyboard> appears…"),
        ("nowhere", _LONG, 4, "This text goes on…"),
        ("sentence", _LONG, 3, "…in the <sentence>"),
        ("quiet", "a quiet room", 10, "a <quiet> room"),
        ("quiet", "a quiet room", 0, "a <quiet> room"),
        ("quiet", "a quiet room. ", 3, "a <quiet> room. "),
        ("耳机", "这是一款非常好用的无线蓝牙耳机适合运动", 3, "…牙<耳机>适合运…"),
    ],
)
def test_crops_around_the_best_place(query: str, text: str, words: int, expected: str) -> None:
    assert cropped(query, text, words) == expected


def test_crop_prefers_different_words_to_many_of_one() -> None:
    text = "red red red red and then at the very end a red lamp"
    assert "<red> <lamp>" in cropped("red lamp", text, 4)


def test_positions_count_bytes() -> None:
    text = "é 无线 lamp"
    assert in_bytes(text, find(text, terms("无线 lamp"))) == [{"start": 3, "length": 6}, {"start": 10, "length": 4}]


@given(st.text(max_size=80), st.text(max_size=200), st.integers(0, 12))
def test_any_text_survives(query: str, text: str, words: int) -> None:
    """Marks only add, cropping only takes away, and spans lie within the text in order."""
    spans = find(text, terms(query))
    assert mark(text, spans, "", "") == text
    at = 0
    for span in spans:
        assert at <= span.start < span.end <= len(text)
        at = span.end
    short, kept = crop(text, spans, words, "")
    assert short in text
    assert all(0 <= span.start < span.end <= len(short) for span in kept)


def test_a_hostile_text_takes_no_hostile_time() -> None:
    """Half a million matches: quadratic work here would not come back before the timeout of the suite."""
    text = "red lamp " * 250_000
    assert len(find(text, terms("red lamp"))) < 50_000
    assert crop(text, find(text, terms("red lamp")), 10, "…")[0].endswith("…")
