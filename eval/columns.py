"""A whole TREC file at once, as columns: for files of millions of lines, five to ten times faster than line by line.

Only files without anything odd are read here. `qrels_at_once` and `run_at_once` give None for all others, and
`eval.qrels` reads those line by line, which is where every rule is written and every error has its line. What they do
give is what the line reader gives. Three things stand for that:

- Arrow's CSV reader refuses lines of another number of columns, what is not UTF-8, and numbers that no C++ program
  reads. Those it takes and Python refuses (nan, inf, 1e999) are looked for here.
- Its lines end where Python's do: a carriage return that no newline follows, which ends a line for Arrow only, is odd.
- White space around or, where spaces separate, inside an id is odd. Only the distinct ids have to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Texts: TypeAlias = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Judgements:
    """Query → product → grade, queries and products as the file first names them; the pairs with that mark."""

    grades: dict[str, dict[str, float]]
    marked: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Ids:
    """A column of texts: the distinct ones, in the order of their first line, and which one each line has."""

    distinct: Texts
    codes: Ints

    def of_lines(self, lines: Ints | None = None) -> list[str]:
        """One string object for each distinct id, however many lines have it."""
        return list(self.distinct[self.codes if lines is None else self.codes[lines]])


def qrels_at_once(content: bytes, mark: str, max_grade: float) -> Judgements | None:
    """Lines of ``query_id mark product_id grade`` in any order; None where one is odd or a pair is judged twice."""
    columns = _columns(content, ["text", "text", "text", "number"])
    if columns is None:
        return None
    queries, marks, products, grade = columns
    if not (np.abs(grade) <= max_grade).all():
        return None
    lines = None if _rises(queries.codes) else np.argsort(queries.codes, kind="stable")
    ids, values = products.of_lines(lines), (grade if lines is None else grade[lines]).tolist()
    grades = {}
    for query, part in _parts(queries):
        grades[query] = dict(zip(ids[part], values[part], strict=True))
        if len(grades[query]) != part.stop - part.start:
            return None
    marked = np.flatnonzero(marks.distinct[marks.codes] == mark)
    return Judgements(grades, frozenset(zip(queries.of_lines(marked), products.of_lines(marked), strict=True)))


def run_at_once(content: bytes) -> dict[str, tuple[str, ...]] | None:
    """Query → products by score, rank and line, from lines of ``query_id Q0 product_id rank score tag`` in any order.

    None where one is odd or a query has a product twice.
    """
    columns = _columns(content, ["text", "text", "text", "number", "number", "text"])
    if columns is None:
        return None
    queries, _, products, rank, score, _ = columns
    if not np.isfinite(score).all() or not np.isfinite(rank).all() or (rank != np.trunc(rank)).any():
        return None
    same = queries.codes[1:] == queries.codes[:-1]
    falls = (score[1:] < score[:-1]) | ((score[1:] == score[:-1]) & (rank[1:] >= rank[:-1]))
    in_order = _rises(queries.codes) and bool((falls | ~same).all())
    ids = products.of_lines(None if in_order else np.lexsort((rank, -score, queries.codes)))
    hits = {}
    for query, part in _parts(queries):
        hits[query] = tuple(ids[part])
        if len(set(hits[query])) != len(hits[query]):
            return None
    return hits


def _rises(codes: Ints) -> bool:
    return bool((codes[1:] >= codes[:-1]).all())


def _parts(queries: _Ids) -> Iterator[tuple[str, slice]]:
    """Each query with its lines, once the lines are in the order of the queries."""
    ends = np.cumsum(np.bincount(queries.codes, minlength=len(queries.distinct)))
    for query, (start, stop) in zip(queries.distinct, pairwise([0, *ends.tolist()]), strict=True):
        yield query, slice(start, stop)


def _columns(content: bytes, kinds: Sequence[str]) -> list[Any] | None:
    """Each column as `_Ids` or as floats, NaN where Arrow's idea of a number is nan or null; None for an odd file."""
    import pyarrow as pa  # slow to import, and small files do without
    from pyarrow import csv

    if content.count(b"\r") != content.count(b"\r\n"):
        return None
    separator = "\t" if b"\t" in content[: content.find(b"\n")] else " "
    names = [str(position) for position in range(len(kinds))]
    types = {name: pa.string() if kind == "text" else pa.float64() for name, kind in zip(names, kinds, strict=True)}
    try:
        table = csv.read_csv(
            pa.py_buffer(content),
            csv.ReadOptions(column_names=names),
            csv.ParseOptions(delimiter=separator, quote_char=False),
            csv.ConvertOptions(column_types=types),
        )
    except pa.ArrowInvalid:
        return None
    if not table.num_rows:
        return None
    columns: list[Any] = []
    for name, kind in zip(names, kinds, strict=True):
        if kind == "number":
            columns.append(table[name].to_numpy())
            continue
        encoded = table[name].dictionary_encode().combine_chunks()
        distinct = encoded.dictionary.to_pylist()
        if not all(map(_is_plain if separator == "\t" else _is_one_word, distinct)):
            return None
        columns.append(_Ids(np.array(distinct, dtype=object), encoded.indices.to_numpy().astype(np.int64)))
    return columns


def _is_plain(text: str) -> bool:
    return text != "" and text == text.strip()


def _is_one_word(text: str) -> bool:
    return text.split() == [text]
