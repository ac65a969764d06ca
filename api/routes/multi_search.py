"""Several searches in one request."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.bodies import read_json
from api.desk import Desk, desk
from api.errors import ApiError, OrjsonResponse, from_engine
from api.openapi import answers, body
from api.parsing import code_of, from_body, index_uid
from api.routes.search import RequestNotes, find, log_impressions
from api.schemas import MultiSearchAnswer, MultiSearchBody, MultiSearchQuery
from search.domain import Json
from search.errors import DaogouError

router = APIRouter(tags=["search"])


@router.post("/multi-search", responses=answers(MultiSearchAnswer), openapi_extra=body(MultiSearchBody))
async def multi_search(request: Request) -> OrjsonResponse:
    """Up to 100 searches, done one after another; the first error ends them all."""
    asked = from_body(MultiSearchBody, await read_json(request), "search")
    if asked.federation is not None:
        raise ApiError(code_of("search", "federation"), "`federation` is not supported: each query has its own result.")
    at = desk(request)
    return OrjsonResponse({"results": await at.searches.run(_all, at, asked.queries)})


def _all(at: Desk, queries: list[MultiSearchQuery]) -> list[dict[str, Json]]:
    results = []
    request = RequestNotes()
    for number, one in enumerate(queries):
        try:
            if one.federation_options is not None:
                raise ApiError(code_of("search", "federationOptions"), "`federationOptions` is not supported.")
            results.append({"indexUid": index_uid(one.index_uid), **find(at, one.index_uid, one, request)})
        except ApiError as error:
            raise _inside(number, error) from None
        except DaogouError as error:
            raise _inside(number, from_engine(error)) from error
    log_impressions(at, request)
    return results


def _inside(number: int, error: ApiError) -> ApiError:
    return ApiError(error.code, f"Inside `.queries[{number}]`: {error.message}")
