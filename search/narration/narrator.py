"""The language model in the search page's service: evidence in warmer words, sentence by sentence, nothing unchecked.

What it is asked is built in data.py and prompts.py, what it says goes through checking.py. What was told once is told
again from memory while nothing that the words depend on has changed: model, instructions, language, data and product.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from search.domain import Document, Language
from search.errors import LanguageModelError, NothingGrounded
from search.explanation import Ledger, comparison_facts, open_questions, short_name, telling_facts
from search.grounding import Dropped, Ground, warm_up
from search.narration.checking import Checker, joined, kinds
from search.narration.data import Facts, comparing, explaining, one_line
from search.narration.honesty import told_openly
from search.narration.lines import Line, Lines
from search.narration.listening import Left, Listener
from search.narration.prompts import Question, prompt_version
from search.narration.told import Flights, Told, key_of
from search.protocols import LanguageModel

MOST_SENTENCES = 2
"""Of an explanation, and of each line of a comparison."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Since the start: answers of which something was shown, answers from memory, answers that failed or were broken
    off, answers of which nothing was left, answers that were not waited for; and sentences that were dropped, by kind
    of fault."""

    told: int
    remembered: int
    failed: int
    ungrounded: int
    left: int
    faults: Mapping[str, int]


class Narrator:
    """Safe to use from several threads. It owns the model, which should be a `Careful` one: nothing here waits less."""

    def __init__(self, model: LanguageModel, told: Told | None = None) -> None:
        self.model = model
        self._version = prompt_version()
        self._told = told if told is not None else Told()
        self._flights = Flights()
        self._counts: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._counting = threading.Lock()
        warm_up()  # the tables of the check take a second that no shopper has

    def explain(self, ledger: Ledger, language: Language, listener: Listener | None = None) -> Iterator[str]:
        """Why the product is there, one grounded sentence after another, each as soon as the model has said it.

        Once `listener` waits no more the model is stopped; without one, it is waited for. Raises LanguageModelError and
        its kinds after the last sentence there will be: LanguageModelBusy, and NothingGrounded where none could be
        shown.
        """
        asked, listening = _explaining(ledger, language), listener or Listener()

        def call() -> Iterator[str]:
            checker = Checker(lambda: asked.ground(0), language, MOST_SENTENCES)
            with self._noting(checker.dropped), self._pieces(asked.question, listening) as pieces:
                for piece in pieces:
                    yield from checker.take(piece)
                    if checker.full:
                        return
                # Where the stream ends for want of tokens nobody says so: what has no full stop is not whole.
                yield from checker.end(cut=True)

        return self._through_memory(self._key(asked), call, listening)

    def compare(self, ledgers: Sequence[Ledger], language: Language, listener: Listener | None = None) -> Iterator[str]:
        """What sets 2 to 5 products apart: one line for each, beginning with its name and checked against it alone.

        Of a product of which the model says nothing grounded, the line is the evidence's. `listener` and errors as with
        `explain`.
        """
        asked, listening = _comparing(ledgers, language), listener or Listener()

        def call() -> Iterator[str]:
            dropped: list[Dropped] = []
            checked = _Compared(asked, dropped)
            lines = Lines()
            with self._noting(dropped), self._pieces(asked.question, listening) as pieces:
                for piece in pieces:
                    yield from checked.take(lines.take(piece))
                    if checked.full or lines.full:
                        return
                yield from checked.take(lines.end(), cut=True)
                yield from checked.rest()

        return self._through_memory(self._key(asked), call, listening)

    def explained_before(self, ledger: Ledger, language: Language) -> tuple[str, ...] | None:
        """The sentences of `explain` where they are remembered, without asking the model."""
        return self._remembered(self._key(_explaining(ledger, language)))

    def compared_before(self, ledgers: Sequence[Ledger], language: Language) -> tuple[str, ...] | None:
        return self._remembered(self._key(_comparing(ledgers, language)))

    def counts(self) -> Counts:
        with self._counting:
            held = self._counts
            return Counts(
                held["told"], held["remembered"], held["failed"], held["ungrounded"], held["left"], dict(self._faults)
            )

    def close(self) -> None:
        self.model.close()

    def _key(self, asked: _Asked) -> str:
        question = asked.question
        # The documents besides the data: the check reads all of a product, and the model a part.
        documents = (one_line(dict(document)) for document in asked.documents)
        return key_of(self.model.name, self._version, question.task, question.language, question.user, *documents)

    def _remembered(self, key: str) -> tuple[str, ...] | None:
        found = self._told.get(key)
        if found is not None:
            self._count("remembered")
        return found

    def _through_memory(self, key: str, call: Callable[[], Iterator[str]], listener: Listener) -> Iterator[str]:
        def first() -> Iterator[str]:
            kept = self._remembered(key)
            if kept is not None:
                yield from kept
                return
            kept = yield from self._counted(call)
            self._told.keep(key, kept)

        return self._flights.told(key, first, listener)

    def _counted(self, call: Callable[[], Iterator[str]]) -> Generator[str, None, tuple[str, ...]]:
        """The sentences one by one, and all of them at the end. Raises NothingGrounded where there are none."""
        kept: list[str] = []
        ended = "failed"
        try:
            for text in call():
                kept.append(text)
                yield text
            ended = "told" if kept else "ungrounded"
        except (Left, GeneratorExit):
            ended = "left"
            raise
        finally:
            self._count(ended)
        if not kept:
            raise NothingGrounded("Of what the language model said nothing is in the data. The evidence stands.")
        return tuple(kept)

    @contextmanager
    def _pieces(self, question: Question, listener: Listener) -> Iterator[Iterator[str]]:
        """The model's answer as it comes. Leaving the block stops the model."""
        stream = self.model.stream(question.system, question.user, question.max_tokens)

        def pieces() -> Iterator[str]:
            try:
                for piece in stream:
                    if not listener.waits:
                        raise Left
                    yield piece
            except LanguageModelError:
                if not listener.gone:
                    raise
            if listener.gone:  # a stream that was stopped may end like any other, or with an error
                raise Left

        with closing(cast(Any, stream)), listener.hearing(stream):
            yield pieces()

    @contextmanager
    def _noting(self, dropped: list[Dropped]) -> Iterator[None]:
        try:
            yield
        finally:
            if dropped:
                with self._counting:
                    self._faults.update(kinds(dropped))

    def _count(self, ended: str) -> None:
        with self._counting:
            self._counts[ended] += 1


