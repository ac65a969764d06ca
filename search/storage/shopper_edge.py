"""The store of shoppers in a folder, through Qdrant Edge. One process has it open; others read private copies."""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

import qdrant_edge as edge
from filelock import BaseFileLock

from search.domain import Sparse
from search.errors import NothingKept, StoreError
from search.storage.edge_collection import EdgeCollection, engine_errors
from search.storage.filters import Condition
from search.storage.folders import VersionFolder, sweep_snapshots, sync_folder, sync_log, take_snapshot
from search.storage.shopper_files import ShopperFiles, read_dimension, take
from search.storage.shopper_payloads import Kept
from search.storage.shopper_shards import (
    Shards,
    Stopped,
    close_shards,
    copy_apart,
    copy_shards,
    create_shards,
    from_edge,
    load_shards,
    to_edge,
)
from search.storage.shopper_store import INTERESTS, PRODUCTS, Part, QdrantShoppers

_FLUSH_EVERY = 100_000
"""Points between two flushes. The log makes every write durable; a flush only shortens what a start after a crash
replays (0.1 ms for each point), and takes a second for a few hundred thousand events, in which nobody is answered."""

_FEW = 200
"""Writes that may be made up for while others wait."""

_TRIES = 5

_Change = Callable[[Shards], None]


