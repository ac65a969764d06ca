"""A folder that is written as a whole, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from search.errors import DatasetError


@contextmanager
def assembling(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """A hidden folder whose files take their place in `folder` when the block ends, and vanish when it raises.

    `names` are all files it may hold; the last one marks a folder as complete and written by us. A new folder appears
    in one step. In one that exists the mark goes first and comes back last, and files that are not ours are left
    alone. Raises DatasetError at once where `folder` holds one of `names` without the mark: then it is somebody
    else's.
    """
    mark = names[-1]
    if folder.exists():
        if not folder.is_dir():
            raise DatasetError(f"{folder} is not a folder; name one to write to.")
        foreign = [name for name in names if (folder / name).exists()]
        if foreign and mark not in foreign:
            raise DatasetError(f"{folder} holds {foreign[0]} that this command did not write. Name another folder.")
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
    except OSError as error:
        raise DatasetError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        yield part
        if not folder.exists():
            part.replace(folder)
        else:
            (folder / mark).unlink(missing_ok=True)
            for name in names:
                if (part / name).exists():
                    (part / name).replace(folder / name)
                else:
                    (folder / name).unlink(missing_ok=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)
