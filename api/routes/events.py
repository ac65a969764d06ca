"""What shoppers do, told by the shop front: clicks, carts, purchases and so on."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request

from api.bodies import kind_of, read_json
from api.desk import Desk, desk
from api.errors import ApiError, OrjsonResponse
from api.openapi import answers, list_or_one
from api.parsing import from_body
from api.schemas import EventBody, EventsAnswer
from search.domain import Json
from search.errors import EventError
from search.event_reading import Sent, read_event
from search.events import Event

router = APIRouter(tags=["events"])

MAX_EVENTS = 1000
"""In one request."""


@router.post("/events", status_code=202, responses=answers(EventsAnswer, 202), openapi_extra=list_or_one(EventBody))
async def events(request: Request) -> OrjsonResponse:
    """Tell what shoppers did: a list of events, or one. All are taken or none."""
    at = desk(request)
    taken = await at.reads.run(_take, at, await read_json(request))
    return OrjsonResponse({"accepted": taken}, status_code=202)


def _take(at: Desk, sent: Json) -> int:
    """How many events were taken. Raises ApiError."""
    found = read_events(sent, at, at.service.log.now())
    if not at.service.recorder.record(found):
        raise ApiError("unavailable", "More events come than can be written down. Send these again.")
    return len(found)


def read_events(sent: Json, at: Desk, now: datetime) -> list[Event]:
    """Raises ApiError that says which event is at fault, and in which field."""
    if isinstance(sent, dict):
        return [_event(sent, at, now)]
    if not isinstance(sent, list):
        raise ApiError("bad_request", f"Expected an array of events or one event, but found {kind_of(sent)}")
    if len(sent) > MAX_EVENTS:
        raise ApiError("bad_request", f"At most {MAX_EVENTS:,} events are taken at once; these are {len(sent):,}.")
    found = []
    for number, item in enumerate(sent):
        try:
            found.append(_event(item, at, now))
        except ApiError as error:
            raise ApiError(error.code, f"Inside `[{number}]`: {error.message}") from None
    return found


def _event(item: Json, at: Desk, now: datetime) -> Event:
    one = from_body(EventBody, item, "event")
    sent = Sent(one.type, one.user, one.product, one.query_id, one.position, one.value, one.timestamp, one.id)
    try:
        return read_event(sent, at.service.shoppers.name, now)
    except EventError as error:
        raise ApiError(f"invalid_event_{error.field}", f"Invalid value at `.{error.field}`: {error.why}.") from None
