"""What the counts say of the products that one version of an index has: what is popular there, by category too, and
what sort of thing is bought again."""

from __future__ import annotations

import math
import statistics
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from search.protocols import Collection
from search.recommendations.crowd import Bought, Crowd
from search.storage.payload import fold, point_id

if TYPE_CHECKING:
    from search.recommending.blend import Recommender  # scipy takes a second to load, and most indexes have none

MOST_READ = 2_000
"""Products whose categories are read, the most popular and the most bought."""

MOST_LISTED = 100
"""Products of one category."""

LEAST_BUYERS = 20
"""Times a product of a category was bought by somebody (once for each shopper and product) before anything is said."""

LEAST_AGAIN = 3
"""Shoppers who bought it again tell enough, too, however few bought it at all: in a catalogue of many products most are
bought by a handful, and three of those who come back are no accident."""

BOUGHT_AGAIN = 0.1
"""Share of those that were bought again from which on a category is one of things that are used up.

Where less is known a product counts as durable: what was bought does not come back.
"""

DUE = 0.75
"""Share of the usual time between two purchases after which a product may come back."""


@dataclass(frozen=True, slots=True, eq=False)
class Sorts:
    """`popular` are point ids, the most popular first, with their popularity; `by_category` the same by folded category
    (every level). `usual` has, by folded category and by "id " + product id, the days after which it is bought again,
    None for what is known to be durable."""

    popular: Mapping[str, float] = field(default_factory=dict)
    by_category: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    usual: Mapping[str, float | None] = field(default_factory=dict)

    def due(self, product_id: str, categories: Sequence[str], days: float) -> bool:
        """Whether what was bought so many days ago may come back. `categories` are folded, the narrowest last."""
        return bool(self.again(product_id, categories, days))

    def again(self, product_id: str, categories: Sequence[str], days: float) -> bool | None:
        """The same, and None for what is durable, as what nothing is known of is, too."""
        for key in (_own(product_id), *reversed(categories)):
            if key in self.usual:
                usual = self.usual[key]
                return None if usual is None else days >= DUE * usual
        return None


def sorts_of(collection: Collection, crowd: Crowd, recommender: Recommender | None = None) -> Sorts:
    """Where nobody was counted, what is popular is what it was in training. Raises StoreError.

    Reads at most 2 × MOST_READ products.
    """
    popularity = crowd.popularity or (_learnt(recommender) if recommender is not None else {})
    liked = list(popularity)[:MOST_READ]
    bought = sorted(crowd.bought, key=lambda product: (-crowd.bought[product].shoppers, product))[:MOST_READ]
    keys = {point_id(product): product for product in (*liked, *bought)}
    paths = {
        keys[key]: _folded(values.get("category")) for key, values in collection.values([*keys], ("category",)).items()
    }
    popular = {point_id(product): popularity[product] for product in liked if product in paths}
    listed: defaultdict[str, list[str]] = defaultdict(list)
    for product in liked:
        for category in paths.get(product, ()):
            if len(listed[category]) < MOST_LISTED:
                listed[category].append(point_id(product))
    return Sorts(popular, {name: tuple(held) for name, held in listed.items()}, _usual(crowd, bought, paths))


def _learnt(recommender: Recommender) -> dict[str, float]:
    """Logarithms as in `crowd.count`, 1 for the most popular, which comes first."""
    shares = recommender.shares
    most = float(shares.max(initial=0.0))
    order = np.argsort(-shares, kind="stable")[:MOST_READ]
    n = len(shares)
    return {
        recommender.products[row]: math.log1p(n * float(shares[row])) / math.log1p(n * most)
        for row in order
        if shares[row] > 0
    }


def _usual(crowd: Crowd, bought: Sequence[str], paths: Mapping[str, Sequence[str]]) -> dict[str, float | None]:
    groups: defaultdict[str, list[Bought]] = defaultdict(list)
    for product in bought:
        for key in (_own(product), *paths.get(product, ())):
            groups[key].append(crowd.bought[product])
    usual: dict[str, float | None] = {}
    for key, group in groups.items():
        buyers = sum(one.shoppers for one in group)
        again = sum(one.again for one in group)
        if buyers >= LEAST_BUYERS or again >= LEAST_AGAIN:
            gaps = (gap for one in group for gap in one.gaps)
            usual[key] = statistics.median(gaps) if again / buyers >= BOUGHT_AGAIN else None
    return usual


def _own(product: str) -> str:
    # With a blank in front no folded category is like it.
    return f" {product}"


def _folded(value: object) -> tuple[str, ...]:
    members = value if isinstance(value, list | tuple) else (value,)
    return tuple(dict.fromkeys(folded for each in members if isinstance(each, str) and (folded := fold(each))))


class SortsOf:
    """The sorts of each open version, for the counts of now. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Collection, tuple[Crowd, Recommender | None, Sorts]] = WeakKeyDictionary()
        self._turn = threading.Lock()

    def of(self, collection: Collection, crowd: Crowd, recommender: Recommender | None) -> Sorts:
        """As worked out last, but for the first time: no request waits for new counts."""
        found = self._known.get(collection)
        if found is None:
            self.refresh(collection, crowd, recommender)
            found = self._known[collection]
        return found[2]

    def refresh(self, collection: Collection, crowd: Crowd, recommender: Recommender | None) -> None:
        """Work them out again if they are of other counts. Raises StoreError."""
        with self._turn:
            found = self._known.get(collection)
            if found is None or found[0] is not crowd or found[1] is not recommender:
                self._known[collection] = (crowd, recommender, sorts_of(collection, crowd, recommender))
