"""Stand-ins that do the real thing in the plainest way: no Qdrant, no model, nothing to install.

`MemoryStore` passes the same contract suite as the real stores. It reads filters by their definition in
`search.domain`, with code of its own, so that it can serve as the reference the others are compared with.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from search.domain import (
    And,
    Candidate,
    Compare,
    Document,
    Exists,
    FieldKind,
    Filter,
    FilterValue,
    IndexState,
    Json,
    Manifest,
    Not,
    OneOf,
    Or,
    Point,
    SortKey,
)
from search.errors import FacetError, FilterError, IndexNotFound, RequestError, SortError, StoreError
from search.protocols import Vector
from search.storage.payload import point_id

Value = str | float | bool | datetime


# --- filters by definition -------------------------------------------------------------------------------------------


def check_fields(filter: Filter, fields: Mapping[str, FieldKind]) -> None:
    """Raises FilterError where the filter names a field that is not filterable."""
    match filter:
        case And(parts) | Or(parts):
            for part in parts:
                check_fields(part, fields)
        case Not(part):
            check_fields(part, fields)
        case _ if filter.field not in fields:
            raise FilterError(f"Attribute `{filter.field}` is not filterable. Available: {', '.join(sorted(fields))}.")


def matches(filter: Filter, document: Document, fields: Mapping[str, FieldKind]) -> bool:
    """Whether the document passes a filter whose fields have been checked."""
    match filter:
        case And(parts):
            return all(matches(part, document, fields) for part in parts)
        case Or(parts):
            return any(matches(part, document, fields) for part in parts)
        case Not(part):
            return not matches(part, document, fields)
    kind = fields[filter.field]
    held = values_of(document, filter.field, kind)
    match filter:
        case Exists():
            return bool(held)
        case OneOf(_, wanted):
            return any(right in held for value in wanted if (right := _right_side(value, kind)) is not None)
        case Compare(_, op, value):
            right = _right_side(value, kind)
            if op in ("=", "!="):
                return (right is not None and right in held) == (op == "=")
            if right is None or kind in ("text", "boolean"):
                return False
            return any(_holds(left, op, right) for left in held)
    raise AssertionError(f"no such filter: {filter!r}")


def values_of(document: Document, field: str, kind: FieldKind) -> list[Value]:
    """The values of a field that fit its kind, in the form in which they compare."""
    value = document.get(field)
    members = value if isinstance(value, list | tuple) else [value]
    fitting = [_left_side(member, kind) for member in members]
    return [value for value in fitting if value is not None]


def _left_side(value: Json, kind: FieldKind) -> Value | None:
    if kind == "text" and isinstance(value, str):
        return caseless(value) or None
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else None
    if kind == "boolean" and isinstance(value, bool):
        return value
    return _instant(value) if kind == "date" and isinstance(value, str) else None


def _right_side(value: FilterValue, kind: FieldKind) -> Value | None:
    if kind == "text":
        if isinstance(value, bool):
            return str(value).lower()
        return caseless(value if isinstance(value, str) else shortest(value)) or None
    if kind == "number" and isinstance(value, str):
        plain = re.fullmatch(r"\s*[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*", value)
        return float(value) if plain and math.isfinite(float(value)) else None
    if kind == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}.get(caseless(value))
    return _left_side(value, kind)


def _holds(left: Value, op: str, right: Value) -> bool:
    lesser, greater = left < right, left > right  # type: ignore[operator]
    return {">": greater, ">=": not lesser, "<": lesser, "<=": not greater}[op]


def caseless(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip().lstrip("\x01")


def shortest(number: float) -> str:
    text = repr(float(number) + 0.0)
    return text[:-2] if text.endswith(".0") else text


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# --- the store -------------------------------------------------------------------------------------------------------


class MemoryCollection:
    """The Collection protocol over a dict of points."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._points: dict[str, Point] = {}

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    def upsert(self, points: Sequence[Point]) -> None:
        ready = {point_id(point.product_id): self._checked(point) for point in points}
        self._points = dict(sorted({**self._points, **ready}.items()))

    def _checked(self, point: Point) -> Point:
        vector = np.asarray(point.vector, dtype=np.float64)
        if vector.shape != (self._manifest.encoder.dimension,):
            raise StoreError(f"The vector of product {point.product_id!r} has the shape {vector.shape}.")
        with np.errstate(over="ignore"):
            finite = bool(np.all(np.isfinite(vector.astype(np.float32))))
        if not finite or not np.any(vector):
            raise StoreError(f"The vector of product {point.product_id!r} is zero or not finite.")
        length = float(np.linalg.norm(vector))
        unit = (vector if abs(length - 1) < 1e-4 else vector / length).astype(np.float32)
        return dataclasses.replace(point, vector=tuple(unit.tolist()), document=copy.deepcopy(dict(point.document)))

    def delete(self, product_ids: Sequence[str]) -> None:
        gone = {point_id(product_id) for product_id in product_ids}
        self._points = {key: point for key, point in self._points.items() if key not in gone}

    def add_fields(self, fields: dict[str, FieldKind]) -> None:
        self._manifest = dataclasses.replace(self._manifest, fields={**fields, **self._manifest.fields})

    def nearest(
        self, vector: Vector, limit: int, filter: Filter | None = None, fields: Sequence[str] = (), exact: bool = False
    ) -> list[Candidate]:
        query = np.asarray(vector, dtype=np.float32)
        if query.shape != (self._manifest.encoder.dimension,):
            raise StoreError(f"The vector of the query has the shape {query.shape}.")
        if not np.all(np.isfinite(query)) or not np.any(query):
            raise StoreError("The vector of the query is zero or not finite.")
        query = query / np.linalg.norm(query)
        passing = self._passing(filter)
        scores = {key: float(np.asarray(point.vector, dtype=np.float32) @ query) for key, point in passing.items()}
        best = sorted(scores, key=lambda key: (-scores[key], key))[: max(0, limit)]
        return [Candidate(key, scores[key], _chosen(passing[key], fields)) for key in best]

    def browse(
        self, limit: int, filter: Filter | None = None, sort: SortKey | None = None, fields: Sequence[str] = ()
    ) -> list[Candidate]:
        passing = self._passing(filter)
        keys = list(passing)
        if sort is not None:
            keys = self._sorted(passing, sort)
        return [Candidate(key, 0.0, _chosen(passing[key], fields)) for key in keys[: max(0, limit)]]

    def _sorted(self, passing: Mapping[str, Point], sort: SortKey) -> list[str]:
        kind = self._manifest.fields.get(sort.field, "text")
        if kind == "text":
            raise SortError(f"Attribute `{sort.field}` is not sortable.")
        held = {key: values_of(point.document, sort.field, kind) for key, point in passing.items()}
        best = {key: (max if sort.descending else min)(values) for key, values in held.items() if values}
        ordered = sorted(best, key=lambda key: best[key], reverse=sort.descending)
        return ordered + [key for key in passing if key not in best]

    def retrieve(self, point_ids: Sequence[str]) -> list[Point]:
        return [_copy(self._points[key]) for key in point_ids if key in self._points]

    def values(self, point_ids: Sequence[str], fields: Sequence[str]) -> dict[str, Document]:
        present = [key for key in point_ids if key in self._points]
        return {key: _chosen(self._points[key], fields) for key in present} if fields else {}

    def scroll(self, vectors: bool = True, batch: int = 1000) -> Iterator[Point]:
        for point in list(self._points.values()):
            yield _copy(point) if vectors else dataclasses.replace(_copy(point), vector=())

    def count(self, filter: Filter | None = None) -> int:
        return len(self._passing(filter))

    def facet(self, field: str, filter: Filter | None = None, limit: int = 100) -> dict[str, int]:
        kind = self._kind(field)
        counts: Counter[str] = Counter()
        spellings: Counter[tuple[str, str]] = Counter()
        for point in self._passing(filter).values():
            value = point.document.get(field)
            members = [
                each for each in (value if isinstance(value, list) else [value]) if _left_side(each, kind) is not None
            ]
            labels = {_label(member) for member in members}
            counts.update({caseless(label) for label in labels} if kind == "text" else labels)
            spellings.update((caseless(label), label) for label in labels)
        if kind == "text":
            shown: dict[str, str] = {}
            for (folded, written), _ in sorted(spellings.items(), key=lambda item: (-item[1], item[0])):
                shown.setdefault(folded, written)
            counts = Counter({shown[folded]: count for folded, count in counts.items()})
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: max(0, limit)])

    def value_range(self, field: str, filter: Filter | None = None) -> tuple[float, float] | None:
        if self._kind(field) != "number":
            raise FacetError(f"Attribute `{field}` holds no numbers.")
        points = self._passing(filter).values()
        held = [float(value) for point in points for value in values_of(point.document, field, "number")]  # type: ignore[arg-type]
        return (min(held), max(held)) if held else None

    def optimize(self) -> None:
        """There is no graph."""

    def save_manifest(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def close(self) -> None:
        """Nothing is held."""

    def copy(self) -> MemoryCollection:
        twin = MemoryCollection(self._manifest)
        twin._points = {key: _copy(point) for key, point in self._points.items()}
        return twin

    def _passing(self, filter: Filter | None) -> dict[str, Point]:
        if filter is None:
            return self._points
        check_fields(filter, self._manifest.fields)
        return {
            key: point for key, point in self._points.items() if matches(filter, point.document, self._manifest.fields)
        }

    def _kind(self, field: str) -> FieldKind:
        if field not in self._manifest.fields:
            raise FacetError(f"Attribute `{field}` has no facets.")
        return self._manifest.fields[field]


class MemoryStore:
    """The VectorStore protocol over dicts. Opened collections are shared, as on a server; snapshots are copies."""

    def __init__(self) -> None:
        self._versions: dict[str, dict[int, MemoryCollection]] = {}
        self._live: dict[str, int] = {}
        self._previous: dict[str, int] = {}

    def indexes(self) -> list[str]:
        return sorted(self._live)

    def state(self, index: str) -> IndexState:
        if self._checked(index) not in self._live:
            raise IndexNotFound(index)
        versions, previous = self._versions[index], self._previous.get(index)
        return IndexState(
            index, versions[self._live[index]].manifest, None if previous is None else versions[previous].manifest
        )

    def create(self, manifest: Manifest) -> MemoryCollection:
        versions = self._versions.setdefault(self._checked(manifest.index), {})
        if manifest.version in versions:
            raise StoreError(f"Version {manifest.version} of index '{manifest.index}' exists already.")
        versions[manifest.version] = MemoryCollection(manifest)
        return versions[manifest.version]

    def next_version(self, index: str) -> int:
        return max(self._versions.get(self._checked(index), {}), default=0) + 1

    def open(self, index: str, version: int | None = None, snapshot: bool = False) -> MemoryCollection:
        wanted = self._live.get(self._checked(index)) if version is None else version
        collection = self._versions.get(index, {}).get(wanted or 0)
        if collection is None:
            raise IndexNotFound(index)
        return collection.copy() if snapshot else collection

    def publish(self, index: str, version: int) -> None:
        if version not in self._versions.get(self._checked(index), {}):
            raise StoreError(f"Index '{index}' has no version {version} that could go live.")
        live = self._live.get(index)
        if live is not None and live != version:
            self._previous[index] = live
        self._live[index] = version
        self.discard_unpublished(index)

    def discard_unpublished(self, index: str) -> None:
        kept = (self._live.get(self._checked(index)), self._previous.get(index))
        versions = self._versions.get(index, {})
        self._versions[index] = {number: each for number, each in versions.items() if number in kept}

    def drop(self, index: str) -> None:
        if self._checked(index) not in self._live:
            raise IndexNotFound(index)
        del self._versions[index], self._live[index]
        self._previous.pop(index, None)

    def _checked(self, index: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", index) or re.search(r"__v[0-9]+$", index):
            raise RequestError(f"'{index}' is no valid index name.")
        return index


def _copy(point: Point) -> Point:
    return dataclasses.replace(point, document=copy.deepcopy(dict(point.document)))


def _chosen(point: Point, fields: Sequence[str]) -> Document:
    return {name: copy.deepcopy(value) for name, value in point.document.items() if name in fields}


def _label(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else shortest(value)
