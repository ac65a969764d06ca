"""How a CSV file is written — delimiter, escapes — and what its columns usually hold, judged by how it begins."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

CSV_LIMIT = 131_072
"""The csv module refuses longer fields, and its limit is global: longer lines are split here instead."""

_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_LINES = 300
_NUMBER = re.compile(
    r"[^\w\s]{0,3}\s?-?[0-9][0-9.,' ]*(?:[eE][-+]?[0-9]+)?\s?[^\w\s]{0,3}|nan|null|n/a|-", re.IGNORECASE
)
_BACKSLASHED = re.compile(r'\\(["\\])')


@dataclass(frozen=True, slots=True)
class Split:
    """A line taken apart. `strict`: as RFC 4180 has it. `open_at`: where a quoted field begins that has no end."""

    cells: list[str]
    strict: bool
    open_at: int | None = None
    strays: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    delimiter: str
    backslash: bool = False
    """Quotes inside quoted fields are written \\" (as Spark and MySQL do), not doubled."""

    def normal(self, line: str) -> str:
        """The line with RFC 4180's doubled quotes."""
        if not self.backslash or "\\" not in line:
            return line
        return _BACKSLASHED.sub(lambda match: '""' if match[1] == '"' else "\\", line)


def split_strict(line: str, delimiter: str) -> list[str] | None:
    """The cells of one line that is a whole record by RFC 4180; None if it is not."""
    if '"' not in line:
        return line.split(delimiter)
    if len(line) > CSV_LIMIT:
        found = split_leniently(line, delimiter)
        return found.cells if found.strict and found.open_at is None else None
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    # The csv module lets quotes inside unquoted fields pass (`17" lamp`), RFC 4180 does not.
    return cells if line.count('"') % 2 == 0 and not _stray_quotes(line, cells, delimiter) else None


def split_leniently(line: str, delimiter: str, quoted: bool = False) -> Split:
    """One line, or several joined, where a quote ends a quoted field only before a delimiter or the end.

    `"17" lamp"` is thus `17" lamp`, and `17"` outside quotes stands for itself. With `quoted` the text begins inside
    a quoted field.
    """
    cells: list[str] = []
    strays: list[int] = []
    strict, position = True, 0
    while True:
        if quoted or line.startswith('"', position):
            begin = position if quoted else position + 1
            quoted = False
            end = _closing_quote(line, begin, delimiter, strays)
            if end is None:
                return Split(cells, False, open_at=begin, strays=tuple(strays))
            cells.append(line[begin:end].replace('""', '"'))
            position = end + 1
        else:
            end = line.find(delimiter, position)
            end = len(line) if end < 0 else end
            cells.append(line[position:end])
            strict = strict and '"' not in cells[-1]
            position = end
        if position >= len(line):
            return Split(cells, strict and not strays, strays=tuple(strays))
        position += len(delimiter)


def looks_numeric(cell: str) -> bool:
    return _NUMBER.fullmatch(cell.strip()) is not None


class Columns:
    """What the columns of a file usually hold, learned from lines that are whole records.

    A line found inside a quoted field is compared with it: does it look like a row that was swallowed?
    """

    def __init__(self, width: int, rows: Sequence[Sequence[str]]) -> None:
        self.width = width
        self._numeric: set[int] = set()
        self._spaceless: set[int] = set()
        self._filled: set[int] = set()
        rows = [row for row in rows if len(row) == width]
        for index in range(width) if len(rows) > 1 else ():
            column = [row[index].strip() for row in rows]
            cells = [cell for cell in column if cell]
            if len(cells) >= 0.9 * len(rows):
                self._filled.add(index)
            if cells and sum(map(looks_numeric, cells)) >= 0.9 * len(cells):
                self._numeric.add(index)
            if cells and sum(" " not in cell and len(cell) < 200 for cell in cells) >= 0.9 * len(cells):
                self._spaceless.add(index)

    @property
    def telling(self) -> bool:
        """Whether prose that happens to have the right number of delimiters would be told from a row."""
        return len(self._numeric) + len(self._spaceless - self._numeric) >= 2

    def fit(self, cells: Sequence[str], prefix: bool = False) -> bool:
        """Whether these look like the cells of a row, or of its beginning: most of what is usual holds."""
        if not (prefix and 0 < len(cells) < self.width) and len(cells) != self.width:
            return False
        usual = wrong = 0
        for index, cell in enumerate(cells):
            cell = cell.strip()
            for columns, holds in (
                (self._filled, bool(cell)),
                (self._numeric, not cell or looks_numeric(cell)),
                (self._spaceless, not cell or (" " not in cell and len(cell) < 200)),
            ):
                if index in columns:
                    usual += 1
                    wrong += not holds
        return wrong <= usual // 5 and (usual > 0 or not prefix)


def sniff(lines: Sequence[str], delimiter: str | None) -> Dialect:
    """The dialect of a file that begins with these lines, the first of which is the header."""
    lines = [line for line in lines[:_SNIFFED_LINES] if line.strip()]
    candidates = [delimiter] if delimiter else list(_DELIMITERS)
    best = max(candidates, key=lambda one: _agreement(lines, Dialect(one)))
    plain, escaped = Dialect(best), Dialect(best, backslash=True)
    backslashes = any('\\"' in line for line in lines)
    return escaped if backslashes and _agreement(lines, escaped) > _agreement(lines, plain) else plain


@dataclass(frozen=True, slots=True)
class Record:
    cells: list[str]
    lines: int


def strict_records(lines: Sequence[str], dialect: Dialect) -> list[Record]:
    """The records in these lines that RFC 4180 knows no other reading of; what lies between them is left out."""
    records: list[Record] = []
    start, patience = 0, 20
    while start < len(lines):
        last = len(lines) if patience else min(len(lines), start + 12)
        end = _record_end(lines, start, last, dialect)
        if end is None:
            patience = max(0, patience - 1)
        else:
            record = split_leniently("\n".join(map(dialect.normal, lines[start:end])), dialect.delimiter)
            if record.strict:
                records.append(Record(record.cells, end - start))
                start = end - 1
        start += 1
    return records


def _record_end(lines: Sequence[str], start: int, last: int, dialect: Dialect) -> int | None:
    """The line after the one on which the record closes that begins at `start`."""
    open_at = split_leniently(dialect.normal(lines[start]), dialect.delimiter).open_at
    end = start + 1
    while open_at is not None and end < last:
        open_at = split_leniently(dialect.normal(lines[end]), dialect.delimiter, quoted=True).open_at
        end += 1
    return end if open_at is None else None


def _agreement(lines: Sequence[str], dialect: Dialect) -> tuple[float, int]:
    """The share of lines that are records as wide as the header, and that width; nothing for a single column."""
    records = strict_records(lines, dialect)
    width = len(records[0].cells) if records else 1
    same = sum(record.lines for record in records if len(record.cells) == width)
    return (same / len(lines) if width > 1 else 0.0), width


def _closing_quote(line: str, position: int, delimiter: str, strays: list[int]) -> int | None:
    while True:
        quote = line.find('"', position)
        if quote < 0:
            return None
        after = line[quote + 1 : quote + 2]
        if after == '"':
            position = quote + 2
        elif not after or after == delimiter:
            return quote
        else:
            strays.append(quote)
            position = quote + 1


def _stray_quotes(line: str, cells: Sequence[str], delimiter: str) -> bool:
    """Whether a field that is not quoted holds a quote. Cheap: only such fields can start a cell without one."""
    if not any('"' in cell for cell in cells):
        return False
    return not split_leniently(line, delimiter).strict
