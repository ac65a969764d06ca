"""How often each query is asked: from a column of the query file, or from a file of counts, as search logs give it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from eval.qrels import EvalQuery, error_at, lines_of
from eval.slices import column_of
from search.errors import JudgementError
from search.lexicon.folding import fold


def column_frequencies(path: Path, queries: Sequence[EvalQuery], column: int) -> dict[str, float]:
    """By query id, from the column of that number in the query file `path` (3 is the first after the text).

    Raises JudgementError, naming the query, where a query has no number from 0 up there.
    """
    found = {}
    for query in queries:
        text = column_of(query, column)
        count = _count(text)
        if count is None:
            raise JudgementError(
                f"{path}, query '{query.id}': column {column} holds {text!r}, and a frequency is a number from 0 up. "
                f"Columns are counted from 1: query_id, text, then column 3."
            )
        found[query.id] = count
    return found


def read_frequencies(path: Path, queries: Sequence[EvalQuery]) -> dict[str, float]:
    """By query id, from lines of ``query TAB count`` where the query is named by its id or by its words.

    Words are compared caseless, and blanks count as one. Counts of one query are added up; other queries of the log are
    not looked at. Raises JudgementError, also where no query of `queries` is named.
    """
    named: dict[str, list[str]] = {}
    for query in queries:
        named.setdefault(_words(query.text), []).append(query.id)
    ids = {query.id for query in queries}
    found: dict[str, float] = {}
    for number, line in lines_of(path):
        name, *columns = (column.strip() for column in line.split("\t"))
        count = _count(columns[0]) if columns else None
        if count is None:
            hint = " If this is a header, remove the line." if number == 1 else ""
            raise error_at(path, number, f"expected a query (its id or its words), a tab and a number from 0 up.{hint}")
        for query_id in [name] if name in ids else named.get(_words(name), ()):
            found[query_id] = found.get(query_id, 0.0) + count
    if not found:
        raise JudgementError(
            f"{path} names none of the queries, neither by id nor by words; do the files belong together?"
        )
    return found


def _words(text: str) -> str:
    return " ".join(fold(text).split())


def _count(text: str) -> float | None:
    try:
        count = float(text)
    except ValueError:
        return None
    return count if math.isfinite(count) and count >= 0 and "_" not in text else None
