"""Searching one index."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter, Request

from api import searching
from api.bodies import read_json
from api.desk import Desk, desk
from api.errors import OrjsonResponse
from api.openapi import answers, body, query
from api.parsing import from_body, from_query, index_uid
from api.schemas import SearchAnswer, SearchBody
from search.domain import Json
from search.experiments.log import on_log
from search.experiments.records import Impression
from search.experiments.serving import Served

router = APIRouter(tags=["search"])


@router.post("/indexes/{index}/search", responses=answers(SearchAnswer), openapi_extra=body(SearchBody))
async def search(request: Request, index: str) -> OrjsonResponse:
    """Find products by what the shopper typed."""
    name = index_uid(index)
    return await _answer(desk(request), name, from_body(SearchBody, await read_json(request), "search"))


@router.get("/indexes/{index}/search", responses=answers(SearchAnswer), openapi_extra=query(SearchBody))
async def search_by_address(request: Request, index: str) -> OrjsonResponse:
    """The same with parameters in the address; lists are separated by commas."""
    return await _answer(desk(request), index_uid(index), from_query(SearchBody, request, "search"))


async def _answer(at: Desk, index: str, asked: SearchBody) -> OrjsonResponse:
    return OrjsonResponse(await at.searches.run(_one, at, index, asked))


def _one(at: Desk, index: str, asked: SearchBody) -> dict[str, Json]:
    request = RequestNotes()
    answer = find(at, index, asked, request)
    log_impressions(at, request)
    return answer


@dataclass(slots=True)
class RequestNotes:
    """What is noted of one HTTP request with all its searches: the indexes and words that it has been remembered for,
    and the pages to log, once it is certain that somebody sees them."""

    counted: set[tuple[str, str]] = field(default_factory=set)
    shown: list[Impression] = field(default_factory=list)


def find(at: Desk, index: str, asked: SearchBody, request: RequestNotes) -> dict[str, Json]:
    """Plan and search; blocks."""
    plan = searching.plan_search(asked, at.settings.max_total_hits)
    answer, served = searching.search(at.service, index, plan)
    result = served.result
    at.metrics.search(index, result.total, dict(result.timings))
    _note_experiment(at, index, plan, served, answer["queryID"], request)
    if served.as_outside:
        at.service.feedback.served(answer["queryID"], index, searching.asked_by(at.service, plan), result)
    query = (index, plan.request.text)
    # Leafing through pages and counting facets is not asking again; of who keeps their history themselves, nothing is
    # kept at all.
    found = result.hits and not result.weak and not plan.request.offset and not plan.request.recent
    if at.service.past is not None and found and query not in request.counted:
        request.counted.add(query)
        at.service.past.record(*query)
    return answer


def log_impressions(at: Desk, request: RequestNotes) -> None:
    """Without waiting: what finds no room is lost, and counted."""
    at.service.recorder.log_shown(request.shown)


def _note_experiment(
    at: Desk, index: str, plan: searching.Plan, served: Served, query_id: str, request: RequestNotes
) -> None:
    part = served.part or served.missed
    if part is None:
        return
    at.metrics.experiment(part.experiment.name, part.variant.name if part.variant else "", part.fell_back)
    impression = served.impression(index, plan.request, query_id, on_log(at.service.log.now()))
    if impression is not None:
        request.shown.append(impression)
