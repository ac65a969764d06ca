"""How fast and how exact the embedded engine is, beside qdrant-client's local mode and a plain numpy scan, in one run.

    python benchmarks/vector_search.py [--products 20000] [--dim 384] [--index NAME [--data-dir .daogou]]

Without --index the vectors are made up: departments, product families within them and products within those, each a
Gaussian step smaller than the one before, in fewer directions than there are dimensions, all of unit length. That is
how encoded product texts lie. With --index they are those of a live index. Queries are products held back from the
index. Every contestant answers the same queries: the ten nearest of all products, of half of them (a price limit) and
of about one in a hundred (a brand).

Prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

sys.path.insert(0, str(Path(__file__).parents[1]))

from search.domain import Compare, EncoderCard, Filter, Manifest, Point
from search.protocols import Collection, Vectors
from search.storage.edge import EdgeStore
from search.storage.payload import point_id

BRANDS = 100
BAR_SPEED = 50.0
BAR_RECALL = 0.99
TOP = 10


@dataclass(frozen=True, slots=True)
class Shop:
    """Products by position: their vectors, shape (n, dim), prices and brands; and queries, shape (m, dim)."""

    vectors: Vectors
    prices: NDArray[np.float64]
    brands: NDArray[np.int64]
    queries: Vectors
    origin: str


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of question: for our stores, for qdrant-client and as the mask of a scan."""

    name: str
    filter: Filter | None
    native: models.Filter | None
    mask: NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True)
