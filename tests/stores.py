"""Every store that keeps the VectorStore contract, under one name each."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes import MemoryStore

from search.protocols import VectorStore

BACKENDS = (
    "memory",
    "edge",
    "local",
    pytest.param("server", marks=pytest.mark.server),
)


@dataclass(frozen=True, slots=True)
class Backend:
    """A store, what it is called, and a name that no other test uses for an index."""

    name: str
    store: VectorStore
    index: str


def make(name: str, folder: Path) -> tuple[VectorStore, Callable[[], None]]:
    if name == "memory":
        return MemoryStore(), lambda: None
    if name == "edge":
        from search.storage.edge import EdgeStore

        return EdgeStore(folder), lambda: None
    from search.storage.server import ServerStore, connect

    if name == "local":
        from qdrant_client import QdrantClient

        local = ServerStore(QdrantClient(":memory:"))
        return local, local.close
    url = os.environ.get("DAOGOU_QDRANT_URL")
    if not url:
        pytest.skip("no Qdrant server: set DAOGOU_QDRANT_URL (and DAOGOU_QDRANT_API_KEY)")
    server = connect(url, os.environ.get("DAOGOU_QDRANT_API_KEY"))
    return server, server.close


def opened(name: str, folder: Path) -> Iterator[Backend]:
    store, close = make(name, folder)
    index = f"test-{secrets.token_hex(4)}"
    yield Backend(name, store, index)
    for mine in [each for each in store.indexes() if each.startswith(index)]:
        store.drop(mine)
    store.discard_unpublished(index)
    close()
