"""One version of an index on a Qdrant server: the Collection protocol over one of its collections."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from search.domain import FieldKind, Manifest, Sparse
from search.errors import IndexDamaged, StoreError, StoreUnavailable
from search.protocols import Vector
from search.storage.calls import EF_SEARCH, OrderValue, Payloads, Stored, Written, oversampling
from search.storage.collection import QdrantCollection
from search.storage.filters import Condition, Dialect
from search.storage.lanes import DENSE
from search.storage.manifests import check_artefact_name, manifest_from_json, manifest_to_json
from search.storage.payload import CODES_PATH, filter_path
from search.storage.server_artefacts import Artefacts

MANIFEST = "daogou_manifest"
"""Key of the manifest, as JSON text, in the metadata of a collection."""

READ_TIMEOUT = 30
WRITE_TIMEOUT = 120
"""Seconds that one request may take, there and here."""

OPTIMIZE_TIMEOUT = 6 * 3600.0
_POLL = 0.5

_DIALECT = Dialect(
    filter=models.Filter,
    field=models.FieldCondition,
    match_any=models.MatchAny,
    number_range=models.Range,
    date_range=models.DatetimeRange,
    is_empty=lambda path: models.IsEmptyCondition(is_empty=models.PayloadField(key=path)),
    has_id=lambda ids: models.HasIdCondition(has_id=list(ids)),
)


@dataclass(frozen=True, slots=True)
class Connection:
    """A client, what to call the server that it talks to, and the key, to keep it out of what is said."""

    client: QdrantClient
    server: str
    secret: str | None = field(default=None, repr=False)

    @property
    def local(self) -> bool:
        """Whether this is qdrant-client's own imitation of a server, which tests use."""
        return self.client.init_options.get("location") == ":memory:"

    @contextlib.contextmanager
    def errors(self, what: str) -> Iterator[None]:
        """Turn the client's errors into ours, without their causes: those may quote headers, and so the key."""
        try:
            yield
        except UnexpectedResponse as error:
            raise self._refused(what, error) from None
        except ResponseHandlingException as error:
            raise self._unreachable(what, error.source) from None
        except QdrantException as error:
            raise self._busy(what, type(error).__name__) from None
        except (ValueError, AssertionError) as error:
            if self.local:
                raise StoreError(f"{self.server} could not {what}: {error}") from error
            raise StoreUnavailable(
                f"{self.server} answers, but not as a Qdrant server does ({type(error).__name__}), so it could not "
                f"{what}. Check DAOGOU_QDRANT_URL."
            ) from None

    def _refused(self, what: str, error: UnexpectedResponse) -> StoreError:
        status = error.status_code or 0
        if status in (401, 403):
            return StoreUnavailable(
                f"{self.server} refuses the API key ({status}). Check that DAOGOU_QDRANT_API_KEY is set, is the "
                f"server's, and may write."
            )
        if status == 429:
            return self._busy(what, "429")
        if status >= 500:
            return StoreUnavailable(
                f"{self.server} failed to {what} ({status} {error.reason_phrase}). Look into the server's log, and "
                f"whether it has memory and disk left."
            )
        try:
            reason = str(error.structured()["status"]["error"])
        except (ValueError, KeyError, TypeError):
            reason = error.reason_phrase
        if self.secret:
            reason = reason.replace(self.secret, "…")
        if status == 404:
            return IndexDamaged(
                f"{self.server} could not {what}: {reason}. Either the version was removed after it was opened, or "
                f"DAOGOU_QDRANT_URL leads to something that is no Qdrant server."
            )
        return StoreError(f"{self.server} could not {what} ({status}): {reason}")

    def _busy(self, what: str, sign: str) -> StoreUnavailable:
        return StoreUnavailable(f"{self.server} has too much to do to {what} ({sign}). Try again later.")

    def _unreachable(self, what: str, source: Exception) -> StoreUnavailable:
        kind = type(source).__name__
        if "Timeout" in kind:
            return StoreUnavailable(
                f"{self.server} took too long to {what}. Check its load, and the network between it and this machine."
            )
        return StoreUnavailable(
            f"{self.server} does not answer ({kind}). Check that it runs, that DAOGOU_QDRANT_URL has its address, "
            f"scheme and port, and that no firewall is in between."
        )


