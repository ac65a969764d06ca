"""What other people's histories say to one shopper: the part `together`.

It is read off the tables of the trained recommender (search/recommending): products taken by the same shoppers, one
after the other. Of the blend only these, with the weights that it learned: what vectors, words and brands say is in the
parts of their own, and a sequence network takes longer than a search has for it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from search.personalization.model import Floats64
from search.personalization.parts import Together
from search.recommending.interactions import Trail
from search.recommending.recency import LATEST, in_a_row
from search.shopper import Profile

if TYPE_CHECKING:
    from search.recommending.blend import Recommender  # scipy takes a second to load, and most indexes have none


FAINT = 1e-4
"""Steps that count less are not looked up, which most of fifty are. The blend asks for all; a search has no time to."""

MOST = 256
"""Shoppers whose company is held: 160 kB each in an index of 20,000 products."""


class Companies:
    """`company` of those who searched last: it depends on the shopper and not on the query. Safe to use from several
    threads. Nothing is held of a profile that nobody else holds any more."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held: WeakKeyDictionary[Profile, tuple[Recommender, Together | None]] = WeakKeyDictionary()
        self._turn = threading.Lock()

    def of(self, recommender: Recommender, profile: Profile) -> Together | None:
        with self._turn:
            held = self._held.get(profile)
        if held is not None and held[0] is recommender:
            return held[1]
        made = company(recommender, profile)
        with self._turn:
            while len(self._held) >= self._most:
                self._held.popitem()
            self._held[profile] = recommender, made
        return made


def company(recommender: Recommender, profile: Profile) -> Together | None:
    """How much likelier each product is for what they took before: a logarithm of odds, up to what all have in common.

    None where the recommender knows nothing that they took. Only the last LATEST steps count.
    """
    from search.recommending.parts import TablePart

    known = recommender.rows
    steps = [step for step in profile.steps if step.product in known and step.weight > 0][-LATEST:]
    tables = [(table, weight) for table in recommender.tables if (weight := recommender.weights.get(table.name, 0.0))]
    if not steps or not tables:
        return None
    own = list(dict.fromkeys(known[step.product] for step in steps))
    places = {row: place for place, row in enumerate(own)}
    trail = in_a_row(
        Trail.of(
            (places[known[step.product]] for step in steps),
            (step.weight for step in steps),
            (step.day for step in steps),
        )
    )

    rows = np.concatenate([np.array(own), np.arange(len(known))]).astype(np.int32)
    said = np.zeros(len(known) + 1)  # the last place is that of products which nothing was learned of
    for table, weight in tables:
        said[:-1] += weight * TablePart(table, rows, FAINT).values(trail)[len(own) :]

    def together(products: Sequence[str]) -> Floats64:
        found: Floats64 = said[[known.get(product, -1) for product in products]]
        return found

    return together
