"""`measure`: score runs by judgements."""

from __future__ import annotations

import argparse
import json

from eval.commands.command import Command
from eval.commands.scoring import (
    MEASURED,
    conventions,
    declare_runs,
    means,
    means_of,
    qrels_of,
    runs_and_metrics,
    score,
)
from eval.metrics import Scores
from eval.tables import table


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_runs(parser)
    parser.add_argument("-q", dest="by_query", action="store_true", help="show every query")
    parser.add_argument("--json", action="store_true", help='{"RUN": {"ndcg@10": 0.571, ...}, ...} instead of a table')


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    paths, metrics = runs_and_metrics(parser, args.runs_and_metrics, MEASURED)
    if not paths:
        parser.error("name at least one run")
    qrels = qrels_of(args)
    all_scores = [score(qrels, path, metrics, args.judged_only) for path in paths]
    if args.json:
        print(json.dumps({scores.run: _json_of(scores, args.by_query) for scores in all_scores}))
        return 0
    if args.by_query:
        for scores in all_scores:
            print(_by_query(scores), end="\n\n")
    print(means(all_scores), conventions(qrels, metrics, args.judged_only), sep="\n\n")
    return 0


def _json_of(scores: Scores, by_query: bool) -> dict[str, object]:
    means: dict[str, object] = dict(means_of(scores))
    if by_query:
        means["queries"] = {
            query: {metric: float(values[i]) for metric, values in scores.values.items()}
            for i, query in enumerate(scores.queries)
        }
    return means


def _by_query(scores: Scores) -> str:
    rows = [
        [query, *(f"{values[i]:.4f}" for values in scores.values.values())] for i, query in enumerate(scores.queries)
    ]
    return f"{scores.run}\n\n" + table(["query", *scores.values], rows)


MEASURE = Command("score runs by judgements", _declare, _do)
