"""The store on a Qdrant server or cluster, through qdrant-client. Many processes may share it.

Version 3 of the index `products` is the collection ``products__v3``; the alias ``products`` names the live one. The
manifest of a version is kept in the metadata of its collection, as is the version that was live before it
(``daogou_previous``, 0 for none), written before the alias is switched, so that the switch alone publishes.
"""

from __future__ import annotations

import logging
import re
import warnings
from urllib.parse import urlsplit

from qdrant_client import QdrantClient, models

from search.domain import IndexState, Manifest
from search.errors import IndexNotFound, SettingsError, StoreError
from search.protocols import Collection
from search.storage.lanes import WEIGHTED
from search.storage.manifests import check_artefact_name, check_index_name, manifest_to_json
from search.storage.server_artefacts import Artefacts, companion
from search.storage.server_collection import (
    MANIFEST,
    READ_TIMEOUT,
    WRITE_TIMEOUT,
    Connection,
    ServerCollection,
    create_indexes,
    indexed_paths,
    read_manifest,
)

_PREVIOUS = "daogou_previous"
_PRINTABLE = re.compile(r"[!-~]+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

log = logging.getLogger(__name__)


def connect(url: str, api_key: str | None = None) -> ServerStore:
    """A store on the server at `url`. Nothing is sent yet. Raises SettingsError where URL or key cannot be used."""
    connection = connection_to(url, api_key)
    return ServerStore(connection.client, connection.server, connection.secret)


def connection_to(url: str, api_key: str | None = None) -> Connection:
    """As `connect`, for a store of another sort."""
    try:
        parts = urlsplit(url)
        address = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        parts, address = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            "DAOGOU_QDRANT_URL must look like http://localhost:6333 or https://qdrant.example.com:6333."
        )
    if api_key is not None and not _PRINTABLE.fullmatch(api_key):
        raise SettingsError("DAOGOU_QDRANT_API_KEY holds spaces or characters that no HTTP header can carry.")
    if api_key and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        log.warning("the Qdrant API key is sent to %s without encryption; use https", address)
    with warnings.catch_warnings():
        # Said above, where it matters; and without the version check nothing is sent before the first request.
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        client = QdrantClient(
            url=url, port=parts.port or 6333, api_key=api_key, timeout=READ_TIMEOUT, check_compatibility=False
        )
    return Connection(client, f"the Qdrant server at {address}", api_key)


