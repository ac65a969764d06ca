"""Recommending, top to bottom: who asks, candidates, what they are worth, a list that is not all alike."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from search.domain import Candidate, RecommendRequest, SearchRequest
from search.errors import RequestError, StoreError
from search.events import Receipt
from search.personal_look import PersonalLook
from search.personalization.parts import Taste
from search.personalization.shelf import Seen
from search.profiles.history import SECONDS
from search.protocols import Collection, Neighbour
from search.recommendations import blended, sources
from search.recommendations.asking import FIELDS, Asker, Own, group_of, trail_of
from search.recommendations.crowd import NOBODY, Crowd
from search.recommendations.diversity import in_turn, spread
from search.recommendations.judging import Verdict, judge
from search.recommendations.others import Others
from search.recommendations.sorts import Sorts, SortsOf
from search.recommendations.sources import PER_NEIGHBOUR_SEARCH, find
from search.storage.payload import point_id
from search.trained import Trained

if TYPE_CHECKING:
    from search.recommending.blend import Recommender  # scipy takes a second to load, and most indexes have none

log = logging.getLogger(__name__)

MOST = 200
"""Products that can be paged through. The list is made whole for every page, so pages neither repeat nor skip."""

POOL = 300
"""Candidates among which the list is chosen, the best."""

MOST_BOUGHT = 100
"""Purchases of which it is told what they are variants of, the latest."""


@dataclass(frozen=True, slots=True, eq=False)
class Recommended:
    """`page` is what was asked for of `total` products; receipts are by point id."""

    page: tuple[Candidate, ...]
    total: int
    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()


class Recommendations:
    """Safe to use from several threads. Without `others` nothing is known of what people do."""

    def __init__(
        self,
        look: PersonalLook,
        others: Others | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._look = look
        self._others = others
        self._now = now
        self._sorts = SortsOf()
        self.recommenders = Trained(blended.ARTEFACT, blended.read)

    def recommend(self, collection: Collection, request: RecommendRequest) -> Recommended:
        """Raises RequestError, FilterError, StoreError."""
        if not 0 <= request.diversity <= 1:
            raise RequestError(f"diversity must lie between 0 and 1, and is {request.diversity:g}.")
        asker = self._asker(collection, request)
        crowd = self._crowd
        kept = self.recommenders.of(collection)
        sorts = self._sorts.of(collection, crowd, kept.recommender)
        neighbours, degraded = self._neighbours(collection, asker)
        blending = kept.recommender is not None and not asker.nobody and not asker.basket
        trained = self._trained(kept.recommender, asker)
        found = find(collection, asker, crowd, sorts, neighbours, trained, asker.narrowed(request.filter))
        taste = Taste(asker.profile) if asker.profile is not None else None
        fields = taste.fields.union(FIELDS) if taste is not None else FIELDS
        every = self._look.shelves.of(collection).look(collection, found.point_ids, fields)
        ids, seen = _fitting(found.point_ids, every, asker, sorts, again=blending)
        verdict = blended.judge(kept.recommender, asker, seen) if kept.recommender is not None and blending else None
        if verdict is None:
            if blending:
                ids, seen = _fitting(found.point_ids, every, asker, sorts, again=False)
            verdict = judge(asker, ids, seen, found, sorts, taste)
        best = _one_of_each(ids, seen, verdict)[:POOL]
        order = _ordered(best, seen, verdict, asker, request.diversity)
        shown = order[request.offset : request.offset + request.limit]
        base = {place: rank for rank, place in enumerate(best, start=1)}
        receipts = {
            ids[place]: Receipt(base[place], rank, verdict.why(place))
            for rank, place in enumerate(shown, start=request.offset + 1)
        }
        return Recommended(
            tuple(_candidate(ids, verdict, place) for place in shown), len(order), receipts, kept.degraded + degraded
        )

    def sorts(self, collection: Collection) -> Sorts:
        """What is popular there, and what is bought again."""
        return self._sorts.of(collection, self._crowd, self.recommenders.of(collection).recommender)

    def get_ready(self, collection: Collection) -> None:
        """Read what belongs to a version before it serves."""
        self._sorts.of(collection, self._crowd, self.recommenders.of(collection).recommender)

    def refresh(self, collection: Collection) -> None:
        """Have the version follow what was counted meanwhile. Raises StoreError."""
        self._sorts.refresh(collection, self._crowd, self.recommenders.of(collection).recommender)

    @property
    def _crowd(self) -> Crowd:
        return self._others.crowd if self._others is not None else NOBODY

    def _asker(self, collection: Collection, request: RecommendRequest) -> Asker:
        who = SearchRequest(shopper=request.shopper, recent=request.recent, personalize=request.personalize)
        profile = self._look.profile(collection, who)
        basket = tuple(dict.fromkeys(request.basket))
        today = self._now().timestamp() / SECONDS
        trail = trail_of(profile, basket, today)
        bought = sorted(profile.bought.items(), key=lambda item: -item[1])[:MOST_BOUGHT] if profile else []
        names = list(dict.fromkeys([*(step.product for step in trail), *(product for product, _ in bought)]))
        seen = self._look.shelves.of(collection).look(collection, [point_id(name) for name in names], FIELDS)
        own = {
            name: Own(traits, vector)
            for name, traits, vector in zip(names, seen.traits, seen.vectors, strict=True)
            if traits is not None
        }
        shopper = request.shopper if profile is not None and not request.recent else None
        return Asker(profile, shopper, basket, trail, own, today)

    def _trained(self, recommender: Recommender | None, asker: Asker) -> sources.Trained:
        if recommender is None or asker.nobody:
            return sources.Trained()
        companions = blended.companions(recommender, asker.basket, sources.TOGETHER)
        return sources.Trained(recommender.candidates(asker.trail, blended.MOST_CANDIDATES), companions)

    def _neighbours(self, collection: Collection, asker: Asker) -> tuple[list[Neighbour], tuple[str, ...]]:
        steps = [(step.product, step.weight) for step in asker.trail]
        if self._others is None or not steps:
            return [], ()
        try:
            return self._others.alike(collection.manifest.index, steps, PER_NEIGHBOUR_SEARCH, asker.shopper), ()
        except StoreError as error:
            log.error("recommending without neighbours: %s", error)
            return [], ("neighbours",)


def _fitting(
    point_ids: Sequence[str], seen: Seen, asker: Asker, sorts: Sorts, again: bool
) -> tuple[tuple[str, ...], Seen]:
    """Those candidates that have a place in the list, in the order of their point ids."""
    fit = [
        place
        for place, traits in enumerate(seen.traits)
        if traits is not None
        and not asker.left_out(traits, sorts, again)
        and not asker.kindred(traits, seen.vectors[place])
    ]
    fit.sort(key=lambda place: point_ids[place])
    return tuple(point_ids[place] for place in fit), Seen(tuple(seen.traits[place] for place in fit), seen.vectors[fit])


def _one_of_each(ids: Sequence[str], seen: Seen, verdict: Verdict) -> list[int]:
    """Places, best first, ties by point id; of variants of one product the best alone."""
    order = np.argsort(-verdict.total, kind="stable").tolist()  # ids are in order, so ties are too
    groups: dict[str, int] = {}
    for place in order:
        traits = seen.traits[place]
        groups.setdefault(group_of(traits) if traits is not None else ids[place], place)
    return list(groups.values())


def _ordered(best: Sequence[int], seen: Seen, verdict: Verdict, asker: Asker, diversity: float) -> list[int]:
    """What something speaks for, and not all of it alike; then, for somebody unknown, anything, categories in turn."""
    speaks = [place for place in best if verdict.total[place] > 0] if asker.nobody else list(best)
    rows = np.array(speaks, dtype=np.intp)
    order = [speaks[n] for n in spread(verdict.total[rows], seen.vectors[rows], diversity, MOST)]
    rest = [place for place in best if verdict.total[place] <= 0] if asker.nobody else []
    return (order + [rest[n] for n in in_turn([_shelf(seen, place) for place in rest])])[:MOST]


def _shelf(seen: Seen, place: int) -> str:
    traits = seen.traits[place]
    return next(iter(traits.values.get("category", ())[-1:]), "") if traits is not None else ""


def _candidate(ids: Sequence[str], verdict: Verdict, place: int) -> Candidate:
    parts = {name: float(effects[place]) for name, effects in verdict.parts.items() if effects[place]}
    return Candidate(ids[place], float(verdict.scores[place]), parts=parts)
