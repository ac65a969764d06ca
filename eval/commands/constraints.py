"""`constraints`: do answers keep the conditions that the query names?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from eval.commands import engine
from eval.commands.command import Command, warn, watched
from eval.constraints import (
    PLACES,
    ConstrainedQuery,
    ConstraintScores,
    JudgedAnswer,
    JudgedHit,
    judge,
    read_constraints,
    sum_up,
)
from eval.tables import table
from search.domain import SearchRequest
from search.errors import JudgementError

AS_SERVED = SearchRequest(limit=PLACES)
DENSE = SearchRequest(limit=PLACES, understand=False, semantic_ratio=1.0)
"""By meaning alone, every word literal: what an engine does that has no more than an encoder."""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("queries", type=Path, metavar="QUERIES.jsonl", help="queries with the conditions they name")
    parser.add_argument("--index", metavar="NAME", help="search here (default: the index named as the catalogue)")
    parser.add_argument("--catalogue", metavar="NAME", help="only the queries of this catalogue")
    parser.add_argument("--dense", action="store_true", help="beside it, the same by meaning alone")
    parser.add_argument("-q", dest="by_query", action="store_true", help="show every query, and each hit that is wrong")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    queries = _chosen(args, read_constraints(args.queries))
    ways = {"served": AS_SERVED} | ({"dense": DENSE} if args.dense else {})
    answers: dict[str, list[JudgedAnswer]] = {way: [] for way in ways}
    with engine.open_search() as search:
        for query in watched(queries, "Searching"):
            for way, request in ways.items():
                asked = replace(request, text=query.text)
                answers[way].append(judge(query, search(args.index or query.catalogue, asked).hits))
    if args.json:
        print(json.dumps({way: _json(found, args.by_query) for way, found in answers.items()}, ensure_ascii=False))
        return 0
    if args.by_query:
        print(_by_query(answers), _wrong_hits(answers["served"]), sep="\n\n", end="\n\n")
    print(_summary({way: sum_up(found) for way, found in answers.items()}), _CONVENTIONS, sep="\n\n")
    return 0


def _chosen(args: argparse.Namespace, queries: Sequence[ConstrainedQuery]) -> Sequence[ConstrainedQuery]:
    """The queries to ask. An index with the name of a catalogue is taken to hold it: queries of others are left out."""
    catalogues = sorted({query.catalogue for query in queries})
    wanted = args.catalogue or (args.index if args.index in catalogues else None)
    if wanted is None:
        if args.index and len(catalogues) > 1:
            warn(f"queries of {', '.join(catalogues)} are all asked in '{args.index}'; choose with: --catalogue NAME")
        return queries
    chosen = [query for query in queries if query.catalogue == wanted]
    if not chosen:
        raise JudgementError(f"{args.queries} has no queries of '{wanted}'; there are: {', '.join(catalogues)}.")
    if len(chosen) < len(queries) and not args.catalogue:
        warn(
            f"{len(queries) - len(chosen)} of {len(queries)} queries are of other catalogues than '{wanted}': left out"
        )
    return chosen


# --- what is printed -------------------------------------------------------------------------------------------------

_CONVENTIONS = f"""\
violations@{PLACES}: share of the hits that break a condition; what a product does not say breaks none, and is unknown.
places: min({PLACES}, available) of a query. A filled query has as many hits on topic that break no condition."""


def _summary(scores: dict[str, ConstraintScores]) -> str:
    rows = [
        ["queries", *(str(one.queries) for one in scores.values())],
        ["hits", *(str(one.hits) for one in scores.values())],
        [f"violations@{PLACES}", *(f"{one.violations:.4f}" for one in scores.values())],
        [f"unknown@{PLACES}", *(f"{one.unknown:.4f}" for one in scores.values())],
        ["places filled", *(f"{one.places_filled:.4f}" for one in scores.values())],
        ["on topic", *(f"{one.on_topic:.4f}" for one in scores.values())],
        ["filled queries", *(f"{one.queries_filled}/{one.queries}" for one in scores.values())],
    ]
    return table(["", *scores], rows)


def _by_query(answers: dict[str, list[JudgedAnswer]]) -> str:
    header = ["query", "catalogue", "places", "hits", "unknown"]
    rows = [
        [one.query.text, one.query.catalogue, *map(str, (one.query.places, len(one.hits), one.unknown))]
        for one in answers["served"]
    ]
    for way, found in answers.items():
        header += [name if way == "served" else f"{way} {name}" for name in ("broken", "on topic", "filled")]
        for row, one in zip(rows, found, strict=True):
            row += [str(one.broken), str(one.on_topic), "yes" if one.filled else "no"]
    return table(header, rows, left=2)


def _wrong_hits(answers: Sequence[JudgedAnswer]) -> str:
    lines = [
        f"{answer.query.text} | {hit.rank} | {hit.id} | {_wrong(hit)} | {hit.title}"
        for answer in answers
        for hit in answer.hits
        if _wrong(hit)
    ]
    return "\n".join(["hits that break a condition or are off topic:", *(lines or ["none"])])


def _wrong(hit: JudgedHit) -> str:
    return "; ".join([*hit.broken, *([] if hit.on_topic else ["off topic"])])


def _json(answers: Sequence[JudgedAnswer], by_query: bool) -> dict[str, object]:
    scores = sum_up(answers)
    found: dict[str, object] = {
        "queries": scores.queries,
        "hits": scores.hits,
        f"violations@{PLACES}": scores.violations,
        f"unknown@{PLACES}": scores.unknown,
        "places_filled": scores.places_filled,
        "on_topic": scores.on_topic,
        "queries_filled": scores.queries_filled,
    }
    if by_query:
        found["by_query"] = [
            {
                "q": one.query.text,
                "catalogue": one.query.catalogue,
                "places": one.query.places,
                "filled": one.filled,
                "hits": [asdict(hit) for hit in one.hits],
            }
            for one in answers
        ]
    return found


CONSTRAINTS = Command("do answers keep the conditions that the queries name?", _declare, _do)
