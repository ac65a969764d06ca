"""What each part of retrieval adds to relevance: judged queries under several configurations, one setting for all sets.

    python benchmarks/ablation.py --set INDEX QUERIES.tsv QRELS.tsv [--set …] [--depth 1000]

The indexes are the live ones in `DAOGOU_DATA_DIR`. Configurations:

- dense alone: by meaning, every word literal
- words alone: BM25, every word literal
- RRF: reciprocal rank fusion of these two lists, k = 60 (Cormack, Clarke and Büttcher, SIGIR 2009)
- without kind: as served, the kind of product left out of the score
- without understanding: as served, every word literal
- as served

Each figure is a mean of ndcg@10 (gain 2^grade − 1): over all queries, and (answerable) without those for which no
product is relevant, which score 0 whatever is returned. Judged-only removes unjudged products first. All lists are cut
off as they are served: a query that is answered by nothing scores 0.

Prints Markdown tables, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import search.engine
from eval.metrics import Metric, evaluate
from eval.qrels import EvalQuery, Qrels, Run, read_qrels, read_queries
from eval.run import DEPTH
from search.bootstrap import open_engine
from search.domain import SearchRequest
from search.engine import Engine
from search.settings import Settings

RRF_K = 60
DENSE = SearchRequest(understand=False, semantic_ratio=1.0)
WORDS = SearchRequest(understand=False, semantic_ratio=0.0)
NDCG, JUDGED = Metric("ndcg", 10), Metric("judged", 10)
COLUMNS = ("ndcg@10", "judged-only", "ndcg@10, answerable", "judged-only, answerable", "judged@10")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--set", nargs=3, action="append", required=True, metavar=("INDEX", "QUERIES", "QRELS"), dest="sets"
    )
    parser.add_argument("--depth", type=int, default=DEPTH)
    options = parser.parse_args()
    engine = open_engine(Settings.load())
    report: dict[str, dict[str, dict[str, float]]] = {}
    try:
        for index, queries, qrels in options.sets:
            report[index] = one_set(engine, index, read_queries(Path(queries)), read_qrels(Path(qrels)), options.depth)
    finally:
        engine.close()
    print(json.dumps(report))


def one_set(
    engine: Engine, index: str, queries: Sequence[EvalQuery], qrels: Qrels, depth: int
) -> dict[str, dict[str, float]]:
    asked = [query for query in queries if query.id in qrels.grades]
    answerable = len(qrels.answerable().grades)
    print(f"{index}: {len(qrels.grades)} judged queries, {answerable} of them answerable\n")
    print(f"| configuration | {' | '.join(COLUMNS)} |")
    print("|---|" + "---:|" * len(COLUMNS), flush=True)
    found = {}
    for name, run in runs(engine, index, asked, depth):
        found[name] = figures(qrels, run)
        print(f"| {name} | {' | '.join(f'{value:.4f}' for value in found[name].values())} |", flush=True)
    print()
    return found


def runs(engine: Engine, index: str, queries: Sequence[EvalQuery], depth: int) -> Iterator[tuple[str, Run]]:
    def asked(request: SearchRequest) -> Run:
        hits = {
            query.id: tuple(
                str(hit.document["id"])
                for hit in engine.search(index, replace(request, text=query.text, limit=depth)).hits
            )
            for query in queries
        }
        return Run(index, hits)

    dense, words = asked(DENSE), asked(WORDS)
    yield "dense alone", dense
    yield "words alone", words
    yield "RRF", reciprocal_rank_fusion(dense, words)
    with without_kind():
        yield "without kind", asked(SearchRequest())
    yield "without understanding", asked(SearchRequest(understand=False))
    yield "as served", asked(SearchRequest())


@contextmanager
def without_kind() -> Iterator[None]:
    """The engine counts the kind for nothing."""
    weights = search.engine.KIND_WEIGHT, search.engine.OTHERWISE_WEIGHT
    search.engine.KIND_WEIGHT = search.engine.OTHERWISE_WEIGHT = 0.0
    try:
        yield
    finally:
        search.engine.KIND_WEIGHT, search.engine.OTHERWISE_WEIGHT = weights


def reciprocal_rank_fusion(*lists: Run) -> Run:
    """Σ 1 / (k + rank) over the lists that hold a product, rank from 1; ties by id."""
    fused: dict[str, Sequence[str]] = {}
    for query in lists[0].hits:
        scores: defaultdict[str, float] = defaultdict(float)
        for run in lists:
            for rank, product in enumerate(run.hits[query], 1):
                scores[product] += 1 / (RRF_K + rank)
        fused[query] = sorted(scores, key=lambda product: (-scores[product], product))
    return Run(lists[0].name, fused)


def figures(qrels: Qrels, run: Run) -> dict[str, float]:
    values = []
    for judged in (qrels, qrels.answerable()):
        for judged_only in (False, True):
            values.append(evaluate(judged, run, [NDCG], judged_only).mean(str(NDCG)))
    values.append(evaluate(qrels, run, [JUDGED]).mean(str(JUDGED)))
    return dict(zip(COLUMNS, values, strict=True))


if __name__ == "__main__":
    main()
