"""Runs and metrics as people name them on the command line, scored: for every command that measures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from eval.commands.command import warn
from eval.metrics import KNOWN, Metric, Scores, evaluate, parse_metric
from eval.qrels import Qrels, Run, read_qrels, read_run
from eval.tables import table
from search.errors import JudgementError, RequestError

MEASURED = ("ndcg@10", "recall@100", "mrr@10", "map", "p@10", "judged@10")


def declare_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("qrels", type=Path, metavar="QRELS", help="judgements, TREC format")
    parser.add_argument("runs_and_metrics", nargs="+", metavar="RUN|METRIC", help=f"metrics: {KNOWN}")
    parser.add_argument("--judged-only", action="store_true", help="remove unjudged products before measuring")
    parser.add_argument("--answerable", action="store_true", help="leave out queries without a relevant product")


def runs_and_metrics(
    parser: argparse.ArgumentParser, words: Sequence[str], default: Sequence[str]
) -> tuple[list[Path], list[Metric]]:
    """Tell files from metrics: what exists is a run, whatever its name. A run or metric named twice counts once."""
    paths: dict[Path, None] = {}
    metrics: dict[Metric, None] = {}
    for word in words:
        if Path(word).exists():
            paths[Path(word)] = None
            continue
        try:
            metrics[parse_metric(word)] = None
        except RequestError as error:
            parser.error(f"'{word}' is neither a file that exists nor a metric. {error}")
    return list(paths), with_judged(list(metrics) or [parse_metric(name) for name in default])


def with_judged(metrics: list[Metric]) -> list[Metric]:
    """Add judged@k for the cut-off of every ndcg where no judged@k is asked for; judged@10 where there is no such k."""
    if any(metric.kind == "judged" for metric in metrics):
        return metrics
    cutoffs = {metric.cutoff: None for metric in metrics if metric.kind.startswith("ndcg") and metric.cutoff}
    return [*metrics, *(Metric("judged", cutoff) for cutoff in cutoffs or {10: None})]


def score(qrels: Qrels, path: Path, metrics: Sequence[Metric], judged_only: bool) -> Scores:
    run = read_run(path)
    _warn_of_strangers(qrels, run)
    return evaluate(qrels, run, metrics, judged_only)


def _warn_of_strangers(qrels: Qrels, run: Run) -> None:
    common = len(qrels.grades.keys() & run.hits.keys())
    if not common:
        warn(f"{run.name} answers none of the {len(qrels.grades)} judged queries; do these files belong together?")
    elif common < len(qrels.grades):
        warn(f"{run.name} has no results for {len(qrels.grades) - common} of {len(qrels.grades)} queries: they score 0")


def means_of(scores: Scores) -> dict[str, float]:
    return {metric: scores.mean(metric) for metric in scores.values}


def means(all_scores: Sequence[Scores]) -> str:
    header = ["run", *all_scores[0].values]
    return table(
        header, [[scores.run, *(f"{mean:.4f}" for mean in means_of(scores).values())] for scores in all_scores]
    )


def qrels_of(args: argparse.Namespace) -> Qrels:
    qrels = read_qrels(args.qrels)
    if not args.answerable:
        return qrels
    if not qrels.answerable().grades:
        raise JudgementError(f"No query in {args.qrels} has a relevant product; leave out --answerable.")
    return qrels.answerable()


def conventions(qrels: Qrels, metrics: Sequence[Metric], judged_only: bool) -> str:
    gains = {"ndcg": "ndcg: gain 2^grade - 1", "ndcg_lin": "ndcg_lin: gain = grade"}
    stated = [gains[kind] for kind in gains if any(metric.kind == kind for metric in metrics)]
    unjudged = "unjudged products removed (judged@k: before that)" if judged_only else "unjudged counts as 0"
    hopeless = len(qrels.grades) - len(qrels.answerable().grades)
    note = f", {hopeless} of them without a relevant product: they score 0 whatever the run" if hopeless else ""
    return f"{len(qrels.grades)} queries{note}. " + "; ".join([*stated, "relevant from grade 1", unjudged]) + "."
