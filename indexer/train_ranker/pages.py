"""Pages that were shown and what was done on them, side by side in arrays."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from search.events import Event, EventType
from search.feedback import RECORDED
from search.shopper import Shown

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GAINS: Mapping[EventType, float] = MappingProxyType({"view": 1.0, "click": 1.0, "cart": 2.0, "purchase": 4.0})
"""What the strongest thing that was done with a product counts. What is bought was wanted; many clicks are regretted.
A view that names the search is a click: some shop fronts send one, some the other."""

WINDOW = 7 * 86_400.0
"""Seconds after a page within which what names it is put down to it: carts wait for days."""

CLOCKS = 60.0
"""Seconds by which two clocks may differ."""

MOST_PAGES = 100_000
"""The latest that are learnt from; of 20 products about 250 MB in memory."""

BUSY = 100
"""More pages acted on by one shopper on one day (UTC) are hardly a person's."""


@dataclass(frozen=True, slots=True, eq=False)
class Pages:
    """Rows are products on pages, page after page, in the order shown; page p has the rows starts[p] to starts[p + 1].

    `parts` (rows, RECORDED), 0 where a product lacks one; `place` (rows,) over all pages of the answer and `base_place`
    (rows,) where it would stand for everybody, both from 0; `gain` (rows,), 0 for products that nothing was done with.
    `times` (pages,) in seconds since 1970, ascending; `units` (pages,): pages of one shopper are one unit.
    """

    parts: Floats
    place: Ints
    base_place: Ints
    gain: Floats
    starts: Ints
    times: Floats
    units: Ints

    def __len__(self) -> int:
        return len(self.times)

    def sums(self, values: Floats) -> Floats:
        """Rows → pages."""
        summed: Floats = np.add.reduceat(values, self.starts[:-1])
        return summed

    def most(self, values: Floats) -> Floats:
        """Rows → pages."""
        greatest: Floats = np.maximum.reduceat(values, self.starts[:-1])
        return greatest

    def spread_out(self, values: Floats) -> Floats:
        """Pages → rows."""
        repeated: Floats = np.repeat(values, np.diff(self.starts))
        return repeated

    def between(self, first: int, end: int) -> Pages:
        """The pages from `first` to before `end`."""
        rows = slice(int(self.starts[first]), int(self.starts[end]))
        return Pages(
            self.parts[rows], self.place[rows], self.base_place[rows], self.gain[rows],
            self.starts[first : end + 1] - self.starts[first], self.times[first:end], self.units[first:end],
        )  # fmt: skip


@dataclass(slots=True)
class Census:
    """What became of the pages and events that were read."""

    pages: int = 0
    acts: Counter[EventType] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)


def gather(shown: Iterable[Shown], events: Iterable[Event], most: int = MOST_PAGES) -> tuple[Pages, Census]:
    """Join events to the pages that they name. `shown` comes in order of time.

    Left out are pages of other features, of the busiest shoppers, and those on which all or nothing was done, which
    say of no product that it was preferred to another.
    """
    census = Census()
    held: deque[Shown] = deque(maxlen=most)
    for page in shown:
        if page.features == RECORDED and len(page.products) > 1:
            held.append(page)
        else:
            census.skipped["pages of another release of Daogou"] += 1
    by_id = {page.query_id: page for page in held}
    acts: dict[str, dict[str, EventType]] = {}
    for event in events:
        if event.query_id is not None and event.type in GAINS and event.product is not None:
            _credit(by_id.get(event.query_id), event, acts, census)
    busy: Counter[tuple[str | None, str]] = Counter(
        (page.shopper, page.timestamp[:10]) for page in held if page.shopper and page.query_id in acts
    )
    kept = []
    for page in held:
        done = acts.get(page.query_id, {})
        if busy[page.shopper, page.timestamp[:10]] > BUSY:
            census.skipped["pages of shoppers too busy to be a person"] += 1
        elif not done:
            census.skipped["pages without an event that counts"] += 1
        elif len({GAINS[done[one]] if one in done else 0.0 for one in page.products}) < 2:
            census.skipped["pages on which all products were treated alike"] += 1
        else:
            kept.append(page)
            census.acts.update(done.values())
    census.pages = len(kept)
    return _stacked(kept, acts), census


def _credit(page: Shown | None, event: Event, acts: dict[str, dict[str, EventType]], census: Census) -> None:
    if page is None:
        return
    product = str(event.product)
    away = _seconds(event.timestamp) - _seconds(page.timestamp)
    if product not in page.products:
        census.skipped["events on products that were not on their page"] += 1
    elif None not in (event.shopper, page.shopper) and event.shopper != page.shopper:
        census.skipped["events of other shoppers than the page's"] += 1
    elif not -CLOCKS <= away <= WINDOW:
        census.skipped["events before their page, or long after"] += 1
    else:
        done = acts.setdefault(page.query_id, {})
        before = done.get(product)
        if before is None or GAINS[before] < GAINS[event.type]:
            done[product] = event.type


def _stacked(kept: Sequence[Shown], acts: Mapping[str, Mapping[str, EventType]]) -> Pages:
    sizes = [len(page.products) for page in kept]
    total = sum(sizes)
    parts = np.zeros((total, len(RECORDED)))
    place, base, gain = np.zeros(total, np.int64), np.zeros(total, np.int64), np.zeros(total)
    starts = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    whose: dict[str, int] = {}
    for page, first, size in zip(kept, starts, sizes, strict=False):
        rows = slice(int(first), int(first) + size)
        parts[rows] = np.nan_to_num(page.parts, nan=0.0, posinf=0.0, neginf=0.0)
        place[rows] = page.offset + np.arange(size)
        base[rows] = np.array(page.base_ranks) - 1 if page.base_ranks else place[rows]
        done = acts[page.query_id]
        gain[rows] = [GAINS[done[one]] if one in done else 0.0 for one in page.products]
    # Of nobody known each page is a unit of its own: it may be anybody's.
    units = [whose.setdefault(page.shopper or f"page {page.query_id}", len(whose)) for page in kept]
    times = np.array([_seconds(page.timestamp) for page in kept])
    return Pages(parts, place, base, gain, starts, times, np.array(units, dtype=np.int64))


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()