class EdgeShoppers(QdrantShoppers):
    """The ShopperStore protocol over two shards of Qdrant Edge; see `shopper_files` for the files."""

    dialect = EdgeCollection.dialect

    def __init__(
        self, files: ShopperFiles, version: VersionFolder, lock: BaseFileLock, dimension: int, writable: bool = True
    ) -> None:
        super().__init__(dimension)
        self._files = files
        self._version = version
        self._lock = lock
        self._writable = writable
        self._shards_or_none: Shards | None = load_shards(version.path)
        self._guard = threading.RLock()
        self._purging = threading.Lock()
        self._closing = threading.Event()
        self._unflushed = 0
        self._forgotten = 0  # how often something was
        self._since: list[tuple[Part, _Change]] | None = None  # what has changed since a purge began to copy
        self._cleanup: Callable[[], object] | None = None

    @classmethod
    def open(cls, data_dir: Path, dimension: int) -> EdgeShoppers:
        """For this process alone; made where there is none. Raises IndexInUse, IndexDamaged, StoreError."""
        files = ShopperFiles.of(data_dir)
        with engine_errors("open the shoppers"), files.folder.changing():
            version = files.live() or _publish(files, lambda path: close_shards(create_shards(path, dimension)))
            lock = take(version)
            try:
                files.go_live(version)  # again: the file that says so may have been lost
                files.clear()
                if read_dimension(version.path) != dimension:
                    new = _publish(files, partial(copy_shards, version.path, dimension=dimension))
                    lock.release()
                    lock = take(new)
                    files.remove(version)
                    version = new
                return cls(files, version, lock, dimension)
            except BaseException:
                lock.release()
                raise

    @classmethod
    def snapshot(cls, data_dir: Path) -> EdgeShoppers:
        """A private copy as of now, to read; gone when closed. Raises NothingKept where there is nothing to copy."""
        files = ShopperFiles.of(data_dir)
        for _ in range(_TRIES):
            version = files.live()
            if version is None:
                break
            with contextlib.suppress(FileNotFoundError):  # A purge has just replaced it.
                copy = take_snapshot(version, files.snapshots)
                try:
                    lock = take(copy.folder)
                    dimension = read_dimension(copy.folder.path)
                    store = cls(files, copy.folder, lock, dimension, writable=False)
                except BaseException:
                    copy.remove()
                    raise
                store._cleanup = weakref.finalize(store, copy.remove)
                return store
        raise NothingKept(
            f"No shoppers are kept in {files.folder.path} yet. Load their events with: python -m indexer events EVENTS"
        )

    def close(self) -> None:
        self._closing.set()
        with self._purging, self._guard:
            shards, self._shards_or_none = self._shards_or_none, None
            if shards is None:
                return
            try:
                if self._unflushed and self._version.exists():
                    with engine_errors("flush"):
                        _flush(shards)
            finally:
                for shard in shards.values():
                    with contextlib.suppress(Exception):
                        # Nothing is lost if this fails: what is not flushed is in the log.
                        shard.close()
                self._lock.release()
                if self._cleanup is not None:
                    self._cleanup()

    # --- forgetting

    def purge(self, stop: Callable[[], bool] | None = None) -> bool:
        """Write everything that is left anew, and remove the old files."""
        self._check_writable()

        def ends() -> bool:
            return self._closing.is_set() or (stop is not None and stop())

        with self._purging:
            sweep_snapshots(self._files.snapshots)
            if self._files.pending and not ends():
                with engine_errors("write the shoppers anew"), contextlib.suppress(Stopped):
                    self._rewrite(ends)
        return True

    def _rewrite(self, stop: Callable[[], bool]) -> None:
        with self._files.folder.changing():
            self._files.clear()
        with self._guard:
            self._shards  # noqa: B018 - raises where the store is closed
            forgotten, self._since = self._forgotten, []
            copy = take_snapshot(self._version, self._files.snapshots)
        try:
            new = _publishable(
                self._files,
                lambda path: copy_apart(copy.folder.path, path, self._dimension, stop),
            )
            copy.remove()
            lock = take(new)
            try:
                shards = load_shards(new.path)
                left = sys.maxsize
                # As long as that is faster than others write; then they wait.
                while _FEW < len(self._since) < left:
                    left = len(self._since)
                    self._catch_up(shards, new, left)
                old, before = self._version, self._lock
                self._switch(new, lock, shards)
            except BaseException:
                lock.release()
                raise
            before.release()
            with self._files.folder.changing():
                self._files.remove(old)
            with self._guard:  # or somebody could be forgotten between the question and the answer
                if self._forgotten == forgotten:
                    self._files.mark_done()
        finally:
            self._since = None
            copy.remove()

    def _switch(self, new: VersionFolder, lock: BaseFileLock, shards: Shards) -> None:
        with self._guard:
            self._catch_up(shards, new, len(self._since or ()))
            with self._files.folder.changing():
                self._files.go_live(new)
            # Whoever reads the old shards at this moment holds them until that is done.
            self._shards_or_none, self._version, self._lock, self._since = shards, new, lock, None

    def _catch_up(self, shards: Shards, version: VersionFolder, count: int) -> None:
        assert self._since is not None  # noqa: S101
        changes = self._since[:count]
        for _, change in changes:
            change(shards)
        # Once for all: nobody counts on this version before it is live.
        for part in {part for part, _ in changes}:
            sync_log(version.path / part)
        del self._since[:count]

    def _forgetting(self) -> None:
        self._forgotten += 1
        self._files.mark_pending()

    # --- the engine

    @property
    def _shards(self) -> Shards:
        shards = self._shards_or_none
        if shards is None:
            raise StoreError("The store of shoppers was closed.")
        return shards

    def _check_writable(self) -> None:
        if not self._writable:
            raise StoreError("This is a private copy of the shoppers, to read. Nothing was written.")

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        self._check_writable()
        with engine_errors("write shoppers"), self._guard, self._version.writing_lock():
            yield

    def _change(self, part: Part, change: _Change, points: int) -> None:
        shards = self._shards
        change(shards)
        sync_log(self._version.path / part)
        if self._since is not None:
            self._since.append((part, change))
        self._unflushed += points
        if self._unflushed >= _FLUSH_EVERY:
            _flush(shards)
            self._unflushed = 0

    def _write(self, part: Part, points: Sequence[Kept]) -> None:
        operation = edge.UpdateOperation.upsert_points([to_edge(point) for point in points])
        self._change(part, lambda shards: shards[part].update(operation), len(points))

    def _remove(self, part: Part, ids: Sequence[str]) -> None:
        if ids:
            operation = edge.UpdateOperation.delete_points(list[int | UUID | str](ids))
            self._change(part, lambda shards: shards[part].update(operation), len(ids))

    def _remove_where(self, part: Part, condition: Condition) -> None:
        operation = edge.UpdateOperation.delete_points_by_filter(condition)
        self._change(part, lambda shards: shards[part].update(operation), 1)

    def _written(self, shoppers: set[str]) -> None:
        """No other process writes."""

    def _fetch(self, part: Part, ids: Sequence[str], vectors: bool = False) -> list[Kept]:
        if not ids:
            return []
        with engine_errors("read shoppers"):
            records = self._shards[part].retrieve(list(ids), True, [INTERESTS] if vectors else False)
        return [from_edge(record) for record in records]

    def _page(
        self, part: Part, condition: Condition | None, limit: int, start: str | None
    ) -> tuple[list[Kept], str | None]:
        request = edge.ScrollRequest(offset=start, limit=limit, filter=condition, with_payload=True, with_vector=False)
        with engine_errors("read shoppers"):
            records, following = self._shards[part].scroll(request)
        return [from_edge(record) for record in records], None if following is None else str(following)

    def _ordered(self, condition: Condition, limit: int, descending: bool) -> list[Kept]:
        order = edge.OrderBy("at", edge.Direction.Desc if descending else edge.Direction.Asc)
        request = edge.ScrollRequest(
            limit=limit, filter=condition, with_payload=True, with_vector=False, order_by=order
        )
        with engine_errors("read events"):
            records, _ = self._shards["events"].scroll(request)
        return [from_edge(record) for record in records]

    def _count(self, part: Part, condition: Condition) -> int:
        with engine_errors("count"):
            return int(self._shards[part].count(edge.CountRequest(exact=True, filter=condition)))

    def _alike(self, query: Sparse, limit: int, condition: Condition) -> list[tuple[Kept, float]]:
        nearest = edge.Query.Nearest(edge.SparseVector(list(query.indices), list(query.values)), PRODUCTS)
        request = edge.QueryRequest(
            limit=limit, query=nearest, filter=condition, with_payload=["shopper", "steps"], with_vector=False
        )
        with engine_errors("find shoppers alike"):
            hits = self._shards["profiles"].query(request)
        return [(Kept(str(hit.id), hit.payload or {}), hit.score) for hit in hits]


def _publishable(files: ShopperFiles, fill: Callable[[Path], None]) -> VersionFolder:
    """A whole version that is not live yet."""
    draft = files.folder.half_made()
    try:
        fill(draft)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    version = files.next_version()
    draft.rename(version.path)
    sync_folder(files.folder.path)
    return version


def _publish(files: ShopperFiles, fill: Callable[[Path], None]) -> VersionFolder:
    version = _publishable(files, fill)
    files.go_live(version)
    return version


def _flush(shards: Shards) -> None:
    for shard in shards.values():
        shard.flush()
