"""Bytes kept with a version on a Qdrant server, which stores points and nothing else.

The artefacts of ``products__v3`` are the points of a companion collection, ``products__v3__artefacts``. The bytes lie
in chunks, each a point whose id says which generation it belongs to; one more point, the head, names the generation
that counts and how many chunks it has. A new generation is written whole beside the old one, then the head is replaced
in one step, and only then do the old chunks go. A reader who finds chunks missing looks at the head again.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qdrant_client import models

from search.errors import IndexDamaged
from search.storage.payload import point_id

if TYPE_CHECKING:
    from search.storage.server_collection import Connection

CHUNK = 720_000
"""Bytes of one chunk; base64 makes 960,000 characters of them."""

_TRIES = 5
_VECTOR = [1.0]
"""Every point must have a vector. Nobody searches by this one."""


def companion(collection: str) -> str:
    return f"{collection}__artefacts"


@dataclass(frozen=True, slots=True)
class _Head:
    generation: str
    chunks: int
    sha256: str


class Artefacts:
    """The artefacts of one version. `collection` is the name of the collection with its points."""

    def __init__(self, connection: Connection, collection: str, read_timeout: int, write_timeout: int) -> None:
        self._connection = connection
        self._collection = collection
        self._name = companion(collection)
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout

    def save(self, name: str, data: bytes) -> None:
        with self._connection.errors(f"write the artefact {name}"):
            if not self._there():
                self._make()
            before = self._head(name)
            head = _Head(secrets.token_hex(8), -(-len(data) // CHUNK), hashlib.sha256(data).hexdigest())
            for number in range(head.chunks):
                text = base64.b64encode(data[number * CHUNK : (number + 1) * CHUNK]).decode()
                self._put(_chunk_id(name, head, number), {"artefact": name, "data": text})
            self._put(
                _head_id(name),
                {"artefact": name, "generation": head.generation, "chunks": head.chunks, "sha256": head.sha256},
            )
            if before is not None and before.chunks:
                old: list[Any] = [_chunk_id(name, before, number) for number in range(before.chunks)]
                self._client.delete(self._name, models.PointIdsList(points=old), timeout=self._write_timeout)

    def read(self, name: str) -> bytes | None:
        with self._connection.errors(f"read the artefact {name}"):
            for _ in range(_TRIES):
                head = self._head(name) if self._there() else None
                if head is None:
                    # Raises IndexDamaged where the version itself is gone.
                    self._client.get_collection(self._collection)
                    return None
                data = self._whole(name, head)
                if data is not None:
                    return data
        raise IndexDamaged(
            f"The artefact {name} of {self._collection} is not whole. Build the index again with: "
            f"python -m indexer reindex CATALOGUE --full"
        )

    def stamp(self, name: str) -> str | None:
        with self._connection.errors(f"look at the artefact {name}"):
            head = self._head(name) if self._there() else None
            if head is None:
                # Raises IndexDamaged where the version itself is gone.
                self._client.get_collection(self._collection)
        return head.generation if head is not None else None

    @property
    def _client(self) -> Any:
        return self._connection.client

    def _there(self) -> bool:
        return bool(self._client.collection_exists(self._name))

    def _make(self) -> None:
        # Raises IndexDamaged where the version is gone: its artefacts would outlive it.
        self._client.get_collection(self._collection)
        self._client.create_collection(
            self._name,
            vectors_config=models.VectorParams(size=len(_VECTOR), distance=models.Distance.DOT),
            timeout=self._write_timeout,
        )

    def _put(self, identifier: str, payload: dict[str, Any]) -> None:
        point = models.PointStruct(id=identifier, vector=_VECTOR, payload=payload)
        self._client.upsert(self._name, [point], wait=True, timeout=self._write_timeout)

    def _payloads(self, ids: list[str]) -> dict[str, dict[str, Any]]:
        records = self._client.retrieve(
            self._name, ids, with_payload=True, with_vectors=False, timeout=self._read_timeout
        )
        return {str(record.id): dict(record.payload or {}) for record in records}

    def _head(self, name: str) -> _Head | None:
        payload = self._payloads([_head_id(name)]).get(_head_id(name))
        return _Head(payload["generation"], payload["chunks"], payload["sha256"]) if payload else None

    def _whole(self, name: str, head: _Head) -> bytes | None:
        """None where the chunks are not, or no longer, all there."""
        data = bytearray()
        for number in range(head.chunks):
            identifier = _chunk_id(name, head, number)
            payload = self._payloads([identifier]).get(identifier)
            if payload is None:
                return None
            data += base64.b64decode(payload["data"])
        return bytes(data) if hashlib.sha256(data).hexdigest() == head.sha256 else None


def _head_id(name: str) -> str:
    return point_id(f"artefact/{name}")


def _chunk_id(name: str, head: _Head, number: int) -> str:
    return point_id(f"artefact/{name}/{head.generation}/{number}")
