"""Is one run better than another, or was it luck? Paired tests over the same queries.

Two tests, because they fail differently: the randomisation test assumes nothing about the values and is the one to
go by (Smucker, Allan and Carterette, CIKM 2007); Student's paired t test is beside it since it agrees whenever things
are in order. Several runs against one baseline are several chances to be lucky, so Holm's correction (Scandinavian
Journal of Statistics 6, 1979) is applied to the randomisation test over the runs, for each metric by itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import ndtri, stdtr

from eval.intervals import Interval, bootstrap_interval
from eval.metrics import Floats, Scores

Alternative: TypeAlias = Literal["two-sided", "less", "greater"]
"""What is asked of the mean difference: is it other than 0, below it, above it?"""

EXACT_UP_TO = 32
"""With so many differing queries or fewer, all 2^n sign patterns count: no chance is left in the answer."""

PERMUTATIONS = 10_000
LEVEL = 0.05
"""A p-value up to this is taken for a difference. One comparison of equal runs in twenty falls below it by luck."""

POWER = 0.8
SAME = 1e-9
"""Values of one query closer than this are a tie: rounding, not ranking."""


LOWER_IS_BETTER = frozenset({"violations"})
"""Metrics, without their cut-off, that count what is wrong."""


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

    Wins are queries where the run is better. The p-values are two-sided: `p` of the randomisation test,
    `p_holm` the same corrected over the `runs` of this comparison, `p_t` of the t test. `interval` holds the mean
    difference in 95 of 100 cases. `deviation` is the standard deviation of the differences over queries. `movers` are
    the queries that changed most, the largest change first.
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
    interval: Interval
    deviation: float
    runs: int = 1
    movers: tuple[Mover, ...] = ()

    @property
    def difference(self) -> float:
        return self.mean - self.baseline_mean

    @property
    def queries(self) -> int:
        return self.wins + self.losses + self.ties

    def is_loss(self, mover: Mover) -> bool:
        """Whether the run is worse in that query."""
        return (mover.difference < 0) != lower_is_better(self.metric)

    @property
    def effect(self) -> float | None:
        """The mean difference in standard deviations of it over queries (Cohen's d for pairs); None where all queries
        moved alike."""
        return self.difference / self.deviation if self.deviation > SAME else None

    @property
    def differing(self) -> int:
        """How many queries differ."""
        return self.wins + self.losses

    @property
    def can_tell(self) -> bool:
        """Whether enough queries differ for a difference to be told: when all n go one way, 2 of the 2^n patterns of
        signs are as extreme, and of several runs each may have LEVEL / runs."""
        return math.ldexp(2 * self.runs, -self.differing) <= LEVEL

    @property
    def detectable(self) -> float | None:
        """The true difference that so many queries, scattering as these do, show four times in five; None where they
        can tell none.

        (z(1 − LEVEL / runs / 2) + z(POWER)) · deviation / √queries: the normal approximation to the power of a paired
        test.
        """
        if not self.can_tell:
            return None
        return float(ndtri(1 - LEVEL / self.runs / 2) + ndtri(POWER)) * self.deviation / math.sqrt(self.queries)


def lower_is_better(metric: str) -> bool:
    return metric.partition("@")[0] in LOWER_IS_BETTER


def compare(
    baseline: Scores,
    runs: Sequence[Scores],
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    movers: int = 10,
    losses: bool = False,
) -> tuple[Comparison, ...]:
    """Every run against the baseline by every metric of the baseline: metric by metric, runs in the order given.

    All scores come from the same qrels, so that query i is the same everywhere. The same seed gives the same answer.
    With `losses` the movers are those queries alone in which the run is worse.
    """
    comparisons: list[Comparison] = []
    for metric, before in baseline.values.items():
        better = -1 if lower_is_better(metric) else 1
        differences = [differing(before, run.values[metric]) for run in runs]
        p_values = [randomisation_test(difference, permutations, seed) for difference in differences]
        for run, difference, p, p_holm in zip(runs, differences, p_values, holm(p_values), strict=True):
            moved = np.maximum(-better * difference, 0) if losses else np.abs(difference)
            order = np.argsort(-moved, kind="stable")[:movers]
            comparisons.append(
                Comparison(
                    run=run.run,
                    metric=metric,
                    baseline_mean=baseline.mean(metric),
                    mean=run.mean(metric),
                    wins=int((np.sign(difference) == better).sum()),
                    losses=int((np.sign(difference) == -better).sum()),
                    ties=int((difference == 0).sum()),
                    p=p,
                    p_holm=p_holm,
                    p_t=t_test(difference),
                    interval=bootstrap_interval(difference),
                    deviation=float(difference.std(ddof=1)) if len(difference) > 1 else 0.0,
                    runs=len(runs),
                    movers=tuple(
                        Mover(run.queries[i], float(before[i]), float(run.values[metric][i]))
                        for i in order
                        if moved[i] > 0
                    ),
                )
            )
    return tuple(comparisons)


def differing(before: Floats, after: Floats) -> Floats:
    """after − before, exactly 0 where they tie; shape (queries,)."""
    difference = after - before
    return np.where(np.abs(difference) < SAME, 0.0, difference)


def randomisation_test(
    differences: Floats,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    alternative: Alternative = "two-sided",
) -> float:
    """p-value of the paired randomisation test; `differences` of shape (queries,).

    If the two runs were equally good, each difference could as well have had the other sign. The p-value is the share
    of sign patterns whose sum is at least as far from 0 as the one seen (for `less`: at most the one seen, so that a
    small p says the run is worse): of all patterns when at most `EXACT_UP_TO` queries differ, otherwise of
    `permutations` random ones and the one seen (Phipson and Smyth, 2010: so never 0).
    """
    changed = differences[differences != 0]
    total = float(changed.sum())
    # The sums of all patterns lie symmetrically about 0, so each question is one about their upper end. Sums that are
    # equal on paper differ by rounding; those are as extreme.
    slack = 1e-12 * float(np.abs(changed).sum())
    seen = {"two-sided": abs(total), "less": -total, "greater": total}[alternative] - slack
    both = alternative == "two-sided"
    if both and seen <= 0:
        return 1.0
    if len(changed) <= EXACT_UP_TO:
        return (1 + both) * _share_from(seen, changed)
    sums = _random_sums(changed, permutations, np.random.default_rng(seed))
    reached = (np.abs(sums) if both else sums) >= seen
    return (1 + int(reached.sum())) / (1 + permutations)


def _share_from(least: float, values: Floats) -> float:
    """The share of all sign patterns of `values` whose sum is `least` or more.

    Each sum is one of a first half and one of a second half, and how many of the second suffice is looked up in their
    order: 2^(n / 2) steps instead of 2^n.
    """
    first, second = _all_sums(values[: len(values) // 2]), np.sort(_all_sums(values[len(values) // 2 :]))
    enough = len(second) - np.searchsorted(second, least - first)
    return math.ldexp(int(enough.sum()), -len(values))


def _random_sums(values: Floats, patterns: int, generator: np.random.Generator) -> Floats:
    """Sums of `values` under random signs; shape (patterns,).

    Eight values at a time: their 256 sums are made once, and one random byte for each pattern says which is added. So
    100,000 queries under 10,000 patterns are a billion signs, and neither drawn nor multiplied one by one.
    """
    sums = np.zeros(patterns)
    for start in range(0, len(values), 8):
        table = _all_sums(values[start : start + 8])
        sums += table[generator.integers(0, len(table), patterns, dtype=np.uint8)]
    return sums


def _all_sums(values: Floats) -> Floats:
    """The sum under each pattern of signs; shape (2^n,)."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


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