class _Compared:
    """Lines of a comparison → those that may be shown, as they will be, in the order of the products.

    A product of which the model said nothing grounded has what sets it apart as the evidence says it, so that the
    comparison is one of them all; not before something of the model's own is shown.
    """

    def __init__(self, asked: _Asked, dropped: list[Dropped]) -> None:
        self._asked = asked
        self._facts = asked.facts
        self._language = asked.question.language
        self._documents = asked.documents
        self._names = _names(asked.documents, self._language)
        self._dropped = dropped
        self._shown = 0  # products whose line is out, from the first on
        self._spoke = False

    @property
    def full(self) -> bool:
        return self._shown == len(self._facts)

    def take(self, lines: Sequence[Line], cut: bool = False) -> Iterator[str]:
        for line in lines:
            # A line about no product, or about one that has its line, cannot be checked and shown as what it is.
            if line.number is None or not self._shown < line.number <= len(self._facts):
                continue
            place = line.number - 1
            checker = Checker(partial(self._asked.ground, place), self._language, MOST_SENTENCES)
            checker.take(line.text)
            checker.end(cut)
            self._dropped += checker.dropped
            if checker.kept:
                self._spoke = True
                yield from self._from_evidence(place)
                openly = told_openly(self._documents[place], self._facts[place].open, self._language)
                yield self._line(place, joined((*checker.kept, *openly), self._language))
                self._shown = line.number

    def rest(self) -> Iterator[str]:
        if self._spoke:
            yield from self._from_evidence(len(self._facts))

    def _from_evidence(self, end: int) -> Iterator[str]:
        while self._shown < end:
            facts = self._facts[self._shown]
            clauses = facts.compared or facts.evidence[:1]
            if clauses:
                stop, between = ("。", "；") if self._language == "zh" else (".", "; ")
                yield self._line(self._shown, between.join(clauses).rstrip(".。") + stop)
            self._shown += 1

    def _line(self, place: int, text: str) -> str:
        return f"{self._names[place]}{'：' if self._language == 'zh' else ': '}{text}"


def _names(documents: Sequence[Document], language: Language) -> list[str]:
    """As they are called in a comparison; by their ids, too, where their titles begin alike."""
    names = [short_name(document, language) for document in documents]
    return [
        name if names.count(name) == 1 else f"{name} ({document.get('id')})"
        for name, document in zip(names, documents, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, and what its answer is checked against: of each product the document and what is known of it."""

    question: Question
    documents: tuple[Document, ...]
    facts: tuple[Facts, ...]
    query: str

    def ground(self, place: int) -> Ground:
        facts = self.facts[place]
        known = (*facts.evidence, *facts.compared)
        return Ground.of(self.documents[place], known, facts.open, self.query, self.question.language)


def _explaining(ledger: Ledger, language: Language) -> _Asked:
    facts = _facts(ledger, language)
    question = Question("explain", language, explaining(ledger.document, ledger.query.raw, facts, language))
    return _Asked(question, (ledger.document,), (facts,), ledger.query.raw)


def _comparing(ledgers: Sequence[Ledger], language: Language) -> _Asked:
    compared = comparison_facts(ledgers, language)
    facts = tuple(_facts(ledger, language, clauses) for ledger, clauses in zip(ledgers, compared, strict=True))
    documents = tuple(ledger.document for ledger in ledgers)
    query = ledgers[0].query.raw
    return _Asked(Question("compare", language, comparing(documents, query, facts, language)), documents, facts, query)


def _facts(ledger: Ledger, language: Language, compared: Sequence[str] = ()) -> Facts:
    return Facts(telling_facts(ledger, language), open_questions(ledger, language), tuple(compared))
