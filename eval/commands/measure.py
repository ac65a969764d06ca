"""`measure`: score runs by judgements."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from eval.commands.command import Command, positive
from eval.commands.scoring import (
    MEASURED,
    breaking_of,
    conventions,
    declare_runs,
    means,
    means_of,
    qrels_of,
    run_of,
    runs_and_metrics,
)
from eval.intervals import bootstrap_interval
from eval.metrics import Scores, evaluate
from eval.recommendation import (
    Popularity,
    RecommendationMetric,
    parse_recommendation_metric,
    read_popularity,
    with_recommendation_metrics,
)
from eval.tables import table


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_runs(parser)
    parser.add_argument("-q", dest="by_query", action="store_true", help="show every query")
    parser.add_argument("--interval", action="store_true", help="95 %% bootstrap intervals of the means")
    parser.add_argument(
        "--popularity", type=Path, metavar="COUNTS.tsv", help="product, tab, interactions: for novelty@k, popularity@k"
    )
    parser.add_argument(
        "--catalogue-size", type=positive, metavar="N", help="products there are, for coverage@k (default: in COUNTS)"
    )
    parser.add_argument("--json", action="store_true", help='{"RUN": {"ndcg@10": 0.571, ...}, ...} instead of a table')


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    words = dict.fromkeys(args.runs_and_metrics)
    lists = [one for word in words if not Path(word).exists() and (one := parse_recommendation_metric(word))]
    others = [word for word in words if Path(word).exists() or not parse_recommendation_metric(word)]
    # Who asks for these alone gets these alone, and the share of judged products, as always.
    default = () if lists else MEASURED
    paths, metrics = runs_and_metrics(parser, others, default)
    if not paths:
        parser.error("name at least one run")
    popularity = _popularity(parser, args, lists)
    qrels = qrels_of(args)
    breaking = breaking_of(args, qrels)
    all_scores = []
    for path in paths:
        run = run_of(qrels, path)
        scores = evaluate(qrels, run, metrics, args.judged_only, breaking)
        all_scores.append(with_recommendation_metrics(scores, run, lists, popularity) if popularity else scores)
    if args.json:
        print(json.dumps({scores.run: _json_of(scores, args) for scores in all_scores}))
        return 0
    if args.by_query:
        for scores in all_scores:
            print(_by_query(scores), end="\n\n")
    print(means(all_scores, args.interval), conventions(qrels, metrics, args.judged_only), sep="\n\n")
    if lists:
        print(_LISTS)
    if args.interval:
        print("[ , ]: 95 % interval of the mean over queries, BCa bootstrap.")
    return 0


def _popularity(
    parser: argparse.ArgumentParser, args: argparse.Namespace, metrics: Sequence[RecommendationMetric]
) -> Popularity | None:
    """What the metrics of recommendations need to know; None where none is asked for."""
    if not metrics:
        return None
    if args.popularity:
        return read_popularity(args.popularity, args.catalogue_size)
    wanting = [str(metric) for metric in metrics if metric.kind != "coverage"]
    if wanting:
        parser.error(f"{', '.join(wanting)} need to know how popular products are: --popularity COUNTS.tsv")
    if not args.catalogue_size:
        parser.error(
            "coverage needs to know how many products there are: --catalogue-size N, or --popularity COUNTS.tsv"
        )
    return Popularity({}, args.catalogue_size)


def _json_of(scores: Scores, args: argparse.Namespace) -> dict[str, object]:
    found: dict[str, object] = dict(means_of(scores))
    if args.interval:
        intervals = {metric: bootstrap_interval(values) for metric, values in scores.values.items()}
        found["intervals"] = {metric: [one.low, one.high] for metric, one in intervals.items()}
    if args.by_query:
        found["queries"] = {
            query: {metric: float(values[i]) for metric, values in scores.values.items()}
            for i, query in enumerate(scores.queries)
        }
    return found


def _by_query(scores: Scores) -> str:
    rows = [
        [query, *(f"{values[i]:.4f}" for values in scores.values.values())] for i, query in enumerate(scores.queries)
    ]
    return f"{scores.run}\n\n" + table(["query", *scores.values], rows)


_LISTS = (
    "coverage: of the catalogue, by all lists together. novelty: bits. popularity: share of the hits that are\n"
    "best-sellers, the products with half of all interactions."
)

MEASURE = Command("score runs by judgements", _declare, _do)
