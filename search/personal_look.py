"""Taste at work in a search: who asks, what of them is known, and what that makes of the candidates.

For somebody of whom nothing is known there is nothing here: `at` gives None, and the search is that of everybody.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from search.constraints import satisfied
from search.domain import And, Candidate, Filter, Not, OneOf, Query, SearchRequest
from search.errors import RankingModelMismatch
from search.events import Receipt
from search.personalization.company import Companies
from search.personalization.model import ARTEFACT, DEFAULT, RankingModel
from search.personalization.parts import Due, Taste, Together, named_in
from search.personalization.rerank import WINDOW, Personalized, in_learned_order, rerank
from search.personalization.shelf import Shelf
from search.protocols import Collection
from search.remembered import Remembered
from search.retrieval import Looked
from search.shopper import Profile
from search.storage.payload import fold, point_id
from search.trained import Trained

if TYPE_CHECKING:
    from search.recommending.blend import Recommender  # scipy takes a second to load, and most indexes have none

log = logging.getLogger(__name__)

_SECONDS = 86_400.0


class ProfileSource(Protocol):
    """Where profiles come from: search.profiles.Profiles while serving."""

    def get_ready(self, collection: Collection) -> None:
        """Read what profiles need of a version before it serves."""
        ...

    def of(self, collection: Collection, shopper: str | None) -> Profile | None:
        """None: answer as to an anonymous shopper."""
        ...

    def of_products(self, collection: Collection, recent: Sequence[str]) -> Profile | None:
        """Of product ids that the request brings with it, newest first; nothing is kept."""
        ...


Recommenders = Callable[[Collection], "Recommender | None"]
"""What a version has learned of other people's histories; None where it has not."""


