"""Catalogue files → raw rows with line numbers, one at a time. What the columns mean is not this file's business."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from indexer import json_rows
from indexer.cleaning import clean_name
from indexer.csv_rows import CsvRows, Line
from indexer.encodings import REPLACED, decode_line
from indexer.problems import Unreadable, excerpt
from indexer.sources import Progress, Source, open_text, reading
from search.domain import Json
from search.errors import CatalogueError

MENDED = "bytes that are no text in the file's encoding were replaced"

_PARQUET_BATCH = 512


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What the mapping says about how files are written; None where the file is asked."""

    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in the file. `values` is None where it cannot be read, for the `reason` given.

    `note` is what had to be mended to read it.
    """

    line: int
    values: dict[str, Json] | None
    reason: str = ""
    note: str = ""


@dataclass(slots=True)
class Header:
    """The columns of a file that names them once, and what is wrong with the names. None before they are read."""

    columns: tuple[str, ...] | None = None
    problems: tuple[str, ...] = ()


def read_rows(
    source: Source, progress: Progress, stdin: BinaryIO | None, options: FileOptions, header: Header
) -> Iterator[RawRow]:
    """The rows of one file; fills in `header` before the first where the format has one.

    Raises CatalogueError for a file that cannot be read, is cut off, or has no rows.
    """
    rows = 0
    with reading(source):
        for row in _of_format(source, progress, stdin, options, header):
            rows += 1
            yield row
    if not rows:
        raise CatalogueError(f"{source.name} holds no rows. Export the catalogue again; the live index was not touched")


def _of_format(
    source: Source, progress: Progress, stdin: BinaryIO | None, options: FileOptions, header: Header
) -> Iterator[RawRow]:
    if source.format == "parquet":
        yield from _parquet(source, progress, header)
        return
    with open_text(source, progress, stdin, options.encoding) as text:
        recoded = text.encoding != "utf-8"
        if source.format in ("csv", "tsv"):
            delimiter = options.delimiter or ("\t" if source.format == "tsv" else None)
            yield from _csv(source, text.stream, delimiter, header, recoded)
        elif json_rows.layout(text.stream, source.format) == "lines":
            yield from map(_json_row(recoded), json_rows.lines(text.stream))
        else:
            yield from map(_json_row(recoded), json_rows.elements(text.stream, source.name))


def _json_row(recoded: bool) -> Callable[[json_rows.Piece], RawRow]:
    def read(piece: json_rows.Piece) -> RawRow:
        if piece.data is None:
            return RawRow(piece.line, None, f"longer than {json_rows.ROW_LIMIT >> 20} MB")
        try:
            parsed = json_rows.parse(piece.data)
        except Unreadable as error:
            cut = " (the file ends in the middle of this row)" if not piece.data.endswith((b"\n", b"}")) else ""
            return RawRow(piece.line, None, f"{error}{cut}")
        if not isinstance(parsed.value, dict):
            return RawRow(piece.line, None, f"{excerpt(parsed.value)} is no object with fields")
        note = MENDED if parsed.mended or (recoded and REPLACED in piece.data) else ""
        return RawRow(piece.line, parsed.value, note=note)

    return read


def _csv(
    source: Source, stream: io.BufferedReader, delimiter: str | None, header: Header, recoded: bool
) -> Iterator[RawRow]:
    rows = CsvRows(_text_lines(stream, recoded), source.name, delimiter)
    names = _name_columns(rows.header, header)
    for row in rows:
        if row.cells is None:
            yield RawRow(row.line, None, row.reason)
        else:
            values = {name: cell for name, cell in zip(names, row.cells, strict=True) if name is not None}
            yield RawRow(row.line, values, note=MENDED if row.mended else "")


def _text_lines(stream: io.BufferedReader, recoded: bool) -> Iterator[Line]:
    for piece in json_rows.lines(stream):
        if piece.data is None:
            yield Line(piece.line, None)
            continue
        text, mended = decode_line(piece.data.rstrip(b"\r\n"))
        yield Line(piece.line, text.replace("\0", ""), mended or (recoded and REPLACED in piece.data))


def _name_columns(names: Sequence[str], header: Header) -> list[str | None]:
    """Column names made usable: trimmed, the second `colour` called `colour_2`, a column without a name left out."""
    named: list[str | None] = []
    problems = []
    taken = {clean_name(name) for name in names}
    for number, name in enumerate((clean_name(name) for name in names), start=1):
        if not name:
            problems.append(f"column {number} has no name and is left out")
            named.append(None)
        elif name in named:
            suffix = 2
            while f"{name}_{suffix}" in taken:
                suffix += 1
            taken.add(f"{name}_{suffix}")
            problems.append(f"column {number} is a second '{name}': it is read as '{name}_{suffix}'")
            named.append(f"{name}_{suffix}")
        else:
            named.append(name)
    header.columns = tuple(name for name in named if name is not None)
    header.problems = tuple(problems)
    return named


def _parquet(source: Source, progress: Progress, header: Header) -> Iterator[RawRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(source.path)
        names = _name_columns(file.schema_arrow.names, header)
        done = 0
        for batch in file.iter_batches(batch_size=_PARQUET_BATCH):
            columns = [_plain_column(column) for column in batch.columns]
            for cells in zip(*columns, strict=True):
                done += 1
                yield RawRow(done, {name: cell for name, cell in zip(names, cells, strict=True) if name is not None})
            progress.bytes_read = (source.size or 0) * done // max(1, file.metadata.num_rows)
    except pa.ArrowException as error:
        raise CatalogueError(
            f"{source.name} is not a parquet file that can be read: {error}. Export it again"
        ) from error


def _plain_column(column: Any) -> list[Json]:
    """The values of one column as JSON has them, with dates in ISO 8601."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return [_plain(value) for value in column.to_pylist()]


def _plain(value: Any) -> Json:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        # A map comes as a list of pairs.
        if value and all(isinstance(item, tuple) for item in value):
            return {str(key): _plain(item) for key, item in value}
        return [_plain(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if type(value).__name__ == "Decimal" else str(value)
