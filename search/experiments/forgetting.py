"""One shopper's lines in the files of the log: to show them, and to remove them. Files are read a line at a time."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.jsonl")
"""Names of the files that hold the log."""

_DRAFT = ".forgetting."


def needle(shopper: str) -> bytes:
    """What a line of this shopper has in it, and no other: lines are written by `records.to_line`."""
    return b'"shopper":' + json.dumps(shopper, ensure_ascii=False).encode(errors="replace")


def files(folder: Path) -> list[Path]:
    """The files of the log, the oldest first; none where there is no log."""
    try:
        return sorted(file for file in folder.iterdir() if DAY.fullmatch(file.name))
    except OSError:
        return []


def lines_of(folder: Path, shopper: str) -> Iterator[str]:
    """In the order in which they were written, without line breaks. A file that goes away meanwhile is passed over."""
    wanted = needle(shopper)
    for file in files(folder):
        with contextlib.suppress(FileNotFoundError), file.open("rb") as held:
            yield from (line.decode().rstrip("\n") for line in held if wanted in line and line.endswith(b"\n"))


def remove_lines(folder: Path, shopper: str) -> int:
    """How many lines were removed. For whoever holds the lock of the folder. Raises OSError.

    A file is replaced by one without them, whole or not at all: nothing of them stays in any file of the folder.
    """
    for draft in folder.glob(f"{_DRAFT}*"):  # of somebody who was killed
        draft.unlink(missing_ok=True)
    wanted = needle(shopper)
    return sum(_without(file, wanted) for file in files(folder) if _holds(file, wanted))


def _holds(file: Path, wanted: bytes) -> bool:
    with file.open("rb") as held:
        return any(wanted in line for line in held)


def _without(file: Path, wanted: bytes) -> int:
    removed = 0
    draft = file.with_name(f"{_DRAFT}{secrets.token_hex(4)}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as out, file.open("rb") as held:
            for line in held:
                if wanted in line:
                    removed += 1
                else:
                    out.write(line)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return removed