DueOf = Callable[[Collection], Due]
"""What a version knows of what is bought again, and when."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """The weights of a version. `degraded` names them where those that were learned do not fit and are not used."""

    model: RankingModel = DEFAULT
    degraded: tuple[str, ...] = ()


def ranker_of(collection: Collection, data: bytes | None) -> Ranker:
    """What the version has learned, or the documented weights."""
    if data is None:
        return Ranker()
    try:
        return Ranker(RankingModel.from_bytes(data))
    except RankingModelMismatch as error:
        index = collection.manifest.index
        log.error("index %s: its learned weights are not used: %s --index %s", index, error, index)
        return Ranker(degraded=(ARTEFACT,))


class PersonalLook:
    """Safe to use from several threads."""

    def __init__(
        self,
        profiles: ProfileSource | None = None,
        recommenders: Recommenders = lambda _: None,
        due: DueOf | None = None,
    ) -> None:
        self._profiles = profiles
        self._recommenders = recommenders
        self._companies = Companies()
        self._due = due
        self.shelves = Remembered(Shelf)
        self.rankers = Trained(ARTEFACT, ranker_of)

    def get_ready(self, collection: Collection) -> None:
        self.rankers.of(collection)
        if self._profiles is not None:
            self._profiles.get_ready(collection)

    def profile(self, collection: Collection, request: SearchRequest) -> Profile | None:
        """Of whoever asks; None: answer as to an anonymous shopper."""
        if self._profiles is None or not request.personalize:
            return None
        if request.recent:
            profile = self._profiles.of_products(collection, request.recent)
        else:
            profile = self._profiles.of(collection, request.shopper)
        return None if profile is None or profile.empty else profile

    def at(self, collection: Collection, query: Query, request: SearchRequest) -> PersonalView | None:
        """What becomes of this search; None where it is that of everybody, in the order that retrieval gives."""
        ranker = self.rankers.of(collection)
        profile = self.profile(collection, request)
        if profile is None and not ranker.degraded and ranker.model.orders_as_retrieval:
            return None
        taste = self._taste(collection, profile) if profile is not None else None
        recommender = self._recommenders(collection) if profile is not None else None
        together = self._companies.of(recommender, profile) if recommender is not None and profile is not None else None
        return PersonalView(collection, query, request, ranker, taste, self.shelves.of(collection), together)

    def _taste(self, collection: Collection, profile: Profile) -> Taste:
        if self._due is None or not profile.bought:
            return Taste(profile)
        return Taste(profile, self._due(collection), time.time() / _SECONDS)


@dataclass
class PersonalView:
    """One search as one shopper sees it. `look` and `browse` put candidates in order, `receipt` tells why."""

    collection: Collection
    query: Query
    request: SearchRequest
    ranker: Ranker
    taste: Taste | None
    shelf: Shelf
    together: Together | None = None
    _done: Personalized | None = field(default=None, init=False)

    def look(self, found: Sequence[Candidate]) -> Looked:
        """`found` is everybody's order, of all candidates."""
        degraded = self.ranker.degraded
        if self.request.score_threshold is not None:
            found = [one for one in found if one.score >= self.request.score_threshold]
        if self._sorted:
            return Looked(self._without_hidden(found), degraded)
        if not self.ranker.model.orders_as_retrieval:
            found = in_learned_order(found, self._levels(found[:WINDOW]), self.ranker.model)
        return Looked(self._personal(found), degraded)

    def browse(self, found: Sequence[Candidate]) -> Sequence[Candidate]:
        """`found` are the first products of all that pass the filter, in everybody's order; nobody asked for a sort."""
        return self._personal(found, hide=False)

    def narrowed(self, filter: Filter | None) -> Filter | None:
        """The filter, and without the products that the shopper has hidden."""
        hidden = tuple(sorted(self.taste.profile.hidden)) if self.taste else ()
        if not hidden:
            return filter
        others = Not(OneOf("id", hidden))
        return others if filter is None else And((filter, others))

    @property
    def moves(self) -> bool:
        """Whether anything but what is hidden can change: an order that was asked for is left alone."""
        return self.taste is not None and not self._sorted

    def parts(self, candidate: Candidate) -> Mapping[str, float]:
        """What the score and the place of a candidate are made of."""
        return self._done.parts(candidate) if self._done is not None else candidate.parts

    def receipt(self, candidate: Candidate, rank: int) -> Receipt | None:
        """None for anonymous shoppers, and where an order was asked for."""
        return self._done.receipt(candidate, rank) if self._done is not None else None

    @property
    def _sorted(self) -> bool:
        fields = self.collection.manifest.fields
        return bool(self.request.sort) or any(key.field in fields for key in self.query.sort)

    def _personal(self, found: Sequence[Candidate], hide: bool = True) -> Sequence[Candidate]:
        if self.taste is None or not found:
            return found
        shown = self._without_hidden(found) if hide else found
        if not self.request.limit:
            return shown
        window = shown[:WINDOW]
        seen = self.shelf.look(self.collection, [one.point_id for one in window], self.taste.fields)
        brands = {value for traits in seen.traits if traits for value in traits.values.get("brand", ())}
        brands = set(named_in(self.query.raw, brands))
        named = {one.field for one in self.query.constraints} | ({"brand"} if brands else set())
        # Of a brand that is said and not read as a condition, as where words are taken literally.
        others = [
            bool(brands) and not (traits and brands.intersection(traits.values.get("brand", ())))
            for traits in seen.traits
        ]
        ranks = {one.point_id: rank for rank, one in enumerate(found, start=1)}
        self._done = rerank(
            shown, self._levels(window, others), self.taste, seen, self.ranker.model, named, self.together, ranks
        )
        return self._done.candidates

    def _levels(self, window: Sequence[Candidate], others: Sequence[bool] = ()) -> list[int]:
        """How well each meets what the query says. What is named by a code stays where it is, each at its own level."""
        unmet = [int(each) for each in others] or [0] * len(window)
        ids = [one.point_id for one in window]
        for constraint in self.query.constraints:
            if constraint.strength == "prefer" and constraint.field in self.collection.manifest.fields and ids:
                met = self.collection.passing(ids, satisfied(constraint))
                unmet = [count + (each not in met) for count, each in zip(unmet, ids, strict=True)]
        most = len(self.query.constraints) + 2
        return [
            one.tier * most + count if one.tier else place - len(window)
            for place, (one, count) in enumerate(zip(window, unmet, strict=True))
        ]

    def _without_hidden(self, found: Sequence[Candidate]) -> Sequence[Candidate]:
        """Hidden products are left out, unless the query names them by code or by their whole title."""
        hidden = self.taste.profile.hidden if self.taste else frozenset()
        if not hidden:
            return found
        gone = {point_id(product) for product in hidden}
        gone -= {one.point_id for one in found if one.tier == 0}
        held = [one.point_id for one in found if one.point_id in gone]
        gone -= _titled(self.collection.values(held, ("title",)), self.query.raw)
        return [one for one in found if one.point_id not in gone]


def _titled(values: Mapping[str, Mapping[str, object]], typed: str) -> set[str]:
    said = fold(typed).split()
    return {point for point, document in values.items() if fold(str(document.get("title", ""))).split() == said}


def in_turn(*looks: Callable[[Sequence[Candidate]], Looked] | None) -> Callable[[Sequence[Candidate]], Looked] | None:
    """One look after the other; None where there are none."""
    each = [look for look in looks if look is not None]

    def look(found: Sequence[Candidate]) -> Looked:
        degraded: list[str] = []
        for one in each:
            looked = one(found)
            found = looked.candidates
            degraded += looked.degraded
        return Looked(found, tuple(degraded))

    return (each[0] if len(each) == 1 else look) if each else None
