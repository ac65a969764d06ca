"""Do judges agree, and more than by chance? Cohen's and Fleiss' kappa, Krippendorff's alpha, raw agreement.

All of them are functions of a sum over the items, which makes the bootstrap cheap: items that were graded alike are one
row with a multiplicity, and resampling items with replacement is a multinomial draw of multiplicities.

Sources: Cohen, Educational and Psychological Measurement 20 (1960), weighted: Psychological Bulletin 70 (1968);
Fleiss, Psychological Bulletin 76 (1971); Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eval.intervals import Interval

Floats: TypeAlias = NDArray[np.float64]
Weights: TypeAlias = Literal["none", "linear", "quadratic"]
Level: TypeAlias = Literal["nominal", "ordinal", "interval"]

RESAMPLES = 2_000
CONFIDENCE = 0.95
FEWEST_ITEMS = 10
"""Of fewer items no interval is given: resampling five items knows five items."""

_BLOCK = 1 << 22
"""Multiplicities held in memory at once."""

_Statistic: TypeAlias = Callable[[Floats], Floats]
"""Sums over items, shape (samples, width) → the coefficient of each sample, NaN where it is not defined."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """`value` is 1 for perfect agreement, 0 for what chance alone would give, and None where `why` says why not.

    `interval` is a percentile bootstrap over the items, None for fewer than `FEWEST_ITEMS`. `items` are those graded by
    at least two judges.
    """

    value: float | None
    interval: Interval | None
    items: int
    why: str = ""


def raw_agreement(ratings: Floats) -> Coefficient:
    """Share of the pairs of grades of one item that are equal, mean over the items; not corrected for chance."""
    counts, _ = _counted(ratings)
    raters = counts.sum(axis=1)
    alike = ((counts * (counts - 1)).sum(axis=1) / np.maximum(raters * (raters - 1), 1))[:, None]
    return _coefficient(np.hstack([alike, np.ones_like(alike)]), lambda sums: sums[:, 0] / sums[:, 1])


def cohen_kappa(ratings: Floats, weights: Weights = "none") -> Coefficient:
    """Two judges, shape (items, 2). Weights: how much worse it is to be two grades apart than one.

    Each judge has a habit of their own (a share of each grade), and chance is that both follow their habits blindly.
    1 - Σ w·observed / Σ w·expected, with w the distance of the grades (`linear`), its square (`quadratic`), or 1.
    """
    if ratings.ndim != 2 or ratings.shape[1] != 2:
        raise ValueError(f"Cohen's kappa is for two judges, not for the shape {ratings.shape}")
    both = ratings[~np.isnan(ratings).any(axis=1)]
    values = np.unique(both)
    size = len(values)
    distance = np.abs(values[:, None] - values[None, :])
    cost = {"none": (distance > 0).astype(np.float64), "linear": distance, "quadratic": distance**2}[weights]

    def kappa(sums: Floats) -> Floats:
        tables = sums.reshape(-1, size, size)
        expected = tables.sum(axis=2)[:, :, None] * tables.sum(axis=1)[:, None, :]
        total = tables.sum(axis=(1, 2))
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = 1 - (cost * tables).sum(axis=(1, 2)) * total / (cost * expected).sum(axis=(1, 2))
        return found

    cells = np.searchsorted(values, both[:, 0]) * size + np.searchsorted(values, both[:, 1])
    rows = np.zeros((len(both), size * size))
    rows[np.arange(len(both)), cells] = 1
    return _coefficient(rows, kappa)


def fleiss_kappa(ratings: Floats) -> Coefficient:
    """Any number of judges, as many for each item, and not the same ones for each.

    Raises nothing: items with unequal numbers of judges give None and say so. Grades are names without an order.
    """
    counts, values = _counted(ratings)
    raters = counts.sum(axis=1)
    if len(set(raters.tolist())) > 1:
        why = f"items have {raters.min():g} to {raters.max():g} judges, and Fleiss' kappa needs as many for each"
        return Coefficient(None, None, len(counts), why)

    def kappa(sums: Floats) -> Floats:
        shares = sums[:, 1:] / sums[:, 1:].sum(axis=1, keepdims=True)
        chance = (shares**2).sum(axis=1)
        observed = sums[:, 0] / (sums[:, 1:].sum(axis=1) / raters[0])
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(chance > 1 - 1e-12, np.nan, (observed - chance) / (1 - chance))

    if not len(counts):
        return _coefficient(np.zeros((0, 1 + len(values))), kappa)
    alike = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    return _coefficient(np.hstack([alike[:, None], counts]), kappa)


def krippendorff_alpha(ratings: Floats, level: Level = "ordinal") -> Coefficient:
    """Any number of judges, who need not all have graded everything: NaN is a grade that is missing.

    1 - observed / expected disagreement. `level` is what the grades are: names, an order, or numbers with distances.
    """
    counts, values = _counted(ratings)
    raters = counts.sum(axis=1)
    size = len(values)

    def alpha(sums: Floats) -> Floats:
        table = sums.reshape(-1, size, size)
        held = table.sum(axis=2)
        total = held.sum(axis=1)
        # Of grades that only have an order, the distance is how many grades lie between their middles.
        place = np.cumsum(held, axis=1) - held / 2 if level == "ordinal" else values[None, :]
        distance = (place[:, :, None] - place[:, None, :]) ** 2
        if level == "nominal":
            distance = (distance > 0).astype(np.float64)
        expected = (held[:, :, None] * held[:, None, :] * distance).sum(axis=(1, 2))
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = 1 - (total - 1) * (table * distance).sum(axis=(1, 2)) / expected
        return found

    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(size)
    rows = (pairs / np.maximum(raters - 1, 1)[:, None, None]).reshape(len(counts), size * size)
    return _coefficient(rows, alpha)


def confusion(ratings: Floats, scale: Sequence[float]) -> NDArray[np.int64]:
    """How often the first judge (row) and the second (column) gave each grade of `scale`; shape (grades, grades)."""
    both = ratings[~np.isnan(ratings).any(axis=1)]
    table = np.zeros((len(scale), len(scale)), dtype=np.int64)
    place = {grade: i for i, grade in enumerate(scale)}
    for first, second in both.tolist():
        table[place[first], place[second]] += 1
    return table


def _counted(ratings: Floats) -> tuple[Floats, Floats]:
    """How many judges gave each grade, shape (items graded twice or more, grades), and the grades that occur there."""
    shared = ratings[(~np.isnan(ratings)).sum(axis=1) >= 2]
    values = np.unique(shared[~np.isnan(shared)])
    return (shared[:, :, None] == values).sum(axis=1).astype(np.float64), values


def _coefficient(rows: Floats, statistic: _Statistic) -> Coefficient:
    """`rows`: what each item adds to the sums, shape (items, width)."""
    items = len(rows)
    if not items:
        return Coefficient(None, None, 0, "no item was graded by two judges")
    distinct, multiplicity = np.unique(rows, axis=0, return_counts=True)
    value = float(statistic((multiplicity @ distinct)[None, :])[0])
    if not np.isfinite(value):
        return Coefficient(None, None, items, "all grades are the same, so to agree by chance is certain")
    return Coefficient(value, _interval(distinct, multiplicity, statistic), items)


def _interval(distinct: Floats, multiplicity: NDArray[np.int64], statistic: _Statistic) -> Interval | None:
    """Samples in which the coefficient is not defined (all grades the same) are left out."""
    items = int(multiplicity.sum())
    if items < FEWEST_ITEMS:
        return None
    generator = np.random.default_rng(0)
    block = max(1, _BLOCK // len(distinct))
    values = np.concatenate(
        [
            statistic(generator.multinomial(items, multiplicity / items, size=min(block, RESAMPLES - start)) @ distinct)
            for start in range(0, RESAMPLES, block)
        ]
    )
    values = values[np.isfinite(values)]
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), float(high))
