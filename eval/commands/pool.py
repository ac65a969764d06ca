"""`pool`: the first hits of several runs, as sheets for people to grade."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from eval.commands.command import Command, positive, ratio, warn
from eval.judging.pools import Pair, Pool, deal, pool_of, sampled
from eval.judging.products import ProductCard, cards_of
from eval.judging.scale import instructions
from eval.judging.sheets import write_sheet
from eval.qrels import read_qrels, read_queries, read_run
from eval.tables import table
from eval.titles import live_index, read_titles
from search.errors import JudgementError

DEPTH = 10
SECONDS = 20
"""What a judgement is taken to last when hours are estimated: a guess, and said to be one."""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="runs to pool: the more engines, the fairer")
    parser.add_argument("--queries", type=Path, required=True, metavar="Q.tsv", help="query_id, a tab, the text")
    parser.add_argument("--out", type=Path, required=True, metavar="POOL.csv", help="several judges: POOL.1.csv, …")
    parser.add_argument("--qrels", type=Path, metavar="KNOWN.tsv", help="leave out what is judged here")
    parser.add_argument("--depth", type=positive, default=DEPTH, help="hits of each run (default: %(default)s)")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--index", default="products", help="where the products are (default: %(default)s)")
    shown.add_argument(
        "--titles", type=Path, metavar="FILE.tsv", help="instead of an index: product_id, a tab, the title"
    )
    parser.add_argument("--sample", type=positive, metavar="N", help="only N pairs of the pool, drawn at random")
    parser.add_argument("--judges", type=positive, default=1, metavar="N", help="sheets to deal the pairs out to")
    parser.add_argument(
        "--overlap", type=ratio, metavar="SHARE", help="of the pairs, which two judges get (default: 0.1)"
    )
    parser.add_argument("--semicolons", action="store_true", help="for an Excel that writes 3,5 for three and a half")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if args.overlap is not None and args.judges == 1:
        parser.error("--overlap needs --judges 2 or more")
    overlap = 0.0 if args.judges == 1 else 0.1 if args.overlap is None else args.overlap
    queries = read_queries(args.queries)
    known = None if args.qrels is None else read_qrels(args.qrels)
    pool = pool_of([read_run(path) for path in args.runs], queries, args.depth, known)
    if pool.unknown:
        warn(
            f"{len(pool.unknown)} queries of the runs are not in {args.queries} and were left out: {pool.unknown[0]} …"
        )
    if not pool.pairs:
        raise JudgementError(_nothing(args, pool))
    pairs = sampled(pool.pairs, args.sample) if args.sample else pool.pairs
    cards = _cards(args, pairs)
    texts = {query.id: query.text for query in queries}
    sheets = deal(pairs, args.judges, overlap)
    written = []
    for number, rows in enumerate(sheets, 1):
        path, judge = args.out, ""
        if args.judges > 1:
            path, judge = args.out.with_name(f"{args.out.stem}.{number}{args.out.suffix}"), str(number)
        write_sheet(path, rows, texts, cards, judge, ";" if args.semicolons else ",")
        written.append((path, len(rows)))
    print(_contributions(pool), "", _cost(pool, pairs, written), "", instructions(), sep="\n")
    return 0


def _nothing(args: argparse.Namespace, pool: Pool) -> str:
    if pool.judged:
        return f"The first {args.depth} hits of all runs are judged in {args.qrels}; nothing is left to do."
    return f"No run has a hit for a query of {args.queries}; do these files belong together?"


def _cards(args: argparse.Namespace, pairs: Sequence[Pair]) -> Mapping[str, ProductCard]:
    products = dict.fromkeys(pair.product for pair in pairs)
    if args.titles:
        cards = {product: ProductCard(title) for product, title in read_titles(args.titles).items()}
    else:
        with live_index(args.index) as collection:
            cards = cards_of(products, collection)
    strange = [product for product in products if product not in cards]
    where = args.titles or f"index '{args.index}'"
    if len(strange) == len(products):
        raise JudgementError(f"None of the {len(products)} products is in {where}; do the runs come from elsewhere?")
    if strange:
        warn(f"{len(strange)} of {len(products)} products are not in {where}; only their ids are shown: {strange[0]} …")
    return cards


def _contributions(pool: Pool) -> str:
    rows = [[one.run, str(one.hits), str(one.judged), str(one.alone)] for one in pool.contributions]
    return table(["run", "first hits", "judged already", "in no other run"], rows)


def _cost(pool: Pool, pairs: Sequence[Pair], written: Sequence[tuple[Path, int]]) -> str:
    judgements = sum(rows for _, rows in written)
    drawn = f", {len(pairs)} of them drawn" if len(pairs) < len(pool.pairs) else ""
    twice = judgements - len(pairs)
    lines = [
        f"{len(pool.pairs)} pairs of {len({pair.query for pair in pool.pairs})} queries to judge{drawn}; "
        f"{pool.judged} left out as judged.",
        f"{judgements} judgements, about {judgements * SECONDS / 3600:.1f} hours if each takes {SECONDS} seconds"
        + (f"; {twice} pairs go to two judges." if twice else "."),
        *(f"  {path}: {rows} rows" for path, rows in written),
    ]
    return "\n".join(lines)


POOL = Command("sheets of first hits for people to grade", _declare, _do)
