"""Files of public judged sets, read line by line with the place of everything that is wrong in them.

Text files are UTF-8, with or without a byte order mark; Windows-1252 is allowed where a set was published in it. Each
may be gzipped. Whatever is odd raises DatasetError with file and line: half a set must not pass for a whole one.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import orjson

from eval.long_cells import cells_up_to
from eval.qrels import MAX_GRADE
from search.domain import Document, Json
from search.errors import DatasetError

LONGEST_CELL = 16 * 2**20
_POINTER = b"version https://git-lfs.github.com/spec/"
"""How a file begins that git-lfs left out."""


def problem_at(path: Path, number: int, problem: str) -> DatasetError:
    return DatasetError(f"{path}, line {number}: {problem}")


def refuse_pointer(path: Path) -> None:
    """Raises DatasetError for what `git clone` leaves where git-lfs is not installed, and for what cannot be opened."""
    try:
        with path.open("rb") as file:
            pointer = file.read(len(_POINTER)) == _POINTER
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}") from error
    if pointer:
        raise DatasetError(
            f"{path} is no data but a pointer that git-lfs left. Fetch the file with: git lfs pull. "
            f"Or remove the pointer and add --download."
        )


def find(folder: Path, names: Sequence[str], inside: str = "") -> tuple[Path, ...]:
    """The files of these names in `folder`, or all in its subfolder `inside`; gzipped ones too. Raises DatasetError."""
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder. Name the one that holds {', '.join(names)}.")
    lacking: list[str] = []
    for place in (folder, folder / inside) if inside else (folder,):
        found = [first_of(place / name, place / f"{name}.gz") for name in names]
        if all(found):
            return tuple(path for path in found if path)
        lacking = lacking or [name for name, path in zip(names, found, strict=True) if not path]
    raise DatasetError(f"{folder} lacks {', '.join(lacking)}.")


def first_of(*paths: Path) -> Path | None:
    return next((path for path in paths if path.is_file()), None)


def lines(path: Path, windows: bool = False) -> Iterator[tuple[int, str]]:
    """Numbered lines as they stand, with their ends. `windows`: lines that are no UTF-8 are Windows-1252."""
    refuse_pointer(path)
    with _reading(path) as file:
        for number, raw in enumerate(file, 1):
            if number == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            yield number, _decoded(path, number, raw, windows)


def _decoded(path: Path, number: int, raw: bytes, windows: bool) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if not windows:
            raise problem_at(path, number, "this is not UTF-8; was the file changed after it was published?") from error
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:  # five bytes that Windows-1252 leaves open
        return raw.decode("latin-1")


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            yield cast(BinaryIO, file)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(
            f"{path} cannot be read to its end ({error}). Is it damaged or cut off? Download it again."
        ) from error


def table_rows(
    path: Path, delimiter: str, needed: Sequence[str], windows: bool = False
) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a file with a header, by column; each with the line it begins in. Blank lines are no rows.

    Column names are compared in lower case, with underscores for blanks. Quoted cells may hold delimiters and line
    breaks, quotation marks in them are doubled (RFC 4180). Raises DatasetError.
    """
    # Strict: a lone quotation mark would otherwise swallow every row behind it without a word.
    reader = csv.reader((line for _, line in lines(path, windows)), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        number = reader.line_num + 1
        try:
            with cells_up_to(LONGEST_CELL):
                cells = next(reader, None)
        except csv.Error as error:
            raise problem_at(path, number, f"this row cannot be taken apart: {error}") from error
        if cells is None:
            break
        if not any(cells):
            continue
        if header is None:
            header = ["_".join(name.lower().split()) for name in cells]
            lacking = [name for name in needed if name not in header]
            if lacking:
                raise problem_at(
                    path, number, f"there is no column '{lacking[0]}' in the header; it has: {', '.join(cells)}"
                )
        elif len(cells) != len(header):
            raise problem_at(path, number, f"{len(cells)} cells, not the {len(header)} of the header")
        else:
            yield number, dict(zip(header, cells, strict=True))
    if header is None:
        raise DatasetError(f"{path} is empty. Expected a header with: {', '.join(needed)}")


def json_rows(path: Path) -> Iterator[tuple[int, Document]]:
    """Numbered objects of a JSON lines file."""
    for number, line in lines(path):
        if line.strip():
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise problem_at(path, number, f"this is no JSON: {error}") from error
            if not isinstance(row, dict):
                raise problem_at(path, number, "expected a JSON object")
            yield number, row


def id_at(path: Path, number: int, value: Json, what: str) -> str:
    """An id that can stand in a file of columns. Whole numbers are ids too."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.strip():
        raise problem_at(path, number, f"there is no {what}")
    text = text.strip()
    if any(sign in text for sign in "\t\r\n"):
        raise problem_at(path, number, f"the {what} {text!r} has a tab or a line break in it")
    return text


def query_at(path: Path, number: int, value: Json) -> str:
    """The words of a query on one line, with single blanks."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not text:
        raise problem_at(path, number, "there is no text of the query")
    return text


def grade_at(path: Path, number: int, text: Json) -> float:
    try:
        grade = float(text)
    except (TypeError, ValueError):
        grade = math.nan
    if not abs(grade) <= MAX_GRADE:
        raise problem_at(path, number, f"grade '{text}' is not a number within ±{MAX_GRADE:g}")
    return grade


def label_at(path: Path, number: int, label: str, grades: dict[str, float]) -> float:
    try:
        return grades[label]
    except KeyError:
        raise problem_at(path, number, f"label '{label}' is none of: {', '.join(grades)}") from None


def new_id(path: Path) -> Callable[[int, str], str]:
    """A function that gives an id back, and raises DatasetError when it comes twice."""
    seen: set[str] = set()

    def check(number: int, query: str) -> str:
        if query in seen:
            raise problem_at(path, number, f"query '{query}' is here for the second time")
        seen.add(query)
        return query

    return check
