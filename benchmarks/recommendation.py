"""The blend of recommending methods: how long it learns, how much it keeps, how fast it answers.

    python benchmarks/recommendation.py [--products 20000] [--shoppers 10000]

The shop is drawn by chance, with popularity as shops have it (Zipf). Times are the best of several calls, in one thread
where OMP_NUM_THREADS=1 is set. How well the blend recommends is measured by `python -m eval sequences`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from search.domain import Document
from search.recommending.blend_files import from_bytes, to_bytes
from search.recommending.interactions import Floats, Interactions, Trail
from search.recommending.learning import learn
from search.shopper import Step

DIMENSION = 384
WORDS = 2000
FAMILY = 30
CANDIDATES = 500
LONG = 10_000
PARTS = (
    "content", "words", "brand", "popular", "new", "repeat", "had", "together", "next", "later", "before", "alike"
)  # fmt: skip


def shop(products: int, shoppers: int) -> tuple[Interactions, Floats, dict[str, Document]]:
    generator = np.random.default_rng(0)
    chance = 1 / np.arange(10, products + 10)
    chance /= chance.sum()
    trails = [Trail.of(generator.choice(products, generator.integers(3, 12), p=chance)) for _ in range(shoppers)]
    # Thirty of a family are alike by about 0.5, as texts are: `alike` has something to spread.
    families = generator.normal(size=(max(1, products // FAMILY), DIMENSION))
    vectors = families[generator.integers(0, len(families), products)] + generator.normal(size=(products, DIMENSION))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    ids = tuple(f"p{number}" for number in range(products))
    titles = [" ".join(f"w{word}" for word in generator.integers(0, WORDS, 8)) for _ in ids]
    documents: dict[str, Document] = {
        product: {"id": product, "title": title, "brand": f"b{number % 300}"}
        for number, (product, title) in enumerate(zip(ids, titles, strict=True))
    }
    return Interactions(ids, tuple(trails)), vectors, documents


def milliseconds(call: Callable[[], object], calls: int = 10) -> float:
    seconds = []
    for _ in range(calls):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return 1000 * min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--shoppers", type=int, default=10_000)
    args = parser.parse_args()
    interactions, vectors, documents = shop(args.products, args.shoppers)
    started, worked = time.perf_counter(), time.process_time()
    learnt = learn(interactions, vectors, documents)
    print(f"learning       {time.perf_counter() - started:8.1f} s, {time.process_time() - worked:.1f} s of processor")
    data = to_bytes(learnt)
    # Trails drawn by chance teach that most parts are worth nothing, and what weighs nothing is not even asked.
    recommender = replace(from_bytes(data), weights=dict.fromkeys(PARTS, 1.0))
    tables = [*recommender.tables, recommender.goes]
    held = sum(
        each.nbytes for table in tables for each in (table.matrix.data, table.matrix.indices, table.matrix.indptr)
    )
    print(f"file           {len(data) / 1e6:8.1f} MB;  tables in memory {held / 1e6:.1f} MB")
    print(f"reading        {milliseconds(lambda: from_bytes(data), 3):8.1f} ms")
    trail = interactions.trails[0]
    steps = [Step(interactions.products[product], 1.0, float("nan")) for product in trail.products]
    long = Trail.of(np.random.default_rng(1).integers(0, args.products, LONG))
    every = recommender.over(interactions.products, vectors, documents)
    print(f"all products   {milliseconds(lambda: every.judge(trail)):8.1f} ms for a trail of {len(trail)}")
    print(f"               {milliseconds(lambda: every.judge(long)):8.1f} ms for a trail of {LONG}")
    some = interactions.products[:CANDIDATES]
    few_vectors = vectors[:CANDIDATES]
    few = recommender.over(some, few_vectors, documents)
    short = Trail.of(trail.products % CANDIDATES)
    print(
        f"{CANDIDATES} candidates {milliseconds(lambda: recommender.over(some, few_vectors, documents)):8.1f} ms to lay"
    )
    print(f"               {milliseconds(lambda: few.judge(short)):8.1f} ms to judge")
    print(f"finding them   {milliseconds(lambda: recommender.candidates(steps, CANDIDATES)):8.1f} ms")


if __name__ == "__main__":
    main()
