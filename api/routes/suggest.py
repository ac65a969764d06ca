"""Completions of what is being typed."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request

from api.bodies import read_json
from api.desk import Desk, desk
from api.errors import OrjsonResponse
from api.openapi import answers, body, query
from api.parsing import from_body, from_query, index_uid
from api.schemas import SuggestAnswer, SuggestBody
from search.domain import Json
from search.suggestions import MAX_CHARS, Suggestion

router = APIRouter(tags=["search"])

MAX_SUGGESTIONS = 20


@router.post("/indexes/{index}/suggest", responses=answers(SuggestAnswer), openapi_extra=body(SuggestBody))
async def suggest(request: Request, index: str) -> OrjsonResponse:
    """Complete what the shopper is typing: sorts of things, brands, categories, products, what others asked for."""
    name = index_uid(index)
    return await _answer(desk(request), name, from_body(SuggestBody, await read_json(request), "suggest"))


@router.get("/indexes/{index}/suggest", responses=answers(SuggestAnswer), openapi_extra=query(SuggestBody))
async def suggest_by_address(request: Request, index: str) -> OrjsonResponse:
    """The same with parameters in the address."""
    return await _answer(desk(request), index_uid(index), from_query(SuggestBody, request, "suggest"))


async def _answer(at: Desk, index: str, asked: SuggestBody) -> OrjsonResponse:
    # Among the reads: somebody who types must not wait behind searches.
    return OrjsonResponse(await at.reads.run(_suggest, at, index, asked))


def _suggest(at: Desk, index: str, asked: SuggestBody) -> dict[str, Json]:
    began = time.perf_counter()
    typed = asked.q[:MAX_CHARS]
    past = at.service.past.completing(index, typed) if at.service.past is not None else []
    found = at.engine.suggest(index, typed, min(asked.limit, MAX_SUGGESTIONS), past)
    at.metrics.suggestion(index, len(found))
    return {
        "suggestions": [_shown(one) for one in found],
        "q": typed,
        "processingTimeMs": int((time.perf_counter() - began) * 1000),
    }


def _shown(one: Suggestion) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "text": one.text,
        "kind": one.kind,
        "count": one.count,
        "highlighted": [list(span) for span in one.highlighted],
    }
    return shown | {"id": one.product_id} if one.kind == "title" else shown
