"""Which page an event belongs to, and why one belongs to none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eval.experiments.attribution import CLOCKS, FATES, Fate, attribute, likely_bots
from eval.experiments.log import Log, seconds_of
from search.events import Event
from search.experiments.records import Impression, Share, Started

STARTED = Started("x", "products", "split", (Share("now", 0.5), Share("new", 0.5)), "2026-11-28T00:00:00Z")
NOON = seconds_of("2026-11-28T12:00:00Z")


def page(query: str, products: tuple[str, ...] = ("a", "b"), shopper: str = "s", offset: int = 0) -> Impression:
    return Impression(query, "x", "products", shopper, products, "", offset, "now")


def event(query: str | None, product: str | None, **changed: Any) -> Event:
    held = {"type": "click", "shopper": "s", "timestamp": "", "position": None, "value": None} | changed
    return Event(product=product, query_id=query, **held)


def log(pages: list[tuple[float, Impression]], events: list[tuple[float, Event]]) -> Log:
    return Log(
        STARTED,
        tuple(one for _, one in pages), np.array([NOON + time for time, _ in pages]),
        tuple(one for _, one in events), np.array([NOON + time for time, _ in events]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "done", "fate"),
    [
        (5, event("q1", "b"), "counted"),
        (5, event("q1", "b", position=2), "counted"),
        (5, event("q1", "b", position=1), "counted, place differs"),
        (5, event("q1", None, position=2), "counted"),
        (5, event("q1", "b", shopper=None), "counted"),
        (-CLOCKS, event("q1", "b"), "counted"),
        (-CLOCKS - 1, event("q1", "b"), "before the page"),
        (3600, event("q1", "b"), "counted"),
        (3601, event("q1", "b"), "after the window"),
        (5, event("q1", "c"), "not on the page"),
        (5, event("q1", None, position=3), "not on the page"),
        (5, event("q1", None), "not on the page"),
        (5, event("q1", "b", shopper="t"), "of another shopper"),
        (5, event("q2", "b"), "search not in the experiment"),
        (5, event(None, "b"), "counted without queryID"),
        (3601, event(None, "b"), "no queryID and no page that fits"),
        (5, event(None, "b", shopper="t"), "no queryID and no page that fits"),
        (5, event(None, "c"), "no queryID and no page that fits"),
    ],
)
def test_every_fate(seconds: float, done: Event, fate: Fate) -> None:
    credited = attribute(log([(0, page("q1"))], [(seconds, done)]), "click", window=3600)
    assert credited.fates == {fate: 1}
    assert credited.impression.tolist() == ([0] if FATES[fate] else [])
    assert credited.place.tolist() == ([1] if FATES[fate] else [])


def test_places_run_on_over_the_pages_of_one_search() -> None:
    pages = [(0.0, page("q1")), (9.0, page("q1", ("c", "d"), offset=2))]
    credited = attribute(log(pages, [(10, event("q1", "d", position=4)), (11, event("q1", None, position=1))]), "click")
    assert (credited.impression.tolist(), credited.place.tolist()) == ([1, 0], [1, 0])
    assert credited.fates == {"counted": 2}


def test_without_a_query_id_the_last_page_that_showed_it_counts() -> None:
    pages = [(0.0, page("q1")), (100.0, page("q2", ("b",))), (200.0, page("q3")), (300.0, page("q4", shopper="t"))]
    bought = event(None, "b", type="purchase", value=9.5)
    credited = attribute(log(pages, [(120, bought), (130, event("q1", "a"))]), "purchase")
    assert (credited.impression.tolist(), credited.place.tolist(), credited.value.tolist()) == ([1], [0], [9.5])


def test_only_events_of_the_type_asked_for_are_looked_at() -> None:
    events = [(5.0, event("q1", "a")), (6.0, event("q1", "a", type="view")), (7.0, event("q1", "a", type="cart"))]
    assert attribute(log([(0, page("q1"))], events), "cart").fates == {"counted": 1}
    assert attribute(log([(0, page("q1"))], events), "purchase").fates == {}


def test_likely_bots_click_too_much_on_one_day() -> None:
    busy = [(float(i), event("q1", "a", shopper="bot")) for i in range(6)]
    spread = [(i * 86_400.0, event("q1", "a", shopper="s")) for i in range(6)]
    stranger = [(float(i), event("q9", "a", shopper="elsewhere")) for i in range(9)]
    of = log([(0, page("q1")), (1, page("q2", shopper="bot"))], sorted(busy + spread + stranger, key=lambda e: e[0]))
    assert likely_bots(of, 5) == {"bot"}
    assert likely_bots(of, 6) == frozenset()


def test_a_log_can_be_cut_in_time_and_by_shopper() -> None:
    of = log([(0, page("q1")), (10, page("q2", shopper="t"))], [(5, event("q1", "a")), (10, event("q2", "a"))])
    assert [len(of.until(NOON + 9).impressions), len(of.until(NOON + 9).events)] == [1, 1]
    assert [len(of.until(NOON + 10).impressions), len(of.until(NOON + 10).events)] == [2, 2]
    assert [one.query_id for one in of.without(frozenset({"s"})).impressions] == ["q2"]
