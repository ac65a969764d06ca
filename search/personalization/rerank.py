"""Candidates in everybody's order → in one shopper's, with a receipt for each.

Only the first WINDOW move, since what stands behind them fits the query too little to be worth a shopper's taste. No
score changes: `Candidate.score` stays the relevance to the words, and taste is told beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from search.domain import Candidate
from search.events import Receipt
from search.personalization.displacement import MOST_FALL, placed
from search.personalization.model import BASE_PARTS, FEATURES, PERSONAL_PARTS, Floats64, RankingModel
from search.personalization.parts import Judged, Taste, Together
from search.personalization.reach import reach
from search.personalization.receipts import reasons
from search.personalization.shelf import Seen

WINDOW = 200
"""Candidates that taste may reorder."""

PART = "profile"
"""The name under which a candidate's parts tell the sum of all effects of taste."""


@dataclass(frozen=True, slots=True, eq=False)
class Personalized:
    """`candidates` in the shopper's order; what is told of one is worked out for those that are shown."""

    candidates: tuple[Candidate, ...]
    base_ranks: Mapping[str, int]
    _taste: Taste
    _judged: Judged
    _effects: Floats64
    _seen: Seen
    _model: RankingModel
    _numbers: Mapping[str, int]

    def parts(self, candidate: Candidate) -> Mapping[str, float]:
        """Of a candidate of the window: what there is already, and a part for each of PERSONAL_PARTS, and PART."""
        number = self._numbers.get(candidate.point_id)
        if number is None:
            return candidate.parts
        personal = dict(zip(PERSONAL_PARTS, self._judged.parts[number].tolist(), strict=True))
        return {**candidate.parts, **personal, PART: float(self._effects[number].sum())}

    def receipt(self, candidate: Candidate, rank: int) -> Receipt:
        """Of a candidate that stands at `rank`."""
        number = self._numbers.get(candidate.point_id)
        base = self.base_ranks.get(candidate.point_id, rank)  # in browsing, what follows the window is not counted
        traits = self._seen.traits[number] if number is not None else None
        if number is None or traits is None:
            return Receipt(base, rank)
        effects = self._effects[number].tolist()
        return Receipt(base, rank, reasons(self._taste, self._judged, number, traits, effects, self._model))


def rerank(
    ordered: Sequence[Candidate],
    levels: Sequence[int],
    taste: Taste,
    seen: Seen,
    model: RankingModel,
    named: Collection[str] = (),
    together: Together | None = None,
    base_ranks: Mapping[str, int] | None = None,
    most_fall: int = MOST_FALL,
) -> Personalized:
    """`ordered` is everybody's order; `levels` and `seen` are of its first products, at most WINDOW.

    No product passes one of a lower level that stood before it, none falls by more than `most_fall` places. Fields
    that the query `named` are left out of taste. `base_ranks` are told where something was left out of `ordered`.
    """
    window = ordered[: len(levels)]
    judged = taste.judge(seen, named, together).within(reach(window))
    effects = judged.parts * model.personal
    totals = base_scores(window, model) + effects.sum(axis=1)
    order = placed(totals.tolist(), levels, most_fall)
    moved = [window[n] for n in order]
    ranks = base_ranks or {one.point_id: rank for rank, one in enumerate(ordered, start=1)}
    numbers = {one.point_id: number for number, one in enumerate(window)}
    return Personalized((*moved, *ordered[len(window) :]), ranks, taste, judged, effects, seen, model, numbers)


def base_scores(candidates: Sequence[Candidate], model: RankingModel) -> Floats64:
    """What everybody's order goes by; shape (candidates,)."""
    if model.orders_as_retrieval:
        return model.weights[0] * np.array([one.score for one in candidates], dtype=np.float64)
    parts = np.zeros((len(candidates), len(FEATURES)))
    for row, one in zip(parts, candidates, strict=True):
        row[: len(BASE_PARTS)] = [one.score, *(one.parts.get(name, 0.0) for name in BASE_PARTS[1:])]
    return model.scores(parts)


def in_learned_order(candidates: Sequence[Candidate], levels: Sequence[int], model: RankingModel) -> list[Candidate]:
    """Everybody's order where weights were learned: the first `len(levels)` by the parts that are no taste."""
    window = candidates[: len(levels)]
    order = placed(base_scores(window, model).tolist(), levels, most_fall=len(window))
    return [*(window[n] for n in order), *candidates[len(window) :]]
