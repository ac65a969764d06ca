"""What a Collection does, in terms of the ten calls in which Qdrant Edge and a Qdrant server differ.

Everything that both engines should answer alike is here, so that they do: validation, ties, sorting, paging, facets.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeAlias

from search.domain import Candidate, Document, FieldKind, Filter, Json, Manifest, Point, SortKey
from search.errors import FacetError, SortError, StoreError
from search.protocols import Vector
from search.storage.filters import Condition, Dialect, translate
from search.storage.payload import (
    WRITTEN,
    document_path,
    filter_path,
    fold,
    from_payload,
    is_point_id,
    number_text,
    parse_date,
    point_id,
    shown_document,
    to_payload,
    unit_vector,
)

Payloads: TypeAlias = bool | list[str]
"""Which parts of payloads to read: all, none, or those at the paths named."""

OrderValue: TypeAlias = float | int

MAX_BATCH_POINTS = 500
MAX_BATCH_BYTES = 8_000_000
"""Points are written in batches within both bounds: a server refuses bodies over 32 MB, and a crash redoes less."""

_STEPS = (32, 128, 1200)
"""How many a search asks the graph for, at first and then: a little more than the usual limits of 20, 100 and 1000."""

_PAGE = 5000
_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Stored:
    """A point as the engine gave it back. What was not asked for is empty."""

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


class QdrantCollection(ABC):
    """The Collection protocol over the abstract calls at the end of this class."""

    dialect: ClassVar[Dialect]

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    # --- writing

    def upsert(self, points: Sequence[Point]) -> None:
        dimension, fields = self._manifest.encoder.dimension, self._manifest.fields
        written = []
        for point in {point.product_id: point for point in points}.values():
            vector = unit_vector(point.vector, dimension, f"product {point.product_id!r}")
            payload, size = to_payload(point, fields)
            written.append(Written(point_id(point.product_id), vector, payload, size + 20 * dimension))
        for batch in _batches(written):
            self._write(batch)

    def delete(self, product_ids: Sequence[str]) -> None:
        ids = list(dict.fromkeys(point_id(product_id) for product_id in product_ids))
        for start in range(0, len(ids), _PAGE):
            self._erase(ids[start : start + _PAGE])

    def add_fields(self, fields: dict[str, FieldKind]) -> None:
        new = {name: kind for name, kind in fields.items() if name not in self._manifest.fields}
        if new:
            self._index(new)
            self.save_manifest(dataclasses.replace(self._manifest, fields={**self._manifest.fields, **new}))

    def save_manifest(self, manifest: Manifest) -> None:
        self._store_manifest(manifest)
        self._manifest = manifest

    # --- searching

    def nearest(
        self, vector: Vector, limit: int, filter: Filter | None = None, fields: Sequence[str] = (), exact: bool = False
    ) -> list[Candidate]:
        """The first n of a longer answer are always the answer for n.

        A graph search for more finds slightly others, so the same few sizes are always searched for, and what a
        larger one finds besides is appended. Only there, behind place 31, 127, 1199…, can a product come later than
        its score deserves, which means that the smaller search had missed it.
        """
        if limit <= 0:
            return []
        query = unit_vector(vector, self._manifest.encoder.dimension, "the query")
        condition = self._translate(filter)
        found: dict[str, float] = {}
        for size in _steps():
            hits = self._query(query, size, condition, exact)
            if len(hits) < size and not exact and len(hits) < min(size, self._count(condition)):
                # The filter cut the graph into pieces that the search could not all reach.
                hits = self._query(query, size, condition, exact=True)
            complete = len(hits) < size
            last = None if complete else min(score for _, score in hits)
            for point, score in sorted(hits, key=lambda hit: (-hit[1], hit[0])):
                # Of equal scores at the end some may be missing; the next search has them all, in order.
                if score != last:
                    found.setdefault(point, score)
            if complete or len(found) >= limit:
                break
        ids = list(found)[:limit]
        values = self.values(ids, fields)
        return [Candidate(point, found[point], values.get(point, {})) for point in ids]

    def browse(
        self, limit: int, filter: Filter | None = None, sort: SortKey | None = None, fields: Sequence[str] = ()
    ) -> list[Candidate]:
        condition = self._translate(filter)
        ids = self._ids(condition, limit) if sort is None else self._sorted_ids(condition, limit, sort)
        values = self.values(ids, fields)
        return [Candidate(point, 0.0, values.get(point, {})) for point in ids]

    def count(self, filter: Filter | None = None) -> int:
        return self._count(self._translate(filter))

    # --- reading

    def retrieve(self, point_ids: Sequence[str]) -> list[Point]:
        known = list(dict.fromkeys(point for point in point_ids if is_point_id(point)))
        stored: dict[str, Stored] = {}
        for start in range(0, len(known), _PAGE):
            stored |= {each.id: each for each in self._fetch(known[start : start + _PAGE], True, vectors=True)}
        return [_point(stored[point]) for point in point_ids if point in stored]

    def scroll(self, vectors: bool = True, batch: int = 1000) -> Iterator[Point]:
        for stored in self._walk(None, batch, payload=True, vectors=vectors):
            yield _point(stored)

    # --- facets

    def facet(self, field: str, filter: Filter | None = None, limit: int = 100) -> dict[str, int]:
        """Spellings that differ in case alone are one value, shown as most products spell it."""
        kind = self._kind(field)
        condition = self._translate(filter)
        if kind == "text":
            counts = _as_written(self._facet(filter_path(field), condition))
        elif kind == "boolean":
            hits = self._facet(filter_path(field), condition)
            counts = {"true" if value else "false": count for value, count in hits}
        elif kind == "number":
            # Qdrant has facets of whole numbers only, so these are counted from the order of the index.
            rows = set(self._ordered(filter_path(field), False, _ALL, condition))
            values = Counter(value for _, value in rows)
            counts = {number_text(value): count for value, count in values.items()}
        else:
            counts = self._count_dates(field, condition)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: max(0, limit)])

    def value_range(self, field: str, filter: Filter | None = None) -> tuple[float, float] | None:
        if self._kind(field) != "number":
            raise FacetError(f"Attribute `{field}` holds no numbers, so it has no least and greatest value.")
        path, condition = filter_path(field), self._translate(filter)
        least, greatest = self._ordered(path, False, 1, condition), self._ordered(path, True, 1, condition)
        return (float(least[0][1]), float(greatest[0][1])) if least and greatest else None

    def _count_dates(self, field: str, condition: Condition) -> dict[str, int]:
        """Dates are counted as they are written in the documents: slower than the others, and rarely asked for."""
        counts: Counter[str] = Counter()
        present = self.dialect.filter(must_not=[self.dialect.is_empty(filter_path(field))])
        for stored in self._walk(self.dialect.all_of(condition, present), _PAGE, payload=[document_path(field)]):
            value = shown_document(stored.payload).get(field)
            members = value if isinstance(value, list) else [value]
            counts.update({member for member in members if isinstance(member, str) and parse_date(member)})
        return counts

    # --- the order of browsing

    def _sorted_ids(self, condition: Condition | None, limit: int, sort: SortKey) -> list[str]:
        """Point ids by value, then by id; points without a value after the others. A list counts by its best value.

        Qdrant orders by value alone and leaves points of equal value in any order. Those that share the last value
        are therefore asked for again by id; there may be thousands of them.
        """
        kind = self._manifest.fields.get(sort.field)
        if kind is None or kind == "text":
            usable = sorted(name for name, kind in self._manifest.fields.items() if kind != "text")
            raise SortError(
                f"Attribute `{sort.field}` is not sortable. Available sortable attributes are: {', '.join(usable)}."
            )
        path, sign = filter_path(sort.field), -1 if sort.descending else 1
        reach, ids = limit, list[str]()
        while limit > 0:
            rows = self._ordered(path, sort.descending, reach, condition)
            complete = len(rows) < reach
            last = None if complete else rows[-1][1]
            best: dict[str, OrderValue] = {}
            for point, value in rows:
                if value != last:
                    best.setdefault(point, value)
            ids = sorted(best, key=lambda point: (sign * best[point], point))[:limit]
            if last is not None and len(ids) < limit:
                group = self.dialect.all_of(condition, self.dialect.equal(path, _operand(last, kind)))
                ids += self._ids(group, limit - len(ids), skip=best)
            if complete or len(ids) >= limit:
                break
            # Products with several values took more than one place each.
            reach *= 2
        if len(ids) < limit:
            ids += self._ids(self.dialect.all_of(condition, self.dialect.is_empty(path)), limit - len(ids))
        return ids

    def _ids(self, condition: Condition | None, limit: int, skip: Mapping[str, object] | None = None) -> list[str]:
        """The first `limit` ids in order, without those to skip."""
        ids: list[str] = []
        if limit > 0:
            for stored in self._walk(condition, min(limit + len(skip or ()), 10 * _PAGE), payload=False):
                if not skip or stored.id not in skip:
                    ids.append(stored.id)
                    if len(ids) == limit:
                        break
        return ids

    # --- helpers

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

    def values(self, point_ids: Sequence[str], fields: Sequence[str]) -> dict[str, Document]:
        if not fields:
            return {}
        paths = [document_path(field) for field in fields]
        known = [point for point in dict.fromkeys(point_ids) if is_point_id(point)]
        found: dict[str, Document] = {}
        for start in range(0, len(known), _PAGE):
            for stored in self._fetch(known[start : start + _PAGE], paths, vectors=False):
                found[stored.id] = shown_document(stored.payload)
        return found

    def _translate(self, filter: Filter | None) -> Condition | None:
        return translate(filter, self._manifest.fields, self.dialect)

    def _kind(self, field: str) -> FieldKind:
        fields = self._manifest.fields
        if field not in fields:
            raise FacetError(f"Attribute `{field}` has no facets. Available facets are: {', '.join(sorted(fields))}.")
        return fields[field]

    # --- what the engines differ in. Each raises StoreError where the engine fails.

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
    def _query(self, vector: Vector, limit: int, condition: Condition | None, exact: bool) -> list[tuple[str, float]]:
        """The nearest, in any order."""

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
    def optimize(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


def _steps() -> Iterator[int]:
    yield from _STEPS
    size = _STEPS[-1]
    while True:
        size *= 5
        yield size


def _batches(points: Sequence[Written]) -> Iterator[list[Written]]:
    batch: list[Written] = []
    room = MAX_BATCH_BYTES
    for point in points:
        if batch and (len(batch) == MAX_BATCH_POINTS or point.bytes > room):
            yield batch
            batch, room = [], MAX_BATCH_BYTES
        batch.append(point)
        room -= point.bytes
    if batch:
        yield batch


def _point(stored: Stored) -> Point:
    try:
        return from_payload(stored.payload, stored.vector)
    except KeyError as error:
        raise StoreError(
            f"Point {stored.id} was not written by Daogou: its payload lacks {error}. Build the index again with: "
            f"python -m indexer reindex CATALOGUE --full"
        ) from error


def _as_written(hits: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Counts of folded values under the commonest spelling of each, ties by spelling."""
    spelling: dict[str, str] = {}
    for value, _ in sorted(hits, key=lambda hit: (-hit[1], hit[0])):
        if value.startswith(WRITTEN):
            written = value.removeprefix(WRITTEN)
            spelling.setdefault(fold(written), written)
    return {spelling.get(value, value): count for value, count in hits if not value.startswith(WRITTEN)}


def _operand(value: OrderValue, kind: FieldKind) -> float | int | datetime:
    """An order value as the right side of an equality."""
    if kind == "date":
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
    return int(value) if kind == "boolean" else float(value)
