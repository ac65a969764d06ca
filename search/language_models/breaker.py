"""A circuit breaker: whom it is no use to ask is not asked for a while.

After M. Nygard, Release It! (2nd ed. 2018), ch. 5. Pure but for its clock; whoever shares one between threads locks it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True)
class Rules:
    """Opens after `in_a_row` failures, or where of at least `least` answers within `window` seconds the `share` failed.

    Then it stays open for `pause` seconds, for twice as long after each probe that fails, `longest_pause` at most. A
    server's own word on when to come again is kept too, up to `longest_after` seconds.
    """

    in_a_row: int = 5
    share: float = 0.5
    least: int = 10
    window: float = 60.0
    pause: float = 5.0
    longest_pause: float = 120.0
    longest_after: float = 3600.0


RULES = Rules()


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to ask once. How that went is told with it; what is told of times before the last change counts nothing."""

    era: int
    probe: bool


class Breaker:
    """closed: everybody may ask. open: nobody. half-open: one may, and by how that goes it closes or opens again."""

    def __init__(self, clock: Callable[[], float], rules: Rules = RULES) -> None:
        """`clock` gives seconds that never go back."""
        self._clock = clock
        self._rules = rules
        self._era = 0
        self._until: float | None = None
        self._probing = False
        self._pause = rules.pause
        self._in_a_row = 0
        self._outcomes: deque[tuple[float, bool]] = deque()

    def state(self) -> State:
        if self._until is None:
            return "closed"
        return "half-open" if self._probing or self._clock() >= self._until else "open"

    def wait(self) -> float:
        """Seconds until it may be worth asking; 0 where somebody may ask now, or is asking."""
        return 0.0 if self._until is None else max(0.0, self._until - self._clock())

    def refuses(self) -> bool:
        """Whether `admit` would say no."""
        return self._until is not None and (self._probing or self._clock() < self._until)

    def admit(self) -> Ticket | None:
        """None: do not ask. Else tell how it went with exactly one of `succeeded`, `failed`, `unknown`."""
        if self._until is None:
            return Ticket(self._era, probe=False)
        if self.refuses():
            return None
        self._era += 1
        self._probing = True
        return Ticket(self._era, probe=True)

    def succeeded(self, ticket: Ticket) -> None:
        if ticket.era != self._era:
            return
        if ticket.probe:
            self._close()
        else:
            self._in_a_row = 0
            self._note(True)

    def failed(self, ticket: Ticket, after: float | None = None) -> None:
        """`after`: seconds for which the server wants to be left alone, where it says so; it opens at once then."""
        asked = min(after or 0.0, self._rules.longest_after)
        if ticket.era != self._era:
            if self._until is not None and not self._probing:
                self._until = max(self._until, self._clock() + asked)
            return
        if ticket.probe:
            self._pause = min(self._pause * 2.0, self._rules.longest_pause)
            self._open(max(self._pause, asked))
            return
        self._in_a_row += 1
        self._note(False)
        if asked > 0.0:
            self._open(asked)
        elif self._in_a_row >= self._rules.in_a_row or self._too_many():
            self._open(self._pause)

    def unknown(self, ticket: Ticket) -> None:
        """It was not waited for long enough to tell. Another one may probe."""
        if ticket.era == self._era and ticket.probe:
            self._probing = False

    def _note(self, well: bool) -> None:
        now = self._clock()
        self._outcomes.append((now, well))
        while self._outcomes[0][0] < now - self._rules.window:
            self._outcomes.popleft()

    def _too_many(self) -> bool:
        failures = sum(not well for _, well in self._outcomes)
        return len(self._outcomes) >= self._rules.least and failures >= self._rules.share * len(self._outcomes)

    def _open(self, seconds: float) -> None:
        self._era += 1
        self._probing = False
        self._until = self._clock() + seconds

    def _close(self) -> None:
        self._era += 1
        self._probing = False
        self._until = None
        self._pause = self._rules.pause
        self._in_a_row = 0
        self._outcomes.clear()
