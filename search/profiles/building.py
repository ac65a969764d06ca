"""Events and declared facts → a profile. Pure: equal events in any order give an equal profile."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from search.domain import Point
from search.events import Event
from search.profiles import weights
from search.profiles.affinities import affinities_of
from search.profiles.census import Census
from search.profiles.declared import declared_affinities, with_budget
from search.profiles.history import SECONDS, History, read
from search.profiles.interests import interests_of
from search.profiles.prices import bands_of
from search.profiles.traits import Traits
from search.protocols import Vector
from search.shopper import Affinity, Facts, Interest, Profile
from search.storage.payload import fold


def build_profile(
    events: Sequence[Event],
    facts: Facts,
    products: Mapping[str, Point],
    now: datetime,
    encode: Callable[[str], Vector],
    census: Census | None = None,
) -> Profile:
    """What is known of a shopper. `products` are those that the events name and the index has; the others are steps
    and nothing else. `encode` is for declared interests; products are never embedded anew.

    Without `census` the usual fields are read from the documents, and every value counts as rare.
    """
    known = census or Census()
    traits = {name: Traits.of(point, known) for name, point in products.items()}
    return profile_of(read(events, days(now)), facts, traits, days(now), encode, known)


def days(moment: datetime) -> float:
    """Since 1970."""
    return moment.timestamp() / SECONDS


def profile_of(
    history: History,
    facts: Facts,
    traits: Mapping[str, Traits],
    now: float,
    encode: Callable[[str], Vector],
    census: Census,
) -> Profile:
    """`build_profile` for a history that is read already; `now` in days since 1970."""
    telling = [name for name in history.most_telling(weights.MOST_PRODUCTS) if name in traits]
    liked = {name: history.deeds[name].weight for name in sorted(telling)}
    affinities = affinities_of(liked, traits, census)
    return Profile(
        interests=_interests(history, liked, facts, traits, encode, census),
        affinities=_with_declared(affinities, declared_affinities(facts, census)),
        bands=with_budget(bands_of(liked, traits), facts, census),
        hidden=history.hidden,
        bought=history.bought,
        steps=history.steps,
        strongest={name: deeds.strongest for name, deeds in history.deeds.items()},
        until=min(now + weights.HOLDS, history.session_ends),
    )


def _interests(
    history: History,
    liked: Mapping[str, float],
    facts: Facts,
    traits: Mapping[str, Traits],
    encode: Callable[[str], Vector],
    census: Census,
) -> tuple[Interest, ...]:
    """Taste and what was declared, and beside them what a visit that goes on is about; weights add up to 1."""
    session = {name: weight for name, weight in history.session.items() if name in liked}
    now = _clustered(session, traits, census, weights.MOST_SESSION_INTERESTS, session=True)
    liking = {name: weight for name, weight in liked.items() if weight > 0}
    # Who has done nothing else than this visit has no taste yet that would not be the visit itself.
    taste = _clustered(liking, traits, census, weights.MOST_INTERESTS) if liking.keys() - session.keys() else []
    declared = [
        Interest(encode(text), weights.DECLARED_INTEREST, text=text)
        for text in dict.fromkeys(text.strip() for text in facts.interests)
        if text
    ]
    lasting = taste + declared
    share = weights.SESSION_SHARE if lasting and now else 1.0
    return tuple(_shared(now, share) + _shared(lasting, 1 - share if now else 1.0))


def _clustered(
    chosen: Mapping[str, float], traits: Mapping[str, Traits], census: Census, most: int, session: bool = False
) -> list[Interest]:
    if not chosen:
        return []
    names = sorted(chosen)
    vectors = np.stack([traits[name].vector for name in names])
    return interests_of(names, vectors, [chosen[name] for name in names], most, census.likeness, session)


def _shared(interests: Sequence[Interest], share: float) -> list[Interest]:
    """With weights that add up to `share`."""
    total = math.fsum(one.weight for one in interests)
    return [replace(one, weight=share * one.weight / total) for one in interests]


def _with_declared(
    learnt: Mapping[str, Mapping[str, Affinity]], declared: Sequence[Affinity]
) -> dict[str, dict[str, Affinity]]:
    """What was declared stands where nothing stronger was learnt."""
    merged = {name: dict(values) for name, values in learnt.items()}
    for one in declared:
        values = merged.setdefault(one.field, {})
        known = values.get(fold(one.value))
        if known is None or known.weight < one.weight:
            values[fold(one.value)] = one
    return merged
