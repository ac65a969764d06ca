"""A store of shoppers in memory: the ShopperStore protocol in the plainest way, for the tests of whoever uses one."""

from __future__ import annotations

import dataclasses
import itertools
import math
import threading
from collections.abc import Callable, Iterator, Sequence

from search.errors import StoreError
from search.events import Event, EventType
from search.protocols import Neighbour
from search.shopper import Facts, Profile, Shopper, Shown
from search.storage.shopper_points import check_name, checked_event, event_key, instant, millis, tastes


class MemoryShopperStore:
    def __init__(self) -> None:
        self._events: dict[str, Event] = {}
        self._records: dict[str, Shopper] = {}
        self._declared: set[str] = set()  # those whose record says more than that there are events
        self._profiles: dict[tuple[str, str], tuple[int, str, Profile]] = {}
        self._shown: dict[str, Shown] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self.closed = False
        self.purged = 0
        """How often bytes were to be removed."""

    def add(self, events: Sequence[Event]) -> int:
        checked = [checked_event(event) for event in events]
        with self._lock:
            return sum(map(self._add, checked))

    def _add(self, event: Event) -> bool:
        record = self._records.get(event.shopper or "")
        if event_key(event) in self._events or (record is not None and record.consent is False):
            return False
        self._events[event_key(event)] = event
        if event.shopper is not None:
            self._touch(event.shopper)
        return True

    def latest(self, shopper: str, limit: int, types: Sequence[EventType] = ()) -> list[Event]:
        mine = [
            one for one in list(self._events.values()) if one.shopper == shopper and (not types or one.type in types)
        ]
        return sorted(mine, key=lambda one: (-millis(one.timestamp), event_key(one)))[: max(0, limit)]

    def events(self, since: str = "") -> Iterator[Event]:
        first = millis(since) if since else None
        wanted = [one for one in list(self._events.values()) if first is None or millis(one.timestamp) >= first]
        wanted.sort(key=lambda one: (one.shopper is None, one.shopper or "", one.timestamp, event_key(one)))
        yield from wanted

    def shopper(self, name: str) -> Shopper | None:
        return self._records.get(name)

    def names(self) -> Iterator[str]:
        yield from dict.fromkeys(one.shopper for one in list(self._events.values()) if one.shopper is not None)

    def shoppers(self, names: Sequence[str]) -> list[Shopper]:
        return [self._records[name] for name in dict.fromkeys(names) if name in self._records]

    def put(self, shopper: Shopper) -> Shopper:
        check_name(shopper.name)
        if not all(map(math.isfinite, shopper.facts.budget.values())):
            raise StoreError("A budget is no finite number.")
        with self._lock:
            if shopper.consent is False:
                self.erase(shopper.name)
                shopper = Shopper(shopper.name, False)
            self._declared.add(shopper.name)
            self._records[shopper.name] = shopper
            return self._touch(shopper.name)

    def keep_profile(self, shopper: str, index: str, version: int, stamp: str, profile: Profile) -> None:
        record = self._records.get(shopper)
        if record is not None and record.stamp == stamp:
            self._profiles[shopper, index] = (version, stamp, profile)

    def profile(self, shopper: str, index: str, version: int, stamp: str) -> Profile | None:
        kept = self._profiles.get((shopper, index))
        return kept[2] if kept is not None and kept[:2] == (version, stamp) else None

    def neighbours(self, index: str, steps: Sequence[tuple[str, float]], limit: int, but: str = "") -> list[Neighbour]:
        wanted = tastes(steps)
        found = []
        for (shopper, where), (_, _, profile) in self._profiles.items():
            theirs = tuple((step.product, step.weight) for step in profile.steps)
            score = sum(weight * wanted.get(product, 0.0) for product, weight in tastes(theirs).items())
            if where == index and shopper != but and score > 0:
                found.append(Neighbour(shopper, min(1.0, score), theirs))
        return sorted(found, key=lambda one: (-one.score, one.shopper))[: max(0, limit)]

    def add_shown(self, shown: Sequence[Shown]) -> None:
        for one in shown:
            record = self._records.get(one.shopper or "")
            if record is None or record.consent is not False:
                self._shown[one.query_id] = dataclasses.replace(one, timestamp=_told(one.timestamp))

    def shown(self, index: str, since: str = "") -> Iterator[Shown]:
        first = _told(since) if since else ""
        wanted = [one for one in self._shown.values() if one.index == index and one.timestamp >= first]
        yield from sorted(wanted, key=lambda one: (one.timestamp, one.query_id))

    def pages_of(self, shopper: str) -> list[Shown]:
        mine = [one for one in self._shown.values() if one.shopper == shopper]
        return sorted(mine, key=lambda one: (one.timestamp, one.query_id))

    def erase(self, shopper: str) -> int:
        before = self._count()
        self._declared.discard(shopper)
        self._events = {key: one for key, one in self._events.items() if one.shopper != shopper}
        self._shown = {key: one for key, one in self._shown.items() if one.shopper != shopper}
        self._profiles = {key: kept for key, kept in self._profiles.items() if key[0] != shopper}
        self._records.pop(shopper, None)
        return before - self._count()

    def expire(self, before: str, stop: Callable[[], bool] | None = None) -> int:
        count, first = self._count(), _told(before)
        gone = [event for event in self._events.values() if event.timestamp < first]
        self._events = {key: one for key, one in self._events.items() if one.timestamp >= first}
        self._shown = {key: one for key, one in self._shown.items() if one.timestamp >= first}
        forgotten = count - self._count()
        for shopper in {event.shopper for event in gone if event.shopper is not None}:
            self._profiles = {key: kept for key, kept in self._profiles.items() if key[0] != shopper}
            if any(event.shopper == shopper for event in self._events.values()) or shopper in self._declared:
                self._touch(shopper)
            else:
                del self._records[shopper]
        return forgotten

    def purge(self, stop: Callable[[], bool] | None = None) -> bool:
        self.purged += 1
        return True

    def close(self) -> None:
        self.closed = True

    def _touch(self, shopper: str) -> Shopper:
        record = self._records.get(shopper) or Shopper(shopper, None, Facts())
        self._records[shopper] = dataclasses.replace(record, stamp=f"s{next(self._numbers)}")
        return self._records[shopper]

    def _count(self) -> int:
        return len(self._events) + len(self._records) + len(self._profiles) + len(self._shown)


def _told(timestamp: str) -> str:
    return instant(millis(timestamp))
