"""`report`: runs measured and compared, as one page that can be read anywhere and printed."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from eval.commands.command import Command, positive
from eval.commands.compare_slices import declare_slices, divided, slice_runs, slices_wanted
from eval.commands.scoring import MEASURED, breaking_of, declare_runs, qrels_of, run_of, runs_and_metrics
from eval.compare import PERMUTATIONS
from eval.judging.record import judge_note
from eval.metrics import Metric, Scores
from eval.qrels import EvalQuery, Qrels, read_queries, replacing
from eval.record import read_record, record_path
from eval.report.facts import Judgements, Report
from eval.report.gather import Material, Slices, gather, scores_of, short_names, slice_means
from eval.titles import live_index, read_titles, titles_of
from search.errors import JudgementError
from search.lanes import LEXICON
from search.lexicon import Lexicon
from search.protocols import Collection


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_runs(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("report.html"), help="the page to write (default: %(default)s)"
    )
    parser.add_argument("--queries", type=Path, metavar="Q.tsv", help="what the queries say; divides them into slices")
    titles = parser.add_mutually_exclusive_group()
    titles.add_argument("--index", metavar="NAME", help="take titles, and what a catalogue teaches, from this index")
    titles.add_argument("--titles", type=Path, metavar="FILE.tsv", help="product_id, a tab, the title")
    parser.add_argument("--title", default="Search relevance", metavar="TEXT", help="heading (default: %(default)s)")
    declare_slices(parser)
    parser.add_argument("--permutations", type=positive, default=PERMUTATIONS, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the permutations (default: %(default)s)")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    paths, metrics = runs_and_metrics(parser, args.runs_and_metrics, MEASURED)
    _check(parser, args, paths)
    qrels = qrels_of(args)
    queries = read_queries(args.queries) if args.queries else ()
    material = _material(args, paths, metrics, qrels, queries)
    scores = scores_of(material, args.judged_only)
    with ExitStack() as stack:
        collection = stack.enter_context(live_index(args.index)) if args.index else None
        slices = _slices(args, paths, queries, collection, scores, str(metrics[0]))
        report = gather(material, scores, slices, lambda products: _titles(args, collection, products))
    from eval.report.page import render

    page = render(report)
    with replacing(args.out) as file:
        file.write(page)
    _say(args.out, page, report)
    return 0


def _check(parser: argparse.ArgumentParser, args: argparse.Namespace, paths: Sequence[Path]) -> None:
    if not paths:
        parser.error("name at least one run")
    if args.seed < 0:
        parser.error("--seed must not be negative")
    if slices_wanted(args) and not args.queries:
        parser.error("slices need --queries: the words decide where a query belongs")
    read = [
        args.qrels,
        *paths,
        *map(record_path, paths),
        *filter(None, (args.queries, args.titles, args.frequencies, args.violations)),
    ]
    if any(args.out.absolute() == path.absolute() for path in read):
        parser.error(f"--out {args.out} is one of the files that are read; name another")


def _material(
    args: argparse.Namespace,
    paths: Sequence[Path],
    metrics: Sequence[Metric],
    qrels: Qrels,
    queries: Iterable[EvalQuery],
) -> Material:
    runs = [run_of(qrels, path) for path in paths]
    breaking = breaking_of(args, qrels)
    return Material(
        title=" ".join(args.title.split()) or "Search relevance",
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        judgements=Judgements(
            file=str(args.qrels),
            sha256=qrels.sha256,
            queries=len(qrels.grades),
            products=sum(len(judged) for judged in qrels.grades.values()),
            hopeless=len(qrels.grades) - len(qrels.answerable().grades),
            highest=max((grade for judged in qrels.grades.values() for grade in judged.values()), default=0.0),
            judged_only=args.judged_only,
            answerable=args.answerable,
            judge=_judges(qrels, breaking),
        ),
        qrels=qrels,
        breaking=breaking,
        metrics=metrics,
        runs=[replace(run, name=name) for run, name in zip(runs, short_names(paths), strict=True)],
        files=[str(path) for path in paths],
        records=[read_record(path) for path in paths],
        texts={query.id: query.text for query in queries},
        permutations=args.permutations,
        seed=args.seed,
    )


def _judges(qrels: Qrels, breaking: Qrels | None) -> str:
    """Whatever of it a model graded: judgements, and products that break a condition."""
    notes = [judge_note(qrels)]
    if breaking is not None and (judge := judge_note(breaking)):
        notes.append(f"{breaking.source}: {judge}")
    return " ".join(filter(None, notes))


def _slices(
    args: argparse.Namespace,
    paths: Sequence[Path],
    queries: Sequence[EvalQuery],
    collection: Collection | None,
    scores: Sequence[Scores],
    metric: str,
) -> Slices:
    """Wherever the words are known: a report that leaves out what can be seen is not worth forwarding."""
    if not queries:
        return Slices()
    data = collection.artefact(LEXICON) if collection is not None else None
    lexicon = Lexicon.from_bytes(data) if data else None
    if len(scores) == 1:
        slicings, notes = divided(args, paths, queries, lexicon, scores[0].queries)
        return Slices(means=slice_means(scores[0], metric, slicings), notes=notes)
    try:
        found = slice_runs(args, paths, queries, lexicon, scores, metric)
    except JudgementError as error:
        if slices_wanted(args):
            raise
        return Slices(notes=(str(error),))
    return Slices(compared=found.comparisons, notes=found.notes)


def _titles(args: argparse.Namespace, collection: Collection | None, products: Iterable[str]) -> Mapping[str, str]:
    if args.titles:
        return read_titles(args.titles)
    return titles_of(products, collection) if collection is not None else {}


def _say(out: Path, page: str, report: Report) -> None:
    from eval.report import words

    for against in report.against:
        said = words.on_comparison(report, against)
        print(f"{said.headline}. {said.how_much}")
        if said.careful:
            print(f"Careful. {said.careful}")
    if not report.against:
        print(f"{words.on_single(report).headline}.")
    if report.judgements.judge:
        print(report.judgements.judge)
    print(f"{out}: {len(page.encode()) / 1000:,.0f} kB")


REPORT = Command("write runs, measured and compared, as one page with plots", _declare, _do)
