"""Whether something is left in any file of a folder, however it is hidden there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path


def holding(folder: Path, needles: Iterable[str]) -> dict[str, list[str]]:
    """The files, at any depth, whose bytes or whose names have the needle in them, by needle; none is left out."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    contents = {str(file.relative_to(folder)): _bytes(file) for file in files}
    found = {}
    for needle in needles:
        forms = {needle.encode(), needle.encode("utf-16-le")}
        if _is_hex(needle):
            forms |= {bytes.fromhex(needle), needle.upper().encode()}
        found[needle] = [
            name for name, data in contents.items() if needle in name or any(form in data for form in forms)
        ]
    return found


def _bytes(file: Path) -> bytes:
    """All of a file but its holes, which hold nothing: Qdrant lays files out large and mostly empty."""
    if not hasattr(os, "SEEK_DATA"):
        return file.read_bytes()
    parts, position = [], 0
    with file.open("rb", buffering=0) as held:
        size = os.fstat(held.fileno()).st_size
        while position < size:
            try:
                position = os.lseek(held.fileno(), position, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:
                    break
                raise
            end = os.lseek(held.fileno(), position, os.SEEK_HOLE)
            parts.append(os.pread(held.fileno(), end - position, position))
            position = end
    return b"".join(parts)


def _is_hex(text: str) -> bool:
    return len(text) >= 32 and len(text) % 2 == 0 and all(char in "0123456789abcdef" for char in text)
