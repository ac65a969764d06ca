"""Significance: against full enumeration, against scipy, and by how often it cries wolf."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from eval.compare import (
    EXACT_UP_TO,
    Alternative,
    _random_sums,
    compare,
    differing,
    holm,
    randomisation_test,
    t_test,
)
from eval.intervals import bootstrap_interval
from eval.metrics import Floats, Scores

ALTERNATIVES: tuple[Alternative, ...] = ("two-sided", "less", "greater")


def enumerated(differences: list[int], alternative: Alternative = "two-sided") -> float:
    """The definition, one sign pattern after another, in whole numbers."""
    observed = sum(differences)
    patterns = list(product((1, -1), repeat=len(differences)))
    sums = [sum(sign * d for sign, d in zip(signs, differences, strict=True)) for signs in patterns]
    as_extreme = {
        "two-sided": [abs(one) >= abs(observed) for one in sums],
        "less": [one <= observed for one in sums],
        "greater": [one >= observed for one in sums],
    }
    return sum(as_extreme[alternative]) / len(patterns)


def counted(differences: list[int], alternative: Alternative = "two-sided") -> float:
    """The same for any number of differences: how many patterns reach each sum is counted, one difference at a time."""
    ways = Counter({0: 1})
    for difference in differences:
        further: Counter[int] = Counter()
        for total, number in ways.items():
            further[total + difference] += number
            further[total - difference] += number
        ways = further
    observed = sum(differences)
    as_extreme = {
        "two-sided": lambda total: abs(total) >= abs(observed),
        "less": lambda total: total <= observed,
        "greater": lambda total: total >= observed,
    }[alternative]
    return sum(number for total, number in ways.items() if as_extreme(total)) / 2 ** len(differences)


def scores(run: str, **values: list[float]) -> Scores:
    size = len(next(iter(values.values())))
    return Scores(run, tuple(f"q{i}" for i in range(size)), {name: np.array(v) for name, v in values.items()})


# --- the randomisation test ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=9), st.sampled_from(ALTERNATIVES))
def test_small_cases_are_enumerated_exactly(differences: list[int], alternative: Alternative) -> None:
    # Tenths: sums that are equal on paper differ by rounding, and must count as equal all the same.
    assert randomisation_test(np.array(differences) / 10, alternative=alternative) == enumerated(
        differences, alternative
    )


@given(st.lists(st.integers(-9, 9).filter(bool), min_size=10, max_size=EXACT_UP_TO), st.sampled_from(ALTERNATIVES))
@settings(max_examples=40)
def test_all_patterns_count_up_to_the_limit(differences: list[int], alternative: Alternative) -> None:
    found = randomisation_test(np.array(differences) / 10, alternative=alternative)
    assert found == pytest.approx(counted(differences, alternative), rel=1e-12)


def test_one_sided_worked_by_hand() -> None:
    worse = np.array([-0.1, -0.2, -0.4])
    assert randomisation_test(worse, alternative="less") == 1 / 8
    assert randomisation_test(worse, alternative="greater") == 1
    assert randomisation_test(-worse, alternative="less") == 1
    assert randomisation_test(np.zeros(50), alternative="less") == 1
    assert randomisation_test(np.full(60, -0.1), permutations=999, alternative="less") == 1 / 1000


def test_worked_by_hand() -> None:
    assert randomisation_test(np.array([0.5, 0.5])) == 0.5  # ++ and -- of four
    assert randomisation_test(np.array([0.1, 0.2, 0.4])) == 0.25  # +++ and --- of eight
    assert randomisation_test(np.array([0.1, 0.0, -0.1])) == 1
    assert randomisation_test(np.zeros(50)) == 1


def test_queries_that_tie_neither_help_nor_hurt() -> None:
    differences = np.array([0.3, -0.1, 0.2, 0.4, 0.1])
    assert randomisation_test(np.concatenate([differences, np.zeros(1000)])) == randomisation_test(differences)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("queries", [EXACT_UP_TO + 1, EXACT_UP_TO + 7, 200])
def test_random_patterns_come_close_to_all_of_them(queries: int, alternative: Alternative) -> None:
    """Four standard errors of 10,000 patterns; with every number of queries left over after groups of eight."""
    generator = np.random.default_rng(queries)
    differences = [int(one) for one in generator.choice([-9, -4, -1, 1, 3, 8], queries)]
    differences[:3] = [-9, -9, -9]
    exact = counted(differences, alternative)
    assert 0.01 < exact < 0.99
    for seed in range(3):
        found = randomisation_test(np.array(differences) / 10, seed=seed, alternative=alternative)
        assert found == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 10_000))


def test_same_seed_same_answer_and_never_0() -> None:
    differences = np.random.default_rng(1).normal(0.2, 1, 60)
    assert randomisation_test(differences, seed=3) == randomisation_test(differences, seed=3)
    assert len({randomisation_test(differences, seed=seed) for seed in range(5)}) > 1
    assert randomisation_test(np.full(60, 0.1), permutations=999) == 1 / 1000


def test_sums_under_random_signs_are_those_of_independent_fair_signs() -> None:
    """Mean 0, variance the sum of squares, and no value goes with another."""
    values = np.arange(1.0, 20.0)
    sums = _random_sums(values, 40_000, np.random.default_rng(4))
    assert set(np.unique(sums)) <= set(np.arange(-190.0, 191.0, 2.0))
    spread = np.sqrt((values**2).sum())
    assert abs(sums.mean()) < 4 * spread / 200
    assert sums.std() == pytest.approx(spread, rel=0.02)


@pytest.mark.parametrize("queries", [10, 50], ids=["exact", "random"])
def test_equal_runs_are_called_different_about_once_in_twenty(queries: int) -> None:
    """1,000 pairs of runs that differ by chance alone. 30 to 70 false alarms: the binomial 99.6 % interval at 5 %."""
    generator = np.random.default_rng(20240229)
    pairs = generator.beta(2, 2, size=(1000, 2, queries))
    alarms = sum(randomisation_test(after - before, permutations=199) <= 0.05 for before, after in pairs)
    assert 30 <= alarms <= 70


def like_ndcg(generator: np.random.Generator, runs: int, queries: int) -> Floats:
    """Equally good runs as they are in life, shape (runs, queries): few distinct values, a query hard or easy for all,
    and every other query the same in all of them."""
    values = np.array([0.0, 0.0, 0.3869, 0.4307, 0.5, 0.6309, 0.7654, 0.9197, 1.0, 1.0])
    ease = generator.integers(0, 6, queries)
    drawn = values[ease + generator.integers(0, 5, (runs, queries))]
    alike = generator.random(queries) < 0.5
    return np.where(alike, values[ease], drawn)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_false_alarms_with_values_that_are_few_and_often_tie(alternative: Alternative) -> None:
    """1,000 pairs, 30 to 70 alarms as above."""
    generator = np.random.default_rng(20250301)
    pairs = [like_ndcg(generator, 2, 120) for _ in range(1000)]
    assert np.mean([np.mean(before == after) for before, after in pairs]) > 0.5
    alarms = sum(
        randomisation_test(differing(before, after), permutations=199, alternative=alternative) <= 0.05
        for before, after in pairs
    )
    assert 30 <= alarms <= 70


def test_holm_keeps_false_alarms_of_a_whole_family_at_one_in_twenty() -> None:
    """Five runs that are as good as the baseline, 500 times. At most 39 families with an alarm (the binomial 99.6 %
    limit at 5 %), where uncorrected there are far more."""
    generator = np.random.default_rng(20250302)
    corrected = uncorrected = 0
    for _ in range(500):
        before, *others = like_ndcg(generator, 6, 40)
        p_values = [randomisation_test(differing(before, after), permutations=199) for after in others]
        uncorrected += min(p_values) <= 0.05
        corrected += min(holm(p_values)) <= 0.05
    assert 5 <= corrected <= 39
    assert uncorrected > 60


def test_a_real_difference_is_found() -> None:
    generator = np.random.default_rng(7)
    before = generator.beta(2, 2, 100)
    assert randomisation_test(np.clip(before + generator.normal(0.1, 0.1, 100), 0, 1) - before) < 0.001


# --- the t test, Holm ------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-1, 1).map(lambda value: round(value, 3)), min_size=2, max_size=40))
def test_t_test_is_scipys(differences: list[float]) -> None:
    values = np.array(differences)
    if values.std() > 1e-9:
        assert t_test(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=1e-12)


def test_t_test_where_t_does_not_exist() -> None:
    assert t_test(np.array([0.5])) == 1
    assert t_test(np.zeros(9)) == 1
    assert t_test(np.full(4, 0.25)) == 0


def test_holm_worked_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.2]) == [0.2]
    assert holm([0.5, 0.4, 0.9]) == pytest.approx([1, 1, 1])
    assert holm([]) == []


# --- comparing -------------------------------------------------------------------------------------------------------


def test_comparison_counts_queries_and_names_the_movers() -> None:
    baseline = scores("base", **{"ndcg@10": [0.5, 0.5, 0.5, 0.5, 0.0]})
    run = scores("new", **{"ndcg@10": [0.6, 0.1, 0.5 + 1e-12, 0.9, 0.05]})
    (result,) = compare(baseline, [run], movers=3)
    assert (result.run, result.metric, result.wins, result.losses, result.ties) == ("new", "ndcg@10", 3, 1, 1)
    assert result.baseline_mean == pytest.approx(0.4)
    assert result.mean == pytest.approx(0.43)
    assert result.difference == pytest.approx(0.03)
    assert [mover.query for mover in result.movers] == ["q1", "q3", "q0"]
    assert [mover.difference for mover in result.movers] == pytest.approx([-0.4, 0.4, 0.1])
    assert result.p == result.p_holm == randomisation_test(np.array([0.1, -0.4, 0.4, 0.05]))
    assert result.p_t == t_test(np.array([0.1, -0.4, 0, 0.4, 0.05]))


@pytest.mark.parametrize(("metric", "queries"), [("map", ["q1", "q3"]), ("violations@10", ["q0", "q4"])])
def test_losses_alone(metric: str, queries: list[str]) -> None:
    baseline = scores("base", **{metric: [0.1, 0.9, 0.5, 0.5, 0.0]})
    run = scores("new", **{metric: [0.9, 0.1, 0.5, 0.4, 0.05]})
    (result,) = compare(baseline, [run], losses=True)
    assert [mover.query for mover in result.movers] == queries
    assert all(result.is_loss(mover) for mover in result.movers)
    (every,) = compare(baseline, [run])
    assert sum(every.is_loss(mover) for mover in every.movers) == result.losses == len(queries)


def test_interval_spread_effect_and_what_could_be_told() -> None:
    baseline = scores("base", **{"ndcg@10": [0.0] * 8})
    run = scores("new", **{"ndcg@10": [0.1, 0.3] * 4})
    (result,) = compare(baseline, [run])
    deviation = 0.1 * np.sqrt(8 / 7)
    assert result.queries == 8
    assert result.deviation == pytest.approx(deviation)
    assert result.effect == pytest.approx(0.2 / deviation)
    assert result.detectable == pytest.approx((1.959964 + 0.841621) * deviation / np.sqrt(8), rel=1e-6)
    assert result.interval == bootstrap_interval(np.array([0.1, 0.3] * 4))
    (same,) = compare(baseline, [baseline])
    assert (same.effect, same.detectable, same.deviation) == (None, None, 0)


def test_too_few_differing_queries_tell_nothing() -> None:
    """Five that all rise by as much have p = 2 / 32."""
    five, six = scores("a", map=[0.369] * 5 + [0.0]), scores("b", map=[0.369] * 6)
    baseline = scores("base", map=[0.0] * 6)
    (of_five,) = compare(baseline, [five])
    (of_six,) = compare(baseline, [six])
    assert (of_five.p, of_five.can_tell, of_five.detectable) == (0.0625, False, None)
    assert (of_six.p, of_six.can_tell) == (0.03125, True)
    assert [one.can_tell for one in compare(baseline, [six, five])] == [False, False]


def test_of_several_runs_each_is_told_four_times_in_five_at_its_share_of_the_level() -> None:
    """As below, at 0.05 / 5: the corrected test asks no more than that of any run."""
    generator = np.random.default_rng(9)
    noise = generator.normal(0, 0.2, (300, 60))
    run = scores("new", map=list(noise[0]))
    plain, *_ = compare(scores("base", map=[0.0] * 60), [run] * 5, permutations=99)
    assert plain.runs == 5
    assert plain.detectable is not None
    detectable = plain.detectable * 0.2 / plain.deviation
    found = np.mean([randomisation_test(one + detectable, permutations=999) <= 0.05 / 5 for one in noise])
    assert 0.73 < found < 0.87


def test_the_difference_that_can_be_told_is_told_four_times_in_five() -> None:
    """The difference named for 60 queries, put into the null model: 74 to 86 % of 500 are found (99.6 % interval)."""
    generator = np.random.default_rng(9)
    noise = generator.normal(0, 0.2, (500, 60))
    (plain,) = compare(scores("base", map=[0.0] * 60), [scores("new", map=list(noise[0]))])
    assert plain.detectable is not None
    detectable = plain.detectable * 0.2 / plain.deviation
    found = np.mean([randomisation_test(one + detectable, permutations=199) <= 0.05 for one in noise])
    assert 0.74 < found < 0.86


def test_fewer_violations_are_wins() -> None:
    baseline = scores("base", **{"violations@10": [0.5, 0.5, 0.0]})
    run = scores("new", **{"violations@10": [0.1, 0.2, 0.1]})
    (result,) = compare(baseline, [run])
    assert (result.wins, result.losses, result.ties) == (2, 1, 0)
    assert result.difference < 0


def test_movers_leave_out_what_did_not_move() -> None:
    same = scores("same", map=[0.1, 0.2])
    assert compare(same, [same])[0].movers == ()


def test_holm_runs_over_the_runs_of_one_metric() -> None:
    generator = np.random.default_rng(11)
    before = {"map": generator.random(12), "mrr": generator.random(12)}
    baseline = Scores("base", tuple("abcdefghijkl"), before)
    runs = [
        Scores(name, baseline.queries, {metric: v + generator.normal(shift, 0.1, 12) for metric, v in before.items()})
        for name, shift in (("a", 0.1), ("b", 0.05), ("c", 0.0))
    ]
    results = compare(baseline, runs)
    assert [(c.metric, c.run) for c in results] == [(m, r) for m in ("map", "mrr") for r in "abc"]
    for metric in before:
        of_metric = [c for c in results if c.metric == metric]
        assert [c.p_holm for c in of_metric] == holm([c.p for c in of_metric])
        assert [c.p for c in of_metric] == [
            randomisation_test(differing(before[metric], run.values[metric])) for run in runs
        ]
