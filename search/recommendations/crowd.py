"""What everybody does, counted from the events of the store: what is popular, bought again, bought together. Pure.

No shopper is in these counts, and what a single shopper did alone is never told of two products: a pair counts from
MIN_TOGETHER shoppers on.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, groupby, islice, pairwise

from search.events import Event
from search.profiles.history import day_of
from search.profiles.weights import weight_of

HALF_LIFE = 30.0
"""Days after which what somebody did counts half for popularity: what is popular is so now."""

MOST_EVENTS = 1_000_000
"""Events that are counted. They come shopper by shopper in the order of an HMAC, so the first are a fair sample."""

MOST_PRODUCTS = 100_000
"""Products whose popularity is kept."""

BASKET_GAP = 1.0
"""Days between two purchases from which on they belong to different baskets."""

MOST_IN_BASKET = 20
"""The latest products of a basket, of which there are 190 pairs."""

MIN_TOGETHER = 2
"""Shoppers who took both products of a pair."""

SHRINK = 2.0
"""Shoppers that a pair lacks: it is believed n / (n + SHRINK)."""

MOST_PARTNERS = 50
_MOST_PAIRS = 1_000_000
_MOST_GAPS = 50


@dataclass(frozen=True, slots=True)
class Bought:
    """How one product is bought: by how many shoppers, by how many again, and days between (at most _MOST_GAPS)."""

    shoppers: int = 0
    again: int = 0
    gaps: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """`popularity` by product, 1 for the most popular, which comes first. `together[a][b]` is how surely b is taken
    with a, 0..1, the surest first. `events` is how many were counted."""

    popularity: Mapping[str, float] = field(default_factory=dict)
    bought: Mapping[str, Bought] = field(default_factory=dict)
    together: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    events: int = 0


NOBODY = Crowd()


def count(events: Iterable[Event], now: float) -> Crowd:
    """`events` each shopper's together and in order of time; `now` in days since 1970.

    Popularity is the logarithm of 1 + the sum, over shoppers, of the most telling thing each did with the product,
    halved every HALF_LIFE days: who looks a hundred times counts once.
    """
    likes: defaultdict[str, float] = defaultdict(float)
    shoppers: Counter[str] = Counter()
    again: Counter[str] = Counter()
    gaps: defaultdict[str, list[float]] = defaultdict(list)
    takers: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    counted = 0
    for shopper, theirs in groupby(islice(events, MOST_EVENTS), key=lambda event: event.shopper):
        done = list(theirs)
        counted += len(done)
        for product, worth in _likes(done, now, apart=shopper is None):
            likes[product] += worth
        if shopper is None:
            continue  # nobody knows whether these were one shopper or many
        for product, days in _purchases(done).items():
            shoppers[product] += 1
            between = [later - day for day, later in pairwise(days) if later - day >= BASKET_GAP]
            again[product] += bool(between)
            gaps[product] += between[: _MOST_GAPS - len(gaps[product])]
        mine = {pair for basket in baskets(done) for pair in combinations(sorted(basket), 2)}
        takers.update({product for pair in mine for product in pair})
        pairs.update(mine)
        if len(pairs) > _MOST_PAIRS:
            pairs = Counter({pair: number for pair, number in pairs.items() if number > 1})
    most = max(likes.values(), default=0.0)
    popular = sorted(likes, key=lambda product: (-likes[product], product))[:MOST_PRODUCTS]
    return Crowd(
        {product: math.log1p(likes[product]) / math.log1p(most) for product in popular},
        {product: Bought(shoppers[product], again[product], tuple(gaps[product])) for product in shoppers},
        _partners(pairs, takers),
        counted,
    )


def baskets(done: Sequence[Event]) -> list[list[str]]:
    """What one shopper took into the cart or bought at one time, several products each; `done` in order of time."""
    found: list[list[str]] = []
    last = -math.inf
    for event in done:
        if event.type in ("cart", "purchase") and event.product is not None:
            day = day_of(event.timestamp)
            if day - last > BASKET_GAP or not found:
                found.append([])
            last = day
            if event.product not in found[-1]:
                found[-1].append(event.product)
    return [basket[-MOST_IN_BASKET:] for basket in found if len(basket) > 1]


def _likes(done: Sequence[Event], now: float, apart: bool) -> Iterable[tuple[str, float]]:
    best: dict[str, float] = {}
    for event in done:
        worth = weight_of(event)
        if event.product is None or worth <= 0:
            continue
        worth *= 0.5 ** (max(0.0, now - day_of(event.timestamp)) / HALF_LIFE)
        if apart:
            yield event.product, worth
        best[event.product] = max(worth, best.get(event.product, 0.0))
    if not apart:
        yield from best.items()


def _purchases(done: Sequence[Event]) -> dict[str, list[float]]:
    days: defaultdict[str, list[float]] = defaultdict(list)
    for event in done:
        if event.type == "purchase" and event.product is not None:
            days[event.product].append(day_of(event.timestamp))
    return days


def _partners(pairs: Mapping[tuple[str, str], int], takers: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """n_ab / √(n_a n_b), believed n_ab / (n_ab + SHRINK): the cosine of item-based filtering (Sarwar et al., WWW 2001)
    over baskets, with the usual shrinkage."""
    partners: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for (one, other), number in pairs.items():
        if number >= MIN_TOGETHER:
            worth = number / math.sqrt(takers[one] * takers[other]) * number / (number + SHRINK)
            partners[one][other] = partners[other][one] = worth
    return {
        product: dict(sorted(held.items(), key=lambda item: (-item[1], item[0]))[:MOST_PARTNERS])
        for product, held in partners.items()
    }
