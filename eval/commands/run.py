"""`run`: ask the engine every query and write the answers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from eval.commands import engine
from eval.commands.command import Command, positive, ratio, warn
from eval.commands.scoring import MEASURED, means, means_of, with_judged
from eval.judging.record import judge_note
from eval.metrics import evaluate, parse_metric
from eval.qrels import EvalQuery, Qrels, read_qrels, read_queries, read_run
from eval.record import QueryRecord, RunRecord, Software, encoder_name, machine, software, write_record
from eval.run import DEPTH, run_queries
from search.domain import Json, SearchRequest
from search.errors import FilterError
from search.filters import parse_filter

if TYPE_CHECKING:
    from search.engine import IndexStats


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--queries", type=Path, required=True, metavar="Q.tsv", help="query_id, a tab, the text")
    parser.add_argument("--qrels", type=Path, metavar="QRELS.tsv", help="judgements to measure the run by at once")
    parser.add_argument("--index", default="products", help="which index to search (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("run.trec"), help="the run to write (default: %(default)s)")
    parser.add_argument("--depth", type=positive, default=DEPTH, help="hits for each query (default: %(default)s)")
    parser.add_argument(
        "--semantic-ratio", type=ratio, metavar="R", help="1 for meaning alone, 0 for words alone; unset: as served"
    )
    parser.add_argument("--no-understand", action="store_true", help="take every word of a query literally")
    parser.add_argument("--filter", metavar="EXPRESSION", help="search among these products, as 'brand = HP'")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    request = _request(parser, args)
    queries = read_queries(args.queries)
    qrels = None if args.qrels is None else read_qrels(args.qrels)
    if qrels is not None:
        _warn_of_unasked(args, queries, qrels)
    options = {"semantic_ratio": args.semantic_ratio, "understand": not args.no_understand, "filter": args.filter}
    code, started = software(), datetime.now(UTC).isoformat(timespec="seconds")
    with engine.open_indexes() as indexes:
        stats = indexes.stats(args.index)
        search = partial(indexes.search, args.index)
        asked = run_queries(search, queries, args.out, args.index, args.depth, request=request)
    written = {**options, "depth": args.depth, **indexes.settings}
    write_record(args.out, _record(stats, written, asked.queries, code, started))
    summary = {"index": args.index, "out": str(args.out), **options, **asdict(asked.summary)}
    if qrels is not None:
        scores = evaluate(qrels, read_run(args.out), with_judged([parse_metric(name) for name in MEASURED]))
        print(means([scores]), *filter(None, [judge_note(qrels)]), sep="\n\n", end="\n\n")
        summary["metrics"] = means_of(scores)
    print(json.dumps(summary))
    return 0


def _record(
    stats: IndexStats, options: dict[str, Json], queries: Mapping[str, QueryRecord], code: Software, started: str
) -> RunRecord:
    manifest = stats.manifest
    return RunRecord(
        index=manifest.index,
        index_version=manifest.version,
        products=stats.products,
        encoder=encoder_name(manifest.encoder),
        recipe=manifest.recipe,
        learning=manifest.learning,
        built_at=manifest.created_at,
        created_at=started,
        software=code,
        options=options,
        queries=queries,
        machine=machine(),
    )


def _request(parser: argparse.ArgumentParser, args: argparse.Namespace) -> SearchRequest:
    """What every query is asked with besides its words."""
    try:
        wanted = parse_filter(args.filter)
    except FilterError as error:
        parser.error(f"--filter: {error}")
    return SearchRequest(filter=wanted, understand=not args.no_understand, semantic_ratio=args.semantic_ratio)


def _warn_of_unasked(args: argparse.Namespace, queries: Sequence[EvalQuery], qrels: Qrels) -> None:
    unasked = len(qrels.grades.keys() - {query.id for query in queries})
    if unasked:
        warn(f"{unasked} of {len(qrels.grades)} queries judged in {args.qrels} are not in {args.queries}: they score 0")


RUN = Command("ask the engine every query and write the answers", _declare, _do)
