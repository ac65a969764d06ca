"""Is one run better than another, or was it luck? Paired tests over the same queries.

Two tests, because they fail differently: the randomisation test assumes nothing about the values and is the one to
go by (Smucker, Allan and Carterette, CIKM 2007); Student's paired t test is beside it since it agrees whenever things
are in order. Several runs against one baseline are several chances to be lucky, so Holm's correction (Scandinavian
Journal of Statistics 6, 1979) is applied to the randomisation test over the runs, for each metric by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from eval.metrics import Floats, Scores

EXACT_UP_TO = 16
"""With so many differing queries or fewer, all 2^n sign patterns are enumerated: 65,536 at most."""

PERMUTATIONS = 10_000
SAME = 1e-9
"""Values of one query closer than this are a tie: rounding, not ranking."""

_BLOCK = 1 << 22
"""Signs held in memory at once."""


@dataclass(frozen=True, slots=True)
class Mover:
    """One query whose value changed."""

    query: str
    baseline: float
    value: float

    @property
    def difference(self) -> float:
        return self.value - self.baseline


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run against the baseline by one metric.

    Wins are queries where the run is better. The p-values are two-sided: `p` of the randomisation test, `p_holm` the
    same corrected over the runs of this comparison, `p_t` of the t test. `movers` are the queries that changed most,
    the largest change first.
    """

    run: str
    metric: str
    baseline_mean: float
    mean: float
    wins: int
    losses: int
    ties: int
    p: float
    p_holm: float
    p_t: float
    movers: tuple[Mover, ...] = ()

    @property
    def difference(self) -> float:
        return self.mean - self.baseline_mean


def compare(
    baseline: Scores, runs: Sequence[Scores], permutations: int = PERMUTATIONS, seed: int = 0, movers: int = 10
) -> tuple[Comparison, ...]:
    """Every run against the baseline by every metric of the baseline: metric by metric, runs in the order given.

    All scores come from the same qrels, so that query i is the same everywhere. The same seed gives the same answer.
    """
    comparisons: list[Comparison] = []
    for metric, before in baseline.values.items():
        differences = [differing(before, run.values[metric]) for run in runs]
        p_values = [randomisation_test(difference, permutations, seed) for difference in differences]
        for run, difference, p, p_holm in zip(runs, differences, p_values, holm(p_values), strict=True):
            order = np.argsort(-np.abs(difference), kind="stable")[:movers]
            comparisons.append(
                Comparison(
                    run=run.run,
                    metric=metric,
                    baseline_mean=baseline.mean(metric),
                    mean=run.mean(metric),
                    wins=int((difference > 0).sum()),
                    losses=int((difference < 0).sum()),
                    ties=int((difference == 0).sum()),
                    p=p,
                    p_holm=p_holm,
                    p_t=t_test(difference),
                    movers=tuple(
                        Mover(run.queries[i], float(before[i]), float(run.values[metric][i]))
                        for i in order
                        if difference[i] != 0
                    ),
                )
            )
    return tuple(comparisons)


def differing(before: Floats, after: Floats) -> Floats:
    """after − before, exactly 0 where they tie; shape (queries,)."""
    difference = after - before
    return np.where(np.abs(difference) < SAME, 0.0, difference)


def randomisation_test(differences: Floats, permutations: int = PERMUTATIONS, seed: int = 0) -> float:
    """Two-sided p-value of the paired randomisation test; `differences` of shape (queries,).

    If the two runs were equally good, each difference could as well have had the other sign. The p-value is the share
    of sign patterns whose sum is at least as far from 0 as the one seen: of all patterns when at most `EXACT_UP_TO`
    queries differ, otherwise of `permutations` random ones and the one seen (Phipson and Smyth, 2010: so never 0).
    """
    changed = differences[differences != 0]
    if len(changed) <= EXACT_UP_TO:
        patterns = np.arange(2 ** len(changed))[:, None] >> np.arange(len(changed)) & 1
        return _extreme(patterns, changed) / len(patterns)
    generator = np.random.default_rng(seed)
    block = max(1, _BLOCK // len(changed))
    extreme = 0
    for start in range(0, permutations, block):
        shape = (min(block, permutations - start), len(changed))
        extreme += _extreme(generator.integers(0, 2, size=shape, dtype=np.int8), changed)
    return (1 + extreme) / (1 + permutations)


def _extreme(flips: NDArray[np.integer], changed: Floats) -> int:
    """How many rows of flips (1: change the sign) give a sum at least as extreme as no flip at all."""
    total = changed.sum()
    sums = total - 2.0 * (flips @ changed)
    # Sums that are equal on paper differ by rounding; those are as extreme.
    return int((np.abs(sums) >= abs(total) - 1e-12 * np.abs(changed).sum()).sum())


def t_test(differences: Floats) -> float:
    """Two-sided p-value of Student's paired t test; 1 when nothing differs or there is but one query."""
    n = len(differences)
    if n < 2 or not differences.any():
        return 1.0
    error = differences.std(ddof=1) / np.sqrt(n)
    if error == 0:
        return 0.0  # every query moved by the same amount: t is infinite
    return float(2 * stdtr(n - 1, -abs(differences.mean() / error)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction, in the order given: the chance of one false alarm among all stays below p."""
    corrected = [1.0] * len(p_values)
    floor = 0.0
    for step, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        floor = max(floor, min(1.0, (len(p_values) - step) * p_values[i]))
        corrected[i] = floor
    return corrected
