"""What an experiment costs a search: none, a split, an interleaving, on an index that is there.

    python benchmarks/experiments.py [--index products] [--queries examples/demo/queries.tsv] [--rounds 10]

Each query is asked in all three ways one after the other, so that other work on the machine burdens them alike; the
index is read from a private snapshot, with the settings in force. Figures are of one thread, CPU time beside the clock.

Prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from search.bootstrap import open_engine
from search.domain import SearchRequest
from search.experiments.definitions import parse_experiments
from search.experiments.serving import Experiments
from search.settings import Settings

QUERIES = Path(__file__).parents[1] / "examples" / "demo" / "queries.tsv"

DEFINITION = """
[[experiment]]
name = "cost"
index = "{index}"
method = "{method}"
[[experiment.variant]]
name = "now"
[[experiment.variant]]
name = "words"
semantic_ratio = 0.2
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="products")
    parser.add_argument("--queries", type=Path, default=QUERIES)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    rows = options.queries.read_text(encoding="utf-8").splitlines()
    queries = [row.split("\t")[1] for row in rows if "\t" in row]
    settings = Settings.load()
    engine = open_engine(settings)
    ways = {"none": Experiments((), lambda _: True, settings.max_total_hits)}
    for method in ("split", "interleave"):
        defined = parse_experiments(DEFINITION.format(index=options.index, method=method), "benchmark")
        ways[method] = Experiments(defined, lambda _: True, settings.max_total_hits)
    clock: dict[str, list[float]] = {way: [] for way in ways}
    cpu: dict[str, list[float]] = {way: [] for way in ways}
    drafted = 0
    for turn in range(-1, options.rounds):
        for number, query in enumerate(queries):
            for way, experiments in ways.items():
                began, worked = time.perf_counter(), time.thread_time()
                request = SearchRequest(query, shopper=f"shopper {number} {turn}", personalize=False)
                served = experiments.search(engine, options.index, request)
                if turn >= 0:  # the round before warms up
                    clock[way].append(1000 * (time.perf_counter() - began))
                    cpu[way].append(1000 * (time.thread_time() - worked))
                    drafted += bool(served.part and served.part.teams)
    engine.close()
    print(f"{'':12}{'median ms':>10}{'CPU ms':>10}{'against none':>14}")
    found = {}
    for way in ways:
        times, work = statistics.median(clock[way]), statistics.median(cpu[way])
        ratio = statistics.median(mine / none for mine, none in zip(clock[way], clock["none"], strict=True))
        found[way] = {"ms": round(times, 3), "cpu_ms": round(work, 3), "ratio": round(ratio, 3)}
        print(f"{way:12}{times:>10.2f}{work:>10.2f}{ratio:>14.2f}")
    share = drafted / len(clock["none"])
    print(f"{len(queries)} queries, {options.rounds} rounds; {share:.0%} of the third kind were interleaved.")
    print(json.dumps({**found, "interleaved": round(share, 3)}))


if __name__ == "__main__":
    main()
