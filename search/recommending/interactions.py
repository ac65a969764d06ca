"""What shoppers did, as numbers that methods learn from: a trail a shopper, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int32]
"""Places in a list of products."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """What one shopper did with products, oldest first; three arrays of shape (steps,).

    `products` are places in the list of products that the trail belongs to. `weights` say how much each step tells, 1
    for a purchase (search/profile); a weight below 0 is a dislike. `days` are times in days since 1970, UTC, not
    falling; all NaN where only the order is known.
    """

    products: Numbers
    weights: Floats
    days: NDArray[np.float64]

    @classmethod
    def of(
        cls, products: Iterable[int], weights: Iterable[float] | None = None, days: Iterable[float] | None = None
    ) -> Trail:
        """Weights are 1 and days unknown where they are not given."""
        places = np.fromiter(products, np.int32)
        return cls(
            places,
            np.ones(len(places), np.float32) if weights is None else np.fromiter(weights, np.float32),
            np.full(len(places), np.nan) if days is None else np.fromiter(days, np.float64),
        )

    def __len__(self) -> int:
        return len(self.products)


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """The trails of all shoppers over one list of products: `products[n]` is the id of product number n."""

    products: tuple[str, ...]
    trails: tuple[Trail, ...]

    def __len__(self) -> int:
        return len(self.products)


class Method(Protocol):
    """One way to tell what comes next. Safe to use from several threads."""

    @property
    def name(self) -> str: ...

    def scores(self, trails: Sequence[Trail]) -> Floats:
        """Shape (len(trails), products): greater is likelier, 0 where the method has nothing to say. Never NaN."""
        ...
