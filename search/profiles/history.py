"""Events → what a shopper did with each product. Pure; neither the order of events nor duplicates matter."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from search.events import Event, EventType
from search.profiles import weights
from search.profiles.weights import faded, weight_of
from search.shopper import Step

SECONDS = 86_400.0
"""In a day."""


@dataclass(frozen=True, slots=True)
class Deeds:
    """What somebody did with one product, all in all.

    `weight` is below 0 for a dislike, and about 1 for a fresh purchase; `last` is the day of the latest event.
    """

    weight: float
    last: float
    strongest: EventType


@dataclass(frozen=True, slots=True)
class History:
    """`deeds` by product. `session` has the weights of the products of a visit that still goes on, else nothing;
    `session_ends` is the day on which it will be over."""

    deeds: Mapping[str, Deeds]
    session: Mapping[str, float]
    session_ends: float
    steps: tuple[Step, ...]
    bought: Mapping[str, float]
    hidden: frozenset[str]

    def most_telling(self, limit: int) -> list[str]:
        """Products by how much they say, either way."""
        ordered = sorted(self.deeds, key=lambda name: (-abs(self.deeds[name].weight), -self.deeds[name].last, name))
        return ordered[:limit]


def day_of(timestamp: str) -> float:
    """Days since 1970 of an ISO 8601 instant, in UTC where it names no zone."""
    moment = datetime.fromisoformat(timestamp)
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp() / SECONDS


def distinct(events: Iterable[Event]) -> list[tuple[float, Event]]:
    """Each event once with its day, oldest first. Two are the same where `id` is, or where they have none and all else
    is equal."""
    ordered = sorted(((day_of(event.timestamp), event) for event in set(events)), key=lambda one: _order(*one))
    ids: set[str] = set()
    kept = []
    for day, event in ordered:
        if event.id is None or event.id not in ids:
            kept.append((day, event))
        if event.id is not None:
            ids.add(event.id)
    return kept


def read(events: Iterable[Event], now: float) -> History:
    """`now` in days since 1970."""
    dated = distinct(events)
    by_product: defaultdict[str, list[tuple[float, Event]]] = defaultdict(list)
    for day, event in dated:
        if event.product is not None and event.type != "search":
            by_product[event.product].append((day, event))
    deeds = {product: _deeds(by_product[product], now) for product in sorted(by_product)}
    session, ends = _session(dated, deeds, now)
    steps = [
        Step(event.product, weight_of(event), day)
        for day, event in dated
        if event.product is not None and event.type != "search"
    ]
    bought = {
        product: max(days)
        for product, done in by_product.items()
        if (days := [day for day, event in done if event.type == "purchase"])
    }
    hidden = frozenset(product for product, done in by_product.items() if _is_hidden(done))
    return History(deeds, session, ends, tuple(steps[-weights.LATEST :]), bought, hidden)


def _deeds(done: Sequence[tuple[float, Event]], now: float) -> Deeds:
    """Types add up as chances do, 1 − Π (1 − w); within one type, later ones of a kind add less and less, so that many
    views never make a purchase. An opinion that was given counts instead of all else where it is bad."""
    sums: defaultdict[EventType, float] = defaultdict(float)
    opinion, opinion_left = 0.0, 0.0
    for day, event in done:  # oldest first, so the last opinion stays
        left = faded(event.type, now - day)
        if event.type in ("rating", "hide"):
            opinion, opinion_left = weight_of(event), left
        else:
            sums[event.type] += left
    parts = [weights.WEIGHTS[kind] * _saturated(total) for kind, total in sums.items()]
    liked = max(0.0, opinion) * opinion_left
    weight = 1 - math.prod(1 - min(part, 1.0) for part in (*parts, liked))
    if opinion < 0:
        weight = opinion * opinion_left
    strongest = max(done, key=lambda item: (abs(weight_of(item[1])), item[0], item[1].type))[1].type
    return Deeds(weight, max(day for day, _ in done), strongest)


def _saturated(total: float) -> float:
    """1 for one fresh event, 1.58 for very many."""
    return (1 - math.exp(-total)) / (1 - math.exp(-1))


def _is_hidden(done: Sequence[tuple[float, Event]]) -> bool:
    """Until they put it into the cart, buy it or praise it after all."""
    hidden = False
    for _, event in done:
        if event.type == "hide":
            hidden = True
        elif event.type in ("cart", "purchase") or (event.type == "rating" and weight_of(event) > 0):
            hidden = False
    return hidden


def _session(
    dated: Sequence[tuple[float, Event]], deeds: Mapping[str, Deeds], now: float
) -> tuple[dict[str, float], float]:
    """The latest products of the visit that goes on, by weight, and the day on which it is over."""
    if not dated or now - dated[-1][0] > weights.SESSION_GAP:
        return {}, math.inf
    strengths: dict[str, float] = {}  # in order of time, the latest first
    after = dated[-1][0]
    for day, event in reversed(dated):
        if after - day > weights.SESSION_GAP:
            break
        after = day
        product, weight = event.product, weight_of(event)
        if product is None or weight <= 0 or deeds[product].weight <= 0:
            continue
        if product not in strengths and len(strengths) == weights.SESSION_PRODUCTS:
            break
        # What was bought is found: it says no more of what they are after than a look does.
        strength = weights.WEIGHTS["view"] if event.type == "purchase" else weight
        strengths[product] = max(strength, strengths.get(product, 0.0))
    session = {name: value * weights.SESSION_FADE**place for place, (name, value) in enumerate(strengths.items())}
    return session, dated[-1][0] + weights.SESSION_GAP


def _order(day: float, event: Event) -> tuple[object, ...]:
    return (
        day, event.type, event.product or "", event.query_id or "", event.position or 0,
        -1.0 if event.value is None else event.value, event.id or "",
    )  # fmt: skip
