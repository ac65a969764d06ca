"""The file of descriptions: JSON lines, each written when it is known, so that whoever is interrupted loses nothing."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from search.domain import Document, Json
from search.errors import DescriptionError


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `text` is "" where nothing grounded was left; `dropped` holds {"sentence", "faults"} of each sentence
    that was not taken. `product` is the hash of the product that it was written of."""

    id: str
    kind: str
    language: str
    text: str
    dropped: Sequence[Mapping[str, Json]]
    model: str
    product: str

    @property
    def key(self) -> Key:
        return Key(self.id, self.kind, self.language, self.model, self.product)


@dataclass(frozen=True, slots=True)
class Key:
    """What a text depends on: with all of it the same, the text is not asked for again."""

    id: str
    kind: str
    language: str
    model: str
    product: str


def hash_of(document: Document) -> str:
    """Another one as soon as anything about the product is."""
    return hashlib.sha256(orjson.dumps(dict(document), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def heal(file: Path) -> None:
    """End the last line, or take it away where a crash cut it short. Raises DescriptionError.

    Where the file holds something else, nothing is touched: somebody named the wrong one.
    """
    try:
        raw = file.read_bytes() if file.exists() else b""
        if not raw:
            return
        *whole, last = raw.split(b"\n")
        ours = _line(whole[0]) is not None if whole else last.startswith(b'{"id":')
        if not ours:
            raise DescriptionError(f"{file} holds something else than descriptions. Choose another --out.")
        if not last:
            return
        with file.open("r+b") as opened:
            if _line(last) is None:
                opened.truncate(len(raw) - len(last))
            else:
                opened.seek(0, 2)
                opened.write(b"\n")
    except OSError as error:
        raise _trouble(file, error) from error


def written(file: Path) -> dict[Key, Line]:
    """Texts that are there already, the last of each key. Lines without a text are left out: they are asked again."""
    try:
        lines = file.read_bytes().split(b"\n") if file.exists() else []
    except OSError as error:
        raise _trouble(file, error) from error
    found = (line for raw in lines if (line := _line(raw)) is not None)
    return {line.key: line for line in found if line.text}


@contextmanager
def appending(file: Path) -> Iterator[Callable[[Line], None]]:
    """Writes lines to the end of `file`, each at once. Raises DescriptionError where that cannot be."""
    try:
        with file.open("ab", buffering=0) as opened:

            def keep(line: Line) -> None:
                whole = orjson.dumps(asdict(line)) + b"\n"
                if opened.write(whole) < len(whole):  # a disk that fills up takes a part first, and says nothing
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            yield keep
    except OSError as error:
        raise _trouble(file, error) from error


def _line(raw: bytes) -> Line | None:
    try:
        held = json.loads(raw)
        line = Line(**held)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (line.id, line.kind, line.language, line.text, line.model, line.product)
    return line if all(isinstance(text, str) for text in texts) and isinstance(line.dropped, list) else None


def _trouble(file: Path, error: OSError) -> DescriptionError:
    return DescriptionError(f"{file} cannot be read or written: {error.strerror or error}")
