"""Products like a product."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api import searching
from api.bodies import read_json
from api.desk import Desk, desk
from api.errors import OrjsonResponse
from api.openapi import answers, body, query
from api.parsing import from_body, from_query, index_uid
from api.schemas import SimilarAnswer, SimilarBody
from search.domain import Json

router = APIRouter(tags=["search"])


@router.post("/indexes/{index}/similar", responses=answers(SimilarAnswer), openapi_extra=body(SimilarBody))
async def similar(request: Request, index: str) -> OrjsonResponse:
    """Products whose descriptions mean nearly the same; itself and its variants are left out."""
    name = index_uid(index)
    return await _answer(desk(request), name, from_body(SimilarBody, await read_json(request), "similar"))


@router.get("/indexes/{index}/similar", responses=answers(SimilarAnswer), openapi_extra=query(SimilarBody))
async def similar_by_address(request: Request, index: str) -> OrjsonResponse:
    """The same with parameters in the address."""
    return await _answer(desk(request), index_uid(index), from_query(SimilarBody, request, "similar"))


async def _answer(at: Desk, index: str, asked: SimilarBody) -> OrjsonResponse:
    return OrjsonResponse(await at.searches.run(_find, at, index, asked))


def _find(at: Desk, index: str, asked: SimilarBody) -> dict[str, Json]:
    plan = searching.plan_similar(asked, at.settings.max_total_hits)
    answer, result = searching.similar(at.engine, index, str(asked.id), plan)
    at.metrics.search(index, result.total, dict(result.timings))
    return answer
