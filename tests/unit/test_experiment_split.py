"""Splits: against scipy, and by simulation: the unit is the shopper, and heavy users do not shrink intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eval.experiments.split import Demand, Samples, analyse, fieller, mismatch_p

FIXED = Demand("fixed")
Floats = np.typing.NDArray[np.float64]


def samples(*groups: Floats, base: list[Floats] | None = None) -> Samples:
    variant = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    gain = np.concatenate(groups).astype(np.float64)
    return Samples(variant, gain, np.ones(len(gain)) if base is None else np.concatenate(base).astype(np.float64))


def test_per_shopper_it_is_welchs_t_test() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.gamma(1, 2, 80), rng.gamma(1, 3, 60)
    result = analyse(samples(before, after), ["now", "new"], [0.5, 0.5], FIXED)
    expected = stats.ttest_ind(after, before, equal_var=False)
    (contrast,) = result.contrasts
    assert contrast.p == contrast.p_holm == pytest.approx(expected.pvalue)
    bounds = expected.confidence_interval(0.95)
    assert contrast.interval is not None
    assert [contrast.interval.low, contrast.interval.high] == pytest.approx([bounds.low, bounds.high])
    assert contrast.lift == pytest.approx(after.mean() / before.mean() - 1)
    own = stats.t.interval(0.95, 79, before.mean(), stats.sem(before))
    rate = result.rates[0]
    assert rate.interval is not None
    assert [rate.interval.low, rate.interval.high] == pytest.approx(own)


def test_fiellers_interval_leaves_out_0_when_the_difference_does() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        before, after = rng.normal(1, 0.2), rng.normal(1.2, 0.2)
        v, w, bound = 0.005, 0.004, 1.96
        lift = fieller(before, v, after, w, bound)
        assert lift is not None
        differs = abs(after - before) > bound * math.sqrt(v + w)
        assert (lift.low > 0 or lift.high < 0) == differs
        for edge in (lift.low, lift.high):  # at the edge the test of after = (1 + lift) before is just significant
            gap = abs(after - (1 + edge) * before)
            assert gap == pytest.approx(bound * math.sqrt(w + (1 + edge) ** 2 * v))
    assert fieller(0.1, 0.01, 1.0, 0.01, 1.96) is None


def test_a_rate_per_search_is_a_ratio_of_sums_with_the_shoppers_variance() -> None:
    """The delta method against the bootstrap over shoppers."""
    rng = np.random.default_rng(3)
    searches = rng.geometric(0.2, 3000)
    clicks = rng.binomial(searches, rng.beta(1, 3, 3000))
    rate = analyse(samples(clicks, clicks, base=[searches, searches]), ["a", "b"], [0.5, 0.5], FIXED).rates[0]
    assert rate.rate == pytest.approx(clicks.sum() / searches.sum())
    draws = rng.integers(0, 3000, size=(2000, 3000))
    resampled = clicks[draws].sum(axis=1) / searches[draws].sum(axis=1)
    assert rate.error == pytest.approx(resampled.std(), rel=0.06)
    as_if_independent = math.sqrt(rate.rate * (1 - rate.rate) / searches.sum())
    assert rate.error > 1.5 * as_if_independent  # what taking searches as the unit would have promised


@pytest.mark.parametrize("per_search", [False, True])
def test_equal_variants_are_called_different_about_once_in_twenty(per_search: bool) -> None:
    """1,000 experiments with some heavy users. 30 to 70 alarms: the binomial 99.6 % interval at 5 %."""
    rng = np.random.default_rng(20240229)
    alarms = 0
    for _ in range(1000):
        searches = rng.geometric(0.15, 300).astype(np.float64)
        clicks = rng.poisson(searches * rng.gamma(1, 0.3, 300)).astype(np.float64)
        gain, base = (clicks, searches) if per_search else (np.minimum(clicks, 1), np.ones(300))
        result = analyse(Samples(rng.integers(0, 2, 300), gain, base), ["a", "b"], [0.5, 0.5], FIXED)
        alarms += result.contrasts[0].p <= 0.05
    assert 30 <= alarms <= 70


def test_stated_power_is_kept() -> None:
    """600 experiments with a true lift of 10 %, of as many shoppers as give a power of 0.8. 444 to 516: 99.8 %."""
    rng = np.random.default_rng(5)
    rate, lift = 0.4, 0.1
    pilot = samples(np.repeat([1.0, 0.0], [400, 600]), np.repeat([1.0, 0.0], [440, 560]))
    demand = Demand("fixed", effect=lift)
    (seen,) = analyse(pilot, ["a", "b"], [0.5, 0.5], demand).contrasts
    assert seen.more is not None
    half = (2000 + seen.more) // 2
    right = 0
    for _ in range(600):
        drawn = samples(rng.random(half) < rate, rng.random(half) < rate * (1 + lift))
        (contrast,) = analyse(drawn, ["a", "b"], [0.5, 0.5], demand).contrasts
        right += contrast.p <= 0.05 and contrast.difference > 0
    assert 444 <= right <= 516


def test_more_shoppers_and_growth_lead_to_the_power_asked_for() -> None:
    groups = [np.repeat([1.0, 0.0], [200, 300]), np.repeat([1.0, 0.0], [210, 290])]
    for rule in ("fixed", "anytime"):
        (now,) = analyse(samples(*groups), ["a", "b"], [0.5, 0.5], Demand(rule, effect=0.08)).contrasts  # type: ignore[arg-type]
        assert now.power is not None
        assert now.power < 0.8
        assert now.more is not None
        grown = Demand(rule, effect=0.08, growth=1 + now.more / 1000)  # type: ignore[arg-type]
        (then,) = analyse(samples(*groups), ["a", "b"], [0.5, 0.5], grown).contrasts
        assert then.power == pytest.approx(0.8, abs=0.002)
        assert then.detectable == pytest.approx(0.08, rel=0.01)


def test_several_variants_are_corrected_by_holm_and_power_with_them() -> None:
    rng = np.random.default_rng(7)
    groups = [rng.normal(1 + shift, 1, 200) for shift in (0, 0.1, 0.25)]
    result = analyse(samples(*groups), ["now", "a", "b"], [1, 1, 1], FIXED)
    a, b = result.contrasts
    assert (a.variant, b.variant) == ("a", "b")
    assert b.p < a.p
    assert (b.p_holm, a.p_holm) == pytest.approx((2 * b.p, max(a.p, 2 * b.p)))
    alone = analyse(samples(*groups[:2]), ["now", "a"], [1, 1], FIXED).contrasts[0]
    assert a.power is not None
    assert alone.power is not None
    assert a.power < alone.power


def test_sample_ratio_mismatch_is_pearsons_chi_square() -> None:
    assert mismatch_p([5100, 4900], [0.5, 0.5]) == pytest.approx(stats.chisquare([5100, 4900]).pvalue)
    expected = stats.chisquare([800, 120, 80], [800, 100, 100]).pvalue
    assert mismatch_p([800, 120, 80], [0.8, 0.1, 0.1]) == pytest.approx(expected)
    assert mismatch_p([0, 0], [0.5, 0.5]) == 1
    assert analyse(samples(np.ones(600), np.ones(400)), ["a", "b"], [0.5, 0.5], FIXED).mismatch
    assert not analyse(samples(np.ones(510), np.ones(490)), ["a", "b"], [0.5, 0.5], FIXED).mismatch


def test_what_cannot_be_known_is_not_claimed() -> None:
    every_one, nobody = np.ones(50), np.zeros(50)
    (contrast,) = analyse(samples(nobody, every_one), ["a", "b"], [0.5, 0.5], FIXED).contrasts
    assert (contrast.p, contrast.interval, contrast.lift, contrast.power) == (1.0, None, None, None)
    assert analyse(samples(nobody, np.ones(1)), ["a", "b"], [0.5, 0.5], FIXED).contrasts == ()
    one_big = np.concatenate([np.zeros(400), [1000.0]])
    assert analyse(samples(one_big, one_big), ["a", "b"], [0.5, 0.5], FIXED).contrasts[0].skewed
    assert (
        not analyse(samples(np.tile([0.0, 1.0], 200), np.tile([0.0, 1.0], 200)), ["a", "b"], [1, 1], FIXED)
        .contrasts[0]
        .skewed
    )
