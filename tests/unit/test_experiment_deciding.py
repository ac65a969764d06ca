"""The two rules: against scipy, against enumeration, and by how often they cry wolf when somebody keeps looking."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from eval.experiments.deciding import (
    MIXTURE,
    Rule,
    critical,
    detectable,
    needed,
    p_value,
    power,
    sign_detectable,
    sign_interval,
    sign_needed,
    sign_p,
    sign_power,
    wins_needed,
)

RULES: list[Rule] = ["fixed", "anytime"]


# --- a mean and its standard error -----------------------------------------------------------------------------------


def test_fixed_is_the_t_test_and_the_normal_law() -> None:
    assert critical("fixed", 0.05, 99) == pytest.approx(stats.norm.ppf(0.975))
    assert critical("fixed", 0.05, 99, freedom=7.5) == pytest.approx(stats.t.ppf(0.975, 7.5))
    assert p_value("fixed", -2.0, 99, freedom=7.5) == pytest.approx(2 * stats.t.sf(2.0, 7.5))


def test_anytime_is_robbins_mixture() -> None:
    """|mean| <= sqrt(2 (n r + 1) / (n^2 r) * log(sqrt(n r + 1) / alpha)): the boundary in units of 1 / sqrt(n)."""
    n, alpha = 500, 0.1
    r = MIXTURE
    mean = math.sqrt(2 * (n * r + 1) / (n * n * r) * math.log(math.sqrt(n * r + 1) / alpha))
    assert critical("anytime", alpha, n) == pytest.approx(mean * math.sqrt(n))
    assert critical("anytime", alpha, 0) == math.inf


def test_the_mixture_is_as_tight_as_said() -> None:
    def tightest(n: int) -> float:
        grid = np.geomspace(0.1, 1000, 4000) / n
        return min(math.sqrt((n * r + 1) / (n * r) * (math.log(n * r + 1) - 2 * math.log(0.05))) for r in grid)

    assert critical("anytime", 0.05, 1000) == pytest.approx(tightest(1000), rel=1e-4)
    for n in (200, 5_000, 100_000):
        assert critical("anytime", 0.05, n) < 1.2 * tightest(n)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("shoppers", [10, 1000])
def test_p_is_alpha_at_the_critical_value(rule: Rule, shoppers: int) -> None:
    for alpha in (0.2, 0.05, 0.001):
        assert p_value(rule, critical(rule, alpha, shoppers), shoppers) == pytest.approx(alpha)
    assert p_value(rule, 0.0, shoppers) == 1
    assert 0 <= p_value(rule, 1e6, shoppers) < 1e-100


def test_power_by_the_textbook() -> None:
    """Two groups of 64, half a standard deviation apart: power 0.80 (Cohen 1988, table 2.3.5), normally 0.807."""
    assert power("fixed", 0.05, 0.5 * math.sqrt(64 / 2), 128) == pytest.approx(0.807, abs=5e-4)
    assert needed("fixed", 0.05, 0.8, 0.5 / 2) == 126  # 4 (1.96 + 0.8416)^2 / 0.5^2 = 125.6
    assert needed("fixed", 0.05, 0.8, 0.0) is None
    assert needed("anytime", 0.05, 0.8, 1e-9) is None


@pytest.mark.parametrize("rule", RULES)
def test_power_detectable_and_needed_agree(rule: Rule) -> None:
    assert power(rule, 0.05, detectable(rule, 0.05, 0.8, 900), 900) == pytest.approx(0.8)
    n = needed(rule, 0.05, 0.9, 0.07)
    assert n is not None
    assert power(rule, 0.05, 0.07 * math.sqrt(n), n) >= 0.9 > power(rule, 0.05, 0.07 * math.sqrt(n - 1), n - 1)


# --- the sign test ---------------------------------------------------------------------------------------------------


@given(st.integers(0, 40), st.integers(0, 40))
def test_fixed_sign_test_is_the_exact_binomial_test(wins: int, losses: int) -> None:
    expected = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert sign_p("fixed", wins, losses) == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 40), st.integers(0, 40))
def test_fixed_interval_is_clopper_and_pearsons_and_agrees_with_the_test(wins: int, losses: int) -> None:
    interval = sign_interval("fixed", 0.05, wins, losses)
    if wins + losses:
        exact = stats.binomtest(wins, wins + losses).proportion_ci(0.95, method="exact")
        assert [interval.low, interval.high] == pytest.approx([2 * exact.low - 1, 2 * exact.high - 1])
    assert (interval.low > 0 or interval.high < 0) == (sign_p("fixed", wins, losses) <= 0.05)


@given(st.integers(0, 400), st.integers(0, 400))
def test_anytime_interval_agrees_with_its_test(wins: int, losses: int) -> None:
    interval = sign_interval("anytime", 0.05, wins, losses)
    assert (interval.low > 0 or interval.high < 0) == (sign_p("anytime", wins, losses) <= 0.05)
    assert sign_p("anytime", wins, losses) >= sign_p("fixed", wins, losses) * 0.99


@pytest.mark.parametrize("rule", RULES)
def test_wins_needed_is_where_p_crosses_alpha(rule: Rule) -> None:
    for decided in range(120):
        by_hand = next(
            (w for w in range((decided + 1) // 2, decided + 1) if sign_p(rule, w, decided - w) <= 0.05), None
        )
        assert wins_needed(rule, 0.05, decided) == (decided + 1 if by_hand is None else by_hand), decided


@pytest.mark.parametrize("rule", RULES)
def test_sign_power_is_the_sum_over_all_outcomes(rule: Rule) -> None:
    for decided, lead in ((0, 0.5), (5, 0.9), (30, 0.4), (200, 0.3)):
        outcomes = range(decided + 1)
        named = [w for w in outcomes if w > decided - w and sign_p(rule, w, decided - w) <= 0.05]
        summed = sum(stats.binom.pmf(w, decided, (1 + lead) / 2) for w in named)
        assert sign_power(rule, 0.05, lead, decided) == pytest.approx(summed, abs=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_sign_needed_and_detectable(rule: Rule) -> None:
    n = sign_needed(rule, 0.05, 0.9, 0.2)
    assert n is not None
    assert sign_power(rule, 0.05, 0.2, n) >= 0.9
    assert sign_power(rule, 0.05, 0.2, int(0.95 * n)) < 0.9
    lead = sign_detectable(rule, 0.05, 0.9, n)
    assert lead is not None
    assert sign_power(rule, 0.05, lead, n) == pytest.approx(0.9)
    assert sign_detectable(rule, 0.05, 0.9, 3) is None
    assert sign_needed(rule, 0.05, 0.9, 0.0) is None


# --- how often they cry wolf -----------------------------------------------------------------------------------------


def test_looking_again_and_again_fools_the_fixed_rule_and_not_the_other() -> None:
    """600 streams of 2,000 fair coins, looked at after every 20: what a shop does that watches a dashboard."""
    rng = np.random.default_rng(31)
    sums = rng.choice([-1, 1], size=(600, 100, 20)).sum(axis=2).cumsum(axis=1)
    looks = np.arange(1, 101) * 20
    ever = {}
    for rule in RULES:
        bounds = np.array([2 * wins_needed(rule, 0.05, int(n)) - int(n) for n in looks])
        ever[rule] = (np.abs(sums) >= bounds).any(axis=1).mean()
    assert ever["fixed"] > 0.2
    assert ever["anytime"] < 0.05
