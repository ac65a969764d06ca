"""How far taste may move a product: the schedule against its definition."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from search.personalization.displacement import MOST_FALL, placed

_SCORES = st.lists(st.floats(-2, 2, allow_nan=False) | st.sampled_from([0.0, 0.5]), max_size=40)


@st.composite
def _windows(draw: st.DrawFn, most: int = 40) -> tuple[list[float], list[int]]:
    scores = draw(_SCORES)[:most]
    levels = draw(st.lists(st.integers(-2, 3), min_size=len(scores), max_size=len(scores)))
    return scores, levels


def _kept(order: tuple[int, ...], levels: list[int], most_fall: int) -> bool:
    """Whether an order keeps both promises, by their words."""
    falls = all(place - base <= most_fall for place, base in enumerate(order))
    passes = any(
        levels[before] > levels[behind] and behind < before
        for place, before in enumerate(order)
        for behind in order[place + 1 :]
    )
    return falls and not passes


@given(_windows(), st.integers(0, 12))
def test_nothing_falls_too_far_and_nothing_passes_what_fits_the_query_better(
    window: tuple[list[float], list[int]], most_fall: int
) -> None:
    scores, levels = window
    order = placed(scores, levels, most_fall)
    assert sorted(order) == list(range(len(scores)))
    assert _kept(tuple(order), levels, most_fall)


@given(_windows(most=6), st.integers(0, 5))
def test_each_place_goes_to_the_best_score_with_which_both_promises_can_still_be_kept(
    window: tuple[list[float], list[int]], most_fall: int
) -> None:
    scores, levels = window
    orders = [order for order in permutations(range(len(scores))) if _kept(order, levels, most_fall)]
    best = min(orders, key=lambda order: [(-scores[n], n) for n in order])
    assert placed(scores, levels, most_fall) == list(best)


@given(_SCORES)
def test_without_a_bound_and_with_one_level_it_is_a_stable_sort(scores: list[float]) -> None:
    assert placed(scores, [0] * len(scores), len(scores)) == sorted(range(len(scores)), key=lambda n: (-scores[n], n))


@given(_windows())
def test_a_bound_of_nothing_leaves_the_order(window: tuple[list[float], list[int]]) -> None:
    assert placed(*window, most_fall=0) == list(range(len(window[0])))


def test_a_product_may_come_from_the_end_to_the_top_and_those_before_it_fall_by_one() -> None:
    scores = [1.0 - n / 200 for n in range(200)]
    scores[150] = 5.0
    assert placed(scores, [1] * 200) == [150, *(n for n in range(200) if n != 150)]


def test_the_first_falls_by_five_places_and_no_more() -> None:
    """Worked out by hand: ten products of ever better taste behind the best."""
    order = placed([0.0] + [float(n) for n in range(1, 11)], [0] * 11)
    assert order == [10, 9, 8, 7, 6, 0, 1, 2, 3, 4, 5]
    assert order.index(0) == MOST_FALL


def test_tiers_are_never_crossed() -> None:
    assert placed([0.1, 0.2, 0.9, 0.8], [1, 1, 2, 2]) == [1, 0, 2, 3]


def test_one_that_meets_a_wish_may_pass_those_that_do_not_and_is_passed_by_none_of_them() -> None:
    """The third meets the wish, the second and the last do not."""
    assert placed([0.5, 0.4, 0.6, 0.9], [0, 1, 0, 1]) == [2, 0, 3, 1]


def test_there_may_be_nothing() -> None:
    assert placed([], []) == []
