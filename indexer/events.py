"""Bulk load of shopper events: files → the store that the server keeps them in. What is there already counts once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import BinaryIO, Protocol

from indexer.event_rows import EventFiles, Row
from indexer.problems import Problem, Rejected
from indexer.progress import Progress
from search.bootstrap import load_encoder, open_shoppers, open_store
from search.errors import CatalogueError, IndexNotFound
from search.events import Event
from search.protocols import ShopperStore
from search.settings import Settings
from search.shopper import may_be_known
from search.shoppers import Shoppers
from search.storage.payload import point_id

_BATCH = 1000
_REMEMBERED = 100_000
"""Shoppers whose word on consent is not asked for again."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How a load went: read = added + known + rejected + without_consent + expired.

    `known` are events that were there before, `without_consent` of shoppers who may not be known, `expired` older than
    DAOGOU_EVENT_DAYS. `unknown_products` are products named by events that the index lacks, None where there is none.
    """

    index: str
    read: int
    added: int
    known: int
    rejected: int
    without_consent: int
    expired: int
    unknown_products: int | None
    seconds: float
    events_per_second: float


@dataclass(slots=True)
class _Counts:
    read: int = 0
    added: int = 0
    known: int = 0
    rejected: int = 0
    without_consent: int = 0
    expired: int = 0
    products: set[str] = field(default_factory=set)


class Files(Protocol):
    """What EventFiles is."""

    bytes_read: int
    bytes_total: int | None

    def __iter__(self) -> Iterator[Row]: ...


def load_events(
    paths: list[str],
    index: str,
    settings: Settings,
    stdin: BinaryIO,
    progress: Progress,
    tell: Callable[[Problem], None],
) -> Loaded:
    """Raises CatalogueError, StoreError and its kinds: where that is in the middle, what came before is kept."""
    begun, now = time.perf_counter(), datetime.now(UTC)
    files = EventFiles(paths, Shoppers.of(settings).name, now, stdin)
    store = open_shoppers(settings, _dimension(settings, index))
    try:
        counts = keep_events(files, store, settings, now, progress, tell)
    finally:
        store.close()
    seconds = time.perf_counter() - begun
    return Loaded(
        index,
        counts.read,
        counts.added,
        counts.known,
        counts.rejected,
        counts.without_consent,
        counts.expired,
        _unknown(settings, index, counts.products),
        round(seconds, 3),
        round(counts.read / seconds, 1),
    )


def keep_events(
    files: Files,
    store: ShopperStore,
    settings: Settings,
    now: datetime,
    progress: Progress,
    tell: Callable[[Problem], None],
) -> _Counts:
    """Keep what may be kept, a batch at a time."""
    counts = _Counts()
    oldest = (now - timedelta(days=settings.event_days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @lru_cache(maxsize=_REMEMBERED)
    def agreed(shopper: str) -> bool:
        return may_be_known(store.shopper(shopper), settings.consent)

    def wanted(row: Row) -> Event | None:
        counts.read += 1
        if isinstance(row, Rejected):
            counts.rejected += 1
            tell(row.problem)
            return None
        if row.event.timestamp < oldest:
            counts.expired += 1
            return None
        if row.event.shopper is not None and not agreed(row.event.shopper):
            counts.without_consent += 1
            return None
        return row.event

    try:
        with progress.bytes("events", files.bytes_total) as done:
            rows = iter(files)
            while some := list(islice(rows, _BATCH)):
                events = [event for event in map(wanted, some) if event is not None]
                added = store.add(events)
                counts.added += added
                counts.known += len(events) - added
                counts.products.update(event.product for event in events if event.product is not None)
                done(files.bytes_read)
    except CatalogueError as error:
        if not counts.read:
            raise
        raise CatalogueError(
            f"{error}. The {counts.added:,} events added so far are kept: load the mended file whole, each counts once"
        ) from error
    if counts.read == counts.rejected:
        raise CatalogueError(f"None of the {counts.read:,} rows is an event; nothing was kept. See the reasons above")
    return counts


def _dimension(settings: Settings, index: str) -> int:
    """That of the index's encoder; without an index, of the encoder that one would be built with."""
    try:
        return open_store(settings).state(index).live.encoder.dimension
    except IndexNotFound:
        return load_encoder(settings).card.dimension


def _unknown(settings: Settings, index: str, products: Iterable[str]) -> int | None:
    try:
        collection = open_store(settings).open(index, snapshot=True)
    except IndexNotFound:
        return None
    try:
        ids = {point_id(product) for product in products}
        return len(ids - collection.values(sorted(ids), ("id",)).keys())
    finally:
        collection.close()
