"""Profiles while serving: what shoppers do goes in, the profile of whoever searches comes out, and who does not want to
be known is not.

A request costs one read of the shopper's record. Its stamp says whether the profile in memory still holds; else it is
made anew from a bounded number of events, and kept beside them in the background, where neighbours are looked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from search.errors import ConsentError
from search.events import Event
from search.profiles import weights
from search.profiles.building import days, profile_of
from search.profiles.cache import Cache
from search.profiles.chores import Chores, Keeping
from search.profiles.goods import Goods
from search.profiles.history import day_of, read
from search.profiles.missing import Lease, Missing
from search.protocols import Collection, Encoder, ShopperStore, Vector
from search.remembered import Remembered
from search.settings import Settings
from search.shopper import Facts, Profile, Shopper

_MOST = 20_000
_MOST_BYTES = 128 * 2**20
_MOST_TEXTS = 2_000
_EVERY = 1_000_000
"""More events than anybody has."""

_LOCKS = 64

T = TypeVar("T")

Forget = Callable[[str], object]
"""Forgets a shopper, named by their HMAC."""


@dataclass(frozen=True, slots=True)
class Export:
    """All that is kept of a shopper: the record, every event, newest first, and the profile for each index asked
    for."""

    record: Shopper
    events: tuple[Event, ...]
    profiles: Mapping[str, Profile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """A profile in memory and what it was made of: it holds as long as none of that has changed."""

    profile: Profile
    stamp: str
    version: int
    created_at: str
    writes: int
    products: frozenset[str]


class Profiles:
    """Safe to use from several threads."""

    def __init__(
        self,
        store: ShopperStore,
        encoder: Encoder,
        settings: Settings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        working: bool = True,
    ) -> None:
        """`now` is the clock, for tests. Without `working` no thread does the chores: `tidy` has to be called."""
        self._store = store
        self._encoder = encoder
        self._on = settings.personalization
        self._consent_required = settings.consent == "required"
        self._now = now
        self._goods = Remembered(Goods.of)
        self._entries: Cache[tuple[str, str], _Entry] = Cache(_MOST, _MOST_BYTES, _weight)
        self._texts: Cache[str, Vector] = Cache(_MOST_TEXTS, 2**24, lambda vector: int(vector.nbytes) + 200)
        self._writing = threading.RLock()
        self._building = [threading.Lock() for _ in range(_LOCKS)]
        self._forgetters: list[Forget] = []
        self._erasures = 0
        self._listeners: list[Callable[[], object]] = []
        self._missing = Missing(store, self._keep)
        self._chores = Chores(store, timedelta(days=settings.event_days), now, missing=self._missing)
        if working:
            self._chores.start()

    # --- what goes in ------------------------------------------------------------------------------------------------

    def record(self, events: Sequence[Event]) -> int:
        """Keep what shoppers did, as far as they may be known; how many events were new. Durable on return, and the
        next request of these shoppers counts with it. Raises StoreError."""
        with self._writing:  # or somebody could opt out between the question and the answer
            new = self._store.add(self.admitted(events))
        if new:
            for tell in self._listeners:
                tell()
        return new

    def admitted(self, events: Sequence[Event]) -> list[Event]:
        """The events that may be kept: of shoppers who may be known, and of nobody known."""
        names = sorted({event.shopper for event in events if event.shopper is not None})
        said = {one.name: one.consent for one in (self._store.shoppers(names) if names else ())}
        return [event for event in events if event.shopper is None or self._agreed(said.get(event.shopper))]

    def declare(self, shopper: str, change: Callable[[Shopper], Shopper]) -> Shopper:
        """Keep what shoppers say of themselves and whether they agree to be known: `change` makes the new record of the
        one that is kept. The record as kept.

        Who does not agree (any more) is forgotten but for that word. Raises ConsentError for facts of somebody who has
        not agreed.
        """
        with self._writing:
            record = self._store.shopper(shopper) or Shopper(shopper)
            changed = replace(change(record), name=shopper)
            if not self._agreed(changed.consent):
                if changed.facts not in (record.facts, Facts()):
                    raise ConsentError(
                        "Nothing is kept of shoppers who have not agreed to that: send `consent` true with the facts, "
                        "or no facts."
                    )
                if changed.consent is None:
                    self._forget(shopper)
                    return Shopper(shopper)
                # No step without the word: a crash must not leave somebody known who has refused.
                return self._forgetting(shopper, lambda: self._store.put(Shopper(shopper, False)))
            for text in changed.facts.interests:
                self._encode(text.strip())
            if changed == record:
                return record
            kept = self._store.put(changed)
            if record.facts not in (changed.facts, Facts()):
                self._chores.bytes_left()
            return kept

    def erase(self, shopper: str) -> int:
        """Forget everything, what they said of consent included; how many points of the store that were. Whoever is
        told by `when_forgotten` is told first, and may raise: it can be asked again."""
        with self._writing:
            return self._forget(shopper)

    def when_recorded(self, tell: Callable[[], object]) -> None:
        """Have others told that there are new events."""
        self._listeners.append(tell)

    def when_forgotten(self, forget: Forget) -> None:
        """Have others told who keep something of shoppers: logs, pages in memory."""
        self._forgetters.append(forget)

    def _forget(self, shopper: str) -> int:
        return self._forgetting(shopper, lambda: self._store.erase(shopper))

    def _forgetting(self, shopper: str, forget: Callable[[], T]) -> T:
        # Others first: what they are just about to write into the store is there by then, and goes too.
        for tell in self._forgetters:
            tell(shopper)
        done = forget()
        self._erasures += 1
        self._entries.forget_where(lambda key: key[0] == shopper)
        self._chores.erased(shopper)
        return done

    # --- what comes out ----------------------------------------------------------------------------------------------

    def known(self, shopper: str | None) -> bool:
        """Whether this shopper may be known: else they are nobody, to searches, experiments and logs alike."""
        if shopper is None:
            return False
        record = self._store.shopper(shopper)
        return self._agreed(record.consent if record is not None else None)

    def of(self, collection: Collection, shopper: str | None) -> Profile | None:
        """The shopper's profile as of now; None: answer as to somebody unknown. Raises StoreError, EncoderError."""
        if shopper is None or not self._on:
            return None
        record = self._store.shopper(shopper)
        if record is None or not self._agreed(record.consent):
            return None
        profile = self._current(collection, record)
        return None if profile.empty else profile

    def of_products(self, collection: Collection, recent: Sequence[str]) -> Profile | None:
        """A profile of the products that somebody says they looked at, newest first. Nothing is kept."""
        if not self._on or not recent:
            return None
        profile = self._made(collection, _looked_at(recent[: weights.RECENT_PRODUCTS], self._now()), Facts())
        return None if profile.empty else profile

    def export(self, shopper: str, collections: Sequence[Collection] = ()) -> Export | None:
        """What is kept of the shopper, profiles for these indexes included; None: nothing is."""
        record = self._store.shopper(shopper)
        if record is None:
            return None
        events = tuple(self._store.latest(shopper, _EVERY))
        agreed = self._agreed(record.consent)
        profiles = {one.manifest.index: self._current(one, record) for one in collections} if agreed else {}
        return Export(record, events, profiles)

    def keep_all(self, collection: Collection) -> int:
        """Make and keep the profile of every shopper with events, for neighbours to be found among all; how many."""
        return sum(self._keep(collection, name, anew=True) for name in self._store.names())

    def _keep(self, collection: Collection, shopper: str, anew: bool = False) -> bool:
        """Make and keep a profile where there is none that holds; whether one was made."""
        record, manifest = self._store.shopper(shopper), collection.manifest
        if record is None or not self._agreed(record.consent):
            return False
        if not anew and self._store.profile(shopper, manifest.index, manifest.version, record.stamp) is not None:
            return False
        profile = self._made(collection, self._events(shopper), record.facts)
        Keeping.of(manifest, record, profile).into(self._store)
        return True

    def get_ready(self, collection: Collection) -> None:
        """Read what profiles need of a version before it serves, so that no request waits for that."""
        self._goods.of(collection)
        if self._on:
            self._missing.begin(collection.manifest.index)

    def make_missing(self, lease: Lease) -> None:
        """From now on make the profiles that are missing beside the requests. `lease` opens the live version of an
        index."""
        self._missing.lend(lease)

    # --- chores ------------------------------------------------------------------------------------------------------

    def tidy(self, at_once: bool = False) -> None:
        """Keep the profiles that were made, expire what is too old, remove the bytes of what was forgotten. A thread
        does it about once a second; `at_once` waits for nothing."""
        self._chores.do(at_once)

    def close(self) -> None:
        self._chores.close()
        self._store.close()

    # --- making ------------------------------------------------------------------------------------------------------

    def _agreed(self, consent: bool | None) -> bool:
        return consent is True or (consent is None and not self._consent_required)

    def _current(self, collection: Collection, record: Shopper) -> Profile:
        key = (record.name, collection.manifest.index)
        entry = self._entries.get(key)
        if entry is None or not self._holds(entry, collection, record):
            with self._building[hash(record.name) % _LOCKS]:  # of requests at once, one makes it
                entry = self._entries.get(key)
                if entry is None or not self._holds(entry, collection, record):
                    erasures = self._erasures
                    entry = self._renewed(collection, record, fresh=entry is None)
                    self._entries.put(key, entry)
                    if erasures != self._erasures:  # It may be of who was forgotten meanwhile.
                        self._entries.forget([key])
        return entry.profile

    def _holds(self, entry: _Entry, collection: Collection, record: Shopper) -> bool:
        manifest = collection.manifest
        return (
            (entry.stamp, entry.version, entry.created_at) == (record.stamp, manifest.version, manifest.created_at)
            and days(self._now()) < entry.profile.until
            and not self._goods.of(collection).touched(entry.products, entry.writes)
        )

    def _renewed(self, collection: Collection, record: Shopper, fresh: bool) -> _Entry:
        """A new profile; or the one that the store keeps, if it still holds, for somebody who is `fresh` to memory."""
        manifest, goods = collection.manifest, self._goods.of(collection)
        writes = goods.writes
        profile = self._kept(collection, record) if fresh else None
        if profile is None:
            profile = self._made(collection, self._events(record.name), record.facts)
            self._chores.keep(Keeping.of(manifest, record, profile))
        products = frozenset(profile.strongest)
        return _Entry(profile, record.stamp, manifest.version, manifest.created_at, writes, products)

    def _kept(self, collection: Collection, record: Shopper) -> Profile | None:
        manifest = collection.manifest
        profile = self._store.profile(record.name, manifest.index, manifest.version, record.stamp)
        if profile is None or profile.until <= days(self._now()):
            return None
        # Numbers of versions begin anew where an index was dropped, and it may have been made of the one before.
        if manifest.created_at and profile.until - weights.HOLDS < day_of(manifest.created_at):
            return None
        # It may have been made before what was written since this version was opened.
        return None if self._goods.of(collection).touched(profile.strongest.keys(), since=0) else profile

    def _made(self, collection: Collection, events: Sequence[Event], facts: Facts) -> Profile:
        goods, now = self._goods.of(collection), days(self._now())
        history = read(events, now)
        telling = history.most_telling(weights.MOST_PRODUCTS)
        traits = goods.traits(collection, telling)
        profile = profile_of(history, facts, traits, now, self._encode, goods.census)
        if len(traits) < len(telling):
            return replace(profile, until=min(profile.until, now + weights.HOLDS_WITHOUT))
        return profile

    def _events(self, shopper: str) -> list[Event]:
        """A bounded number, however many there are."""
        latest = self._store.latest(shopper, weights.LATEST)
        if len(latest) < weights.LATEST:
            return latest
        return latest + self._store.latest(shopper, weights.LATEST, weights.DECISIVE)

    def _encode(self, text: str) -> Vector:
        """Declared interests are encoded once, not at every event."""
        vector = self._texts.get(text)
        if vector is None:
            vector = self._encoder.encode_query(text)
            self._texts.put(text, vector)
        return vector


def _looked_at(recent: Sequence[str], now: datetime) -> list[Event]:
    """As if the first had been looked at just now, and others before: whoever keeps the list knows no times."""
    found = []
    for place, product in enumerate(recent):
        session = min(place, weights.RECENT_SESSION - 1)
        moment = now - timedelta(minutes=session, days=place - session)
        found.append(Event("view", None, moment.astimezone(UTC).isoformat(timespec="milliseconds"), product))
    return found


def _weight(entry: _Entry) -> int:
    """Bytes, nearly."""
    profile = entry.profile
    vectors = sum(one.vector.nbytes + 100 * len(one.products) for one in profile.interests)
    affinities = sum(300 + 60 * len(one.products) for its in profile.affinities.values() for one in its.values())
    rest = 200 * len(profile.strongest) + 200 * len(profile.steps) + 300 * len(profile.bands)
    return 1000 + vectors + affinities + rest
