"""Who is asking, and what follows from that before anything is looked for: where to start, and what to leave out."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from search.domain import And, Compare, Filter, Not, OneOf
from search.events import EventType
from search.personalization.shelf import Traits
from search.protocols import Vector
from search.recommendations.crowd import BASKET_GAP
from search.recommendations.sorts import DUE, Sorts
from search.shopper import Profile, Step

MOST_STEPS = 50
"""The latest products of a shopper that say where they are going."""

IN_BASKET = 0.6
"""What a product in the basket says, as an event "cart" does (search/profiles/weights)."""

ALIKE = 0.85
"""Cosine of two texts from which on they are of the same sort of thing, whatever their categories say…"""

ALIKE_ON_A_SHELF = 0.5
"""… and the same within one narrowest category, which may hold much: «Office» has desks and staplers."""

FIELDS = ("brand", "category", "title", "variant_of")
"""What is read of products besides what taste wants."""


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """A product of the asker's that the index has; `vector` has shape (dimension,), unit length."""

    traits: Traits
    vector: Vector


@dataclass(frozen=True, eq=False)
class Asker:
    """`trail` are the latest products, oldest first, those of the basket last. `own` are the products of the trail that
    the index has, by id; `today` is in days since 1970."""

    profile: Profile | None
    shopper: str | None
    basket: tuple[str, ...]
    trail: tuple[Step, ...]
    own: Mapping[str, Own] = field(default_factory=dict)
    today: float = 0.0

    @property
    def nobody(self) -> bool:
        return self.profile is None and not self.basket

    def event(self, product: str) -> EventType | None:
        """The most telling thing they did with one of their products."""
        if self.profile is not None and product in self.profile.strongest:
            return self.profile.strongest[product]
        return "cart" if product in self.basket else None

    def kindred(self, traits: Traits, vector: Vector) -> bool:
        """Whether the product is of the same sort as something in the basket: another printer does not go with one."""
        shelf = traits.values.get("category", ())[-1:]
        for product in self.basket:
            own = self.own.get(product)
            if own is not None:
                cosine = float(own.vector @ vector)
                same = bool(shelf) and shelf == own.traits.values.get("category", ())[-1:]
                if cosine >= (ALIKE_ON_A_SHELF if same else ALIKE):
                    return True
        return False

    def narrowed(self, wanted: Filter | None) -> Filter:
        """The filter, and without what cannot be had or is not to be seen."""
        parts: list[Filter] = [Not(Compare("in_stock", "=", False))]
        hidden = tuple(sorted(self.profile.hidden)) if self.profile else ()
        if hidden:
            parts.append(Not(OneOf("id", hidden)))
        if wanted is not None:
            parts.append(wanted)
        return And(tuple(parts))

    def left_out(self, traits: Traits, sorts: Sorts, again: bool) -> bool:
        """Whether the product has no place in the list: in the basket already, bought and not used up yet, or, unless
        they may come `again`, seen already. So have variants of these."""
        name, group = traits.product_id, group_of(traits)
        if name in self.basket or group in self._in_basket:
            return True
        if self.profile is None:
            return False
        day = self.profile.bought.get(name)
        if day is not None:
            usual = self._own_usual(name)
            if usual is not None:
                return self.today - day < DUE * usual
            return not sorts.due(name, traits.values.get("category", ()), self.today - day)
        if not again and name in self.profile.strongest:
            return True
        return group in self._bought and name not in self.profile.strongest

    def _own_usual(self, product: str) -> float | None:
        """Days between their own purchases of it; None before the second."""
        if self.profile is None:
            return None
        # The best rating weighs as much as a purchase; one that comes after the last purchase is of that one.
        last = self.profile.bought[product]
        steps = (step for step in self.profile.steps if step.product == product and step.weight >= 1)
        days = sorted({step.day for step in steps if step.day <= last})
        gaps = [later - day for day, later in pairwise(days) if later - day >= BASKET_GAP]
        return statistics.median(gaps) if gaps else None

    @cached_property
    def _in_basket(self) -> set[str]:
        return self._groups(self.basket)

    @cached_property
    def _bought(self) -> set[str]:
        return self._groups(tuple(self.profile.bought) if self.profile else ())

    def _groups(self, products: Sequence[str]) -> set[str]:
        return {group_of(self.own[product].traits) for product in products if product in self.own}


def group_of(traits: Traits) -> str:
    """Equal for variants of one product."""
    group = traits.values.get("variant_of", ())
    # An id may be what another product names as its group: then it is of that group too.
    return group[0] if group else traits.product_id


def trail_of(profile: Profile | None, basket: Sequence[str], today: float) -> tuple[Step, ...]:
    steps = profile.steps[-MOST_STEPS:] if profile else ()
    return (*steps, *(Step(product, IN_BASKET, today) for product in basket))
