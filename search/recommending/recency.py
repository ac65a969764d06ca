"""How much each step of a trail still counts: the latest most, and nothing that is long ago costs time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.recommending.interactions import Floats, Numbers, Trail

LATEST = 50
"""Steps that are looked at, so that ten thousand events cost no more than fifty."""

HALF_LIFE = 180.0
"""Days after which a step counts half, where days are known: on top of its place in the order, seen from the latest."""


@dataclass(frozen=True, slots=True, eq=False)
class Recent:
    """The different products of a trail, latest first, and how much each counts; both of shape (n,).

    `steps` are the places of their latest step in the trail.
    """

    products: Numbers
    strengths: Floats
    steps: Numbers


def in_a_row(trail: Trail) -> Trail:
    """Where somebody came by a product several times in a row (looked at it, put it into the cart, bought it), one step
    of the greatest weight and the last time. Bought twice is two, and a dislike stays a step of its own.

    What is learnt from views and purchases would otherwise be that whoever looks at a product takes it next.
    """
    products, weights = trail.products, trail.weights
    if len(trail) < 2:
        return trail
    least = np.minimum(weights[1:], weights[:-1])
    again = (products[1:] == products[:-1]) & (least > 0) & (least < 1)
    first = np.flatnonzero(np.concatenate([[True], ~again]))
    last = np.append(first[1:], len(products)) - 1
    return Trail(products[last], np.maximum.reduceat(weights, first), trail.days[last])


def liked(trail: Trail, decay: float = 1.0) -> Recent:
    """Weight · decay^(steps back) · 2^(−days back / HALF_LIFE), for the steps with a weight above 0.

    A product that comes twice counts by its latest step: buying it again says little more of what goes with it.
    """
    return _recent(trail, np.flatnonzero(trail.weights > 0)[-LATEST:], decay)


def disliked(trail: Trail) -> Recent:
    """The steps with a weight below 0; their strengths are above 0."""
    found = _recent(trail, np.flatnonzero(trail.weights < 0)[-LATEST:], 1.0)
    return Recent(found.products, -found.strengths, found.steps)


def _recent(trail: Trail, kept: NDArray[np.int64], decay: float) -> Recent:
    latest_first = kept[::-1]
    products, first = np.unique(trail.products[latest_first], return_index=True)
    order = np.argsort(first, kind="stable")
    back = first[order]
    steps = latest_first[back]
    strengths = trail.weights[steps] * np.power(decay, back)
    days = trail.days[steps]
    if len(days) and np.isfinite(days).all():
        strengths = strengths * np.exp2((days - days.max()) / HALF_LIFE)
    return Recent(products[order], strengths.astype(np.float32), steps.astype(np.int32))
