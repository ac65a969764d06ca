"""A condition of the query, as a filter and as a verdict on a document: the two must agree on every document."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import MemoryCollection
from hypothesis import given
from hypothesis import strategies as st
from points import manifest, point

from search.constraints import TEXT, checkable, evidence, not_violated, satisfied
from search.domain import Constraint, Evidence, FieldKind, Filter
from search.storage.payload import point_id

FIELDS: dict[str, FieldKind] = {"colour": "text", "price": "number", "in_stock": "boolean", "released": "date"}


def constraint(field: str, op: Any, value: Any, members: tuple[str, ...] = ()) -> Constraint:
    return Constraint(field, op, value, (0, 1), "x", "must", members)


def verdict(one: Constraint, **document: Any) -> str:
    (found,) = evidence([one], {"id": "1", **document}, FIELDS)
    return found.verdict


def test_a_wanted_value_is_met_broken_or_not_known() -> None:
    black = constraint("colour", "=", "black")
    assert verdict(black, colour="Black") == "satisfied"
    assert verdict(black, colour="red") == "violated"
    assert verdict(black) == "unknown"


def test_an_unwanted_value_is_broken_by_having_it_and_not_known_where_nothing_is() -> None:
    not_black = constraint("colour", "!=", "black")
    assert verdict(not_black, colour="red") == "satisfied"
    assert verdict(not_black, colour=["red", "BLACK"]) == "violated"
    assert verdict(not_black) == "unknown"


@pytest.mark.parametrize(
    ("op", "met", "broken"),
    [("<", 9.99, 10), ("<=", 10, 10.01), (">", 10.01, 10), (">=", 10, 9.99)],
)
def test_bounds(op: str, met: float, broken: float) -> None:
    bound = constraint("price", op, 10)
    assert verdict(bound, price=met) == "satisfied"
    assert verdict(bound, price=broken) == "violated"
    assert verdict(bound) == "unknown"


def test_a_list_meets_a_condition_when_one_of_its_values_does() -> None:
    assert verdict(constraint("colour", "=", "red"), colour=["Black", "Red"]) == "satisfied"
    assert verdict(constraint("price", "<", 10), price=[50, 5]) == "satisfied"
    assert verdict(constraint("price", "<", 10), price=[50, 15]) == "violated"
    assert verdict(constraint("colour", "=", "red"), colour=[]) == "unknown"


def test_alternatives() -> None:
    either = constraint("colour", "in", ("red", "blue"))
    assert verdict(either, colour="BLUE") == "satisfied"
    assert verdict(either, colour="green") == "violated"
    assert verdict(either) == "unknown"


def test_members_are_what_the_catalogue_writes_for_the_value() -> None:
    black = constraint("colour", "=", "black", members=("Black", "Black,Silver", "黑色"))
    assert verdict(black, colour="black,silver") == "satisfied"
    assert verdict(black, colour="黑色") == "satisfied"
    assert verdict(black, colour="Anthracite") == "violated"
    no_black = constraint("colour", "!=", "black", members=("Black", "Black,Silver"))
    assert verdict(no_black, colour="Black,Silver") == "violated"
    assert verdict(no_black, colour="Red") == "satisfied"


def test_yes_and_no() -> None:
    in_stock = constraint("in_stock", "=", True)
    assert verdict(in_stock, in_stock=True) == "satisfied"
    assert verdict(in_stock, in_stock=False) == "violated"
    assert verdict(in_stock) == "unknown"


@pytest.mark.parametrize("value", [None, "", "  ", [], [None], [""], {"a": 1}, "ten", [["x"]]])
def test_a_value_that_says_nothing_is_no_violation(value: Any) -> None:
    assert verdict(constraint("price", "<", 10), price=value) == "unknown"
    assert verdict(constraint("in_stock", "=", True), in_stock=value) == "unknown"


def test_the_evidence_names_constraint_field_and_value() -> None:
    conditions = [constraint("colour", "=", "black"), constraint("price", "<", 10), constraint(TEXT, "!=", "gaming")]
    assert evidence(conditions, {"id": "1", "colour": ["Black"], "title": "Lamp"}, FIELDS) == (
        Evidence(0, "satisfied", "colour", ["Black"]),
        Evidence(1, "unknown", "price", None),
        Evidence(2, "satisfied", TEXT, None),
    )
    assert evidence([], {"id": "1"}, FIELDS) == ()


def test_a_field_that_the_index_does_not_filter_by_can_show_nothing() -> None:
    assert checkable(constraint("colour", "=", "black"), FIELDS)
    assert not checkable(constraint("finish", "=", "matt"), FIELDS)
    assert verdict(constraint("finish", "=", "matt"), finish="glossy") == "unknown"


COLOURS = st.sampled_from(["Black", "black", "BLACK ", "Red", "red,black", "黑色", "", " "])
NUMBERS = st.sampled_from([0, -0.0, 5, 9.99, 10, 10.0, 25.5])
DATES = st.sampled_from(["2024-01-31", "2024-01-31T00:00:00Z", "2025-06-01", "soon"])
ANYTHING = st.one_of(st.none(), st.booleans(), NUMBERS, COLOURS, DATES)
VALUES = st.one_of(ANYTHING, st.lists(ANYTHING, max_size=3))
DOCUMENTS = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, VALUES)), min_size=1, max_size=6)

CONSTRAINTS = st.one_of(
    st.builds(constraint, st.just("colour"), st.sampled_from(["=", "!="]), COLOURS),
    st.builds(
        constraint, st.just("colour"), st.sampled_from(["=", "!=", "in"]), st.just("black"),
        st.lists(COLOURS, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(constraint, st.just("colour"), st.just("in"), st.lists(COLOURS, min_size=1, max_size=3).map(tuple)),
    st.builds(constraint, st.just("price"), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), NUMBERS),
    st.builds(constraint, st.just("price"), st.just("in"), st.lists(NUMBERS, min_size=1, max_size=2).map(tuple)),
    st.builds(constraint, st.just("in_stock"), st.sampled_from(["=", "!="]), st.booleans()),
    st.builds(constraint, st.just("released"), st.sampled_from(["=", "!=", "<", ">="]), DATES),
)  # fmt: skip


def passing(documents: list[dict[str, Any]], filter: Filter) -> set[int]:
    collection = MemoryCollection(manifest("shop", fields=FIELDS))
    collection.upsert([point(str(number), **document) for number, document in enumerate(documents)])
    ids = {point_id(str(number)): number for number in range(len(documents))}
    return {ids[key] for key in collection.passing(list(ids), filter)}


@given(CONSTRAINTS, DOCUMENTS)
def test_the_filters_pass_exactly_the_documents_with_that_verdict(
    one: Constraint, documents: list[dict[str, Any]]
) -> None:
    verdicts = [evidence([one], document, FIELDS)[0].verdict for document in documents]
    met = {number for number, found in enumerate(verdicts) if found == "satisfied"}
    broken = {number for number, found in enumerate(verdicts) if found == "violated"}
    assert passing(documents, satisfied(one)) == met
    assert passing(documents, not_violated(one)) == set(range(len(documents))) - broken
