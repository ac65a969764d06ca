"""`python -m indexer`: reindex a catalogue; see, roll back or drop an index; load events. Parses, calls and prints."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

import orjson

from indexer.catalogue import load_mapping, read_catalogue
from indexer.describe import command as describe
from indexer.problems import Problem
from indexer.progress import Progress
from indexer.reindex import EncoderSource, Job, Outcome, Reindexer, only_one_reindex
from indexer.train_ranker import command as train_ranker
from indexer.verification import checksum
from search.bootstrap import load_encoder, open_store
from search.domain import EncoderCard, Manifest
from search.encoding.sources import locate
from search.errors import DaogouError, GateFileError, NothingToRollBackTo
from search.protocols import VectorStore
from search.settings import Settings

if TYPE_CHECKING:
    from indexer.gate.gate import Gate

SHOWN_PROBLEMS = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused or failed with the live index untouched, 2 wrong usage."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    parser = _parser()
    options = parser.parse_args(argv)
    if getattr(options, "gate_runs", None) and not options.gate:
        parser.error("--gate-runs needs --gate")
    try:
        command: Callable[[argparse.Namespace, Settings], dict[str, object]] = options.command
        answer = command(options, Settings.load())
    except DaogouError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The live index is untouched; run the same command to go on.", file=sys.stderr)
        return 1
    print(orjson.dumps(answer).decode())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m indexer", description="Bulk work on the product index.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    name = argparse.ArgumentParser(add_help=False)
    name.add_argument("--index", default="products", help="name of the index (default: products)")

    reindex = commands.add_parser("reindex", parents=[name], help="bring the index in line with a catalogue")
    reindex.add_argument(
        "catalogue", nargs="+", metavar="CATALOGUE", help=".jsonl .json .csv .tsv .parquet, also .gz; - for JSON lines"
    )
    reindex.add_argument("--mapping", metavar="FILE.toml", help="which column is what; guessed and printed without one")
    reindex.add_argument("--full", action="store_true", help="encode everything again")
    reindex.add_argument("--allow-shrink", action="store_true", help="accept less than half of the products there were")
    reindex.add_argument("--dry-run", action="store_true", help="read and compare, change nothing")
    reindex.add_argument("--report", metavar="FILE.jsonl", help="every rejected row and every warning, with its reason")
    reindex.add_argument(
        "--gate", metavar="GATE.toml", help="go live only if judged queries are answered as well as now"
    )
    reindex.add_argument("--gate-runs", metavar="DIR", help="keep what both versions answered, for python -m eval")
    reindex.add_argument("--quiet", action="store_true", help="no progress, only errors and the last line")
    reindex.set_defaults(command=_reindex)

    status = commands.add_parser("status", help="which versions are live and what they were built from")
    status.add_argument("--index", help="only this one")
    status.add_argument("--checksum", action="store_true", help="also a hash over all ids, documents and vectors")
    status.set_defaults(command=_status)
    rollback = commands.add_parser("rollback", parents=[name], help="go back to the version before, and forth again")
    rollback.set_defaults(command=_rollback)
    drop = commands.add_parser("drop", parents=[name], help="remove an index and all its versions")
    drop.set_defaults(command=_drop)

    ranker = commands.add_parser(
        "train-ranker", parents=[name], help="learn from clicks and purchases how much each part of the score counts"
    )
    train_ranker.declare(ranker)
    describe.declare(
        commands.add_parser(
            "describe", parents=[name], help="write product descriptions or advertising lines with a language model"
        )
    )
    sequences = commands.add_parser(
        "train-sequences", parents=[name], help="learn from shoppers' events what comes next, and recommend with it"
    )
    sequences.add_argument("--seed", type=int, default=0, help="of the random numbers (default: 0)")
    sequences.add_argument("--device", help="in place of DAOGOU_DEVICE: cpu, cuda, cuda:1, mps, auto")
    sequences.add_argument("--quiet", action="store_true", help="no progress, only errors and the last line")
    sequences.set_defaults(command=_train_sequences)

    events = commands.add_parser("events", parents=[name], help="load events of shoppers from files")
    events.add_argument(
        "events", nargs="+", metavar="EVENTS", help=".jsonl .json .csv .tsv .parquet, also .gz; - for JSON lines"
    )
    events.add_argument("--report", metavar="FILE.jsonl", help="every rejected row, with its reason")
    events.add_argument("--quiet", action="store_true", help="no progress, only errors and the last line")
    events.set_defaults(command=_events)
    return parser


def _reindex(options: argparse.Namespace, settings: Settings) -> dict[str, object]:
    progress = Progress(quiet=options.quiet)
    mapping = load_mapping(options.mapping) if options.mapping else None
    store = open_store(settings)
    gate = _gate(options, store, settings, progress) if options.gate else None
    with ExitStack() as stack:
        rows = read_catalogue(options.catalogue, mapping, sys.stdin.buffer)
        if mapping is None:
            progress.say("No --mapping was given; this is the guess. Save and correct it if it is wrong:\n")
            progress.say(rows.mapping.to_toml())
        report = stack.enter_context(Path(options.report).open("wb")) if options.report else None
        problems = _Problems(report, progress)
        reindexer = Reindexer(store, _encoder_source(settings), settings.data_dir, progress)
        job = Job(options.index, tuple(options.catalogue), options.full, options.allow_shrink, options.dry_run)
        try:
            outcome = reindexer.run(job, rows, problems.add, gate)
        finally:
            problems.close()
    return _summary(outcome)


def _events(options: argparse.Namespace, settings: Settings) -> dict[str, object]:
    from indexer.events import load_events

    progress = Progress(quiet=options.quiet)
    with ExitStack() as stack:
        report = stack.enter_context(Path(options.report).open("wb")) if options.report else None
        problems = _Problems(report, progress)
        try:
            loaded = load_events(options.events, options.index, settings, sys.stdin.buffer, progress, problems.add)
        finally:
            problems.close()
    if loaded.unknown_products:
        progress.say(
            f"{loaded.unknown_products:,} products that events name are not in index '{loaded.index}'. They count as "
            "soon as they are there."
        )
    return asdict(loaded)


def _encoder_source(settings: Settings) -> EncoderSource:
    return EncoderSource(locate(settings.encoder, settings.revision).files, lambda: load_encoder(settings))


def _gate(options: argparse.Namespace, store: VectorStore, settings: Settings, progress: Progress) -> Gate:
    """The gate of the options. Raises GateFileError."""
    from indexer.gate.file import read_gate
    from indexer.gate.gate import Gate

    def find_encoder(card: EncoderCard) -> EncoderSource:
        return _encoder_source(settings.model_copy(update={"encoder": card.model, "encoder_revision": card.revision}))

    file, runs = read_gate(Path(options.gate)), Path(options.gate_runs) if options.gate_runs else None
    if runs is not None:
        try:
            runs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GateFileError(f"--gate-runs {runs} is no folder and cannot become one: {error.strerror}") from error
    return Gate(file, store, settings, progress, find_encoder, runs)


class _Problems:
    """Every problem into the report file, the first few onto the screen."""

    def __init__(self, report: IO[bytes] | None, progress: Progress) -> None:
        self._report = report
        self._progress = progress
        self._seen = 0

    def add(self, problem: Problem) -> None:
        self._seen += 1
        if self._report is not None:
            self._report.write(orjson.dumps(asdict(problem)) + b"\n")
        if self._seen <= SHOWN_PROBLEMS:
            where = f"{problem.file}:{problem.line}" + (f" id {problem.id}" if problem.id else "")
            field = f"{problem.field}: " if problem.field else ""
            self._progress.say(f"  {problem.severity:8} {where}: {field}{problem.reason}")

    def close(self) -> None:
        if self._seen > SHOWN_PROBLEMS:
            hint = "" if self._report else "; see them all with --report FILE.jsonl"
            self._progress.say(f"  … and {self._seen - SHOWN_PROBLEMS} more{hint}")


def _summary(outcome: Outcome) -> dict[str, object]:
    """The one line of JSON that scripts read."""
    rate = round(outcome.products_per_second, 1)
    return asdict(outcome) | {"seconds": round(outcome.seconds, 3), "products_per_second": rate}


def _status(options: argparse.Namespace, settings: Settings) -> dict[str, object]:
    store = open_store(settings)
    names = [options.index] if options.index else store.indexes()
    if not names:
        print("There is no index yet. Build one with: python -m indexer reindex CATALOGUE", file=sys.stderr)
    answer: dict[str, object] = {}
    for index in names:
        state = store.state(index)
        print(f"{index}")
        for label, manifest in (("live", state.live), ("previous", state.previous)):
            if manifest is not None:
                print(f"  {label:9} {_described(manifest)}")
        sums = {"checksum": _checksum(store, index)} if options.checksum else {}
        answer[index] = sums | {
            "live": state.live.version,
            "previous": state.previous.version if state.previous else None,
            "products": state.live.products,
            "encoder": state.live.encoder.model,
            "created_at": state.live.created_at,
        }
    return {"indexes": answer}


def _checksum(store: VectorStore, index: str) -> str:
    collection = store.open(index, snapshot=True)
    try:
        return checksum(collection)
    finally:
        collection.close()


def _described(manifest: Manifest) -> str:
    sources = ", ".join(Path(source).name for source in manifest.sources) or "the documents endpoint"
    return (
        f"version {manifest.version}, {manifest.products} products from {sources}, built {manifest.created_at} "
        f"with {manifest.encoder.model}"
    )


def _rollback(options: argparse.Namespace, settings: Settings) -> dict[str, object]:
    store = open_store(settings)
    with only_one_reindex(settings.data_dir, options.index):
        state = store.state(options.index)
        if state.previous is None:
            raise NothingToRollBackTo(f"Index '{options.index}' has no version before {state.live.version}.")
        store.publish(options.index, state.previous.version)
    print(f"Index '{options.index}' went back from version {state.live.version} to {state.previous.version}.")
    return {"index": options.index, "version": state.previous.version, "previous": state.live.version}


def _drop(options: argparse.Namespace, settings: Settings) -> dict[str, object]:
    store = open_store(settings)
    with only_one_reindex(settings.data_dir, options.index):
        store.drop(options.index)
    print(f"Index '{options.index}' is gone.")
    return {"index": options.index, "dropped": True}


def _train_sequences(options: argparse.Namespace, settings: Settings) -> dict[str, object]:
    from indexer.train_sequences import train_sequences

    progress = Progress(quiet=options.quiet)
    store = open_store(settings)
    return asdict(train_sequences(store, options.index, settings, progress, seed=options.seed, device=options.device))


if __name__ == "__main__":
    sys.exit(main())