class Figures:
    p50: float
    p95: float
    recall: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=384, help="ignored with --index")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--slow-queries", type=int, default=40, help="how many of them local mode answers")
    parser.add_argument("--index", help="take the vectors of this index instead of made-up ones")
    parser.add_argument("--data-dir", type=Path, default=Path(".daogou"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--without-local", action="store_true", help="leave out local mode, which takes the longest")
    options = parser.parse_args()
    shop = real_shop(options) if options.index else made_up_shop(options)
    print(f"{len(shop.vectors):,} products of {shop.vectors.shape[1]} dimensions: {shop.origin}\n")
    cases = make_cases(shop)
    truth = {case.name: exact(shop, case.mask) for case in cases}
    results = {"numpy": measure_numpy(shop, cases, truth)}
    with tempfile.TemporaryDirectory() as folder:
        results["edge"] = measure_edge(shop, cases, truth, Path(folder))
    if not options.without_local:
        results["local"] = measure_local(shop, cases, truth, options.slow_queries)
    report(shop, cases, results)


# --- data ------------------------------------------------------------------------------------------------------------


def made_up_shop(options: argparse.Namespace) -> Shop:
    rng = np.random.default_rng(options.seed)
    count = options.products + options.queries
    rank = min(options.dim, 96)
    basis = rng.normal(size=(rank, options.dim)) * (np.arange(1, rank + 1) ** -0.5)[:, None]
    departments = rng.normal(size=(24, rank))
    families = departments[rng.integers(0, 24, 600)] + 0.8 * rng.normal(size=(600, rank))
    latent = families[rng.integers(0, 600, count)] + 0.6 * rng.normal(size=(count, rank))
    vectors = latent @ basis + 0.02 * rng.normal(size=(count, options.dim))
    return _shop(vectors, rng, options.queries, "made up, clustered like encoded product texts")


def real_shop(options: argparse.Namespace) -> Shop:
    collection = EdgeStore(options.data_dir).open(options.index, snapshot=True)
    try:
        vectors = np.array([point.vector for point in collection.scroll()], dtype=np.float32)
    finally:
        collection.close()
    rng = np.random.default_rng(options.seed)
    shuffled = vectors[rng.permutation(len(vectors))][: options.products + options.queries]
    return _shop(shuffled, rng, min(options.queries, len(shuffled) // 10), f"those of the index '{options.index}'")


def _shop(vectors: NDArray[Any], rng: np.random.Generator, queries: int, origin: str) -> Shop:
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    count = len(unit) - queries
    return Shop(
        vectors=unit[:count],
        prices=np.round(rng.lognormal(3.5, 1.0, count), 2),
        brands=rng.integers(0, BRANDS, count),
        queries=unit[count:],
        origin=origin,
    )


def make_cases(shop: Shop) -> list[Case]:
    half = float(np.median(shop.prices))
    below = models.FieldCondition(key="price", range=models.Range(lt=half))
    brand = models.FieldCondition(key="brand", match=models.MatchValue(value="brand 7"))
    return [
        Case("all", None, None, None),
        Case("half", Compare("price", "<", half), models.Filter(must=[below]), shop.prices < half),
        Case("1 in 100", Compare("brand", "=", "Brand 7"), models.Filter(must=[brand]), shop.brands == 7),
    ]


def exact(shop: Shop, mask: NDArray[np.bool_] | None) -> list[set[int]]:
    return [set(numpy_top(shop.vectors, query, mask)) for query in shop.queries]


# --- contestants -----------------------------------------------------------------------------------------------------


def numpy_top(vectors: Vectors, query: NDArray[np.float32], mask: NDArray[np.bool_] | None) -> list[int]:
    among = vectors if mask is None else vectors[mask]
    scores = among @ query
    best = np.argpartition(-scores, TOP)[:TOP] if len(scores) > TOP else np.arange(len(scores))
    return [int(number) for number in (best if mask is None else np.flatnonzero(mask)[best])]


def measure_numpy(shop: Shop, cases: Sequence[Case], truth: dict[str, list[set[int]]]) -> dict[str, Figures]:
    def top(mask: NDArray[np.bool_] | None) -> Callable[[NDArray[np.float32]], list[int]]:
        return lambda query: numpy_top(shop.vectors, query, mask)

    return {case.name: measure(top(case.mask), shop.queries, truth[case.name]) for case in cases}


def measure_edge(
    shop: Shop, cases: Sequence[Case], truth: dict[str, list[set[int]]], folder: Path
) -> dict[str, Figures]:
    """Through our own adapter, built, closed and opened again as a server would."""
    card = EncoderCard("benchmark", None, "", shop.vectors.shape[1], "mean", True, 256)
    store = EdgeStore(folder)
    started = time.perf_counter()
    collection = store.create(Manifest("benchmark", 1, card, "", {"price": "number", "brand": "text"}))
    for start in range(0, len(shop.vectors), 1000):
        collection.upsert([edge_point(shop, number) for number in range(start, min(start + 1000, len(shop.vectors)))])
    written = time.perf_counter()
    collection.optimize()
    collection.close()
    optimized = time.perf_counter()
    store.publish("benchmark", 1)
    collection = store.open("benchmark")
    opened = time.perf_counter()
    print(
        f"edge: written in {written - started:.1f} s, optimised in {optimized - written:.1f} s, "
        f"opened in {opened - optimized:.2f} s"
    )
    number_of = {point_id(str(number)): number for number in range(len(shop.vectors))}

    def top(collection: Collection, filter: Filter | None) -> Callable[[NDArray[np.float32]], list[int]]:
        return lambda query: [number_of[hit.point_id] for hit in collection.nearest(query, TOP, filter)]

    figures = {case.name: measure(top(collection, case.filter), shop.queries, truth[case.name]) for case in cases}
    collection.close()
    return figures


def edge_point(shop: Shop, number: int) -> Point:
    document = {
        "price": float(shop.prices[number]),
        "brand": f"Brand {shop.brands[number]}",
        "title": f"Product {number}",
    }
    return Point(str(number), shop.vectors[number].tolist(), document, "", "")


def measure_local(
    shop: Shop, cases: Sequence[Case], truth: dict[str, list[set[int]]], queries: int
) -> dict[str, Figures]:
    """qdrant-client itself, with nothing of ours around it."""
    client = QdrantClient(":memory:")
    started = time.perf_counter()
    client.create_collection(
        "benchmark", vectors_config=models.VectorParams(size=shop.vectors.shape[1], distance=models.Distance.COSINE)
    )
    for start in range(0, len(shop.vectors), 1000):
        points = [
            models.PointStruct(
                id=number,
                vector=shop.vectors[number].tolist(),
                payload={"price": float(shop.prices[number]), "brand": f"brand {shop.brands[number]}"},
            )
            for number in range(start, min(start + 1000, len(shop.vectors)))
        ]
        client.upsert("benchmark", points)
    print(f"local mode: written in {time.perf_counter() - started:.1f} s")

    def top(case: Case) -> Callable[[NDArray[np.float32]], list[int]]:
        def ask(query: NDArray[np.float32]) -> list[int]:
            answer = client.query_points(
                "benchmark", query=query.tolist(), query_filter=case.native, limit=TOP, with_payload=False
            )
            return [int(point.id) for point in answer.points]

        return ask

    figures = {case.name: measure(top(case), shop.queries[:queries], truth[case.name]) for case in cases}
    client.close()
    return figures


def measure(ask: Callable[[NDArray[np.float32]], list[int]], queries: Vectors, truth: Sequence[set[int]]) -> Figures:
    """Milliseconds and recall@10 against the exact ten, after a few questions that do not count."""
    for query in queries[:5]:
        ask(query)
    times, found, wanted = [], 0, 0
    for query, right in zip(queries, truth, strict=False):
        started = time.perf_counter()
        answer = ask(query)
        times.append((time.perf_counter() - started) * 1000)
        found += len(right & set(answer))
        wanted += len(right)
    return Figures(float(np.percentile(times, 50)), float(np.percentile(times, 95)), found / wanted)


# --- report ----------------------------------------------------------------------------------------------------------


def report(shop: Shop, cases: Sequence[Case], results: dict[str, dict[str, Figures]]) -> None:
    local = results.get("local")
    print(f"\n{'top 10 of':<10} {'engine':<8} {'p50 ms':>9} {'p95 ms':>9} {'recall@10':>10} {'× local':>9}")
    for case in cases:
        for engine, figures in results.items():
            each = figures[case.name]
            ratio = f"{local[case.name].p50 / each.p50:9.1f}" if local else ""
            print(f"{case.name:<10} {engine:<8} {each.p50:9.3f} {each.p95:9.3f} {each.recall:10.4f} {ratio}")
    summary: dict[str, Any] = {
        "products": len(shop.vectors),
        "dimension": shop.vectors.shape[1],
        "vectors": shop.origin,
        "engines": {
            engine: {name: {"p50_ms": f.p50, "p95_ms": f.p95, "recall@10": f.recall} for name, f in figures.items()}
            for engine, figures in results.items()
        },
    }
    if local:
        ratios = {case.name: local[case.name].p50 / results["edge"][case.name].p50 for case in cases}
        summary["edge_times_faster_than_local"] = ratios
        met = all(ratio >= BAR_SPEED for ratio in ratios.values()) and all(
            figures.recall >= BAR_RECALL for figures in results["edge"].values()
        )
        summary["bar"] = {"times_faster": BAR_SPEED, "recall@10": BAR_RECALL, "met": met}
        verdict = "yes" if met else "no"
        print(f"\nEdge at least {BAR_SPEED:.0f} times faster than local mode at recall@10 ≥ {BAR_RECALL}: {verdict}")
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
