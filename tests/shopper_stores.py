"""Every store of shoppers that keeps the ShopperStore contract, under one name each."""

from __future__ import annotations

import functools
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fake_shoppers import MemoryShopperStore

from search.events import Event, EventType
from search.protocols import ShopperStore
from search.shopper import Affinity, Interest, PriceBand, Profile, Shown, Step
from search.storage.folders import copy_sparse

if TYPE_CHECKING:
    from search.storage.shopper_edge import EdgeShoppers

DIMENSION = 4
BACKENDS = ("memory", "edge", "local", pytest.param("server", marks=pytest.mark.server))


def opened(name: str, folder: Path) -> Iterator[ShopperStore]:
    if name == "memory":
        yield MemoryShopperStore()
        return
    if name == "edge":
        edge = edge_store(folder)
        yield edge
        edge.close()
        return
    from qdrant_client import QdrantClient

    from search.storage.server import connection_to
    from search.storage.server_collection import Connection
    from search.storage.shopper_server import ServerShoppers

    if name == "local":
        local = ServerShoppers(Connection(QdrantClient(":memory:"), "the Qdrant server"), DIMENSION)
        yield local
        local.close()
        return
    url = os.environ.get("DAOGOU_QDRANT_URL")
    if not url:
        pytest.skip("no Qdrant server: set DAOGOU_QDRANT_URL (and DAOGOU_QDRANT_API_KEY)")
    connection = connection_to(url, os.environ.get("DAOGOU_QDRANT_API_KEY"))
    server = ServerShoppers(connection, DIMENSION, prefix=f"test.{secrets.token_hex(4)}")
    yield server
    server.drop()
    server.close()


def edge_store(folder: Path) -> EdgeShoppers:
    """Opened in an empty folder. What is there in the beginning is made once and copied: the disk takes a second."""
    from search.storage.shopper_edge import EdgeShoppers

    shutil.copytree(_empty(), folder, copy_function=copy_sparse, dirs_exist_ok=True)
    return EdgeShoppers.open(folder, DIMENSION)


@functools.cache
def _empty() -> Path:
    from search.storage.shopper_edge import EdgeShoppers

    folder = tempfile.TemporaryDirectory()
    _kept.append(folder)
    EdgeShoppers.open(Path(folder.name), DIMENSION).close()
    return Path(folder.name)


_kept: list[tempfile.TemporaryDirectory[str]] = []


def event(shopper: str | None, day: int, product: str | None = "p", type: EventType = "view", **more: object) -> Event:
    """On that day of January 2026, at noon."""
    return Event(type, shopper, f"2026-01-{day:02d}T12:00:00.000Z", product, **more)  # type: ignore[arg-type]


def unit(*numbers: float) -> np.ndarray:
    vector = np.asarray(numbers, dtype=np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def profile(*steps: tuple[str, float]) -> Profile:
    """Something in every field; the history is what was asked for."""
    return Profile(
        interests=(
            Interest(unit(1, 2, 3, 4), 0.7, ("a", "b")),
            Interest(unit(0, 0, 1, 0), 0.1 + 0.2, (), session=True, text="hiking “boots”"),
        ),
        affinities={"brand": {"acme": Affinity("brand", "Acme", 0.1 + 0.2, ("a",))}},
        bands={"": PriceBand("", 1.1, 2.2, 3.3, 4)},
        hidden=frozenset({"h1", "h2"}),
        bought={"a": 20454.123456789012},
        steps=tuple(Step(product, weight, 20454.1 + place) for place, (product, weight) in enumerate(steps)),
        strongest={"a": "purchase"},
    )


def page(query_id: str, day: int, shopper: str | None = None, index: str = "shop") -> Shown:
    return Shown(
        query_id=query_id,
        index=index,
        version=3,
        timestamp=f"2026-01-{day:02d}T12:00:00.000Z",
        products=("a", "b"),
        features=("score", "interest", "price"),
        parts=np.asarray([[0.1, float("nan"), 3], [4, 5, -6]], dtype=np.float32),
        offset=20,
        shopper=shopper,
        base_ranks=(2, 1),
    )
