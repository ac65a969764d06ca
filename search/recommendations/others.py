"""The other shoppers: what all of them do, counted beside the requests by one thread, and who of them is like somebody.

No request waits for counts.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from search.errors import DaogouError
from search.profiles.history import SECONDS
from search.protocols import Neighbour, ShopperStore
from search.recommendations.crowd import NOBODY, Crowd, count

log = logging.getLogger(__name__)

WINDOW = timedelta(days=180)
"""What is older says little of what is popular, and is not read."""

ROUND = 0.5
"""Seconds between two looks whether there is anything to do."""

CALM = 1.0
"""Seconds without further events after which they are counted…"""

PATIENCE = 10.0
"""… and seconds after which they are in any case."""

EVERY = 900.0
"""Seconds after which events are counted anew although none came in here: they fade, expire, are erased, or came in
elsewhere."""

REST = 20
"""Times as long as counting took, until it is done again: it never takes more than a twentieth of one core."""


class Others:
    """Safe to use from several threads."""

    def __init__(
        self,
        store: ShopperStore,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        working: bool = True,
    ) -> None:
        """`now` is the time of day, `clock` tells seconds. Without `working` no thread counts: call `look`."""
        self._store = store
        self._now = now
        self._clock = clock
        self._crowd = NOBODY
        self._books = threading.Lock()
        self._doing = threading.Lock()
        self._first_change: float | None = None
        self._last_change = 0.0
        self._counted: float | None = None
        self._not_before = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        if working:
            self._thread = threading.Thread(target=self._work, name="daogou-crowd", daemon=True)
            self._thread.start()

    @property
    def crowd(self) -> Crowd:
        """As it was counted last: the same object until it is counted again."""
        return self._crowd

    def alike(self, index: str, steps: Sequence[tuple[str, float]], limit: int, but: str | None) -> list[Neighbour]:
        """Those whose products overlap most with these (product id, weight). Raises StoreError."""
        return self._store.neighbours(index, steps, limit, but or "")

    def changed(self) -> None:
        """Events came in: have them counted soon."""
        with self._books:
            self._last_change = self._clock()
            if self._first_change is None:
                self._first_change = self._last_change

    def look(self, at_once: bool = False) -> bool:
        """Count, if it is time to; whether it was. Raises StoreError."""
        with self._doing:
            if not (at_once or self._due()):
                return False
            with self._books:
                first, self._first_change = self._first_change, None
            began = self._clock()
            try:
                self._crowd = self._count()
            except BaseException:
                with self._books:
                    self._first_change = self._first_change or first
                self._not_before = self._clock() + PATIENCE
                raise
            self._counted = self._clock()
            self._not_before = self._counted + REST * (self._counted - began)
            return True

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _due(self) -> bool:
        with self._books:
            now, first, last = self._clock(), self._first_change, self._last_change
        if now < self._not_before:
            return False
        if self._counted is None or now - self._counted >= EVERY:
            return True
        return first is not None and (now - last >= CALM or now - first >= PATIENCE)

    def _count(self) -> Crowd:
        now = self._now()
        since = (now - WINDOW).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        events = self._store.events(since)
        return count((event for event in events if not self._stop.is_set()), now.timestamp() / SECONDS)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception as error:  # whatever it is, the next look may do better
                # The message of our own errors names no shopper; that of others might.
                log.error("counting events: %s", error if isinstance(error, DaogouError) else type(error).__name__)
            self._stop.wait(ROUND)
