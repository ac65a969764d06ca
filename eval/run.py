"""Sends queries through the engine and writes what comes back as a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from tqdm import tqdm

from eval.qrels import Answer, EvalQuery, write_run
from search.domain import SearchRequest, SearchResult

Search: TypeAlias = Callable[[SearchRequest], SearchResult]
"""One index, ready to be asked."""

DEPTH = 1000
"""As deep as a search goes: with fewer, --judged-only would miss the judged products further down."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run came to. Times are wall clock: of everything, and of single searches in milliseconds."""

    queries: int
    hits: int
    without_results: int
    depth: int
    seconds: float
    queries_per_second: float
    ms_p50: float
    ms_p95: float


def run_queries(
    search: Search,
    queries: Sequence[EvalQuery],
    out: Path,
    tag: str,
    depth: int = DEPTH,
    progress: bool = True,
    request: SearchRequest | None = None,
) -> RunSummary:
    """Ask every query for its first `depth` products, one after the other, and write the run to `out`.

    `request` holds what all queries are asked with besides their words: a filter, the share of meaning.
    `out` is replaced when the last query is answered; if anything raises, it stays as it was. Raises what `search`
    raises, and JudgementError as `write_run` does. The bar goes to standard error, and only to a terminal.
    """
    asked = request or SearchRequest()
    milliseconds: list[float] = []
    counts: list[int] = []

    def answers() -> Iterator[Answer]:
        for query in tqdm(queries, desc="Searching", unit="query", disable=None if progress else True):
            started = time.perf_counter()
            result = search(replace(asked, text=query.text, limit=depth))
            milliseconds.append((time.perf_counter() - started) * 1000)
            counts.append(len(result.hits))
            yield Answer(query.id, [str(hit.document["id"]) for hit in result.hits], [hit.score for hit in result.hits])

    started = time.perf_counter()
    write_run(out, answers(), tag)
    seconds = time.perf_counter() - started
    p50, p95 = np.percentile(milliseconds, (50, 95))
    return RunSummary(
        queries=len(counts),
        hits=sum(counts),
        without_results=counts.count(0),
        depth=depth,
        seconds=round(seconds, 3),
        queries_per_second=round(len(counts) / seconds, 1),
        ms_p50=round(float(p50), 2),
        ms_p95=round(float(p95), 2),
    )
