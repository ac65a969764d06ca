"""`exposure`: who gets seen, by brand and price, and does taste change it?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from eval.commands import engine
from eval.commands.command import Command, positive, warn, watched
from eval.exposure.asking import ask
from eval.exposure.groups import PRICE, Grouping, by_field, by_price
from eval.exposure.shares import MIN_GROUP, RESAMPLES, Exposure, Share, measure
from eval.intervals import Interval
from eval.judging.record import judge_note
from eval.qrels import lines_of, read_qrels, read_queries
from eval.tables import shortened, table
from search.domain import Document, Json
from search.errors import JudgementError

DEPTH = 20
"""A page."""

REACH = 100
"""Places of everybody's search whose scores are the relevance where nothing was judged."""

SHOPPERS = 50
SHOWN = 25
"""Groups in a table; --json has all."""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--queries", type=Path, required=True, metavar="Q.tsv", help="query_id, a tab, the text")
    parser.add_argument("--qrels", type=Path, metavar="QRELS.tsv", help="relevance; unset: everybody's scores are it")
    parser.add_argument("--index", default="products", help="which index to search (default: %(default)s)")
    parser.add_argument("--users", type=Path, metavar="USERS.txt", help="the shop's ids of shoppers, one a line")
    parser.add_argument(
        "--shoppers",
        type=positive,
        default=SHOPPERS,
        metavar="N",
        help="else so many of those known (default: %(default)s)",
    )
    parser.add_argument("--by", action="append", metavar="FIELD", help="groups (default: brand and price); repeatable")
    parser.add_argument("--depth", type=positive, default=DEPTH, help="places that are seen (default: %(default)s)")
    parser.add_argument(
        "--min-group",
        type=positive,
        default=MIN_GROUP,
        metavar="N",
        help="relevant products of a group (default: %(default)s)",
    )
    parser.add_argument(
        "--resamples", type=positive, default=RESAMPLES, help="for the intervals (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="which shoppers and resamples (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    queries = read_queries(args.queries)
    qrels = read_qrels(args.qrels) if args.qrels else None
    users = [line.strip() for _, line in lines_of(args.users) if line.strip()] if args.users else None
    if users == []:
        raise JudgementError(f"{args.users} names no shoppers. Expected the shop's ids of shoppers, one a line.")
    if judge := qrels and judge_note(qrels):
        warn(judge)
    fields = list(dict.fromkeys(args.by or ("brand", PRICE)))
    with engine.open_shop(args.index) as shop:
        for field in fields:
            if field not in shop.fields:
                parser.error(f"--by {field}: the index has no such field. It has: {', '.join(sorted(shop.fields))}")
        shoppers = shop.known(users, args.shoppers, args.seed)
        if users is not None and len(shoppers) < len(users):
            warn(f"of {len(users) - len(shoppers)} of {len(users)} shoppers nothing is known here: they are left out")
        if not shoppers:
            warn(f"nothing is known of any shopper of index {args.index}: exposure without personalisation only")
        grades = (lambda query: qrels.grades.get(query, {})) if qrels is not None else None
        search = partial(shop.search, args.index)
        asked = ask(search, watched(queries, "Asking"), shoppers, args.depth, REACH, grades)
        groupings = _groupings(shop.documents(("brand", "category", "currency", *fields)), fields)
    if asked.hopeless:
        why = "no relevant product in the qrels" if qrels is not None else "no results"
        warn(f"{len(asked.hopeless)} of {len(queries)} queries have {why}: they are left out")
    if not asked.lists:
        raise JudgementError(f"No query of {args.queries} has anything relevant that exposure could be held against.")
    lists = list(asked.lists.values())
    found = [measure(lists, one, args.depth, args.min_group, args.resamples, args.seed) for one in groupings]
    summary: dict[str, Json] = {
        "index": args.index,
        "queries": len(lists),
        "shoppers": len(shoppers),
        "depth": args.depth,
        "relevance": "qrels" if qrels is not None else "scores",
        "lists_moved": asked.moved,
    }
    if args.json:
        groups = {one.name: _as_json(one) for one in found}
        print(json.dumps({**summary, "groups": groups}, ensure_ascii=False))
        return 0
    print(*(_shown(one) for one in found), _note(summary), sep="\n\n")
    return 0


def _groupings(documents: Sequence[Document], fields: Sequence[str]) -> list[Grouping]:
    return [by_price(documents) if field == PRICE else by_field(documents, field) for field in fields]


def _as_json(found: Exposure) -> Json:
    shares = [asdict(one) | {"ratio": one.ratio, "personal_ratio": one.personal_ratio} for one in found.shares]
    return asdict(found) | {"shares": shares}


def _shown(found: Exposure) -> str:
    personal = found.personal_inequity is not None
    header = [found.name, "products", "relevance", "exposure", "ratio"]
    header += ["personal", "ratio", "change", "95% interval"] if personal else ["95% interval"]
    rows = [_row(one, personal) for one in found.shares[:SHOWN]]
    last = ["inequity", "", "", f"{found.inequity:.4f}", ""]
    if found.personal_inequity is not None and found.change is not None:
        last += [f"{found.personal_inequity:.4f}", "", f"{found.change:+.4f}", _told(found.change_interval, "+")]
    else:
        last += [_told(found.inequity_interval)]
    more = len(found.shares) - SHOWN
    return table(header, [*rows, last]) + (f"\n({more} more with --json)" if more > 0 else "")


def _row(one: Share, personal: bool) -> list[str]:
    row = [
        shortened(one.group, 30),
        str(one.products),
        f"{one.relevance:.4f}",
        f"{one.exposure:.4f}",
        _ratio(one.ratio),
    ]
    if personal:
        change = f"{one.change:+.4f}" if one.change is not None else ""
        return [*row, f"{one.personal:.4f}", _ratio(one.personal_ratio), change, _told(one.change_interval, "+")]
    return [*row, _told(one.exposure_interval)]


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _told(interval: Interval | None, sign: str = "") -> str:
    return "" if interval is None else f"[{interval.low:{sign}.4f}, {interval.high:{sign}.4f}]"


def _note(summary: dict[str, Json]) -> str:
    what = "grades of the qrels" if summary["relevance"] == "qrels" else f"scores of everybody's first {REACH}"
    lines = [
        f"{summary['queries']} queries × {summary['shoppers']} shoppers; exposure 1/log2(1 + place) over the first "
        f"{summary['depth']} places; relevance: {what}."
    ]
    if summary["shoppers"]:
        lines.append(
            f"Personalisation changed {summary['lists_moved']:.1%} of the lists. change: of the exposure share, with "
            "its interval over queries and shoppers."
        )
    lines.append("ratio: exposure share / relevance share. inequity: half the sum of their differences.")
    return "\n".join(lines)


EXPOSURE = Command("who gets seen, by brand and price, against who is relevant?", _declare, _do)
