"""Events of all shoppers → trails that models learn from. search/profiles says what an event tells of its product."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from search.events import Event
from search.profiles.history import distinct
from search.profiles.weights import weight_of
from search.recommending.interactions import Interactions, Trail


@dataclass(frozen=True, slots=True)
class Gathered:
    """`events` were read; `elsewhere` of them are about products that the index does not have."""

    interactions: Interactions
    events: int
    elsewhere: int


def gather(events: Iterable[Event], products: Sequence[str], may_learn: Callable[[str], bool]) -> Gathered:
    """`events` as ShopperStore.events gives them, each shopper's together. Events of nobody known count nowhere, nor do
    those of shoppers of whom nothing may be learnt."""
    places = {product: place for place, product in enumerate(products)}
    trails, read, elsewhere = [], 0, 0
    for own in _by_shopper(events, may_learn):
        read += len(own)
        named = [event for event in own if event.product is not None and event.type != "search"]
        elsewhere += sum(event.product not in places for event in named)
        trail = _trail(named, places)
        if len(trail):
            trails.append(trail)
    return Gathered(Interactions(tuple(products), tuple(trails)), read, elsewhere)


def _by_shopper(events: Iterable[Event], may_learn: Callable[[str], bool]) -> Iterator[list[Event]]:
    for shopper, own in groupby(events, key=lambda event: event.shopper):
        if shopper is not None and may_learn(shopper):
            yield list(own)


def _trail(events: Sequence[Event], places: Mapping[str, int]) -> Trail:
    there = [(day, event) for day, event in distinct(events) if event.product in places]
    return Trail.of(
        (places[event.product] for _, event in there if event.product is not None),
        (weight_of(event) for _, event in there),
        (day for day, _ in there),
    )
