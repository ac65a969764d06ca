"""A profile and some products → what taste says of each: one number for each personal part of the score. Pure.

=========== ======================================================= ============
part        of a product                                            value
=========== ======================================================= ============
interest    cosine to the interest that it is nearest to, less the  about −1..1
            mean of the window
session     the same for what the shopper is after now              about −1..1
brand       affinity to its brand                                   −1..1
category    affinity to the narrowest of its categories that is     −1..1
            known of
attributes  sum of the affinities to its other values               about −1..1
price       how well its price fits what the shopper pays in its    −1..1
            category, less the mean of the window
together    how often others who did the same went on to it, less   about −1..1
            the mean of the window
repeat      of what they bought: 1 where they bought it on two days −1, 0, 1
            or it is of a kind that is due again, 0 where its kind
            is used up and not yet due, −1 where it is durable
=========== ======================================================= ============

What is the same for all products of a window cannot move any, so it is taken off: an effect then says by how much a
product was moved. In a search each value is multiplied with what the query leaves to taste
(search/personalization/reach).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search.personalization.model import PERSONAL_PARTS, Floats64
from search.personalization.shelf import Rows, Seen, Traits
from search.shopper import Affinity, Interest, PriceBand, Profile
from search.storage.payload import fold

PLACE: Mapping[str, int] = {name: place for place, name in enumerate(PERSONAL_PARTS)}
"""The column of each personal part."""

Together = Callable[[Sequence[str]], Floats64]
"""How much other people's histories speak for each of these products, 0..1; shape (products,)."""

