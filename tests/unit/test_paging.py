"""Sorting and counting within one candidate set."""

from __future__ import annotations

from typing import Any

from search.domain import Candidate, SortKey
from search.paging import count_values, in_order


def _ids(sort: tuple[SortKey, ...], **values: dict[str, Any]) -> list[str]:
    return [item.point_id for item in in_order([Candidate(key, 1.0, value) for key, value in values.items()], sort)]


def test_sorting_puts_missing_values_last_in_either_direction() -> None:
    rows: dict[str, dict[str, Any]] = {"a": {"price": 3}, "b": {}, "c": {"price": 1.5}, "d": {"price": 2}}
    assert _ids((SortKey("price"),), **rows) == ["c", "d", "a", "b"]
    assert _ids((SortKey("price", descending=True),), **rows) == ["a", "d", "c", "b"]


def test_sorting_by_several_keys_keeps_the_order_given_on_ties() -> None:
    rows: dict[str, dict[str, Any]] = {
        "a": {"brand": "Oak", "price": 2}, "b": {"brand": "ash", "price": 2}, "c": {"brand": "Ash", "price": 1},
        "d": {"brand": "oak", "price": 2},
    }  # fmt: skip
    assert _ids((SortKey("brand"), SortKey("price")), **rows) == ["c", "b", "a", "d"]
    assert _ids((), **rows) == ["a", "b", "c", "d"]


def test_a_list_sorts_by_the_value_that_would_come_first() -> None:
    rows: dict[str, dict[str, Any]] = {"a": {"sizes": [1, 9]}, "b": {"sizes": [5]}}
    assert _ids((SortKey("sizes"),), **rows) == ["a", "b"]
    assert _ids((SortKey("sizes", descending=True),), **rows) == ["a", "b"]


def test_spellings_that_differ_in_case_are_one_facet_value() -> None:
    rows = [{"brand": "HP"}, {"brand": "hp"}, {"brand": "HP"}, {"brand": "Acer"}, {}]
    assert count_values(rows, "brand") == {"HP": 3, "Acer": 1}


def test_facets_count_a_product_once_for_each_value_and_show_shortest_forms() -> None:
    rows = [{"x": ["a", "a", "b"]}, {"x": [True, 2.0, 2.5]}, {"x": "b"}]
    assert count_values(rows, "x") == {"b": 2, "2": 1, "2.5": 1, "a": 1, "true": 1}
