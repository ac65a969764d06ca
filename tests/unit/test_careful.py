"""Careful around models that behave and such that do not: in time, once more at most, never past the budget."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from fake_language_model import FakeLanguageModel

from search.errors import LanguageModelBusy, LanguageModelError, LanguageModelRefused
from search.language_models.breaker import Rules
from search.language_models.careful import Careful, Counters
from search.protocols import Completion, Json, LanguageModel

SOON = 0.4
SLACK = 1.5
"""Seconds that a loaded machine may add to a deadline."""


class Scripted:
    """Each call is answered by the next of the scripts (the last one for ever): a text said word by word, an error to
    raise, or a function that does as it likes."""

    name = "scripted"

    def __init__(self, *scripts: str | Exception | Callable[[], Iterator[str]]) -> None:
        self.scripts = scripts
        self.calls = 0
        self.closed = threading.Event()
        self._lock = threading.Lock()

    def _next(self) -> str | Exception | Callable[[], Iterator[str]]:
        with self._lock:
            self.calls += 1
            return self.scripts[min(self.calls, len(self.scripts)) - 1]

    def stream(self, system: str, user: str, max_tokens: int) -> Iterator[str]:
        script = self._next()
        if isinstance(script, Exception):
            raise script
        try:
            yield from re.findall(r"\s*\S+", script) if isinstance(script, str) else script()
        finally:
            self.closed.set()

    def complete(self, system: str, user: str, max_tokens: int, schema: Json = None) -> Completion:
        return Completion("".join(self.stream(system, user, max_tokens)))

    def close(self) -> None: ...


def _hangs(release: threading.Event, *first: str) -> Callable[[], Iterator[str]]:
    def script() -> Iterator[str]:
        yield from first
        release.wait(20)

    return script


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets everything go that hangs, and waits until its threads are gone."""
    event = threading.Event()
    yield event
    event.set()
    _wait_for(lambda: not _workers())


def _workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "careful-language-model"]


def _wait_for(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.01)


def _ask(careful: LanguageModel, how: str) -> str:
    if how == "complete":
        return careful.complete("be brief", "hello", 50).text
    return "".join(careful.stream("be brief", "hello", 50))


both = pytest.mark.parametrize("how", ["complete", "stream"])


@both
def test_a_model_that_behaves_is_handed_through(how: str) -> None:
    careful = Careful(Scripted("a red lamp"))
    assert _ask(careful, how) == "a red lamp"
    assert careful.name == "scripted"
    assert careful.state() == "closed"
    counters = careful.counters()
    assert (counters.asked, counters.answered, counters.failed) == (1, 1, 0)
    assert counters.tokens > 0
    _wait_for(lambda: careful.counters().running == 0)


@both
def test_one_fault_that_passes_is_tried_again(how: str) -> None:
    model = Scripted(LanguageModelBusy("later"), "well")
    careful = Careful(model)
    assert _ask(careful, how) == "well"
    assert model.calls == 2
    assert (careful.counters().retried, careful.counters().answered) == (1, 1)


@both
def test_one_more_try_and_no_third(how: str) -> None:
    model = Scripted(LanguageModelBusy("later"))
    careful = Careful(model)
    with pytest.raises(LanguageModelBusy, match="later"):
        _ask(careful, how)
    assert model.calls == 2
    assert careful.counters().failed == 1


@both
@pytest.mark.parametrize("error", [LanguageModelError("no key"), LanguageModelRefused("content filter")])
def test_what_asking_again_cannot_mend_is_raised_at_once(how: str, error: LanguageModelError) -> None:
    model = Scripted(error)
    with pytest.raises(type(error), match=str(error)):
        _ask(Careful(model), how)
    assert model.calls == 1


def test_what_was_said_is_not_said_twice() -> None:
    def breaks() -> Iterator[str]:
        yield "half"
        raise LanguageModelBusy("broke off")

    model = Scripted(breaks, "whole")
    stream = Careful(model).stream("a", "b", 5)
    assert next(stream) == "half"
    with pytest.raises(LanguageModelBusy, match="broke off"):
        next(stream)
    assert list(stream) == []
    assert model.calls == 1


@both
def test_it_hangs_and_nobody_waits(how: str, release: threading.Event) -> None:
    careful = Careful(Scripted(_hangs(release)), SOON)
    begun = time.monotonic()
    with pytest.raises(LanguageModelBusy, match=r"longer than 0\.4 s"):
        _ask(careful, how)
    assert SOON <= time.monotonic() - begun < SOON + SLACK
    assert careful.counters().failed == 1


def test_it_hangs_in_the_middle(release: threading.Event) -> None:
    careful = Careful(Scripted(_hangs(release, "A", "lamp")), SOON)
    stream = careful.stream("a", "b", 5)
    said = next(stream)
    while said != "Alamp":  # in however many pieces
        said += next(stream)
    begun = time.monotonic()
    with pytest.raises(LanguageModelBusy, match="longer"):
        next(stream)
    assert time.monotonic() - begun < SOON + SLACK


