"""How sure is a mean? Bootstrap intervals over queries: what it could have been with other queries of the same sort.

BCa, the bias-corrected and accelerated bootstrap (Efron, Better bootstrap confidence intervals, JASA 82, 1987): metrics
are bounded and skewed, and a plain percentile interval then lies too far on one side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from eval.metrics import Floats

RESAMPLES = 2000

RESAMPLED_UP_TO = 5000
"""With more values than this the distribution of the resampled means is taken from its Edgeworth expansion to the order
of the skewness, which takes no resamples, unless the mean hangs on few of them."""

NEARLY_EVEN = 0.01
"""Greatest acceleration for which that expansion is taken. Beyond it a mean hangs on some 300 values or fewer, as that
of 100,000 queries of which three score: they are resampled, and the expansion would reach below 0."""

_BLOCK = 1 << 20
"""Draws held in memory at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def bootstrap_interval(values: Floats, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """BCa interval of the mean of `values`, shape (queries,), at least one. The same seed gives the same answer.

    All values equal: that value, twice. One value says nothing of its spread either.
    """
    mean = values.mean().item()
    deviations: Floats = values - mean
    squares = float(np.square(deviations).sum())
    if math.sqrt(squares) <= 1e-12 * max(1.0, abs(mean)) * len(values):
        return Interval(mean, mean)
    # The acceleration. Leaving one value out moves a mean by a multiple of its deviation: no jackknife is needed.
    skewness = float((deviations**3).sum()) / squares**1.5
    acceleration = skewness / 6
    edges = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    if len(values) > RESAMPLED_UP_TO and abs(acceleration) < NEARLY_EVEN:
        error = math.sqrt(squares) / len(values)
        normal = _corrected(edges, acceleration, acceleration)
        low, high = mean + error * (normal + acceleration * (np.square(normal) - 1))
    else:
        means = _resampled_means(values, resamples, seed)
        slack = 1e-12 * float(np.abs(values).max())  # means that are equal on paper differ by rounding
        below = float(np.count_nonzero(means < mean - slack) + np.count_nonzero(means <= mean + slack))
        below /= 2 * resamples
        below = min(max(below, 0.5 / resamples), 1 - 0.5 / resamples)
        low, high = np.quantile(means, ndtr(_corrected(edges, float(ndtri(below)), acceleration)))
    return Interval(float(low), float(high))


def _corrected(edges: Floats, bias: float, acceleration: float) -> Floats:
    """Efron's (1987) formula 2.3: which quantiles to take, as normal deviates."""
    shifted = bias + ndtri(edges)
    # Past 1 the formula turns round; that far out lies the most extreme resample.
    scale = np.maximum(1 - acceleration * shifted, 1e-3)
    corrected: Floats = bias + shifted / scale
    return corrected


def _resampled_means(values: Floats, resamples: int, seed: int) -> Floats:
    generator = np.random.default_rng(seed)
    if len(values) > RESAMPLED_UP_TO:
        distinct, counts = np.unique(values, return_counts=True)
        if len(distinct) <= len(values) // 8:  # draw how often each comes, not which one each place gets
            rows = max(1, _BLOCK // len(distinct))
            sizes = [min(rows, resamples - start) for start in range(0, resamples, rows)]
            shares = counts / len(values)
            drawn = [generator.multinomial(len(values), shares, n) @ distinct for n in sizes]
            return np.concatenate(drawn) / len(values)
    rows = max(1, _BLOCK // len(values))
    sizes = [min(rows, resamples - start) for start in range(0, resamples, rows)]
    return np.concatenate([values[generator.integers(0, len(values), (n, len(values)))].mean(axis=1) for n in sizes])
