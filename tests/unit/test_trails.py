"""Events of all shoppers become trails over the products of an index."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.trails import gather
from search.events import Event, EventType

PRODUCTS = ("a", "b", "c")


def event(shopper: str | None, type_: EventType, product: str | None, day: int, value: float | None = None) -> Event:
    return Event(type_, shopper, f"2026-01-{day:02}T12:00:00.000Z", product, value=value)


def anybody(shopper: str) -> bool:
    return True


def test_each_shopper_is_a_trail_in_order_of_time() -> None:
    events = [
        event("s1", "purchase", "b", 3),
        event("s1", "view", "a", 1),
        event("s2", "cart", "c", 2),
        event("s2", "rating", "a", 4, 5.0),
        event("s2", "hide", "b", 5),
    ]
    gathered = gather(events, PRODUCTS, anybody)
    assert gathered.interactions.products == PRODUCTS
    first, second = gathered.interactions.trails
    assert first.products.tolist() == [0, 1]
    assert first.weights.tolist() == pytest.approx([0.2, 1.0])
    assert np.diff(first.days).tolist() == [2.0]
    assert first.days[0] == 20454.5  # 2026-01-01, noon
    assert second.products.tolist() == [2, 0, 1]
    assert second.weights.tolist() == pytest.approx([0.6, 1.0, -1.0])
    assert (gathered.events, gathered.elsewhere) == (5, 0)


def test_events_that_tell_nothing_of_a_product_here() -> None:
    events = [
        event("s1", "search", None, 1),
        event("s1", "purchase", "gone", 2),
        event("s1", "purchase", "a", 3),
        event("s2", "view", "gone", 3),
    ]
    gathered = gather(events, PRODUCTS, anybody)
    assert [trail.products.tolist() for trail in gathered.interactions.trails] == [[0]]
    assert (gathered.events, gathered.elsewhere) == (4, 2)


def test_nothing_is_learnt_of_nobody_and_of_those_who_did_not_agree() -> None:
    events = [event("s1", "purchase", "a", 1), event("s2", "purchase", "b", 1), event(None, "purchase", "c", 1)]
    gathered = gather(events, PRODUCTS, lambda shopper: shopper == "s2")
    assert [trail.products.tolist() for trail in gathered.interactions.trails] == [[1]]
    assert gathered.events == 1


def test_the_same_event_twice_is_one_step() -> None:
    twice = event("s1", "purchase", "a", 1)
    gathered = gather([twice, twice, event("s1", "purchase", "a", 2)], PRODUCTS, anybody)
    assert gathered.interactions.trails[0].products.tolist() == [0, 0]
