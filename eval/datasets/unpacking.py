"""Takes a zip archive apart without letting it write anywhere else, or more than it may."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from search.errors import DatasetError

MOST_BYTES = 64 * 2**30
MOST_RATIO = 200
"""How many times its size an archive may grow: text shrinks to a third or a tenth."""
_FREE_ANYWAY = 64 * 2**20


def unpack(archive: Path, into: Path, folder: str) -> Path:
    """The archive's folder `folder`, as a folder of that name in `into`; it appears in one step, or not at all.

    An archive without that folder is taken for its content. Raises DatasetError.
    """
    target = into / folder
    part = into / f".{folder}.{os.getpid()}.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as file:
            members = [_checked(archive, member) for member in file.infolist()]
            _check_size(archive, members, into)
            for member in members:
                path = part.joinpath(*PurePosixPath(member.filename).parts)
                if member.is_dir():
                    path.mkdir(parents=True, exist_ok=True)
                else:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    # zipfile stops at the size that the member says it has, and checks its CRC.
                    with file.open(member) as source, path.open("wb") as sink:
                        shutil.copyfileobj(source, sink, 2**20)
        if not part.is_dir():
            raise DatasetError(f"{archive} holds no files.")
        (part / folder if (part / folder).is_dir() else part).replace(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DatasetError(f"{archive} is no readable zip archive: {error}. Download it again.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _checked(archive: Path, member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    path = PurePosixPath(member.filename)
    escapes = path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename
    if escapes or not path.parts:
        raise DatasetError(f"{archive} holds '{member.filename}', which leads out of its folder; not unpacked.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise DatasetError(f"{archive} holds '{member.filename}', which is a link; not unpacked.")
    return member


def _check_size(archive: Path, members: list[zipfile.ZipInfo], into: Path) -> None:
    total = sum(member.file_size for member in members)
    most = min(MOST_BYTES, max(_FREE_ANYWAY, archive.stat().st_size * MOST_RATIO))
    if total > most:
        raise DatasetError(f"{archive} would grow to {total:,} bytes, more than {most:,}; not unpacked.")
    if total > shutil.disk_usage(into).free:
        raise DatasetError(f"{into} has no room for what is in {archive.name}: it takes {total:,} bytes.")
