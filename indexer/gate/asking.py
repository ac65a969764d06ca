"""The queries of a gate put to one version of an index, through the engine that would serve it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from eval.metrics import RELEVANT
from eval.qrels import Answer, EvalQuery, Qrels, Run, write_run
from eval.record import QueryRecord, RunRecord, encoder_name, machine, record_path, software, write_record
from eval.run import record_of
from indexer.gate.file import Asked, Check
from search.constraints import evidence
from search.domain import Constraint, Document, SearchRequest, SearchResult
from search.engine import Engine
from search.protocols import Collection
from search.storage.payload import point_id

_BATCH = 1000

Search = Callable[[SearchRequest], SearchResult]


@dataclass(frozen=True, slots=True)
class Question:
    """All checks that ask in the same way, asked at once: their queries, and the most hits that any of them needs."""

    asked: Asked
    queries: tuple[EvalQuery, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What one version answered. `firsts` are the titles of the first hits by query id, none for a query without hits.

    `demands` are the conditions that the version understood each query to insist on. `records` say, among other things,
    which searches went without a part of the engine.
    """

    run: Run
    scores: Mapping[str, Sequence[float]]
    firsts: Mapping[str, str]
    demands: Mapping[str, tuple[Constraint, ...]]
    records: Mapping[str, QueryRecord]

    def without(self, part: str) -> int:
        """How many searches went without that part of the engine, as a reranker that was too slow."""
        return sum(part in one.degraded for one in self.records.values())


@dataclass(frozen=True, slots=True)
class Reach:
    """Of the relevant products `there` are those that a version holds, and `barred` those among them that cannot be
    found, since they break a condition that the query insists on: (query, product) → the field that shows it."""

    there: frozenset[str]
    barred: Mapping[tuple[str, str], str] = field(default_factory=dict)


def questions(checks: Sequence[Check]) -> tuple[Question, ...]:
    found: dict[Asked, Question] = {}
    for check in checks:
        before = found.get(check.asked, Question(check.asked, (), 0))
        queries = dict.fromkeys((*before.queries, *check.queries))
        found[check.asked] = replace(before, queries=tuple(queries), depth=max(before.depth, check.depth))
    return tuple(found.values())


def ask(search: Search, question: Question, name: str, advance: Callable[[int], None]) -> Answers:
    """One query after the other, as `eval run` does. Raises what a search raises."""
    hits: dict[str, tuple[str, ...]] = {}
    scores: dict[str, tuple[float, ...]] = {}
    firsts: dict[str, str] = {}
    demands: dict[str, tuple[Constraint, ...]] = {}
    records: dict[str, QueryRecord] = {}
    for query in question.queries:
        started = time.perf_counter()
        result = search(replace(question.asked.request, text=query.text, limit=question.depth))
        records[query.id] = record_of(result, (time.perf_counter() - started) * 1000)
        hits[query.id] = tuple(str(hit.document["id"]) for hit in result.hits)
        scores[query.id] = tuple(hit.score for hit in result.hits)
        demands[query.id] = tuple(one for one in result.query.constraints if one.strength == "must")
        if result.hits:
            firsts[query.id] = str(result.hits[0].document.get("title", ""))
        advance(1)
    return Answers(Run(name, hits), scores, firsts, demands, records)


def reach(qrels: Qrels, answers: Answers, version: Collection) -> Reach:
    """How far the relevant products can be found at all, by what the version holds and what the queries demand."""
    relevant = {query: relevant_to(qrels, query) for query in qrels.grades}
    points = {point_id(product): product for product in sorted(frozenset().union(*relevant.values()))}
    wanted, fields = list(points), {one.field for demanded in answers.demands.values() for one in demanded}
    held: dict[str, Document] = {}
    for start in range(0, len(wanted), _BATCH):
        found = version.values(wanted[start : start + _BATCH], ["id", *sorted(fields - {"id"})])
        held |= {points[point]: document for point, document in found.items()}
    barred: dict[tuple[str, str], str] = {}
    for query, demanded in answers.demands.items():
        for product in relevant.get(query, frozenset()) & held.keys():
            said = evidence(demanded, held[product], version.manifest.fields)
            broken = next((one.field for one in said if one.verdict == "violated"), None)
            if broken is not None:
                barred[query, product] = broken
    return Reach(frozenset(held), barred)


def relevant_to(qrels: Qrels, query: str) -> frozenset[str]:
    return frozenset(product for product, grade in qrels.grades[query].items() if grade >= RELEVANT)


def keep(file: Path, answers: Answers, question: Question, version: Collection) -> None:
    """Write a run and its record, for `eval compare` and `eval report`. A run without a single hit is no run: then
    there is neither, nor those of an earlier reindex. Raises JudgementError.
    """
    if not any(answers.run.hits.values()):
        for old in (file, record_path(file)):
            old.unlink(missing_ok=True)
        return
    started = datetime.now(UTC).isoformat(timespec="seconds")
    manifest, request = version.manifest, question.asked.request
    lists = (Answer(query, hits, answers.scores[query]) for query, hits in answers.run.hits.items())
    write_run(file, lists, f"{manifest.index}-v{manifest.version}")
    record = RunRecord(
        index=manifest.index,
        index_version=manifest.version,
        products=version.count(),
        encoder=encoder_name(manifest.encoder),
        recipe=manifest.recipe,
        learning=manifest.learning,
        built_at=manifest.created_at,
        created_at=started,
        software=software(),
        options={
            "semantic_ratio": request.semantic_ratio,
            "understand": request.understand,
            "filter": None,
            "depth": question.depth,
        },
        queries=answers.records,
        machine=machine(),
    )
    write_record(file, record)


def searching(engine: Engine, index: str) -> Search:
    return lambda request: engine.search(index, request)