Due = Callable[[Traits, float], bool | None]
"""Whether such a product, bought so many days ago, is bought again about now; None: it is none that is used up."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """`parts` has shape (products, len(PERSONAL_PARTS)). `interest` and `session` say which of these came nearest,
    shape (products,), −1 for none. `brand`, `category` and `attributes` are the affinities that counted. `reach` is
    what all parts of a product were multiplied with, shape (products,); None: nothing."""

    parts: Floats64
    interest: NDArray[np.intp]
    session: NDArray[np.intp]
    brand: tuple[Affinity | None, ...]
    category: tuple[Affinity | None, ...]
    attributes: tuple[tuple[Affinity, ...], ...]
    reach: Floats64 | None = None

    def within(self, reach: Floats64) -> Judged:
        """As much of it as the query leaves to taste; shape (products,), 0..1."""
        return replace(self, parts=self.parts * reach[:, None], reach=reach)


class Taste:
    """A profile made ready to be asked of many products: what it costs depends on the profile's few interests and
    affinities, never on how many events it was made of."""

    def __init__(self, profile: Profile, due: Due = lambda traits, days: None, today: float = 0.0) -> None:
        """`due` says what may be bought again so many days later; `today` in days since 1970."""
        self.profile = profile
        self.interests = tuple(one for one in profile.interests if not one.session)
        self.sessions = tuple(one for one in profile.interests if one.session)
        self.fields = frozenset(profile.affinities) | {"brand", "category"}
        self._interests, self._sessions = _directions(self.interests), _directions(self.sessions)
        self._brands = profile.affinities.get("brand", {})
        self._categories = profile.affinities.get("category", {})
        self._others = {field: held for field, held in profile.affinities.items() if field not in ("brand", "category")}
        self._due, self._today = due, today

    def judge(self, seen: Seen, named: Collection[str] = (), together: Together | None = None) -> Judged:
        """Fields that the query itself `named` are left out: whoever says what they want is not overruled."""
        parts = np.zeros((len(seen.traits), len(PERSONAL_PARTS)))
        there = np.array([traits is not None for traits in seen.traits], dtype=bool)
        parts[:, PLACE["interest"]], interest = _nearness(seen.vectors, self._interests, there)
        parts[:, PLACE["session"]], session = _nearness(seen.vectors, self._sessions, there)
        # Lists, and a column at a time: writing single cells of an array takes longer than finding them.
        brands = self._each(seen, "brand", self._brands, named)
        categories = self._each(seen, "category", self._categories, named, narrowest=True)
        others = self._attributes(seen, named)
        parts[:, PLACE["brand"]] = [one.weight if one else 0.0 for one in brands]
        parts[:, PLACE["category"]] = [one.weight if one else 0.0 for one in categories]
        parts[:, PLACE["attributes"]] = [sum(one.weight for one in each) if each else 0.0 for each in others]
        if self.profile.bought:
            parts[:, PLACE["repeat"]] = [self._repeat(traits) if traits else 0.0 for traits in seen.traits]
        if self.profile.bands and "price" not in named:
            parts[:, PLACE["price"]] = _above_mean(self._fits(seen))
        if together is not None:
            said = together([traits.product_id if traits else "" for traits in seen.traits])
            parts[:, PLACE["together"]] = _above_mean(np.where(there, said, math.nan))
        return Judged(parts, interest, session, brands, categories, others)

    def _each(
        self,
        seen: Seen,
        field: str,
        held: Mapping[str, Affinity],
        named: Collection[str],
        narrowest: bool = False,
    ) -> tuple[Affinity | None, ...]:
        """Of each product the affinity to its first value in the field that there is one for, or to its last."""
        if not held or field in named:
            return (None,) * len(seen.traits)
        found: list[Affinity | None] = []
        for traits in seen.traits:
            known = None
            values = traits.values.get(field, ()) if traits is not None else ()
            for value in reversed(values) if narrowest else values:
                known = held.get(value)
                if known is not None:
                    break
            found.append(known)
        return tuple(found)

    def _attributes(self, seen: Seen, named: Collection[str]) -> tuple[tuple[Affinity, ...], ...]:
        fields = [(field, held) for field, held in self._others.items() if field not in named]
        if not fields:
            return ((),) * len(seen.traits)
        found = []
        for traits in seen.traits:
            known: list[Affinity] = []
            if traits is not None:
                for field, held in fields:
                    known += [held[value] for value in traits.values.get(field, ()) if value in held]
            found.append(tuple(known))
        return tuple(found)

    def _fits(self, seen: Seen) -> Floats64:
        """How well each price fits; shape (products,), NaN where nothing can be said."""
        prices = [math.nan] * len(seen.traits)
        low, high = prices.copy(), prices.copy()
        memory: dict[tuple[tuple[str, ...], str | None], PriceBand | None] = {}
        for number, traits in enumerate(seen.traits):
            if traits is None or traits.price is None:
                continue
            key = (traits.values.get("category", ()), traits.currency)
            band = memory[key] if key in memory else memory.setdefault(key, self.band(traits))
            if band is not None:
                prices[number], high[number] = traits.price, band.high
                # A declared budget says nothing of what is too cheap.
                low[number] = band.low if band.products > 0 else 0.0
        return fit(np.array(prices), np.array(low), np.array(high))

    def band(self, traits: Traits) -> PriceBand | None:
        """What they pay for such a product: in the narrowest of its categories that they paid in, else anywhere."""
        if traits.price is None:
            return None
        bands = self.profile.bands
        if len(bands) > 1 or "" not in bands:
            for category in reversed(traits.values.get("category", ())):
                band = bands.get(category)
                if band is not None and band.currency in (None, traits.currency):
                    return band
        band = bands.get("")
        return band if band is not None and band.currency in (None, traits.currency) else None

    def _repeat(self, traits: Traits) -> float:
        if traits.product_id not in self.profile.bought:
            return 0.0
        due = self._due(traits, self._today - self.profile.bought[traits.product_id])
        if due or traits.product_id in self._again:
            return 1.0
        return -1.0 if due is None else 0.0

    @cached_property
    def _again(self) -> frozenset[str]:
        return _bought_again(self.profile)


@dataclass(frozen=True, slots=True, eq=False)
class _Directions:
    """`vectors` has shape (interests, dimension), `shares` (interests,): how much each counts, 1 for the strongest."""

    vectors: Rows
    shares: NDArray[np.float32]


def _directions(interests: Sequence[Interest]) -> _Directions | None:
    if not interests:
        return None
    weights = np.array([one.weight for one in interests], dtype=np.float32)
    strongest = float(weights.max())
    shares = np.sqrt(weights / strongest) if strongest > 0 else np.ones_like(weights)
    return _Directions(np.stack([one.vector for one in interests]).astype(np.float32), shares)


def _nearness(
    vectors: Rows, directions: _Directions | None, there: NDArray[np.bool_]
) -> tuple[Floats64, NDArray[np.intp]]:
    """How much nearer each product is to one of the interests than the window's mean, and to which."""
    size = len(vectors)
    if directions is None or not there.any():
        return np.zeros(size), np.full(size, -1, dtype=np.intp)
    cosines = vectors @ directions.vectors.T
    above = (cosines - cosines[there].mean(axis=0)) * directions.shares
    which = above.argmax(axis=1)
    best = above[np.arange(size), which].astype(np.float64)
    best -= best[there].mean()
    return np.where(there, best, 0.0), np.where(there, which, -1)


def _above_mean(values: Floats64) -> Floats64:
    """Less the mean of those that are known; 0 for those that are not."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values))
    return np.where(known, values - values[known].mean(), 0.0)


def fit(prices: Floats64, low: Floats64, high: Floats64) -> Floats64:
    """1 within the band, 0 at √2 times its dearer end (or at 1/√2 of its cheaper end), −1 at twice, and no less.

    Shapes (products,); NaN for a price that is not known.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.where(prices > high, np.log(prices / high), 0.0)
        below = np.where(prices < low, np.log(low / prices), 0.0)
    found: Floats64 = np.maximum(-1.0, 1.0 - 2.0 * (above + below) / math.log(2))
    return np.where(np.isnan(prices), math.nan, found)


def _bought_again(profile: Profile) -> frozenset[str]:
    """What they bought on two days or more: such a thing is used up, whatever its kind."""
    # The best rating weighs as much as a purchase; one that comes after the last purchase is of that one.
    bought = {
        (step.product, int(step.day))
        for step in profile.steps
        if step.weight >= 1 and step.day <= profile.bought.get(step.product, -math.inf)
    }
    days = Counter(product for product, _ in bought)
    return frozenset(product for product, count in days.items() if count > 1)


def named_in(text: str, values: Collection[str]) -> frozenset[str]:
    """Those of the folded values that stand in the text as words of their own."""
    words = f" {' '.join(fold(text).split())} "
    return frozenset(value for value in values if len(value) > 1 and f" {value} " in words)
