"""Query → one candidate set. Hits, totals, facets and pages of a search are all taken from it and nothing else.

A query with words goes down two lanes, by meaning (dense vectors) and by words (BM25 as sparse vectors); what either
finds is a candidate, and gets one score (search/fusion). A query without words browses: every product that passes the
filter.

The set depends on the words and the filter alone, never on offset or limit, so pages neither repeat nor skip.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from search.calibration import support
from search.codes import MENTIONED
from search.constraints import not_violated, satisfied
from search.domain import (
    And,
    Candidate,
    Constraint,
    Filter,
    SearchRequest,
    SortKey,
    Sparse,
)
from search.fusion import KIND_WEIGHT, PREFERRED_WEIGHT, Floats, Scale, fuse, shown_scores
from search.lanes import WordQuery
from search.paging import CandidateSet, checked, cut_out
from search.protocols import Collection, Vector
from search.terms import fold

CUT_OFF = 0.5
"""A candidate stays when its cosine is at least this share of the best one's, or when it has at least this share of the
query's words: the others are nearest by lack of better."""

SHORTLIST = 400
"""Candidates that get every part of their score exactly; what comes behind them keeps its place by the lane that found
it. Scores of given products are the dearest calls."""

HEADS = 8
"""Products of each lane among which the one is sought that most speaks for."""

_NAMES = ("title", "model", "sku", "mpn", "part_number", "model_number")

IDENTIFYING = 20
"""A code that more products bear than this, as ddr3, identifies none and is a word like others."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What retrieval is asked for in words. `ratio` 1 is by meaning alone, 0 by words alone.

    `whole` is the code that all of the query may be, `codes` those within it. `excluded` are words that no product may
    have. `sort` is what words like «cheapest» ask for: it orders the products that fit the other words well, since the
    cheapest of all is seldom what is meant. `sensible` says that the vector means something: that of a language which
    the encoder does not read does not.
    `nothing` and `weak` are the least supports (search/calibration) below which there is no answer, or a weak one.
    """

    vector: Vector | None
    words: WordQuery
    kinds: Sparse
    ratio: float
    kind_weight: float = KIND_WEIGHT
    constraints: tuple[Constraint, ...] = ()
    whole: str = ""
    codes: tuple[str, ...] = ()
    excluded: Sparse = field(default_factory=Sparse)
    sort: tuple[SortKey, ...] = ()
    sensible: bool = True
    nothing: float = -math.inf
    weak: float = -math.inf


@dataclass(frozen=True, slots=True)
class Looked:
    """Candidates in the order of a second look; `degraded` names it where it failed and changed nothing."""

    candidates: Sequence[Candidate]
    degraded: tuple[str, ...] = ()


Look = Callable[[Sequence[Candidate]], Looked]


def by_words_and_meaning(
    collection: Collection, asked: Asked, request: SearchRequest, most: int, look: Look | None = None
) -> CandidateSet:
    """The hybrid way: at most `most` candidates, best first unless a sort is asked for.

    Conditions that must hold let no violator in; products of which it is not known whether they meet them come after
    those that do. A product whose code was typed comes first, whatever else the words say.
    """
    facets = checked(collection, request)
    musts = [one for one in asked.constraints if one.strength == "must" and _known(collection, one)]
    wanted = _all_of(request.filter, *(not_violated(one) for one in musts))
    # Who types a model or a title and nothing else names a product, whatever conditions its name may sound like.
    named = bearing(collection, (asked.whole,), request.filter) or bearing(collection, asked.codes, wanted)
    named = _to_the_letter(collection, named, request.text)
    lanes = _search_lanes(collection, asked, wanted, most)
    best = lanes if wanted is None else _search_lanes(collection, asked, None, HEADS)
    # Where an index has not learnt how rare words are, the product that has most of them is the measure.
    worth = asked.words.known_worth or max(best.words.values(), default=0.0)
    scale = Scale(max(best.cosine.values(), default=0.0), worth, asked.kind_weight)
    strongest = _strongest(collection, asked, best)
    found = _scored(collection, asked, lanes, scale) if strongest >= asked.nothing else []
    found = _without_excluded(collection, asked.excluded, found)
    ordered = _in_tiers(collection, asked, musts, found, named)[:most]
    looked = look(ordered) if look else Looked(ordered)
    best_of_all = cut_out(collection, looked.candidates, request, facets, asked.sort)
    return replace(best_of_all, weak=strongest < asked.weak and not named, degraded=looked.degraded)


