"""`python -m indexer train-ranker`: parses, calls, prints; nothing else."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from indexer.progress import Progress
from search.bootstrap import open_shoppers, open_store
from search.errors import NoBetter, TrainingError
from search.personalization.model import DEFAULT, FEATURES
from search.settings import Settings

if TYPE_CHECKING:
    from indexer.train_ranker.training import Trained

SHOWN_PLACES = 10


def declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since", metavar="DATE", default="", help="learn from pages shown from that day on, as 2026-01-31"
    )
    parser.add_argument("--force", action="store_true", help="keep what was learnt even if it is not proven better")
    parser.add_argument("--dry-run", action="store_true", help="learn and compare, keep nothing")
    parser.add_argument("--reset", action="store_true", help="go back to the documented weights, learn nothing")
    parser.add_argument("--quiet", action="store_true", help="no progress, only errors and the last line")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """Raises TrainingError, NoBetter, IndexNotFound, StoreError."""
    from indexer.train_ranker.training import CERTAIN, reset, train  # scipy takes a second to load

    since = _instant(options.since)
    store = open_store(settings)
    if options.reset:
        version = reset(store, options.index)
        print(f"Version {version} of index '{options.index}' is back to the documented weights.")
        return {"index": options.index, "version": version, "reset": True}
    live = store.state(options.index).live
    shoppers = open_shoppers(settings, live.encoder.dimension, writable=False)
    try:
        progress = Progress(options.quiet)
        outcome = train(store, shoppers, options.index, progress, since, options.force, options.dry_run)
    finally:
        shoppers.close()
    if not options.quiet:
        print(_table(outcome))
    found = outcome.comparison
    if not options.dry_run and outcome.version is None:
        raise NoBetter(
            f"What was learnt is not proven better than what serves: ndcg {found.after:.4f} against {found.before:.4f} "
            f"on {found.pages} later pages, p = {found.p_value:.3f} where less than {CERTAIN} is asked. Nothing is "
            f"kept. Try again with more events, or keep it all the same with --force."
        )
    return {
        "index": outcome.index,
        "version": outcome.version,
        "pages": outcome.census.pages,
        "acts": dict(outcome.census.acts),
        "skipped": dict(outcome.census.skipped),
        "weights": {name: round(weight, 5) for name, weight in zip(FEATURES, outcome.model.weights, strict=True)},
        "examination": [round(float(each), 4) for each in outcome.learnt.examination[:SHOWN_PLACES]],
        "eta": round(outcome.learnt.eta, 3),
        "ndcg": {"before": round(found.before, 4), "after": round(found.after, 4)},
        "p_value": round(found.p_value, 6),
        "better": outcome.better,
        "seconds": round(outcome.seconds, 2),
    }


def _table(outcome: Trained) -> str:
    """Weights side by side, how much places are looked at, and how the later pages judge."""
    lines = [f"{'part':<12}{'documented':>12}{'served':>10}{'learnt':>10}"]
    for name, documented, served, learnt in zip(
        FEATURES, DEFAULT.weights, outcome.served.weights, outcome.model.weights, strict=True
    ):
        lines.append(f"{name:<12}{documented:>12.3f}{served:>10.3f}{learnt:>10.3f}")
    places = "  ".join(f"{each:.2f}" for each in outcome.learnt.examination[:SHOWN_PLACES])
    found = outcome.comparison
    lines += [
        f"looked at, from the first place on: {places}",
        f"ndcg on {found.pages} later pages of {found.units} shoppers: {found.before:.4f} served, {found.after:.4f} "
        f"learnt ({found.gained:+.1%}), p = {found.p_value:.4f}",
    ]
    return "\n".join(lines)


def _instant(day: str) -> str:
    if not day:
        return ""
    try:
        moment = datetime.fromisoformat(day)
    except ValueError:
        raise TrainingError(f"--since {day} is no date: write it as 2026-01-31.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="milliseconds")
