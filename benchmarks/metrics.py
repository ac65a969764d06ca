"""How long a large run takes to read and to measure, against ranx: ndcg@10, recall@100, mrr@10 and map of each query.

    python benchmarks/metrics.py [--queries 100000] [--hits 100] [--rounds 3]

Needs the `bench` extra, which `make bench` installs. Judgements and a run are made up: 20 judged products a query,
half of them among its hits. Both sides start from the same plain dictionaries, then from the same TREC files, in turns
and in one process; which goes first alternates. Conversion is what it takes to get what the evaluation wants: for us
ordering hits by score or reading files, for ranx making its Qrels and Run. ranx computes on every core, we on one,
except that Arrow parses files on every core. What ranx compiles on first use (unless an earlier process left it in
numba's cache) is compiled before and reported apart. Values must agree to 1e-9 for every query.

Medians over the rounds; ratios are ranx's seconds over ours, within one round. The last line is one JSON object.
100,000 queries take some minutes and 6 GB.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

try:
    import ranx
except ImportError:
    sys.exit("ranx is missing: pip install --constraint constraints.txt -e '.[bench]'")

sys.path.insert(0, str(Path(__file__).parents[1]))

from eval.metrics import evaluate, parse_metric
from eval.qrels import Qrels, Run, read_qrels, read_run

METRICS = {"ndcg@10": "ndcg_burges@10", "recall@100": "recall@100", "mrr@10": "mrr@10", "map": "map"}
"""Our name → ranx's."""

PRODUCTS = 200_003
"""A prime, so that every stride through the products meets each of them once."""

JUDGED = 20


@dataclass(frozen=True)
class Input:
    """Query → product → grade, and query → product → score, best first; the same as files."""

    judgements: dict[str, dict[str, int]]
    found: dict[str, dict[str, float]]
    qrels_file: Path
    run_file: Path


@dataclass(frozen=True)
class Timed:
    """Seconds of one side in one round. `values` by our name of the metric, of shape (queries,), `queries` in order."""

    conversion: float
    evaluation: float
    queries: list[str]
    values: dict[str, np.ndarray]


