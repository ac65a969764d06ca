"""Whether something is left in any file of a folder, however it is hidden there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def holding(folder: Path, needles: Iterable[str]) -> dict[str, list[str]]:
    """The files, at any depth, whose bytes or whose names have the needle in them, by needle; none is left out."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    contents = {str(file.relative_to(folder)): file.read_bytes() for file in files}
    found = {}
    for needle in needles:
        forms = {needle.encode(), needle.encode("utf-16-le")}
        if _is_hex(needle):
            forms |= {bytes.fromhex(needle), needle.upper().encode()}
        found[needle] = [
            name for name, data in contents.items() if needle in name or any(form in data for form in forms)
        ]
    return found


def _is_hex(text: str) -> bool:
    return len(text) >= 32 and len(text) % 2 == 0 and all(char in "0123456789abcdef" for char in text)
