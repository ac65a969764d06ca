"""An explanation as the wire has it → evidence and jobs for the language model; what comes of them → events."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from api import searching
from api.errors import ApiError
from api.narrating import Finished, Job, Narration, Sentence, Source
from api.schemas import ExplainBody
from api.work import Pool
from search.bootstrap import Service
from search.domain import Json, Language
from search.explanation import Explained, Ledger, compare
from search.narration import Asked, Listener, Narrator, about, between, joined

MOST_NARRATED = 5
"""Products of one request that the model words: all at once, or the last would not be in time."""

MOST_COMPARED = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked request. `ids` None: every hit of the page."""

    search: searching.Plan
    ids: tuple[str, ...] | None
    compare: bool
    model: bool
    began: float


@dataclass(frozen=True, slots=True)
class Text:
    """Of the product `id`, or of the comparison where it is None."""

    id: str | None
    text: str
    source: Source = "evidence"


@dataclass(frozen=True, slots=True)
class Event:
    """As it is sent: the kind and its data."""

    kind: str
    data: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Told:
    """What can be told without waiting: evidence, in the order asked for, and what a model said of the very same
    before. `jobs` is what else it may say; for `unasked` the evidence stands, since the model keeps failing."""

    texts: tuple[Text, ...]
    remembered: tuple[Text, ...] = ()
    jobs: tuple[Job, ...] = ()
    unasked: tuple[Text, ...] = ()


def plan(body: ExplainBody, most: int) -> Plan:
    """Raises ApiError, FilterError."""
    began = time.monotonic()
    ids = searching.product_ids(body.ids, "explain", "ids") if body.ids is not None else None
    if body.compare and ids is not None and not 2 <= len(ids) <= MOST_COMPARED:
        message = (
            f"Invalid value at `.compare`: 2 to {MOST_COMPARED} products can be compared, and `ids` names {len(ids)}."
        )
        raise ApiError("invalid_explain_compare", message)
    found = searching.plan_search(body, most)
    request = replace(found.request, facets=(), explain=found.request.explain or "auto")
    return Plan(replace(found, request=request), ids, body.compare, body.model, began)


def told(service: Service, index: str, asked: Plan) -> Told:
    """Search again and explain; blocks. Raises what a search raises."""
    request = searching.asked_by(service, asked.search)
    found = service.experiments.explained(service.engine, index, request, asked.ids)
    texts = [Text(one.ledger.product_id, one.hit.explanation) for one in found]
    language = _language(found, asked)
    ledgers = tuple(one.ledger for one in found)
    compared = ledgers[:MOST_COMPARED] if asked.compare and len(ledgers) > 1 else ()
    if compared:
        texts.append(Text(None, compare(compared, language)))
    narrator = service.narrator if asked.model else None
    if narrator is None:
        return Told(tuple(texts))
    evidence = {text.id: text for text in texts}
    remembered: list[Text] = []
    unasked: list[Text] = []
    jobs: list[Job] = []
    for job, question in _wanted(narrator, ledgers[:MOST_NARRATED], compared, language):
        before = narrator.before(question)
        if before is not None:
            remembered.append(Text(job.id, job.joined((*before, *job.honest)), "model"))
        elif narrator.given_up():
            unasked.append(evidence[job.id])
        else:
            jobs.append(job)
    return Told(tuple(texts), tuple(remembered), tuple(jobs), tuple(unasked))


def _wanted(
    narrator: Narrator, ledgers: Sequence[Ledger], compared: Sequence[Ledger], language: Language
) -> Iterator[tuple[Job, Asked]]:
    each = [about(ledger, language) for ledger in ledgers]
    if compared:
        asked = between(compared, language, each[: len(compared)])
        yield Job(None, partial(_tell, narrator, asked), "\n".join, whole=True), asked
    for ledger, asked in zip(ledgers, each, strict=True):
        tell = partial(_tell, narrator, asked)
        yield Job(ledger.product_id, tell, partial(joined, language=language), asked.openly()), asked


def _tell(narrator: Narrator, asked: Asked, listener: Listener) -> Iterator[str]:
    return narrator.tell(asked, listener)


def _language(found: Sequence[Explained], asked: Plan) -> Language:
    wanted = asked.search.request.explain
    if wanted == "en" or wanted == "zh":
        return wanted
    return found[0].ledger.query.language if found else "en"


async def events(before: Told, pool: Pool, asked: Plan, seconds: float) -> AsyncIterator[list[Event]]:
    """Everything that is told, in its order: at a time what is known by then, evidence at once. Closing it stops the
    model."""
    at_once = [_text(text) for text in (*before.texts, *before.remembered, *before.unasked)]
    degraded = bool(before.unasked)
    if before.jobs:
        yield at_once
        at_once = []
        narration = Narration(pool, before.jobs, asked.began + seconds)
        evidence = {text.id: text for text in before.texts}
        try:
            async for heard in narration.events():
                degraded |= any(isinstance(event, Finished) and event.failed for event in heard)
                yield [
                    _sentence(event) if isinstance(event, Sentence) else _text(_final(event, evidence[event.job.id]))
                    for event in heard
                ]
        finally:
            narration.stop()
    ended = Event("done", {"degraded": ["explanation"] if degraded else [], "processingTimeMs": _spent(asked)})
    yield [*at_once, ended]


def _final(event: Finished, evidence: Text) -> Text:
    return Text(event.job.id, event.text, "model") if event.text else evidence


def _sentence(event: Sentence) -> Event:
    if event.job.id is None:
        return Event("line", {"text": event.text})
    return Event("sentence", {"id": event.job.id, "text": event.text})


def _text(text: Text) -> Event:
    if text.id is None:
        return Event("comparison", {"text": text.text, "source": text.source})
    return Event("explanation", {"id": text.id, "text": text.text, "source": text.source})


def _spent(asked: Plan) -> int:
    return int((time.monotonic() - asked.began) * 1000)


class Answer:
    """The JSON answer: the last word on each product, made of the same events."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, Json]] = {}
        self._comparison: dict[str, Json] | None = None
        self._end: dict[str, Json] = {}

    def hear(self, event: Event) -> None:
        if event.kind == "explanation":
            self._texts[event.data["id"]] = event.data
        elif event.kind == "comparison":
            self._comparison = event.data
        elif event.kind == "done":
            self._end = event.data

    def body(self) -> dict[str, Json]:
        compared = {} if self._comparison is None else {"comparison": self._comparison}
        return {"explanations": list(self._texts.values()), **compared, **self._end}
