"""Products → lines of the file: those that are there already are passed over, the others are asked for and checked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from indexer.describe.file import Key, Line, appending, hash_of, heal, written
from search.domain import Document, Language
from search.errors import LanguageModelRefused
from search.narration import Described, Kind, describe
from search.protocols import LanguageModel
from search.understanding.normalise import language_of

MOST_REFUSALS = 5
"""So many refused requests in a row are no matter of single products."""


@dataclass(frozen=True, slots=True)
class Job:
    """`language` None: each product's own."""

    kind: Kind
    language: Language | None
    out: Path
    parallel: int = 1


@dataclass(slots=True)
class Tally:
    """What came of it. `kept` were in the file already, `ungrounded` and `refused` name products without a text."""

    written: int = 0
    kept: int = 0
    ungrounded: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    dropped: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


def write(
    model: LanguageModel,
    products: Iterable[Document],
    job: Job,
    tally: Tally,
    advance: Callable[[int], object],
    say: Callable[[str], object],
) -> None:
    """One call for each product, `job.parallel` at a time, each answer kept at once.

    Raises DescriptionError, LanguageModelError. Whatever stops it, answers under way are waited for and kept: they are
    paid for. Who interrupts that, too, gives them up: the model is closed.
    """
    heal(job.out)
    there = written(job.out)
    todo = _missing(products, job, model.name, there, tally, advance)
    refusals = 0
    waiting: deque[_Asked] = deque()
    # Opened before anything is asked: a text that cannot be kept must not be paid for.
    with appending(job.out) as keep, ThreadPoolExecutor(job.parallel, thread_name_prefix="daogou-describe") as executor:

        def settle(asked: _Asked) -> bool:
            """Whether the model took the request."""
            try:
                told = asked.future.result()
            except LanguageModelRefused as error:
                tally.refused.append(asked.key.id)
                say(f"{asked.key.id}: {error}")
                return False
            _count(tally, asked.key, told)
            keep(_line(asked.key, told))
            return True

        try:
            while True:
                # No further ahead than this: when something is wrong, few calls are made for nothing.
                for one in islice(todo, 2 * job.parallel - len(waiting)):
                    future = executor.submit(describe, model, one.document, job.kind, one.language)
                    waiting.append(_Asked(one.key, future))
                if not waiting:
                    return
                refusals = 0 if settle(waiting[0]) else refusals + 1
                waiting.popleft()  # not before it is kept: whoever interrupts must lose nothing
                advance(1)
                if refusals == MOST_REFUSALS:
                    raise LanguageModelRefused(f"{MOST_REFUSALS} requests in a row were refused; see above.")
        finally:
            under_way = [asked for asked in waiting if not asked.future.cancel()]
            try:
                if under_way:
                    say(f"Waiting for {len(under_way)} answers under way; Ctrl-C gives them up …")
                for asked in under_way:
                    if asked.future.exception() is None:
                        settle(asked)
            except KeyboardInterrupt:
                model.close()  # else its threads, which are waited for below, could ask on for minutes
                raise


@dataclass(frozen=True, slots=True)
class _Missing:
    key: Key
    document: Document
    language: Language


@dataclass(frozen=True, slots=True)
class _Asked:
    key: Key
    future: Future[Described]


def _missing(
    products: Iterable[Document],
    job: Job,
    model: str,
    there: dict[Key, Line],
    tally: Tally,
    advance: Callable[[int], object],
) -> Iterator[_Missing]:
    for document in products:
        language = job.language or own_language(document)
        key = Key(str(document["id"]), job.kind, language, model, hash_of(document))
        if key in there:
            tally.kept += 1
            advance(1)
        else:
            yield _Missing(key, document, language)


def own_language(document: Document) -> Language:
    """As the catalogue says; else as its title is written."""
    said = str(document.get("language") or "").lower().partition("-")[0]
    if said in ("zh", "chi", "zho", "cmn"):
        return "zh"
    if said in ("en", "eng"):
        return "en"
    return language_of(str(document.get("title", "")))


def _count(tally: Tally, key: Key, told: Described) -> None:
    if told.text:
        tally.written += 1
    else:
        tally.ungrounded.append(key.id)
    tally.dropped += len(told.dropped)
    tally.prompt_tokens += told.prompt_tokens or 0
    tally.completion_tokens += told.completion_tokens or 0


def _line(key: Key, told: Described) -> Line:
    dropped = [
        {"sentence": each.sentence, "faults": [f"{fault.kind}: {fault.text}" for fault in each.faults]}
        for each in told.dropped
    ]
    return Line(key.id, key.kind, key.language, told.text, dropped, key.model, key.product)
