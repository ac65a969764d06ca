"""What one shopper costs the sequence models, in milliseconds of one core and as multiples of an exact nearest search.

    python benchmarks/sequence_models.py [--products 20000] [--rounds 40] [--seed 7]

Weights and vectors are made up: time does not depend on what was learnt. The exact search, 384 numbers a product, is
one product of matrices in numpy. `catalogue` scores all products; `candidates` lays the model over 300 of them first,
as a server does for each list of recommendations. Milliseconds are those of the processor, the median.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from search.encoding.sequences import GRU, SASREC
from search.recommending.interactions import Trail
from search.recommending.networks import SequenceModel, SequenceNetwork, member_shapes

DIMENSION = 384
CANDIDATES = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    vectors = rng.normal(size=(options.products, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [f"p{number}" for number in range(options.products)]
    some = rng.permutation(options.products)[:CANDIDATES]
    exact = median(lambda: vectors @ vectors[0], options.rounds)
    figures = {"exact search": exact}
    for name, recipe in (("gru", GRU), ("sasrec", SASREC)):
        shapes = member_shapes(name, options.products, DIMENSION, recipe.width)
        members = [
            {key: (0.05 * rng.normal(size=shape)).astype(np.float32) for key, shape in shapes.items()}
            for _ in range(recipe.members_for(options.products))
        ]
        model = SequenceModel(name, tuple(ids), tuple(members))
        whole, few = model.over(ids, vectors), partial(model.over, [ids[place] for place in some], vectors[some])
        for steps in (5, 30):
            trails = [Trail.of(rng.integers(0, CANDIDATES, steps))]
            figures[f"{name}, {steps} steps, catalogue"] = median(partial(whole.scores, trails), options.rounds)
            figures[f"{name}, {steps} steps, candidates"] = median(partial(anew, few, trails), options.rounds)
    for name, ms in figures.items():
        print(f"{name:30} {ms:6.2f} ms  {ms / exact:5.1f} x")
    print(json.dumps({name: round(ms, 3) for name, ms in figures.items()}))


def anew(over: Callable[[], SequenceNetwork], trails: list[Trail]) -> object:
    return over().scores(trails)


def median(work: Callable[[], object], rounds: int) -> float:
    work()
    spent = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        spent.append(1000 * (time.process_time() - started))
    return float(np.median(spent))


if __name__ == "__main__":
    main()
