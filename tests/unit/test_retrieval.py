"""One candidate set for each query: what is in it, in which order, and what is counted over it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from fakes import MemoryStore
from shelf import QUERY, SHELF, Item, asked, condition, filled, found, names
from stores import make

from search.bm25 import sparse
from search.codes import code_key
from search.domain import Candidate, Compare, FieldStats, OneOf, SearchRequest, SortKey, Sparse
from search.errors import FacetError, FilterError, SortError
from search.paging import by_browsing
from search.protocols import Collection
from search.retrieval import IDENTIFYING, Looked, by_nearness

EVERYTHING = {"best", "second", "third", "fourth", "worded"}


@pytest.fixture(scope="module", params=["memory", "edge"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Read only, shared by the tests of this module."""
    store, close = make(request.param, tmp_path_factory.mktemp("shelf"))
    collection = filled(store)
    yield collection
    collection.close()
    close()


def on_a_shelf(items: Sequence[Item], **more: Any) -> Collection:
    return filled(MemoryStore(), items, **more)


# --- what is found, and in which order -------------------------------------------------------------------------------


def test_what_either_lane_finds_is_found_and_the_rest_is_not(shelf: Collection) -> None:
    result = found(shelf, asked())
    assert set(names(result)) == EVERYTHING
    assert result.total == len(EVERYTHING)
    assert names(result)[0] == "best"
    assert not result.weak


def test_every_candidate_says_what_its_score_is_made_of(shelf: Collection) -> None:
    result = found(shelf, asked())
    for name, candidate in zip(names(result), result.page, strict=True):
        item = next(item for item in SHELF if item.id == name)
        assert candidate.parts["semantic"] == pytest.approx(item.cosine, abs=0.02)
        assert (candidate.parts["lexical"] > 0) == bool(item.words)
        assert candidate.parts["kind"] == pytest.approx(item.kind, abs=1e-3)
        assert 0 < candidate.score <= 1
    scores = [candidate.score for candidate in result.page]
    assert scores == sorted(scores, reverse=True)


def test_by_meaning_alone(shelf: Collection) -> None:
    result = found(shelf, asked(ratio=1.0))
    assert names(result) == ["best", "second", "third", "fourth"]
    assert set(result.page[0].parts) == {"semantic"}


def test_by_words_alone(shelf: Collection) -> None:
    result = found(shelf, asked(ratio=0.0, vector=None))
    assert names(result) == ["worded", "best", "second"]
    assert set(result.page[0].parts) == {"lexical"}


def test_words_that_nothing_has_leave_the_meaning(shelf: Collection) -> None:
    result = found(shelf, asked(words=["zorblax"]))
    assert set(names(result)) == {"best", "second", "third", "fourth"}
    assert {candidate.parts["lexical"] for candidate in result.page} == {0.0}
    assert found(shelf, asked(words=["zorblax"], ratio=0.0, vector=None)).total == 0


def test_of_two_alike_the_one_of_the_kind_that_is_meant_comes_first() -> None:
    items = [Item("bag", 0.8, {"laptop": 1.0}), Item("laptop", 0.8, {"laptop": 1.0}, kind=0.9)]
    wanted = asked(items, ["laptop"])
    assert names(found(on_a_shelf(items), wanted), items) == ["laptop", "bag"]
    without = dataclasses.replace(wanted, kinds=Sparse())
    scores = [candidate.score for candidate in found(on_a_shelf(items), without).page]
    assert scores[0] == scores[1]


def test_ties_are_broken_alike_every_time() -> None:
    items = [Item(f"p{number}", 0.8, {"lamp": 1.0}) for number in range(9)]
    shuffled = on_a_shelf(items[::-1])
    assert names(found(on_a_shelf(items), asked(items)), items) == names(found(shuffled, asked(items)), items)


def test_no_more_than_so_many_candidates() -> None:
    items = [Item(f"p{number}", 0.9 - number / 100, {"lamp": 1.0}) for number in range(20)]
    result = found(on_a_shelf(items), asked(items), most=7, limit=100)
    assert result.total == len(result.page) == 7
    assert names(result, items)[0] == "p0"


def test_a_version_without_lanes_is_searched_by_meaning() -> None:
    old = on_a_shelf(SHELF, lanes=())
    nothing_known = dataclasses.replace(asked(words=[]), kinds=Sparse(), codes=("tn2110",))
    assert names(found(old, nothing_known)) == ["best", "second", "third", "fourth"]


def test_an_empty_index() -> None:
    result = found(on_a_shelf([]), asked([], codes=("tn2110",)), facets=("brand", "price"))
    assert (result.page, result.total, result.facets) == ((), 0, {"brand": {}, "price": {}})


