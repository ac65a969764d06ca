"""`python -m indexer describe`: parses, calls, prints; nothing else."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from indexer.describe.choosing import choose, documents
from indexer.progress import Progress
from search.bootstrap import load_language_model, open_store
from search.errors import DocumentNotFound, SettingsError
from search.filters import parse_filter
from search.language_models.patience import Patience
from search.settings import Settings

PATIENCE = Patience(seconds=120.0, tries=8, pause=2.0, longest_pause=300.0)
"""Nobody waits for these but the shop: a server that is busy for some minutes is waited for."""

SHOWN_IDS = 10


def declare(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--ids", nargs="+", metavar="ID", help="only these products")
    which.add_argument("--filter", metavar="EXPR", help="only products that pass, as in a search: 'brand = Tarn'")
    parser.add_argument("--limit", type=_count, metavar="N", help="so many products at most")
    parser.add_argument(
        "--kind", choices=("description", "advert"), default="description", help="two to four sentences, or one line"
    )
    parser.add_argument("--language", choices=("en", "zh"), help="to write in (default: each product's own)")
    parser.add_argument("--out", metavar="FILE.jsonl", required=True, help="where the texts go; what is there is kept")
    parser.add_argument("--parallel", type=_count, default=1, metavar="N", help="calls at a time (default: 1)")
    parser.add_argument("--quiet", action="store_true", help="no progress, only errors and the last line")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """Raises SettingsError, IndexNotFound, FilterError, DocumentNotFound, DescriptionError, LanguageModelError."""
    from indexer.describe.writing import Job, Tally, write  # no other command needs what it loads

    started = time.monotonic()
    progress = Progress(options.quiet)
    filter = parse_filter(options.filter) if options.filter else None
    store = open_store(settings)
    manifest = store.state(options.index).live
    model = load_language_model(settings, PATIENCE)
    if model is None:
        raise SettingsError(
            "There is no language model to write with: set DAOGOU_LLM_URL to an OpenAI-compatible server, as "
            "http://localhost:11434/v1, and DAOGOU_LLM_MODEL to one of its models; or DAOGOU_LLM_MODEL=local:NAME."
        )
    tally = Tally()
    try:
        collection = store.open(options.index, manifest.version, snapshot=True)
        try:
            chosen = choose(collection, options.ids, filter, options.limit)
            if options.ids and not chosen.points:
                raise DocumentNotFound(options.ids[0])
            if chosen.unknown:
                progress.say(f"Not in index '{options.index}': {_listed(chosen.unknown)}")
            job = Job(options.kind, options.language, Path(options.out), options.parallel)
            with progress.items("Writing", len(chosen.points)) as advance:
                write(model, documents(collection, chosen), job, tally, advance, progress.say)
        finally:
            collection.close()
    finally:
        model.close()
    if tally.ungrounded:
        progress.say(
            f"Of {len(tally.ungrounded)} products nothing was left that their fields bear out: "
            f"{_listed(tally.ungrounded)}. The file says what was dropped; the next run asks for them again."
        )
    if tally.refused:
        progress.say(f"{len(tally.refused)} products were refused: {_listed(tally.refused)}")
    return {
        "index": options.index,
        "version": manifest.version,
        "kind": options.kind,
        "model": model.name,
        "read": len(chosen.points),
        "written": tally.written,
        "kept": tally.kept,
        "ungrounded": len(tally.ungrounded),
        "refused": len(tally.refused),
        "unknown": len(chosen.unknown),
        "dropped": tally.dropped,
        "prompt_tokens": tally.prompt_tokens,
        "completion_tokens": tally.completion_tokens,
        "seconds": round(time.monotonic() - started, 3),
    }


def _listed(ids: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(ids) - SHOWN_IDS} more" if len(ids) > SHOWN_IDS else ""
    return ", ".join(ids[:SHOWN_IDS]) + more


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)
