"""`nothing`: does a query with nothing to find find nothing, and what does that cost the others?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from eval.commands import engine
from eval.commands.command import Command, warn, watched
from eval.judging.record import judge_note
from eval.nothing import FATES, GOOD, Losses, Manners, Missed, Reply, ask, find_losses, manners, read_texts
from eval.qrels import Qrels, read_qrels, read_queries
from eval.run import DEPTH, Search
from eval.tables import table


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("queries", type=Path, metavar="QUERIES.txt", help="one a line, about what is not sold")
    parser.add_argument("--index", default="products", metavar="NAME", help="where to search (default: %(default)s)")
    parser.add_argument("--real", type=Path, metavar="Q.tsv", help="queries that have something to find")
    parser.add_argument("--qrels", type=Path, metavar="QRELS.tsv", help="what they have to find")
    parser.add_argument("-q", dest="by_query", action="store_true", help="list false accepts and lost products")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if args.qrels and not args.real:
        parser.error("--qrels needs --real: the queries that were judged")
    texts = read_texts(args.queries)
    real = read_queries(args.real) if args.real else ()
    qrels = read_qrels(args.qrels) if args.qrels else Qrels({})
    judge = judge_note(qrels)
    if judge and args.json:  # which has no place for it
        warn(judge)
    with engine.open_search() as search_in:
        search: Search = partial(search_in, args.index)
        replies = ask(search, watched(texts, "Not sold"))
        shoppers, losses, missed = find_losses(search, watched(real, "Real"), qrels)
    accepted = [each for each in replies if each.manner == "confident"]
    asked = {"not sold": manners(replies)} | ({"real": manners(shoppers)} if real else {})
    if args.json:
        found: dict[str, object] = {name.replace(" ", "_"): asdict(one) for name, one in asked.items()}
        if args.qrels:
            found["losses"] = asdict(losses)
        if args.by_query:
            found["false_accepts"] = [asdict(each) for each in accepted]
            found["silenced"] = [each.text for each in shoppers if each.manner == "nothing"]
            found["missed"] = [asdict(each) for each in missed]
        print(json.dumps(found, ensure_ascii=False))
        return 0
    print(_asked(asked))
    if args.qrels:
        print("", _fates(losses), *filter(None, [judge]), sep="\n")
    if args.by_query:
        print("", _accepted(accepted), sep="\n")
        if real:
            print("", _silenced(shoppers), "", _missed(missed), sep="\n")
    return 0


def _asked(asked: dict[str, Manners]) -> str:
    rows = [
        [name, str(one.queries), f"{one.nothing:.4f}", f"{one.weak:.4f}", f"{one.confident:.4f}"]
        for name, one in asked.items()
    ]
    return table(["queries", "asked", "nothing", "weak", "confident"], rows)


def _fates(losses: Losses) -> str:
    rows = [[said, str(losses.fates[fate]), f"{losses.share(fate):.4f}"] for fate, said in FATES.items()]
    counted = table([f"products of grade {GOOD:g} and more", str(losses.products), "share"], rows)
    notes = {
        "depth": DEPTH,
        "not in the index": losses.absent,
        "lost since their query was answered by nothing": losses.lost_to_silence,
    }
    return f"{counted}\n\n" + "; ".join(f"{note}: {count}" for note, count in notes.items())


def _accepted(accepted: Sequence[Reply]) -> str:
    lines = [f"{each.text} | {each.score:.3f} | {each.title}" for each in accepted]
    return "\n".join(["answered confidently though it is not sold, with the first hit:", *(lines or ["none"])])


def _silenced(shoppers: Sequence[Reply]) -> str:
    lines = [each.text for each in shoppers if each.manner == "nothing"]
    return "\n".join(["real queries answered by nothing:", *(lines or ["none"])])


def _missed(missed: Sequence[Missed]) -> str:
    lines = [f"{each.query} | {each.text} | {each.product} | {each.grade:g} | {FATES[each.fate]}" for each in missed]
    return "\n".join(["good products not returned:", *(lines or ["none"])])


NOTHING = Command("does a query with nothing to find find nothing?", _declare, _do)