# --- pages, totals, facets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("sort", [(), (SortKey("price"),), (SortKey("brand", descending=True),)])
def test_pages_neither_repeat_nor_skip(shelf: Collection, size: int, sort: tuple[SortKey, ...]) -> None:
    whole = names(found(shelf, asked(), sort=sort))
    pages = [found(shelf, asked(), sort=sort, offset=offset, limit=size) for offset in range(0, 8, size)]
    assert [name for page in pages for name in names(page)] == whole
    assert {page.total for page in pages} == {len(whole)}


def test_totals_and_facets_describe_the_whole_set_whatever_the_page(shelf: Collection) -> None:
    for offset, limit in ((0, 20), (2, 1), (0, 0), (100, 5)):
        result = found(shelf, asked(), facets=("brand", "colour", "price"), offset=offset, limit=limit)
        assert result.total == len(EVERYTHING)
        assert result.facets["brand"] == {"Oak": 2, "Tarn": 2}
        assert result.facets["colour"] == {"Black": 2, "Red": 2, "White": 1}
        assert result.facet_stats == {"price": FieldStats(5, 40)}


def test_every_facet_and_too_few_of_them(shelf: Collection) -> None:
    assert set(found(shelf, asked(), facets=("*",)).facets) == {"brand", "colour", "price"}
    assert found(shelf, asked(), facets=("colour",), facet_limit=1).facets["colour"] == {"Black": 2}


def test_a_filter_narrows_the_set_and_neither_reorders_it_nor_lets_others_in(shelf: Collection) -> None:
    whole = names(found(shelf, asked()))
    for brand in ("Tarn", "Oak"):
        held = {item.id for item in SHELF if item.document.get("brand") == brand}
        only = found(shelf, asked(), filter=Compare("brand", "=", brand))
        assert names(only) == [name for name in whole if name in held]
    assert found(shelf, asked(), filter=Compare("brand", "=", "Nobody")).total == 0


def test_scores_do_not_depend_on_the_filter(shelf: Collection) -> None:
    whole = {candidate.point_id: candidate.score for candidate in found(shelf, asked()).page}
    for candidate in found(shelf, asked(), filter=Compare("price", "<", 30)).page:
        assert candidate.score == pytest.approx(whole[candidate.point_id], abs=1e-5)


def test_a_score_can_be_asked_for(shelf: Collection) -> None:
    whole = found(shelf, asked())
    floor = whole.page[2].score - 1e-6
    assert names(found(shelf, asked(), score_threshold=floor)) == names(whole)[:3]


def test_fields_that_are_not_there_are_refused(shelf: Collection) -> None:
    with pytest.raises(FacetError, match="finish"):
        found(shelf, asked(), facets=("finish",))
    with pytest.raises(SortError, match="finish"):
        found(shelf, asked(), sort=(SortKey("finish"),))
    with pytest.raises(FilterError, match="finish"):
        found(shelf, asked(), filter=Compare("finish", "=", "matt"))


# --- conditions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("must", "broken"),
    [
        (condition("price", "<", 30), {"best", "third"}),
        (condition("colour", "=", "black", members=("Black",)), {"second", "fourth"}),
        (condition("colour", "!=", "red", members=("Red",)), {"second", "fourth"}),
        (condition("colour", "in", ("black", "white")), {"fourth"}),
        (condition("brand", "=", "tarn"), {"second", "fourth"}),
    ],
)
def test_a_condition_that_must_hold_lets_no_violator_in(shelf: Collection, must: Any, broken: set[str]) -> None:
    result = found(shelf, asked(constraints=(must,)), facets=("brand",))
    assert set(names(result)) == EVERYTHING - broken
    assert result.total == len(EVERYTHING - broken)


def test_those_known_to_meet_it_come_before_those_of_which_nothing_is_known(shelf: Collection) -> None:
    """`third` has no colour and scores higher than `fourth`, which is red."""
    assert names(found(shelf, asked(constraints=(condition("colour", "=", "red"),))))[-1] == "third"
    tiers = [one.tier for one in found(shelf, asked(constraints=(condition("colour", "=", "red"),))).page]
    assert tiers == sorted(tiers)
    assert tiers[0] < tiers[-1]


def test_all_of_several_conditions_must_hold(shelf: Collection) -> None:
    both = (condition("colour", "=", "red"), condition("price", "<", 15))
    assert names(found(shelf, asked(constraints=both))) == ["fourth"]


def test_what_the_caller_filters_by_and_what_the_words_ask_for_both_hold(shelf: Collection) -> None:
    wanted = asked(constraints=(condition("price", "<=", 20),))
    assert set(names(found(shelf, wanted, filter=Compare("brand", "=", "Oak")))) == {"second", "fourth"}


