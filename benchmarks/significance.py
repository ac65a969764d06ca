"""The tests of `eval compare`: how long they take, and how often they cry wolf.

    python benchmarks/significance.py

The randomisation test is timed against SciPy's, which draws every sign; both give 10,000 permutations of the same
differences. Then equally good runs are compared, with values as ndcg has them: few, and every other query a tie.
"""

from __future__ import annotations

import argparse
import math
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from eval.compare import LEVEL, differing, holm, randomisation_test, t_test

Floats = NDArray[np.float64]

VALUES = np.array([0.0, 0.0, 0.3869, 0.4307, 0.5, 0.6309, 0.7654, 0.9197, 1.0, 1.0])
SCIPY_UP_TO = 10_000
"""With more queries SciPy's test takes longer than anybody waits."""


def equally_good(generator: np.random.Generator, runs: int, queries: int) -> Floats:
    """Shape (runs, queries): a query is as hard for all of them, and every other one comes out the same."""
    ease = generator.integers(0, 6, queries)
    drawn = VALUES[ease + generator.integers(0, 5, (runs, queries))]
    alike = generator.random(queries) < 0.5
    return np.where(alike, VALUES[ease], drawn)


def scipys(differences: Floats) -> float:
    return float(
        stats.permutation_test(
            (differences,), np.mean, permutation_type="samples", vectorized=True, n_resamples=10_000, batch=100
        ).pvalue
    )


def timed(function: Callable[[], float], calls: int = 3) -> tuple[float, float]:
    """Its answer, and the seconds that the best of some calls took."""
    seconds = []
    for _ in range(calls):
        started = time.perf_counter()
        answer = function()
        seconds.append(time.perf_counter() - started)
    return answer, min(seconds)


def speed() -> None:
    print("queries  differing     p   seconds  peak MB   SciPy: p   seconds   ratio")
    for queries in (50, 1_000, 10_000, 100_000):
        generator = np.random.default_rng(queries)
        before, after = equally_good(generator, 2, queries)
        differences = differing(before, np.where(after == before, after, after + 0.3 / math.sqrt(queries)))
        p, seconds = timed(lambda differences=differences: randomisation_test(differences))
        tracemalloc.start()
        randomisation_test(differences)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        line = f"{queries:>7}  {np.count_nonzero(differences):>9}  {p:.3f}  {seconds:>7.4f}  {peak:>7.1f}"
        if queries <= SCIPY_UP_TO:
            other, other_seconds = timed(lambda differences=differences: scipys(differences), calls=1)
            line += f"   {other:>8.3f}   {other_seconds:>7.3f}  {other_seconds / seconds:>6.0f}"
        print(line)


def alarms(rounds: int) -> None:
    print(f"\nfalse alarms at {LEVEL:.0%}, {rounds} rounds                 share   95% interval")
    for queries in (20, 50, 200):
        generator = np.random.default_rng(queries)
        pairs = [differing(*equally_good(generator, 2, queries)) for _ in range(rounds)]
        _share(f"{queries} queries, randomisation", [randomisation_test(one) for one in pairs])
        _share(f"{queries} queries, for the worse", [randomisation_test(one, alternative="less") for one in pairs])
        _share(f"{queries} queries, t test", [t_test(one) for one in pairs])
    least, corrected = [], []
    generator = np.random.default_rng(5)
    for _ in range(rounds):
        before, *others = equally_good(generator, 6, 50)
        p_values = [randomisation_test(differing(before, after)) for after in others]
        least.append(min(p_values))
        corrected.append(min(holm(p_values)))
    _share("any of five runs, uncorrected", least)
    _share("any of five runs, Holm", corrected)


def _share(what: str, p_values: list[float]) -> None:
    count = sum(p <= LEVEL for p in p_values)
    between = stats.binomtest(count, len(p_values)).proportion_ci(method="wilson")
    print(f"{what:<40}  {count / len(p_values):.4f}   [{between.low:.4f}, {between.high:.4f}]")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10_000, help="simulated comparisons (default: %(default)s)")
    arguments = parser.parse_args()
    speed()
    alarms(arguments.rounds)
