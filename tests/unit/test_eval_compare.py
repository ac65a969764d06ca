"""Significance: against full enumeration, against scipy, and by how often it cries wolf."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from eval.compare import EXACT_UP_TO, compare, differing, holm, randomisation_test, t_test
from eval.metrics import Scores


def enumerated(differences: list[int]) -> float:
    """The definition, one sign pattern after another, in whole numbers."""
    observed = abs(sum(differences))
    patterns = list(product((1, -1), repeat=len(differences)))
    extreme = sum(
        abs(sum(sign * d for sign, d in zip(signs, differences, strict=True))) >= observed for signs in patterns
    )
    return extreme / len(patterns)


def scores(run: str, **values: list[float]) -> Scores:
    size = len(next(iter(values.values())))
    return Scores(run, tuple(f"q{i}" for i in range(size)), {name: np.array(v) for name, v in values.items()})


# --- the randomisation test ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=9))
def test_small_cases_are_enumerated_exactly(differences: list[int]) -> None:
    # Tenths: sums that are equal on paper differ by rounding, and must count as equal all the same.
    assert randomisation_test(np.array(differences) / 10) == enumerated(differences)


def test_worked_by_hand() -> None:
    assert randomisation_test(np.array([0.5, 0.5])) == 0.5  # ++ and -- of four
    assert randomisation_test(np.array([0.1, 0.2, 0.4])) == 0.25  # +++ and --- of eight
    assert randomisation_test(np.array([0.1, 0.0, -0.1])) == 1
    assert randomisation_test(np.zeros(50)) == 1


def test_queries_that_tie_neither_help_nor_hurt() -> None:
    differences = np.array([0.3, -0.1, 0.2, 0.4, 0.1])
    assert randomisation_test(np.concatenate([differences, np.zeros(1000)])) == randomisation_test(differences)


def test_random_patterns_come_close_to_all_of_them() -> None:
    generator = np.random.default_rng(5)
    differences = generator.normal(0.4, 1, EXACT_UP_TO + 2)
    signs = 1 - 2 * (np.arange(2 ** len(differences))[:, None] >> np.arange(len(differences)) & 1)
    exact = np.mean(np.abs(signs @ differences) >= abs(differences.sum()) - 1e-9)
    assert 0.02 < exact < 0.5
    for seed in range(5):
        assert randomisation_test(differences, seed=seed) == pytest.approx(exact, abs=4 * np.sqrt(exact / 10_000))


def test_same_seed_same_answer_and_never_0() -> None:
    differences = np.random.default_rng(1).normal(0.2, 1, 60)
    assert randomisation_test(differences, seed=3) == randomisation_test(differences, seed=3)
    assert len({randomisation_test(differences, seed=seed) for seed in range(5)}) > 1
    assert randomisation_test(np.full(60, 0.1), permutations=999) == 1 / 1000


def test_many_queries_are_done_in_blocks_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = np.random.default_rng(2).normal(0.1, 1, 100)
    whole = randomisation_test(differences, permutations=1000)
    monkeypatch.setattr("eval.compare._BLOCK", 777)
    assert randomisation_test(differences, permutations=1000) == pytest.approx(whole, abs=0.06)


@pytest.mark.parametrize("queries", [10, 40], ids=["exact", "random"])
def test_equal_runs_are_called_different_about_once_in_twenty(queries: int) -> None:
    """1,000 pairs of runs that differ by chance alone. 30 to 70 false alarms: the binomial 99.6 % interval at 5 %."""
    generator = np.random.default_rng(20240229)
    pairs = generator.beta(2, 2, size=(1000, 2, queries))
    alarms = sum(randomisation_test(after - before, permutations=199) <= 0.05 for before, after in pairs)
    assert 30 <= alarms <= 70


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
