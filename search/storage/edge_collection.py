"""One version of an index, open in Qdrant Edge: the Collection protocol, and how a version is opened."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import qdrant_edge as edge
from filelock import BaseFileLock

from search.domain import FieldKind, Manifest, Sparse
from search.errors import IndexDamaged, StoreError
from search.protocols import Vector
from search.storage.calls import EF_SEARCH, OrderValue, Payloads, Stored, Written, oversampling
from search.storage.collection import QdrantCollection
from search.storage.filters import Condition, Dialect
from search.storage.folders import VersionFolder, sync_log
from search.storage.lanes import DENSE, WEIGHTED
from search.storage.manifests import check_artefact_name
from search.storage.payload import CODES_PATH, date_text, filter_path

M = 16
EF_CONSTRUCT = 200
"""HNSW: `benchmarks/vector_search.py` measures what it gives. Filtered searches use ACORN whatever the filter: where it
lets half of the products through, recall@10 was 0.988 without and 1.000 with it, for 0.1 ms more."""

SCAN_BELOW = 20_000
"""Kilobytes of vectors (13,000 of 384 dimensions): a filter that lets fewer through has them compared one by one. For
300 of 10,000 that takes seven eighths of the time of the graph, for 1000 two thirds (`benchmarks/lanes.py`)."""

_ID = slice(16, 52)
"""Where the id stands in Edge's own text of a hit, `ScoredPoint(id="…", …`. To get at the id itself, Edge makes a UUID
and Python a text of that: at a thousand hits this takes as long as half the search. Other ids have no quotes."""

_FLUSH_EVERY = 20_000
"""Points between two flushes. The log makes every write durable; a flush only shortens what a restart replays."""

_DIALECT = Dialect(
    filter=edge.Filter,
    field=edge.FieldCondition,
    match_any=edge.MatchAny,
    number_range=edge.RangeFloat,
    date_range=lambda **bounds: edge.RangeDateTime(**{name: date_text(bound) for name, bound in bounds.items()}),
    is_empty=edge.IsEmptyCondition,
    has_id=lambda ids: edge.HasIdCondition(set(ids)),
)

_INDEX: Mapping[FieldKind, Callable[..., Any]] = {
    "text": edge.KeywordIndexParams,
    "number": edge.FloatIndexParams,
    "boolean": edge.IntegerIndexParams,
    "date": edge.DatetimeIndexParams,
}

_DECLARED: Mapping[FieldKind, Mapping[str, Any]] = {
    "text": {"type": "keyword", "enable_hnsw": False},
    "number": {"type": "float", "is_principal": None, "enable_hnsw": False},
    "boolean": {"type": "integer", "lookup": True, "range": True, "is_principal": None, "enable_hnsw": False},
    "date": {"type": "datetime", "is_principal": None, "enable_hnsw": False},
}


class EdgeCollection(QdrantCollection):
    """One version, open in this process alone."""

    dialect = _DIALECT

    def __init__(self, folder: VersionFolder, lock: BaseFileLock, manifest: Manifest, shard: edge.EdgeShard) -> None:
        super().__init__(manifest)
        self._folder = folder
        self._lock = lock
        self._shard_or_none: edge.EdgeShard | None = shard
        self._guard = threading.RLock()
        self._unflushed = 0
        self._cleanup: Callable[[], object] | None = None

    def when_closed(self, cleanup: Callable[[], object]) -> None:
        self._cleanup = cleanup

    def optimize(self) -> None:
        with self._writing("build the search graph") as shard:
            shard.optimize()
            self._flush(shard)

    def close(self) -> None:
        with self._guard:
            shard, self._shard_or_none = self._shard_or_none, None
            if shard is None:
                return
            try:
                if self._unflushed and self._cleanup is None and self._folder.exists():
                    with engine_errors("flush"):
                        self._flush(shard)
            finally:
                with contextlib.suppress(Exception):
                    # Nothing is lost if this fails: what is not flushed is in the log.
                    shard.close()
                self._lock.release()
                if self._cleanup is not None:
                    self._cleanup()

    @property
    def _shard(self) -> edge.EdgeShard:
        shard = self._shard_or_none
        if shard is None:
            raise StoreError(f"Version {self.manifest.version} of index '{self.manifest.index}' was closed.")
        return shard

    @contextlib.contextmanager
    def _writing(self, what: str) -> Iterator[edge.EdgeShard]:
        with engine_errors(what), self._guard, self._folder.writing_lock():
            yield self._shard

    def _flush(self, shard: edge.EdgeShard) -> None:
        shard.flush()
        self._unflushed = 0

    def _sync_log(self, points: int) -> None:
        sync_log(self._folder.shard)
        self._unflushed += points
        if self._unflushed >= _FLUSH_EVERY:
            self._flush(self._shard)

    def _write(self, points: Sequence[Written]) -> None:
        ready = [edge.Point(point.id, _vectors(point), point.payload) for point in points]
        with self._writing("write products") as shard:
            shard.update(edge.UpdateOperation.upsert_points(ready))
            self._sync_log(len(ready))

    def _erase(self, ids: list[str]) -> None:
        with self._writing("delete products") as shard:
            shard.update(edge.UpdateOperation.delete_points(list[int | UUID | str](ids)))
            self._sync_log(len(ids))

    def _index(self, fields: Mapping[str, FieldKind]) -> None:
        with self._writing("make fields filterable") as shard:
            _create_indexes(shard, {filter_path(name): kind for name, kind in fields.items()})

    def _store_manifest(self, manifest: Manifest) -> None:
        with self._writing("write the manifest"):
            self._folder.write_manifest(manifest)

    def save_artefact(self, name: str, data: bytes) -> None:
        check_artefact_name(name)
        with self._writing(f"write the artefact {name}"):
            self._folder.write_artefact(name, data)

    def artefact(self, name: str) -> bytes | None:
        check_artefact_name(name)
        with engine_errors(f"read the artefact {name}"):
            return self._folder.read_artefact(name)

    def artefact_stamp(self, name: str) -> str | None:
        check_artefact_name(name)
        with engine_errors(f"look at the artefact {name}"):
            return self._folder.artefact_stamp(name)

    def _query(
        self, lane: str, query: Vector | Sparse, limit: int, condition: Condition | None, exact: bool
    ) -> list[tuple[str, float]]:
        if isinstance(query, Sparse):
            nearest, params = edge.Query.Nearest(_sparse(query), lane), None
        else:
            nearest, params = edge.Query.Nearest(query.tolist()), _params(limit, condition is not None, exact)
        with engine_errors("search"):
            hits = self._shard.query(
                edge.QueryRequest(
                    limit=limit,
                    query=nearest,
                    filter=condition,
                    params=params,
                    with_payload=False,
                    with_vector=False,
                )
            )
        return [
            (text[_ID] if text[_ID.stop] == '"' else str(hit.id), hit.score) for hit in hits for text in (repr(hit),)
        ]

    def _page(
        self, condition: Condition | None, limit: int, start: str | None, payload: Payloads, vectors: bool
    ) -> tuple[list[Stored], str | None]:
        with engine_errors("read products"):
            records, following = self._shard.scroll(
                edge.ScrollRequest(
                    offset=start,
                    limit=limit,
                    filter=condition,
                    with_payload=payload,
                    with_vector=[DENSE] if vectors else False,
                )
            )
        return [_stored(record) for record in records], None if following is None else str(following)

    def _ordered(
        self, path: str, descending: bool, limit: int, condition: Condition | None
    ) -> list[tuple[str, OrderValue]]:
        order = edge.OrderBy(path, edge.Direction.Desc if descending else edge.Direction.Asc)
        with engine_errors("sort"):
            records, _ = self._shard.scroll(
                edge.ScrollRequest(limit=limit, filter=condition, with_payload=False, with_vector=False, order_by=order)
            )
        return [(str(record.id), record.order_value) for record in records if record.order_value is not None]

    def _fetch(self, ids: Sequence[str], payload: Payloads, vectors: bool) -> list[Stored]:
        with engine_errors("read products"):
            records = self._shard.retrieve(list(ids), payload, [DENSE] if vectors else False)
        return [_stored(record) for record in records]

    def _count(self, condition: Condition | None) -> int:
        with engine_errors("count"):
            return int(self._shard.count(edge.CountRequest(exact=True, filter=condition)))

    def _facet(self, path: str, condition: Condition | None) -> list[tuple[Any, int]]:
        with engine_errors("count facets"):
            answer = self._shard.facet(edge.FacetRequest(path, limit=1_000_000, exact=True, filter=condition))
        return [(hit.value, hit.count) for hit in answer.hits]


def open_version(version: VersionFolder, lock: BaseFileLock) -> EdgeCollection:
    try:
        manifest = version.read_manifest()
        shard = _load(version)
        complete_indexes(shard, _indexed_paths(manifest))
        return EdgeCollection(version, lock, manifest, shard)
    except BaseException:
        lock.release()
        raise


def _load(version: VersionFolder) -> edge.EdgeShard:
    try:
        return edge.EdgeShard.load(str(version.shard))
    except BaseException as error:
        if not is_engine_error(error):
            raise
        if "WouldBlock" in str(error):
            raise version.in_use() from error
        if not version.exists():
            raise FileNotFoundError(version.path) from error
        raise IndexDamaged(
            f"Version {version.version} of index '{version.index}' does not load from {version.shard}: {error}. "
            f"Go back to the version before with: python -m indexer rollback --index {version.index}, or build it "
            f"again with: python -m indexer reindex CATALOGUE --full --index {version.index}"
        ) from error


def shard_config(dimension: int, lanes: Sequence[str] = ()) -> edge.EdgeConfig:
    """Dot product of unit vectors, which is the cosine: Edge's own cosine would rewrite the vectors, bit by bit."""
    return edge.EdgeConfig(
        vectors=edge.EdgeVectorParams(
            size=dimension,
            distance=edge.Distance.Dot,
            quantization_config=edge.ScalarQuantizationConfig(
                type=edge.ScalarType.Int8, quantile=0.99, memory=edge.Memory.Pinned
            ),
        ),
        sparse_vectors={
            lane: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf if lane in WEIGHTED else None)
            for lane in lanes
        },
        hnsw_config=edge.HnswIndexConfig(m=M, ef_construct=EF_CONSTRUCT, full_scan_threshold=SCAN_BELOW),
        optimizers=edge.EdgeOptimizersConfig(default_segment_number=1),
        wal_enabled=True,
    )