def by_nearness(
    collection: Collection, vector: Vector, request: SearchRequest, most: int, within: Filter | None = None
) -> CandidateSet:
    """Products near a vector: at most `most`, nearest first. The best of those `within` a filter sets the floor, so
    that the caller's own filter narrows the set and never lets others in."""
    facets = checked(collection, request)
    found = collection.nearest(vector, most, request.filter)
    if found:
        best = found if request.filter == within else collection.nearest(vector, 1, within)
        floor = max(CUT_OFF * best[0].score, request.score_threshold or -math.inf)
        found = [candidate for candidate in found if candidate.score >= floor]
    return cut_out(collection, found, replace(request, score_threshold=None), facets)


@dataclass(frozen=True, slots=True)
class _Lanes:
    """Scores by point id, as each lane found them; `complete` says that the lane left none out."""

    cosine: Mapping[str, float]
    words: Mapping[str, float]
    words_complete: bool


def _search_lanes(collection: Collection, asked: Asked, wanted: Filter | None, most: int) -> _Lanes:
    near = [] if asked.vector is None or asked.ratio == 0 else collection.nearest(asked.vector, most, wanted)
    said = [] if asked.ratio == 1 else collection.matching("words", asked.words.vector, most, wanted)
    return _Lanes(
        {one.point_id: one.score for one in near}, {one.point_id: one.score for one in said}, len(said) < most
    )


def _strongest(collection: Collection, asked: Asked, lanes: _Lanes) -> float:
    """The support of the best products of both lanes, the caller's filter and the conditions left out of account."""
    heads = list(dict.fromkeys([*islice(lanes.cosine, HEADS), *islice(lanes.words, HEADS)]))
    if not heads:
        return -math.inf
    cosine = {head: lanes.cosine[head] for head in heads if head in lanes.cosine}
    if not asked.sensible:
        cosine = {}
    elif asked.vector is not None and len(cosine) < len(heads):
        cosine |= collection.similarity(asked.vector, [head for head in heads if head not in cosine])
    words = {head: lanes.words[head] for head in heads if head in lanes.words}
    if asked.words.vector.indices and len(words) < len(heads):
        words |= collection.relevance("words", asked.words.vector, heads)
    worth = asked.words.worth
    return max(support(cosine.get(head, 0.0), words.get(head, 0.0) / worth if worth else 0.0) for head in heads)


def _scored(collection: Collection, asked: Asked, lanes: _Lanes, scale: Scale) -> list[Candidate]:
    """Every candidate with its score, best first, ties by point id."""
    ids = sorted({*lanes.cosine, *lanes.words})
    # What a lane did not find scores below all that it did: its last score is the most that it can be.
    last = min(lanes.cosine.values(), default=0.0)
    cosine = np.array([lanes.cosine.get(each, last) for each in ids])
    words = np.array([lanes.words.get(each, 0.0) for each in ids])
    kind = np.zeros(len(ids))
    first = fuse(cosine, words, kind, scale, asked.ratio)
    if 0 < asked.ratio < 1:
        _fill_in(collection, asked, lanes, ids, np.argsort(-first, kind="stable")[:SHORTLIST], cosine, words, kind)
    fused = fuse(cosine, words, kind, scale, asked.ratio)
    kept = (cosine >= CUT_OFF * scale.best_cosine) & (cosine > 0) if asked.ratio > 0 else words > 0
    if 0 < asked.ratio < 1 and scale.words_worth > 0:
        kept |= words >= CUT_OFF * scale.words_worth
    if not asked.sensible and asked.ratio < 1:
        kept &= words > 0
    shown = shown_scores(fused, scale, asked.ratio)
    order = np.argsort(-fused, kind="stable")
    return [
        Candidate(ids[n], float(shown[n]), parts=_parts(asked.ratio, cosine[n], words[n], kind[n], scale))
        for n in order
        if kept[n]
    ]


