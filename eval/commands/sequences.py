"""`sequences`: how high do methods of recommending rank what shoppers took next?"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from eval.commands.command import Command, warn
from eval.compare import compare
from eval.metrics import Scores
from eval.sequences.catalogue import documents_of, read_catalogue
from eval.sequences.histories import Question, already_seen, last_steps, questions_of, read_histories, trails_of
from eval.sequences.methods import METHODS, NETWORKS, Workshop, train_networks
from eval.sequences.ranking import ranks, score
from eval.tables import table
from eval.verdicts import sentence
from search.documents import text
from search.domain import Product
from search.recommending.interactions import Floats, Interactions, Trail

DECIDES = "ndcg@10"
NEITHER = frozenset({"blend", *NETWORKS})
"""Not among the baselines that the blend is compared with: itself, and parts of it."""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--catalogue", type=Path, required=True, metavar="FILE", help="products: JSON lines, CSV or TSV"
    )
    parser.add_argument("--train", type=Path, required=True, metavar="A.jsonl", help="histories to learn from")
    parser.add_argument("--test", type=Path, metavar="B.jsonl", help="histories to be asked (default: last steps of A)")
    parser.add_argument(
        "--method", action="append", choices=("all", *METHODS), metavar="NAME", help=f"all, or of {', '.join(METHODS)}"
    )
    parser.add_argument(
        "--no-networks",
        dest="networks",
        action="store_false",
        help="leave gru and sasrec out, of the blend as well: a third of the time, and not what is served",
    )
    parser.add_argument("--device", default="cpu", help="to train them on (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn by chance (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one object in place of the table")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    names = _names(parser, args)
    products = read_catalogue(args.catalogue)
    documents = documents_of(products)
    rows = read_histories(args.train, documents)
    trails = trails_of(rows)
    if args.test:
        asked = read_histories(args.test, documents)
        if seen := already_seen(asked, trails):
            warn(f"{seen} of {len(asked)} rows of {args.test} are in {args.train}, targets and all: figures flatter.")
        questions = questions_of(asked, trails)
    else:
        trails, questions = last_steps(trails)
    if not questions:
        parser.error(f"{args.train}: nobody has two products, so there is no last step to ask for")
    _say(f"{len(products)} products, {len(trails)} shoppers, {len(questions)} questions")
    scores = _measure(args, names, products, trails, questions)
    if args.json:
        print(json.dumps({name: {metric: one.mean(metric) for metric in one.values} for name, one in scores.items()}))
        return 0
    print(_table(scores))
    if said := _verdict(scores, args.seed):
        print("", said, sep="\n")
    return 0


def _names(parser: argparse.ArgumentParser, args: argparse.Namespace) -> list[str]:
    wanted = args.method or ["all"]
    if not args.networks and (missing := [name for name in wanted if name in NETWORKS]):
        parser.error(f"--method {missing[0]} is a network: leave --no-networks out")
    if "all" in wanted:
        return [name for name in METHODS if args.networks or name not in NETWORKS]
    return list(dict.fromkeys(wanted))


def _measure(
    args: argparse.Namespace,
    names: Sequence[str],
    products: Sequence[Product],
    trails: Mapping[str, Sequence[str]],
    questions: Sequence[Question],
) -> dict[str, Scores]:
    places = {product.id: place for place, product in enumerate(products)}
    vectors = _vectors(products)
    workshop = Workshop(
        Interactions(tuple(places), tuple(Trail.of(map(places.__getitem__, trail)) for trail in trails.values())),
        vectors,
        documents_of(tuple(products)),
        train_networks(vectors, args.seed, args.device) if args.networks else None,
        args.seed,
        _say,
    )
    histories = [Trail.of(map(places.__getitem__, question.history)) for question in questions]
    targets = np.array([places[question.target] for question in questions], np.int64)
    found = {}
    for name in names:
        method = workshop.make(name)
        found[name] = score(name, ranks(method, histories, targets, partial(_watched, doing=name)))
    return found


def _vectors(products: Sequence[Product]) -> Floats:
    """Texts as the index embeds them, with the encoder of the settings."""
    from search.bootstrap import load_encoder
    from search.settings import Settings

    encoder = load_encoder(Settings.load())
    with tqdm(total=len(products), desc="Encoding", unit="product", disable=None) as bar:
        found: Floats = np.asarray(encoder.encode_documents([text(product) for product in products], bar.update))
    return found.astype(np.float32, copy=False)


def _table(scores: Mapping[str, Scores]) -> str:
    metrics = list(next(iter(scores.values())).values)
    return table(
        ["method", *metrics],
        [[name, *(f"{one.mean(metric):.4f}" for metric in metrics)] for name, one in scores.items()],
    )


def _verdict(scores: Mapping[str, Scores], seed: int) -> str | None:
    """The blend against the best of the others."""
    others = [one for name, one in scores.items() if name not in NEITHER]
    if "blend" not in scores or not others:
        return None
    best = max(others, key=lambda one: one.mean(DECIDES))
    one = next(each for each in compare(best, [scores["blend"]], seed=seed) if each.metric == DECIDES)
    share = f" That is {one.difference / one.baseline_mean:+.1%}." if one.baseline_mean else ""
    return sentence(best.run, one) + share


def _watched(batches: Iterable[int], doing: str) -> Iterable[int]:
    bar: Iterable[int] = tqdm(batches, desc=doing, unit="batch", disable=None)
    return bar


def _say(doing: str) -> None:
    print(doing, file=sys.stderr, flush=True)


SEQUENCES = Command("how high is the next purchase ranked?", _declare, _do)
