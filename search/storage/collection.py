"""What a Collection does, in terms of the few calls in which Qdrant Edge and a Qdrant server differ.

Everything that both engines should answer alike is here, so that they do: validation, ties, sorting, paging, facets.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from search.domain import Candidate, Document, FieldKind, Filter, Manifest, Point, SortKey, Sparse
from search.errors import FacetError, SortError, StoreError
from search.protocols import Vector
from search.storage.calls import EngineCalls, OrderValue, Stored, Written
from search.storage.filters import Condition, Dialect, translate
from search.storage.lanes import DENSE, check_lane, checked_lanes, checked_sparse
from search.storage.payload import (
    CODES_PATH,
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

MAX_BATCH_POINTS = 500
MAX_BATCH_BYTES = 8_000_000
"""Points are written in batches within both bounds: a server refuses bodies over 32 MB, and a crash redoes less."""

_SPARE = 24
"""How many more a search asks for, so that a few equal scores at the end of an answer can be put in order of id."""

_PAGE = 5000
_ALL = 1_000_000


class QdrantCollection(EngineCalls):
    """The Collection protocol over the abstract calls of EngineCalls."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._listeners: tuple[Callable[[Sequence[str]], object], ...] = ()
        # The same products are often asked for on one lane after another, and reading their ids takes the engine longer
        # than scoring them.
        self._among = lru_cache(maxsize=4)(_Among(self.dialect))

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    # --- writing

    def upsert(self, points: Sequence[Point]) -> None:
        dimension, fields = self._manifest.encoder.dimension, self._manifest.fields
        written = []
        for point in {point.product_id: point for point in points}.values():
            whose = f"product {point.product_id!r}"
            vector = unit_vector(point.vector, dimension, whose)
            lanes = checked_lanes(point.lanes, self._manifest.lanes, whose)
            payload, size = to_payload(point, fields)
            size += 20 * dimension + 32 * sum(len(lane.indices) for lane in lanes.values())
            written.append(Written(point_id(point.product_id), vector, payload, size, lanes))
        try:
            for batch in _batches(written):
                self._write(batch)
        finally:
            self._tell([point.product_id for point in points])

    def delete(self, product_ids: Sequence[str]) -> None:
        ids = list(dict.fromkeys(point_id(product_id) for product_id in product_ids))
        try:
            for start in range(0, len(ids), _PAGE):
                self._erase(ids[start : start + _PAGE])
        finally:
            self._tell(product_ids)

    def when_written(self, call: Callable[[Sequence[str]], object]) -> None:
        self._listeners = (*self._listeners, call)

    def _tell(self, product_ids: Sequence[str]) -> None:
        """Also where a write failed: part of it may be done."""
        for call in self._listeners:
            call(product_ids)

    def add_fields(self, fields: dict[str, FieldKind]) -> None:
        new = {name: kind for name, kind in fields.items() if name not in self._manifest.fields}
        if new:
            self._index(new)
            self.save_manifest(dataclasses.replace(self._manifest, fields={**self._manifest.fields, **new}))

    def save_manifest(self, manifest: Manifest) -> None:
        if manifest.lanes != self._manifest.lanes:
            raise StoreError(
                f"Version {manifest.version} of index '{manifest.index}' was created with the lanes "
                f"{self._manifest.lanes}, and {manifest.lanes} cannot take their place. Build a new version."
            )
        self._store_manifest(manifest)
        self._manifest = manifest

    # --- searching

    def nearest(self, vector: Vector, limit: int, filter: Filter | None = None, exact: bool = False) -> list[Candidate]:
        query = unit_vector(vector, self._manifest.encoder.dimension, "the query")
        return self._best(DENSE, query, limit, self._translate(filter), exact)

    def matching(self, lane: str, query: Sparse, limit: int, filter: Filter | None = None) -> list[Candidate]:
        checked, condition = self._checked_query(lane, query), self._translate(filter)
        if not checked.indices:
            return []
        found = self._best(lane, checked, limit, condition, exact=True)
        return [candidate for candidate in found if candidate.score > 0]

    def similarity(self, vector: Vector, point_ids: Sequence[str]) -> dict[str, float]:
        query = unit_vector(vector, self._manifest.encoder.dimension, "the query")
        return self._scores(DENSE, query, point_ids)

    def relevance(self, lane: str, query: Sparse, point_ids: Sequence[str]) -> dict[str, float]:
        checked = self._checked_query(lane, query)
        return self._scores(lane, checked, point_ids) if checked.indices else {}

    def passing(self, point_ids: Sequence[str], filter: Filter) -> set[str]:
        condition = self._translate(filter)
        passed: set[str] = set()
        for start in range(0, len(point_ids), _PAGE):
            some = tuple(point_ids[start : start + _PAGE])
            among = self._among(some)
            if among is not None:
                passed.update(self._ids(self.dialect.all_of(condition, among), len(some)))
        return passed

    def by_code(self, codes: Sequence[str], limit: int, filter: Filter | None = None) -> list[str]:
        condition = self._translate(filter)
        if not codes or not self._manifest.lanes:
            return []
        bearing = self.dialect.field(key=CODES_PATH, match=self.dialect.match_any(any=list(codes)))
        return self._ids(self.dialect.all_of(condition, bearing), limit)

    def _best(
        self, lane: str, query: Vector | Sparse, limit: int, condition: Condition | None, exact: bool
    ) -> list[Candidate]:
        if limit <= 0:
            return []
        size = limit + _SPARE
        hits = self._query(lane, query, size, condition, exact)
        if len(hits) < size and not exact and len(hits) < min(size, self._count(condition)):
            # The filter cut the graph into pieces that the search could not all reach.
            hits = self._query(lane, query, size, condition, exact=True)
        hits.sort(key=_by_score)
        return [Candidate(point, score) for point, score in hits[:limit]]

    def _scores(self, lane: str, query: Vector | Sparse, point_ids: Sequence[str]) -> dict[str, float]:
        asked = tuple(point_ids)
        scores: dict[str, float] = {}
        for start in range(0, len(asked), _PAGE):
            some = asked[start : start + _PAGE]
            condition = self._among(some)
            if condition is not None:
                scores.update(self._query(lane, query, len(some), condition, exact=True))
        return scores

    def _checked_query(self, lane: str, query: Sparse) -> Sparse:
        """Empty where the version lacks the lane."""
        check_lane(lane)
        checked = checked_sparse(query, "the query")
        return checked if lane in self._manifest.lanes else Sparse()

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

    def retrieve(self, point_ids: Sequence[str], vectors: bool = True) -> list[Point]:
        known = list(dict.fromkeys(point for point in point_ids if is_point_id(point)))
        stored: dict[str, Stored] = {}
        for start in range(0, len(known), _PAGE):
            stored |= {each.id: each for each in self._fetch(known[start : start + _PAGE], True, vectors)}
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


@dataclass(frozen=True, slots=True)
class _Among:
    """Point ids → the condition that a point is one of them; None where none of them can be the id of a point."""

    dialect: Dialect

    def __call__(self, point_ids: tuple[str, ...]) -> Condition | None:
        known = [point for point in dict.fromkeys(point_ids) if is_point_id(point)]
        return self.dialect.filter(must=[self.dialect.has_id(known)]) if known else None


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


def _by_score(hit: tuple[str, float]) -> tuple[float, str]:
    return -hit[1], hit[0]


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
