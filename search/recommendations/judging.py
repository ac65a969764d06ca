"""What candidates are worth where nothing was trained, or nothing is known of the shopper that training could use.

One linear sum of named parts, so that the share of each can be told as a reason. The personal parts are those of
search/personalization/parts, and mean the same; the rest is

==========  =========================================================================================
together    how surely others took it with what is in the basket, or with the latest products, 0..1
basket      cosine to the nearest product of the basket, 0..1
aisle       how far its categories are those of a product of the basket, from the department down, 0..1
neighbours  what shoppers with the same products think of it, 0..1
popular     how many like it lately, 0..1
==========  =========================================================================================

docs/recommendations.md has the weights and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from search.events import Reason
from search.personalization.model import BASE_PARTS, FEATURES, RankingModel
from search.personalization.parts import Judged, Taste
from search.personalization.receipts import reasons as personal_reasons
from search.personalization.shelf import Seen, Traits
from search.recommendations.asking import Asker
from search.recommendations.sorts import Sorts
from search.recommendations.sources import Found

Floats = NDArray[np.float32]

TASTE = RankingModel(
    FEATURES,
    (
        *(0.0 for _ in BASE_PARTS),
        1.0,  # interest
        1.0,  # session
        0.10,  # brand
        0.05,  # category
        0.05,  # attributes
        0.10,  # price
        0.0,  # together: has a part of its own here
        0.20,  # repeat: bought before, and due
    ),
)
"""Weights of the personal parts."""

WEIGHTS: Mapping[str, float] = {"together": 0.4, "neighbours": 0.25, "popular": 0.1}
"""Weights of the other parts."""

WITH_BASKET: Mapping[str, float] = {"together": 1.0, "basket": 0.5, "aisle": 0.3, "neighbours": 0.1, "popular": 0.1}
"""The same where something is to go with a basket."""

TASTE_WITH_BASKET = 0.3
"""What the personal parts count then."""

LEAST_EFFECT = 0.005
MOST_REASONS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """`parts` are effects, each of shape (candidates,), that add up to `total`. `scores` are what is shown, 0..1, in
    the order of `total`. `why` gives the reasons of a candidate, the strongest first."""

    total: Floats
    parts: Mapping[str, Floats]
    scores: Floats
    why: Callable[[int], tuple[Reason, ...]]


def judge(
    asker: Asker, point_ids: Sequence[str], seen: Seen, found: Found, sorts: Sorts, taste: Taste | None
) -> Verdict:
    weights = WITH_BASKET if asker.basket else WEIGHTS
    said = {
        "together": [found.together.get(key, (0.0, ""))[0] for key in point_ids],
        "neighbours": [found.neighbours.get(key, 0.0) for key in point_ids],
        "popular": [sorts.popular.get(key, 0.0) for key in point_ids],
    }
    parts = {name: np.array(values, np.float32) * np.float32(weights[name]) for name, values in said.items()}
    held = [asker.own[product] for product in asker.basket if product in asker.own]
    if held:
        cosines = (seen.vectors @ np.stack([one.vector for one in held]).T).max(axis=1)
        parts["basket"] = np.maximum(cosines, 0).astype(np.float32) * np.float32(weights["basket"])
        shelves = [one.traits.values.get("category", ()) for one in held]
        shared = [max(_shared(shelf, _shelf(traits)) for shelf in shelves) for traits in seen.traits]
        parts["aisle"] = np.array(shared, np.float32) * np.float32(weights["aisle"])
    share = TASTE_WITH_BASKET if asker.basket else 1.0
    judged = taste.judge(seen) if taste is not None else None
    if judged is not None:
        parts["taste"] = (judged.parts @ TASTE.personal).astype(np.float32) * np.float32(share)
    total = np.stack([*parts.values()]).sum(axis=0, dtype=np.float32)

    def why(number: int) -> tuple[Reason, ...]:
        told = _of_taste(taste, judged, number, seen, share)
        told += [
            _general(part, float(effects[number]), point_ids[number], found, asker)
            for part, effects in parts.items()
            if part != "taste"
        ]
        told = [one for one in told if one.effect >= LEAST_EFFECT]
        return tuple(sorted(told, key=lambda one: -one.effect)[:MOST_REASONS])

    return Verdict(total, parts, np.clip(total, 0, 1), why)


def _shelf(traits: Traits | None) -> Sequence[str]:
    return traits.values.get("category", ()) if traits is not None else ()


def _shared(own: Sequence[str], other: Sequence[str]) -> float:
    """Share of the levels of a path that another one follows."""
    levels = next((n for n, (one, two) in enumerate(zip(own, other, strict=False)) if one != two), None)
    return (min(len(own), len(other)) if levels is None else levels) / len(own) if own else 0.0


def _of_taste(taste: Taste | None, judged: Judged | None, number: int, seen: Seen, share: float) -> list[Reason]:
    traits = seen.traits[number]
    if taste is None or judged is None or traits is None:
        return []
    effects = (judged.parts[number] * TASTE.personal).tolist()
    found = personal_reasons(taste, judged, number, traits, effects, TASTE)
    return [replace(one, effect=one.effect * share) for one in found]


def _general(part: str, effect: float, point_id: str, found: Found, asker: Asker) -> Reason:
    if part == "together" and point_id in found.together:
        other = found.together[point_id][1]
        return Reason(part, effect, products=(other,), event=asker.event(other))
    if part in ("basket", "aisle"):
        return Reason(part, effect, products=asker.basket[:MOST_REASONS])
    return Reason(part, effect)
