"""What is done for profiles beside the requests, by one thread, about once a second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from search.domain import Manifest
from search.errors import DaogouError
from search.profiles.missing import Missing
from search.protocols import ShopperStore
from search.shopper import Profile, Shopper

log = logging.getLogger(__name__)

ROUND = 1.0
"""Seconds between two rounds."""

CALM = 2.0
"""Seconds without another erasure after which bytes are removed: who erases many waits for none of them…"""

PATIENCE = 30.0
"""… and seconds after which they are removed in any case."""

REST = 10
"""Times as long as removing took, until it may be done again: it must not take all of a large store's time."""

_MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Keeping:
    """A profile on its way into the store."""

    shopper: str
    index: str
    version: int
    stamp: str
    profile: Profile

    @classmethod
    def of(cls, manifest: Manifest, record: Shopper, profile: Profile) -> Keeping:
        return cls(record.name, manifest.index, manifest.version, record.stamp, profile)

    def into(self, store: ShopperStore) -> None:
        store.keep_profile(self.shopper, self.index, self.version, self.stamp, self.profile)


class Chores:
    """Safe to use from several threads."""

    def __init__(
        self,
        store: ShopperStore,
        keep: timedelta,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        missing: Missing | None = None,
    ) -> None:
        """`keep` is how long events are kept, `now` the time of day, `clock` tells seconds."""
        self._store = store
        self._keep = keep
        self._now = now
        self._clock = clock
        self._missing = missing
        self._waiting: dict[tuple[str, str], Keeping] = {}
        self._books = threading.Lock()
        self._doing = threading.Lock()
        self._stop = threading.Event()
        self._expired: date | None = None
        # What was forgotten before this process began may still be in the files.
        self._first_erased: float | None = clock()
        self._last_erased = clock()
        self._not_before = 0.0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="daogou-profiles", daemon=True)
        self._thread.start()

    def keep(self, keeping: Keeping) -> None:
        """Have a profile kept soon. Of more than can be kept the oldest are left out: they can be made again."""
        with self._books:
            self._waiting.pop((keeping.shopper, keeping.index), None)
            self._waiting[keeping.shopper, keeping.index] = keeping
            if len(self._waiting) > _MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]

    def erased(self, shopper: str) -> None:
        """A shopper was forgotten: nothing of them may be kept any more, and bytes are to be removed."""
        with self._books:
            for key in [key for key in self._waiting if key[0] == shopper]:
                del self._waiting[key]
        self.bytes_left()

    def bytes_left(self) -> None:
        """Something was forgotten whose bytes are to be removed."""
        with self._books:
            self._last_erased = self._clock()
            if self._first_erased is None:
                self._first_erased = self._last_erased

    def do(self, at_once: bool = False) -> None:
        """One round. Raises StoreError."""
        with self._doing:
            self._keep_profiles()
            self._expire()
            self._purge(at_once)
            if self._missing is not None:
                self._missing.go_on()

    def close(self) -> None:
        """Profiles that wait are kept, for the next start."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        try:
            with self._doing:
                self._keep_profiles()
        except DaogouError as error:
            log.error("profiles could not be kept: %s", error)

    def _work(self) -> None:
        while not self._stop.wait(ROUND):
            try:
                self.do()
            except Exception as error:  # whatever it is, the next round may do better
                # The message of our own errors names no shopper; that of others might.
                log.error(
                    "chores of the profiles: %s", error if isinstance(error, DaogouError) else type(error).__name__
                )

    def _keep_profiles(self) -> None:
        while True:
            with self._books:
                if not self._waiting:
                    return
                keeping = self._waiting.pop(next(iter(self._waiting)))
            keeping.into(self._store)

    def _expire(self) -> None:
        now = self._now().astimezone(UTC)
        if self._expired == now.date():
            return
        before = (now - self._keep).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # Also where nothing expired: a command that was killed may have left a private copy.
        if self._store.expire(before, self._stop.is_set) or self._first_erased is None:
            self.bytes_left()
        if self._missing is not None and self._expired is not None:
            self._missing.begin_again()
        self._expired = now.date()

    def _purge(self, at_once: bool) -> None:
        with self._books:
            first, last, now = self._first_erased, self._last_erased, self._clock()
            due = first is not None and now >= self._not_before and (now - last >= CALM or now - first >= PATIENCE)
            if first is None or not (due or at_once):
                return
            self._first_erased = None
        try:
            self._store.purge(self._stop.is_set)
        except BaseException:
            with self._books:
                self._first_erased = self._first_erased or first
            # It may have copied all of a large store before the disk was full.
            self._not_before = self._clock() + max(PATIENCE, REST * (self._clock() - now))
            raise
        self._not_before = self._clock() + REST * (self._clock() - now)
