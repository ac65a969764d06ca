"""Reads sheets that came back: tolerant of what spreadsheets do to a file, strict about what a grade is and whose.

Any of comma, semicolon and tab; UTF-8 with or without mark, UTF-16, GB 18030 and Windows-1252, which are what Excel
writes; columns in any order, with others between them; `3`, `3,0`, `3.0` and `３`. A blank grade is not judged.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.judging.pools import Pair
from eval.judging.products import one_line
from eval.judging.sheets import pair_code, unguarded
from eval.long_cells import cells_up_to
from eval.qrels import error_at
from search.errors import JudgementError

MAX_CELL = 1 << 20

_NAMES = {
    "query_id": ("query_id", "queryid", "qid", "topic", "topic_id"),
    "product_id": ("product_id", "productid", "product", "docno", "doc_id", "document"),
    "grade": ("grade", "label", "relevance", "rating", "judgement", "judgment", "评分", "等级", "打分"),
    "judge": ("judge", "rater", "annotator", "assessor", "评审", "评审人"),
    "pair": ("pair",),
    "query": ("query", "text"),
}
"""Our name → what a header may call it: caseless, with spaces or hyphens for the underscore."""

_NUMBER = re.compile(r"([+-]?[0-9]{1,6})(?:[.,]0*)?")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet. `grade` is the cell as it stands; `cells` all of them, by our names where we have one."""

    file: Path
    line: int
    pair: Pair
    grade: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Grading:
    """One grade by one judge. `file` and `line` tell where it stands."""

    pair: Pair
    judge: str
    grade: float
    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """`restored` counts ids that a spreadsheet altered; `checked` is False where nothing says that ids are right."""

    rows: tuple[Row, ...]
    restored: int
    checked: bool


def read_sheet(path: Path, pool: Mapping[str, Pair] | None = None, needed: Sequence[str] = ("grade",)) -> Sheet:
    """Every row that is not empty. `pool` holds the pairs that were to be judged, by their codes; see `pairs_of`.

    Raises JudgementError with file and line: no header, a row of the wrong length, ids that belong to no pair.
    """
    records = _records(path)
    header = _header(path, records, needed)
    known = None if pool is None else frozenset(pool.values())
    rows, restored, checked = [], 0, True
    for line, record in records:
        if len(record) > len(header) and any(cell.strip() for cell in record[len(header) :]):
            raise error_at(
                path, line, f"{len(record)} cells under {len(header)} columns; put cells with separators into quotes"
            )
        # Not normalised: an id may hold full-width signs.
        cells = {name: unguarded(cell.strip()) for name, cell in zip(header, record, strict=False) if name}
        cells = dict.fromkeys(filter(None, header), "") | cells
        if not any(cells.values()):
            continue
        asked = Pair(cells["query_id"], cells["product_id"])
        pair = _checked_pair(path, line, asked, cells.get("pair", ""), pool, known)
        restored += pair != asked
        checked = checked and (known is not None or bool(cells.get("pair")))
        rows.append(Row(path, line, pair, _plain(cells.get("grade", "")), cells))
    if not rows:
        raise JudgementError(f"{path} has a header and no rows.")
    return Sheet(tuple(rows), restored, checked)


def pairs_of(sheets: Sequence[Sheet]) -> dict[str, Pair]:
    """The pairs of pools by their codes: what `read_sheet` checks the sheets that come back against."""
    return {pair_code(row.pair): row.pair for sheet in sheets for row in sheet.rows}


def gradings(sheet: Sheet, scale: Sequence[int]) -> Iterator[Grading]:
    """The rows that are graded. A judge is who the column `judge` names, else the name of the file.

    Raises JudgementError for a grade that is not on the scale.
    """
    for row in sheet.rows:
        grade = parse_grade(row.grade)
        if grade is None and row.grade:
            said = f"'{row.grade}' is no whole number"
        elif grade is not None and grade not in scale:
            said = f"{grade} is not on the scale"
        else:
            if grade is not None:
                judge = _plain(row.cells.get("judge", "")) or row.file.stem
                yield Grading(row.pair, judge, float(grade), row.file, row.line)
            continue
        names = ", ".join(map(str, scale))
        raise error_at(row.file, row.line, f"grade {said}; it must be one of {names}, or blank if not judged")


