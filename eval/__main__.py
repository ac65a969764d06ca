"""The command line of relevance evaluation: ``python -m eval run | measure | compare``.

Exit status: 0 done, 1 refused or failed, 2 wrong usage. Results go to standard output, everything else to standard
error. Only `run` loads the engine; `measure` and `compare` need nothing but the files.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from eval.compare import PERMUTATIONS, Comparison, compare
from eval.metrics import KNOWN, Metric, Scores, evaluate, parse_metric
from eval.qrels import EvalQuery, Qrels, Run, read_qrels, read_queries, read_run
from eval.run import DEPTH, Search, run_queries
from eval.tables import table
from search.errors import DaogouError, JudgementError, RequestError

MEASURED = ("ndcg@10", "recall@100", "mrr@10", "map", "p@10", "judged@10")
COMPARED = ("ndcg@10", "recall@100", "mrr@10", "judged@10")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status; raises nothing that a user can cause."""
    parser = argparse.ArgumentParser(
        prog="python -m eval", description="How good are the results? Run, measure, compare."
    )
    parser.add_argument(
        "command", choices=COMMANDS, help="; ".join(f"{name}: {c.help}" for name, c in COMMANDS.items())
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="COMMAND --help lists them")
    try:
        first = parser.parse_args(argv)
        command = COMMANDS[first.command]
        own = argparse.ArgumentParser(prog=f"{parser.prog} {first.command}", description=command.help)
        command.declare(own)
        return command.do(own, own.parse_intermixed_args(first.arguments))
    except SystemExit as stop:  # argparse: 0 after --help, 2 after a usage error
        return stop.code if isinstance(stop.code, int) else 2
    except KeyboardInterrupt:
        print("Interrupted; nothing was written.", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of a pipe had enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (DaogouError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


# --- run -------------------------------------------------------------------------------------------------------------


def _declare_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--queries", type=Path, required=True, metavar="Q.tsv", help="query_id, a tab, the text")
    parser.add_argument("--qrels", type=Path, metavar="QRELS.tsv", help="judgements to measure the run by at once")
    parser.add_argument("--index", default="products", help="which index to search (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("run.trec"), help="the run to write (default: %(default)s)")
    parser.add_argument("--depth", type=_positive, default=DEPTH, help="hits for each query (default: %(default)s)")


def _do_run(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    queries = read_queries(args.queries)
    qrels = None if args.qrels is None else read_qrels(args.qrels)
    if qrels is not None:
        _warn_of_unasked(args, queries, qrels)
    with open_searcher(args.index) as search:
        done = run_queries(search, queries, args.out, tag=args.index, depth=args.depth)
    summary = {"index": args.index, "out": str(args.out), **asdict(done)}
    if qrels is not None:
        scores = evaluate(qrels, read_run(args.out), _with_judged([parse_metric(name) for name in MEASURED]))
        print(_means([scores]), end="\n\n")
        summary["metrics"] = _means_of(scores)
    print(json.dumps(summary))
    return 0


@contextmanager
def open_searcher(index: str) -> Iterator[Search]:
    """The engine on one index. Imported here so that measuring files needs neither torch nor Qdrant."""
    from search.bootstrap import open_engine
    from search.settings import Settings

    engine = open_engine(Settings.load())
    try:
        yield partial(engine.search, index)
    finally:
        engine.close()


def _warn_of_unasked(args: argparse.Namespace, queries: Sequence[EvalQuery], qrels: Qrels) -> None:
    unasked = len(qrels.grades.keys() - {query.id for query in queries})
    if unasked:
        _warn(
            f"{unasked} of {len(qrels.grades)} queries judged in {args.qrels} are not in {args.queries}: they score 0"
        )


# --- measure ---------------------------------------------------------------------------------------------------------


def _declare_measure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("qrels", type=Path, metavar="QRELS", help="judgements, TREC format")
    parser.add_argument("runs_and_metrics", nargs="+", metavar="RUN|METRIC", help=f"metrics: {KNOWN}")
    parser.add_argument("--judged-only", action="store_true", help="remove unjudged products before measuring")
    parser.add_argument("--answerable", action="store_true", help="leave out queries without a relevant product")
    parser.add_argument("-q", dest="by_query", action="store_true", help="show every query")
    parser.add_argument("--json", action="store_true", help='{"RUN": {"ndcg@10": 0.571, ...}, ...} instead of a table')


def _do_measure(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    paths, metrics = _runs_and_metrics(parser, args.runs_and_metrics, MEASURED)
    if not paths:
        parser.error("name at least one run")
    qrels = _qrels(args)
    all_scores = [_score(qrels, path, metrics, args.judged_only) for path in paths]
    if args.json:
        print(json.dumps({scores.run: _json_of(scores, args.by_query) for scores in all_scores}))
        return 0
    if args.by_query:
        for scores in all_scores:
            print(_by_query(scores), end="\n\n")
    print(_means(all_scores), _conventions(qrels, metrics, args.judged_only), sep="\n\n")
    return 0


def _json_of(scores: Scores, by_query: bool) -> dict[str, object]:
    means: dict[str, object] = dict(_means_of(scores))
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


# --- compare ---------------------------------------------------------------------------------------------------------


def _declare_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("qrels", type=Path, metavar="QRELS", help="judgements, TREC format")
    parser.add_argument("runs_and_metrics", nargs="+", metavar="RUN|METRIC", help=f"metrics: {KNOWN}")
    parser.add_argument("--judged-only", action="store_true", help="remove unjudged products before measuring")
    parser.add_argument("--answerable", action="store_true", help="leave out queries without a relevant product")
    parser.add_argument("-q", dest="by_query", action="store_true", help="list the queries that changed most")
    parser.add_argument("--queries", type=Path, metavar="Q.tsv", help="with -q: show what the queries say")
    parser.add_argument("--permutations", type=_positive, default=PERMUTATIONS, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the permutations (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="a list of objects, one for each metric and run")


def _do_compare(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    paths, metrics = _runs_and_metrics(parser, args.runs_and_metrics, COMPARED)
    if len(paths) < 2:
        parser.error("name the baseline and at least one other run")
    if args.seed < 0:
        parser.error("--seed must not be negative")
    texts = {query.id: query.text for query in read_queries(args.queries)} if args.queries else {}
    qrels = _qrels(args)
    baseline, *runs = (_score(qrels, path, metrics, args.judged_only) for path in paths)
    comparisons = compare(baseline, runs, args.permutations, args.seed)
    if args.json:
        print(json.dumps([_comparison_json(baseline.run, comparison, args.by_query) for comparison in comparisons]))
        return 0
    print(_comparison_table(baseline.run, comparisons))
    if args.by_query:
        for comparison in comparisons:
            print("", _movers(comparison, texts), sep="\n")
    print("", _conventions(qrels, metrics, args.judged_only), _TESTS, sep="\n")
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


# --- what the commands share -----------------------------------------------------------------------------------------


def _runs_and_metrics(
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
    return list(paths), _with_judged(list(metrics) or [parse_metric(name) for name in default])


def _with_judged(metrics: list[Metric]) -> list[Metric]:
    """Add judged@k for the cut-off of every ndcg where no judged@k is asked for; judged@10 where there is no such k."""
    if any(metric.kind == "judged" for metric in metrics):
        return metrics
    cutoffs = {metric.cutoff: None for metric in metrics if metric.kind.startswith("ndcg") and metric.cutoff}
    return [*metrics, *(Metric("judged", cutoff) for cutoff in cutoffs or {10: None})]


def _score(qrels: Qrels, path: Path, metrics: Sequence[Metric], judged_only: bool) -> Scores:
    run = read_run(path)
    _warn_of_strangers(qrels, run)
    return evaluate(qrels, run, metrics, judged_only)


def _warn_of_strangers(qrels: Qrels, run: Run) -> None:
    common = len(qrels.grades.keys() & run.hits.keys())
    if not common:
        _warn(f"{run.name} answers none of the {len(qrels.grades)} judged queries; do these files belong together?")
    elif common < len(qrels.grades):
        _warn(
            f"{run.name} has no results for {len(qrels.grades) - common} of {len(qrels.grades)} queries: they score 0"
        )


def _means_of(scores: Scores) -> dict[str, float]:
    return {metric: scores.mean(metric) for metric in scores.values}


def _means(all_scores: Sequence[Scores]) -> str:
    header = ["run", *all_scores[0].values]
    return table(
        header, [[scores.run, *(f"{mean:.4f}" for mean in _means_of(scores).values())] for scores in all_scores]
    )


def _qrels(args: argparse.Namespace) -> Qrels:
    qrels = read_qrels(args.qrels)
    if not args.answerable:
        return qrels
    if not qrels.answerable().grades:
        raise JudgementError(f"No query in {args.qrels} has a relevant product; leave out --answerable.")
    return qrels.answerable()


def _conventions(qrels: Qrels, metrics: Sequence[Metric], judged_only: bool) -> str:
    gains = {"ndcg": "ndcg: gain 2^grade - 1", "ndcg_lin": "ndcg_lin: gain = grade"}
    stated = [gains[kind] for kind in gains if any(metric.kind == kind for metric in metrics)]
    unjudged = "unjudged products removed (judged@k: before that)" if judged_only else "unjudged counts as 0"
    hopeless = len(qrels.grades) - len(qrels.answerable().grades)
    note = f", {hopeless} of them without a relevant product: they score 0 whatever the run" if hopeless else ""
    return f"{len(qrels.grades)} queries{note}. " + "; ".join([*stated, "relevant from grade 1", unjudged]) + "."


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


_positive.__name__ = "number from 1 up"  # argparse names the type in its message


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Command:
    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    do: Callable[[argparse.ArgumentParser, argparse.Namespace], int]


COMMANDS = {
    "run": Command("ask the engine every query and write the answers", _declare_run, _do_run),
    "measure": Command("score runs by judgements", _declare_measure, _do_measure),
    "compare": Command("compare runs with a baseline, with significance", _declare_compare, _do_compare),
}


if __name__ == "__main__":
    sys.exit(main())
