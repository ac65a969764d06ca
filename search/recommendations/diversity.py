"""A list that is not ten times the same: maximal marginal relevance, and one of each product's variants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DEFAULT = 0.2
"""What was measured to cost no accuracy to speak of (docs/recommendations.md)."""


def spread(scores: Floats, vectors: Floats, diversity: float, limit: int) -> list[int]:
    """The first `limit` places, each the one with the greatest (1 − diversity) · score − diversity · likeness.

    `scores` have shape (n,), best first; `vectors` shape (n, dimension), unit length or zero. Scores are stretched to
    0..1, likeness is the cosine to the nearest that is chosen already, from what two of these products have on average
    (0) to the same text (1). Ties go to the better score. The first k of a longer list are the list of k.

    Carbonell and Goldstein, SIGIR 1998.
    """
    n = len(scores)
    if not n or diversity == 0:
        return list(range(min(n, limit)))
    low, high = float(scores.min()), float(scores.max())
    worth = (1 - diversity) * ((scores - low) / (high - low) if high > low else np.zeros(n, np.float32))
    cosines = vectors @ vectors.T
    usual = (float(cosines.sum()) - float(np.trace(cosines))) / max(1, n * (n - 1))
    alike = diversity * np.maximum(cosines - usual, 0) / max(1e-6, 1 - usual)
    nearest = np.zeros(n, np.float32)
    left = np.ones(n, dtype=bool)
    chosen: list[int] = []
    for _ in range(min(n, limit)):
        best = int(np.argmax(np.where(left, worth - nearest, -np.inf)))
        chosen.append(best)
        left[best] = False
        np.maximum(nearest, alike[best], out=nearest)
    return chosen


def in_turn(groups: Sequence[str]) -> list[int]:
    """Places so that groups take turns, the largest first; within a group in the order given."""
    members: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    queues = sorted(members.values(), key=lambda held: (-len(held), held[0]))
    return [queue[turn] for turn in range(max(map(len, queues), default=0)) for queue in queues if turn < len(queue)]
