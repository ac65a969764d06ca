"""Catalogue text becomes plain text, and what is plain already stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.cleaning import clean, clean_name, python_list, repair_surrogates, shorten


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("<p>Hello<br>World</p>", "Hello World"),
        ("<li>one<li>two", "one two"),
        ("<b>bo</b>ld", "bold"),
        ("&lt;p&gt;Hi&lt;/p&gt;", "Hi"),
        ("&amp;lt;b&amp;gt;Hi&amp;lt;/b&amp;gt;", "Hi"),
        ("AT&T &amp; R&D &eacute;&#233;&#xe9;&nbsp;x", "AT&T & R&D ééé x"),
        ("<a href='x>y' title=\"a > b\">link</a>", "link"),
        ("<o:p>office</o:p> <my-tag>own</my-tag>", "office own"),
        ("<style>.a{color:red}</style>Text<SCRIPT>alert('<b>')</SCRIPT>", "Text"),
        ("<!-- a <b>comment</b> -->x <!-- without an end", "x without an end"),
        ("<![CDATA[kept]]>", "kept"),
        ("<!DOCTYPE html><html>x", "x"),
        (" <!-- .headerM {color:#000000;font-size:24px} hr.dashed {border-top:1px; /*x*/ } --> a", "a"),
        ("Great ul {padding:0} li {margin: .6em 0; /* space */} text", "Great text"),
        (
            "骁龙芯片！<a href='https://sale.example/act.html' target='_blank'>更多优惠》》</a>",
            "骁龙芯片！更多优惠》》",
        ),
    ],
)
def test_markup_goes(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "a < b and c > d",
        "x<y and z>w",
        "I <3 you",
        '17" monitor <http://example.com>',
        '{size: large} {"a": 1}',
        "“full，width：”。￥ ！",
        "é“rock” – Ångström’s",
        "¿QUÉ?",
        "👨‍👩‍👧 ☕",
        "cotton\\navy",
        "Möbel & Küche; 5 % Rabatt",
    ],
)
def test_what_only_looks_like_markup_or_damage_stays(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("cafÃ© â€œhiâ€\x9d", "café “hi”"),
        ("that\x92s", "that’s"),
        ("e\u0301te\u0301", "été"),
        ("zero\u200bwidth\u00ad\ufeff", "zerowidth"),
        ("bell\x07\x00", "bell"),
        ("  a\u3000b\u00a0\n\tc ", "a b c"),
        ("\ud83d\ude00 \ud83d", "😀 �"),
        ("5kg\\n11lb\\r\\n\\r\\nRound", "5kg 11lb Round"),
    ],
)
def test_damage_is_mended(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_a_broken_tag_swallows_nothing_and_takes_no_time() -> None:
    assert clean("before <a href='unclosed after") == "before <a href='unclosed after"
    hard = "<a " * 60_000
    assert clean(hard) == hard.strip()
    assert clean("<!--" * 50_000 + "x") == "x"
    assert "x" in clean("{" * 100_000 + "x")
    assert clean("<script" * 20_000).startswith("<script")


marks = st.sampled_from(
    ["<b>", "<", ">", "</p>", "{", "}", "color:red", "<!--", "-->", "\\n", " ", "\x07", "\u200b", "\u0301"]
)
words = st.text(st.characters(codec="ascii", exclude_characters="&"), max_size=5) | st.sampled_from(
    ["中文", "，", "☕", "é"]
)


@given(st.lists(marks | words, max_size=12).map("".join))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert once == " ".join(once.split())


@given(st.text(max_size=200))
def test_any_text_can_be_cleaned_and_encoded(text: str) -> None:
    clean(text).encode()
    clean_name(text).encode()


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("['a', \"b's\", 'c\\'d \\x41 \\u4e2d']", ["a", "b's", "c'd A 中"]),
        ("['', '']", ["", ""]),
        ("[]", []),
        ('["one"]', ["one"]),
        ("['a', 1]", None),
        ("['never closed", None),
        ("[see below]", None),
        ("['it's', \"17\" wide\", 'b']", ["it's", '17" wide', "b"]),
        ("plain", None),
    ],
)
def test_python_lists_written_out(text: str, items: list[str] | None) -> None:
    assert python_list(text) == items


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=20), max_size=5))
def test_what_python_writes_out_is_read_back(items: list[str]) -> None:
    assert python_list(repr(items)) == items


def test_a_list_that_is_never_closed_takes_no_time() -> None:
    assert python_list("['" + "\\'" * 100_000) is None
    assert python_list("[" * 100_000) is None


def test_shorten_cuts_at_a_word() -> None:
    assert shorten("one two three", 20) == "one two three"
    assert shorten("one two three", 12) == "one two thre"
    assert shorten("aaaaaaaaa bbbbb", 11) == "aaaaaaaaa"


def test_names_are_trimmed_and_nothing_else() -> None:
    assert clean_name("\ufeff id ") == "id"
    assert clean_name("A<b>&amp;") == "A<b>&amp;"


def test_lone_surrogates_become_replacement_characters() -> None:
    assert repair_surrogates("a\udc00b") == "a�b"
