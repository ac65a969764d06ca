"""What somebody may want who has not said so: for a shopper, a session or a basket, and beside a product."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api import recommending
from api.bodies import read_json
from api.desk import Desk, desk
from api.errors import OrjsonResponse
from api.openapi import answers, body
from api.parsing import from_body, index_uid
from api.schemas import GoesWithBody, RecommendationsAnswer, RecommendationsBody
from search.domain import Json

router = APIRouter(tags=["search"])


@router.post(
    "/indexes/{index}/recommendations",
    responses=answers(RecommendationsAnswer),
    openapi_extra=body(RecommendationsBody),
)
async def recommendations(request: Request, index: str) -> OrjsonResponse:
    """Products for a shopper, a session or a basket, each with its reasons; for nobody known, what is popular."""
    at, name = desk(request), index_uid(index)
    asked = from_body(RecommendationsBody, await read_json(request), "recommendations")
    return OrjsonResponse(await at.searches.run(_recommend, at, name, asked))


@router.post("/indexes/{index}/goes-with", responses=answers(RecommendationsAnswer), openapi_extra=body(GoesWithBody))
async def goes_with(request: Request, index: str) -> OrjsonResponse:
    """Products that are bought together with one, or with all of several."""
    at, name = desk(request), index_uid(index)
    asked = from_body(GoesWithBody, await read_json(request), "goes_with")
    return OrjsonResponse(await at.searches.run(_goes_with, at, name, asked))


def _recommend(at: Desk, index: str, asked: RecommendationsBody) -> dict[str, Json]:
    answer, result = recommending.recommend(at.service, index, asked, at.settings.max_total_hits)
    at.metrics.search(index, result.total, dict(result.timings))
    return answer


def _goes_with(at: Desk, index: str, asked: GoesWithBody) -> dict[str, Json]:
    answer, result = recommending.goes_with(at.service, index, asked, at.settings.max_total_hits)
    at.metrics.search(index, result.total, dict(result.timings))
    return answer
