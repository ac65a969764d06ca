"""A search as the wire has it → the engine's request; the engine's result → the answer."""

from __future__ import annotations

import math
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from api import highlight
from api.errors import ApiError, shorten
from api.formatting import Format, shown
from api.parsing import code_of
from api.schemas import Explaining, Personalize, SearchBody, SimilarBody
from search.bootstrap import Service
from search.documents import MAX_ID_CHARS
from search.domain import Hit, Json, Language, Query, SearchRequest, SearchResult, SortKey
from search.engine import Engine
from search.errors import FilterError
from search.events import Reason
from search.experiments.serving import Part, Served
from search.filters import MAX_CHARS, parse_filter

MAX_QUERY_CHARS = 4000
"""What is typed beyond this is not read; the answer's `query` shows what was."""

EMBEDDER = "default"

_CHINESE = frozenset({"zh", "zho", "chi", "cmn", "yue"})
_ENGLISH = frozenset({"en", "eng"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a hit the caller wants to see."""

    form: Format
    score: bool = False
    details: bool = False
    performance: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked search. `page` and `per_page` are set together when the caller counts in pages; `user` is the shop's id
    for the shopper, None for nobody known and for those who bring what they looked at with the request."""

    request: SearchRequest
    shown: Shown
    page: int | None = None
    per_page: int = 0
    degraded: tuple[str, ...] = ()
    user: str | None = None


def plan_search(body: SearchBody, most: int) -> Plan:
    """Check what the types cannot. `most` is how many hits one answer may hold. Raises ApiError, FilterError."""
    _refuse_search(body)
    page, per_page = None, 0
    offset, limit = body.offset, min(body.limit, most)
    if body.page is not None or body.hits_per_page is not None:
        page = 1 if body.page is None else body.page
        per_page = min(20 if body.hits_per_page is None else body.hits_per_page, most)
        offset, limit = (page - 1) * per_page if page else 0, per_page if page else 0
    form = Format(
        retrieve=tuple(body.attributes_to_retrieve),
        highlight=tuple(body.attributes_to_highlight),
        crop=Format.crops(body.attributes_to_crop, body.crop_length),
        before=body.highlight_pre_tag,
        after=body.highlight_post_tag,
        marker=body.crop_marker,
        positions=body.show_matches_position,
    )
    request = SearchRequest(
        text=body.q[:MAX_QUERY_CHARS],
        filter=parse_filter(bounded(body.filter)),
        sort=tuple(_sort_key(expression) for expression in body.sort),
        facets=tuple(body.facets),
        offset=offset,
        limit=limit,
        score_threshold=body.ranking_score_threshold,
        understand=body.understand,
        ignore=tuple(body.ignore),
        semantic_ratio=body.hybrid.semantic_ratio if body.hybrid else None,
        language=_language(body.locales),
        recent=product_ids(body.recent, "search"),
        personalize=body.personalize is not False,
        explain=explaining(body.explain),
    )
    wanted = Shown(form, body.show_ranking_score, body.show_ranking_score_details, body.show_performance_details)
    user = body.user if not request.recent else None
    return Plan(request, wanted, page, per_page, _missing(body), user or None)


def plan_similar(body: SimilarBody, most: int) -> Plan:
    _refuse(body.retrieve_vectors, "similar", "retrieveVectors", "vectors stay in the index")
    _check_embedder(body.embedder, "similar")
    request = SearchRequest(
        filter=parse_filter(bounded(body.filter)),
        offset=body.offset,
        limit=min(body.limit, most),
        score_threshold=body.ranking_score_threshold,
        explain=explaining(body.explain),
    )
    form = Format(retrieve=tuple(body.attributes_to_retrieve))
    wanted = Shown(form, body.show_ranking_score, body.show_ranking_score_details, body.show_performance_details)
    return Plan(request, wanted)


def search(service: Service, index: str, plan: Plan) -> tuple[dict[str, Json], Served]:
    """The answer of `POST /indexes/{index}/search`, and what it was made of."""
    began = time.perf_counter()
    served = service.experiments.search(service.engine, index, asked_by(service, plan))
    result = served.result
    query = result.query
    # What was searched for is marked, not the words of conditions: «not» and «under» explain nothing.
    wanted = highlight.terms(query.text or plan.request.text)
    answer: dict[str, Json] = {
        "hits": [shown_hit(hit, plan.shown, wanted) for hit in result.hits],
        "query": plan.request.text,
        "processingTimeMs": int((time.perf_counter() - began) * 1000),
        **extent(plan, result.total),
    }
    if plan.request.facets:
        answer["facetDistribution"] = result.facets
        answer["facetStats"] = {
            name: {"min": stats.min, "max": stats.max} for name, stats in result.facet_stats.items()
        }
    answer |= ours(plan, result)
    answer["understood"] = _understood(query)
    if result.weak:
        answer["weak"] = True
    if served.part is not None:
        answer["experiment"] = _part(served.part)
    return answer, served


def _part(part: Part) -> dict[str, Json]:
    """Which product came from which variant is for the log alone: shop fronts must show them all alike."""
    shown = {"name": part.experiment.name}
    return shown | {"variant": part.variant.name} if part.variant is not None else shown


def _understood(query: Query) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "text": query.text,
        "language": query.language,
        "constraints": [
            {
                "field": one.field,
                "op": one.op,
                "value": list(one.value) if isinstance(one.value, tuple) else one.value,
                "span": list(one.span),
                "text": one.text,
                "strength": one.strength,
            }
            for one in query.constraints
        ],
    }
    if query.sort:
        shown["sort"] = [f"{key.field}:{'desc' if key.descending else 'asc'}" for key in query.sort]
    if query.corrections:
        shown["corrections"] = [
            {"typed": one.typed, "taken": one.taken, "span": list(one.span)} for one in query.corrections
        ]
    return shown


def similar(engine: Engine, index: str, product_id: str, plan: Plan) -> tuple[dict[str, Json], SearchResult]:
    """The answer of `POST /indexes/{index}/similar`, and what it was made of."""
    began = time.perf_counter()
    result = engine.similar(index, product_id, plan.request)
    nothing = highlight.terms("")
    answer: dict[str, Json] = {
        "hits": [shown_hit(hit, plan.shown, nothing) for hit in result.hits],
        "id": product_id,
        "processingTimeMs": int((time.perf_counter() - began) * 1000),
        **extent(plan, result.total),
        **ours(plan, result),
    }
    return answer, result


def bounded(expression: Json) -> Json:
    """A filter as it was sent, if all of it together is not longer than one expression may be. Raises FilterError."""
    if isinstance(expression, list):
        size = sum(len(str(part)) + 1 for item in expression for part in (item if isinstance(item, list) else [item]))
        if size > MAX_CHARS:
            raise FilterError(f"A filter may have {MAX_CHARS:,} characters; this one has {size:,}.")
    return expression


def _refuse_search(body: SearchBody) -> None:
    """Name what Meilisearch documents and Daogou does not do."""
    for sent, name, why in (
        (body.distinct, "distinct", "results are not grouped"),
        (body.vector, "vector", "the index encodes queries itself; send `q`"),
        (body.media, "media", "queries are words; send `q`"),
        (body.retrieve_vectors or None, "retrieveVectors", "vectors stay in the index"),
        (body.use_network or None, "useNetwork", "there is one server"),
    ):
        _refuse(sent is not None, "search", name, why)
    if body.attributes_to_search_on is not None and "*" not in body.attributes_to_search_on:
        _refuse(True, "search", "attributesToSearchOn", "meaning is that of the whole product")
    if body.matching_strategy == "all":
        _refuse(True, "search", "matchingStrategy", "`all` asks for every word, and meaning matches none singly")
    if body.hybrid is not None:
        _check_embedder(body.hybrid.embedder, "search")


def _refuse(sent: bool, noun: str, name: str, why: str) -> None:
    if sent:
        raise ApiError(code_of(noun, name), f"`{name}` is not supported: {why}.")


def _check_embedder(name: str | None, noun: str) -> None:
    if name not in (None, EMBEDDER):
        raise ApiError(
            f"invalid_{noun}_embedder",
            f"Cannot find embedder with name `{shorten(name or '')}`: an index has one, named `{EMBEDDER}`.",
        )


def _sort_key(expression: str) -> SortKey:
    name, _, direction = expression.strip().rpartition(":")
    if not name or direction not in ("asc", "desc"):
        raise ApiError(
            "invalid_search_sort",
            "Invalid syntax for the sort parameter: expected expression ending by `:asc` or `:desc`, "
            f"found `{shorten(expression)}`.",
        )
    return SortKey(name, direction == "desc")


def _language(locales: list[str]) -> Language | None:
    """The language that the caller says the query is in; None to tell it from the words."""
    for locale in locales:
        code = locale.lower().partition("-")[0]
        if not (code.isascii() and code.isalpha() and 2 <= len(code) <= 3):
            raise ApiError(
                "invalid_search_locales", f"Unknown locale `{shorten(locale)}`: use ISO 639, as `en` or `zh`."
            )
        if code in _CHINESE:
            return "zh"
        if code in _ENGLISH:
            return "en"
    return None


def explaining(sent: bool | Explaining) -> Language | Literal["auto"] | None:
    """The language of explanations, as the engine has it; None: none are wanted."""
    if isinstance(sent, Explaining):
        return sent.language
    return "auto" if sent else None


def _missing(body: SearchBody) -> tuple[str, ...]:
    """What was asked for by name and is not there yet."""
    wanted = isinstance(body.personalize, Personalize) and bool(body.personalize.user_context)
    return ("personalization",) if wanted else ()


def product_ids(sent: Sequence[str | int], noun: str, name: str = "recent") -> tuple[str, ...]:
    """Ids of products as the engine has them, each once. Raises ApiError."""
    ids = tuple(dict.fromkeys(str(one).strip() for one in sent))
    if not all(0 < len(one) <= MAX_ID_CHARS for one in ids):
        raise ApiError(
            code_of(noun, name), f"Invalid value at `.{name}`: an id of a product has 1 to {MAX_ID_CHARS} characters."
        )
    return ids


def asked_by(service: Service, plan: Plan) -> SearchRequest:
    """The request with the name that Daogou has for the shopper."""
    return replace(plan.request, shopper=service.shoppers.name(plan.user) if plan.user else None)


def extent(plan: Plan, total: int) -> dict[str, int]:
    """Where the page lies among all that was found."""
    if plan.page is None:
        return {"limit": plan.request.limit, "offset": plan.request.offset, "estimatedTotalHits": total}
    pages = math.ceil(total / plan.per_page) if plan.per_page else 0
    return {"hitsPerPage": plan.per_page, "page": plan.page, "totalPages": pages, "totalHits": total}


def ours(plan: Plan, result: SearchResult) -> dict[str, Json]:
    """What Meilisearch does not have."""
    answer: dict[str, Json] = {
        "queryID": _query_id(),
        "degraded": list(dict.fromkeys([*result.degraded, *plan.degraded])),
    }
    if plan.shown.performance:
        answer["performanceDetails"] = {stage: f"{spent:.2f}ms" for stage, spent in result.timings.items()}
    return answer


def shown_hit(hit: Hit, wanted: Shown, terms: highlight.Terms) -> Mapping[str, Json]:
    fields = shown(hit.document, wanted.form, terms)
    if wanted.score:
        fields["_rankingScore"] = hit.score
    if wanted.details:
        fields["_rankingScoreDetails"] = {
            name: {"order": order, "score": part} for order, (name, part) in enumerate(hit.parts.items())
        }
    if hit.evidence:
        fields["_evidence"] = [
            {"constraint": one.constraint, "verdict": one.verdict, "field": one.field, "value": one.value}
            for one in hit.evidence
        ]
    if hit.receipt is not None:
        fields["_personalization"] = {
            "baseRank": hit.receipt.base_rank,
            "rank": hit.receipt.rank,
            "because": [reason(one) for one in hit.receipt.because],
        }
    if hit.explanation:
        fields["_explanation"] = hit.explanation
    return fields


def reason(one: Reason) -> dict[str, Json]:
    """What is not said of a reason is left out."""
    told: dict[str, Json] = {
        "field": one.field,
        "value": one.value,
        "products": list(one.products) or None,
        "event": one.event,
        "declared": one.declared or None,
    }
    said = {name: value for name, value in told.items() if value is not None}
    return {"part": one.part, "effect": round(one.effect, 6), **said}


def _query_id() -> str:
    """A UUID of version 7: unique, and in order of time, so that events that refer to it sort well."""
    bits = time.time_ns() // 1_000_000 << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return str(uuid.UUID(int=bits | 0x2 << 62 | secrets.randbits(62)))
