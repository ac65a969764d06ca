"""Who sees what: the same for ever, evenly spread, and of no effect on other experiments."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from search.experiments.assignment import draw, takes_part, variant_of
from search.experiments.records import Share

HALVES = (Share("now", 0.5), Share("words", 0.5))
SHOPPERS = [f"s-{number}" for number in range(100_000)]


def test_golden_draws() -> None:
    """By hand: the first 16 digits of `printf 'share\\0ratio\\0s-1' | sha256sum`, as a fraction of 2^64."""
    for purpose, experiment, shopper, digits in (
        ("share", "ratio", "s-1", "c4b934c7fcb8672e"),
        ("variant now", "ratio", "s-1", "960a70482fed62cb"),
        ("share", "é", "耳", "87d3405c99f25ac4"),
    ):
        found = draw(purpose, experiment, shopper)
        assert found == (int(digits, 16) >> 11) / 2**53


def test_golden_variants() -> None:
    three = (Share("a", 0.2), Share("b", 0.3), Share("c", 0.5))
    assert (
        "".join(variant_of("ratio", three, f"s-{number}") for number in range(40))
        == "bccabcaaaccbccabccaabbccaacbbbbbcaaccacc"
    )
    assert (
        "".join("ny"[takes_part("ratio", 0.3, f"s-{number}")] for number in range(40))
        == "nnnnnnynnnynnnnnnyynnnnyynnnynnnnnnynnnn"
    )


@given(st.text(), st.text(), st.text())
def test_a_draw_lies_in_0_to_1(purpose: str, experiment: str, shopper: str) -> None:
    assert 0 <= draw(purpose, experiment, shopper) < 1


def test_draws_are_uniform() -> None:
    counts = Counter(int(draw("share", "ratio", shopper) * 100) for shopper in SHOPPERS)
    statistic = sum((counts[cell] - 1000) ** 2 / 1000 for cell in range(100))
    assert chi2.sf(statistic, 99) > 0.001


def test_variants_come_by_their_weights() -> None:
    shares = (Share("a", 0.1), Share("b", 0.25), Share("c", 0.65))
    counts = Counter(variant_of("weights", shares, shopper) for shopper in SHOPPERS)
    statistic = sum((counts[one.name] - 1e5 * one.weight) ** 2 / (1e5 * one.weight) for one in shares)
    assert chi2.sf(statistic, 2) > 0.001


@pytest.mark.parametrize(("one", "other"), [("ratio", "ratio-2"), ("a", "b")])
def test_experiments_are_independent(one: str, other: str) -> None:
    """Neither the variant nor taking part in one says anything of the other, nor taking part of the variant."""
    some = SHOPPERS[:40_000]
    for left, right in (
        (_variants(one, some), _variants(other, some)),
        ([takes_part(one, 0.5, each) for each in some], [takes_part(other, 0.5, each) for each in some]),
        ([takes_part(one, 0.5, each) for each in some], _variants(one, some)),
    ):
        counts = Counter(zip(left, right, strict=True))
        rows, columns = Counter(left), Counter(right)
        expected = {(row, column): rows[row] * columns[column] / len(some) for row in rows for column in columns}
        assert len(expected) == 4
        assert chi2.sf(sum((counts[cell] - want) ** 2 / want for cell, want in expected.items()), 1) > 0.001


def test_a_greater_share_keeps_everybody_in() -> None:
    within = [shopper for shopper in SHOPPERS[:5000] if takes_part("ratio", 0.1, shopper)]
    assert 400 < len(within) < 600
    assert all(takes_part("ratio", share, shopper) for shopper in within for share in (0.11, 0.5, 1.0))
    assert all(takes_part("ratio", 1.0, shopper) for shopper in SHOPPERS[:5000])


def test_a_new_variant_or_weight_moves_shoppers_to_it_alone() -> None:
    some = SHOPPERS[:5000]
    before = {shopper: variant_of("ratio", HALVES, shopper) for shopper in some}
    for grown, gaining in (
        ((*(Share(one.name, 1 / 3) for one in HALVES), Share("third", 1 / 3)), "third"),
        ((Share("now", 0.25), Share("words", 0.75)), "words"),
    ):
        moved = [variant_of("ratio", grown, shopper) for shopper in some]
        changed = [after for shopper, after in zip(some, moved, strict=True) if after != before[shopper]]
        assert set(changed) == {gaining}
        assert math.isclose(moved.count(gaining) / len(some), grown[-1].weight, abs_tol=0.03)


def test_the_order_of_variants_does_not_matter() -> None:
    assert _variants("ratio", SHOPPERS[:500]) == [variant_of("ratio", HALVES[::-1], each) for each in SHOPPERS[:500]]


def _variants(experiment: str, shoppers: list[str]) -> list[str]:
    return [variant_of(experiment, HALVES, shopper) for shopper in shoppers]
