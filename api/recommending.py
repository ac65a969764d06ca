"""What is recommended, as the wire has it → the engine's request; the engine's result → the answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from api import highlight
from api.errors import ApiError
from api.formatting import Format
from api.schemas import Explaining, GoesWithBody, RecommendationsBody
from api.searching import Plan, Shown, bounded, explaining, extent, ours, product_ids, reason, shown_hit
from search.bootstrap import Service
from search.domain import Hit, Json, Language, RecommendRequest, SearchRequest, SearchResult
from search.filters import parse_filter


def recommend(
    service: Service, index: str, body: RecommendationsBody, most: int
) -> tuple[dict[str, Json], SearchResult]:
    """The answer of `POST /indexes/{index}/recommendations`, and what it was made of. Raises ApiError, FilterError."""
    began = time.perf_counter()
    plan = _plan(body, most)
    recent = product_ids(body.recent, "recommendations")
    known = body.personalize is not False
    request = RecommendRequest(
        shopper=service.shoppers.name(body.user) if body.user and known and not recent else None,
        recent=recent if known else (),
        basket=product_ids(body.basket, "recommendations", "basket"),
        filter=plan.request.filter,
        limit=plan.request.limit,
        offset=plan.request.offset,
        personalize=known,
        explain=_language(body.explain),
    )
    request = _as_diverse(request, body.diversity)
    result = service.engine.recommend(index, request)
    return _answer(plan, result, began), result


def goes_with(service: Service, index: str, body: GoesWithBody, most: int) -> tuple[dict[str, Json], SearchResult]:
    """The answer of `POST /indexes/{index}/goes-with`, and what it was made of. Raises ApiError, DaogouError."""
    began = time.perf_counter()
    plan = _plan(body, most)
    if (body.id is None) == (not body.ids):
        raise ApiError("missing_goes_with_id", "Say which products: `id` of one, or `ids` of several.")
    ids = product_ids(
        [body.id] if body.id is not None else body.ids, "goes_with", "id" if body.id is not None else "ids"
    )
    request = RecommendRequest(
        filter=plan.request.filter,
        limit=plan.request.limit,
        offset=plan.request.offset,
        explain=_language(body.explain),
    )
    request = _as_diverse(request, body.diversity)
    result = service.engine.goes_with(index, ids, request)
    return _answer(plan, result, began), result


def _language(sent: bool | Explaining) -> Language | None:
    """Of explanations; there is no query to tell it from, so English unless another one is named."""
    wanted = explaining(sent)
    return "en" if wanted == "auto" else wanted


def _as_diverse(request: RecommendRequest, wanted: float | None) -> RecommendRequest:
    return request if wanted is None else replace(request, diversity=wanted)


def _plan(body: RecommendationsBody | GoesWithBody, most: int) -> Plan:
    request = SearchRequest(filter=parse_filter(bounded(body.filter)), offset=body.offset, limit=min(body.limit, most))
    form = Format(retrieve=tuple(body.attributes_to_retrieve))
    wanted = Shown(form, body.show_ranking_score, body.show_ranking_score_details, body.show_performance_details)
    return Plan(request, wanted)


def _answer(plan: Plan, result: SearchResult, began: float) -> dict[str, Json]:
    nothing = highlight.terms("")
    return {
        "hits": [_hit(hit, plan.shown, nothing) for hit in result.hits],
        "processingTimeMs": int((time.perf_counter() - began) * 1000),
        **extent(plan, result.total),
        **ours(plan, result),
    }


def _hit(hit: Hit, wanted: Shown, nothing: highlight.Terms) -> Mapping[str, Json]:
    fields = dict(shown_hit(hit, wanted, nothing))
    fields.pop("_personalization", None)
    if hit.receipt is not None:
        fields["_recommendation"] = {"because": [reason(one) for one in hit.receipt.because]}
    return fields
