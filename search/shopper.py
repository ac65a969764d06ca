"""What is known of a shopper, as values: what is kept, the profile that is made of it, and why something was moved.

A shopper is named by the HMAC of the shop's id for them (search/shoppers), never by the id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from search.events import EventType

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Facts:
    """What shoppers say of themselves. `interests` are texts in their own words; `budget` is the most they mean to pay
    for one product, in the catalogue's currency, by category or under "" for all of them; `sizes` by what they are
    for, as {"shoes": "43"}, or under "" for everything."""

    age_band: str | None = None
    interests: tuple[str, ...] = ()
    budget: Mapping[str, float] = field(default_factory=dict)
    sizes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shopper:
    """What is kept of one shopper besides the events.

    `consent` False: nothing is kept but that word, and everything is answered as to somebody unknown; None: never
    asked. `stamp` changes whenever an event or this record does: equal stamps mean an equal profile.
    """

    name: str
    consent: bool | None = None
    facts: Facts = Facts()
    stamp: str = ""


def may_be_known(shopper: Shopper | None, consent: Literal["assumed", "required"]) -> bool:
    """Whether anything may be kept of this shopper, where `consent` is DAOGOU_CONSENT; None: nothing is kept so far."""
    word = shopper.consent if shopper else None
    return word is True or (word is None and consent == "assumed")


# --- the profile -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Interest:
    """One of several things that a shopper is after. `vector` has shape (dimension,), unit length.

    `weight` is its share of all interests, which add up to 1. `products` are those it was made of, the most telling
    first; empty where it was declared, and `text` says then what was declared. `session` marks what they are after now.
    """

    vector: Floats
    weight: float
    products: tuple[str, ...] = ()
    session: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Affinity:
    """How much a shopper likes `value` in `field`: −1 (dislikes) to 1. `products` as in Interest; none: declared."""

    field: str
    value: str
    weight: float
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceBand:
    """What a shopper pays in a category ("" for all): `typical` with most of them between `low` and `high`.

    In units of `currency`, or of whatever the catalogue is in where that is None; products in others cannot be
    compared. `products` is how many prices it was made of, 0 for a declared budget.
    """

    category: str
    low: float
    typical: float
    high: float
    products: int
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One product of a shopper's history: `weight` is what the event type says of it (1 for a purchase, below 0 for a
    dislike), `day` the time in days since 1970, UTC."""

    product: str
    weight: float
    day: float


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Profile:
    """What events and facts say of a shopper, for one version of one index.

    `affinities` by field and folded value; `bands` by folded category. `steps` are the latest products, oldest first,
    one for each time, unknown products included; `bought` has the day of the last purchase of each product.
    `hidden` are never shown where nobody asked for them by name.
    """

    interests: tuple[Interest, ...] = ()
    affinities: Mapping[str, Mapping[str, Affinity]] = field(default_factory=dict)
    bands: Mapping[str, PriceBand] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    bought: Mapping[str, float] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    strongest: Mapping[str, EventType] = field(default_factory=dict)
    """By product, the most telling thing they did with it: what a receipt names."""
    until: float = 0.0
    """When it has to be made anew although nothing happened, in days since 1970: a session ends, tastes fade."""

    @property
    def empty(self) -> bool:
        """Nothing is known that could move anything: this is an anonymous shopper."""
        return not (self.interests or self.affinities or self.bands or self.hidden or self.steps)


# --- feedback --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A page of results that somebody then clicked on: what a ranker learns from. No words, no documents.

    `products` in the order shown, the first at place `offset` + 1; `parts` has shape (products, features), in the order
    of `features`, NaN where a product lacks the part. `timestamp` is ISO 8601 in UTC.
    """

    query_id: str
    index: str
    version: int
    timestamp: str
    products: tuple[str, ...]
    features: tuple[str, ...]
    parts: Floats
    offset: int = 0
    shopper: str | None = None
    base_ranks: tuple[int, ...] = ()