def test_a_preference_raises_those_that_meet_it_and_excludes_nobody(shelf: Collection) -> None:
    plain = found(shelf, asked())
    raised = found(shelf, asked(constraints=(condition("price", "<=", 10, "prefer"),)))
    before = dict(zip(names(plain), (one.score for one in plain.page), strict=True))
    assert set(names(raised)) == set(before)
    for name, candidate in zip(names(raised), raised.page, strict=True):
        assert (candidate.score > before[name] + 0.01) == (name in ("fourth", "worded"))


def test_a_condition_on_a_field_that_the_index_lacks_changes_nothing(shelf: Collection) -> None:
    for strength in ("must", "prefer"):
        wanted = asked(constraints=(condition("finish", "=", "matt", strength),))
        assert names(found(shelf, wanted)) == names(found(shelf, asked()))


def test_words_that_are_ruled_out(shelf: Collection) -> None:
    assert set(names(found(shelf, asked(excluded=sparse({"red": 1.0}))))) == {"second", "third", "fourth"}
    assert set(names(found(shelf, asked(excluded=sparse({"zorblax": 1.0}))))) == EVERYTHING


# --- codes -----------------------------------------------------------------------------------------------------------


def test_a_product_whose_code_was_typed_comes_first(shelf: Collection) -> None:
    result = found(shelf, asked(codes=("tn2110",)), facets=("brand",))
    assert names(result)[0] == "coded"
    assert set(names(result)) == {"coded", *EVERYTHING}
    assert result.page[0].score == 1.0
    assert result.total == sum(result.facets["brand"].values()) + 1, "worded has no brand"


def test_padding_zeros_of_a_barcode_do_not_count(shelf: Collection) -> None:
    for typed in ("12345678905", "012345678905", "0012345678905"):
        assert names(found(shelf, asked(codes=(code_key(typed),))))[0] == "coded"


def test_a_code_is_enough(shelf: Collection) -> None:
    alone = asked(words=[], vector=None, ratio=0.0, codes=("tn2110",))
    assert names(found(shelf, alone)) == ["coded"]
    assert not found(shelf, alone).weak


def test_of_several_codes_the_first_that_names_a_product_counts(shelf: Collection) -> None:
    assert names(found(shelf, asked(codes=("zz9999", "tn2110"))))[0] == "coded"
    assert names(found(shelf, asked(codes=("zz9999",))))[0] == "best"


def test_a_code_does_not_get_past_the_caller_s_filter(shelf: Collection) -> None:
    assert "coded" not in names(found(shelf, asked(codes=("tn2110",)), filter=Compare("brand", "=", "Tarn")))


def test_a_code_among_words_does_not_get_past_a_condition_and_one_that_is_all_of_them_does(shelf: Collection) -> None:
    cheap = condition("brand", "=", "Tarn")
    among = found(shelf, asked(codes=("tn2110",), constraints=(cheap,)))
    assert "coded" not in names(among)
    alone = found(shelf, asked(codes=("tn2110",), whole="tn2110", constraints=(cheap,)))
    assert names(alone)[0] == "coded"


def test_a_code_that_many_products_bear_names_none() -> None:
    items = [*SHELF, *(Item(f"many{number}", -0.3, codes=("ddr3",)) for number in range(IDENTIFYING + 1))]
    assert names(found(on_a_shelf(items), asked(items, codes=("ddr3",))), items)[0] == "best"


def test_a_product_that_both_lanes_and_a_code_find_is_there_once() -> None:
    items = [*SHELF, Item("both", 0.65, {"lamp": 1.0}, codes=("b1000",))]
    listed = names(found(on_a_shelf(items), asked(items, codes=("b1000",))), items)
    assert listed[0] == "both"
    assert len(listed) == len(set(listed)) == len(EVERYTHING) + 1


# --- sorting ---------------------------------------------------------------------------------------------------------


def test_a_sort_that_the_words_ask_for_orders_what_fits_well() -> None:
    """The cheapest lamp is not the cheapest thing that is somehow like a lamp."""
    items = [
        Item("dear", 0.9, {"lamp": 1.0}, document={"price": 50}),
        Item("cheap", 0.88, {"lamp": 1.0}, document={"price": 20}),
        Item("middle", 0.89, {"lamp": 1.0}, document={"price": 30}),
        Item("unlike", 0.5, document={"price": 1}),
        Item("unpriced", 0.87, {"lamp": 1.0}),
    ]
    wanted = asked(items, ["lamp"], sort=(SortKey("price"),), kinds=Sparse())
    assert names(found(on_a_shelf(items), wanted), items) == ["cheap", "middle", "dear", "unpriced", "unlike"]
    dearest = dataclasses.replace(wanted, sort=(SortKey("price", descending=True),))
    assert names(found(on_a_shelf(items), dearest), items)[:3] == ["dear", "middle", "cheap"]
    elsewhere = dataclasses.replace(wanted, sort=(SortKey("popularity"),))
    assert names(found(on_a_shelf(items), elsewhere), items)[0] == "dear", "no such field: nothing is sorted"


