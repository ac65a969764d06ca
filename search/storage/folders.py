"""The files of the embedded store: folders of versions, the file that names the live one, locks, private copies.

::

    <data>/indexes/<index>.lock                  held while versions are created, switched or removed
    <data>/indexes/<index>/live.json             {"live": 3, "previous": 2}, replaced in one step
    <data>/indexes/<index>/v3/shard/             Qdrant Edge's own files
    <data>/indexes/<index>/v3/manifest.json
    <data>/indexes/<index>/v3/artefacts/<name>   what else was kept with the version
    <data>/indexes/<index>/locks/v3.open         held by the one process that has the version open
    <data>/indexes/<index>/locks/v3.owner        which process that is
    <data>/indexes/<index>/locks/v3.writing      held during each write, and while a snapshot is copied
    <data>/snapshots/<name>/                     private copies, each with a lock that its owner holds

A name that begins with a dot is half made or half removed, and counts for nothing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

from search.domain import Manifest
from search.errors import IndexDamaged, IndexInUse, IndexNotFound, StoreError
from search.storage.manifests import manifest_from_json, manifest_to_json

_PATIENCE = 120.0
"""Seconds to wait for another process that creates, switches or removes versions. None of that takes long."""

_VERSION = re.compile(r"v([1-9][0-9]*)")
_COPY_TRIES = 5
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Live:
    live: int
    previous: int | None = None


@dataclass(frozen=True, slots=True)
class VersionFolder:
    index: str
    version: int
    path: Path
    locks: Path

    @property
    def shard(self) -> Path:
        return self.path / "shard"

    def exists(self) -> bool:
        return self.path.is_dir()

    def read_manifest(self) -> Manifest:
        """Raises FileNotFoundError where the version is gone, IndexDamaged where the file cannot be read."""
        file = self.path / "manifest.json"
        return manifest_from_json(file.read_bytes(), f"in {file}")

    def write_manifest(self, manifest: Manifest) -> None:
        replace_file(self.path / "manifest.json", manifest_to_json(manifest))

    def read_artefact(self, name: str) -> bytes | None:
        """None where there is none. Raises IndexDamaged where the version is gone."""
        try:
            return (self.path / "artefacts" / name).read_bytes()
        except FileNotFoundError:
            self._check_exists()
            return None

    def artefact_stamp(self, name: str) -> str | None:
        """None where there is none. Raises IndexDamaged where the version is gone."""
        try:
            seen = (self.path / "artefacts" / name).stat()
        except FileNotFoundError:
            self._check_exists()
            return None
        # Every write makes a file of its own, so even two within one tick of the clock differ.
        return f"{seen.st_mtime_ns}-{seen.st_ino}-{seen.st_size}"

    def write_artefact(self, name: str, data: bytes) -> None:
        """For whoever holds the writing lock. Drafts that a killed process left are cleared away.

        Raises IndexDamaged where the version is gone.
        """
        self._check_exists()
        folder = self.path / "artefacts"
        if not folder.is_dir():
            folder.mkdir()
            sync_folder(self.path)
        for draft in folder.glob(".*"):
            draft.unlink(missing_ok=True)
        replace_file(folder / name, data)

    def _check_exists(self) -> None:
        if not self.exists():
            raise IndexDamaged(
                f"Version {self.version} of index '{self.index}' was removed after it was opened. Open the index again."
            )

    def writing_lock(self) -> FileLock:
        """For a `with` block, from any thread. Copies of the folder are made under it, so that none is torn."""
        return FileLock(self.locks / f"v{self.version}.writing", thread_local=False)

    def lock(self) -> FileLock:
        """Take the version for this process until the lock is released. Raises IndexInUse."""
        lock = FileLock(self.locks / f"v{self.version}.open", thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise self.in_use() from None
        owner = {"pid": os.getpid(), "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])}
        (self.locks / f"v{self.version}.owner").write_bytes(orjson.dumps(owner))
        return lock

    def owner(self) -> str:
        """Which process has the version open, in words."""
        try:
            owner = orjson.loads((self.locks / f"v{self.version}.owner").read_bytes())
            return f"process {owner['pid']} ({owner['command']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"

    def in_use(self) -> IndexInUse:
        return IndexInUse(
            f"Version {self.version} of index '{self.index}' is open in {self.owner()}, and the embedded engine "
            f"allows one opener. Stop that process, send the change through its API, or set DAOGOU_QDRANT_URL to use "
            f"a Qdrant server, which many processes can share."
        )


@dataclass(frozen=True, slots=True)
class IndexFolder:
    index: str
    path: Path

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Only one process at a time changes which versions there are."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.path.with_name(f"{self.index}.lock"), timeout=_PATIENCE):
                yield
        except Timeout:
            raise StoreError(
                f"Another process has been changing index '{self.index}' for {_PATIENCE:.0f} s. See whether it hangs."
            ) from None

    def version(self, number: int) -> VersionFolder:
        return VersionFolder(self.index, number, self.path / f"v{number}", self.path / "locks")

    def versions(self) -> list[int]:
        if not self.path.is_dir():
            return []
        names = (_VERSION.fullmatch(entry.name) for entry in self.path.iterdir())
        return sorted(int(name[1]) for name in names if name)

    def live(self) -> Live:
        """Raises IndexNotFound, IndexDamaged."""
        file = self.path / "live.json"
        try:
            values = orjson.loads(file.read_bytes())
            return Live(int(values["live"]), None if values["previous"] is None else int(values["previous"]))
        except (FileNotFoundError, NotADirectoryError):
            raise IndexNotFound(self.index) from None
        except (ValueError, KeyError, TypeError) as error:
            raise IndexDamaged(
                f'{file} does not name the live version ({error}). Write {{"live": N, "previous": null}} there, '
                f"where N is one of {self.versions()}, or build the index again."
            ) from error

    def go_live(self, live: Live) -> None:
        replace_file(self.path / "live.json", orjson.dumps({"live": live.live, "previous": live.previous}))

    def half_made(self) -> Path:
        """A folder in which to make a version; rename it when it is whole."""
        folder = self.path / f".new-{secrets.token_hex(4)}"
        folder.mkdir(parents=True)
        return folder

    def remove(self, number: int) -> None:
        """One rename makes it vanish; its files go after that, and what is left of them goes the next time."""
        folder = self.version(number).path
        if folder.is_dir():
            folder.rename(self.path / f".gone-{secrets.token_hex(4)}")
        self.sweep()

    def sweep(self) -> None:
        """Remove what is half made or half removed. Only for whoever is `changing` the index."""
        for entry in self.path.glob(".*"):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A private copy of a version."""

    folder: VersionFolder
    lock: FileLock

    def remove(self) -> None:
        shutil.rmtree(self.folder.path, ignore_errors=True)
        self.lock.release()
        Path(self.lock.lock_file).unlink(missing_ok=True)


