"""Where candidates come from. Each source knows one thing and names a few products; what they are worth together is
told afterwards, for all of them alike.

============  =========================================================================================
interests     nearest to each of the shopper's interests, by vectors; new products have a text and are found too
basket        nearest to what is in the basket, of other categories
together      taken by others together with what is in the basket, or with the latest products
neighbours    what shoppers with the same products did besides
popular       what many did lately, in the shopper's categories and anywhere
trained       what the trained methods put first, where an index has them
anything      products in no order, where nothing else is known or the filter lets little through
============  =========================================================================================
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from search.domain import And, Compare, Filter, Not
from search.personalization.shelf import Traits
from search.protocols import Collection, Neighbour
from search.recommendations.asking import Asker
from search.recommendations.crowd import Crowd
from search.recommendations.sorts import Sorts
from search.shopper import Profile
from search.storage.payload import point_id

PER_INTEREST = 80
PER_NEIGHBOUR_SEARCH = 30
"""Neighbours that are asked for."""

NEIGHBOUR_PRODUCTS = 100
POPULAR = 100
PER_CATEGORY = 30
CATEGORIES = 5
TOGETHER = 100
ENOUGH = 60
"""Candidates below which anything that passes the filter is taken in besides."""

ANYTHING = 200


NOTHING_LEARNT: Mapping[str, tuple[float, str]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What training says: products that may come next, best first, and what goes with the basket, how surely and with
    which of it; all by product id."""

    next: Sequence[str] = ()
    companions: Mapping[str, tuple[float, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """`point_ids` of candidates, in order; all of them pass the filter. Values are by point id: `neighbours` and
    `together` 0..1, the latter with the product it goes with."""

    point_ids: tuple[str, ...]
    neighbours: Mapping[str, float] = field(default_factory=dict)
    together: Mapping[str, tuple[float, str]] = field(default_factory=dict)


def find(
    collection: Collection,
    asker: Asker,
    crowd: Crowd,
    sorts: Sorts,
    others: Sequence[Neighbour],
    trained: Trained,
    wanted: Filter,
) -> Found:
    """Every candidate once; `wanted` is the filter that all have to pass.

    Raises FilterError, StoreError.
    """
    passed: dict[str, None] = {}
    # What they are after now comes first; so candidates beyond those that are scored are the less pressing ones.
    interests = sorted(asker.profile.interests, key=lambda one: not one.session) if asker.profile else []
    for interest in interests:
        passed.update((one.point_id, None) for one in collection.nearest(interest.vector, PER_INTEREST, wanted))
    for product in asker.basket:
        own = asker.own.get(product)
        if own is not None:
            others_of = And((wanted, *_other_categories(own.traits)))
            passed.update((one.point_id, None) for one in collection.nearest(own.vector, PER_INTEREST, others_of))
    neighbours = _from_neighbours(others, asker)
    together = together_with(crowd, [step.product for step in asker.trail if step.weight > 0], trained.companions)
    named = dict.fromkeys(map(point_id, trained.next))
    named.update(dict.fromkeys([*together][:TOGETHER]))
    named.update(dict.fromkeys([*neighbours][:NEIGHBOUR_PRODUCTS]))
    named.update(dict.fromkeys(_popular(sorts, asker.profile)))
    new = [key for key in named if key not in passed]
    passing = collection.passing(new, wanted) if new else set()
    passed.update((key, None) for key in new if key in passing)
    if len(passed) < ENOUGH:
        passed.update((one.point_id, None) for one in collection.browse(ANYTHING, wanted))
    return Found(tuple(passed), neighbours, together)


def together_with(
    crowd: Crowd, products: Sequence[str], learnt: Mapping[str, tuple[float, str]] = NOTHING_LEARNT
) -> dict[str, tuple[float, str]]:
    """How surely a product is taken with any of these and with which, by point id, the surest first. `learnt` is the
    same by product id, from training."""
    best = dict(learnt)
    for product in dict.fromkeys(reversed(products)):
        for other, worth in crowd.together.get(product, {}).items():
            if worth > best.get(other, (0.0, ""))[0]:
                best[other] = (worth, product)
    ordered = sorted(best, key=lambda other: (-best[other][0], other))
    return {point_id(other): best[other] for other in ordered}


def _other_categories(traits: Traits) -> list[Filter]:
    """Not its own shelf: what goes with a printer is no printer."""
    narrowest = traits.values.get("category", ())[-1:]
    return [Not(Compare("category", "=", name)) for name in narrowest]


def _from_neighbours(others: Sequence[Neighbour], asker: Asker) -> dict[str, float]:
    """Σ over neighbours of likeness · what they think of the product, over the greatest; by point id, greatest first.

    User-based filtering (Resnick et al., CSCW 1994) with the cosine of two histories as likeness.
    """
    sums: defaultdict[str, float] = defaultdict(float)
    mine = {step.product for step in asker.trail}
    for neighbour in others:
        best: dict[str, float] = {}
        for product, weight in neighbour.steps:
            best[product] = weight if weight < 0 else max(weight, best.get(product, 0.0))
        for product, weight in best.items():
            if product not in mine:
                sums[product] += neighbour.score * weight
    most = max(sums.values(), default=0.0)
    liked = sorted((product for product in sums if sums[product] > 0), key=lambda product: (-sums[product], product))
    return {point_id(product): sums[product] / most for product in liked}


def _popular(sorts: Sorts, profile: Profile | None) -> list[str]:
    categories = profile.affinities.get("category", {}) if profile else {}
    liked = sorted(
        (name for name in categories if categories[name].weight > 0 and name in sorts.by_category),
        key=lambda name: (-categories[name].weight, name),
    )
    found = [key for name in liked[:CATEGORIES] for key in sorts.by_category[name][:PER_CATEGORY]]
    return [*found, *[*sorts.popular][:POPULAR]]