def declare_indexes(shard: Path, manifest: Manifest) -> None:
    """Ask for payload indexes in the configuration of a segment that holds no points yet; the next load makes them.

    Edge's own call makes one at a time and syncs all that there are after each: 80 s for 100 fields on a slow disk,
    where this takes 1.5 s. What a later Edge might not make from here, `_open` makes by that call.
    """
    declare_paths(shard, _indexed_paths(manifest))


def declare_paths(shard: Path, paths: Mapping[str, FieldKind]) -> None:
    declared = {path: _DECLARED[kind] for path, kind in paths.items()}
    for file in shard.glob("segments/*/payload_index/config.json"):
        if orjson.loads(file.read_bytes()) == {"indexed_fields": {}}:
            file.write_bytes(orjson.dumps({"indexed_fields": declared}))


def _indexed_paths(manifest: Manifest) -> dict[str, FieldKind]:
    paths = {filter_path(name): kind for name, kind in manifest.fields.items()}
    return {**paths, CODES_PATH: "text"} if manifest.lanes else paths


def _unindexed(shard: edge.EdgeShard, paths: Mapping[str, FieldKind]) -> dict[str, FieldKind]:
    """Edge writes the paths of its indexes with quotes only where they must stand."""
    indexed = {path.replace('"', "") for path in shard.info().payload_schema}
    return {path: kind for path, kind in paths.items() if path.replace('"', "") not in indexed}


