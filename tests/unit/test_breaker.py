"""The circuit breaker, told by hand and driven at random against the rules that it promises."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from search.language_models.breaker import Breaker, Rules, Ticket

RULES = Rules(in_a_row=3, share=0.5, least=6, window=60, pause=5, longest_pause=20, longest_after=100)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _breaker() -> tuple[Breaker, Clock]:
    clock = Clock()
    return Breaker(clock, RULES), clock


def _admit(breaker: Breaker) -> Ticket:
    ticket = breaker.admit()
    assert ticket is not None
    return ticket


def _fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.failed(_admit(breaker))


def test_failures_in_a_row_open_it() -> None:
    breaker, clock = _breaker()
    _fail(breaker, 2)
    breaker.succeeded(_admit(breaker))
    _fail(breaker, 2)
    assert breaker.state() == "closed"
    _fail(breaker)
    assert breaker.state() == "open"
    assert breaker.admit() is None
    assert breaker.refuses()
    assert breaker.wait() == 5
    clock.now += 5
    assert breaker.state() == "half-open"
    assert not breaker.refuses()  # one may try
    probe = _admit(breaker)
    assert breaker.refuses()
    breaker.succeeded(probe)
    assert not breaker.refuses()


def test_half_of_the_answers_failing_opens_it_too() -> None:
    breaker, _ = _breaker()
    for _ in range(2):
        _fail(breaker)
        breaker.succeeded(_admit(breaker))
    _fail(breaker)
    assert breaker.state() == "closed"  # 3 of 5 failed, and 6 must be known
    breaker.succeeded(_admit(breaker))
    assert breaker.state() == "closed"  # a success never opens
    _fail(breaker)
    assert breaker.state() == "open"


def test_what_failed_long_ago_is_forgotten() -> None:
    breaker, clock = _breaker()
    for _ in range(2):
        _fail(breaker)
        breaker.succeeded(_admit(breaker))
    clock.now += 61
    breaker.succeeded(_admit(breaker))
    _fail(breaker, 2)
    assert breaker.state() == "closed"


def test_one_probe_and_only_one() -> None:
    breaker, clock = _breaker()
    _fail(breaker, 3)
    clock.now += 5
    probe = _admit(breaker)
    assert probe.probe
    assert breaker.admit() is None
    assert breaker.state() == "half-open"
    breaker.succeeded(probe)
    assert breaker.state() == "closed"
    _fail(breaker, 2)
    assert breaker.state() == "closed"  # the row begins anew


def test_the_pause_grows_to_its_longest_and_is_forgotten_after_a_success() -> None:
    breaker, clock = _breaker()
    _fail(breaker, 3)
    for pause in (5, 10, 20, 20):
        assert breaker.wait() == pause
        clock.now += pause
        _fail(breaker)
    clock.now += 20
    breaker.succeeded(_admit(breaker))
    _fail(breaker, 3)
    assert breaker.wait() == 5


def test_a_probe_that_nobody_waited_for_lets_another_one_try() -> None:
    breaker, clock = _breaker()
    _fail(breaker, 3)
    clock.now += 5
    breaker.unknown(_admit(breaker))
    assert breaker.state() == "half-open"
    assert _admit(breaker).probe


def test_what_was_asked_before_it_opened_changes_nothing_after() -> None:
    breaker, clock = _breaker()
    late = [_admit(breaker) for _ in range(4)]
    _fail(breaker, 3)
    breaker.succeeded(late[0])
    assert breaker.state() == "open"
    clock.now += 5
    probe = _admit(breaker)
    breaker.failed(late[1])
    breaker.unknown(late[2])
    assert breaker.admit() is None
    breaker.succeeded(probe)
    breaker.failed(late[3])
    assert breaker.state() == "closed"


def test_a_server_that_says_when_is_left_alone_at_once() -> None:
    breaker, clock = _breaker()
    breaker.failed(_admit(breaker), after=30)
    assert (breaker.state(), breaker.wait()) == ("open", 30)
    clock.now += 30
    breaker.failed(_admit(breaker), after=2)
    assert breaker.wait() == 10  # the longer of its word and the growing pause


def test_those_who_heard_it_too_late_make_it_longer_never_shorter() -> None:
    breaker, _ = _breaker()
    first, second, third = (_admit(breaker) for _ in range(3))
    breaker.failed(first, after=10)
    breaker.failed(second, after=40)
    breaker.failed(third, after=1)
    assert breaker.wait() == 40


@pytest.mark.parametrize("after", [1e9, float("inf")])
def test_nonsense_does_not_close_the_shop_for_years(after: float) -> None:
    breaker, _ = _breaker()
    breaker.failed(_admit(breaker), after=after)
    assert breaker.wait() == 100


class Driven(RuleBasedStateMachine):
    """Any order of asking and answering, from several callers at once, while time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker, self.clock = _breaker()
        self.out: list[Ticket] = []
        self.probes: list[Ticket] = []
        self.row = 0

    @rule()
    def ask(self) -> None:
        state = self.breaker.state()
        ticket = self.breaker.admit()
        if state == "closed":
            assert ticket is not None
            assert not ticket.probe
        if state == "open":
            assert ticket is None
        if ticket is not None:
            assert ticket.probe == (state == "half-open")
            (self.probes if ticket.probe else self.out).append(ticket)

    @precondition(lambda self: self.out or self.probes)
    @rule(
        data=st.data(),
        how=st.sampled_from(["succeeded", "failed", "unknown"]),
        after=st.one_of(st.none(), st.floats(0, 200)),
    )
    def answer(self, data: st.DataObject, how: str, after: float | None) -> None:
        ticket = data.draw(st.sampled_from(self.out + self.probes))
        state, wait = self.breaker.state(), self.breaker.wait()
        (self.probes if ticket.probe else self.out).remove(ticket)
        if how == "failed":
            self.breaker.failed(ticket, after)
        else:
            getattr(self.breaker, how)(ticket)
        if ticket.probe and how == "succeeded":
            assert self.breaker.state() == "closed"
        if ticket.probe and how == "failed":
            assert self.breaker.state() == "open"
            assert self.breaker.wait() >= RULES.pause
        if state == "open":
            assert self.breaker.state() == "open"
            assert self.breaker.wait() >= wait
        if not ticket.probe and state == "half-open" and self.probes:
            assert self.breaker.state() == "half-open"

    @rule(seconds=st.floats(0, 50))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def wait_as_told(self) -> None:
        self.clock.now += self.breaker.wait()
        assert self.breaker.state() in ("closed", "half-open")

    @invariant()
    def one_probe_at_most(self) -> None:
        assert len(self.probes) <= 1

    @invariant()
    def never_longer_than_the_longest(self) -> None:
        assert self.breaker.wait() <= max(RULES.longest_pause, RULES.longest_after)


TestDriven = Driven.TestCase
TestDriven.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
