"""How sure is a mean? Bootstrap intervals over queries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eval.metrics import Floats

RESAMPLES = 2000
_BLOCK = 1 << 20
"""Draws held in memory at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def bootstrap_interval(values: Floats, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """Percentile interval of the mean of `values`, shape (queries,). The same seed gives the same answer."""
    generator = np.random.default_rng(seed)
    n = len(values)
    rows = max(1, _BLOCK // n)
    sizes = [min(rows, resamples - start) for start in range(0, resamples, rows)]
    means = np.concatenate([values[generator.integers(0, n, (size, n))].mean(axis=1) for size in sizes])
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))
