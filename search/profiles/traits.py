"""What a profile reads of a product: its vector, the values that tell of taste, its price."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from search.domain import Json, Point
from search.profiles.census import Census
from search.shopper import Floats
from search.storage.payload import fold

_MOST_MEMBERS = 20
"""Of a list in a document: what bears more values than that is of every kind."""


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """`vector` has shape (dimension,), unit length; `values` by field: folded value → as written."""

    vector: Floats
    values: Mapping[str, Mapping[str, str]]
    price: float | None = None
    currency: str | None = None

    @classmethod
    def of(cls, point: Point, census: Census) -> Traits:
        document = point.document
        values = {name: found for name in census.roles if (found := _folded(document.get(name)))}
        currency = document.get("currency")
        return cls(
            np.asarray(point.vector, dtype=np.float32),
            values,
            _price(document.get("price")),
            currency if isinstance(currency, str) else None,
        )


def _folded(value: Json) -> dict[str, str]:
    members: Iterable[Json] = value[:_MOST_MEMBERS] if isinstance(value, list | tuple) else (value,)
    return {folded: member.strip() for member in members if isinstance(member, str) and (folded := fold(member))}


def _price(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None
