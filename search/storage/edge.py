"""The embedded store: Qdrant Edge in a folder. The same engine as a Qdrant server, inside the process, in Rust.

It holds Python's lock while it works, so whatever takes long (`optimize`) belongs in a process that serves nobody.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import weakref
from pathlib import Path

import qdrant_edge as edge

from search.domain import IndexState, Manifest
from search.errors import IndexDamaged, IndexInUse, IndexNotFound, StoreError
from search.protocols import Collection
from search.storage.edge_collection import EdgeCollection, declare_indexes, engine_errors, open_version, shard_config
from search.storage.folders import IndexFolder, Live, VersionFolder, sync_folder, take_snapshot
from search.storage.manifests import check_artefact_name, check_index_name

_TRIES = 5
"""The live version may be switched and cleared away between two looks at the folder, but not so often in a row."""


class EdgeStore:
    """The VectorStore protocol over folders of Qdrant Edge under a data folder. See `folders` for the files."""

    def __init__(self, data_dir: Path) -> None:
        self._indexes = Path(data_dir).absolute() / "indexes"
        self._snapshots = Path(data_dir).absolute() / "snapshots"

    def indexes(self) -> list[str]:
        return sorted(file.parent.name for file in self._indexes.glob("*/live.json"))

    def state(self, index: str) -> IndexState:
        folder = self._folder(index)
        live = folder.live()
        for _ in range(_TRIES):
            try:
                return IndexState(index, folder.version(live.live).read_manifest(), _previous(folder, live))
            except FileNotFoundError:
                live = folder.live()
        raise _missing(folder, live)

    def create(self, manifest: Manifest) -> Collection:
        folder = self._folder(manifest.index)
        version = folder.version(manifest.version)
        with engine_errors("create an index"), folder.changing():
            if version.exists():
                raise StoreError(f"Version {manifest.version} of index '{manifest.index}' exists already.")
            draft = dataclasses.replace(version, path=folder.half_made())
            edge.EdgeShard.create(str(draft.shard), shard_config(manifest.encoder.dimension, manifest.lanes)).close()
            declare_indexes(draft.shard, manifest)
            draft.write_manifest(manifest)
            # The first load makes the indexes, and a shard that is killed while it does would not load again.
            open_version(draft, version.lock()).close()
            draft.path.rename(version.path)
            sync_folder(folder.path)
            lock = version.lock()
        return open_version(version, lock)

    def next_version(self, index: str) -> int:
        return max(self._folder(index).versions(), default=0) + 1

    def open(self, index: str, version: int | None = None, snapshot: bool = False) -> Collection:
        folder = self._folder(index)
        live = folder.live() if version is None else Live(version)
        for _ in range(_TRIES):
            wanted = folder.version(live.live)
            try:
                return self._copy(wanted) if snapshot else _take(wanted)
            except FileNotFoundError as error:
                if version is not None:
                    raise IndexNotFound(index) from error
                live = folder.live()
        raise _missing(folder, live)

    def artefact(self, index: str, version: int, name: str) -> bytes | None:
        check_artefact_name(name)
        folder = self._folder(index).version(version)
        if not folder.exists():
            raise IndexNotFound(index)
        with engine_errors(f"read the artefact {name}"):
            return folder.read_artefact(name)

    def keep_artefact(self, index: str, version: int, name: str, data: bytes) -> None:
        """Artefacts are files beside the shard: whoever has the version open is not disturbed. The lock keeps
        snapshots whole."""
        check_artefact_name(name)
        folder = self._folder(index).version(version)
        if not folder.exists():
            raise IndexNotFound(index)
        with engine_errors(f"write the artefact {name}"), folder.writing_lock():
            folder.write_artefact(name, data)

    def publish(self, index: str, version: int) -> None:
        folder = self._folder(index)
        with folder.changing():
            before = self._live(folder)
            new = folder.version(version)
            if not new.exists():
                raise StoreError(f"Index '{index}' has no version {version} that could go live.")
            if before is None or version not in (before.live, before.previous):
                new.lock().release()  # Raises IndexInUse while it is still being built.
            if before is None or version != before.live:
                before = Live(version, before.live if before else None)
                folder.go_live(before)
            for number in folder.versions():
                if number not in (before.live, before.previous):
                    folder.remove(number)

    def discard_unpublished(self, index: str) -> None:
        """A version that another process is building at this moment stays."""
        folder = self._folder(index)
        if not folder.path.is_dir():
            return
        with folder.changing():
            live = self._live(folder)
            for number in folder.versions():
                if live is None or number not in (live.live, live.previous):
                    with contextlib.suppress(IndexInUse):
                        lock = folder.version(number).lock()
                        folder.remove(number)
                        lock.release()
            folder.sweep()

    def drop(self, index: str) -> None:
        folder = self._folder(index)
        with folder.changing():
            folder.live()
            (folder.path / "live.json").unlink()
            sync_folder(folder.path)
            for number in folder.versions():
                folder.remove(number)
            shutil.rmtree(folder.path, ignore_errors=True)

    def _folder(self, index: str) -> IndexFolder:
        check_index_name(index)
        return IndexFolder(index, self._indexes / index)

    def _live(self, folder: IndexFolder) -> Live | None:
        try:
            return folder.live()
        except IndexNotFound:
            return None

    def _copy(self, version: VersionFolder) -> EdgeCollection:
        if not version.exists():
            raise FileNotFoundError(version.path)
        snapshot = take_snapshot(version, self._snapshots)
        try:
            collection = open_version(snapshot.folder, snapshot.folder.lock())
        except BaseException:
            snapshot.remove()
            raise
        # Also when the collection is forgotten, and when the interpreter ends.
        collection.when_closed(weakref.finalize(collection, snapshot.remove))
        return collection


def _take(version: VersionFolder) -> EdgeCollection:
    """Open a version for this process alone. Raises IndexInUse, and FileNotFoundError where it is gone."""
    if not version.exists():
        raise FileNotFoundError(version.path)
    return open_version(version, version.lock())


def _previous(folder: IndexFolder, live: Live) -> Manifest | None:
    """The version a rollback returns to; one that is lost or damaged must not keep the live one from being found."""
    if live.previous is None:
        return None
    try:
        return folder.version(live.previous).read_manifest()
    except (FileNotFoundError, IndexDamaged):
        return None


def _missing(folder: IndexFolder, live: Live) -> IndexDamaged:
    return IndexDamaged(
        f"{folder.path / 'live.json'} names version {live.live} of index '{folder.index}', but its files are not all "
        f"there. There are the versions {folder.versions()}. Build the index again with: "
        f"python -m indexer reindex CATALOGUE --full --index {folder.index}"
    )
