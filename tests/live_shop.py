"""A serving process over an in-memory store: versions come as from a reindex, writes through the journal."""

from __future__ import annotations

import time
from pathlib import Path

from building import build
from fake_encoder import FakeEncoder
from fake_shoppers import MemoryShopperStore
from fakes import MemoryStore

from search.bootstrap import Service, serve
from search.engine import Engine
from search.settings import Settings
from search.tasks import TaskRunner


class Shop:
    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self.encoder = FakeEncoder()
        self.folder = folder
        self.service = self.open()

    def open(self) -> Service:
        return serve(self.store, self.encoder, Settings(data_dir=self.folder), MemoryShopperStore())

    @property
    def engine(self) -> Engine:
        return self.service.engine

    @property
    def tasks(self) -> TaskRunner:
        return self.service.tasks

    def build(self, titles: dict[str, str], journal: int = 0, publish: bool = True) -> int:
        """A version as a reindex makes it."""
        rows = [{"id": key, "title": title} for key, title in titles.items()]
        return build(self.store, self.encoder, rows, journal=journal, publish=publish)

    def done(self, uid: int) -> str:
        for _ in range(500):
            task = self.tasks.journal.get(uid)
            if task is not None and task.status in ("succeeded", "failed"):
                return task.status
            time.sleep(0.01)
        raise AssertionError("the task was not done in time")

    def title(self, product_id: str) -> str:
        return str(self.engine.document("products", product_id)["title"])
