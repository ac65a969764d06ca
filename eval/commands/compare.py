"""`compare`: is a run better than a baseline, or was it lucky? Which queries changed, and what do they show now?"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from eval.commands.command import Command, positive
from eval.commands.compare_slices import Sliced, declare_slices, slice_runs, slices_wanted
from eval.commands.compare_text import (
    SIDES,
    comparison_table,
    movers_table,
    side_by_side_text,
    slice_tables,
    wrapped,
)
from eval.commands.scoring import breaking_of, conventions, declare_runs, qrels_of, run_of, runs_and_metrics
from eval.compare import PERMUTATIONS, Comparison, compare
from eval.metrics import BY_THEMSELVES, Metric, evaluate
from eval.qrels import EvalQuery, Qrels, Run, read_queries
from eval.side_by_side import DEPTH, SideBySide, products_shown, side_by_side
from eval.titles import live_index, read_titles, titles_of
from eval.verdicts import (
    JudgedShare,
    Leaning,
    is_judged_share,
    judged_share,
    leaning,
    leaning_sentence,
    otherwise_sentence,
    sentence,
    silence,
    verdict,
)
from search.lanes import LEXICON
from search.lexicon import Lexicon
from search.protocols import Collection

COMPARED = ("ndcg@10", "recall@100", "mrr@10", "judged@10")
MOVERS = 10
WIDTH = 120
"""Columns, where the output goes to no terminal and COLUMNS is not set."""


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_runs(parser)
    parser.add_argument("-q", dest="by_query", action="store_true", help="show the queries that changed most")
    parser.add_argument("--queries", type=Path, metavar="Q.tsv", help="what the queries say")
    parser.add_argument("--titles", type=Path, metavar="FILE.tsv", help="with -q: product_id, a tab, the title")
    parser.add_argument("--index", metavar="NAME", help="titles, and what a catalogue teaches, from this live index")
    parser.add_argument("--losses", action="store_true", help="with -q: only queries that the run made worse")
    parser.add_argument("--movers", type=positive, default=MOVERS, metavar="N", help="queries of -q: %(default)s")
    parser.add_argument("--depth", type=positive, default=DEPTH, metavar="K", help="hits of each list: %(default)s")
    declare_slices(parser)
    parser.add_argument("--permutations", type=positive, default=PERMUTATIONS, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the permutations (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="a list of objects, one for each metric and run")


@dataclass(frozen=True, slots=True)
class _Answer:
    """Everything there is to show. `first` is the metric named first: the one that decides.

    By run: the `shares` that are judged, `leanings`, and, for runs that lean, `otherwise`: the first metric with the
    unjudged products treated the other way. `sides` by metric and run.
    """

    baseline: str
    first: str
    comparisons: tuple[Comparison, ...]
    shares: Mapping[str, JudgedShare]
    leanings: Mapping[str, Leaning]
    otherwise: Mapping[str, Comparison]
    slices: Sliced | None
    sides: Mapping[tuple[str, str], tuple[SideBySide, ...]]


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    paths, metrics = runs_and_metrics(parser, args.runs_and_metrics, COMPARED)
    _check(parser, args, paths)
    qrels = qrels_of(args)
    queries = read_queries(args.queries) if args.queries else ()
    texts = {query.id: query.text for query in queries}
    runs = [run_of(qrels, path) for path in paths]
    if not args.json:
        runs = _shortly_named(paths, runs)
    answer = _answer(args, paths, metrics, qrels, queries, runs)
    if args.json:
        print(json.dumps(list(_as_json(answer, args.by_query))))
        return 0
    print("\n\n".join(_as_text(answer, texts, args)), conventions(qrels, metrics, args.judged_only), sep="\n\n")
    print(_TESTS)
    return 0


def _check(parser: argparse.ArgumentParser, args: argparse.Namespace, paths: Sequence[Path]) -> None:
    if len(paths) < 2:
        parser.error("name the baseline and at least one other run")
    if args.seed < 0:
        parser.error("--seed must not be negative")
    if slices_wanted(args) and not args.queries:
        parser.error("slices need --queries: the words decide where a query belongs")
    for option in ("titles", "losses"):
        if getattr(args, option) and not args.by_query:
            parser.error(f"--{option} needs -q, which shows queries and products")
    if args.index and not (args.by_query or slices_wanted(args)):
        parser.error("--index needs -q or --slices")


def _shortly_named(paths: Sequence[Path], runs: Sequence[Run]) -> list[Run]:
    """By their file names alone, where those differ: sentences and tables stay readable."""
    if len({path.name for path in paths}) < len(paths):
        return list(runs)
    return [replace(run, name=path.name) for path, run in zip(paths, runs, strict=True)]


def _answer(
    args: argparse.Namespace,
    paths: Sequence[Path],
    metrics: Sequence[Metric],
    qrels: Qrels,
    queries: Sequence[EvalQuery],
    runs: Sequence[Run],
) -> _Answer:
    names = [run.name for run in runs]
    first = str(metrics[0])
    breaking = breaking_of(args, qrels)
    scores = [evaluate(qrels, run, metrics, args.judged_only, breaking) for run in runs]
    comparisons = compare(scores[0], scores[1:], args.permutations, args.seed, args.movers, args.losses)
    judged = next(str(metric) for metric in metrics if metric.kind == "judged")
    shares = {run.name: judged_share(one, run, judged) for one, run in zip(scores, runs, strict=True)}
    leanings = {}
    if metrics[0].kind not in BY_THEMSELVES:
        leanings = {run: leans for run in names[1:] if (leans := leaning(shares[names[0]], shares[run]))}
    otherwise = {}
    if leanings:
        other = [evaluate(qrels, run, metrics[:1], not args.judged_only, breaking) for run in runs]
        compared = compare(other[0], other[1:], args.permutations, args.seed)
        otherwise = {one.run: one for one in compared if one.run in leanings}
    with ExitStack() as stack:
        collection = stack.enter_context(live_index(args.index)) if args.index else None
        slices = None
        if slices_wanted(args):
            slices = slice_runs(args, paths, queries, _lexicon(collection), scores, first)
        sides = _sides(args, qrels, queries, runs, comparisons, collection) if args.by_query else {}
    return _Answer(names[0], first, comparisons, shares, leanings, otherwise, slices, sides)


def _lexicon(collection: Collection | None) -> Lexicon | None:
    """What the catalogue of the index taught; None without an index, or of one that learnt nothing."""
    data = collection.artefact(LEXICON) if collection is not None else None
    return Lexicon.from_bytes(data) if data else None


def _sides(
    args: argparse.Namespace,
    qrels: Qrels,
    queries: Sequence[EvalQuery],
    runs: Sequence[Run],
    comparisons: Sequence[Comparison],
    collection: Collection | None,
) -> dict[tuple[str, str], tuple[SideBySide, ...]]:
    movers = [mover for one in comparisons for mover in one.movers]
    titles = titles_of(products_shown(movers, runs, args.depth), collection) if collection is not None else {}
    if args.titles:
        titles |= read_titles(args.titles)
    texts = {query.id: query.text for query in queries}
    baseline, *others = runs
    run_named = {run.name: run for run in others}
    return {
        (one.metric, one.run): side_by_side(one.movers, qrels, baseline, run_named[one.run], texts, titles, args.depth)
        for one in comparisons
    }


# --- shown -----------------------------------------------------------------------------------------------------------

_TESTS = (
    "p: paired randomisation test, two-sided; p_holm: the same, corrected for the number of runs compared;\n"
    "p_t: paired t test. 95% interval: of the mean difference. wins, losses and ties count queries."
)


def _as_text(answer: _Answer, texts: Mapping[str, str], args: argparse.Namespace) -> Iterator[str]:
    """Paragraphs: first what it comes to, then the figures, then the queries."""
    width = shutil.get_terminal_size((WIDTH, 0)).columns
    yield from (wrapped(paragraph, width) for paragraph in _sentences(answer, args.judged_only))
    yield comparison_table(answer.baseline, answer.comparisons)
    if answer.slices is not None:
        yield slice_tables(answer.baseline, answer.slices.comparisons)
        yield "\n".join(wrapped(note, width) for note in answer.slices.notes)
    if not args.by_query:
        return
    for one in answer.comparisons:
        if is_judged_share(one.metric) and one.metric != answer.first:
            continue  # it says how far to trust the others, and decides nothing
        yield movers_table(one, texts, args.losses)
        # The lists of one metric fill many screens; whoever wants those of another names that one first.
        if one.metric == answer.first and one.movers:
            for side in answer.sides[one.metric, one.run]:
                yield side_by_side_text(side, one.metric, answer.baseline, one.run, width)
            yield wrapped(SIDES, width)


def _sentences(answer: _Answer, judged_only: bool) -> Iterator[str]:
    """A paragraph for each run, by the first metric."""
    of_first = [one for one in answer.comparisons if one.metric == answer.first]
    for one in of_first:
        other = answer.otherwise.get(one.run)
        silent = silence(answer.shares[answer.baseline], answer.shares[one.run], one.metric)
        lines = [sentence(answer.baseline, one, other), silent]
        if leans := answer.leanings.get(one.run):
            lines.append(leaning_sentence(leans, judged_only, bool(silent)))
        if other:
            lines.append(otherwise_sentence(one, other, judged_only))
        yield " ".join(filter(None, lines))


def _as_json(answer: _Answer, by_query: bool) -> Iterator[dict[str, object]]:
    for one in answer.comparisons:
        shown = {"baseline": answer.baseline, **_bare(one)}
        if by_query:
            sides = answer.sides[one.metric, one.run]
            shown["movers"] = [
                {**asdict(mover), "text": side.text, "before": [asdict(hit) for hit in side.before],
                 "after": [asdict(hit) for hit in side.after]}
                for mover, side in zip(one.movers, sides, strict=True)
            ]  # fmt: skip
        if one.metric == answer.first:
            if one.run in answer.leanings:
                shown["leaning"] = asdict(answer.leanings[one.run])
            if one.run in answer.otherwise:
                shown["otherwise"] = _bare(answer.otherwise[one.run])
            if answer.slices is not None:
                shown["slices"] = [
                    {**asdict(part), "few": part.few} for part in answer.slices.comparisons if part.run == one.run
                ]
        yield shown


def _bare(one: Comparison) -> dict[str, object]:
    """Without the movers."""
    derived = {"difference": one.difference, "effect": one.effect, "detectable": one.detectable}
    held = asdict(one)
    del held["movers"]
    return held | derived | {"verdict": verdict(one)}


COMPARE = Command("compare runs with a baseline, with significance", _declare, _do)
