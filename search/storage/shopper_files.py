"""The files of the embedded store of shoppers.

::

    <data>/shoppers/live.json          {"live": 3, "previous": null}, replaced in one step
    <data>/shoppers/v3/events/         Qdrant Edge's own files: events, records, pages
    <data>/shoppers/v3/profiles/       and those of profiles
    <data>/shoppers/v3/store.json      {"format": 1, "dimension": 384}
    <data>/shoppers/purge              is there while bytes of what was forgotten are left in the version that is live
    <data>/shoppers/locks/             as in `folders`, whose parts these are
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson
from filelock import FileLock

from search.errors import IndexDamaged, IndexInUse, IndexNotFound
from search.storage.folders import IndexFolder, Live, VersionFolder, replace_file, sync_folder

NAME = "shoppers"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class ShopperFiles:
    """The folder of the store, and where private copies of it are made."""

    folder: IndexFolder
    snapshots: Path

    @classmethod
    def of(cls, data_dir: Path) -> ShopperFiles:
        data = Path(data_dir).absolute()
        return cls(IndexFolder(NAME, data / NAME), data / "snapshots")

    def live(self) -> VersionFolder | None:
        """None where there is no store yet. Raises IndexDamaged."""
        try:
            return self.folder.version(self.folder.live().live)
        except IndexNotFound as error:
            versions = self.folder.versions()
            if not versions:
                return None
            if len(versions) == 1:  # Just made, as the first; or the file was lost, and the shoppers were not.
                return self.folder.version(versions[0])
            raise self._damaged() from error
        except IndexDamaged as error:
            raise self._damaged() from error

    def _damaged(self) -> IndexDamaged:
        return IndexDamaged(
            f"{self.folder.path / 'live.json'} does not name the live version of the shoppers. Put the folder "
            f'{self.folder.path} back from a backup, or write {{"live": N, "previous": null}} there, where N is '
            f"one of {self.folder.versions()}."
        )

    def next_version(self) -> VersionFolder:
        return self.folder.version(max(self.folder.versions(), default=0) + 1)

    def go_live(self, version: VersionFolder) -> None:
        self.folder.go_live(Live(version.version))

    def clear(self) -> None:
        """Remove what a crash left: versions that never went live or do no more, half made ones. For the opener."""
        live = self.live()
        for number in self.folder.versions():
            if live is None or number != live.version:
                self.remove(self.folder.version(number))
        self.folder.sweep()

    def remove(self, version: VersionFolder) -> None:
        """With its locks, which say nothing any more."""
        with version.writing_lock():
            self.folder.remove(version.version)
        for lock in version.locks.glob(f"v{version.version}.*"):
            lock.unlink(missing_ok=True)
        sync_folder(self.folder.path)

    @property
    def pending(self) -> bool:
        return (self.folder.path / "purge").exists()

    def mark_pending(self) -> None:
        """Remember, also over a crash, that something was forgotten: not what, and not whose it was."""
        if not self.pending:
            replace_file(self.folder.path / "purge", b"")

    def mark_done(self) -> None:
        (self.folder.path / "purge").unlink(missing_ok=True)
        sync_folder(self.folder.path)


def take(version: VersionFolder) -> FileLock:
    """Make this process the one that has the shoppers open. Raises IndexInUse."""
    version.locks.mkdir(parents=True, exist_ok=True)
    try:
        return version.lock()
    except IndexInUse:
        raise in_use(version) from None


def in_use(version: VersionFolder) -> IndexInUse:
    return IndexInUse(
        f"The shoppers in {version.path.parent} are open in {version.owner()}, and the embedded engine allows one "
        "opener. Stop that process, send events through its POST /events, or set DAOGOU_QDRANT_URL to use a Qdrant "
        "server, which many processes can share."
    )


def write_dimension(path: Path, dimension: int) -> None:
    replace_file(path / "store.json", orjson.dumps({"format": FORMAT, "dimension": dimension}))


def read_dimension(path: Path) -> int:
    """How long the vectors are that profiles were kept with. Raises FileNotFoundError, IndexDamaged."""
    file = path / "store.json"
    try:
        held = orjson.loads(file.read_bytes())
        if held["format"] != FORMAT:
            raise IndexDamaged(
                f"{file} has format {held['format']}, and this version of Daogou knows {FORMAT}. Update Daogou."
            )
        return int(held["dimension"])
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, f"{file.name} cannot be read: {error}") from error


def damaged(path: Path, why: str) -> IndexDamaged:
    return IndexDamaged(
        f"The shoppers in {path.parent} do not load from {path.name} ({why}). Put that folder back from a backup, or "
        "move it away to begin anew: all histories and what shoppers said on consent are lost then."
    )
