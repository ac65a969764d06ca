"""`clicks`: how much is each place looked at, and what would another ranking have earned?"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from pathlib import Path

from eval.commands.command import Command, positive, warn
from eval.commands.experiment_log import declare_log, log_of
from eval.experiments.attribution import WINDOW
from eval.experiments.clicks import (
    GOOD_OVERLAP,
    Places,
    Resampling,
    Worth,
    by_place,
    fitted,
    shown_products,
    worth,
)
from eval.experiments.examination import Way
from eval.intervals import Interval
from eval.qrels import read_queries, read_run
from eval.tables import table


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_log(parser)
    parser.add_argument(
        "--queries", type=Path, metavar="Q.tsv", help="queryID, tab, what it asked: tells which are alike"
    )
    parser.add_argument("--run", type=Path, metavar="RUN.trec", help="another ranking, by queryID: what would it earn?")
    parser.add_argument(
        "--model", choices=("swaps", "harvest", "em"), help="default: harvest with --queries, else swaps"
    )
    parser.add_argument("--depth", type=positive, default=10, help="places that are looked at (default: %(default)s)")
    parser.add_argument(
        "--clip", type=_from_one, default=10.0, help="greatest weight of a click (default: %(default)g)"
    )
    parser.add_argument("--window", type=float, default=WINDOW / 3600, metavar="HOURS", help="default: %(default)g")
    parser.add_argument("--resamples", type=positive, default=200, help="of the bootstrap (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if args.seed < 0 or not args.window > 0:
        parser.error("--seed must not be negative, --window must be above 0")
    way: Way = args.model or ("harvest" if args.queries else "swaps")
    if way != "swaps" and not args.queries:
        parser.error(f"--model {way} needs --queries: which searches asked the same")
    log = log_of(args)
    if way == "swaps" and log.experiment.method == "split":
        parser.error(
            "pages of a split hold no pairs that a coin ordered; say with --queries which searches asked the same"
        )
    same = None
    if way != "swaps":
        same = {query.id: "\t".join((query.text, *query.columns)) for query in read_queries(args.queries)}
        strangers = sum(impression.query_id not in same for impression in log.impressions)
        if strangers:
            warn(f"{strangers:,} of {len(log.impressions):,} pages are not in {args.queries}: not compared")
    resampling = Resampling(args.resamples, seed=args.seed)
    model = fitted(shown_products(log, args.depth, same, args.window * 3600), way)
    places = by_place(model, resampling)
    valued = worth(log, model, read_run(args.run), args.clip, resampling) if args.run else None
    if args.json:
        found = {"places": asdict(places), "worth": None if valued is None else asdict(valued)}
        print(json.dumps(found))
        return 0
    print(_places(places), "", _WAYS[way], sep="\n")
    if valued is not None:
        _warn_of(valued, args.clip)
        print("", _worth(valued, args.run.name), sep="\n")
    return 0


def _from_one(text: str) -> float:
    value = float(text)
    if not 1 <= value < math.inf:
        raise ValueError(text)
    return value


_from_one.__name__ = "number from 1 up"

_WAYS = {
    "swaps": "examination: of pairs that a coin ordered, clicks below against clicks above; the first place is 1.",
    "harvest": "examination: the same product for the same question at several places; the first place is 1.",
    "em": "examination: by likelihood (EM) from the same product for the same question; the first place is 1.",
}


def _places(places: Places) -> str:
    rows = []
    for i, (shown, clicks) in enumerate(zip(places.shown, places.clicks, strict=True)):
        value, bounds = places.examination[i], places.intervals[i]
        rows.append([
            str(i + 1), f"{shown:,}", f"{clicks:,}", f"{clicks / shown:.4f}" if shown else "",
            "unknown" if value is None else f"{value:.3f}", "" if bounds is None else _bounds(bounds, 3),
        ])  # fmt: skip
    return table(["place", "shown", "clicks", "clicked", "examination", "95 % interval"], rows)


def _worth(valued: Worth, name: str) -> str:
    found = valued.estimate
    rows = [
        ["as logged", f"{found.logged:.4f}", ""],
        [f"{name}, IPS", f"{found.ips:.4f}", _bounds(valued.ips_interval, 4)],
        [f"{name}, SNIPS", f"{found.snips:.4f}", _bounds(valued.snips_interval, 4)],
        ["SNIPS - as logged", f"{valued.difference:+.4f}", _bounds(valued.difference_interval, 4, "+")],
    ]
    return "\n".join([
        table([f"clicks per search, places 1 to {valued.depth}", "", "95 % interval"], rows),
        "",
        f"{valued.searches:,} searches. Of what shoppers would look at {100 * found.overlap:.1f} % was shown to them; "
        f"weights are worth {found.effective:,.0f} equal ones, {100 * found.cut:.1f} % of them were cut off.",
        "IPS takes products that were never shown as never clicked, SNIPS as clicked like the others.",
    ])  # fmt: skip


def _bounds(interval: Interval, digits: int, sign: str = "") -> str:
    return f"{interval.low:{sign}.{digits}f} to {interval.high:{sign}.{digits}f}"


def _warn_of(valued: Worth, clip: float) -> None:
    if valued.unanswered:
        warn(f"{valued.unanswered:,} searches of the log have no results in the run, or showed none: left out")
    if valued.estimate.overlap < GOOD_OVERLAP:
        warn(
            f"{100 * (1 - valued.estimate.overlap):.0f} % of what shoppers would look at was never shown to them: IPS "
            "is a lower bound, SNIPS a guess from the rest"
        )
    if valued.estimate.cut > 0.01:
        warn(f"{100 * valued.estimate.cut:.1f} % of the weights are above {clip:g} and were cut off (--clip)")


CLICKS = Command("how much is each place looked at, and what would another ranking have earned?", _declare, _do)
