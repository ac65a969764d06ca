"""Readers of the canonical fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from indexer.problems import Unreadable
from indexer.values import (
    is_empty,
    read_category,
    read_first_text,
    read_id,
    read_language,
    read_link,
    read_stock,
    read_text,
)


@pytest.mark.parametrize(
    ("value", "id"),
    [
        (" A-1 ", "A-1"),
        (12, "12"),
        (12.0, "12"),
        (12.5, "12.5"),
        ("\ufeff007", "007"),
        (Decimal("7"), "7"),
        (2**70, str(2**70)),
    ],
)
def test_ids(value: Any, id: str) -> None:
    assert read_id(value) == id


@pytest.mark.parametrize("value", [True, [1], {}, float("inf"), 1e22, "\u200b", "x" * 513])
def test_what_is_no_id(value: Any) -> None:
    with pytest.raises(Unreadable):
        read_id(value)


@pytest.mark.parametrize("value", [None, "", " \n", [], {}, float("nan"), "NaN", "null", "None", "N/A", "\\N"])
def test_empty(value: Any) -> None:
    assert is_empty(value)


@pytest.mark.parametrize("value", [0, False, "0", "nanometre", ["x"]])
def test_not_empty(value: Any) -> None:
    assert not is_empty(value)


def test_text_from_lists_and_objects() -> None:
    assert read_text(["<b>One</b>", None, "two"]) == "One two"
    assert read_text("['one', 'two &amp; three']") == "one two & three"
    assert read_text({"name": "Braun"}) == "Braun"
    assert read_text(7) == "7"
    assert read_first_text(["", "Braun", "Oral-B"]) == "Braun"
    assert read_first_text('["Braun", "Oral-B"]') == "Braun"
    for value in (True, {"a": 1}, float("inf")):
        with pytest.raises(Unreadable):
            read_text(value)


@pytest.mark.parametrize(
    ("value", "levels"),
    [
        ("Home > Kitchen &gt; Mugs", ("Home", "Kitchen", "Mugs")),
        ("Home>>Kitchen>>Mugs", ("Home", "Kitchen", "Mugs")),
        ("Home | Kitchen", ("Home", "Kitchen")),
        ("Home › Kitchen » Mugs", ("Home › Kitchen", "Mugs")),
        ("手机/手机通讯/手机", ("手机", "手机通讯", "手机")),
        ("家电 数码 手机/家电", ("家电 数码 手机", "家电")),
        (["Home & Kitchen", "Cups/Mugs", ""], ("Home & Kitchen", "Cups/Mugs")),
        (["Home > Kitchen", "Gifts > For him"], ("Home", "Kitchen")),
        ([["Home", "Kitchen"], ["Gifts"]], ("Home", "Kitchen")),
        ("['Home', 'Kitchen']", ("Home", "Kitchen")),
        ('["Home", "Kitchen"]', ("Home", "Kitchen")),
        ("Mugs", ("Mugs",)),
        ("//", ()),
        ("a/a/b", ("a", "b")),
        ("/".join("abcdefghij"), tuple("abcdefgh")),
    ],
)
def test_categories(value: Any, levels: tuple[str, ...]) -> None:
    assert read_category(value) == levels


def test_category_separators_of_the_mapping() -> None:
    assert read_category("a/b: c", (":",)) == ("a/b", "c")


@pytest.mark.parametrize(
    ("value", "stock"),
    [
        (True, True), (0, False), (3, True), (2.0, True), ("1", True), ("0", False), ("12", True), ("0.0", False),
        ("yes", True),
        ("In Stock", True), ("in_stock", True), ("https://schema.org/InStock", True), ("Out of stock", False),
        ("sold-out", False), ("有货", True), ("缺货", False), ("", None), (None, None), ("N/A", None),
    ],
)  # fmt: skip
def test_stock(value: Any, stock: bool | None) -> None:
    assert read_stock(value) is stock


@pytest.mark.parametrize("value", [-1, "maybe", float("inf"), ["yes"], "-3"])
def test_what_says_nothing_about_stock(value: Any) -> None:
    with pytest.raises(Unreadable):
        read_stock(value)


@pytest.mark.parametrize(
    ("value", "link"),
    [
        ("https://x.example/a.jpg?w=1&amp;h=2", "https://x.example/a.jpg?w=1&h=2"),
        ("/goods-img/a.jpg", "/goods-img/a.jpg"),
        (["", "https://x.example/a.jpg", "b"], "https://x.example/a.jpg"),
        ('["https://x.example/a.jpg"]', "https://x.example/a.jpg"),
        ("['https://x.example/a.jpg']", "https://x.example/a.jpg"),
        ("https://x.example/a.jpg,https://x.example/b.jpg", "https://x.example/a.jpg"),
        ("https://x.example/w_10,h_10/a.jpg", "https://x.example/w_10,h_10/a.jpg"),
        ({"url": "https://x.example/a.jpg"}, "https://x.example/a.jpg"),
        ([{"large": "https://x.example/a.jpg"}], "https://x.example/a.jpg"),
        (None, None),
        ([], None),
    ],
)
def test_links(value: Any, link: str | None) -> None:
    assert read_link(value) == link


@pytest.mark.parametrize("value", ["javascript:alert(1)", "data:image/png;base64,AAAA", 7, '/a"onerror="x', "x" * 3000])
def test_what_is_no_link(value: Any) -> None:
    with pytest.raises(Unreadable):
        read_link(value)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("en", "en"),
        ("EN_us", "en"),
        ("English", "en"),
        ("zh-CN", "zh"),
        ("中文", "zh"),
        ("deu", "de"),
        ("fil", "fil"),
        ("", None),
    ],
)
def test_languages(value: str, code: str | None) -> None:
    assert read_language(value) == code


@pytest.mark.parametrize("value", ["Klingon", 7, "e"])
def test_what_is_no_language(value: Any) -> None:
    with pytest.raises(Unreadable):
        read_language(value)
