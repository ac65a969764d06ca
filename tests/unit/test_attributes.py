"""What becomes of the columns that are no canonical field."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from indexer.attributes import ATTRIBUTES_LIMIT, VALUE_LIMIT, AttributeReader, read_number, read_value, slug
from indexer.mapping import AttributeRules, FieldRule, Mapping
from indexer.problems import Unreadable


def read(
    rules: AttributeRules, row: dict[str, Any], core: dict[str, Any] | None = None
) -> tuple[dict[str, Any], list[str]]:
    warnings: list[str] = []
    mapping = Mapping({"id": FieldRule(("id",)), "title": FieldRule(("title",))}, rules)
    found = AttributeReader(mapping).read(row, core or {}, lambda field, reason: warnings.append(f"{field}: {reason}"))
    return found, warnings


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Item Weight", "item_weight"),
        ("operating_temperature__t_t_", "operating_temperature_t_t"),
        ("imageUrl", "image_url"),
        ("Item Dimensions LxWxH", "item_dimensions_lxwxh"),
        ("材质", "材质"),
        ("尺寸（cm）", "尺寸_cm"),
        ("Größe", "größe"),
        ("colour_temp_k", "colour_temp_k"),
        ("???", ""),
    ],
)
def test_slugs(name: str, expected: str) -> None:
    assert slug(name) == expected
    assert slug(expected) == expected


def test_prefixes_give_names_and_kinds() -> None:
    rules = AttributeRules(prefixes={"attr_t_": "text", "attr_n_": "number", "attr_b_": "boolean"})
    row = {
        "attr_t_size": 42,
        "attr_n_weight": "3.50",
        "attr_n_width": 6.0,
        "attr_b_touch": "yes",
        "attr_n_bad": "12 cm",
        "other": "x",
    }
    found, warnings = read(rules, row)
    assert found == {"size": "42", "weight": 3.5, "width": 6, "touch": True}
    assert isinstance(found["width"], int)
    assert warnings == ["bad: '12 cm' is no number"]


def test_json_types_stay_without_a_kind() -> None:
    row = {
        "id": "1",
        "title": "x",
        "a": "12",
        "b": 12,
        "c": 1.5,
        "d": True,
        "e": ["x", "y"],
        "f": [1, 2],
        "g": None,
        "h": "",
        "i": "none",
    }
    found, warnings = read(AttributeRules(all=True), row)
    assert found == {"a": "12", "b": 12, "c": 1.5, "d": True, "e": ["x", "y"], "f": [1, 2], "i": "none"}
    assert warnings == []


def test_nothing_is_left_out_without_a_word_and_infinity_with_one() -> None:
    row = {"a": float("nan"), "b": float("inf"), "c": "NaN", "d": [], "e": {}, "f": "<br>"}
    found, warnings = read(AttributeRules(all=True), row)
    assert found == {}
    assert warnings == ["b: inf is no number"]


def test_objects_are_flattened_one_level() -> None:
    details = {
        "Item Weight": "2 pounds",
        "Rank": {"Mugs": 3, "Kitchen": 143},
        "Deep": {"a": {"b": 1}},
        "": "x",
        "Tags": ["a", "b"],
    }
    found, _ = read(AttributeRules(columns=("details",)), {"details": details})
    assert found == {"item_weight": "2 pounds", "rank": "Mugs: 3; Kitchen: 143", "tags": ["a", "b"]}
    found, _ = read(AttributeRules(columns=("own_spec",)), {"own_spec": '{"机身颜色":"白色","内存":"3GB"}'})
    assert found == {"机身颜色": "白色", "内存": "3GB"}
    found, _ = read(
        AttributeRules(columns=("specs",)),
        {"specs": [{"name": "Colour", "value": "red"}, {"name": "Size", "value": 4}]},
    )
    assert found == {"colour": "red", "size": 4}
    found, _ = read(AttributeRules(columns=("spec",)), {"spec": "{not json"})
    assert found == {"spec": "{not json"}


def test_an_object_under_all_keeps_its_name_in_front() -> None:
    assert read(AttributeRules(all=True), {"shipping": {"Weight": 3}})[0] == {"shipping_weight": 3}


def test_renames_by_column_rest_or_key() -> None:
    rules = AttributeRules(
        columns=("details", "name"),
        prefixes={"attr_t_": "text", "attr_b_": "boolean"},
        rename={"product_colour": "colour", "attr_b_colour": "in_colour", "Color": "colour", "name": "model"},
    )
    found, _ = read(rules, {"attr_b_colour": True, "attr_t_product_colour": "Silver", "name": "dv7"})
    assert found == {"in_colour": True, "colour": "Silver", "model": "dv7"}
    assert read(rules, {"details": {"Color": "red"}})[0] == {"colour": "red"}


def test_two_columns_with_one_name() -> None:
    rules = AttributeRules(prefixes={"attr_t_": "text", "attr_n_": "number"}, columns=("x",), rename={"x": "size"})
    assert read(rules, {"attr_t_size": "L", "attr_n_size": 4})[0] == {"size": "L", "attr_n_size": 4}
    assert read(rules, {"attr_t_size": "L", "x": "XL"})[0] == {"size": "XL", "size_2": "L"}
    assert read(rules, {"attr_t_size": "L", "x": "L"})[0] == {"size": "L"}


def test_names_of_canonical_fields_are_not_taken() -> None:
    rules = AttributeRules(columns=("details",))
    found, _ = read(rules, {"details": {"Brand": "lavohome", "Language": "English"}}, {"brand": "LavoHome"})
    assert found == {"language_attr": "English"}


def test_exclude_and_types_by_column_or_name() -> None:
    rules = AttributeRules(
        columns=("d", "n"), exclude=("Best Sellers Rank", "secret"), types={"Number of Items": "number", "n": "date"}
    )
    found, _ = read(rules, {"d": {"Best Sellers Rank": 1, "Secret": 2, "Number of Items": "4"}, "n": "2016/1/4"})
    assert found == {"number_of_items": 4, "n": "2016-01-04"}


def test_limits_are_kept_and_told() -> None:
    found, warnings = read(AttributeRules(all=True), {f"c{number}": number for number in range(ATTRIBUTES_LIMIT + 5)})
    assert len(found) == ATTRIBUTES_LIMIT
    assert warnings == ["c200: this and 4 more attributes are above the 200 kept"]
    found, warnings = read(AttributeRules(all=True), {"a": "word " * 200, "b": ["x"] * 3 + list(map(str, range(200)))})
    assert len(found["a"]) <= VALUE_LIMIT
    assert len(found["b"]) <= 100
    assert warnings == ["a: cut to 500 of 999 characters", "b: cut to 100 of 203 items"]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("['a', 'b']", None, ["a", "b"]),
        ('["a", "b"]', "text", ["a", "b"]),
        ("[no list]", None, "[no list]"),
        (12.0, "text", "12"),
        (True, "text", "true"),
        ("1,299", "number", 1299),
        ("-1.5e3", "number", -1500),
        (Decimal("2.50"), None, 2.5),
        (2**70, None, str(2**70)),
        ("否", "boolean", False),
        (1.0, "boolean", True),
        ("2016年11月4日", "date", "2016-11-04"),
        ("2016-11-04T10:00:00Z", "date", "2016-11-04T10:00:00Z"),
        ([True, "x", 1], None, ["true", "x", "1"]),
        ([{"name": "Cat"}, {"no": "name"}], None, ["Cat"]),
        ("NULL", None, None),
    ],
)
def test_values(value: Any, kind: Any, expected: Any) -> None:
    found, _ = read_value(value, kind)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "kind"), [("perhaps", "boolean"), ("04.11.2016", "date"), ([1], "number"), (True, "number")]
)
def test_values_that_are_not_of_their_kind(value: Any, kind: Any) -> None:
    with pytest.raises(Unreadable):
        read_value(value, kind)


def test_numbers_are_finite() -> None:
    with pytest.raises(Unreadable):
        read_number("1e999")
