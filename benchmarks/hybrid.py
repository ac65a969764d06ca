"""What searching by words and by meaning costs against meaning alone, on a real index, in one run.

    python benchmarks/hybrid.py [--index products] [--queries FILE] [--count 200] [--rounds 3] [--seed 7]

The index is the live one in `DAOGOU_DATA_DIR`. Queries are read from a file (one a line; of a line with tabs the last
column), or made of one to four neighbouring words of titles of the index. Every query is asked both ways in turn, as
served and by meaning alone with every word literal; who goes first changes from query to query. Of each query the best
of the rounds counts, since what else the machine does meanwhile is no property of the search. Understanding is also
shown as it was the first time, before the lexicon remembered any of the words.

Prints a table, and as its last line one JSON object. Carry the ratios home rather than the milliseconds.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from eval.nothing import read_texts
from search.bootstrap import open_engine
from search.domain import SearchRequest
from search.engine import Engine
from search.settings import Settings

WAYS = {
    "hybrid": SearchRequest(limit=20),
    "dense": SearchRequest(limit=20, understand=False, semantic_ratio=1.0),
}
STAGES = ("understand", "encode", "retrieve", "fetch", "whole")
WARM_UP = 20

Times = dict[str, list[float]]
"""Milliseconds of each query, by stage."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="products")
    parser.add_argument("--queries", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    dice = random.Random(options.seed)  # noqa: S311 (no secret)
    engine = open_engine(Settings.load())
    try:
        products = engine.stats(options.index).products
        spare = from_titles(engine, options.index, WARM_UP, dice)
        if options.queries:
            every = list(read_texts(options.queries))
            texts = dice.sample(every, min(options.count, len(every)))
        else:
            texts = from_titles(engine, options.index, options.count, dice)
        for text in spare:
            for request in WAYS.values():
                once(engine, options.index, text, request)
        first, best = measured(engine, options.index, texts, options.rounds)
    finally:
        engine.close()
    report(products, texts, first, best)


def from_titles(engine: Engine, index: str, count: int, dice: random.Random) -> list[str]:
    """As people would type them: a few neighbouring words of a title."""
    total = engine.stats(index).products
    texts: list[str] = []
    while len(texts) < count:
        page = engine.documents(index, dice.randrange(total), 1).documents
        words = str(page[0]["title"]).split() if page else []
        if words:
            start = dice.randrange(len(words))
            texts.append(" ".join(words[start : start + dice.randint(1, 4)]))
    return texts


def once(engine: Engine, index: str, text: str, request: SearchRequest) -> dict[str, float]:
    asked = SearchRequest(
        text=text, limit=request.limit, understand=request.understand, semantic_ratio=request.semantic_ratio
    )
    started = time.perf_counter()
    timings = engine.search(index, asked).timings
    whole = (time.perf_counter() - started) * 1000
    return {**{stage: timings.get(stage, 0.0) for stage in STAGES}, "whole": whole}


def measured(engine: Engine, index: str, texts: Sequence[str], rounds: int) -> tuple[Times, dict[str, Times]]:
    """Of the hybrid way the times of the first round; of both the best of all rounds."""
    taken: dict[str, list[list[dict[str, float]]]] = {way: [] for way in WAYS}
    for turn in range(rounds):
        for way in taken:
            taken[way].append([])
        for number, text in enumerate(texts):
            order = list(WAYS) if (number + turn) % 2 == 0 else list(reversed(WAYS))
            for way in order:
                taken[way][turn].append(once(engine, index, text, WAYS[way]))
    first = {stage: [each[stage] for each in taken["hybrid"][0]] for stage in STAGES}
    best = {
        way: {
            stage: [min(each[stage] for each in query) for query in zip(*all_rounds, strict=True)] for stage in STAGES
        }
        for way, all_rounds in taken.items()
    }
    return first, best


def report(products: int, texts: Sequence[str], first: Times, best: Mapping[str, Times]) -> None:
    def at(times: Sequence[float], percentile: float) -> float:
        return float(np.percentile(times, percentile))

    print(f"{products:,} products, {len(texts)} queries, as {', '.join(repr(text) for text in texts[:3])}\n")
    print("| stage | hybrid p50 ms | p95 | dense p50 ms | p95 | ratio p50 | ratio p95 |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    found: dict[str, float] = {"products": products, "queries": len(texts)}
    for stage in STAGES:
        hybrid, dense = best["hybrid"][stage], best["dense"][stage]
        p50, p95, dense50, dense95 = at(hybrid, 50), at(hybrid, 95), at(dense, 50), at(dense, 95)
        ratios = f"{p50 / dense50:.2f} | {p95 / dense95:.2f}" if stage in ("retrieve", "whole") else " | "
        print(f"| {stage} | {p50:.2f} | {p95:.2f} | {dense50:.2f} | {dense95:.2f} | {ratios} |")
        if stage in ("retrieve", "whole"):
            found[f"{stage}_ratio_p50"] = round(p50 / dense50, 3)
            found[f"{stage}_ratio_p95"] = round(p95 / dense95, 3)
    for name, times in (("first", first["understand"]), ("again", best["hybrid"]["understand"])):
        found |= {f"understand_{name}_p{q}_ms": round(at(times, q), 3) for q in (50, 99)}
    print(
        f"\nunderstanding the first time: p50 {found['understand_first_p50_ms']} ms, p99 "
        f"{found['understand_first_p99_ms']} ms; again: {found['understand_again_p50_ms']}, "
        f"{found['understand_again_p99_ms']}"
    )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
