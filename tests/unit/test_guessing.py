"""Mappings guessed from column names and a look at the values."""

from __future__ import annotations

from typing import Any

import pytest

from indexer.guessing import guess_mapping
from indexer.mapping import FieldRule, Mapping, parse_mapping
from search.errors import MappingError


def guess(*rows: dict[str, Any], format: str = "jsonl") -> Mapping:
    mapping = guess_mapping(rows, format)
    assert mapping.guessed
    assert parse_mapping(mapping.to_toml(), "again") == mapping
    return mapping


def columns(mapping: Mapping) -> dict[str, Any]:
    return {
        field: rule.columns[0] if len(rule.columns) == 1 else rule.columns for field, rule in mapping.fields.items()
    }


def test_the_usual_english_names() -> None:
    row = {
        "SKU": "1", "Product Name": "Lamp", "Description": "x", "Manufacturer": "Acme", "Category Path": "A > B",
        "Price": "$5", "Currency": "USD", "Image URL": "/a.jpg", "Link": "/a", "Stock": 3,
        "parentSku": "P", "Language": "en", "Weight": 3,
    }  # fmt: skip
    mapping = guess(row)
    assert columns(mapping) == {
        "id": "SKU", "title": "Product Name", "description": "Description", "brand": "Manufacturer",
        "category": "Category Path", "price": "Price", "currency": "Currency", "image": "Image URL", "url": "Link",
        "in_stock": "Stock", "variant_of": "parentSku", "language": "Language",
    }  # fmt: skip
    assert mapping.attributes.all


def test_the_usual_chinese_names() -> None:
    row = {
        "商品编号": "1", "商品名称": "台灯", "品牌": "木", "类目": "家/灯", "价格": "￥5", "图片": "/a.jpg",
        "库存": "有货", "产地": "x",
    }  # fmt: skip
    assert columns(guess(row)) == {
        "id": "商品编号", "title": "商品名称", "brand": "品牌", "category": "类目", "price": "价格",
        "image": "图片", "in_stock": "库存",
    }  # fmt: skip


def test_the_better_name_wins_and_the_other_becomes_an_attribute() -> None:
    mapping = guess({"id": 1, "name": "RX-7", "title": "Lamp RX-7"}, {"id": 2, "name": "RX-8", "title": "Lamp RX-8"})
    assert columns(mapping) == {"id": "id", "title": "title"}


def test_an_id_that_repeats_is_none() -> None:
    rows = [{"id": "shop", "sku": str(number), "title": "x"} for number in range(10)]
    assert columns(guess(*rows))["id"] == "sku"


def test_the_currency_in_a_column_s_name() -> None:
    assert guess({"id": 1, "title": "x", "price_cny": 5}).fields["price"] == FieldRule(("price_cny",), currency="CNY")
    assert guess({"id": 1, "title": "x", "price_was": 5, "sale_price_usd": 4}).fields["price"].currency == "USD"


def test_values_decide_where_names_mislead() -> None:
    mapping = guess(
        {"id": 1, "title": "x", "link": "see the manual", "availability": "ships in 3 days", "language": "English (UK)"}
    )
    assert set(mapping.fields) == {"id", "title"}


def test_several_texts_make_the_description_but_tags_do_not() -> None:
    sentence = "A lamp with a long arm that bends wherever the light is needed most."
    mapping = guess({"id": 1, "title": "x", "intro": "a", "description": "b", "features": [sentence, sentence]})
    assert mapping.fields["description"] == FieldRule(("description", "intro", "features"), join=" ")
    assert guess({"id": 1, "title": "x", "features": ["bright", "tall"]}).fields.keys() == {"id", "title"}


def test_a_second_column_fills_gaps_only() -> None:
    full = {"id": 1, "title": "x", "brand": "A", "store": "A"}
    assert columns(guess(full))["brand"] == "brand"
    assert columns(guess(full, {"id": 2, "title": "y", "brand": None, "store": "B"}))["brand"] == ("brand", "store")


def test_specifications_are_flattened_and_more_pictures_left_out() -> None:
    row = {
        "id": 1,
        "title": "x",
        "own_spec": '{"a": 1}',
        "image": "/a.jpg",
        "img_thumb": "/b.jpg",
        "picture_quality": "high",
    }
    rules = guess(row).attributes
    assert rules.columns == ("own_spec",)
    assert rules.exclude == ("img_thumb",)


def test_csv_columns_get_kinds() -> None:
    row = {
        "id": "1",
        "title": "x",
        "sold": "12",
        "weight": "1.5",
        "ean": "4006381333931",
        "zip": "01234",
        "new": "true",
    }
    mapping = guess(row | {"seen": "2016/11/4", "size": "12 cm"}, format="csv")
    assert mapping.attributes.types == {"sold": "number", "weight": "number", "new": "boolean", "seen": "date"}
    assert guess(row).attributes.types == {}


@pytest.mark.parametrize(("row", "missing"), [({"title": "x"}, "id"), ({"id": 1, "price": 2}, "title"), ({}, "id")])
def test_without_id_or_title_there_is_no_guess(row: dict[str, Any], missing: str) -> None:
    with pytest.raises(MappingError, match=f"product's {missing}.*--mapping"):
        guess_mapping([row], "csv")