def parse_grade(text: str) -> int | None:
    """None for what is not a whole number, however a spreadsheet writes one."""
    found = _NUMBER.fullmatch(_plain(text).removeprefix("'").strip())
    return int(found[1]) if found else None


def _checked_pair(
    path: Path, line: int, asked: Pair, code: str, pool: Mapping[str, Pair] | None, known: frozenset[Pair] | None
) -> Pair:
    """The pair of a row, or the one its code stands for where a spreadsheet altered an id."""
    if code and code != pair_code(asked):
        if known is not None and asked in known:
            raise error_at(
                path, line, "the pair code belongs to another row; was one column sorted without the others?"
            )
        if pool is not None and code in pool:
            return pool[code]
        if pool is None:
            told = "did a spreadsheet alter an id? Name the sheet as it was exported with --pool"
        else:
            told = "neither is in the pool"
        raise error_at(
            path, line, f"query '{asked.query}' and product '{asked.product}' are not those of pair '{code}'; {told}"
        )
    if not asked.query or not asked.product:
        raise error_at(path, line, "query_id or product_id is empty")
    if known is not None and asked not in known:
        raise error_at(path, line, f"query '{asked.query}' with product '{asked.product}' is not in the pool")
    return asked


def _header(path: Path, records: Iterator[tuple[int, list[str]]], needed: Sequence[str]) -> list[str]:
    """Our names of the columns. Raises JudgementError where one is missing or comes twice."""
    first = next(records, None)
    if first is None:
        raise JudgementError(f"{path} is empty.")
    line, record = first
    written = [re.sub(r"[\s-]+", "_", _plain(cell).casefold()) for cell in record]
    # Where a column bears our own name, others that could mean the same are somebody's extra columns.
    ours = {other: name for name, others in _NAMES.items() for other in others if name not in written or other == name}
    names = [ours.get(name, name) for name in written]
    for name in ("query_id", "product_id", *needed):
        if name not in names:
            found = ", ".join(filter(None, written)) or "none"
            raise error_at(path, line, f"no column is named {name}. Columns found: {found}")
    for name in _NAMES:
        if names.count(name) > 1:
            twice = " and ".join(old for old, new in zip(written, names, strict=True) if new == name)
            raise error_at(path, line, f"two columns could be the {name}: {twice}; rename one")
    return names


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Records with the number of the line each begins at, the header first."""
    text = _decoded(path)
    separator = _separator(text)
    lines = text.splitlines(keepends=True)
    skipped = 0
    if lines and (found := re.fullmatch(r"sep=(.)\s*", lines[0])):  # how Excel is told the separator
        separator, skipped = found[1], 1
    reader = csv.reader(io.StringIO("".join(lines[skipped:]), newline=""), delimiter=separator, strict=True)
    begins = skipped + 1
    try:
        with cells_up_to(MAX_CELL):
            for record in reader:
                if any(cell.strip() for cell in record):
                    yield begins, record
                begins = skipped + reader.line_num + 1
    except csv.Error as error:
        raise error_at(path, begins, f"this is no CSV ({error})") from error


def _separator(text: str) -> str:
    """The one that the first line has most of, outside quotes."""
    first = re.sub(r'"[^"]*"', "", next((line for line in text.splitlines() if line.strip()), ""))
    return max(",;\t", key=first.count)


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise JudgementError(f"{path} cannot be read: {error.strerror or error}") from error
    if raw.startswith(b"PK\x03\x04"):
        raise JudgementError(f"{path} is a workbook, not CSV. Save it from the spreadsheet as «CSV UTF-8».")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif b"\0" in raw[:200]:
        encodings = ["utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "gb18030", "cp1252"]
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise JudgementError(f"{path} is in an unknown encoding. Save it as «CSV UTF-8».")


def _plain(cell: str) -> str:
    return one_line(unicodedata.normalize("NFKC", cell))
