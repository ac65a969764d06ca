"""What taste reads of products, in memory: reading 200 products from the store takes ten times as long as all the rest.

Each open version has a shelf. It holds the products that searches came by, at most MOST of them, and forgets one as
soon as it is written.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from sys import intern

import numpy as np
from numpy.typing import NDArray

from search.domain import Document, Json
from search.protocols import Collection
from search.storage.payload import fold, point_id

MOST = 50_000
"""Products on a shelf; with vectors of 384 dimensions about 70 MB."""

_FIRST_ROOM = 1024
_MOST_MEMBERS = 20
"""Of a list in a document, as profiles read it."""

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Traits:
    """`values` are folded values by field, of the fields that were asked for; `price` is None where it is not known."""

    product_id: str
    values: Mapping[str, tuple[str, ...]]
    price: float | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Products side by side: `traits` None and a row of zeros for each that is not there any more.

    `vectors` has shape (products, dimension); rounded to half precision, since the shelf keeps them so.
    """

    traits: tuple[Traits | None, ...]
    vectors: Rows


class Shelf:
    """Of one open version, which it does not hold: whoever keeps shelves by version would keep it for ever. Safe to use
    from several threads."""

    def __init__(self, collection: Collection, most: int = MOST) -> None:
        self._most = most
        self._dimension = collection.manifest.encoder.dimension
        self._fields: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._places: dict[str, int] = {}  # point id → row
        self._held: list[str] = []  # row → point id, "" where it was forgotten
        self._traits: list[Traits | None] = []
        self._vectors = np.zeros((0, self._dimension), dtype=np.float16)
        self._next = 0
        self._writes = 0
        collection.when_written(self.forget)

    def look(self, collection: Collection, point_ids: Sequence[str], fields: Iterable[str]) -> Seen:
        """These products of the shelf's version, with their values in `fields`. Raises StoreError."""
        with self._lock:
            if not self._fields.issuperset(fields):
                self._fields |= frozenset(fields)
                self._clear()
            missing = [each for each in point_ids if each not in self._places]
            if not missing:
                return self._seen(point_ids)
            wanted, writes = self._fields, self._writes
        read = _read(collection, missing, wanted)
        with self._lock:
            if writes == self._writes and wanted == self._fields and len(point_ids) <= self._most:
                for key, (traits, vector) in read.items():
                    self._put(key, traits, vector)
                if all(each in self._places or each not in read for each in point_ids):
                    return self._seen(point_ids)
        # Something was written or asked for meanwhile: this answer is of the moment it was read, and is not kept.
        every = read if len(missing) == len(point_ids) else _read(collection, point_ids, wanted)
        return _side_by_side(point_ids, every, self._dimension)

    def forget(self, product_ids: Sequence[str]) -> None:
        """Those products were written or deleted."""
        with self._lock:
            self._writes += 1
            for product_id in product_ids:
                row = self._places.pop(point_id(product_id), None)
                if row is not None:
                    self._held[row], self._traits[row] = "", None

    def _seen(self, point_ids: Sequence[str]) -> Seen:
        rows = [self._places.get(each, -1) for each in point_ids]
        if not self._held or not rows:
            return Seen((None,) * len(rows), np.zeros((len(rows), self._dimension), dtype=np.float32))
        traits = tuple(self._traits[row] if row >= 0 else None for row in rows)
        vectors = self._vectors[rows].astype(np.float32)
        vectors[[number for number, row in enumerate(rows) if row < 0]] = 0
        return Seen(traits, vectors)

    def _put(self, key: str, traits: Traits, vector: NDArray[np.float16]) -> None:
        """The longest held makes room."""
        row = self._places.get(key)
        if row is None:
            row, self._next = self._next, (self._next + 1) % self._most
            self._make_room(row)
            self._places.pop(self._held[row], None)
            self._places[key] = row
        self._held[row], self._traits[row], self._vectors[row] = key, traits, vector

    def _make_room(self, row: int) -> None:
        if row == len(self._held):
            self._held.append("")
            self._traits.append(None)
        if row >= len(self._vectors):
            size = min(self._most, max(_FIRST_ROOM, 2 * len(self._vectors)))
            grown = np.zeros((size, self._dimension), dtype=np.float16)
            grown[: len(self._vectors)] = self._vectors
            self._vectors = grown

    def _clear(self) -> None:
        self._writes += 1
        self._next = 0
        self._places.clear()
        self._held.clear()
        self._traits.clear()


def _read(
    collection: Collection, point_ids: Sequence[str], fields: frozenset[str]
) -> dict[str, tuple[Traits, NDArray[np.float16]]]:
    return {
        point_id(point.product_id): (
            traits_of(point.product_id, point.document, fields),
            np.asarray(point.vector, dtype=np.float16),
        )
        for point in collection.retrieve(point_ids)
    }


def traits_of(product_id: str, document: Document, fields: Iterable[str]) -> Traits:
    values = {name: found for name in fields if (found := _folded(document.get(name)))}
    price, currency = document.get("price"), document.get("currency")
    paid = float(price) if isinstance(price, int | float) and not isinstance(price, bool) and price > 0 else None
    return Traits(product_id, values, paid, currency if isinstance(currency, str) else None)


def _folded(value: Json) -> tuple[str, ...]:
    members = value[:_MOST_MEMBERS] if isinstance(value, list | tuple) else (value,)
    return tuple(dict.fromkeys(intern(folded) for each in members if isinstance(each, str) and (folded := fold(each))))


def _side_by_side(
    point_ids: Sequence[str], read: Mapping[str, tuple[Traits, NDArray[np.float16]]], dimension: int
) -> Seen:
    vectors = np.zeros((len(point_ids), dimension), dtype=np.float32)
    traits: list[Traits | None] = []
    for number, key in enumerate(point_ids):
        held = read.get(key)
        traits.append(held[0] if held else None)
        if held:
            vectors[number] = held[1]
    return Seen(tuple(traits), vectors)
