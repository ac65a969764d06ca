"""What each question to the embedded store costs, as multiples of the cheapest: the ten nearest of all products.

    python benchmarks/lanes.py [--products 20000] [--dim 384] [--terms 60] [--queries 100] [--seed 7]

The products are made up: vectors as in `vector_search.py`, words that are as rare as words are (Zipf), few kinds, a
brand out of a hundred, a price, two codes. Everything goes through our own adapter, in one run, on an index that was
built, closed and opened again as a server would. Carry the ratios home rather than the milliseconds.

Prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from search.domain import LANES, Compare, EncoderCard, Filter, Manifest, Point, Sparse
from search.protocols import Collection, Vectors
from search.storage.edge import EdgeStore

VOCABULARY = 40_000
BRANDS = 100
KINDS = 300
DEPTHS = (10, 200, 300, 1000)
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--terms", type=int, default=60, help="words of a product, repeated ones included")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    vectors = made_up_vectors(options.products + options.queries, options.dim, rng)
    with tempfile.TemporaryDirectory() as folder:
        collection = built(vectors[: options.products], options.terms, rng, Path(folder))
        figures = measure(collection, questions(vectors[options.products :], rng))
        collection.close()
    report(options, figures)


# --- data ------------------------------------------------------------------------------------------------------------


def made_up_vectors(count: int, dimension: int, rng: np.random.Generator) -> Vectors:
    rank = min(dimension, 96)
    basis = rng.normal(size=(rank, dimension)) * (np.arange(1, rank + 1) ** -0.5)[:, None]
    departments = rng.normal(size=(24, rank))
    families = departments[rng.integers(0, 24, 600)] + 0.8 * rng.normal(size=(600, rank))
    latent = families[rng.integers(0, 600, count)] + 0.6 * rng.normal(size=(count, rank))
    vectors = latent @ basis + 0.02 * rng.normal(size=(count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def words(count: int, rng: np.random.Generator, most_frequent: int = 1) -> Sparse:
    """`count` words by Zipf's law from the one of that rank on, as a hash would spread them, with weights as BM25's."""
    ranks = most_frequent + np.unique(rng.zipf(1.15, count) % VOCABULARY)
    indices = np.unique((ranks * 2_654_435_761) % 2**32)
    return Sparse(tuple(indices.tolist()), tuple(rng.uniform(0.3, 2.2, len(indices)).tolist()))


def kind(rng: np.random.Generator) -> Sparse:
    """A head noun that many products share and a rarer one."""
    indices = sorted({int(rng.zipf(1.3)) % KINDS, KINDS + int(rng.integers(0, 3000))})
    return Sparse(tuple(indices), (1.0,) * len(indices))


def built(vectors: Vectors, terms: int, rng: np.random.Generator, folder: Path) -> Collection:
    card = EncoderCard("benchmark", None, "", vectors.shape[1], "mean", True, 256)
    store = EdgeStore(folder)
    collection = store.create(Manifest("benchmark", 1, card, "", {"price": "number", "brand": "text"}, lanes=LANES))
    started = time.perf_counter()
    for start in range(0, len(vectors), 1000):
        collection.upsert(
            [product(number, vectors, terms, rng) for number in range(start, min(start + 1000, len(vectors)))]
        )
    written = time.perf_counter()
    collection.optimize()
    collection.close()
    optimized = time.perf_counter()
    store.publish("benchmark", 1)
    collection = store.open("benchmark")
    opened = time.perf_counter() - optimized
    print(
        f"{len(vectors):,} products of {vectors.shape[1]} dimensions and {terms} words: written in "
        f"{written - started:.1f} s, optimised in {optimized - written:.1f} s, opened in {opened:.2f} s\n"
    )
    return collection


def product(number: int, vectors: Vectors, terms: int, rng: np.random.Generator) -> Point:
    document = {
        "title": f"Product {number}",
        "brand": f"Brand {number % BRANDS}",
        "price": round(float(rng.lognormal(3.5, 1.0)), 2),
    }
    lanes = {"words": words(terms, rng), "kind": kind(rng)}
    codes = (f"tn{number}", f"family{number // 3}")
    return Point(str(number), vectors[number].tolist(), document, "", "", lanes, codes)


# --- questions -------------------------------------------------------------------------------------------------------

Question = Callable[[Collection, int], Sequence[object] | dict[str, float]]


def questions(queries: Vectors, rng: np.random.Generator) -> dict[str, tuple[Question, int]]:
    """By name: what is asked with query number n, and how many queries there are."""
    count = len(queries)
    # A query has no stop words: its words are those from rank 30 on.
    typed = [words(4, rng, most_frequent=30) for _ in range(count)]
    kinds = [kind(rng) for _ in range(count)]
    filters: dict[str, Filter | None] = {
        "": None,
        " of half": Compare("price", "<", 33.1),
        " of 1 in 100": Compare("brand", "=", "brand 7"),
    }
    asked: dict[str, Question] = {}
    for name, filter in filters.items():
        for depth in DEPTHS:
            asked[f"nearest {depth}{name}"] = lambda it, n, d=depth, f=filter: it.nearest(queries[n], d, f)
        for depth in DEPTHS:
            asked[f"matching words {depth}{name}"] = lambda it, n, d=depth, f=filter: it.matching(
                "words", typed[n], d, f
            )
        asked[f"matching kind 300{name}"] = lambda it, n, f=filter: it.matching("kind", kinds[n], 300, f)
        asked[f"by_code{name}"] = lambda it, n, f=filter: it.by_code([f"tn{n}", f"family{n}"], 10, f)
    pools: dict[tuple[int, int], list[str]] = {}

    def pool(it: Collection, n: int, size: int) -> list[str]:
        """Products that the query would name: those that matched its words, and others."""
        if (n, size) not in pools:
            pools[n, size] = [hit.point_id for hit in it.nearest(queries[(n + 1) % count], size)]
        return pools[n, size]

    for size in (200, 1000):
        asked[f"similarity of {size}"] = lambda it, n, s=size: it.similarity(queries[n], pool(it, n, s))
        asked[f"relevance words of {size}"] = lambda it, n, s=size: it.relevance("words", typed[n], pool(it, n, s))
        asked[f"relevance kind of {size}"] = lambda it, n, s=size: it.relevance("kind", kinds[n], pool(it, n, s))
        asked[f"relevance kind of the same {size}"] = lambda it, n, s=size: it.relevance(
            "kind", kinds[n], pool(it, 0, s)
        )
    return {name: (question, count) for name, question in asked.items()}


def measure(collection: Collection, asked: dict[str, tuple[Question, int]]) -> dict[str, tuple[float, float, float]]:
    """Median and 95th percentile in milliseconds, and how many answers a question got on average.

    Of each query the best of ROUNDS counts: what else the machine does meanwhile is no property of the question.
    """
    figures = {}
    for name, (question, count) in asked.items():
        for number in range(count):
            question(collection, number)  # Warms up, and fills the pools.
        times, answers = [math.inf] * count, 0
        for _ in range(ROUNDS):
            for number in range(count):
                started = time.perf_counter()
                answer = question(collection, number)
                times[number] = min(times[number], (time.perf_counter() - started) * 1000)
                answers += len(answer)
        figures[name] = (statistics.median(times), float(np.percentile(times, 95)), answers / count / ROUNDS)
    return figures


def report(options: argparse.Namespace, figures: dict[str, tuple[float, float, float]]) -> None:
    base = figures[f"nearest {DEPTHS[0]}"][0]
    print(f"{'question':<32} {'× nearest 10':>12} {'p50 ms':>8} {'p95 ms':>8} {'answers':>8}")
    for name, (p50, p95, answers) in figures.items():
        print(f"{name:<32} {p50 / base:12.2f} {p50:8.3f} {p95:8.3f} {answers:8.1f}")
    summary: dict[str, Any] = {
        "products": options.products,
        "dimension": options.dim,
        "terms": options.terms,
        "times_nearest_10": {name: round(p50 / base, 3) for name, (p50, _, _) in figures.items()},
        "p50_ms": {name: round(p50, 4) for name, (p50, _, _) in figures.items()},
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
