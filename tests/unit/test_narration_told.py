"""Nothing is asked twice: the memory has bounds, and whoever asks what is being asked already listens in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from search.errors import LanguageModelBusy
from search.narration.listening import Left, Listener
from search.narration.told import Flights, Told, key_of

SECONDS = 10


def test_keys_are_equal_for_equal_parts_alone() -> None:
    assert key_of("a", "b") == key_of("a", "b")
    assert len({key_of("a", "b"), key_of("ab"), key_of("a", "", "b"), key_of("b", "a"), key_of("ab", "")}) == 5
    assert key_of("\ud800")  # a lone surrogate, which JSON can carry, is no reason to fail


def test_what_was_asked_for_longest_ago_goes_first() -> None:
    told = Told(most=2)
    told.keep("a", ["1"])
    told.keep("b", ["2"])
    assert told.get("a") == ("1",)
    told.keep("c", ["3"])
    assert (told.get("a"), told.get("b"), told.get("c")) == (("1",), None, ("3",))


def test_bytes_are_bounded_too_and_counted_right() -> None:
    told = Told(most=100, most_bytes=1000)
    for number in range(50):
        told.keep(str(number), ["壶" * 30])
    assert told.bytes <= 1000
    assert 1 < len(told) < 5
    before = told.bytes
    told.keep("49", ["壶" * 30])
    assert told.bytes == before
    told.keep("huge", ["x" * 2000])
    assert told.get("huge") is None
    assert told.get("49") is not None


class Call:
    """Words that come one by one, as the test lets them."""

    def __init__(self, *words: str, error: LanguageModelBusy | None = None) -> None:
        self.times = 0
        self.words = words
        self.error = error
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self) -> Iterator[str]:
        self.times += 1
        yield self.words[0]
        self.begun.set()
        assert self.go.wait(SECONDS)
        yield from self.words[1:]
        if self.error is not None:
            raise self.error


ALWAYS = Listener()


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_all_who_ask_at_once_hear_one_call() -> None:
    flights, call = Flights(), Call("one", "two")
    heard: list[list[str]] = []
    first = in_thread(lambda: heard.append(list(flights.told("k", call, ALWAYS))))
    assert call.begun.wait(SECONDS)
    listeners = [in_thread(lambda: heard.append(list(flights.told("k", call, ALWAYS)))) for _ in range(3)]
    call.go.set()
    for thread in (first, *listeners):
        thread.join(SECONDS)
    assert heard == [["one", "two"]] * 4
    assert call.times == 1
    assert list(flights.told("k", call, ALWAYS)) == ["one", "two"]
    assert call.times == 2  # remembering is the memory's matter


def test_a_failure_is_everybodys() -> None:
    flights, call = Flights(), Call("one", error=LanguageModelBusy("down"))
    said: list[object] = []

    def ask() -> None:
        try:
            for text in flights.told("k", call, ALWAYS):
                said.append(text)
        except LanguageModelBusy as error:
            said.append(str(error))

    first = in_thread(ask)
    assert call.begun.wait(SECONDS)
    second = in_thread(ask)
    call.go.set()
    first.join(SECONDS)
    second.join(SECONDS)
    assert sorted(map(str, said)) == ["down", "down", "one", "one"]
    assert call.times == 1


def test_where_the_first_leaves_the_next_takes_over() -> None:
    flights, call = Flights(), Call("one", "two")
    first = flights.told("k", call, ALWAYS)
    assert next(first) == "one"
    heard: list[str] = []
    listening = threading.Event()

    def listen() -> None:
        for text in flights.told("k", call, ALWAYS):
            heard.append(text)
            listening.set()

    second = in_thread(listen)
    assert listening.wait(SECONDS)
    call.go.set()
    first.close()  # type: ignore[attr-defined]
    second.join(SECONDS)
    assert heard == ["one", "two"]  # what was said before is not said again
    assert call.times == 2


def test_who_is_not_waited_for_stops_listening() -> None:
    flights, call = Flights(), Call("one", "two")
    first = flights.told("k", call, ALWAYS)
    assert next(first) == "one"
    second = flights.told("k", call, Listener(ends=0))
    assert next(second) == "one"
    with pytest.raises(Left):
        next(second)
    call.go.set()
    assert list(first) == ["two"]
