"""The slices of `compare`: which are asked for, from where it is known what a query is like, and how they came out."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.frequencies import column_frequencies, read_frequencies
from eval.metrics import Scores
from eval.qrels import EvalQuery
from eval.record import RunRecord, read_record
from eval.slices import (
    FIRST_COLUMN,
    SliceComparison,
    Slicing,
    column_of,
    compare_slices,
    corrected,
    slicings,
    understood,
)
from search.errors import JudgementError
from search.lexicon import Lexicon

ALWAYS = ("length", "language", "condition")
"""Slicings that need no more than the queries."""


@dataclass(frozen=True, slots=True)
class Sliced:
    """Every run in every slice, corrected over all of them; `notes` say where the slices come from and what is not
    among them."""

    comparisons: tuple[SliceComparison, ...]
    notes: tuple[str, ...]


def declare_slices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--slices", action="store_true", help="compare by length, language, condition, head and tail")
    parser.add_argument(
        "--slice-column", type=_column, action="append", default=[], metavar="N",
        help="also by what column N of the query file holds, 3 being the first after the text; may be repeated",
    )  # fmt: skip
    frequencies = parser.add_mutually_exclusive_group()
    frequencies.add_argument(
        "--frequency-column", type=_column, metavar="N", help="column N of the query file says how often it is asked"
    )
    frequencies.add_argument(
        "--frequencies", type=Path, metavar="FILE.tsv", help="a query (id or words), a tab, how often it is asked"
    )


def slices_wanted(args: argparse.Namespace) -> bool:
    return bool(args.slices or args.slice_column or args.frequencies or args.frequency_column)


def slice_runs(
    args: argparse.Namespace,
    paths: Sequence[Path],
    queries: Sequence[EvalQuery],
    lexicon: Lexicon | None,
    scores: Sequence[Scores],
    metric: str,
) -> Sliced:
    """`paths` and `scores`: the baseline first. Of queries that are all alike there are no slices.

    Raises JudgementError for columns and files that do not fit.
    """
    baseline, *runs = scores
    if not {query.id for query in queries} & set(baseline.queries):
        raise JudgementError(
            f"{args.queries} divides the judged queries into no slices, since it holds none of them; "
            f"are its ids those of the qrels?"
        )
    found, notes = divided(args, paths, queries, lexicon, baseline.queries)
    compared = [
        one for run in runs for one in compare_slices(baseline, run, metric, found, args.permutations, args.seed)
    ]
    return Sliced(corrected(compared), notes)


def divided(
    args: argparse.Namespace,
    paths: Sequence[Path],
    queries: Sequence[EvalQuery],
    lexicon: Lexicon | None,
    judged: Sequence[str],
) -> tuple[tuple[Slicing, ...], tuple[str, ...]]:
    """The slicings asked for, and the notes on them; `judged` are the ids of the queries that are scored."""
    frequencies = _frequencies(args, queries)
    for column in args.slice_column:
        _check_column(args.queries, queries, column)
    source, record = _record(paths)
    found = slicings(queries, record, lexicon, frequencies, dict.fromkeys(args.slice_column))
    notes = list(_left_out(found, frequencies))
    if any(slicing.name == "condition" for slicing in found):
        notes.append(_origin(args, source, lexicon))
    if missing := len(set(judged) - {query.id for query in queries}):
        notes.append(f"{missing} of {len(judged)} judged queries are not in {args.queries}, and in no slice.")
    return found, tuple(notes)


def _column(text: str) -> int:
    value = int(text)
    if value < FIRST_COLUMN:
        raise ValueError(text)
    return value


_column.__name__ = f"number from {FIRST_COLUMN} up (query_id and text are columns 1 and 2)"


def _frequencies(args: argparse.Namespace, queries: Sequence[EvalQuery]) -> Mapping[str, float] | None:
    if args.frequency_column:
        return column_frequencies(args.queries, queries, args.frequency_column)
    return read_frequencies(args.frequencies, queries) if args.frequencies else None


def _check_column(path: Path, queries: Sequence[EvalQuery], column: int) -> None:
    values = [value for query in queries if (value := column_of(query, column))]
    if not values:
        raise JudgementError(f"{path} has nothing in column {column}; query_id is column 1, the text column 2.")
    if len(values) == len(set(values)):
        raise JudgementError(f"{path}: column {column} differs in every query, so it makes no slices; name another.")


def _record(paths: Sequence[Path]) -> tuple[Path | None, RunRecord | None]:
    """The record to go by: of the first run, the baseline last, whose queries were understood."""
    baseline, *runs = paths
    for path in (*runs, baseline):
        record = read_record(path)
        if record is not None and understood(record):
            return path, record
    return None, None


def _left_out(found: Sequence[Slicing], frequencies: Mapping[str, float] | None) -> Sequence[str]:
    names = {slicing.name for slicing in found}
    alike = [name for name in (*ALWAYS, *(["frequency"] if frequencies is not None else [])) if name not in names]
    notes = [f"Left out, since all queries are alike in it: {', '.join(alike)}."] if alike else []
    if frequencies is None:
        notes.append(
            "Left out: head and tail. Give --frequency-column or --frequencies to say how often queries are asked."
        )
    return notes


def _origin(args: argparse.Namespace, source: Path | None, lexicon: Lexicon | None) -> str:
    if source is not None:
        return f"condition: what the engine understood when it made {source}."
    if lexicon is not None:
        return f"condition: the queries read as index {args.index} reads them."
    return "condition: the queries read without an index: prices, exclusions, sizes. --index adds brands and the like."
