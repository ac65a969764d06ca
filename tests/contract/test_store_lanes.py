"""Sparse vectors and product codes: the same answers from every store, and from their definitions."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from fakes import MemoryCollection
from points import DIMENSION, direction, manifest, point
from stores import Backend

from search.domain import LANES, Candidate, Compare, Exists, Filter, Point, Sparse
from search.errors import FilterError, StoreError
from search.protocols import Collection
from search.storage.payload import point_id


def sparse(weights: Mapping[int, float]) -> Sparse:
    ordered = sorted(weights.items())
    return Sparse(tuple(index for index, _ in ordered), tuple(value for _, value in ordered))


def laned(product_id: str, words: Mapping[int, float], kind: Mapping[int, float] = {}, **document: Any) -> Point:
    return dataclasses.replace(point(product_id, **document), lanes={"words": sparse(words), "kind": sparse(kind)})


def coded(product_id: str, *codes: str, **document: Any) -> Point:
    return dataclasses.replace(point(product_id, **document), codes=codes)


@pytest.fixture
def collection(backend: Backend) -> Iterator[Collection]:
    collection = backend.store.create(manifest(backend.index, lanes=LANES))
    yield collection
    collection.close()


def scores(found: list[Candidate]) -> dict[str, float]:
    return {candidate.point_id: candidate.score for candidate in found}


def ids(*product_ids: str) -> list[str]:
    return [point_id(product_id) for product_id in product_ids]


# --- worked out by hand ----------------------------------------------------------------------------------------------

SMALL = [
    laned("a", {1: 1.0, 2: 2.0}, {7: 1.0}, brand="HP"),
    laned("b", {1: 0.5}, {7: 1.0, 8: 0.25}, brand="Dell"),
    laned("c", {2: 1.5, 3: 1.0}, {8: 3.0}, brand="HP"),
    laned("d", {4: 1.0, 2**32 - 1: 0.125}),
    laned("e", {}, {}),
]


def test_rare_words_count_more(collection: Collection) -> None:
    """N = 4 products have words. Term 1 is in two of them: ln(2.5/2.5 + 1); term 3 in one: ln(3.5/1.5 + 1)."""
    collection.upsert(SMALL)
    found = collection.matching("words", sparse({1: 1.0, 3: 2.0, 99: 5.0}), 10)
    assert [candidate.point_id for candidate in found] == ids("c", "a", "b")
    assert [candidate.score for candidate in found] == pytest.approx([2 * 1.2039728, 0.6931472, 0.3465736], abs=1e-4)
    assert all(candidate.values == {} for candidate in found)
    last = collection.matching("words", sparse({2**32 - 1: 2.0}), 10)
    assert scores(last) == pytest.approx({point_id("d"): 2 * 0.125 * math.log(3.5 / 1.5 + 1)}, abs=1e-4)


def test_kinds_count_as_they_weigh(collection: Collection) -> None:
    collection.upsert(SMALL)
    found = collection.matching("kind", sparse({7: 2.0, 8: 1.0}), 10)
    assert [candidate.point_id for candidate in found] == ids("c", "b", "a")
    assert [candidate.score for candidate in found] == pytest.approx([3.0, 2.25, 2.0], abs=1e-5)


def test_a_filter_leaves_the_scores_as_they_are(collection: Collection) -> None:
    collection.upsert(SMALL)
    query = sparse({1: 1.0, 3: 2.0})
    whole = scores(collection.matching("words", query, 10))
    hp = collection.matching("words", query, 10, Compare("brand", "=", "hp"))
    assert [candidate.point_id for candidate in hp] == ids("c", "a")
    assert scores(hp) == pytest.approx({key: whole[key] for key in ids("c", "a")}, abs=1e-5)
    assert collection.matching("words", query, 10, Compare("brand", "=", "nobody")) == []
    with pytest.raises(FilterError):
        collection.matching("words", query, 10, Exists("nobody"))


def test_the_scores_of_products_that_are_named(collection: Collection) -> None:
    collection.upsert(SMALL)
    query = sparse({1: 1.0, 3: 2.0})
    asked = [*ids("d", "b", "nobody", "c", "b"), "no uuid"]
    found = collection.relevance("words", query, asked)
    assert found == pytest.approx({point_id("b"): 0.3465736, point_id("c"): 2.4079456}, abs=1e-4)
    assert collection.relevance("kind", sparse({8: 1.0}), asked) == pytest.approx(
        {point_id("b"): 0.25, point_id("c"): 3.0}, abs=1e-5
    )
    assert collection.relevance("words", query, []) == {}
    cosines = collection.similarity(direction("b") * np.float32(3), asked)
    assert set(cosines) == set(ids("b", "c", "d"))
    assert cosines[point_id("b")] == pytest.approx(1.0, abs=1e-5)
    assert cosines[point_id("c")] == pytest.approx(float(direction("b") @ direction("c")), abs=1e-5)
    assert collection.similarity(direction("b"), ["nobody"]) == {}


# --- many products ---------------------------------------------------------------------------------------------------


def _products() -> list[Point]:
    """300 products with words as rare as words are, few kinds, prices, and codes of their own and shared ones."""
    rng = np.random.default_rng(11)
    products = []
    for number in range(300):
        terms = {int(term) * 9_999_991 % 2**32: float(rng.uniform(0.3, 2.2)) for term in rng.zipf(1.4, 20) % 400}
        kind = {} if number % 7 == 0 else {number % 5: 1.0, 100 + number % 3: 0.5}
        made = laned(f"产品/{number}", terms, kind, brand=("HP", "Dell", None)[number % 3], price=float(number % 13))
        products.append(dataclasses.replace(made, codes=(f"tn{number}", f"shared{number % 30}", f"tn{number}")))
    return products


PRODUCTS = _products()
QUERIES = [sparse({int(term) * 9_999_991 % 2**32: 1.0 + 0.5 * (term % 2) for term in terms}) for terms in (
    (1,), (2, 3), (1, 5, 40), (17, 60, 203, 399), (401,), (1, 2, 3, 4, 5, 6, 7, 8)
)]  # fmt: skip
FILTERS: list[Filter | None] = [
    None, Compare("brand", "=", "hp"), Compare("price", "<", 4.0), Compare("brand", "!=", "dell"), Exists("size")
]  # fmt: skip


@pytest.fixture(scope="module")
def reference() -> MemoryCollection:
    collection = MemoryCollection(manifest("reference", lanes=LANES))
    collection.upsert(PRODUCTS)
    return collection


@pytest.fixture(scope="module")
def shelf(shared_backend: Backend) -> Iterator[Collection]:
    collection = shared_backend.store.create(manifest(shared_backend.index, lanes=LANES))
    collection.upsert(PRODUCTS)
    yield collection
    collection.close()


@pytest.mark.parametrize("filter", FILTERS, ids=repr)
def test_matching_agrees_with_the_definition(
    shelf: Collection, reference: MemoryCollection, filter: Filter | None
) -> None:
    for query in QUERIES:
        found, wanted = shelf.matching("words", query, 1000, filter), reference.matching("words", query, 1000, filter)
        assert scores(found) == pytest.approx(scores(wanted), abs=1e-4)
        assert all((a.score, b.point_id) >= (b.score, a.point_id) for a, b in pairwise(found))
        assert all(candidate.score > 0 for candidate in found)
        for limit in (1, 3, 10, 40, 100):
            assert shelf.matching("words", query, limit, filter) == found[:limit]


def test_relevance_is_what_matching_says(shelf: Collection) -> None:
    everyone = [point_id(each.product_id) for each in PRODUCTS]
    for lane, queries in (("words", QUERIES), ("kind", [sparse({2: 1.0, 101: 2.0})])):
        for query in queries:
            whole = scores(shelf.matching(lane, query, 1000))
            assert shelf.relevance(lane, query, everyone) == pytest.approx(whole, abs=1e-5)
            some = everyone[::7]
            expected = {key: whole[key] for key in some if key in whole}
            assert shelf.relevance(lane, query, some) == pytest.approx(expected, abs=1e-5)


def test_similarity_is_what_an_exact_search_says(shelf: Collection) -> None:
    whole = scores(shelf.nearest(direction("q"), 300, exact=True))
    assert shelf.similarity(direction("q"), list(whole)) == pytest.approx(whole, abs=1e-5)


def test_of_equal_scores_the_first_ids_come_first_and_those_that_fit_are_the_same_every_time(
    shelf: Collection, reference: MemoryCollection
) -> None:
    query = sparse({101: 1.0})
    whole = shelf.matching("kind", query, 1000)
    assert [hit.point_id for hit in whole] == [hit.point_id for hit in reference.matching("kind", query, 1000)]
    assert len(whole) == len(scores(whole)) > 80
    for limit in (1, 20, 50):
        some = shelf.matching("kind", query, limit)
        assert len(some) == limit
        assert some == [hit for hit in whole if hit in some]
        assert shelf.matching("kind", query, limit) == some


def test_nothing_is_asked_for(shelf: Collection) -> None:
    assert shelf.matching("words", Sparse(), 10) == []
    assert shelf.matching("words", QUERIES[0], 0) == []
    assert shelf.relevance("words", Sparse(), ids("产品/1")) == {}
    assert shelf.by_code([], 10) == []
    assert shelf.by_code(["tn1"], 0) == []


# --- codes -----------------------------------------------------------------------------------------------------------


def test_products_are_found_by_any_of_their_codes(shelf: Collection, reference: MemoryCollection) -> None:
    assert shelf.by_code(["tn7"], 10) == ids("产品/7")
    shared = sorted(point_id(f"产品/{number}") for number in range(3, 300, 30))
    assert shelf.by_code(["shared3"], 100) == shared
    assert shelf.by_code(["shared3"], 4) == shared[:4]
    assert shelf.by_code(["nobody", "tn7", "tn8"], 10) == sorted(ids("产品/7", "产品/8"))
    for codes in (["tn"], ["TN7"], ["tn7 "], ["7"], [""]):
        assert shelf.by_code(codes, 10) == []
    for filter in FILTERS:
        assert shelf.by_code(["shared3", "shared4"], 100, filter) == reference.by_code(
            ["shared3", "shared4"], 100, filter
        )
    with pytest.raises(FilterError):
        shelf.by_code(["tn7"], 10, Exists("nobody"))


def test_codes_come_back_and_are_no_field(shelf: Collection) -> None:
    assert shelf.retrieve(ids("产品/7"))[0].codes == ("tn7", "shared7")
    assert "c" not in shelf.manifest.fields
    with pytest.raises(FilterError):
        shelf.count(Compare("c", "=", "tn7"))


# --- written, changed, deleted ---------------------------------------------------------------------------------------


def test_an_update_replaces_lanes_and_codes(collection: Collection) -> None:
    collection.upsert([laned("a", {1: 1.0}, {7: 1.0}), laned("b", {1: 0.5}), coded("c", "x1", "y2")])
    collection.upsert([laned("a", {2: 1.0}), coded("b", "x1"), coded("c", "z3")])
    assert collection.matching("words", sparse({1: 1.0}), 10) == []
    assert [hit.point_id for hit in collection.matching("words", sparse({1: 1.0, 2: 1.0}), 10)] == ids("a")
    assert collection.matching("kind", sparse({7: 1.0}), 10) == []
    assert collection.relevance("words", sparse({1: 1.0}), ids("a", "b")) == {}
    assert collection.by_code(["x1"], 10) == ids("b")
    assert collection.by_code(["y2"], 10) == []
    assert collection.by_code(["z3"], 10) == ids("c")


def test_deleted_products_match_nothing(collection: Collection) -> None:
    collection.upsert([laned("a", {1: 1.0}), laned("b", {1: 0.5}), coded("c", "x1"), coded("d", "x1")])
    collection.delete(["a", "c"])
    assert [hit.point_id for hit in collection.matching("words", sparse({1: 1.0}), 10)] == ids("b")
    assert collection.relevance("words", sparse({1: 1.0}), ids("a")) == {}
    assert collection.similarity(direction("a"), ids("a", "b")).keys() == set(ids("b"))
    assert collection.by_code(["x1"], 10) == ids("d")


def test_lanes_survive_closing_optimizing_and_opening(backend: Backend) -> None:
    query = sparse({1: 1.0, 3: 2.0})
    collection = backend.store.create(manifest(backend.index, lanes=LANES))
    collection.upsert([*SMALL, coded("f", "x1")])
    before = scores(collection.matching("words", query, 10))
    collection.optimize()
    assert scores(collection.matching("words", query, 10)) == pytest.approx(before, abs=1e-5)
    collection.close()
    for snapshot in (False, True):
        again = backend.store.open(backend.index, 1, snapshot)
        assert again.manifest.lanes == LANES
        assert scores(again.matching("words", query, 10)) == pytest.approx(before, abs=1e-5)
        assert scores(again.matching("kind", sparse({8: 1.0}), 10)) == pytest.approx({
            point_id("b"): 0.25, point_id("c"): 3.0
        }, abs=1e-5)  # fmt: skip
        assert again.by_code(["x1"], 10) == ids("f")
        again.close()


def test_what_is_written_after_optimizing_counts_with_the_rest(collection: Collection) -> None:
    """The engine then searches two parts, and rarity is that of both together."""
    reference = MemoryCollection(manifest("reference", lanes=LANES))
    reference.upsert(PRODUCTS)
    collection.upsert(PRODUCTS[:200])
    collection.optimize()
    collection.upsert(PRODUCTS[200:])
    for query in QUERIES:
        wanted = scores(reference.matching("words", query, 1000))
        assert scores(collection.matching("words", query, 1000)) == pytest.approx(wanted, abs=1e-4)
        assert collection.relevance("words", query, list(wanted)) == pytest.approx(wanted, abs=1e-4)


def test_after_optimizing_and_opening_again_deleted_products_make_no_word_common(backend: Backend) -> None:
    collection = backend.store.create(manifest(backend.index, lanes=LANES))
    collection.upsert([*SMALL, *(laned(f"gone {number}", {3: 1.0, 5: 1.0}) for number in range(2000))])
    collection.optimize()
    collection.delete([f"gone {number}" for number in range(2000)])
    collection.optimize()
    collection.close()
    again = backend.store.open(backend.index, 1)
    found = again.matching("words", sparse({1: 1.0, 3: 2.0}), 10)
    assert [hit.score for hit in found] == pytest.approx([2 * 1.2039728, 0.6931472, 0.3465736], abs=1e-4)
    again.close()


def test_points_are_read_without_lanes_and_without_vectors_if_so_wished(collection: Collection) -> None:
    collection.upsert([*SMALL, coded("f", "x1")])
    for stored in (*collection.retrieve(ids("a", "f")), *collection.scroll()):
        assert stored.lanes == {}
        assert np.array_equal(np.asarray(stored.vector, np.float32), direction(stored.product_id))
    for stored in (*collection.retrieve(ids("a", "f"), vectors=False), *collection.scroll(vectors=False)):
        assert len(stored.vector) == 0
    assert collection.retrieve(ids("f"), vectors=False)[0].codes == ("x1",)


def test_many_terms_make_small_batches_and_nothing_is_lost(collection: Collection) -> None:
    weights = dict.fromkeys(range(4096), 1.0)
    collection.upsert([laned(str(number), weights) for number in range(150)])
    assert len(collection.matching("words", sparse({4095: 1.0}), 1000)) == 150


BAD_LANES: dict[str, Sparse] = {
    "not ascending": Sparse((2, 1), (1.0, 1.0)),
    "not distinct": Sparse((1, 1), (1.0, 1.0)),
    "of unequal lengths": Sparse((1, 2), (1.0,)),
    "negative index": Sparse((-1, 2), (1.0, 1.0)),
    "index too large": Sparse((1, 2**32), (1.0, 1.0)),
    "zero": Sparse((1,), (0.0,)),
    "zero in float32": Sparse((1,), (1e-60,)),
    "negative": Sparse((1,), (-1.0,)),
    "nan": Sparse((1,), (float("nan"),)),
    "nan among others": Sparse((1, 2, 3), (1.0, float("nan"), 2.0)),
    "infinite": Sparse((1,), (float("inf"),)),
    "infinite in float32": Sparse((1,), (1e39,)),
    "fractional index": Sparse((1.5,), (1.0,)),  # type: ignore[arg-type]
    "too many": Sparse(tuple(range(4097)), (1.0,) * 4097),
}


@pytest.mark.parametrize("lane", LANES)
def test_a_bad_sparse_vector_is_refused_and_nothing_of_its_batch_is_written(collection: Collection, lane: str) -> None:
    for bad in BAD_LANES.values():
        with pytest.raises(StoreError, match="bad one"):
            collection.upsert([laned("fine", {1: 1.0}), dataclasses.replace(point("bad one"), lanes={lane: bad})])
        with pytest.raises(StoreError, match="query"):
            collection.matching(lane, bad, 10)
        with pytest.raises(StoreError, match="query"):
            collection.relevance(lane, bad, ids("fine"))
    assert collection.count() == 0


def test_bad_codes_are_refused_and_nothing_of_their_batch_is_written(collection: Collection) -> None:
    bad: list[tuple[Any, ...]] = [("",), ("x1", ""), (7,), (None,)]
    for codes in bad:
        with pytest.raises(StoreError, match="bad one"):
            collection.upsert([coded("fine", "x1"), coded("bad one", *codes)])
    assert collection.count() == 0


def test_lanes_that_there_are_not(collection: Collection) -> None:
    with pytest.raises(StoreError, match="'wrods'"):
        collection.upsert([dataclasses.replace(point("1"), lanes={"wrods": Sparse((1,), (1.0,))})])
    for ask in (
        lambda: collection.matching("wrods", Sparse((1,), (1.0,)), 10),
        lambda: collection.relevance("wrods", Sparse((1,), (1.0,)), ids("1")),
    ):
        with pytest.raises(StoreError, match="'wrods'"):
            ask()


# --- versions that were built before there were lanes ------------------------------------------------------------


@pytest.mark.parametrize("lanes", [(), ("words",)])
def test_a_version_without_a_lane_answers_nothing_on_it_and_goes_on(backend: Backend, lanes: tuple[str, ...]) -> None:
    collection = backend.store.create(manifest(backend.index, lanes=lanes))
    collection.upsert([dataclasses.replace(laned("a", {1: 1.0}, {7: 1.0}, brand="HP"), codes=("x1",)), point("b")])
    collection.close()
    again = backend.store.open(backend.index, 1)
    again.upsert([dataclasses.replace(laned("c", {1: 1.0}, {7: 1.0}), codes=("x1",))])
    words = again.matching("words", sparse({1: 1.0}), 10)
    assert [hit.point_id for hit in words] == (sorted(ids("a", "c")) if lanes else [])
    assert again.matching("kind", sparse({7: 1.0}), 10) == []
    assert again.relevance("kind", sparse({7: 1.0}), ids("a", "c")) == {}
    assert again.by_code(["x1"], 10) == (sorted(ids("a", "c")) if lanes else [])
    assert [hit.point_id for hit in again.nearest(direction("c"), 1)] == ids("c")
    assert len(again.similarity(direction("c"), ids("a", "b", "c"))) == 3
    assert all(len(stored.vector) == DIMENSION for stored in again.scroll())
    with pytest.raises(StoreError, match="lanes"):
        again.save_manifest(dataclasses.replace(again.manifest, lanes=LANES))
    again.close()
