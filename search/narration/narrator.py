"""The language model in the search page's service: the product's phrases made sentences, one by one, nothing unchecked.

What it is asked is built in data.py and prompts.py, what it says goes through checking.py. What was told once is told
again from memory while nothing that the words depend on has changed: model, instructions, language, data and product.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, cast

from search.errors import LanguageModelBusy, LanguageModelError, NothingGrounded
from search.grounding import Dropped, warm_up
from search.language_models.breaker import Breaker, Rules
from search.language_models.careful import Careful
from search.narration.asked import Asked, get_ready
from search.narration.checking import Checker, kinds
from search.narration.compared import MOST_SENTENCES, Compared
from search.narration.lines import Lines
from search.narration.listening import Left, Listener
from search.narration.prompts import Question, prompt_version
from search.narration.told import Flights, Told
from search.protocols import LanguageModel

NONSENSE = Rules(in_a_row=10, share=2.0)
"""After so many answers in a row of which nothing could be shown the model is not asked for a while: it costs as much
as a good one. No share opens this breaker: one that is grounded now and then is still worth asking."""


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

    def __init__(
        self,
        model: LanguageModel,
        told: Told | None = None,
        nonsense: Rules = NONSENSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self._version = prompt_version()
        self._told = told if told is not None else Told()
        self._flights = Flights()
        self._counts: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._sense = Breaker(clock, nonsense)
        warm_up()  # the tables of the check take a second that no shopper has
        get_ready()

    def tell(self, asked: Asked, listener: Listener | None = None) -> Iterator[str]:
        """Grounded sentences, or lines of a comparison, one after another, each as soon as the model has said it; or at
        once, where they were told before.

        A line is one for each product, begins with its name and is checked against it alone. Of a product of which the
        model says nothing grounded it is the evidence's. Once `listener` waits no more the model is stopped; without
        one, it is waited for. Raises LanguageModelError and its kinds after the last of the words that there will be:
        LanguageModelBusy, and NothingGrounded where none could be shown.
        """
        listening = listener or Listener()
        call = self._comparison if asked.compared else self._explanation
        return self._through_memory(self._key(asked), lambda: call(asked, listening), listening)

    def before(self, asked: Asked) -> tuple[str, ...] | None:
        """The words of `tell` where they are remembered, without asking the model."""
        return self._remembered(self._key(asked))

    def given_up(self) -> bool:
        """Whether the model keeps failing, or talking nonsense, and is not asked for a while, so that `tell` would fail
        at once: it need not be called then. Counted as a call that did."""
        with self._counting:
            given_up = self._sense.refuses()
        if not given_up and isinstance(self.model, Careful):
            given_up = self.model.given_up()
        if given_up:
            self._count("failed")
        return given_up

    def _explanation(self, asked: Asked, listener: Listener) -> Iterator[str]:
        checker = Checker(asked.ground, asked.language, MOST_SENTENCES)
        with self._noting(checker.dropped), self._pieces(asked.question, listener) as pieces:
            for piece in pieces:
                yield from checker.take(piece)
                if checker.full:
                    return
            # Where the stream ends for want of tokens nobody says so: what has no full stop is not whole.
            yield from checker.end(cut=True)

    def _comparison(self, asked: Asked, listener: Listener) -> Iterator[str]:
        dropped: list[Dropped] = []
        checked, lines = Compared(asked, dropped), Lines()
        with self._noting(dropped), self._pieces(asked.question, listener) as pieces:
            for piece in pieces:
                yield from checked.take(lines.take(piece))
                if checked.full or lines.full:
                    return
            yield from checked.take(lines.end(), cut=True)
            yield from checked.rest()

    def counts(self) -> Counts:
        with self._counting:
            held = self._counts
            return Counts(
                held["told"], held["remembered"], held["failed"], held["ungrounded"], held["left"], dict(self._faults)
            )

    def close(self) -> None:
        self.model.close()

    def _key(self, asked: Asked) -> str:
        return f"{self.model.name} {self._version} {asked.key}"

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
        with self._counting:
            ticket = self._sense.admit()
            wait = self._sense.wait()
        if ticket is None:
            self._count("failed")
            raise LanguageModelBusy(
                "Nothing that the language model says is in the data. It is asked again later.", wait
            )
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
            with self._counting:
                if kept:
                    self._sense.succeeded(ticket)
                elif ended == "ungrounded":
                    self._sense.failed(ticket)
                else:
                    self._sense.unknown(ticket)
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
