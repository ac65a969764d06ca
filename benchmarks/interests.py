"""How many interests a shopper should have: how well the next purchase is found by what they bought before.

    python benchmarks/interests.py [--shared FOLDER] [--sequences 1200] [--seed 0]

For sequences of three purchases or more (`histories/office` and `industrial` of the development data, which are found
in `DAOGOU_SHARED`, or in `shared` beside the checkout), every product of the catalogue is ranked by its greatest cosine
with one of the shopper's vectors, products bought before left out. These vectors are: one for all (their mean), one for
each product, or interests as they are made (search/profiles/interests) for several thresholds ALIKE. A purchase counts
0.95 of the one after it. MRR of the target among the first hundred.

Prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from search import documents
from search.bootstrap import load_encoder
from search.profiles.census import mean_cosine
from search.profiles.interests import grouped
from search.profiles.weights import ALIKE, MOST_INTERESTS
from search.settings import Settings
from search.writing import prepare

ROOT = Path(__file__).parents[1]
Doubles = NDArray[np.float64]
Ways = Callable[[Doubles, Doubles], Doubles]
"""Vectors and weights of what was bought → the shopper's vectors, of unit length."""

SETS = ("office", "industrial")
FADE = 0.95
DEPTH = 100
SAMPLE = 256
THRESHOLDS = (0.05, 0.1, ALIKE, 0.2, 0.3, 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", default=os.environ.get("DAOGOU_SHARED", str(ROOT.parent / "shared")))
    parser.add_argument("--sequences", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    facts: dict[str, float] = {}
    print(f"{'set':12}{'vectors of a shopper':34}{'how many':>9}{'mrr@100':>9}")
    for name in SETS:
        for way, count, mrr in measured(
            Path(options.shared) / "data" / "histories", name, options.sequences, options.seed
        ):
            print(f"{name:12}{way:34}{count:>9.2f}{mrr:>9.4f}")
            facts[f"{name} {way}"] = round(mrr, 4)
    print(json.dumps(facts))


def measured(folder: Path, name: str, most: int, seed: int) -> Iterator[tuple[str, float, float]]:
    """Each way with the mean number of vectors, and its MRR."""
    products, vectors = encoded(folder / f"{name}.catalogue.jsonl")
    rng = np.random.default_rng(seed)
    rows = [row for row in lines(folder / f"{name}.dev.jsonl") if len(row["history"]) >= 3]
    chosen = [rows[place] for place in rng.permutation(len(rows))[:most]]
    likeness = mean_cosine(vectors[rng.permutation(len(vectors))[:SAMPLE]].tolist())

    def interests(alike: float) -> Ways:
        threshold = likeness + alike * (1 - likeness)
        return lambda held, weights: np.stack(
            [weights[group] @ held[group] for group in grouped(held, weights, MOST_INTERESTS, threshold)]
        )

    ways: dict[str, Ways] = {
        "one, the mean": lambda held, weights: (weights @ held)[None],
        "one for each product": lambda held, weights: held,
        **{f"interests, alike from {alike:g}": interests(alike) for alike in THRESHOLDS},
    }
    for way, made in ways.items():
        counts, ranks = [], []
        for row in chosen:
            bought = {products[product]: FADE**ago for ago, product in reversed(list(enumerate(row["history"][::-1])))}
            places, target = np.array(list(bought)), products[row["target"]]
            if target in bought:
                continue
            theirs = made(vectors[places], np.array(list(bought.values())))
            theirs = theirs / np.linalg.norm(theirs, axis=1, keepdims=True)
            scores = (vectors @ theirs.T).max(axis=1)
            scores[places] = -np.inf
            rank = 1 + int((scores > scores[target]).sum())
            counts.append(len(theirs))
            ranks.append(1 / rank if rank <= DEPTH else 0.0)
        yield way, float(np.mean(counts)), float(np.mean(ranks))


def encoded(file: Path) -> tuple[dict[str, int], Doubles]:
    """The place of each product, and all vectors."""
    rows = [prepare(documents.product(row)) for row in lines(file)]
    vectors = load_encoder(Settings()).encode_documents([row.text for row in rows])
    return {str(row.document["id"]): place for place, row in enumerate(rows)}, vectors.astype(np.float64)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
