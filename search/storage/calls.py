"""The calls in which Qdrant Edge and a Qdrant server differ, and the values that go in and out of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from search.domain import FieldKind, Json, Manifest, Sparse
from search.protocols import Vector
from search.storage.filters import Condition, Dialect

Payloads: TypeAlias = bool | list[str]
"""Which parts of payloads to read: all, none, or those at the paths named."""

OrderValue: TypeAlias = float | int


EF_SEARCH = 128
"""The least that a search of the graph looks at. One for more products looks at as many as it is asked for."""


def oversampling(limit: int) -> float:
    """How many times `limit` are found by int8 vectors, to be put in order by the whole ones.

    A long answer is the candidate set of a search, of which the first hundred matter: at 300 of 20,000 products 1.25
    finds all of the best hundred and 0.999 of the 300, as 2 does, in three quarters of the time.
    """
    return 2.0 if limit <= EF_SEARCH else 1.25


@dataclass(frozen=True, slots=True)
class Stored:
    """A point as the engine gave it back. What was not asked for is empty; lanes are never read back."""

    id: str
    payload: Mapping[str, Json]
    vector: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A point ready for the engine: validated, and of known size."""

    id: str
    vector: Vector
    payload: dict[str, Json]
    bytes: int
    lanes: Mapping[str, Sparse] = field(default_factory=dict)


class EngineCalls(ABC):
    """Each raises StoreError where the engine fails."""

    dialect: ClassVar[Dialect]

    @abstractmethod
    def _write(self, points: Sequence[Written]) -> None:
        """Insert or replace; durable on return."""

    @abstractmethod
    def _erase(self, ids: list[str]) -> None: ...

    @abstractmethod
    def _index(self, fields: Mapping[str, FieldKind]) -> None:
        """Payload indexes for the filter values of further fields."""

    @abstractmethod
    def _store_manifest(self, manifest: Manifest) -> None: ...

    @abstractmethod
    def _query(
        self, lane: str, query: Vector | Sparse, limit: int, condition: Condition | None, exact: bool
    ) -> list[tuple[str, float]]:
        """The nearest by dot product on a lane, or on the dense vector, in any order."""

    @abstractmethod
    def _page(
        self, condition: Condition | None, limit: int, start: str | None, payload: Payloads, vectors: bool
    ) -> tuple[list[Stored], str | None]:
        """The points from id `start` on, by id, and the id that the next page starts at."""

    @abstractmethod
    def _ordered(
        self, path: str, descending: bool, limit: int, condition: Condition | None
    ) -> list[tuple[str, OrderValue]]:
        """Point and value, by value: numbers, booleans as 0 and 1, dates as microseconds. A list gives several rows."""

    @abstractmethod
    def _fetch(self, ids: Sequence[str], payload: Payloads, vectors: bool) -> list[Stored]:
        """Those of the ids that exist, in any order."""

    @abstractmethod
    def _count(self, condition: Condition | None) -> int: ...

    @abstractmethod
    def _facet(self, path: str, condition: Condition | None) -> list[tuple[Any, int]]:
        """All values at the path with exact counts."""

    @abstractmethod
    def save_artefact(self, name: str, data: bytes) -> None: ...

    @abstractmethod
    def artefact(self, name: str) -> bytes | None: ...

    @abstractmethod
    def artefact_stamp(self, name: str) -> str | None: ...

    @abstractmethod
    def optimize(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    def _walk(
        self, condition: Condition | None, batch: int, payload: Payloads, vectors: bool = False
    ) -> Iterator[Stored]:
        """Every point that meets the condition, in order of id."""
        start: str | None = None
        while True:
            page, start = self._page(condition, batch, start, payload, vectors)
            yield from page
            if start is None:
                return
