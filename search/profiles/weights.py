"""How much each thing that shoppers do tells of their taste, and how long. Every number of a profile is here.

Why each is what it is stands in docs/profiles.md; change both.
"""

from __future__ import annotations

from collections.abc import Mapping

from search.events import Event, EventType

# --- what an event says of its product -------------------------------------------------------------------------------

WEIGHTS: Mapping[EventType, float] = {
    "purchase": 1.0,
    "cart": 0.6,
    "click": 0.2,
    "view": 0.2,
    "hide": -1.0,
    "search": 0.0,
}
"""On the product, 1 for a purchase; a rating says for itself how much (`weight_of`). A search names no product."""

HALF_LIVES: Mapping[EventType, float] = {
    "purchase": 180.0,
    "cart": 45.0,
    "click": 14.0,
    "view": 14.0,
    "rating": 365.0,
    "hide": 365.0,
    "search": 14.0,
}
"""Days after which an event counts half."""

NEUTRAL_STARS = 3.0

DECISIVE: tuple[EventType, ...] = ("purchase", "cart", "rating", "hide")
"""What is read further back than the rest: rare, and telling."""

LATEST = 300
"""Events read of one shopper, of any type, and again as many of the decisive types."""

MOST_PRODUCTS = 200
"""Products that a profile is made of, the most telling."""


def weight_of(event: Event) -> float:
    """What the event says of its product while it is fresh: −1 (dislikes) to 1. Stars: (value − 3) / 2."""
    if event.type == "rating":
        stars = NEUTRAL_STARS if event.value is None else event.value
        return max(-1.0, min(1.0, (stars - NEUTRAL_STARS) / 2))
    return WEIGHTS[event.type]


def faded(type_: EventType, days: float) -> float:
    """What is left of an event after so many days, 1 for one that is fresh or yet to come."""
    return float(0.5 ** (max(0.0, days) / HALF_LIVES[type_]))


# --- what they are after now -----------------------------------------------------------------------------------------

SESSION_GAP = 30 / (24 * 60)
"""Days without an event after which a visit is over: half an hour, as web analytics count visits."""

SESSION_PRODUCTS = 12
"""The latest products of a visit that still say what it is about."""

SESSION_FADE = 0.85
"""Each product of a visit counts that much of the one after it."""

SESSION_SHARE = 0.4
"""Of all interests, where there is a taste besides."""

# --- interests -------------------------------------------------------------------------------------------------------

MOST_INTERESTS = 5
MOST_SESSION_INTERESTS = 2

MOST_CLUSTERED = 120
"""Products that interests are made of, the weightiest."""

ALIKE = 0.15
"""From which mean cosine on two groups of products are one interest, between what two products of the catalogue have on
average (0) and the same text (1)."""

FITTING = 0.9
"""This share of the weight has to be with its like: strays of less make no interest of their own."""

DECLARED_INTEREST = 1.0
"""A declared interest counts as a fresh purchase, so that it yields to what is bought later."""

# --- affinities ------------------------------------------------------------------------------------------------------

PRIOR = 2.0
"""Purchases that an affinity has to outweigh: what the catalogue's own shares count."""

PRIOR_OF_DISLIKE = 4.0
"""The same for dislikes: that a product is disliked says less of its brand than that one is bought."""

LEAST_EVIDENCE = 0.35
"""Below this sum of weights nothing is an affinity. A view is 0.2; two products viewed are 0.4."""

LEAST_AFFINITY = 0.05
MOST_VALUES = 20
"""Values of one field, the strongest."""

DECLARED_SIZE = 0.5
DECLARED_AGE = 0.3

# --- prices ----------------------------------------------------------------------------------------------------------

LOW, HIGH = 0.15, 0.85
"""Quantiles of the prices that bound a band."""

WIDTH = 0.693
"""How far, in logarithms, a band reaches to either side where one price is all that is known, divided by 1 + the
evidence: a factor of √2 after one purchase."""

LEAST_PRICES = 0.5
"""Evidence that a band needs."""

MOST_BANDS = 30
BUDGET_LOW, BUDGET_TYPICAL = 0.25, 0.7
"""Of a declared budget, where no price is known."""

# --- how long it holds -----------------------------------------------------------------------------------------------

HOLDS = 1 / 24
"""Days after which a profile is made anew although nothing happened: tastes fade, products change."""

HOLDS_WITHOUT = 1 / (24 * 60)
"""The same where it lacks products that the index does not have yet. What this process itself writes into the index is
noticed at once."""

RECENT_PRODUCTS = 100
"""Products read of a list that the shopper's own browser keeps."""

RECENT_SESSION = 5
"""The first of them, which count as the visit that goes on; each further one counts as a day older."""

MOST_TELLING = 10
"""Products that an interest or affinity names, the most telling."""
