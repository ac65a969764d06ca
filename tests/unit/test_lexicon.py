"""What a catalogue teaches: values by phrase, numbers, words, titles; written to bytes and read back."""

from __future__ import annotations

import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.domain import FieldKind
from search.errors import IndexDamaged
from search.lexicon import Lexicon, LexiconBuilder, count
from search.lexicon.building import SAMPLE
from search.lexicon.folding import fold, key, runs, stem, terms
from search.lexicon.phrases import phrases, role_of

FIELDS: dict[str, FieldKind] = {
    "id": "text", "brand": "text", "category": "text", "price": "number", "currency": "text",
    "in_stock": "boolean", "colour": "text", "material": "text", "released": "date", "rating": "number",
    "waterproof": "boolean", "fit": "text",
}  # fmt: skip


def build(*documents: dict[str, Any], fields: dict[str, FieldKind] = FIELDS) -> Lexicon:
    builder = LexiconBuilder(fields)
    for number, document in enumerate(documents):
        builder.add({"id": str(number), **document})
    return builder.build()


def written(lexicon: Lexicon, phrase: str) -> set[str]:
    return {lexicon.value(number).written for number in lexicon.values(phrase)}


@pytest.mark.parametrize(
    ("value", "found_by"),
    [
        ("华为（HUAWEI）", {"华为", "huawei"}),
        ("StarTech.com", {"startech", "startech com", "startechcom"}),
        ("Kingston Technology", {"kingston", "kingston technology"}),
        ("CHANDO/自然堂", {"chando", "自然堂"}),
        ("TP-LINK", {"tp link", "tplink"}),
        ("Levi's", {"levi", "levis"}),
        ("L'Oréal", {"l oreal", "loreal"}),
        ("MUJI制造商", {"muji"}),
        ("Tripp Lite", {"tripp lite", "tripplite"}),
        ("HP Inc.", {"hp", "hp inc"}),
    ],
)
def test_a_brand_is_found_however_it_is_said(value: str, found_by: set[str]) -> None:
    assert found_by <= phrases(value, "brand")


@pytest.mark.parametrize(
    ("value", "found_by", "not_by"),
    [
        ("Black,Silver", {"black", "silver"}, set()),
        ("Black/Red", {"black", "red"}, set()),
        ("dark green", {"green", "dark green"}, set()),
        ("枫叶金", {"金", "金色", "枫叶金"}, {"枫"}),
        ("白色", {"白", "白色"}, set()),
        ("黑白", {"黑", "白", "黑色"}, set()),
        ("金属灰", {"灰", "灰色"}, {"金", "金色"}),
        ("石板灰/ 烟褐色", {"灰色", "褐色"}, set()),
    ],
)
def test_a_colour_is_found_by_what_it_is_made_of(value: str, found_by: set[str], not_by: set[str]) -> None:
    assert found_by <= phrases(value, "colour")
    assert not not_by & phrases(value, "colour")


def test_a_material_is_found_in_a_mixture() -> None:
    assert {"棉"} <= phrases("100%棉", "material")
    assert {"cotton", "polyester"} <= phrases("60% cotton, 40% polyester", "material")
    assert "金" not in phrases("铝合金", "material")


@pytest.mark.parametrize(
    ("field", "kind", "role"),
    [
        ("brand", "text", "brand"),
        ("colour", "text", "colour"),
        ("颜色", "text", "colour"),
        ("cable_colour", "text", "colour"),
        ("材质", "text", "material"),
        ("fit", "text", "attribute"),
        ("waterproof", "boolean", "attribute"),
        ("id", "text", None),
        ("ean", "text", None),
        ("model", "text", None),
        ("price", "number", None),
        ("package_dimensions", "text", None),
    ],
)
def test_fields_have_roles(field: str, kind: FieldKind, role: str | None) -> None:
    assert role_of(field, kind) == role


def test_values_are_counted_by_how_they_are_written() -> None:
    lexicon = build({"title": "a", "brand": "HP"}, {"title": "b", "brand": "HP"}, {"title": "c", "brand": "Hp"})
    assert {(v.written, v.count) for v in map(lexicon.value, lexicon.values("hp"))} == {("HP", 2), ("Hp", 1)}


def test_numbers_and_currencies_are_known() -> None:
    lexicon = build(
        {"title": "a", "price": 9.5, "currency": "USD", "rating": 4},
        {"title": "b", "price": 120, "currency": "CNY"},
        {"title": "c", "currency": "USD", "in_stock": False},
    )
    price = lexicon.numbers["price"]
    assert (price.min, price.max, price.count) == (9.5, 120, 2)
    assert dict(lexicon.currencies) == {"USD": 2, "CNY": 1}
    assert lexicon.number_field(["stars", "rating"]) == "rating"
    assert lexicon.has("in_stock")
    assert not lexicon.has("colour")
    assert lexicon.date_field(["released"]) is None