def take_snapshot(version: VersionFolder, home: Path) -> Snapshot:
    """Copy the version into `home` while its writer holds still. Raises FileNotFoundError where it is gone."""
    home.mkdir(parents=True, exist_ok=True)
    name = f"{version.index}-v{version.version}-{secrets.token_hex(6)}"
    with FileLock(home / ".lock"):
        _remove_ownerless(home)
        lock = FileLock(home / f"{name}.lock", thread_local=False)
        lock.acquire()
    copy = VersionFolder(version.index, version.version, home / name, home / name / "locks")
    try:
        with version.writing_lock():
            _copy_whole(version, copy)
    except BaseException:
        Snapshot(copy, lock).remove()
        raise
    copy.locks.mkdir()
    return Snapshot(copy, lock)


def _copy_whole(version: VersionFolder, copy: VersionFolder) -> None:
    """Files of the write-ahead log are made and renamed in the background, so one may vanish under the copy."""
    for tries_left in reversed(range(_COPY_TRIES)):
        try:
            shutil.copytree(version.path, copy.path, copy_function=copy_sparse)
            return
        except (shutil.Error, FileNotFoundError):
            shutil.rmtree(copy.path, ignore_errors=True)
            if not version.exists():
                raise FileNotFoundError(version.path) from None
            if not tries_left:
                raise


def sweep_snapshots(home: Path) -> None:
    """Remove the copies whose owners died."""
    if home.is_dir():
        with FileLock(home / ".lock"):
            _remove_ownerless(home)


def _remove_ownerless(home: Path) -> None:
    """Nobody holds the locks of such copies. With the lock of `home` held."""
    for file in home.glob("*.lock"):
        if file.name == ".lock":
            continue
        lock = FileLock(file)
        with contextlib.suppress(Timeout):
            lock.acquire(blocking=False)
            shutil.rmtree(file.with_suffix(""), ignore_errors=True)
            lock.release()
            file.unlink(missing_ok=True)


def copy_sparse(source: str, target: str) -> None:
    """Copy a file without its holes. The engine lays files out large and mostly empty; plain copies cost ten times."""
    if not hasattr(os, "SEEK_DATA"):
        shutil.copyfile(source, target)
        return
    with Path(source).open("rb", buffering=0) as read, Path(target).open("wb", buffering=0) as write:
        size = os.fstat(read.fileno()).st_size
        write.truncate(size)
        position = 0
        while position < size:
            try:
                position = os.lseek(read.fileno(), position, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:  # nothing but a hole from here on
                    return
                raise
            end = os.lseek(read.fileno(), position, os.SEEK_HOLE)
            while position < end:
                block = os.pread(read.fileno(), min(_CHUNK, end - position), position)
                if not block:
                    return
                position += os.pwrite(write.fileno(), block, position)


def replace_file(file: Path, content: bytes) -> None:
    """Readers see the old content or the new, whatever happens; durable on return."""
    draft = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    with draft.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable; where folders cannot be opened (Windows) the system sees to it."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_log(shard: Path) -> None:
    """Make what was written to a shard survive a power cut. Only its log is synced: a flush syncs every index and takes
    seconds."""
    for file in (shard / "wal").glob("open-*"):
        handle = os.open(file, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
