"""What goes into a pool, and who gets which part of it."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

import pytest

from eval.judging.pools import Contribution, Pair, deal, pool_of, sampled
from eval.qrels import EvalQuery, Qrels, Run

QUERIES = (EvalQuery("q2", "lamp"), EvalQuery("q1", "red dress"))
A = Run("a", {"q1": ("p1", "p2", "p3"), "q2": ("p1",)})
B = Run("b", {"q1": ("p4", "p2"), "q9": ("p1",)})
MANY = tuple(Pair(f"q{query}", f"p{product}") for query in range(30) for product in range(10))


def test_a_pool_is_the_union_of_the_first_hits_without_what_is_judged() -> None:
    pool = pool_of([A, B], QUERIES, 2, Qrels({"q1": {"p2": 0.0}}))
    assert pool.pairs == (Pair("q2", "p1"), Pair("q1", "p1"), Pair("q1", "p4"))
    assert pool.judged == 1
    assert pool.contributions == (Contribution("a", 3, 1, 2), Contribution("b", 2, 1, 1))
    assert pool.unknown == ("q9",)


def test_a_pool_of_nothing_is_empty() -> None:
    assert pool_of([A], (EvalQuery("q7", "x"),), 10).pairs == ()


def test_one_judge_gets_everything_query_by_query_in_no_order_of_rank() -> None:
    (sheet,) = deal(MANY, 1, 0)
    assert sorted(sheet) == sorted(MANY)
    assert [query for query, _ in _runs(sheet)] == [f"q{number}" for number in range(30)]
    assert sheet != MANY
    assert deal(MANY, 1, 0) == (sheet,)
    assert deal(tuple(reversed(MANY)), 1, 0)[0][-10:] == sheet[:10]  # the order given has no say within a query


def test_places_are_even_over_ranks() -> None:
    """If ranks showed, the first of a pool would tend to stay first."""
    (sheet,) = deal(MANY, 1, 0)
    firsts = Counter(sheet[start].product for start in range(0, 300, 10))
    assert max(firsts.values()) < 10
    assert len(firsts) > 5


@pytest.mark.parametrize("judges", [2, 3, 5])
@pytest.mark.parametrize("overlap", [0.0, 0.1, 0.25, 1.0])
def test_judges_share_just_the_overlap_and_get_as_much(judges: int, overlap: float) -> None:
    sheets = deal(MANY, judges, overlap)
    times = Counter(pair for sheet in sheets for pair in sheet)
    assert set(times) == set(MANY)
    assert sum(count == 2 for count in times.values()) == round(300 * overlap)
    assert max(times.values()) <= 2
    sizes = [len(sheet) for sheet in sheets]
    assert max(sizes) - min(sizes) <= 10
    if overlap >= 0.25:  # every couple shares something
        assert all(set(one) & set(other) for one, other in combinations(sheets, 2))


def test_a_query_has_one_judge_but_for_the_overlap() -> None:
    sheets = deal(MANY, 3, 0)
    judges = {pair.query: number for number, sheet in enumerate(sheets) for pair in sheet}
    assert all(judges[pair.query] == number for number, sheet in enumerate(sheets) for pair in sheet)


def test_judges_see_what_they_share_in_orders_of_their_own() -> None:
    one, other = deal(MANY, 2, 1.0)
    assert set(one) == set(other)
    assert one != other


def test_an_overlap_needs_two() -> None:
    with pytest.raises(ValueError, match="two judges"):
        deal(MANY, 1, 0.5)


def test_a_sample_is_drawn_from_everywhere_and_stays() -> None:
    drawn = sampled(MANY, 60)
    assert len(set(drawn)) == 60
    assert list(drawn) == [pair for pair in MANY if pair in set(drawn)]
    assert len({pair.query for pair in drawn}) > 20
    assert sampled(tuple(reversed(MANY)), 60) == tuple(reversed(drawn))
    assert sampled(MANY, 1000) == MANY


def _runs(sheet: tuple[Pair, ...]) -> list[tuple[str, int]]:
    """Queries as they follow each other: each once, if they are kept together."""
    starts = [0, *(place for place, (before, after) in enumerate(pairwise(sheet), 1) if before.query != after.query)]
    return [(sheet[start].query, start) for start in starts]