def make_input(queries: int, hits: int, folder: Path) -> Input:
    generator = np.random.default_rng(20240229)
    names = [f"product-{number}" for number in range(PRODUCTS)]
    judgements, found = {}, {}
    for number in range(queries):
        start, stride = generator.integers(1, PRODUCTS, 2)
        drawn = ((start + stride * np.arange(hits + JUDGED // 2)) % PRODUCTS).tolist()
        scores = np.round(np.arange(hits, 0, -1) + generator.random(hits) / 2, 6).tolist()
        found[f"q{number}"] = {names[product]: score for product, score in zip(drawn, scores, strict=False)}
        ranks = generator.choice(hits, min(hits, JUDGED // 2), replace=False).tolist()
        grades = generator.choice(4, len(drawn), p=(0.4, 0.3, 0.2, 0.1)).tolist()
        judged = [drawn[rank] for rank in ranks] + drawn[hits:]
        judgements[f"q{number}"] = {names[product]: grade for product, grade in zip(judged, grades, strict=False)}
    made = Input(judgements, found, folder / "qrels.tsv", folder / "run.trec")
    with made.qrels_file.open("w") as file:
        for query, grades_of in judgements.items():
            file.writelines(f"{query}\t0\t{product}\t{grade}\n" for product, grade in grades_of.items())
    with made.run_file.open("w") as file:
        for query, hits_of in found.items():
            ranked = enumerate(hits_of.items(), 1)
            file.writelines(f"{query}\tQ0\t{product}\t{rank}\t{score}\tmade\n" for rank, (product, score) in ranked)
    return made


def ours(convert: Callable[[], tuple[Qrels, Run]]) -> Timed:
    began = time.perf_counter()
    qrels, run = convert()
    converted = time.perf_counter()
    scores = evaluate(qrels, run, [parse_metric(name) for name in METRICS])
    done = time.perf_counter()
    return Timed(converted - began, done - converted, list(scores.queries), dict(scores.values))


def theirs(convert: Callable[[], tuple[Any, Any]]) -> Timed:
    began = time.perf_counter()
    qrels, run = convert()
    converted = time.perf_counter()
    scores = ranx.evaluate(qrels, run, list(METRICS.values()), return_mean=False, save_results_in_run=False)
    done = time.perf_counter()
    values = {name: scores[other] for name, other in METRICS.items()}
    return Timed(converted - began, done - converted, list(run.get_query_ids()), values)


def by_score(found: dict[str, dict[str, float]]) -> dict[str, tuple[str, ...]]:
    return {query: tuple(sorted(hits, key=hits.__getitem__, reverse=True)) for query, hits in found.items()}


def sides(source: str, data: Input) -> tuple[Callable[[], Timed], Callable[[], Timed]]:
    """Ours and ranx's."""
    if source == "dictionaries":
        return (
            lambda: ours(lambda: (Qrels(data.judgements), Run("made", by_score(data.found)))),
            lambda: theirs(lambda: (ranx.Qrels(data.judgements), ranx.Run(data.found))),
        )
    files = str(data.qrels_file), str(data.run_file)
    return (
        lambda: ours(lambda: (read_qrels(data.qrels_file), read_run(data.run_file))),
        lambda: theirs(lambda: (ranx.Qrels.from_file(files[0], "trec"), ranx.Run.from_file(files[1], "trec"))),
    )


def assert_same(mine: Timed, other: Timed) -> None:
    place = {query: position for position, query in enumerate(other.queries)}
    order = np.array([place[query] for query in mine.queries])
    for name, values in mine.values.items():
        furthest = float(np.abs(values - other.values[name][order]).max())
        if not furthest <= 1e-9:
            sys.exit(f"{name}: values are up to {furthest} apart")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--hits", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    sources = ("dictionaries", "TREC files")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = make_input(20, options.hits, folder)
        began = time.perf_counter()
        for source in sources:
            sides(source, small)[1]()
        compilation = time.perf_counter() - began
        for source in sources:
            sides(source, small)[0]()
        data = make_input(options.queries, options.hits, folder)
        rounds: dict[str, list[tuple[Timed, Timed]]] = {source: [] for source in sources}
        for number in range(options.rounds):
            for source in sources:
                our, their = sides(source, data)
                if number % 2:
                    other = their()
                    mine = our()
                else:
                    mine = our()
                    other = their()
                assert_same(mine, other)
                rounds[source].append((mine, other))
                seconds = [mine.conversion, mine.evaluation, other.conversion, other.evaluation]
                print(source, *(f"{each:.2f}" for each in seconds), file=sys.stderr)
    print_table(rounds, options, compilation)


def print_table(rounds: dict[str, list[tuple[Timed, Timed]]], options: argparse.Namespace, compilation: float) -> None:
    steps: dict[str, Callable[[Timed], float]] = {
        "conversion": lambda timed: timed.conversion,
        "evaluation": lambda timed: timed.evaluation,
        "both": lambda timed: timed.conversion + timed.evaluation,
    }
    found: dict[str, Any] = {"queries": options.queries, "hits": options.hits, "rounds": options.rounds}
    print(f"| from | step | ours, s | ranx {ranx_version()}, s | ratio |\n|---|---|--:|--:|--:|")
    for source, step in chain.from_iterable(((source, step) for step in steps) for source in rounds):
        seconds = [(steps[step](mine), steps[step](other)) for mine, other in rounds[source]]
        mine, other = (statistics.median(side) for side in zip(*seconds, strict=True))
        ratio = statistics.median(other / mine for mine, other in seconds)
        print(f"| {source} | {step} | {mine:.2f} | {other:.2f} | {ratio:.1f} |")
        found[f"{source}, {step}"] = {"ours": round(mine, 3), "ranx": round(other, 3), "ratio": round(ratio, 2)}
    found["compilation"] = round(compilation, 1)
    print(f"\n{options.queries:,} queries × {options.hits} hits; before that ranx compiled for {compilation:.0f} s.")
    print(json.dumps(found))


def ranx_version() -> str:
    from importlib.metadata import version

    return version("ranx")


if __name__ == "__main__":
    main()