def test_words_are_known_in_any_inflexion() -> None:
    lexicon = build({"title": "Wireless headphones", "brand": "Sony", "description": "Folding and washable."})
    assert lexicon.frequency("headphones") == 1
    assert all(map(lexicon.knows, ("headphone", "sony", "wireless", "washable", "folds")))
    assert not lexicon.knows("keyboard")


def test_titles_tell_what_stands_beside_what() -> None:
    lexicon = build(
        {"title": "Green tea"},
        {"title": "Green tea, jasmine"},
        {"title": "Tea green cup", "colour": "Green"},
        {"title": "Green cup", "colour": "Green"},
        {"title": "Green cup", "colour": "White"},
    )
    green = lexicon.values("green")
    assert count(lexicon.titles_with(["green", "tea"])) == 2
    assert tuple(lexicon.agreement(["green", "tea"], green, "colour")) == (2, 0, 0)
    assert tuple(lexicon.agreement(["green", "cup"], green, "colour")) == (3, 3, 2)
    assert tuple(lexicon.agreement(["cup", "green"], green, "colour")) == (0, 0, 0)
    assert tuple(lexicon.agreement(["purple"], green, "colour")) == (0, 0, 0)


def test_an_attribute_with_a_value_for_each_product_is_not_kept() -> None:
    lexicon = build(*({"title": "a", "fit": f"fit {number}"} for number in range(10)))
    assert not lexicon.values("fit 3")


def test_bytes_come_back_the_same() -> None:
    lexicon = build(
        {"title": "Black 华为 phone", "brand": "华为（HUAWEI）", "colour": "Black", "price": 5.0, "in_stock": True}
    )
    again = Lexicon.from_bytes(lexicon.to_bytes())
    assert again.to_bytes() == lexicon.to_bytes()
    assert written(again, "huawei") == {"华为（HUAWEI）"}
    assert count(again.titles_with(["black", "华为"])) == 1
    assert again.products == 1


def test_an_empty_lexicon_knows_nothing() -> None:
    for lexicon in (Lexicon.empty(), Lexicon.from_bytes(Lexicon.empty().to_bytes()), build()):
        assert lexicon.products == 0
        assert not lexicon.values("black")
        assert not lexicon.knows("black")
        assert count(lexicon.titles_with(["black"])) == 0
        lexicon.prepare()


def test_a_damaged_lexicon_says_what_to_do() -> None:
    data = build({"title": "Black phone"}).to_bytes()
    damaged = [b"", b"DGLX", data[:-3], data[:20] + b"\xff" + data[21:], b"XXXX" + data[4:], zlib.compress(b"{}")]
    for bad in damaged:
        with pytest.raises(IndexDamaged, match="reindex"):
            Lexicon.from_bytes(bad)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with pytest.raises(IndexDamaged):
        Lexicon.from_bytes(data)


def test_of_many_products_an_even_sample_of_titles_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.lexicon.building.SAMPLE", 50)
    lexicon = build(*({"title": "lamp", "brand": f"B{number % 3}"} for number in range(500)))
    kept = count(lexicon.titles_with(["lamp"]))
    assert 10 <= kept <= 50
    assert kept == sum(count(lexicon.titles_of(lexicon.values(f"b{number}"))) for number in range(3))
    assert lexicon.frequency("lamp") == 500
    assert SAMPLE > 50


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"title": ""},
        {"title": "x", "brand": None, "category": None, "colour": []},
        {"title": "x", "colour": ["Black", "White"], "category": ["A", "B"]},
        {"title": "x", "colour": 5, "brand": "", "price": True, "rating": "4"},
        {"title": "\ud800 lone", "brand": "\ud800", "colour": "\x00"},
        {"title": "x" * 10_000, "description": "y " * 10_000, "brand": "z" * 1000},
    ],
)
def test_odd_documents_are_read(document: dict[str, Any]) -> None:
    lexicon = build(document)
    assert Lexicon.from_bytes(lexicon.to_bytes()).products == 1


def test_folding() -> None:
    assert fold("ＣＡＦÉ ﬁne") == "cafe fine"
    assert runs("women's 128gb wi-fi 华为手机") == ["women", "128gb", "wi", "fi", "华为手机"]
    assert key("TP-LINK") == "tp link"
    assert stem("headphones") == stem("headphone")
    assert terms("headphones 华为手机") == ["headphon", "华为", "手机"]
