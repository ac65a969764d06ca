"""Arrays as all of the analysis has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def sums(index: Ints, weights: Floats, size: int) -> Floats:
    """How much weight falls on each index 0 to `size` - 1; shape (size,)."""
    return np.bincount(index, weights=weights, minlength=size).astype(np.float64, copy=False)


def quotient(above: Floats, below: Floats) -> Floats:
    """above / below, and 0 where `below` is not above 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