def _fill_in(
    collection: Collection, asked: Asked, lanes: _Lanes, ids: Sequence[str], shortlist: np.typing.NDArray[np.intp],
    cosine: Floats, words: Floats, kind: Floats,
) -> None:  # fmt: skip
    """Ask for the parts that the lanes did not give, for the shortlist alone."""
    chosen = [ids[n] for n in shortlist]
    unseen = [each for each in chosen if each not in lanes.cosine]
    near = collection.similarity(asked.vector, unseen) if unseen and asked.vector is not None else {}
    said = {} if lanes.words_complete else collection.relevance("words", asked.words.vector, chosen)
    kinds = collection.relevance("kind", asked.kinds, chosen) if asked.kinds.indices else {}
    for n in shortlist:
        cosine[n] = near.get(ids[n], cosine[n])
        words[n] = said.get(ids[n], words[n])
        kind[n] = kinds.get(ids[n], 0.0)


def _parts(ratio: float, cosine: float, words: float, kind: float, scale: Scale) -> Mapping[str, float]:
    parts = {}
    if ratio > 0:
        parts["semantic"] = float(cosine)
    if ratio < 1:
        parts["lexical"] = float(min(1.0, words / scale.words_worth)) if scale.words_worth else 0.0
    if 0 < ratio < 1:
        parts["kind"] = float(min(1.0, kind))
    return parts


def _without_excluded(collection: Collection, excluded: Sparse, found: list[Candidate]) -> list[Candidate]:
    """Without the products that have a word which the query rules out."""
    if not excluded.indices or not found:
        return found
    bad = collection.relevance("words", excluded, [one.point_id for one in found])
    return [one for one in found if one.point_id not in bad]


def _in_tiers(
    collection: Collection, asked: Asked, musts: Sequence[Constraint], found: list[Candidate], named: Sequence[str]
) -> list[Candidate]:
    """Named by code; then those known to meet every condition; then the others. Within a tier by score."""
    ids = [one.point_id for one in found]
    scores = {one.point_id: one.score for one in found}
    for preferred in asked.constraints:
        if preferred.strength == "prefer" and _known(collection, preferred):
            for met in collection.passing(ids, satisfied(preferred)):
                scores[met] = min(1.0, scores[met] + PREFERRED_WEIGHT)
    met_all = collection.passing(ids, And(tuple(map(satisfied, musts)))) if musts and ids else set(ids)
    ranked = [
        replace(one, score=scores[one.point_id], tier=1 if one.point_id in met_all else 2)
        for one in found
        if one.point_id not in named
    ]
    parts = {one.point_id: one.parts for one in found}
    first = [Candidate(point, 1.0, parts={"code": 1.0, **parts.get(point, {})}, tier=0) for point in named]
    return first + sorted(ranked, key=lambda one: (one.tier, -one.score))


def bearing(collection: Collection, codes: Sequence[str], filter: Filter | None) -> list[str]:
    """The products that a code in the query names: those whose own it is, then those whose titles mention it.

    Of several codes the first that names any counts.
    """
    for code in (each for each in codes if each):
        found: list[str] = []
        for key in (code, MENTIONED + code):
            bearers = collection.by_code([key], IDENTIFYING + 1, filter)
            found += bearers if len(bearers) <= IDENTIFYING else []
        if found:
            return list(dict.fromkeys(found))
    return []


def _to_the_letter(collection: Collection, named: list[str], typed: str) -> list[str]:
    """Of several products named, first those whose title or model is written just so: 2.0m is not 20m, nor 57+ 57."""
    if len(named) < 2:
        return named
    wanted = fold(typed).split()
    said = collection.values(named, _NAMES)
    exact = [each for each in named if any(fold(str(value)).split() == wanted for value in said[each].values())]
    return exact + [each for each in named if each not in exact]


def _known(collection: Collection, constraint: Constraint) -> bool:
    return constraint.field in collection.manifest.fields


def _all_of(*parts: Filter | None) -> Filter | None:
    given = tuple(part for part in parts if part is not None)
    return None if not given else given[0] if len(given) == 1 else And(given)
