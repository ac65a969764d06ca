"""Trails → what a sequence model reads, the same in training (torch) and in serving (numpy)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.recommending.interactions import Floats, Trail
from search.recommending.recency import in_a_row

MOST_STEPS = 30
"""Of a longer trail the latest are read, so that ten thousand events cost no more than thirty."""

FEATURES = 3
"""Of a step: how far its weight is from 1; whether its time is known; ln(1 + days since the step before)."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Trails of different lengths in rectangles, begun on the left.

    `products` has shape (trails, longest), places in the list of products, −1 behind the end of a trail. `features` has
    shape (trails, longest, FEATURES), `weights` (trails, longest), `lengths` (trails,).
    """

    products: NDArray[np.int64]
    features: Floats
    weights: Floats
    lengths: NDArray[np.int64]


def liked(trail: Trail) -> Trail:
    """The steps on the way to what comes next: no dislikes, and one step for what was done with a product in a row."""
    kept = trail.weights > 0
    return in_a_row(Trail(trail.products[kept], trail.weights[kept], trail.days[kept]))


def latest(trail: Trail) -> Trail:
    """What a model reads of it: of what is `liked` the last MOST_STEPS."""
    read = liked(trail)
    return Trail(read.products[-MOST_STEPS:], read.weights[-MOST_STEPS:], read.days[-MOST_STEPS:])


def steps_of(trails: Sequence[Trail]) -> Steps:
    """Trails of liked steps, in rectangles. With no step at all the rectangles are one step wide."""
    longest = max((len(trail) for trail in trails), default=0) or 1
    products = np.full((len(trails), longest), -1, np.int64)
    features = np.zeros((len(trails), longest, FEATURES), np.float32)
    weights = np.zeros((len(trails), longest), np.float32)
    for row, trail in enumerate(trails):
        end = len(trail)
        products[row, :end] = trail.products
        weights[row, :end] = trail.weights
        features[row, :end] = _features(trail)
    return Steps(products, features, weights, np.array([len(trail) for trail in trails], np.int64))


def _features(trail: Trail) -> Floats:
    """Zeros for a step of weight 1 at an unknown time, so that a shop without either loses nothing."""
    found = np.zeros((len(trail), FEATURES), np.float32)
    found[:, 0] = trail.weights - 1
    known = np.isfinite(trail.days)
    found[:, 1] = known
    gaps = np.diff(trail.days, prepend=trail.days[:1])
    found[:, 2] = np.log1p(np.where(np.isfinite(gaps), np.maximum(gaps, 0), 0))
    return found
