"""What a store of shoppers does, in terms of the few calls in which Qdrant Edge and a Qdrant server differ.

There are two collections: `events`, whose points have payloads only, and `profiles`, with vectors. Were they one, every
event would take the room of a vector (1.5 KB) in Qdrant's files.
"""

from __future__ import annotations

import contextlib
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import ClassVar, Literal

from search.domain import FieldKind, Sparse
from search.events import Event, EventType
from search.protocols import Neighbour
from search.shopper import Profile, Shopper, Shown
from search.storage.filters import Condition, Dialect
from search.storage.shopper_payloads import (
    Kept,
    from_event,
    from_record,
    from_shown,
    from_stamp,
    opted_out,
    record_id,
    stamp_id,
    to_event,
    to_shopper,
    to_shown,
)
from search.storage.shopper_points import Kind, checked_event, millis, tastes
from search.storage.shopper_profiles import from_profile, profile_id, sparse, to_neighbour, to_profile

Part = Literal["events", "profiles"]
PARTS: tuple[Part, ...] = ("events", "profiles")

INDEXED: Mapping[Part, Mapping[str, FieldKind]] = {
    "events": {"kind": "text", "shopper": "text", "type": "text", "index": "text", "at": "number"},
    "profiles": {"shopper": "text", "index": "text"},
}
"""The payload fields of each collection that can be filtered on."""

INTERESTS = "interests"
"""The vectors of a profile: one for each interest, compared by the nearest of them (MaxSim)."""

PRODUCTS = "products"
"""The sparse vector of a profile: what its shopper did, over products."""

BATCH = 100
"""Points written at once: Qdrant Edge holds Python's lock meanwhile, 0.08 ms for each."""

_PAGE = 1000


