"""Product ↔ Qdrant payload: names, values, vectors."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.domain import FieldKind, FilterValue, Point
from search.errors import StoreError
from search.storage.payload import (
    NAMESPACE,
    fold,
    from_payload,
    is_point_id,
    number_text,
    operand,
    parse_date,
    parse_number,
    point_id,
    shown_name,
    stored_name,
    to_payload,
    unit_vector,
)


def test_point_ids_are_uuid5_in_a_namespace_of_our_own_and_never_change() -> None:
    assert point_id("42") == "689c5fbf-b6bd-5003-9770-57b3e028498c"
    assert point_id("产品") == str(uuid.uuid5(NAMESPACE, "产品"))
    assert point_id("") != point_id(" ")
    assert uuid.UUID(point_id("\ud800")).version == 5


@given(st.text())
def test_any_field_name_can_be_stored_and_read_back(name: str) -> None:
    stored = stored_name(name)
    assert shown_name(stored) == name
    assert '"' not in stored
    assert "\\" not in stored


@given(st.text(max_size=5), st.text(max_size=5))
def test_no_two_field_names_are_stored_alike(one: str, other: str) -> None:
    assert (stored_name(one) == stored_name(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("HP", "hp"),
        ("  ＨＰ ", "hp"),
        ("Straße", "strasse"),
        ("ﬁt", "fit"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("½", "1⁄2"),
        ("红 色", "红 色"),
        ("\x01HP", "hp"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("number", "text"),
    [(42, "42"), (42.0, "42"), (42.5, "42.5"), (-0.0, "0"), (0.1, "0.1"), (1e15, "1000000000000000"), (1e22, "1e+22")],
)  # fmt: skip
def test_numbers_in_shortest_form(number: float, text: str) -> None:
    assert number_text(number) == text
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text", ["", "x", "1,5", "1 5", "nan", "inf", "-Infinity", "1_000", "0x1f", "٤٢", "1e999", "--1", "1e", "."]
)
def test_what_is_no_number(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2024-02-29T12:30:00+08:00", datetime(2024, 2, 29, 4, 30, tzinfo=UTC)),
        ("2024-02-29T12:30:00.5Z", datetime(2024, 2, 29, 12, 30, 0, 500000, tzinfo=UTC)),
        ("2023-02-29", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(text: str, moment: datetime | None) -> None:
    assert parse_date(text) == moment


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("HP ", "text", "hp"),
        (42.0, "text", "42"),
        (42, "text", "42"),
        (True, "text", "true"),
        ("", "text", None),
        (float("nan"), "text", None),
        (42, "number", 42.0),
        ("42", "number", 42.0),
        (" 4.2e1 ", "number", 42.0),
        ("forty", "number", None),
        (True, "number", None),
        (float("inf"), "number", None),
        (False, "boolean", 0),
        ("True", "boolean", 1),
        ("yes", "boolean", None),
        (1.0, "boolean", None),
        ("2024-01-01", "date", datetime(2024, 1, 1, tzinfo=UTC)),
        (2024.0, "date", None),
        (True, "date", None),
    ],
)
def test_the_right_side_of_a_comparison(value: FilterValue, kind: FieldKind, expected: object) -> None:
    found = operand(value, kind)
    assert found == expected
    assert type(found) is type(expected)


def payload(document: dict[str, Any], fields: dict[str, FieldKind]) -> dict[str, Any]:
    return to_payload(Point("1", (1.0,), document, "t", "h"), fields)[0]


def test_the_payload_of_a_product() -> None:
    document = {
        "id": "1",
        "brand": "HP",
        "category": ["Office", "OFFICE", "Paper"],
        "price": 59,
        "in_stock": True,
        "released": "2024-05-01T08:00:00+08:00",
        'odd "one"': "x",
        "notes": "not filterable",
    }
    fields: dict[str, FieldKind] = {
        "brand": "text",
        "category": "text",
        "price": "number",
        "in_stock": "boolean",
        "released": "date",
        'odd "one"': "text",
        "absent": "text",
    }
    assert payload(document, fields) == {
        "id": "1",
        "doc": {**{name: value for name, value in document.items() if '"' not in name}, "odd %22one%22": "x"},
        "f": {
            "brand": ["hp", "\x01HP"],
            "category": ["office", "paper", "\x01Office", "\x01OFFICE", "\x01Paper"],
            "price": 59.0,
            "in_stock": 1,
            "released": "2024-05-01T00:00:00Z",
            "odd %22one%22": ["x", "\x01x"],
        },
        "t": "t",
        "h": "h",
    }


def test_codes_stand_beside_the_filter_values_once_each_and_come_back() -> None:
    made = to_payload(Point("1", (1.0,), {}, "t", "h", codes=("tn2110", "x1", "tn2110")), {})[0]
    assert made == {"id": "1", "doc": {}, "f": {}, "t": "t", "h": "h", "c": ["tn2110", "x1"]}
    assert from_payload(made, (1.0,)).codes == ("tn2110", "x1")
    assert "c" not in payload({}, {})


@pytest.mark.parametrize("codes", [("",), (3,), (None,), (("a",),), ("\ud800",)])
def test_codes_that_are_none_are_refused(codes: tuple[Any, ...]) -> None:
    with pytest.raises(StoreError, match="'1'"):
        to_payload(Point("1", (1.0,), {}, "t", "h", codes=codes), {})


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("689c5fbf-b6bd-5003-9770-57b3e028498c", True),
        ("00000000-0000-0000-0000-000000000000", True),
        ("689C5FBF-B6BD-5003-9770-57B3E028498C", False),
        ("689c5fbfb6bd5003977057b3e028498c", False),
        ("{689c5fbf-b6bd-5003-9770-57b3e028498c}", False),
        ("689c5fbf-b6bd-5003-9770-57b3e028498c\n", False),
        ("689c5fbf-b6bd-5003-9770-57b3e028498", False),
        ("", False),
    ],
)
def test_what_is_a_point_id(text: str, is_one: bool) -> None:
    assert is_point_id(text) == is_one


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 42), ("text", True), ("text", " "), ("text", []), ("text", None), ("text", {"a": "b"}),
        ("text", [None, [], {}]),
        ("number", "42"), ("number", True), ("number", float("nan")), ("number", [float("inf"), "x", False]),
        ("boolean", 1), ("boolean", "true"), ("boolean", 0.0),
        ("date", "soon"), ("date", 2024), ("date", True), ("date", "2023-02-29"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_left_out_of_the_filters(kind: FieldKind, value: object) -> None:
    assert payload({"field": value}, {"field": kind})["f"] == {}


def test_lists_keep_what_fits() -> None:
    assert payload({"x": [1, "2", 1.0, True, None, 3.5]}, {"x": "number"})["f"] == {"x": [1.0, 3.5]}
    assert payload({"x": [True, 1, "true"]}, {"x": "boolean"})["f"] == {"x": 1}


def test_a_payload_shares_nothing_with_the_document_it_was_made_of() -> None:
    document: dict[str, Any] = {"deep": {"list": [1]}, "tuple": (1, 2)}
    made = payload(document, {})
    document["deep"]["list"].append(2)
    assert made["doc"] == {"deep": {"list": [1]}, "tuple": [1, 2]}
    assert from_payload(made, (0.5,)) == Point("1", (0.5,), made["doc"], "t", "h")


@pytest.mark.parametrize("value", [Decimal("1.5"), {1, 2}, "\ud800", 2**70, {1: "x"}, object()])
def test_a_document_that_is_no_json_is_named(value: object) -> None:
    with pytest.raises(StoreError, match="'1'"):
        payload({"field": {"deep": [value]}}, {})


def test_vectors_of_unit_length_are_left_as_they_are() -> None:
    """Also where the length is off by a rounding error: an index built twice from the same vectors is the same."""
    third = np.full(3, 3**-0.5, dtype=np.float32)
    for nearly in (third, third * np.float32(1 + 2e-6), third * np.float32(1 - 5e-5)):
        assert unit_vector(nearly, 3, "it").tobytes() == nearly.tobytes()
    assert unit_vector([3, 4], 2, "it").tolist() == pytest.approx([0.6, 0.8])
    assert unit_vector([1e-40, 0], 2, "it").tolist() == [1.0, 0.0]
    assert unit_vector([3e38, 3e38], 2, "it").tolist() == pytest.approx([0.5**0.5, 0.5**0.5])


@pytest.mark.parametrize(
    "vector", [[1.0], [1.0, 2.0, 3.0], [], [[1.0, 2.0]], 1.0, ["a", "b"], None, [[1.0], [1.0, 2.0]], [0.0, 0.0],
               [float("nan"), 1.0], [float("-inf"), 1.0], [1e39, 1.0]],
)  # fmt: skip
def test_what_is_no_vector_is_named(vector: Any) -> None:
    with pytest.raises(StoreError, match="product 7"):
        unit_vector(vector, 2, "product 7")