class ServerStore:
    """The VectorStore protocol over a QdrantClient; messages call it `server`, and never show `secret`."""

    def __init__(self, client: QdrantClient, server: str = "the Qdrant server", secret: str | None = None) -> None:
        self._connection = Connection(client, server, secret)
        self._client = client

    def close(self) -> None:
        self._client.close()

    def indexes(self) -> list[str]:
        return sorted(alias for alias, name in self._aliases().items() if _version(alias, name))

    def state(self, index: str) -> IndexState:
        live = self._live(index)
        if live is None:
            raise IndexNotFound(index)
        metadata = self._metadata(_name(index, live)) or {}
        previous = metadata.get(_PREVIOUS) or None
        before = self._metadata(_name(index, previous)) if previous else None
        return IndexState(
            index,
            read_manifest(metadata, _name(index, live)),
            read_manifest(before, _name(index, previous)) if before and previous else None,
        )

    def create(self, manifest: Manifest) -> Collection:
        check_index_name(manifest.index)
        if manifest.version in self._versions(manifest.index):
            raise StoreError(f"Version {manifest.version} of index '{manifest.index}' exists already.")
        name = _name(manifest.index, manifest.version)
        with self._connection.errors("create a collection"):
            self._client.create_collection(
                name,
                # Dot product of unit vectors, which is the cosine: Qdrant's own cosine would rewrite the vectors.
                vectors_config=models.VectorParams(size=manifest.encoder.dimension, distance=models.Distance.DOT),
                sparse_vectors_config={
                    lane: models.SparseVectorParams(modifier=models.Modifier.IDF if lane in WEIGHTED else None)
                    for lane in manifest.lanes
                }
                or None,
                hnsw_config=models.HnswConfigDiff(m=16, ef_construct=200),
                quantization_config=models.ScalarQuantization(
                    scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
                ),
                metadata={MANIFEST: manifest_to_json(manifest).decode(), _PREVIOUS: 0},
                timeout=WRITE_TIMEOUT,
            )
        if MANIFEST not in (self._metadata(name) or {}):
            self._delete(name)
            raise StoreError(
                f"{self._connection.server} keeps no collection metadata: update it to Qdrant 1.16 or later."
            )
        create_indexes(self._connection, name, indexed_paths(manifest))
        return ServerCollection(self._connection, name, manifest)

    def next_version(self, index: str) -> int:
        check_index_name(index)
        return max(self._versions(index), default=0) + 1

    def open(self, index: str, version: int | None = None, snapshot: bool = False) -> Collection:
        """A server takes any number of openers: a snapshot is the version itself, and what is written there counts."""
        wanted = self._live(index) if version is None else version
        if wanted is None:
            raise IndexNotFound(index)
        name = _name(index, wanted)
        metadata = self._metadata(name)
        if metadata is None:
            raise IndexNotFound(index)
        return ServerCollection(self._connection, name, read_manifest(metadata, name))

    def publish(self, index: str, version: int) -> None:
        name, live = _name(index, version), self._live(index)
        metadata = self._metadata(name)
        if metadata is None:
            raise StoreError(f"Index '{index}' has no version {version} that could go live.")
        read_manifest(metadata, name)
        if version != live:
            with self._connection.errors("switch the alias"):
                self._client.update_collection(name, metadata={_PREVIOUS: live or 0}, timeout=WRITE_TIMEOUT)
                # Creating overwrites in one step. Deleting first would leave a moment, or a crash, without an alias.
                switch = models.CreateAlias(collection_name=name, alias_name=index)
                self._client.update_collection_aliases(
                    [models.CreateAliasOperation(create_alias=switch)], timeout=WRITE_TIMEOUT
                )
        self._clear(index)

    def artefact(self, index: str, version: int, name: str) -> bytes | None:
        return self._artefacts(index, version, name).read(name)

    def keep_artefact(self, index: str, version: int, name: str, data: bytes) -> None:
        self._artefacts(index, version, name).save(name, data)

    def _artefacts(self, index: str, version: int, name: str) -> Artefacts:
        check_index_name(index)
        check_artefact_name(name)
        if version not in self._versions(index):
            raise IndexNotFound(index)
        return Artefacts(self._connection, _name(index, version), READ_TIMEOUT, WRITE_TIMEOUT)

    def discard_unpublished(self, index: str) -> None:
        check_index_name(index)
        self._clear(index)

    def drop(self, index: str) -> None:
        if self._live(index) is None:
            raise IndexNotFound(index)
        with self._connection.errors("delete the alias"):
            gone = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=index))
            self._client.update_collection_aliases([gone], timeout=WRITE_TIMEOUT)
        for version in self._versions(index):
            self._delete(_name(index, version))

    def _clear(self, index: str) -> None:
        """Delete every version but the live one and the one before it."""
        live = self._live(index)
        previous = (self._metadata(_name(index, live)) or {}).get(_PREVIOUS) if live else None
        for version in self._versions(index):
            if version not in (live, previous):
                self._delete(_name(index, version))

    def _delete(self, collection: str) -> None:
        """Deleting a collection deletes its aliases with it, so what an alias names is never deleted here.

        Its artefacts go first: whatever is interrupted between the two leaves a version to be seen and deleted.
        """
        if collection in self._aliases().values():
            return
        with self._connection.errors("delete a collection"):
            if self._client.collection_exists(companion(collection)):
                self._client.delete_collection(companion(collection), timeout=WRITE_TIMEOUT)
            self._client.delete_collection(collection, timeout=WRITE_TIMEOUT)

    def _live(self, index: str) -> int | None:
        check_index_name(index)
        return _version(index, self._aliases().get(index, ""))

    def _aliases(self) -> dict[str, str]:
        with self._connection.errors("list the aliases"):
            return {each.alias_name: each.collection_name for each in self._client.get_aliases().aliases}

    def _versions(self, index: str) -> list[int]:
        with self._connection.errors("list the collections"):
            names = [each.name for each in self._client.get_collections().collections]
        return sorted(version for name in names if (version := _version(index, name)))

    def _metadata(self, collection: str) -> dict[str, object] | None:
        """None where there is no such collection."""
        with self._connection.errors("read the manifest"):
            if not self._client.collection_exists(collection):
                return None
            return dict(self._client.get_collection(collection).config.metadata or {})


def _name(index: str, version: object) -> str:
    return f"{index}__v{version}"


def _version(index: str, collection: str) -> int | None:
    """The version that a collection is of the index; None for collections of others."""
    match = re.fullmatch(re.escape(index) + r"__v([1-9][0-9]*)", collection)
    return int(match[1]) if match else None
