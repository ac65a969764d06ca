"""Bootstrap intervals: against scipy's, in what they promise, and where nothing varies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eval.intervals import RESAMPLED_UP_TO, Interval, bootstrap_interval


def test_it_is_scipys_bca() -> None:
    values = np.random.default_rng(4).beta(0.6, 2.0, 80)
    ours = bootstrap_interval(values, resamples=20_000)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="BCa", rng=1).confidence_interval
    width = theirs.high - theirs.low
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03 * width)
    percentile = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=1)
    assert (
        ours.high - percentile.confidence_interval.high > 0.01 * width
    )  # skewed to the right, and the interval with it


@pytest.mark.parametrize("shape", [(0.3, 3.0), (3.0, 0.3), (2.0, 2.0)], ids=["right", "left", "even"])
def test_many_values_need_no_resampling(shape: tuple[float, float], monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(5).beta(*shape, 2000)
    drawn = bootstrap_interval(values, resamples=20_000)
    monkeypatch.setattr("eval.intervals.RESAMPLED_UP_TO", 100)
    reckoned = bootstrap_interval(values)
    width = drawn.high - drawn.low
    assert (reckoned.low, reckoned.high) == pytest.approx((drawn.low, drawn.high), abs=0.02 * width)


def test_the_true_mean_is_inside_about_95_times_in_100() -> None:
    """400 samples of 40 skewed values: 365 to 392 of them, the binomial 99.8 % range around 95 % less a little."""
    dice = np.random.default_rng(20240229)
    samples = dice.beta(0.8, 1.6, (400, 40))
    found = [bootstrap_interval(sample, resamples=500, seed=i) for i, sample in enumerate(samples)]
    inside = sum(one.low <= 1 / 3 <= one.high for one in found)
    assert 365 <= inside <= 392


def test_wider_for_more_confidence_narrower_for_more_values_same_for_the_same_seed() -> None:
    dice = np.random.default_rng(6)
    few, many = dice.random(30), dice.random(RESAMPLED_UP_TO + 1)

    def width(values: np.ndarray, confidence: float = 0.95) -> float:
        one = bootstrap_interval(values, confidence)
        assert one.low < values.mean() < one.high
        return one.high - one.low

    for values in (few, many):
        assert width(values, 0.8) < width(values, 0.95) < width(values, 0.99)
    assert width(many) < width(few) / 5
    assert bootstrap_interval(few) == bootstrap_interval(few)
    assert bootstrap_interval(few, seed=1) != bootstrap_interval(few)


@pytest.mark.parametrize("scale", [0.1, 0.7, 1 / 3, 1000.3])
def test_the_unit_changes_nothing(scale: float) -> None:
    """Many resamples of few values have their mean on paper, and miss it by rounding in one unit and not in another."""
    values = np.array([0.0, 1, 1, 2, 3, 5, 2, 0])
    one, other = bootstrap_interval(values), bootstrap_interval(values * scale)
    assert (other.low / scale, other.high / scale) == pytest.approx((one.low, one.high), rel=1e-9)


@pytest.mark.parametrize("values", [[0.3], [0.1] * 7, [0.0, 0.0], [1e9] * 3, [0.1] * (RESAMPLED_UP_TO + 1)])
def test_where_nothing_varies_there_is_no_width(values: list[float]) -> None:
    one = bootstrap_interval(np.array(values))
    assert one == Interval(pytest.approx(values[0]), pytest.approx(values[0]))


def test_one_query_in_many_that_scores() -> None:
    values = np.zeros(50)
    values[7] = 1.0
    one = bootstrap_interval(values)
    assert 0 <= one.low <= 0.02 < one.high < 0.2


@pytest.mark.parametrize(("queries", "scoring"), [(6_000, 1), (6_000, 3), (100_000, 30)])
def test_many_queries_of_which_few_score(queries: int, scoring: int) -> None:
    """How many score in a resample is binomial: the interval is one of its quantiles, and never below 0."""
    values = np.zeros(queries)
    values[:scoring] = 1.0
    one = bootstrap_interval(values, resamples=20_000)
    resampled = stats.binom(queries, scoring / queries)
    bias = stats.norm.ppf((resampled.cdf(scoring - 1) + resampled.cdf(scoring)) / 2)
    shifted = bias + stats.norm.ppf([0.025, 0.975])
    exact = resampled.ppf(stats.norm.cdf(bias + shifted / (1 - shifted * stats.skew(values) / 6 / np.sqrt(queries))))
    assert one.low >= 0
    assert [one.low * queries, one.high * queries] == pytest.approx(exact, abs=1.01)  # the next number is a draw away


def test_blocks_change_no_draw_from_the_same_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(8).random(200)
    whole = bootstrap_interval(values, resamples=4000)
    monkeypatch.setattr("eval.intervals._BLOCK", 999)
    cut = bootstrap_interval(values, resamples=4000)
    assert (cut.low, cut.high) == pytest.approx((whole.low, whole.high), abs=0.005)
