"""Runs and metrics as people name them on the command line, scored: for every command that measures."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from pathlib import Path

from eval.commands.command import warn
from eval.intervals import bootstrap_interval
from eval.judging.record import judge_note
from eval.metrics import BY_THEMSELVES, KNOWN, RELEVANT, Metric, Scores, evaluate, hopeless, parse_metric
from eval.qrels import Qrels, Run, read_qrels, read_run
from eval.tables import table
from search.errors import JudgementError, RequestError

MEASURED = ("ndcg@10", "recall@100", "mrr@10", "map", "p@10", "judged@10")


def declare_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("qrels", type=Path, metavar="QRELS", help="judgements, TREC format")
    parser.add_argument("runs_and_metrics", nargs="+", metavar="RUN|METRIC", help=f"metrics: {KNOWN}")
    parser.add_argument("--judged-only", action="store_true", help="remove unjudged products before measuring")
    parser.add_argument("--answerable", action="store_true", help="leave out queries without a relevant product")
    parser.add_argument(
        "--violations", type=Path, metavar="FILE", help="products that break a condition, as qrels of grade 1"
    )


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
    return evaluate(qrels, run_of(qrels, path), metrics, judged_only)


def run_of(qrels: Qrels, path: Path) -> Run:
    """Reads a run, and warns where it does not answer all that was judged."""
    run = read_run(path)
    _warn_of_strangers(qrels, run)
    return run


def _warn_of_strangers(qrels: Qrels, run: Run) -> None:
    common = len(qrels.grades.keys() & run.hits.keys())
    if not common:
        warn(f"{run.name} answers none of the {len(qrels.grades)} judged queries; do these files belong together?")
    elif common < len(qrels.grades):
        warn(f"{run.name} has no results for {len(qrels.grades) - common} of {len(qrels.grades)} queries: they score 0")


def means_of(scores: Scores) -> dict[str, float]:
    return {metric: scores.mean(metric) for metric in scores.values} | dict(scores.totals)


def means(all_scores: Sequence[Scores], intervals: bool = False) -> str:
    """A table of the runs. With `intervals` each mean has its 95 % bootstrap interval beside it."""

    def cell(scores: Scores, metric: str, mean: float) -> str:
        if not intervals or metric in scores.totals:
            return f"{mean:.4f}"
        interval = bootstrap_interval(scores.values[metric])
        return f"{mean:.4f} [{interval.low:.4f}, {interval.high:.4f}]"

    rows = [
        [scores.run, *(cell(scores, metric, mean) for metric, mean in means_of(scores).items())]
        for scores in all_scores
    ]
    return table(["run", *means_of(all_scores[0])], rows)


def qrels_of(args: argparse.Namespace) -> Qrels:
    qrels = read_qrels(args.qrels)
    judge = judge_note(qrels)
    if judge and getattr(args, "json", False):  # a table says it below, see `conventions`; JSON has no place for it
        warn(judge)
    if not args.answerable:
        return qrels
    if not qrels.answerable().grades:
        raise JudgementError(f"No query in {args.qrels} has a relevant product; leave out --answerable.")
    return qrels.answerable()


def breaking_of(args: argparse.Namespace, qrels: Qrels) -> Qrels | None:
    """Products that break a condition of a query, for violations@k; None where no file is named. Warns of a model's."""
    if args.violations is None:
        return None
    breaking = read_qrels(args.violations)
    if not breaking.grades.keys() & qrels.grades.keys():
        warn(f"{args.violations} names none of the {len(qrels.grades)} judged queries; do these files belong together?")
    if judge := judge_note(breaking):
        warn(f"{args.violations}: {judge}")
    return breaking


def conventions(qrels: Qrels, metrics: Sequence[Metric], judged_only: bool) -> str:
    """How the numbers are to be read, and whose judgements they rest on."""
    kinds = {metric.kind for metric in metrics}
    top = max((grade for judged in qrels.grades.values() for grade in judged.values()), default=0)
    gains = {
        "ndcg": "ndcg: gain 2^grade - 1",
        "ndcg_lin": "ndcg_lin: gain = grade",
        "err": f"err: highest grade {max(top, RELEVANT):g}",
        "rbp": "rbp: persistence 0.8 unless named",
        "violations": "violations: products that the file does not name break nothing",
    }
    stated = [said for kind, said in gains.items() if kind in kinds]
    note = ""
    if kinds - BY_THEMSELVES:
        served = "judged@k and violations@k" if "violations" in kinds else "judged@k"
        removed = f"unjudged products removed ({served}: before that)"
        stated += ["relevant from grade 1", removed if judged_only else "unjudged counts as 0"]
        note = _hopeless(qrels, kinds)
    said = f"{len(qrels.grades)} queries{note}." + (f" {'; '.join(stated)}." if stated else "")
    judge = judge_note(qrels)
    return f"{said}\n{judge}" if judge else said


def _hopeless(qrels: Qrels, kinds: Collection[str]) -> str:
    """Of queries without a relevant product; "" where there are none."""
    count, weighing = hopeless(qrels, kinds)
    but = f" in every metric but {' and '.join(weighing)}" if weighing else ""
    return f", {count} of them without a relevant product: they score 0 whatever the run{but}" if count else ""