class QdrantShoppers(ABC):
    """The ShopperStore protocol over abstract calls, each of which raises StoreError where the engine fails."""

    dialect: ClassVar[Dialect]

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension

    # --- events

    def add(self, events: Sequence[Event]) -> int:
        checked: dict[str, Kept] = {}
        for point in [from_event(checked_event(event)) for event in events]:
            checked.setdefault(point.id, point)
        ready, added = list(checked.values()), 0
        for start in range(0, len(ready), BATCH):
            added += self._add(ready[start : start + BATCH])
        return added

    def _add(self, points: Sequence[Kept]) -> int:
        with self._changing():
            shoppers = list(dict.fromkeys(_shopper(point) for point in points if _shopper(point)))
            there = self._fetch("events", [point.id for point in points] + [record_id(one) for one in shoppers])
            known = {point.id for point in there}
            silent = {_shopper(point) for point in there if opted_out(point)}
            new = [point for point in points if point.id not in known and _shopper(point) not in silent]
            # Together: a crash must not leave events whose shopper's kept profile still counts as good.
            written = {_shopper(point) for point in new} - {""}
            self._write_stamped(new, written)
            self._written(written)
        return len(new)

    def latest(self, shopper: str, limit: int, types: Sequence[EventType] = ()) -> list[Event]:
        wanted = [self._is("kind", "event"), self._is("shopper", shopper)]
        if types:
            wanted.append(self._is("type", *types))
        return [to_event(point.payload) for point in self._last(wanted, limit)]

    def _last(self, wanted: Sequence[Condition], limit: int) -> list[Kept]:
        """The last `limit` points by time, ties by id: among equals Qdrant gives any, so all of them are read."""
        if limit <= 0:
            return []
        found = self._ordered(self._all(*wanted), limit + 1, descending=True)
        if len(found) > limit and _at(found[-1]) == _at(found[-2]):
            edge = _at(found[-1])
            ties = self._walk("events", self._all(*wanted, self.dialect.within("at", gte=edge, lte=edge)))
            found = [point for point in found if _at(point) > edge] + list(ties)
        return sorted(found, key=lambda point: (-_at(point), point.id))[:limit]

    def events(self, since: str = "") -> Iterator[Event]:
        bound = [self.dialect.within("at", gte=millis(since))] if since else []
        points = self._walk("events", self._all(self._is("kind", "event"), *bound))
        # Ids begin with a hash of the shopper, so what belongs together is never far apart.
        for _, near in groupby(points, key=lambda point: point.id[:4]):
            for point in sorted(near, key=lambda point: (_shopper(point), _at(point), point.id)):
                yield to_event(point.payload)
        for point in self._in_time([self._is("kind", "anonymous")], since):
            yield to_event(point.payload)

    def expire(self, before: str, stop: Callable[[], bool] | None = None) -> int:
        old = [self._is("kind", "event", "anonymous", "shown"), self.dialect.within("at", lt=millis(before))]
        gone = 0
        while not (stop is not None and stop()) and (found := self._page("events", self._all(*old), BATCH, None)[0]):
            shoppers = {_shopper(point) for point in found if point.payload["kind"] == "event"}
            with self._changing():
                self._forgetting()
                if shoppers:  # First: a crash must not leave profiles of events that are gone.
                    self._remove_where("profiles", self._all(self._is("shopper", *shoppers)))
                self._remove("events", [point.id for point in found])
                left = {one for one in shoppers if self._count("events", self._of(one, "event"))}
                self._write_stamped([], left)
                self._remove("events", [stamp_id(one) for one in shoppers - left])
                if shoppers:  # On a server another process may have kept one meanwhile.
                    self._remove_where("profiles", self._all(self._is("shopper", *shoppers)))
            gone += len(found)
        return gone

    # --- shoppers

    def shopper(self, name: str) -> Shopper | None:
        return to_shopper(name, self._fetch("events", [record_id(name), stamp_id(name)]))

    def names(self) -> Iterator[str]:
        for point in self._walk("events", self._all(self._is("kind", "stamp"))):
            yield _shopper(point)

    def shoppers(self, names: Sequence[str]) -> list[Shopper]:
        theirs: dict[str, list[Kept]] = {name: [] for name in names}
        for point in self._fetch("events", [make(name) for name in theirs for make in (record_id, stamp_id)]):
            theirs[_shopper(point)].append(point)
        found = [to_shopper(name, points) for name, points in theirs.items()]
        return [one for one in found if one is not None]

    def put(self, shopper: Shopper) -> Shopper:
        silent = shopper.consent is False
        record = from_record(Shopper(shopper.name, False) if silent else shopper, _new_stamp())
        with self._changing():
            there = self._fetch("events", [record.id, stamp_id(shopper.name)])
            if any(point.id == record.id and point.payload["data"] != record.payload["data"] for point in there):
                self._forgetting()
            self._write("events", [record])
            if silent:
                # The record is there first: what another process adds from now on is not kept.
                self._forget(shopper.name, "event", "shown", "stamp")
        rest = [] if silent else [point for point in there if point.id != record.id]
        kept = to_shopper(shopper.name, [record, *rest])
        assert kept is not None  # noqa: S101 - it was just written
        return kept

    def erase(self, shopper: str) -> int:
        with self._changing():
            record = self._fetch("events", [record_id(shopper), stamp_id(shopper)])
            gone = self._forget(shopper, "event", "shown")
            if record:
                self._forgetting()
                self._remove("events", [point.id for point in record])
                # A profile that was made meanwhile. From now on none is: there is no stamp for it to go with.
                self._remove_where("profiles", self._all(self._is("shopper", shopper)))
        return gone + bool(record)

    def _forget(self, shopper: str, *kinds: Kind) -> int:
        """Remove profiles, and what is of these kinds. With `_changing` held."""
        profiles, rest = self._all(self._is("shopper", shopper)), self._of(shopper, *kinds)
        gone = self._count("profiles", profiles), self._count("events", rest)
        if any(gone):
            self._forgetting()
            self._remove_where("profiles", profiles)
            self._remove_where("events", rest)
        return sum(gone)

    # --- profiles

    def keep_profile(self, shopper: str, index: str, version: int, stamp: str, profile: Profile) -> None:
        point = from_profile(shopper, index, version, stamp, profile, self._dimension)
        with self._changing():
            if self._stamp(shopper) != stamp:
                return
            self._write("profiles", [point])
            if self._stamp(shopper) != stamp:  # On a server another process may have erased them meanwhile.
                self._remove("profiles", [point.id])

    def profile(self, shopper: str, index: str, version: int, stamp: str) -> Profile | None:
        for point in self._fetch("profiles", [profile_id(shopper, index)], vectors=True):
            if point.payload["version"] == version and point.payload["stamp"] == stamp:
                return to_profile(point)
        return None

    def neighbours(self, index: str, steps: Sequence[tuple[str, float]], limit: int, but: str = "") -> list[Neighbour]:
        query = sparse(tastes(steps))
        if limit <= 0 or not query.indices:
            return []
        others = self.dialect.filter(
            must=[self._is("index", index)], must_not=[self._is("shopper", but)] if but else None
        )
        found = [to_neighbour(point.payload, score) for point, score in self._alike(query, limit, others) if score > 0]
        return sorted(found, key=lambda one: (-one.score, one.shopper))

    def _stamp(self, shopper: str) -> str | None:
        kept = self.shopper(shopper)
        return kept.stamp if kept else None

    # --- pages

    def add_shown(self, shown: Sequence[Shown]) -> None:
        points = list({point.id: point for point in map(from_shown, shown)}.values())
        for start in range(0, len(points), BATCH):
            batch = points[start : start + BATCH]
            with self._changing():
                records = [record_id(_shopper(point)) for point in batch if _shopper(point)]
                silent = {_shopper(point) for point in self._fetch("events", records) if opted_out(point)}
                kept = [point for point in batch if _shopper(point) not in silent]
                self._write("events", kept)
                self._written({_shopper(point) for point in kept} - {""})

    def pages_of(self, shopper: str) -> list[Shown]:
        pages = self._walk("events", self._of(shopper, "shown"))
        return [to_shown(point.payload) for point in sorted(pages, key=lambda point: (_at(point), point.id))]

    def shown(self, index: str, since: str = "") -> Iterator[Shown]:
        for point in self._in_time([self._is("kind", "shown"), self._is("index", index)], since):
            yield to_shown(point.payload)

    # --- reading many

    def _walk(self, part: Part, condition: Condition) -> Iterator[Kept]:
        """Every point that meets the condition, in order of id."""
        start: str | None = None
        while True:
            page, start = self._page(part, condition, _PAGE, start)
            yield from page
            if start is None:
                return

    def _in_time(self, wanted: Sequence[Condition], since: str) -> Iterator[Kept]:
        """Every point that meets the conditions, in order of time, ties by id."""
        bounds = {"gte": millis(since)} if since else {}
        while True:
            later = [self.dialect.within("at", **bounds)] if bounds else []
            found = self._ordered(self._all(*wanted, *later), _PAGE, descending=False)
            if not found:
                return
            last = _at(found[-1])
            yield from sorted((point for point in found if _at(point) < last), key=lambda point: (_at(point), point.id))
            yield from self._walk("events", self._all(*wanted, self.dialect.within("at", gte=last, lte=last)))
            bounds = {"gt": last}

    # --- conditions

    def _is(self, field: str, *values: str) -> Condition:
        return self.dialect.field(key=field, match=self.dialect.match_any(any=list(values)))

    def _all(self, *conditions: Condition) -> Condition:
        return self.dialect.all_of(*conditions)

    def _of(self, shopper: str, *kinds: str) -> Condition:
        return self._all(self._is("shopper", shopper), self._is("kind", *kinds))

    # --- the engine

    @abstractmethod
    def _changing(self) -> contextlib.AbstractContextManager[object]:
        """Held while what is read decides over what is written. Raises StoreError where nothing may be written."""

    @abstractmethod
    def _forgetting(self) -> None:
        """Called before bytes are replaced or removed that shall be gone from the files. With `_changing` held."""

    @abstractmethod
    def _write(self, part: Part, points: Sequence[Kept]) -> None:
        """Insert or replace, all or none; durable on return."""

    def _write_stamped(self, points: Sequence[Kept], shoppers: set[str]) -> None:
        """Write events, and new stamps of shoppers with them."""
        stamps = [from_stamp(shopper, _new_stamp()) for shopper in sorted(shoppers)]
        if points or stamps:
            self._write("events", [*points, *stamps])

    @abstractmethod
    def _written(self, shoppers: set[str]) -> None:
        """Called when something of these shoppers was written, who had not opted out before. With `_changing` held."""

    @abstractmethod
    def _remove(self, part: Part, ids: Sequence[str]) -> None: ...

    @abstractmethod
    def _remove_where(self, part: Part, condition: Condition) -> None: ...

    @abstractmethod
    def _fetch(self, part: Part, ids: Sequence[str], vectors: bool = False) -> list[Kept]:
        """Those that exist, in any order."""

    @abstractmethod
    def _page(
        self, part: Part, condition: Condition | None, limit: int, start: str | None
    ) -> tuple[list[Kept], str | None]:
        """The points from id `start` on, by id, without vectors, and the id that the next page starts at."""

    @abstractmethod
    def _ordered(self, condition: Condition, limit: int, descending: bool) -> list[Kept]:
        """Events by `at`, ties in any order."""

    @abstractmethod
    def _count(self, part: Part, condition: Condition) -> int: ...

    @abstractmethod
    def _alike(self, query: Sparse, limit: int, condition: Condition) -> list[tuple[Kept, float]]:
        """Profiles by the dot product of their products, the greatest first; payloads with shopper and steps."""


def _shopper(point: Kept) -> str:
    return str(point.payload.get("shopper") or "")


def _at(point: Kept) -> int:
    return int(point.payload["at"])


def _new_stamp() -> str:
    return secrets.token_hex(8)