def test_one_that_talks_without_end_is_stopped_too() -> None:
    def endless() -> Iterator[str]:
        while True:
            time.sleep(0.01)
            yield "and"

    model = Scripted(endless)
    begun = time.monotonic()
    heard = []
    with pytest.raises(LanguageModelBusy):
        heard.extend(Careful(model, SOON).stream("a", "b", 5))
    assert time.monotonic() - begun < SOON + SLACK
    _wait_for(lambda: model.closed.is_set() and not _workers())


def test_pieces_that_came_in_time_can_be_fetched_late() -> None:
    heard = threading.Event()

    def three() -> Iterator[str]:
        yield "one"
        heard.wait(10)
        yield from ("two", "three")

    careful = Careful(Scripted(three), SOON)
    stream = careful.stream("a", "b", 5)
    assert next(stream) == "one"
    heard.set()
    _wait_for(lambda: careful.counters().running == 0)
    time.sleep(SOON)
    assert list(stream) == ["twothree"]


def test_the_clock_starts_with_the_first_piece_and_nothing_is_asked_before() -> None:
    model = Scripted("well")
    stream = Careful(model, SOON).stream("a", "b", 5)
    time.sleep(SOON)
    assert model.calls == 0
    assert list(stream) == ["well"]


def test_a_retry_gets_what_is_left_of_the_same_deadline(release: threading.Event) -> None:
    model = Scripted(LanguageModelBusy("later"), _hangs(release))
    begun = time.monotonic()
    with pytest.raises(LanguageModelBusy, match="longer than 1 s"):
        _ask(Careful(model, 1.0), "stream")
    assert 1.0 <= time.monotonic() - begun < 1.0 + SLACK
    assert model.calls == 2


def test_no_retry_without_time_for_it() -> None:
    model = Scripted(LanguageModelBusy("later"), "well")
    with pytest.raises(LanguageModelBusy, match="later"):
        _ask(Careful(model, 0.4), "complete")
    assert model.calls == 1


def test_retry_after_is_kept_to() -> None:
    model = Scripted(LanguageModelBusy("later", 0.6), "well")
    careful = Careful(model, 10.0)
    begun = time.monotonic()
    assert _ask(careful, "stream") == "well"
    assert time.monotonic() - begun >= 0.6
    assert careful.state() == "closed"


def test_while_the_server_wants_to_be_left_alone_nobody_asks() -> None:
    model = Scripted(LanguageModelBusy("later", 60), "well")
    careful = Careful(model, 1.0)
    with pytest.raises(LanguageModelBusy, match="later"):
        _ask(careful, "stream")
    with pytest.raises(LanguageModelBusy, match="asked again in") as caught:
        _ask(careful, "stream")
    assert caught.value.after == pytest.approx(60, abs=5)
    assert model.calls == 1
    assert (careful.state(), careful.counters().refused_open) == ("open", 1)


def test_who_knows_that_the_model_is_given_up_need_not_ask_it() -> None:
    careful = Careful(Scripted(LanguageModelBusy("later", 60), "well"), 1.0)
    assert (careful.given_up(), careful.counters().refused_open) == (False, 0)
    with pytest.raises(LanguageModelBusy, match="later"):
        _ask(careful, "stream")
    assert (careful.given_up(), careful.counters().refused_open) == (True, 1)


def test_the_circuit_opens_and_a_probe_closes_it() -> None:
    model = Scripted(*[LanguageModelError("down")] * 3, "well")
    careful = Careful(model, rules=Rules(in_a_row=3, pause=0.2))
    for _ in range(3):
        with pytest.raises(LanguageModelError, match="down"):
            _ask(careful, "complete")
    begun = time.monotonic()
    with pytest.raises(LanguageModelBusy, match="failed too often"):
        _ask(careful, "complete")
    assert time.monotonic() - begun < 0.2
    assert model.calls == 3
    time.sleep(0.25)
    assert careful.state() == "half-open"
    assert _ask(careful, "complete") == "well"
    assert careful.state() == "closed"


def test_a_model_that_refuses_one_request_is_well() -> None:
    careful = Careful(Scripted(LanguageModelRefused("content filter")), rules=Rules(in_a_row=2))
    for _ in range(5):
        with pytest.raises(LanguageModelRefused):
            _ask(careful, "stream")
    assert careful.state() == "closed"


def test_hanging_opens_the_circuit_too(release: threading.Event) -> None:
    careful = Careful(Scripted(_hangs(release)), 0.1, rules=Rules(in_a_row=2))
    for _ in range(2):
        with pytest.raises(LanguageModelBusy, match="longer"):
            _ask(careful, "stream")
    assert careful.state() == "open"


