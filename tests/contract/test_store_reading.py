"""What a collection answers: the same questions to every store, and to a reading of the definitions in plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from fake_filters import matches
from fakes import MemoryCollection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from points import FIELDS, direction, manifest, point
from stores import Backend

from search.domain import And, Compare, Exists, Filter, Not, OneOf, Or, Point, SortKey
from search.errors import FacetError, FilterError, SortError, StoreError
from search.protocols import Collection
from search.storage.payload import point_id

BRANDS = ("HP", "hp", "Dell", "Ｄｅｌｌ", "Straße", None)
COLOURS = ("红", ["红", "蓝"], "蓝 白", None)


def _products() -> list[Point]:
    """120 products of many shapes: some fields missing, some lists, some values of the wrong type."""
    products = []
    for number in range(120):
        document = {
            "brand": BRANDS[number % 6],
            "category": ["Office", "Printers" if number % 2 else "Paper"],
            "price": None if number % 10 == 9 else float(number % 13) + 0.5 * (number % 2),
            "in_stock": (True, False, None, "true")[number % 4],
            "size": ("42", "XL", ["42", "44"], 42, None)[number % 5],
            "released": (f"2024-{1 + number % 12:02d}-15", f"2023-12-31T23:{number % 60:02d}:00-05:00", "soon")[
                number % 3
            ],
            "weights": ([1.0, 5.0 + number % 3], 3, [], [2, 2, "heavy"])[number % 4],
            "颜色": COLOURS[number % 4],
            'odd "name\\ 100% .[0]': "Yes" if number % 3 else None,
            "description": "deep {json}",
            "extra": {"deep": [1, {"er": None}]},
        }
        vector = direction(number // 2)  # Each vector twice: there are ties.
        products.append(
            point(f"产品/{number}", vector, **{key: value for key, value in document.items() if value is not None})
        )
    return products


PRODUCTS = _products()


@pytest.fixture(scope="module")
def reference() -> MemoryCollection:
    collection = MemoryCollection(manifest("reference"))
    collection.upsert(PRODUCTS)
    return collection


@pytest.fixture(scope="module")
def shelf(shared_backend: Backend) -> Iterator[Collection]:
    collection = shared_backend.store.create(manifest(shared_backend.index))
    collection.upsert(PRODUCTS)
    yield collection
    collection.close()


def ids(*numbers: int) -> set[str]:
    return {point_id(f"产品/{number}") for number in numbers}


FILTERS: list[tuple[Filter, int]] = [
    (Compare("brand", "=", "HP"), 40),
    (Compare("brand", "=", " ｈＰ "), 40),
    (Compare("brand", "=", "dell"), 40),
    (Compare("brand", "=", "STRASSE"), 20),
    (Compare("brand", "!=", "HP"), 80),
    (Compare("brand", "!=", "Nobody"), 120),
    (Compare("brand", ">", "A"), 0),
    (Compare("category", "=", "printers"), 60),
    (Compare("category", "!=", "printers"), 60),
    (Compare("id", "=", "产品/7"), 1),
    (Compare("price", "=", 3.0), 4),
    (Compare("price", "=", "3"), 4),
    (Compare("price", "=", "3.0e0"), 4),
    (Compare("price", "=", "cheap"), 0),
    (Compare("price", "!=", "cheap"), 120),
    (Compare("price", "=", True), 0),
    (Compare("price", ">", 12.0), 4),
    (Compare("price", ">=", 12.0), 9),
    (Compare("price", "<", 1.0), 9),
    (Compare("price", "<=", 0.0), 5),
    (Compare("price", "!=", 0.0), 115),
    (Compare("price", "<", float("inf")), 0),
    (Compare("in_stock", "=", True), 30),
    (Compare("in_stock", "=", "TRUE"), 30),
    (Compare("in_stock", "=", False), 30),
    (Compare("in_stock", "!=", True), 90),
    (Compare("in_stock", "=", 1.0), 0),
    (Compare("in_stock", ">", False), 0),
    (Compare("size", "=", 42.0), 48),
    (Compare("size", "=", "42"), 48),
    (Compare("size", "=", 44.0), 24),
    (Compare("size", "!=", 42.0), 72),
    (Compare("size", "=", True), 0),
    (Compare("released", "=", "2024-01-15"), 10),
    (Compare("released", "=", "2024-01-15T00:00:00Z"), 10),
    (Compare("released", "=", "2024-01-14T19:00:00-05:00"), 10),
    (Compare("released", "=", "2024-01-15T00:00:00.000001Z"), 0),
    (Compare("released", ">", "2024-01-15"), 30),
    (Compare("released", ">=", "2024-01-15"), 40),
    (Compare("released", "<", "2024-01-01T04:00:00Z"), 0),
    (Compare("released", "<", "2024-01-01T04:10:00Z"), 6),
    (Compare("released", "<", "2024-01-01T05:00:00Z"), 40),
    (Compare("released", "<", "2024-01-01T04:31:00Z"), 20),
    (Compare("released", "!=", "2024-01-15"), 110),
    (Compare("released", "<", "soon"), 0),
    (Compare("released", "<", 2024.0), 0),
    (Compare("weights", "=", 5.0), 10),
    (Compare("weights", ">", 6.0), 10),
    (Compare("weights", "<", 2.0), 30),
    (Compare("weights", "!=", 2.0), 90),
    (Compare("颜色", "=", "蓝"), 30),
    (Compare("颜色", "=", "红"), 60),
    (Compare("颜色", "=", "蓝 白"), 30),
    (Compare('odd "name\\ 100% .[0]', "=", "yes"), 80),
    (OneOf("brand", ("hp", "STRASSE", 42.0)), 60),
    (OneOf("price", (3.0, "4", "x", True)), 9),
    (OneOf("in_stock", (True, "false")), 60),
    (OneOf("released", ("2024-01-15", "2024-04-15")), 20),
    (OneOf("brand", ()), 0),
    (Not(OneOf("brand", ())), 120),
    (Exists("brand"), 100),
    (Exists("in_stock"), 60),
    (Exists("released"), 80),
    (Exists("weights"), 90),
    (Exists("price"), 108),
    (Not(Exists("颜色")), 30),
    (And(()), 120),
    (Or(()), 0),
    (And((Compare("brand", "=", "hp"), Compare("price", "<", 3.0), Compare("in_stock", "=", True))), 1),
    (Or((Compare("brand", "=", "STRASSE"), Compare("in_stock", "=", True))), 40),
    (Not(And((Exists("brand"), Not(Exists("颜色"))))), 100),
    (Not(Not(Compare("brand", "=", "hp"))), 40),
    (And((Or((Compare("size", "=", "XL"), Compare("size", "=", 44.0))), Not(Compare("颜色", "=", "红")))), 24),
]


@pytest.mark.parametrize(("filter", "expected"), FILTERS, ids=repr)
def test_filters(shelf: Collection, reference: MemoryCollection, filter: Filter, expected: int) -> None:
    wanted = {point_id(each.product_id) for each in PRODUCTS if matches(filter, each.document, FIELDS)}
    assert len(wanted) == expected
    assert shelf.count(filter) == expected
    assert [hit.point_id for hit in shelf.browse(1000, filter)] == sorted(wanted)
    assert {hit.point_id for hit in shelf.nearest(direction("query"), 1000, filter)} == wanted


@pytest.mark.parametrize("field", ["extra", "description", "nobody", "f.brand", "brand.x", ""])
def test_a_filter_on_another_field_is_refused_and_says_which_there_are(shelf: Collection, field: str) -> None:
    for filter in (Compare(field, "=", 1.0), Exists(field), And((Exists("brand"), Not(OneOf(field, ("a",)))))):
        with pytest.raises(FilterError, match=r"is not filterable\. Available.* brand, "):
            shelf.count(filter)


def test_deep_filters_are_answered_or_refused(shelf: Collection) -> None:
    deep: Filter = Compare("brand", "=", "hp")
    for _ in range(50):
        deep = And((Or((Not(deep),)), Exists("id"))) if not isinstance(deep, And) else Not(Or((deep,)))
        if _depth(deep) > 55:
            break
    assert shelf.count(deep) in (40, 80)
    for _ in range(300):
        deep = Not(deep)
    if not isinstance(shelf, MemoryCollection):
        with pytest.raises(FilterError, match="nested"):
            shelf.count(deep)


def _depth(filter: Filter) -> int:
    match filter:
        case And(parts) | Or(parts):
            return 1 + max(map(_depth, parts))
        case Not(part):
            return 1 + _depth(part)
    return 0


# --- nearest ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("filter", [None, Compare("brand", "=", "hp"), Compare("price", "<", 5.0)])
def test_nearest_agrees_with_the_reference(
    shelf: Collection, reference: MemoryCollection, filter: Filter | None, exact: bool
) -> None:
    for seed in ("a", "b", 7):
        found = shelf.nearest(direction(seed), 20, filter, exact)
        wanted = reference.nearest(direction(seed), 20, filter)
        assert [hit.point_id for hit in found] == [hit.point_id for hit in wanted]
        assert all(hit.values == {} for hit in found)
        np.testing.assert_allclose([hit.score for hit in found], [hit.score for hit in wanted], atol=1e-6)


def test_nearest_measures_the_cosine_whatever_the_length_of_the_query(shelf: Collection) -> None:
    query = direction(3)
    assert [hit.score for hit in shelf.nearest(query, 2)] == pytest.approx([1.0, 1.0], abs=1e-5)
    long = shelf.nearest(query * np.float32(40), 5)
    assert [hit.point_id for hit in long] == [hit.point_id for hit in shelf.nearest(query, 5)]


@pytest.mark.parametrize("filter", [None, Compare("price", "<", 9.0)])
def test_a_shorter_answer_is_the_beginning_of_a_longer_one_as_long_as_everything_is_looked_at(
    shelf: Collection, filter: Filter | None
) -> None:
    """Few products need no graph. A few ties at the end are no matter: every vector here is there twice."""
    whole = shelf.nearest(direction("pages"), 1000, filter)
    assert len({hit.point_id for hit in whole}) == len(whole) == shelf.count(filter)
    for limit in (1, 2, 3, 7, 30, 31, 32, 33, 89, 90, 100):
        assert shelf.nearest(direction("pages"), limit, filter) == whole[:limit]
    assert all((a.score, b.point_id) >= (b.score, a.point_id) for a, b in pairwise(whole))


def test_ties_are_in_order_of_id_and_more_than_fit_are_the_same_ones_every_time(backend: Backend) -> None:
    """Variants of a product often share one text, and so one vector."""
    collection = backend.store.create(manifest(backend.index, fields={"id": "text"}))
    collection.upsert([point(f"same {number}", direction("same")) for number in range(150)])
    collection.upsert([point(f"other {number}") for number in range(10)])
    whole = collection.nearest(direction("same"), 1000)
    assert [hit.point_id for hit in whole[:150]] == sorted(point_id(f"same {number}") for number in range(150))
    assert len({hit.point_id for hit in whole}) == 160
    for limit in (149, 150, 155):
        assert collection.nearest(direction("same"), limit) == whole[:limit]
    for limit in (1, 20, 100):
        some = collection.nearest(direction("same"), limit)
        assert len(some) == limit
        assert some == [hit for hit in whole[:150] if hit in some]
        assert collection.nearest(direction("same"), limit) == some
    collection.close()


def test_nothing_is_asked_for(shelf: Collection) -> None:
    assert shelf.nearest(direction(1), 0) == []
    assert shelf.browse(0) == []
    assert shelf.browse(0, sort=SortKey("price")) == []
    assert shelf.facet("brand", limit=0) == {}
    assert shelf.retrieve([]) == []


@pytest.mark.parametrize("query", [np.ones(7, np.float32), np.zeros(8, np.float32), np.full(8, np.nan, np.float32)])
def test_a_query_that_is_no_vector_is_refused(shelf: Collection, query: np.ndarray) -> None:
    with pytest.raises(StoreError, match="query"):
        shelf.nearest(query, 3)


# --- browse ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("field", ["price", "released", "weights", "in_stock"])
@pytest.mark.parametrize("filter", [None, Compare("category", "=", "paper"), Exists("brand")])
def test_sorting(
    shelf: Collection, reference: MemoryCollection, field: str, descending: bool, filter: Filter | None
) -> None:
    """Products without a value come last, ties by id; every page is cut from one order."""
    sort = SortKey(field, descending)
    whole = reference.browse(1000, filter, sort, (field,))
    assert shelf.browse(1000, filter, sort, (field,)) == whole
    for limit in (1, 2, 5, 17, 43, 90, len(whole) - 1):
        assert shelf.browse(limit, filter, sort, (field,)) == whole[:limit]


def test_browsing_shows_the_fields_asked_for(shelf: Collection) -> None:
    odd = 'odd "name\\ 100% .[0]'
    for hit in shelf.browse(10, Exists(odd), fields=("id", odd, "extra", "nobody")):
        assert hit.score == 0
        assert hit.values == {"id": hit.values["id"], odd: "Yes", "extra": {"deep": [1, {"er": None}]}}
    assert all(hit.values == {} for hit in shelf.browse(3))


@pytest.mark.parametrize("field", ["brand", "nobody"])
def test_text_and_unknown_fields_do_not_sort(shelf: Collection, field: str) -> None:
    with pytest.raises(SortError, match="not sortable"):
        shelf.browse(3, sort=SortKey(field))


# --- facets and ranges -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("filter", [None, Compare("in_stock", "=", True), Compare("brand", "=", "nobody")])
@pytest.mark.parametrize("field", list(FIELDS))
def test_facets_agree_with_the_reference(
    shelf: Collection, reference: MemoryCollection, field: str, filter: Filter | None
) -> None:
    for limit in (2, 1000):
        assert list(shelf.facet(field, filter, limit).items()) == list(reference.facet(field, filter, limit).items())


def test_facets_show_what_people_wrote(shelf: Collection) -> None:
    assert shelf.facet("brand") == {"Dell": 40, "HP": 40, "Straße": 20}
    assert shelf.facet("in_stock") == {"false": 30, "true": 30}
    assert list(shelf.facet("weights").items())[:3] == [("1", 30), ("2", 30), ("3", 30)]
    assert shelf.facet("size") == {"42": 48, "44": 24, "XL": 24}
    assert shelf.facet("颜色") == {"红": 60, "蓝": 30, "蓝 白": 30}
    assert list(shelf.facet("price", Compare("price", "<", 1.0))) == ["0", "0.5"]
    assert shelf.facet("released", limit=1) == {"2024-01-15": 10}
    with pytest.raises(FacetError, match=r"extra.*Available|extra.*no facets"):
        shelf.facet("extra")


def test_ranges(shelf: Collection) -> None:
    assert shelf.value_range("price") == (0.0, 12.5)
    assert shelf.value_range("price", Compare("brand", "=", "STRASSE")) == (0.0, 12.0)
    assert shelf.value_range("weights") == (1.0, 7.0)
    assert shelf.value_range("price", Compare("brand", "=", "nobody")) is None
    with pytest.raises(FacetError):
        shelf.value_range("brand")


# --- reading whole points --------------------------------------------------------------------------------------------


def test_points_come_back_as_they_were_stored(shelf: Collection) -> None:
    by_id = {point_id(each.product_id): each for each in PRODUCTS}
    scrolled = list(shelf.scroll(batch=7))
    assert [point_id(each.product_id) for each in scrolled] == sorted(by_id)
    for stored in scrolled:
        given_point = by_id[point_id(stored.product_id)]
        assert stored.document == given_point.document
        assert list(stored.document) == list(given_point.document)
        assert (stored.text_hash, stored.document_hash) == (given_point.text_hash, given_point.document_hash)
        assert np.array_equal(np.asarray(stored.vector, np.float32), given_point.vector)
    assert [(each.product_id, len(each.vector)) for each in shelf.scroll(vectors=False)] == [
        (each.product_id, 0) for each in scrolled
    ]


def test_retrieve_keeps_the_order_and_leaves_out_the_unknown(shelf: Collection) -> None:
    asked = [point_id("产品/5"), point_id("nobody"), "no uuid", point_id("产品/2"), point_id("产品/5")]
    assert [each.product_id for each in shelf.retrieve(asked)] == ["产品/5", "产品/2", "产品/5"]


def test_values_are_the_fields_named_of_the_products_that_exist(shelf: Collection, reference: MemoryCollection) -> None:
    asked = [point_id("产品/5"), point_id("nobody"), "no uuid", point_id("产品/2")]
    fields = ["brand", "颜色", 'odd "name\\ 100% .[0]', "missing"]
    found = shelf.values(asked, fields)
    assert set(found) == ids(5, 2)
    assert found == reference.values(asked, fields)
    assert shelf.values(asked, []) == {}
    assert shelf.values([], fields) == {}


# --- any filter over any documents -----------------------------------------------------------------------------------

_TEXTS = st.sampled_from(
    ["HP", "hp", "ＨＰ", "Straße", "STRASSE", "ﬁt", "FIT", "İ", "i̇", "42", "42.0", "4.5", "true", "False", "", " ",
     "大", "\x01x", 'a"b', "a\\b", "null", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "2024-02-29"]
)  # fmt: skip
_NUMBERS = st.sampled_from([0.0, -0.0, 1, 42, 42.5, -3, 1e-7, 1e15, 1e300, 2**53, 0.1])
_DATES = st.sampled_from(
    ["2024-02-29", "2024-02-29T00:00:00Z", "2024-02-29T08:00:00+08:00", "2024-02-29T00:00:00.000001Z", "0001-01-01",
     "9999-12-31T23:59:59.999999Z", "1969-07-20T20:17:40", "20240229", "0001-01-01T00:00:00+14:00", "2024-02-30"]
)  # fmt: skip
_VALUES = st.one_of(_TEXTS, _NUMBERS, _DATES, st.booleans())
_HELD = st.one_of(_VALUES, st.none(), st.lists(st.one_of(_VALUES, st.none()), max_size=4))
_NAMES = st.sampled_from(["brand", "price", "in_stock", "released", "size", "颜色", 'odd "name\\ 100% .[0]'])
_DOCUMENTS = st.lists(st.dictionaries(_NAMES, _HELD, max_size=6), min_size=1, max_size=8)
_OPERANDS = st.one_of(_TEXTS, _NUMBERS.map(float), _DATES, st.booleans())
_LEAVES = st.one_of(
    st.builds(Compare, _NAMES, st.sampled_from(["=", "!=", ">", ">=", "<", "<="]), _OPERANDS),
    st.builds(OneOf, _NAMES, st.lists(_OPERANDS, max_size=3).map(tuple)),
    st.builds(Exists, _NAMES),
)
_FILTERS = st.recursive(
    _LEAVES,
    lambda parts: st.one_of(
        st.builds(And, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Or, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Not, parts),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def scratch(shared_backend: Backend) -> Iterator[Collection]:
    collection = shared_backend.store.create(manifest(shared_backend.index, 2))
    yield collection
    collection.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(documents=_DOCUMENTS, filters=st.lists(_FILTERS, min_size=8, max_size=8))
def test_any_filter_finds_what_its_definition_says(
    scratch: Collection, documents: list[dict[str, Any]], filters: list[Filter]
) -> None:
    scratch.delete([each.product_id for each in scratch.scroll(vectors=False)])
    points = [point(str(number), **document) for number, document in enumerate(documents)]
    scratch.upsert(points)
    for filter in filters:
        wanted = [each.product_id for each in points if matches(filter, each.document, FIELDS)]
        found = [hit.values["id"] for hit in scratch.browse(100, filter, fields=("id",))]
        assert sorted(found) == sorted(wanted), filter
        assert scratch.count(filter) == len(wanted), filter
