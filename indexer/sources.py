"""From what is named on the command line to bytes in UTF-8: formats, gzip, standard input, encodings, progress."""

from __future__ import annotations

import difflib
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from indexer.encodings import SAMPLE, Readable, Recoded, detect, ends_lines_in_cr
from search.errors import CatalogueError

Format = Literal["jsonl", "json", "csv", "tsv", "parquet"]

_SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
_KNOWN = ".jsonl, .json, .csv, .tsv (each also with .gz) or .parquet"
_STRANGERS = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook: unpack it, or save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook: save it as CSV"),
    (b"PAR1", "a parquet file: name it .parquet"),
    (b"BZh", "packed with bzip2: unpack it, or pack it with gzip"),
    (b"\xfd7zXZ\x00", "packed with xz: unpack it, or pack it with gzip"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd: unpack it, or pack it with gzip"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One catalogue file. `name` is what reports call it, `size` its bytes on disk; None for standard input."""

    name: str
    format: Format
    path: Path | None
    size: int | None


@dataclass(slots=True)
class Progress:
    """Bytes taken from disk or standard input so far; packed files count packed."""

    bytes_read: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """An opened text file: `stream` yields UTF-8 without byte order mark, whatever `encoding` the file is in."""

    stream: io.BufferedReader
    encoding: str


def locate(path: str) -> Source:
    """What `path` names, checked as far as that goes without reading it. Raises CatalogueError."""
    if path == "-":
        return Source("-", "jsonl", None, None)
    file = Path(path)
    if file.is_dir():
        raise CatalogueError(f"{path} is a folder. Name the files in it, for example {path.rstrip('/')}/*.jsonl")
    if not file.exists():
        raise CatalogueError(f"There is no file {path}. Check the name{_neighbour(file)}")
    if not file.is_file() and not file.is_fifo():
        raise CatalogueError(f"{path} is not a file that can be read. Name a file ending in {_KNOWN}")
    size = file.stat().st_size
    if not size and file.is_file():
        raise CatalogueError(f"{path} is empty. Export the catalogue again; the live index was not touched")
    return Source(path, _format(file), file, size)


@contextmanager
def open_text(source: Source, progress: Progress, stdin: BinaryIO | None, encoding: str | None) -> Iterator[Text]:
    """The file as UTF-8. Raises CatalogueError for a file that is damaged, cut off, or not text."""
    raw: BinaryIO = source.path.open("rb", buffering=0) if source.path else stdin or sys.stdin.buffer
    outer = io.BufferedReader(_Counted(raw, progress), SAMPLE)
    try:
        plain = gzip.GzipFile(fileobj=outer) if outer.peek(2)[:2] == b"\x1f\x8b" else outer
        head = _read_head(plain)
        _refuse_strangers(source, head)
        found, mark = detect(head, complete=len(head) < SAMPLE)
        found = encoding or found
        stream = Recoded(head[mark:], plain, found, ends_lines_in_cr(head))
        yield Text(io.BufferedReader(stream, SAMPLE), found)
    finally:
        if source.path:
            raw.close()


@contextmanager
def reading(source: Source) -> Iterator[None]:
    """Turns what goes wrong below — a cut-off gzip file, a disk that fails — into a CatalogueError."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CatalogueError(
            f"{source.name} ends in the middle or is damaged ({error}). Copy or export it again: "
            "half a catalogue is not indexed as if it were whole"
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise CatalogueError(f"{source.name} cannot be read: {reason}. Check the file and its permissions") from error


class _Counted(io.RawIOBase):
    def __init__(self, raw: BinaryIO, progress: Progress) -> None:
        self._raw, self._progress = raw, progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._progress.bytes_read += len(data)
        return len(data)


def _read_head(stream: Readable) -> bytes:
    pieces, size = [], 0
    while size < SAMPLE and (piece := stream.read1(SAMPLE - size)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _refuse_strangers(source: Source, head: bytes) -> None:
    if not head.strip():
        raise CatalogueError(f"{source.name} is empty. Export the catalogue again; the live index was not touched")
    for magic, what in _STRANGERS:
        if head.startswith(magic):
            raise CatalogueError(f"{source.name} is {what}")


def _format(file: Path) -> Format:
    suffixes = [suffix.lower() for suffix in file.suffixes]
    packed = bool(suffixes) and suffixes[-1] == ".gz"
    suffix = suffixes[-2] if packed and len(suffixes) > 1 else suffixes[-1] if suffixes else ""
    found = _SUFFIXES.get(suffix)
    if found is None:
        raise CatalogueError(f"{file} does not say what it holds: a catalogue ends in {_KNOWN}")
    if packed and found == "parquet":
        raise CatalogueError(f"{file}: parquet is packed inside already. Unpack it with gunzip")
    return found


def _neighbour(file: Path) -> str:
    names = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
    close = difflib.get_close_matches(file.name, names, n=1)
    return f"; did you mean {file.parent / close[0]}?" if close else f" (looked in {file.parent.resolve()})"
