"""What explaining a page costs: searches with and without `explain`, in turn, in one process.

    DAOGOU_DATA_DIR=.daogou python benchmarks/explanations.py --index products --queries examples/demo/queries.tsv

Prints one JSON line: the median of each in milliseconds, their ratio, and the time that the engine spends on explaining
alone. Reads a private snapshot of the index, so a server may run beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

from search.bootstrap import open_engine
from search.domain import SearchRequest
from search.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", default="products")
    parser.add_argument(
        "--queries", type=Path, default=Path("examples/demo/queries.tsv"), help="the last column counts"
    )
    parser.add_argument("--limit", type=int, default=20, help="hits of a page")
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    texts = [line.rstrip("\n").split("\t")[-1] for line in wanted.queries.read_text(encoding="utf-8").splitlines()]
    engine = open_engine(Settings.load())
    plain: list[float] = []
    explained: list[float] = []
    alone: list[float] = []
    hits = 0
    try:
        for turn in range(wanted.rounds + 1):
            for number, text in enumerate(filter(None, texts)):
                request = SearchRequest(text=text, limit=wanted.limit)
                told = SearchRequest(text=text, limit=wanted.limit, explain="auto")
                # Whoever comes second finds memory warm: each is second every other time.
                pair = [(request, plain), (told, explained)]
                for asked, times in pair if (turn + number) % 2 else reversed(pair):
                    began = time.perf_counter()
                    result = engine.search(wanted.index, asked)
                    if turn:  # the first round warms up
                        times.append((time.perf_counter() - began) * 1000)
                        if asked.explain and "explain" in result.timings:
                            alone.append(result.timings["explain"])
                            hits += len(result.hits)
    finally:
        engine.close()
    medians = statistics.median(plain), statistics.median(explained)
    print(
        json.dumps(
            {
                "searches": len(plain),
                "hits_per_page": round(hits / max(1, len(alone)), 1),
                "plain_ms": round(medians[0], 2),
                "explained_ms": round(medians[1], 2),
                "ratio": round(medians[1] / medians[0], 3),
                "explaining_ms": round(statistics.median(alone), 2),
                "explaining_ms_p95": round(sorted(alone)[int(0.95 * len(alone))], 2),
            }
        )
    )


if __name__ == "__main__":
    main()
