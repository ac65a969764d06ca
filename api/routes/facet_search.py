"""Looking for a value of a facet while its name is being typed."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request

from api import searching
from api.bodies import read_json
from api.desk import Desk, desk
from api.errors import ApiError, OrjsonResponse
from api.openapi import answers, body
from api.parsing import from_body, index_uid
from api.schemas import FacetSearchAnswer, FacetSearchBody
from search.domain import Json
from search.errors import FacetError

router = APIRouter(tags=["search"])


@router.post("/indexes/{index}/facet-search", responses=answers(FacetSearchAnswer), openapi_extra=body(FacetSearchBody))
async def facet_search(request: Request, index: str) -> OrjsonResponse:
    """Values of a facet by what is typed of them, with the counts that a search with the same words and filter has."""
    name = index_uid(index)
    asked = from_body(FacetSearchBody, await read_json(request), "search")
    return OrjsonResponse(await desk(request).searches.run(_find, desk(request), name, asked))


def _find(at: Desk, index: str, asked: FacetSearchBody) -> dict[str, Json]:
    began = time.perf_counter()
    plan = searching.plan_search(asked, at.settings.max_total_hits)
    try:
        hits = at.service.experiments.facet_search(
            at.engine, index, searching.asked_by(at.service, plan), asked.facet_name, asked.facet_query
        )
    except FacetError as error:
        raise ApiError("invalid_facet_search_facet_name", str(error)) from None
    return {
        "facetHits": [{"value": hit.value, "count": hit.count} for hit in hits],
        "facetQuery": asked.facet_query,
        "processingTimeMs": int((time.perf_counter() - began) * 1000),
    }