def test_threads_that_never_end_are_limited(release: threading.Event) -> None:
    model = Scripted(_hangs(release))
    careful = Careful(model, 0.1, at_once=3, rules=Rules(in_a_row=1000, least=1000))
    for _ in range(3):
        with pytest.raises(LanguageModelBusy, match="longer"):
            _ask(careful, "stream")
    for _ in range(20):
        with pytest.raises(LanguageModelBusy, match="3 questions"):
            _ask(careful, "complete")
    assert len(_workers()) == 3
    assert (model.calls, careful.counters().refused_full, careful.counters().running) == (3, 20, 3)
    release.set()
    _wait_for(lambda: careful.counters().running == 0)
    careful.close()


def test_the_budget_of_a_day() -> None:
    now = [20_000 * 86_400.0]
    model = FakeLanguageModel(lambda _: Completion("well", False, 300, 200))
    careful = Careful(model, tokens_per_day=1000, now=lambda: now[0])

    def ask() -> str:
        return careful.complete("a", "{}", 450).text

    assert ask() == ask() == "well"
    assert careful.counters().tokens == 1000
    with pytest.raises(LanguageModelBusy, match="DAOGOU_LLM_TOKENS_PER_DAY") as caught:
        ask()
    assert caught.value.after == 86_400
    assert careful.counters().refused_spent == 1
    now[0] += 86_400
    assert ask() == "well"


def test_a_stream_costs_what_the_server_says_or_what_is_guessed() -> None:
    def counts() -> Iterator[str]:
        yield "well"
        return Completion("well", False, 30, 4)  # type: ignore[return-value]

    class Counting(FakeLanguageModel):
        def stream(self, system: str, user: str, max_tokens: int) -> Iterator[str]:
            return counts()

    careful = Careful(Counting(lambda _: ""))
    assert list(careful.stream("a", "b", 5)) == ["well"]
    assert careful.counters().tokens == 34
    guessing = Careful(FakeLanguageModel(lambda _: "seven words or so of an answer"))
    list(guessing.stream("x" * 300, "{}", 5))
    assert 110 <= guessing.counters().tokens <= 130


def test_what_is_given_up_costs_all_that_it_may_cost(release: threading.Event) -> None:
    careful = Careful(Scripted(_hangs(release)), 0.1)
    with pytest.raises(LanguageModelBusy):
        list(careful.stream("xxx", "yyy", 500))
    assert careful.counters().tokens == 502


def test_closing_stops_the_model() -> None:
    model = FakeLanguageModel(lambda _: "a lamp " * 100_000)
    careful = Careful(model, 10.0)
    stream = careful.stream("a", "{}", 5)
    assert next(stream).startswith("a")
    stream.close()  # type: ignore[attr-defined]
    _wait_for(lambda: careful.counters().running == 0)
    assert model.closed == 1
    assert careful.counters() == Counters(left=1, tokens=careful.counters().tokens)
    assert list(stream) == []


def test_closing_from_another_thread_wakes_the_one_that_waits(release: threading.Event) -> None:
    careful = Careful(Scripted(_hangs(release, "A")), 20.0)
    stream = careful.stream("a", "b", 5)
    next(stream)
    threading.Timer(0.2, stream.close).start()  # type: ignore[attr-defined]
    begun = time.monotonic()
    with pytest.raises(LanguageModelBusy, match="given up"):
        next(stream)
    assert time.monotonic() - begun < 5


@both
def test_a_model_that_keeps_to_no_protocol_is_no_crash(how: str, caplog: pytest.LogCaptureFixture) -> None:
    careful = Careful(Scripted(ZeroDivisionError("oops")))
    with pytest.raises(LanguageModelError, match="ZeroDivisionError"):
        _ask(careful, how)
    assert careful.counters().failed == 1
    assert "ZeroDivisionError" in caplog.text


def test_many_at_once() -> None:
    """Every call ends in one of the counters, and nothing is left over."""
    fails = iter(range(10**6))

    def moody() -> Iterator[str]:
        turn = next(fails)
        yield "well"
        if turn % 3 == 0:
            raise LanguageModelBusy("moody")
        if turn % 3 == 1:
            time.sleep(0.3)

    careful = Careful(Scripted(moody), 0.2, at_once=4, rules=Rules(in_a_row=1000, least=1000))

    def shopper() -> None:
        for _ in range(10):
            stream = careful.stream("a", "b", 5)
            try:
                for _ in stream:
                    pass
            except LanguageModelBusy:
                pass

    shoppers = [threading.Thread(target=shopper) for _ in range(8)]
    for one in shoppers:
        one.start()
    for one in shoppers:
        one.join()
    _wait_for(lambda: not _workers())
    counters = careful.counters()
    assert counters.asked + counters.refused_full == 80
    assert counters.running == 0
    assert counters.answered
    assert counters.failed
