"""Loading events into a store: what is kept of them, what is counted, and what happens when a file breaks off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fake_shoppers import MemoryShopperStore

from indexer.event_rows import EventRow, Row
from indexer.events import keep_events
from indexer.problems import Problem, Rejected
from indexer.progress import Progress
from search.errors import CatalogueError
from search.events import Event
from search.settings import Settings
from search.shopper import Shopper

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
BAD = Rejected(Problem("f", 1, None, "type", "no event", "rejected"))


class Rows:
    bytes_read = 0
    bytes_total = None

    def __init__(self, *rows: Row, breaks: bool = False) -> None:
        self._rows = rows
        self._breaks = breaks

    def __iter__(self) -> Iterator[Row]:
        yield from self._rows
        if self._breaks:
            raise CatalogueError("f ends in the middle")


def view(shopper: str | None, day: int = 2, month: int = 11) -> EventRow:
    return EventRow(Event("view", shopper, f"2026-{month:02d}-{day:02d}T10:00:00.000Z", "p"))


def load(store: MemoryShopperStore, rows: Rows, **chosen: object) -> tuple[dict[str, int], list[Problem]]:
    told: list[Problem] = []
    settings = Settings.model_validate({"data_dir": Path("nowhere"), **chosen})
    counts = keep_events(rows, store, settings, NOW, Progress(quiet=True), told.append)
    names = ("read", "added", "known", "rejected", "without_consent", "expired")
    return {name: getattr(counts, name) for name in names if getattr(counts, name)}, told


def test_everything_that_is_read_is_accounted_for() -> None:
    store = MemoryShopperStore()
    store.put(Shopper("silent", False))
    rows = Rows(view("ann"), view("ann"), BAD, view("silent"), view(None), view("bob", month=1), view("bob"))
    counts, told = load(store, rows, event_days=60)
    assert counts == {"read": 7, "added": 3, "known": 1, "rejected": 1, "without_consent": 1, "expired": 1}
    assert told == [BAD.problem]
    assert [one.shopper for one in store.events()] == ["ann", "bob", None]
    assert load(store, Rows(view("ann"), view("eve")))[0] == {"read": 2, "added": 1, "known": 1}


def test_where_consent_is_required_those_who_never_said_are_left_out() -> None:
    store = MemoryShopperStore()
    store.put(Shopper("ann", True))
    counts, _ = load(store, Rows(view("ann"), view("bob"), view(None)), consent="required")
    assert counts == {"read": 3, "added": 2, "without_consent": 1}
    assert [one.shopper for one in store.events()] == ["ann", None]


def test_what_came_before_a_file_broke_off_is_kept_and_said() -> None:
    store = MemoryShopperStore()
    rows = Rows(*[view("ann", 1 + number % 20, 10 + number // 1000) for number in range(1100)], breaks=True)
    with pytest.raises(CatalogueError, match=r"in the middle\. The 20 events added so far are kept: load the mended"):
        load(store, rows)
    assert len(list(store.events())) == 20


def test_a_file_without_a_single_event_is_refused() -> None:
    with pytest.raises(CatalogueError, match="None of the 2 rows is an event"):
        load(MemoryShopperStore(), Rows(BAD, BAD))
