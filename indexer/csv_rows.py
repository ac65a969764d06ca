"""CSV and TSV → rows, so that one unbalanced quotation mark costs the row it stands in and not the rest of the file.

A quoted field may hold line breaks, so a mark that is never closed makes a reader swallow line after line. Rows are
therefore put together line by line, and each line that arrives inside a quoted field is asked whether it would be a
row of its own: right number of cells, numbers where the column holds numbers, no spaces where it has none. If the
field never closes, closes in a row of the wrong width, or has plainly swallowed rows, the row that opened it is
rejected and reading goes on at the first line that looks like a row.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from indexer.csv_dialect import Columns, Dialect, Split, sniff, split_leniently, split_strict, strict_records
from indexer.json_rows import ROW_LIMIT
from search.errors import CatalogueError

_SAMPLE_CHARS = 1 << 20
_SAMPLE_LINES = 2000
_PATIENCE = 1000
"""Lines a quoted field may go on after one in this file already proved never to end."""

NEVER_CLOSED = "a quotation mark is opened and never closed"


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line without its end; `text` is None where it was too long to be read."""

    number: int
    text: str | None
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One record: as many cells as the header has, or the `reason` for which it has none."""

    line: int
    cells: list[str] | None
    reason: str = ""
    mended: bool = False


class CsvRows:
    """The header of a CSV file, then its rows. Raises CatalogueError where there is no usable header."""

    def __init__(self, lines: Iterator[Line], name: str, delimiter: str | None = None) -> None:
        self._lines, self._name = lines, name
        self._waiting: deque[Line] = deque()
        self._patience: int | None = None
        self._sample(delimiter)

    def __iter__(self) -> Iterator[Row]:
        while (first := self._next()) is not None:
            row = self._row(first)
            if row.cells is None or any(cell and not cell.isspace() for cell in row.cells):
                yield row

    def _sample(self, delimiter: str | None) -> None:
        size = 0
        for line in self._lines:
            self._waiting.append(line)
            size += len(line.text or "")
            if size > _SAMPLE_CHARS or len(self._waiting) >= _SAMPLE_LINES:
                break
        first = self._waiting[0].text if self._waiting else None
        if first and len(first) == 5 and first.lower().startswith("sep="):  # Excel's way of naming the delimiter
            delimiter = first[4]
            self._waiting.popleft()
        texts = [line.text for line in self._waiting if line.text is not None]
        self.dialect: Dialect = sniff(texts, delimiter)
        self.header = self._header()
        texts = [line.text for line in self._waiting if line.text is not None]
        rows = [record.cells for record in strict_records(texts, self.dialect)]
        self._columns = Columns(len(self.header), rows)

    def _header(self) -> list[str]:
        """Column names may hold line breaks too, within reason."""
        first = self._next()
        text = self.dialect.normal((first.text or "") if first else "")
        for _ in range(20):
            found = split_leniently(text, self.dialect.delimiter)
            if found.open_at is None:
                return found.cells
            following = self._next()
            if following is None:
                break
            text += "\n" + self.dialect.normal(following.text or "")
        raise CatalogueError(f"{self._name}: the header has a quotation mark that is never closed. Mend its first line")

    def _next(self) -> Line | None:
        return self._waiting.popleft() if self._waiting else next(self._lines, None)

    def _row(self, first: Line) -> Row:
        if first.text is None:
            return Row(first.number, None, f"longer than {ROW_LIMIT >> 20} MB")
        text = self.dialect.normal(first.text)
        cells = split_strict(text, self.dialect.delimiter)
        if cells is None:
            found = split_leniently(_without_spaces(text, self.dialect.delimiter), self.dialect.delimiter)
            cells = found.cells if found.open_at is None else self._literal(text)
            if cells is None:
                return self._several_lines(first, text)
        return self._checked(first, cells, first.mended)

    def _checked(self, first: Line, cells: list[str], mended: bool) -> Row:
        width, got = len(self.header), len(cells)
        if got > width and not any(cell.strip() for cell in cells[width:]):
            cells = cells[:width]
        elif got != width and any(cell.strip() for cell in cells):
            return Row(first.number, None, f"{got} cells where the header has {width}", mended)
        return Row(first.number, cells, mended=mended)

    def _literal(self, text: str) -> list[str] | None:
        """The line split without regard to quotes, where they pair up and that gives the right number of cells.

        For files that were written without any quoting: `5,"Super" Lamp,9.99`.
        """
        cells = text.split(self.dialect.delimiter)
        if text.count('"') % 2 or len(cells) != len(self.header):
            return None
        return [_unquoted(cell) for cell in cells]

    def _several_lines(self, first: Line, text: str) -> Row:
        """A record whose quoted field goes on behind its first line, if that is what it is."""
        lines, texts, restarts = [first], [text], _Restarts(self._columns, self.dialect.delimiter, text)
        closed, size = False, len(text)
        while not closed and not restarts.enough:
            line = self._within_reason(len(lines), size)
            if line is None:
                self._patience = _PATIENCE
                break
            text = self.dialect.normal(line.text or "")
            closed = '"' in text and split_leniently(text, self.dialect.delimiter, quoted=True).open_at is None
            lines.append(line)
            texts.append(text)
            size += len(text)
            restarts.look_at(len(lines) - 1, text)
        row = Row(first.number, None, NEVER_CLOSED, first.mended)
        if closed:
            whole = split_leniently("\n".join(texts), self.dialect.delimiter)
            if not restarts.swallowed(whole, len(lines)):
                row = self._checked(first, whole.cells, any(line.mended for line in lines))
                if row.cells is not None or restarts.first is None:
                    return row
        self._waiting.extendleft(reversed(lines[restarts.first or 1 :]))
        return row

    def _within_reason(self, lines: int, size: int) -> Line | None:
        """The next line of a record that already has this many lines and characters; None where that is too much."""
        if size > ROW_LIMIT or (self._patience is not None and lines >= self._patience):
            return None
        line = self._next()
        if line is not None and line.text is None:
            self._waiting.appendleft(line)
            return None
        return line


class _Restarts:
    """Lines inside a quoted field that look like the beginning of a row."""

    def __init__(self, columns: Columns, delimiter: str, first: str) -> None:
        self._columns, self._delimiter = columns, delimiter
        self._first_fits = columns.fit(first.split(delimiter))
        self._sure = self._weak = self._run = 0
        self.first: int | None = None
        """Index of the first such line."""

    @property
    def enough(self) -> bool:
        """So many in a row that there is no need to look for the end of the field."""
        return self._columns.telling and self._run >= (3 if self._first_fits else 200)

    def look_at(self, index: int, text: str) -> None:
        if not self._may_be_row(text):
            self._run = 0
            return
        sure = self._is_sure(text)
        weak = not sure and self._columns.fit(text.split(self._delimiter))
        self._sure += sure
        self._weak += weak
        self._run = self._run + 1 if sure or weak else 0
        if self.first is None and sure:
            self.first = index

    def swallowed(self, whole: Split, lines: int) -> bool:
        """Whether a record of this many lines holds other rows, or is broken for another reason."""
        if not self._sure:
            return False
        if not whole.strict or len(whole.cells) != self._columns.width:
            return True
        # By the letter this is a valid record; so it takes rows from first to last to think otherwise.
        inside = lines - 1
        if self._first_fits and self._sure + self._weak == inside:
            return True
        return self._columns.telling and self._sure >= max(3, 0.8 * (inside - 1))

    def _may_be_row(self, text: str) -> bool:
        """A quick look that spares most lines the close one: cells enough, or a quoted field that begins."""
        enough = text.count(self._delimiter) >= self._columns.width - 1
        return enough or text.startswith('"') or f'{self._delimiter}"' in text

    def _is_sure(self, text: str) -> bool:
        cells = split_strict(text, self._delimiter)
        if cells is not None:
            return self._columns.fit(cells)
        # Or it is the beginning of a row with a quoted field that goes on: the cells before that must fit.
        found = split_leniently(text, self._delimiter)
        opens = found.open_at is not None and found.open_at < len(text)
        return opens and self._columns.fit(found.cells, prefix=True)


def _without_spaces(line: str, delimiter: str) -> str:
    """`1, "a, b" , 2` with its quotes where they are looked for."""
    return re.sub(rf'(^|{re.escape(delimiter)}) +"|" +(?={re.escape(delimiter)}|$)', r'\1"', line)


def _unquoted(cell: str) -> str:
    bare = cell.strip()
    return bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] == '"' and '"' not in bare[1:-1] else cell
