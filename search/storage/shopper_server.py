"""The store of shoppers on a Qdrant server, which many processes may share.

Its collections have dots in their names, so no index can bear them, and dropping an index leaves them alone.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

from qdrant_client import models
from qdrant_client.http.exceptions import UnexpectedResponse

from search.domain import Sparse
from search.storage.filters import Condition
from search.storage.server_collection import READ_TIMEOUT, WRITE_TIMEOUT, Connection, ServerCollection, create_indexes
from search.storage.shopper_payloads import Kept, opted_out, record_id
from search.storage.shopper_store import INDEXED, INTERESTS, PARTS, PRODUCTS, Part, QdrantShoppers

PREFIX = "daogou.shoppers"


class ServerShoppers(QdrantShoppers):
    """The ShopperStore protocol over two collections of a server."""

    dialect = ServerCollection.dialect

    def __init__(
        self, connection: Connection, dimension: int, prefix: str = PREFIX, keeps_profiles: bool = True
    ) -> None:
        """Makes the collections where there are none, and that of profiles anew where it is of another dimension: for
        whoever `keeps_profiles`, not for a command that reads beside the server. Raises StoreError and its kinds."""
        super().__init__(dimension)
        self._connection = connection
        self._client = connection.client
        self._prefix = prefix
        self._keeps_profiles = keeps_profiles
        self._guard = threading.RLock()
        for part in PARTS:
            self._make(part)

    def close(self) -> None:
        self._client.close()

    def purge(self, stop: Callable[[], bool] | None = None) -> bool:
        """Qdrant rewrites segments with many deleted points by itself, and drops old parts of its log."""
        return False

    def drop(self) -> None:
        """Remove the collections with all that is in them."""
        for part in PARTS:
            with self._connection.errors("delete the shoppers"):
                self._client.delete_collection(self._name(part), timeout=WRITE_TIMEOUT)

    # --- the collections

    def _name(self, part: Part) -> str:
        return f"{self._prefix}.{part}"

    def _make(self, part: Part) -> None:
        name = self._name(part)
        with self._connection.errors("make the store of shoppers"):
            if self._client.collection_exists(name):
                right = part == "events" or self._kept_dimension(name) == self._dimension
                if right or not self._keeps_profiles:
                    return
                # Made by another encoder. Profiles are made anew from the events.
                self._client.delete_collection(name, timeout=WRITE_TIMEOUT)
            try:
                self._client.create_collection(
                    name,
                    vectors_config=self._vectors() if part == "profiles" else {},
                    sparse_vectors_config={PRODUCTS: models.SparseVectorParams()} if part == "profiles" else None,
                    timeout=WRITE_TIMEOUT,
                )
            except UnexpectedResponse as error:
                if error.status_code != 409:  # Another process has just made it.
                    raise
        create_indexes(self._connection, name, INDEXED[part])

    def _vectors(self) -> dict[str, models.VectorParams]:
        comparator = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
        params = models.VectorParams(size=self._dimension, distance=models.Distance.DOT, multivector_config=comparator)
        return {INTERESTS: params}

    def _kept_dimension(self, name: str) -> int | None:
        vectors = self._client.get_collection(name).config.params.vectors
        return vectors[INTERESTS].size if isinstance(vectors, dict) and INTERESTS in vectors else None

    # --- the calls

    def _changing(self) -> contextlib.AbstractContextManager[object]:
        """Of this process alone: between processes, who reads the stamp after writing finds out."""
        return self._guard

    def _forgetting(self) -> None:
        """The server forgets by itself."""

    def _write(self, part: Part, points: Sequence[Kept]) -> None:
        if points:
            structs = [
                models.PointStruct(id=each.id, vector=_vectors(each), payload=dict(each.payload)) for each in points
            ]
            with self._connection.errors("write shoppers"):
                self._client.upsert(self._name(part), structs, wait=True, timeout=WRITE_TIMEOUT)

    def _write_stamped(self, points: Sequence[Kept], shoppers: set[str]) -> None:
        """A server may show a new stamp before the events that came with it, and a profile made in between would lack
        these: so stamps change once more when all is there."""
        super()._write_stamped(points, shoppers)
        if points and shoppers:
            super()._write_stamped([], shoppers)

    def _written(self, shoppers: set[str]) -> None:
        """Another process may have written meanwhile that one of them opts out, and removed the rest too early."""
        for point in self._fetch("events", [record_id(shopper) for shopper in sorted(shoppers)]):
            if opted_out(point):
                self._forget(str(point.payload["shopper"]), "event", "shown", "stamp")

    def _remove(self, part: Part, ids: Sequence[str]) -> None:
        if ids:
            self._delete(part, models.PointIdsList(points=list[int | str](ids)))

    def _remove_where(self, part: Part, condition: Condition) -> None:
        self._delete(part, models.FilterSelector(filter=condition))

    def _delete(self, part: Part, selector: models.PointsSelector) -> None:
        with self._connection.errors("forget shoppers"):
            self._client.delete(self._name(part), selector, wait=True, timeout=WRITE_TIMEOUT)

    def _fetch(self, part: Part, ids: Sequence[str], vectors: bool = False) -> list[Kept]:
        if not ids:
            return []
        with self._connection.errors("read shoppers"):
            records = self._client.retrieve(
                self._name(part),
                list(ids),
                with_payload=True,
                with_vectors=[INTERESTS] if vectors else False,
                timeout=READ_TIMEOUT,
            )
        return [_kept(record) for record in records]

    def _page(
        self, part: Part, condition: Condition | None, limit: int, start: str | None
    ) -> tuple[list[Kept], str | None]:
        with self._connection.errors("read shoppers"):
            records, following = self._client.scroll(
                self._name(part),
                scroll_filter=condition,
                limit=limit,
                offset=start,
                with_payload=True,
                with_vectors=False,
                timeout=READ_TIMEOUT,
            )
        return [_kept(record) for record in records], None if following is None else str(following)

    def _ordered(self, condition: Condition, limit: int, descending: bool) -> list[Kept]:
        direction = models.Direction.DESC if descending else models.Direction.ASC
        with self._connection.errors("read events"):
            records, _ = self._client.scroll(
                self._name("events"),
                scroll_filter=condition,
                limit=limit,
                order_by=models.OrderBy(key="at", direction=direction),
                with_payload=True,
                with_vectors=False,
                timeout=READ_TIMEOUT,
            )
        return [_kept(record) for record in records]

    def _count(self, part: Part, condition: Condition) -> int:
        with self._connection.errors("count"):
            return int(self._client.count(self._name(part), condition, exact=True, timeout=READ_TIMEOUT).count)

    def _alike(self, query: Sparse, limit: int, condition: Condition) -> list[tuple[Kept, float]]:
        with self._connection.errors("find shoppers alike"):
            answer = self._client.query_points(
                self._name("profiles"),
                query=_sparse(query),
                using=PRODUCTS,
                query_filter=condition,
                limit=limit,
                with_payload=["shopper", "steps"],
                timeout=READ_TIMEOUT,
            )
        return [(_kept(point), point.score) for point in answer.points]


def _vectors(point: Kept) -> Any:
    vectors: dict[str, Any] = {}
    if point.interests:
        vectors[INTERESTS] = [list(vector) for vector in point.interests]
    if point.products.indices:
        vectors[PRODUCTS] = _sparse(point.products)
    return vectors


def _sparse(sparse: Sparse) -> models.SparseVector:
    return models.SparseVector(indices=list(sparse.indices), values=list(sparse.values))


def _kept(record: models.Record | models.ScoredPoint) -> Kept:
    vectors: Any = record.vector if isinstance(record.vector, dict) else {}
    return Kept(str(record.id), record.payload or {}, tuple(map(tuple, vectors.get(INTERESTS, ()))))
