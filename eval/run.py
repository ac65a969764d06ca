"""Sends queries through the engine and writes what comes back as a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from tqdm import tqdm

from eval.qrels import Answer, EvalQuery, write_run
from eval.record import QueryRecord
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


@dataclass(frozen=True, slots=True)
class Asked:
    """`queries` by id, in the order they were asked in: for the record of the run."""

    summary: RunSummary
    queries: Mapping[str, QueryRecord]


def run_queries(
    search: Search,
    queries: Sequence[EvalQuery],
    out: Path,
    tag: str,
    depth: int = DEPTH,
    progress: bool = True,
    request: SearchRequest | None = None,
) -> Asked:
    """Ask every query for its first `depth` products, one after the other, and write the run to `out`.

    `request` holds what all queries are asked with besides their words: a filter, the share of meaning.
    `out` is replaced when the last query is answered; if anything raises, it stays as it was. Raises what `search`
    raises, and JudgementError as `write_run` does. The bar goes to standard error, and only to a terminal.
    """
    asked = request or SearchRequest()
    seen: dict[str, QueryRecord] = {}

    def answers() -> Iterator[Answer]:
        for query in tqdm(queries, desc="Searching", unit="query", disable=None if progress else True):
            started = time.perf_counter()
            result = search(replace(asked, text=query.text, limit=depth))
            seen[query.id] = record_of(result, (time.perf_counter() - started) * 1000)
            yield Answer(query.id, [str(hit.document["id"]) for hit in result.hits], [hit.score for hit in result.hits])

    started = time.perf_counter()
    write_run(out, answers(), tag)
    seconds = time.perf_counter() - started
    counts = [one.hits for one in seen.values()]
    p50, p95 = np.percentile([one.milliseconds["total"] for one in seen.values()], (50, 95))
    summary = RunSummary(
        queries=len(counts),
        hits=sum(counts),
        without_results=counts.count(0),
        depth=depth,
        seconds=round(seconds, 3),
        queries_per_second=round(len(counts) / seconds, 1),
        ms_p50=round(float(p50), 2),
        ms_p95=round(float(p95), 2),
    )
    return Asked(summary, seen)


def record_of(result: SearchResult, milliseconds: float) -> QueryRecord:
    """What a search left behind besides its hits; `milliseconds` is how long all of it took. Microseconds are kept."""
    timings = {stage: round(value, 3) for stage, value in result.timings.items()}
    return QueryRecord(
        language=result.query.language,
        constraints=len(result.query.constraints),
        hits=len(result.hits),
        weak=result.weak,
        degraded=result.degraded,
        milliseconds={**timings, "total": round(milliseconds, 3)},
    )