def complete_indexes(shard: edge.EdgeShard, paths: Mapping[str, FieldKind]) -> None:
    """Make the payload indexes that the load of the shard did not."""
    _create_indexes(shard, _unindexed(shard, paths))


def _create_indexes(shard: edge.EdgeShard, paths: Mapping[str, FieldKind]) -> None:
    for path, kind in paths.items():
        with engine_errors(f"make {path} filterable"):
            shard.update(edge.UpdateOperation.create_field_index(path, _INDEX[kind](enable_hnsw=False)))


def _params(limit: int, filtered: bool, exact: bool) -> edge.SearchParams:
    return edge.SearchParams(
        hnsw_ef=max(EF_SEARCH, limit),
        exact=exact,
        quantization=edge.QuantizationSearchParams(ignore=exact, rescore=True, oversampling=oversampling(limit)),
        acorn=edge.AcornSearchParams(enable=True, max_selectivity=1.0) if filtered else None,
    )


def _sparse(sparse: Sparse) -> edge.SparseVector:
    return edge.SparseVector(list(sparse.indices), list(sparse.values))


def _vectors(point: Written) -> Any:
    return {DENSE: point.vector.tolist()} | {lane: _sparse(sparse) for lane, sparse in point.lanes.items()}


def _stored(record: Any) -> Stored:
    return Stored(str(record.id), record.payload or {}, tuple(record.vector or ()))


def is_engine_error(error: BaseException) -> bool:
    """Edge raises bare Exceptions, and panics of Rust arrive as a BaseException of their own."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


@contextlib.contextmanager
def engine_errors(what: str) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except BaseException as error:
        if not is_engine_error(error):
            raise
        raise StoreError(f"Qdrant Edge could not {what}: {error}") from error
