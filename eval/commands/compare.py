"""`compare`: is a run better than a baseline, or was it lucky?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from eval.commands.command import Command, positive
from eval.commands.scoring import conventions, declare_runs, qrels_of, runs_and_metrics, score
from eval.compare import PERMUTATIONS, Comparison, compare
from eval.qrels import read_queries
from eval.tables import table

COMPARED = ("ndcg@10", "recall@100", "mrr@10", "judged@10")


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_runs(parser)
    parser.add_argument("-q", dest="by_query", action="store_true", help="list the queries that changed most")
    parser.add_argument("--queries", type=Path, metavar="Q.tsv", help="with -q: show what the queries say")
    parser.add_argument("--permutations", type=positive, default=PERMUTATIONS, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the permutations (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="a list of objects, one for each metric and run")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    paths, metrics = runs_and_metrics(parser, args.runs_and_metrics, COMPARED)
    if len(paths) < 2:
        parser.error("name the baseline and at least one other run")
    if args.seed < 0:
        parser.error("--seed must not be negative")
    texts = {query.id: query.text for query in read_queries(args.queries)} if args.queries else {}
    qrels = qrels_of(args)
    baseline, *runs = (score(qrels, path, metrics, args.judged_only) for path in paths)
    comparisons = compare(baseline, runs, args.permutations, args.seed)
    if args.json:
        print(json.dumps([_comparison_json(baseline.run, comparison, args.by_query) for comparison in comparisons]))
        return 0
    print(_comparison_table(baseline.run, comparisons))
    if args.by_query:
        for comparison in comparisons:
            print("", _movers(comparison, texts), sep="\n")
    print("", conventions(qrels, metrics, args.judged_only), _TESTS, sep="\n")
    return 0


_TESTS = (
    "p: paired randomisation test, two-sided; p_holm: the same, corrected for the number of runs compared;\n"
    "p_t: paired t test. wins, losses and ties count queries."
)


def _comparison_table(baseline: str, comparisons: Sequence[Comparison]) -> str:
    rows = [
        [
            c.metric, c.run, f"{c.baseline_mean:.4f}", f"{c.mean:.4f}", f"{c.difference:+.4f}",
            str(c.wins), str(c.losses), str(c.ties), f"{c.p:.4f}", f"{c.p_holm:.4f}", f"{c.p_t:.4f}",
        ]
        for c in comparisons
    ]  # fmt: skip
    header = ["metric", "run", "baseline", "mean", "diff", "wins", "losses", "ties", "p", "p_holm", "p_t"]
    return f"baseline: {baseline}\n\n" + table(header, rows, left=2)


def _movers(comparison: Comparison, texts: dict[str, str]) -> str:
    title = f"{comparison.run}, {comparison.metric}: "
    if not comparison.movers:
        return title + "no query changed"
    rows = [
        [mover.query, f"{mover.baseline:.4f}", f"{mover.value:.4f}", f"{mover.difference:+.4f}"]
        for mover in comparison.movers
    ]
    lines = table(["query", "baseline", "run", "diff"], rows).split("\n")
    shown = [line + "  " + texts.get(mover.query, "") for line, mover in zip(lines[1:], comparison.movers, strict=True)]
    return "\n".join([title + "the queries that changed most", lines[0], *(line.rstrip() for line in shown)])


def _comparison_json(baseline: str, comparison: Comparison, by_query: bool) -> dict[str, object]:
    fields = {"baseline": baseline, **asdict(comparison), "difference": comparison.difference}
    if not by_query:
        del fields["movers"]
    return fields


COMPARE = Command("compare runs with a baseline, with significance", _declare, _do)
