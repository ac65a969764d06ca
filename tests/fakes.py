"""Stand-ins that do the real thing in the plainest way: no Qdrant, no model, nothing to install.

`MemoryStore` passes the same contract suite as the real stores. It reads filters by their definition, with code of its
own (`fake_filters`), so that it can serve as the reference the others are compared with.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from fake_filters import caseless, check_fields, label, left_side, matches, values_of

from search.domain import (
    LANES,
    Candidate,
    Document,
    FieldKind,
    Filter,
    IndexState,
    Manifest,
    Point,
    SortKey,
    Sparse,
)
from search.errors import FacetError, IndexDamaged, IndexNotFound, RequestError, SortError, StoreError
from search.protocols import Vector
from search.storage.payload import point_id


class MemoryCollection:
    """The Collection protocol over a dict of points."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._points: dict[str, Point] = {}
        self._artefacts: dict[str, bytes] = {}
        self._stamps: dict[str, str] = {}
        self._listeners: list[Callable[[Sequence[str]], object]] = []
        self.gone = False

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    def upsert(self, points: Sequence[Point]) -> None:
        ready = {point_id(point.product_id): self._checked(point) for point in points}
        self._points = dict(sorted({**self._points, **ready}.items()))
        self._tell([point.product_id for point in points])

    def when_written(self, call: Callable[[Sequence[str]], object]) -> None:
        self._listeners.append(call)

    def _tell(self, product_ids: Sequence[str]) -> None:
        for call in self._listeners:
            call(product_ids)

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
        for lane, sparse in point.lanes.items():
            check_sparse(lane, sparse, f"product {point.product_id!r}")
        if not all(isinstance(code, str) and code for code in point.codes):
            raise StoreError(f"The codes of product {point.product_id!r} are none.")
        kept = {lane: point.lanes[lane] for lane in self._manifest.lanes if lane in point.lanes}
        return dataclasses.replace(
            point,
            vector=tuple(unit.tolist()),
            document=copy.deepcopy(dict(point.document)),
            lanes={lane: sparse for lane, sparse in kept.items() if sparse.indices},
            codes=tuple(dict.fromkeys(point.codes)),
        )

    def delete(self, product_ids: Sequence[str]) -> None:
        gone = {point_id(product_id) for product_id in product_ids}
        self._points = {key: point for key, point in self._points.items() if key not in gone}
        self._tell(product_ids)

    def add_fields(self, fields: dict[str, FieldKind]) -> None:
        self._manifest = dataclasses.replace(self._manifest, fields={**fields, **self._manifest.fields})

    def nearest(self, vector: Vector, limit: int, filter: Filter | None = None, exact: bool = False) -> list[Candidate]:
        return _best(self._similarities(vector, self._passing(filter)), limit)

    def similarity(self, vector: Vector, point_ids: Sequence[str]) -> dict[str, float]:
        return self._similarities(vector, {key: self._points[key] for key in point_ids if key in self._points})

    def _similarities(self, vector: Vector, points: Mapping[str, Point]) -> dict[str, float]:
        query = np.asarray(vector, dtype=np.float32)
        if query.shape != (self._manifest.encoder.dimension,):
            raise StoreError(f"The vector of the query has the shape {query.shape}.")
        if not np.all(np.isfinite(query)) or not np.any(query):
            raise StoreError("The vector of the query is zero or not finite.")
        query = query / np.linalg.norm(query)
        return {key: float(np.asarray(point.vector, dtype=np.float32) @ query) for key, point in points.items()}

    def matching(self, lane: str, query: Sparse, limit: int, filter: Filter | None = None) -> list[Candidate]:
        return _best(self._products(lane, query, self._passing(filter)), limit)

    def relevance(self, lane: str, query: Sparse, point_ids: Sequence[str]) -> dict[str, float]:
        return self._products(lane, query, {key: self._points[key] for key in point_ids if key in self._points})

    def _products(self, lane: str, query: Sparse, points: Mapping[str, Point]) -> dict[str, float]:
        """Dot products above 0 with the query, whose terms on the lane "words" weigh as they are rare."""
        check_sparse(lane, query, "the query")
        weights = dict(zip(query.indices, query.values, strict=True))
        if lane == "words":
            having = [set(point.lanes[lane].indices) for point in self._points.values() if lane in point.lanes]
            for term in weights:
                found = sum(term in terms for terms in having)
                weights[term] *= math.log((len(having) - found + 0.5) / (found + 0.5) + 1)
        scores = {}
        for key, point in points.items():
            held = point.lanes.get(lane, Sparse())
            scores[key] = sum(
                weights.get(term, 0.0) * value for term, value in zip(held.indices, held.values, strict=True)
            )
        return {key: score for key, score in scores.items() if score > 0}

    def passing(self, point_ids: Sequence[str], filter: Filter) -> set[str]:
        return set(point_ids) & self._passing(filter).keys()

    def by_code(self, codes: Sequence[str], limit: int, filter: Filter | None = None) -> list[str]:
        bearing = [key for key, point in self._passing(filter).items() if set(point.codes) & set(codes)]
        return bearing[: max(0, limit)] if self._manifest.lanes else []

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

    def retrieve(self, point_ids: Sequence[str], vectors: bool = True) -> list[Point]:
        return [_read(self._points[key], vectors) for key in point_ids if key in self._points]

    def values(self, point_ids: Sequence[str], fields: Sequence[str]) -> dict[str, Document]:
        present = [key for key in point_ids if key in self._points]
        return {key: _chosen(self._points[key], fields) for key in present} if fields else {}

    def scroll(self, vectors: bool = True, batch: int = 1000) -> Iterator[Point]:
        for point in list(self._points.values()):
            yield _read(point, vectors)

    def count(self, filter: Filter | None = None) -> int:
        return len(self._passing(filter))

    def facet(self, field: str, filter: Filter | None = None, limit: int = 100) -> dict[str, int]:
        kind = self._kind(field)
        counts: Counter[str] = Counter()
        spellings: Counter[tuple[str, str]] = Counter()
        for point in self._passing(filter).values():
            value = point.document.get(field)
            members = [
                each for each in (value if isinstance(value, list) else [value]) if left_side(each, kind) is not None
            ]
            labels = {label(member) for member in members}
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
        if manifest.lanes != self._manifest.lanes:
            raise StoreError(f"The lanes are {self._manifest.lanes} for good.")
        self._manifest = manifest

    def save_artefact(self, name: str, data: bytes) -> None:
        self._artefact_name(name)
        self._artefacts[name] = bytes(data)
        self._stamps[name] = str(int(self._stamps.get(name, "0")) + 1)

    def artefact(self, name: str) -> bytes | None:
        self._artefact_name(name)
        return self._artefacts.get(name)

    def artefact_stamp(self, name: str) -> str | None:
        self._artefact_name(name)
        return self._stamps.get(name)

    def _artefact_name(self, name: str) -> None:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9_.-]{0,62}[a-z0-9])?", name):
            raise StoreError(f"{name!r} is no valid name of an artefact.")
        if self.gone:
            raise IndexDamaged(f"Version {self._manifest.version} was removed.")

    def close(self) -> None:
        """Nothing is held."""

    def copy(self) -> MemoryCollection:
        twin = MemoryCollection(self._manifest)
        twin._points = {key: _copy(point) for key, point in self._points.items()}
        twin._artefacts, twin._stamps = dict(self._artefacts), dict(self._stamps)
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

    def artefact(self, index: str, version: int, name: str) -> bytes | None:
        return self.open(index, version).artefact(name)

    def keep_artefact(self, index: str, version: int, name: str, data: bytes) -> None:
        self.open(index, version).save_artefact(name, data)

    def discard_unpublished(self, index: str) -> None:
        kept = (self._live.get(self._checked(index)), self._previous.get(index))
        versions = self._versions.get(index, {})
        for number, each in versions.items():
            each.gone = number not in kept
        self._versions[index] = {number: each for number, each in versions.items() if number in kept}

    def drop(self, index: str) -> None:
        if self._checked(index) not in self._live:
            raise IndexNotFound(index)
        for each in self._versions[index].values():
            each.gone = True
        del self._versions[index], self._live[index]
        self._previous.pop(index, None)

    def _checked(self, index: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", index) or re.search(r"__v[0-9]+(__artefacts)?$", index):
            raise RequestError(f"'{index}' is no valid index name.")
        return index


def _copy(point: Point) -> Point:
    return dataclasses.replace(point, document=copy.deepcopy(dict(point.document)))


def _read(point: Point, vectors: bool) -> Point:
    """As a store gives it back: without its lanes."""
    return dataclasses.replace(_copy(point), lanes={}, vector=point.vector if vectors else ())


def _best(scores: Mapping[str, float], limit: int) -> list[Candidate]:
    best = sorted(scores, key=lambda key: (-scores[key], key))[: max(0, limit)]
    return [Candidate(key, scores[key]) for key in best]


def check_sparse(lane: str, sparse: Sparse, whose: str) -> None:
    """Raises StoreError where there is no such lane, or the sparse vector is not what its definition says."""
    if lane not in LANES:
        raise StoreError(f"There is no lane {lane!r}.")
    ascending = list(sparse.indices) == sorted(set(sparse.indices))
    numbers = all(isinstance(index, int) and 0 <= index < 2**32 for index in sparse.indices)
    weights = all(2.0**-126 <= value < 2.0**128 * (1 - 2.0**-25) for value in sparse.values)
    if not (ascending and numbers and weights and len(sparse.indices) == len(sparse.values) <= 4096):
        raise StoreError(f"The sparse vector of {lane} of {whose} is none.")


def _chosen(point: Point, fields: Sequence[str]) -> Document:
    return {name: copy.deepcopy(value) for name, value in point.document.items() if name in fields}
