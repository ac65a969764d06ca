"""A language model that a shopper's page may wait for: in time or not at all, and never at any price.

Around whatever LanguageModel, so it trusts none: one that hangs, that ignores being closed, that answers after an hour
keeps its own threads busy, of which there are `at_once` at most, and nobody else.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NoReturn

from search.errors import LanguageModelBusy, LanguageModelError, LanguageModelRefused
from search.language_models.breaker import RULES, Breaker, Rules, State, Ticket
from search.language_models.budget import Budget, Reserved, estimate
from search.language_models.pieces import Pieces, Saying, Stream, close
from search.protocols import Completion, Json, LanguageModel

log = logging.getLogger(__name__)

PAUSE = 0.2
"""Seconds before the one retry, where the server does not say how many."""

LEAST = 0.3
"""Seconds that must be left for it to be worth asking again."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Since the start. Every call is in exactly one of `answered`, `failed`, `left` (the caller closed the stream
    before its end), `running`, and the three kinds that never asked the model: `refused_*`.

    `tokens` are today's. `running` counts work in hand, also such as nobody waits for any more.
    """

    answered: int = 0
    failed: int = 0
    left: int = 0
    retried: int = 0
    refused_open: int = 0
    refused_spent: int = 0
    refused_full: int = 0
    tokens: int = 0
    running: int = 0

    @property
    def asked(self) -> int:
        """Calls that reached the model and are over."""
        return self.answered + self.failed + self.left


class Careful:
    """A LanguageModel around another one.

    - One deadline, `seconds`, covers all of a call: every try and the pauses between. Then LanguageModelBusy is raised;
      the pieces of a stream that came before have been given. What came in time and was not fetched still can be.
    - One retry, where the fault may pass (LanguageModelBusy), nothing has been said yet and there is time.
    - A circuit breaker (see breaker.py), which knows only what the model does: a request that the model refuses is an
      answer. Retry-After is kept to.
    - A budget of `tokens_per_day` (see budget.py; 0: none), as the server counts where it does, else estimated.
    - No more than `at_once` calls in hand; one more is LanguageModelBusy at once.

    Safe to call from several threads. The wrapped model should give up by itself after `seconds`, else its thread goes
    on unseen and keeps one of the `at_once` places.
    """

    def __init__(
        self,
        model: LanguageModel,
        seconds: float = 3.0,
        tokens_per_day: int = 1_000_000,
        at_once: int = 8,
        rules: Rules = RULES,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`clock` for waiting, `now` for days."""
        self._model = model
        self._seconds = seconds
        self._at_once = at_once
        self._clock = clock
        self._lock = threading.Lock()
        self._breaker = Breaker(clock, rules)
        self._budget = Budget(tokens_per_day, now)
        self._counters = Counters()

    @property
    def name(self) -> str:
        return self._model.name

    def state(self) -> State:
        with self._lock:
            return self._breaker.state()

    def counters(self) -> Counters:
        with self._lock:
            return replace(self._counters, tokens=self._budget.spent)

    def given_up(self) -> bool:
        """Whether the circuit breaker would turn a call away now, for whoever need not make it then. Where it would,
        that counts as one that it did."""
        with self._lock:
            refused = self._breaker.refuses()
            if refused:
                self._count("refused_open")
            return refused

    def close(self) -> None:
        """Close the wrapped model; does not wait for calls in hand."""
        self._model.close()

    def complete(self, system: str, user: str, max_tokens: int, schema: Json = None) -> Completion:
        """See the protocol and the class."""

        def ask(call: _Call) -> Completion:
            completion = self._model.complete(system, user, max_tokens, schema)
            call.said(completion.text)
            return completion

        call = self._begin(system + user, max_tokens, ask)
        try:
            while isinstance(item := call.pieces.take(call.left()), str):
                pass
            return item
        except queue.Empty:
            self._too_late(call)
        finally:
            call.leave()

    def stream(self, system: str, user: str, max_tokens: int) -> Iterator[str]:
        """See the protocol and the class. The clock starts when the first piece is asked for."""
        begun: list[_Call] = []
        stopped = threading.Event()

        def stop() -> None:
            stopped.set()
            for call in begun:
                call.leave()

        return Stream(self._saying(system, user, max_tokens, begun, stopped), stop)

    def _saying(self, system: str, user: str, max_tokens: int, begun: list[_Call], stopped: threading.Event) -> Saying:
        def ask(call: _Call) -> Completion | None:
            stream = self._model.stream(system, user, max_tokens)
            call.opened(stream)
            try:
                while not call.over():
                    call.said(next(stream))
                return None
            except StopIteration as end:
                return end.value if isinstance(end.value, Completion) else None
            finally:
                close(stream)

        call = self._begin(system + user, max_tokens, ask)
        begun.append(call)
        if stopped.is_set():  # while it was being begun, when `stop` did not know of it yet
            call.leave()
        try:
            while isinstance(item := call.pieces.take(call.left()), str):
                yield item
            return item
        except queue.Empty:
            self._too_late(call)
        finally:
            call.leave()

    # --- a call ------------------------------------------------------------------------------------------------------

    def _begin(self, text: str, max_tokens: int, ask: Callable[[_Call], Completion | None]) -> _Call:
        """Let it in and put a thread to it. Raises LanguageModelBusy where it may not ask."""
        prompt = estimate(text)
        with self._lock:
            if self._counters.running >= self._at_once:
                self._count("refused_full")
                raise LanguageModelBusy(f"{self._at_once} questions are with the language model {self.name} already.")
            reserved = self._budget.reserve(prompt + max_tokens)
            if reserved is None:
                self._count("refused_spent")
                raise LanguageModelBusy(
                    "The tokens that DAOGOU_LLM_TOKENS_PER_DAY allows the language model are spent for today (UTC).",
                    self._budget.seconds_left(),
                )
            ticket = self._breaker.admit()
            if ticket is None:
                self._budget.settle(reserved, 0)
                self._count("refused_open")
                wait = self._breaker.wait()
                raise LanguageModelBusy(
                    f"The language model {self.name} failed too often; it is asked again in {wait:.0f} s.", wait
                )
            self._count("running")
        call = _Call(self, prompt, reserved, ticket, self._clock() + self._seconds)
        thread = threading.Thread(target=self._work, args=(call, ask), name="careful-language-model", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads
            self._work_is_over(call)
            call.settle("left")
            raise LanguageModelBusy("No thread can be had to ask the language model in.") from None
        return call

    def _work(self, call: _Call, ask: Callable[[_Call], Completion | None]) -> None:
        """In a thread of its own: ask, and once more where that may help."""
        try:
            completion = self._asked(call, ask)
            call.settle("answered", completion)
            call.pieces.end(completion or Completion(call.text()))
        except LanguageModelRefused as error:
            call.settle("answered")  # the model is there and has answered
            call.pieces.end(error)
        except LanguageModelError as error:
            call.settle("failed", after=getattr(error, "after", None))
            call.pieces.end(error)
        except Exception as error:  # of a model that keeps to no protocol
            log.warning("the language model %s failed with %s", self.name, type(error).__name__, exc_info=True)
            call.settle("failed")
            call.pieces.end(LanguageModelError(f"The language model {self.name} failed: {type(error).__name__}."))
        finally:
            self._work_is_over(call)

    def _asked(self, call: _Call, ask: Callable[[_Call], Completion | None]) -> Completion | None:
        try:
            return ask(call)
        except LanguageModelBusy as error:
            wait = PAUSE if error.after is None else error.after
            if call.text() or call.over() or call.left() < wait + LEAST or not call.may_retry(error.after, wait):
                raise
        return ask(call)

    def _work_is_over(self, call: _Call) -> None:
        with self._lock:
            self._count("running", -1)

    def _too_late(self, call: _Call) -> NoReturn:
        call.settle("late")
        raise LanguageModelBusy(
            f"The language model {self.name} took longer than {self._seconds:g} s (DAOGOU_LLM_SECONDS)."
        ) from None

    def _count(self, name: str, by: int = 1) -> None:
        """Under the lock."""
        self._counters = replace(self._counters, **{name: getattr(self._counters, name) + by})


_How = Literal["answered", "failed", "late", "left"]


class _Call:
    """One call: between the thread that asks and the one that waits. Settled once, by whoever knows first."""

    def __init__(self, careful: Careful, prompt: int, reserved: Reserved, ticket: Ticket, ends: float) -> None:
        self.pieces = Pieces()
        self._careful = careful
        self._prompt = prompt
        self._reserved = reserved
        self._ticket = ticket
        self._ends = ends
        self._texts: list[str] = []
        self._stream: Iterator[str] | None = None
        self._settled = False
        self._left = threading.Event()

    def left(self) -> float:
        """Seconds; negative where it is too late."""
        return self._ends - self._careful._clock()

    def over(self) -> bool:
        """Nobody waits any more."""
        return self._left.is_set()

    def text(self) -> str:
        return "".join(self._texts)

    def said(self, piece: str) -> None:
        self._texts.append(piece)
        self.pieces.put(piece)

    def opened(self, stream: Iterator[str]) -> None:
        self._stream = stream

    def leave(self) -> None:
        """The caller waits no more: the model is told to stop, if it can be told. Twice is no error. Never waits."""
        self._left.set()
        self.settle("left")
        self.pieces.end(LanguageModelBusy("The answer was given up."))  # for a reader in another thread
        if isinstance(self._stream, Stream):
            self._stream.stop()

    def may_retry(self, after: float | None, wait: float) -> bool:
        """Tell the breaker of the failure, wait, and ask it for leave to ask again."""
        careful = self._careful
        with careful._lock:
            if self._settled:
                return False
            careful._breaker.failed(self._ticket, after)
        self._left.wait(wait + 0.01)
        with careful._lock:
            if self._settled:
                return False
            ticket = careful._breaker.admit()
            if ticket is None:
                self._ticket = Ticket(-1, probe=False)  # told already
                return False
            self._ticket = ticket
            careful._count("retried")
            return True

    def settle(self, how: _How, completion: Completion | None = None, after: float | None = None) -> None:
        careful = self._careful
        with careful._lock:
            if self._settled:
                return
            self._settled = True
            breaker, said = careful._breaker, bool(self._texts)
            if how == "answered" or (how == "left" and said):
                breaker.succeeded(self._ticket)
            elif how in ("failed", "late"):
                breaker.failed(self._ticket, after)
            else:
                breaker.unknown(self._ticket)
            careful._budget.settle(self._reserved, self._cost(how, completion))
            careful._count("failed" if how == "late" else how)

    def _cost(self, how: _How, completion: Completion | None) -> int:
        """Tokens. Of what was given up the server may go on to make the rest, so all of it counts."""
        if how in ("left", "late"):
            return self._reserved.tokens
        asked = completion.prompt_tokens if completion else None
        said = completion.completion_tokens if completion else None
        return (self._prompt if asked is None else asked) + (estimate(self.text()) if said is None else said)