class ServerCollection(QdrantCollection):
    dialect = _DIALECT

    def __init__(self, connection: Connection, name: str, manifest: Manifest) -> None:
        super().__init__(manifest)
        self._connection = connection
        self._name = name

    @property
    def _client(self) -> QdrantClient:
        return self._connection.client

    def optimize(self) -> None:
        """Wait until the server has indexed what was written; it began while that was being written."""
        deadline = time.monotonic() + OPTIMIZE_TIMEOUT
        calm = 0
        # The optimiser starts a moment after a write, so one look that finds nothing going on proves nothing.
        while calm < 2:
            with self._connection.errors("optimise"):
                info = self._client.get_collection(self._name)
            if info.status == models.CollectionStatus.RED:
                raise StoreError(f"{self._connection.server} could not optimise {self._name}: {info.optimizer_status}")
            if time.monotonic() > deadline:
                raise StoreUnavailable(f"{self._connection.server} has not finished optimising {self._name} in hours.")
            calm = calm + 1 if info.status == models.CollectionStatus.GREEN else 0
            if not self._connection.local:
                time.sleep(_POLL)

    def close(self) -> None:
        """Nothing is held: what was written is on the server."""

    def _write(self, points: Sequence[Written]) -> None:
        structs = [models.PointStruct(id=each.id, vector=_vectors(each), payload=each.payload) for each in points]
        with self._connection.errors("write products"):
            self._client.upsert(self._name, structs, wait=True, timeout=WRITE_TIMEOUT)

    def _erase(self, ids: list[str]) -> None:
        with self._connection.errors("delete products"):
            selector = models.PointIdsList(points=list[int | str](ids))
            self._client.delete(self._name, selector, wait=True, timeout=WRITE_TIMEOUT)

    def _index(self, fields: Mapping[str, FieldKind]) -> None:
        create_indexes(self._connection, self._name, {filter_path(name): kind for name, kind in fields.items()})

    def _store_manifest(self, manifest: Manifest) -> None:
        with self._connection.errors("write the manifest"):
            text = manifest_to_json(manifest).decode()
            self._client.update_collection(self._name, metadata={MANIFEST: text}, timeout=WRITE_TIMEOUT)

    def save_artefact(self, name: str, data: bytes) -> None:
        check_artefact_name(name)
        self._artefacts.save(name, data)

    def artefact(self, name: str) -> bytes | None:
        check_artefact_name(name)
        return self._artefacts.read(name)

    def artefact_stamp(self, name: str) -> str | None:
        check_artefact_name(name)
        return self._artefacts.stamp(name)

    @property
    def _artefacts(self) -> Artefacts:
        return Artefacts(self._connection, self._name, READ_TIMEOUT, WRITE_TIMEOUT)

    def _query(
        self, lane: str, query: Vector | Sparse, limit: int, condition: Condition | None, exact: bool
    ) -> list[tuple[str, float]]:
        with self._connection.errors("search"):
            answer = self._client.query_points(
                self._name,
                query=_sparse(query) if isinstance(query, Sparse) else query.tolist(),
                using=lane or None,
                query_filter=condition,
                limit=limit,
                search_params=None if lane else self._params(limit, condition is not None, exact),
                with_payload=False,
                timeout=READ_TIMEOUT,
            )
        return [(str(point.id), point.score) for point in answer.points]

    def _params(self, limit: int, filtered: bool, exact: bool) -> models.SearchParams | None:
        if self._connection.local:
            return None  # It scans everything in any case, and warns of parameters that would say otherwise.
        return models.SearchParams(
            hnsw_ef=max(EF_SEARCH, limit),
            exact=exact,
            quantization=models.QuantizationSearchParams(ignore=exact, rescore=True, oversampling=oversampling(limit)),
            acorn=models.AcornSearchParams(enable=True, max_selectivity=1.0) if filtered else None,
        )

    def _dense(self, wanted: bool) -> bool | list[str]:
        """Which vectors to read: the dense one alone."""
        return [DENSE] if wanted and self._manifest.lanes else wanted

    def _page(
        self, condition: Condition | None, limit: int, start: str | None, payload: Payloads, vectors: bool
    ) -> tuple[list[Stored], str | None]:
        with self._connection.errors("read products"):
            records, following = self._client.scroll(
                self._name,
                scroll_filter=condition,
                limit=limit,
                offset=start,
                with_payload=payload,
                with_vectors=self._dense(vectors),
                timeout=READ_TIMEOUT,
            )
        return [_stored(record) for record in records], None if following is None else str(following)

    def _ordered(
        self, path: str, descending: bool, limit: int, condition: Condition | None
    ) -> list[tuple[str, OrderValue]]:
        direction = models.Direction.DESC if descending else models.Direction.ASC
        with self._connection.errors("sort"):
            records, _ = self._client.scroll(
                self._name,
                scroll_filter=condition,
                limit=limit,
                order_by=models.OrderBy(key=path, direction=direction),
                with_payload=False,
                with_vectors=False,
                timeout=READ_TIMEOUT,
            )
        return [(str(record.id), record.order_value) for record in records if record.order_value is not None]

    def _fetch(self, ids: Sequence[str], payload: Payloads, vectors: bool) -> list[Stored]:
        with self._connection.errors("read products"):
            records = self._client.retrieve(
                self._name,
                list(ids),
                with_payload=payload,
                with_vectors=self._dense(vectors),
                timeout=READ_TIMEOUT,
            )
        return [_stored(record) for record in records]

    def _count(self, condition: Condition | None) -> int:
        with self._connection.errors("count"):
            return int(self._client.count(self._name, condition, exact=True, timeout=READ_TIMEOUT).count)

    def _facet(self, path: str, condition: Condition | None) -> list[tuple[Any, int]]:
        with self._connection.errors("count facets"):
            answer = self._client.facet(
                self._name, path, facet_filter=condition, limit=1_000_000, exact=True, timeout=READ_TIMEOUT
            )
        return [(hit.value, hit.count) for hit in answer.hits]


