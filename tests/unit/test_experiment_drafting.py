"""Team draft: fair to both rankings, complete, and one list for all its pages."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.experiments.drafting import Pick, coins_of, draft

FIRST, SECOND = "abcdefgh", "bdaxyzwh"

products = st.lists(st.sampled_from([f"p{number}" for number in range(14)]), unique=True, max_size=14)
seeds = st.text(max_size=8)


def drafted(first: Sequence[str], second: Sequence[str], coins: str) -> str:
    """«a0 b1 c-»: products with their teams."""
    flips = (coin == "1" for coin in coins)
    return " ".join(f"{one.product}{'-' if one.team is None else one.team}" for one in draft(first, second, flips))


@pytest.mark.parametrize(
    ("first", "second", "coins", "expected"),
    [
        ("abc", "abc", "", "a- b- c-"),
        ("abc", "xyz", "000", "a0 x1 b0 y1 c0 z1"),
        ("abc", "xyz", "101", "x1 a0 b0 y1 z1 c0"),
        # Both would pick a first; then b and c, either first; then both have taken each other's next.
        ("abcd", "acbd", "0", "a- b0 c1 d-"),
        ("abcd", "acbd", "1", "a- c1 b0 d-"),
        # The second ranking ends: what is left of the first follows, for nobody.
        ("abcd", "x", "1", "x1 a0 b- c- d-"),
        ("", "xy", "", "x- y-"),
        ("ab", "", "", "a- b-"),
        ("", "", "", ""),
    ],
)
def test_by_hand(first: str, second: str, coins: str, expected: str) -> None:
    assert drafted(first, second, coins) == expected


def test_golden_coins() -> None:
    """Bits of SHA-256, lowest first; a second block begins after 256."""
    coins = list(itertools.islice(coins_of("seed"), 600))
    assert "".join("01"[coin] for coin in coins[:32]) == "10111101100101000100111000100101"
    assert coins[:256] != coins[256:512]
    assert list(itertools.islice(coins_of("seed"), 600)) == coins
    assert 240 < sum(coins) < 360


@given(products, products, seeds)
def test_no_product_twice_and_none_lost(first: list[str], second: list[str], seed: str) -> None:
    picks = draft(first, second, coins_of(seed))
    found = [pick.product for pick in picks]
    assert len(set(found)) == len(found)
    assert set(found) == {*first, *second}
    for team, ranking in ((0, first), (1, second)):
        assert all(pick.product in ranking for pick in picks if pick.team == team)


@given(products, products, seeds)
def test_every_beginning_is_balanced(first: list[str], second: list[str], seed: str) -> None:
    lead = 0
    for pick in draft(first, second, coins_of(seed)):
        lead += {0: 1, 1: -1, None: 0}[pick.team]
        assert abs(lead) <= 1
    assert lead == 0


@given(products, products, seeds, st.integers(0, 16), st.integers(1, 6))
def test_pages_are_cut_from_one_list(first: list[str], second: list[str], seed: str, at: int, size: int) -> None:
    """A page needs both rankings down to its own end and no further, whatever page it is."""
    whole = draft(first, second, coins_of(seed))
    end = at + size
    page = draft(first[:end], second[:end], coins_of(seed))[at:end]
    assert page == whole[at:end]


@given(products, products, seeds)
def test_reading_page_by_page_reads_the_list(first: list[str], second: list[str], seed: str) -> None:
    read: list[Pick] = []
    for at in range(0, 28, 3):
        read += draft(first[: at + 3], second[: at + 3], coins_of(seed))[at : at + 3]
    assert tuple(read) == draft(first, second, coins_of(seed))


@given(products, products, st.lists(st.booleans(), min_size=14, max_size=14))
def test_the_other_coins_give_each_place_to_the_other_team(
    first: list[str], second: list[str], coins: list[bool]
) -> None:
    """The proof that it is fair: draws come in pairs, equally likely, in which each place changes its team.

    So each place belongs to either team with the same probability, however many places are shown and however likely a
    click is at each.
    """
    one = draft(first, second, coins)
    other = draft(first, second, [not coin for coin in coins])
    swapped = {0: 1, 1: 0, None: None}
    assert [pick.team for pick in other] == [swapped[pick.team] for pick in one]
    assert {pick.product for pick in one} == {pick.product for pick in other}


def test_a_shopper_who_clicks_at_random_credits_both_alike() -> None:
    """Over 4,000 shoppers, with more clicks at the top and a page that ends within a round."""
    credit: Counter[int | None] = Counter()
    for shopper in range(4000):
        looks = coins_of(f"clicks {shopper}")
        for place, pick in enumerate(draft(FIRST, SECOND, coins_of(f"ratio\0{shopper}"))[:5]):
            if all(next(looks) for _ in range(place)):
                credit[pick.team] += 1
    clicks = credit[0] + credit[1]
    assert clicks > 4000
    assert abs(credit[0] - credit[1]) < 4 * clicks**0.5


def test_a_shopper_who_knows_what_they_want_credits_who_ranks_it_higher() -> None:
    """Wanted is «x», fourth in the second ranking and nowhere in the first."""
    teams = Counter(
        pick.team
        for shopper in range(200)
        for pick in draft(FIRST, SECOND, coins_of(str(shopper)))
        if pick.product == "x"
    )
    assert teams == {1: 200}
