"""The log on the command line, for the commands that read one."""

from __future__ import annotations

import argparse
from pathlib import Path

from eval.commands.command import warn
from eval.experiments.log import Log, read_log
from search.experiments.log import FOLDER
from search.experiments.records import MAX_VALUE
from search.settings import Settings


def declare_log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "log", nargs="*", type=Path, metavar="LOG",
        help=f"files or folders of *.jsonl (default: {FOLDER}/ in DAOGOU_DATA_DIR)",
    )  # fmt: skip
    parser.add_argument("--name", help="which experiment, where the log holds several")
    parser.add_argument("--since", metavar="TIME", help="only what happened from then on, as 2026-11-28T09:00:00Z")


def log_of(args: argparse.Namespace) -> Log:
    log = read_log(args.log or [Settings.load().data_dir / FOLDER], args.name, args.since)
    for where in log.notes.torn:
        warn(f"{where} was cut off while it was written: skipped")
    if log.notes.duplicate_impressions or log.notes.duplicate_events:
        warn(
            f"{log.notes.duplicate_impressions} pages and {log.notes.duplicate_events} events were logged more than "
            "once: each counts once"
        )
    if log.notes.oversized_events:
        warn(f"{log.notes.oversized_events} events have a value above {MAX_VALUE:,.0f}: skipped")
    return log
