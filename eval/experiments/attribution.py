"""Which search does an event belong to? Events joined to the pages of results that they came from.

An event counts for a page when it names the page's queryID and a product on it, was done by the shopper who saw it, and
came no later than the attribution window. One that names no queryID (a purchase at the end of a long visit often does
not) counts for the last page within the window that showed the product to that shopper. Everything else is counted by
the reason why it was left out, so that a shop sees whether its events reach the log in good order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from eval.experiments.arrays import Floats, Ints
from eval.experiments.log import Log
from search.events import Event
from search.experiments.records import Impression

WINDOW = 24 * 3600.0
"""Seconds after a page within which an event is put down to it."""

CLOCKS = 60.0
"""Seconds that clocks of two machines may differ: an event so little before its page is taken as after it."""

BOT_CLICKS = 200
"""More clicks than this by one shopper on one day (UTC) are hardly a person's."""

Fate = Literal[
    "counted", "counted, place differs", "counted without queryID", "search not in the experiment", "not on the page",
    "of another shopper", "before the page", "after the window", "no queryID and no page that fits",
]  # fmt: skip

FATES: Mapping[Fate, bool] = MappingProxyType(
    {
        "counted": True,
        "counted, place differs": True,
        "counted without queryID": True,
        "search not in the experiment": False,
        "not on the page": False,
        "of another shopper": False,
        "before the page": False,
        "after the window": False,
        "no queryID and no page that fits": False,
    }
)
"""What may become of an event, and whether it counts then."""


@dataclass(frozen=True, slots=True)
class Credited:
    """The events that count, row by row: `impression` and `place` (on the page, from 0) say what they were done to.

    All of shape (events,). `type` holds the event types as strings. `fates` counts all events of the types asked for.
    """

    impression: Ints
    place: Ints
    value: Floats
    fates: Mapping[Fate, int]


def attribute(log: Log, event_type: str, window: float = WINDOW) -> Credited:
    """Events of one type, credited to the pages of the log; `window` in seconds."""
    pages: dict[str, list[int]] = {}
    for i, impression in enumerate(log.impressions):
        pages.setdefault(impression.query_id, []).append(i)
    mine = [(i, event) for i, event in enumerate(log.events) if event.type == event_type]
    last = _Showings(log, [event for _, event in mine if event.query_id is None])
    rows: list[tuple[int, int, float]] = []
    fates: Counter[Fate] = Counter()
    for i, event in mine:
        time = float(log.event_times[i])
        if event.query_id is None:
            found = last.before(event, time, window)
            fate: Fate = "no queryID and no page that fits" if found is None else "counted without queryID"
        else:
            fate, found = _on_its_page(log, pages.get(event.query_id, []), event, time, window)
        fates[fate] += 1
        if found is not None:
            rows.append((*found, event.value if event.value is not None else 0.0))
    return Credited(
        np.array([page for page, _, _ in rows], dtype=np.int64),
        np.array([place for _, place, _ in rows], dtype=np.int64),
        np.array([value for _, _, value in rows], dtype=np.float64),
        {fate: fates[fate] for fate in FATES if fates[fate]},
    )


def _on_its_page(
    log: Log, pages: list[int], event: Event, time: float, window: float
) -> tuple[Fate, tuple[int, int] | None]:
    if not pages:
        return "search not in the experiment", None
    places = ((page, _place(log.impressions[page], event)) for page in pages)
    found = next(((page, place) for page, place in places if place is not None), None)
    if found is None:
        return "not on the page", None
    page, place = found
    impression, shown = log.impressions[page], float(log.impression_times[page])
    if event.shopper is not None and event.shopper != impression.shopper:
        return "of another shopper", None
    if time < shown - CLOCKS:
        return "before the page", None
    if time > shown + window:
        return "after the window", None
    if event.position is not None and event.position != impression.offset + place + 1:
        return "counted, place differs", found
    return "counted", found


def _place(impression: Impression, event: Event) -> int | None:
    """Where the product stood on the page; of an event that names none, the place it names, if it is on the page."""
    if event.product is not None:
        return impression.products.index(event.product) if event.product in impression.products else None
    if event.position is not None and 0 <= event.position - 1 - impression.offset < len(impression.products):
        return event.position - 1 - impression.offset
    return None


class _Showings:
    """When the products of some events were shown to their shoppers; nothing is kept of any other product."""

    def __init__(self, log: Log, events: list[Event]) -> None:
        wanted: dict[str, set[str]] = {}
        for event in events:
            if event.shopper is not None and event.product is not None:
                wanted.setdefault(event.shopper, set()).add(event.product)
        self._shown: dict[tuple[str, str], list[tuple[float, int, int]]] = {}
        for i, impression in enumerate(log.impressions):
            products = wanted.get(impression.shopper)
            if not products:
                continue
            for place, product in enumerate(impression.products):
                if product in products:
                    row = (float(log.impression_times[i]), i, place)
                    self._shown.setdefault((impression.shopper, product), []).append(row)

    def before(self, event: Event, time: float, window: float) -> tuple[int, int] | None:
        """Page and place of the last showing no later than `time` and no earlier than the window."""
        if event.shopper is None or event.product is None:
            return None
        for shown, page, place in reversed(self._shown.get((event.shopper, event.product), [])):
            if shown - CLOCKS <= time:
                return (page, place) if time <= shown + window else None
        return None


def likely_bots(log: Log, limit: int = BOT_CLICKS) -> frozenset[str]:
    """Shoppers of the experiment with more than `limit` clicks on one day (UTC)."""
    days = Counter(
        (event.shopper, int(time // 86_400))
        for event, time in zip(log.events, log.event_times, strict=True)
        if event.type == "click" and event.shopper is not None
    )
    busy = {shopper for (shopper, _), clicks in days.items() if clicks > limit}
    return frozenset(impression.shopper for impression in log.impressions if impression.shopper in busy)
