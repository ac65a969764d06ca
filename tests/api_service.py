"""A small shop behind the API: an in-memory store, a fake encoder, a dozen products in two languages."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from building import build
from fake_encoder import FakeEncoder
from fake_shoppers import MemoryShopperStore
from fakes import MemoryStore
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.__main__ import _listen
from api.app import create_app
from search.bootstrap import Service, serve
from search.domain import Document
from search.settings import Settings

PRODUCTS: list[dict[str, Any]] = [
    {"id": "k1", "title": "Quiet keyboard with silent switches", "description": "Soft keys for a shared office.",
     "brand": "Quillmark", "category": ["Electronics", "Keyboards"], "price": 129, "currency": "USD",
     "in_stock": True, "colour": "black", "variant_of": "k", "tags": ["office", "quiet"], "rating": 4.7},
    {"id": "k2", "title": "Quiet keyboard with silent switches, cream", "description": "Soft keys, brown legends.",
     "brand": "Quillmark", "category": ["Electronics", "Keyboards"], "price": 134.5, "currency": "USD",
     "in_stock": True, "colour": "cream", "variant_of": "k", "rating": 4.8},
    {"id": "k3", "title": "Loud mechanical keyboard", "description": "Clicks like a typewriter.", "brand": "Clacker",
     "category": ["Electronics", "Keyboards"], "price": 79, "currency": "USD", "in_stock": False, "colour": "black"},
    {"id": "l1", "title": "Red desk lamp", "description": "A warm lamp for reading at a desk.", "brand": "Lantern",
     "category": ["Home", "Lamps"], "price": 25, "currency": "USD", "in_stock": True, "colour": "red"},
    {"id": "l2", "title": "Blue desk lamp", "description": "A cool lamp for reading at a desk.", "brand": "Lantern",
     "category": ["Home", "Lamps"], "price": 35, "currency": "USD", "in_stock": True, "colour": "blue"},
    {"id": "l3", "title": "Floor lamp", "description": "Tall, with a linen shade.", "brand": "Halyard \"1876\"",
     "category": ["Home", "Lamps"], "price": 140, "currency": "USD", "colour": "white"},
    {"id": "m1", "title": "Stoneware mug", "description": "Holds tea.", "category": ["Kitchen", "Mugs"], "price": 12,
     "currency": "USD", "url": "https://shop.example/m1"},
    {"id": "m2", "title": "Tea <b>kettle</b> & more", "description": "<script>alert(1)</script>", "brand": "Tarn",
     "category": ["Kitchen", "Kettles"], "price": 45, "currency": "USD", "url": "javascript:alert(1)"},
    {"id": "z1", "title": "无线蓝牙耳机 降噪", "description": "地铁上也安静。", "brand": "听潮里",
     "category": ["数码", "耳机"], "price": 299, "currency": "CNY", "in_stock": True, "language": "zh"},
    {"id": "z2", "title": "头戴式耳机", "description": "久戴不压耳。", "brand": "听潮里", "category": ["数码", "耳机"],
     "price": 399, "currency": "CNY", "in_stock": True, "language": "zh"},
    {"id": "s1", "title": "Running shoes", "description": "Light, for the road.", "category": ["Sport", "Shoes"],
     "price": 90, "currency": "EUR", "released": "2024-03-12"},
    {"id": "a/b c", "title": "Odd id", "description": "Ids may hold anything.", "price": 1},
]  # fmt: skip

LOCAL = ("127.0.0.1", 50_000)
"""The address of a caller on this machine."""

SPLIT = """
[[experiment]]
name = "ratio"
index = "products"
method = "split"
[[experiment.variant]]
name = "now"
[[experiment.variant]]
name = "meaning"
semantic_ratio = 1
"""
"""A file of experiments with one split."""


@dataclasses.dataclass(frozen=True)
class Shop:
    service: Service
    settings: Settings
    store: MemoryStore
    encoder: FakeEncoder
    kept: MemoryShopperStore

    def app(self) -> FastAPI:
        return create_app(self.service, self.settings)


def open_shop(folder: Path, products: Sequence[Document] | None = PRODUCTS, **settings: object) -> Shop:
    """`products` None: a shop without any index."""
    chosen = Settings.model_validate({"data_dir": folder, **settings})
    store, encoder, kept = MemoryStore(), FakeEncoder(), MemoryShopperStore()
    if products is not None:
        build(store, encoder, products)
    return Shop(serve(store, encoder, chosen, kept), chosen, store, encoder, kept)


def client_of(app: FastAPI, **headers: str) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1:8000", client=LOCAL, headers=headers)


def wait_for(client: TestClient, task: dict[str, Any]) -> dict[str, Any]:
    """The task once it is done."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.get(f"/tasks/{task['taskUid']}").json()
        if found["status"] not in ("enqueued", "processing"):
            return found
        time.sleep(0.01)
    raise AssertionError(f"the task does not end: {found}")


@contextlib.contextmanager
def listening(app: FastAPI, port: int = 0) -> Iterator[str]:
    """The application behind a real server, on a free port unless one is named: its address. It listens as the command
    does, on a socket by which asyncio knows that what is small may not wait, 40 ms for each request."""
    with _listen("127.0.0.1", port) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, proxy_headers=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