def test_a_sort_that_the_words_ask_for_never_mixes_in_what_is_not_known_to_fit() -> None:
    items = [
        Item("red", 0.9, {"lamp": 1.0}, document={"price": 50, "colour": "Red"}),
        Item("crimson", 0.88, {"lamp": 1.0}, document={"price": 40, "colour": "Red"}),
        Item("uncoloured", 0.89, {"lamp": 1.0}, document={"price": 5}),
    ]
    wanted = asked(items, ["lamp"], sort=(SortKey("price"),), constraints=(condition("colour", "=", "red"),))
    assert names(found(on_a_shelf(items), wanted), items) == ["crimson", "red", "uncoloured"]


def test_a_sort_that_the_caller_asks_for_orders_everything(shelf: Collection) -> None:
    assert names(found(shelf, asked(), sort=(SortKey("price"),))) == ["worded", "fourth", "second", "best", "third"]
    assert (
        names(found(shelf, asked(sort=(SortKey("price", descending=True),)), sort=(SortKey("price"),)))[0] == "worded"
    )


# --- nothing, weak, a second look ------------------------------------------------------------------------------------


def test_where_even_the_best_is_noise_there_is_nothing(shelf: Collection) -> None:
    result = found(shelf, asked(nothing=5.0, weak=6.0), facets=("brand",))
    assert (result.page, result.total, result.facets, result.weak) == ((), 0, {"brand": {}}, True)


def test_where_the_best_hardly_rises_above_noise_the_answer_is_weak(shelf: Collection) -> None:
    result = found(shelf, asked(nothing=0.1, weak=6.0))
    assert result.weak
    assert set(names(result)) == EVERYTHING
    assert not found(shelf, asked(nothing=0.1, weak=0.2)).weak


def test_a_filter_or_a_condition_does_not_change_whether_there_is_an_answer(shelf: Collection) -> None:
    """Else a narrow filter would make a good query weak."""
    narrow = {"filter": Compare("colour", "=", "Blue")}
    for measure in (0.5, 1.0, 1.2, 1.4, 2.0):
        wanted = asked(nothing=-1.0, weak=measure)
        whole = found(shelf, wanted).weak
        assert found(shelf, wanted, **narrow).weak == whole
        with_condition = dataclasses.replace(wanted, constraints=(condition("price", ">", 1000),))
        assert found(shelf, with_condition).weak == whole


def test_a_code_is_no_weak_answer(shelf: Collection) -> None:
    result = found(shelf, asked(nothing=5.0, weak=6.0, codes=("tn2110",)))
    assert names(result) == ["coded"]
    assert not result.weak


def test_a_second_look_sees_the_candidates_in_order_and_has_the_last_word(shelf: Collection) -> None:
    seen: list[Candidate] = []

    def look(candidates: Sequence[Candidate]) -> Looked:
        seen.extend(candidates)
        return Looked(list(candidates)[::-1], ("rerank",))

    plain = found(shelf, asked())
    result = found(shelf, asked(), look=look, facets=("brand",), limit=2)
    assert [one.point_id for one in seen] == [one.point_id for one in plain.page]
    assert names(result) == names(plain)[::-1][:2]
    assert result.degraded == ("rerank",)
    assert result.total == plain.total


# --- the other two ways ----------------------------------------------------------------------------------------------


def test_near_a_vector(shelf: Collection) -> None:
    result = by_nearness(shelf, QUERY, SearchRequest(facets=("brand",)), 1000)
    assert names(result) == ["best", "second", "third", "fourth"]
    assert result.facets["brand"] == {"Oak": 2, "Tarn": 2}
    oak = by_nearness(shelf, QUERY, SearchRequest(filter=OneOf("brand", ("Oak",))), 1000)
    assert names(oak) == ["second", "fourth"]
    assert by_nearness(shelf, QUERY, SearchRequest(score_threshold=0.75), 1000).total == 2


def test_browsing_is_everything_that_passes(shelf: Collection) -> None:
    whole = by_browsing(shelf, SearchRequest(facets=("brand", "price"), limit=100), 1000)
    assert whole.total == len(SHELF)
    assert set(names(whole)) == {item.id for item in SHELF}
    assert whole.facet_stats == {"price": FieldStats(1, 99)}
    cheap = by_browsing(shelf, SearchRequest(filter=Compare("price", "<", 10), sort=(SortKey("price"),)), 1000)
    assert names(cheap) == ["far", "noted", "worded"]
    pages = [by_browsing(shelf, SearchRequest(offset=offset, limit=3), 1000) for offset in (0, 3, 6)]
    assert [name for page in pages for name in names(page)] == names(whole)