def indexed_paths(manifest: Manifest) -> dict[str, FieldKind]:
    paths = {filter_path(name): kind for name, kind in manifest.fields.items()}
    return {**paths, CODES_PATH: "text"} if manifest.lanes else paths


def create_indexes(connection: Connection, collection: str, paths: Mapping[str, FieldKind]) -> None:
    for path, kind in paths.items():
        with connection.errors(f"make {path} filterable"), warnings.catch_warnings():
            if connection.local:
                warnings.filterwarnings("ignore", message="Payload indexes have no effect in the local Qdrant")
            connection.client.create_payload_index(collection, path, _schema(kind), wait=True, timeout=WRITE_TIMEOUT)


def read_manifest(metadata: Mapping[str, object], collection: str) -> Manifest:
    """Raises IndexDamaged where the metadata of the collection hold no manifest."""
    return manifest_from_json(str(metadata.get(MANIFEST, "")), f"in the metadata of collection {collection}")


def _schema(kind: FieldKind) -> models.PayloadSchemaParams:
    match kind:
        case "text":
            return models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD)
        case "number":
            return models.FloatIndexParams(type=models.FloatIndexType.FLOAT)
        case "boolean":
            return models.IntegerIndexParams(type=models.IntegerIndexType.INTEGER, lookup=True, range=True)
        case "date":
            return models.DatetimeIndexParams(type=models.DatetimeIndexType.DATETIME)


def _sparse(sparse: Sparse) -> models.SparseVector:
    return models.SparseVector(indices=list(sparse.indices), values=list(sparse.values))


def _vectors(point: Written) -> Any:
    if not point.lanes:
        return point.vector.tolist()
    return {DENSE: point.vector.tolist()} | {lane: _sparse(sparse) for lane, sparse in point.lanes.items()}


def _stored(record: models.Record) -> Stored:
    vector = record.vector.get(DENSE, ()) if isinstance(record.vector, dict) else record.vector or ()
    return Stored(str(record.id), record.payload or {}, tuple(vector))  # type: ignore[arg-type]
