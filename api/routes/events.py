"""What shoppers do, told by the shop front: clicks, carts, purchases and so on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request

from api.bodies import kind_of, read_json
from api.desk import Desk, desk
from api.errors import ApiError, OrjsonResponse, shorten
from api.openapi import answers, list_or_one
from api.parsing import from_body
from api.schemas import EventBody, EventsAnswer
from search.documents import MAX_ID_CHARS
from search.domain import Json
from search.events import Event
from search.experiments.log import on_log
from search.experiments.records import MAX_VALUE

router = APIRouter(tags=["events"])

MAX_EVENTS = 1000
"""In one request."""

MAX_POSITION = 1_000_000

SKEW = timedelta(days=1)
"""How far ahead a sender's clock may be: that covers a time of day sent without its zone."""

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 100_000_000_000
"""Seconds since 1970 reach this in the year 5138, milliseconds in 1973: what is below was meant as seconds."""


@router.post("/events", status_code=202, responses=answers(EventsAnswer, 202), openapi_extra=list_or_one(EventBody))
async def events(request: Request) -> OrjsonResponse:
    """Tell what shoppers did: a list of events, or one. All are taken or none."""
    at = desk(request)
    taken = await at.reads.run(_take, at, await read_json(request))
    return OrjsonResponse({"accepted": taken}, status_code=202)


def _take(at: Desk, sent: Json) -> int:
    """How many events were taken. Raises ApiError."""
    found = read_events(sent, at, at.service.log.now())
    if not at.service.record(found):
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
    product = None if one.product is None else str(one.product).strip()
    if not product and (one.type != "search" or product is not None):
        raise _refused("product", f"a {one.type} event needs the id of a product")
    if product and len(product) > MAX_ID_CHARS:
        raise _refused("product", f"an id has {MAX_ID_CHARS} characters at most")
    if one.position is not None and not 1 <= one.position <= MAX_POSITION:
        raise _refused("position", f"places count from 1, up to {MAX_POSITION:,}; found `{one.position}`")
    if one.type == "rating" and one.value is None:
        raise _refused("value", "a rating event needs the stars that were given")
    if one.value is not None and not 0 <= one.value <= MAX_VALUE:
        raise _refused("value", f"a number from 0 to {MAX_VALUE:,.0f} is expected; found `{one.value}`")
    return Event(
        type=one.type,
        shopper=at.service.shoppers.name(one.user) if one.user else None,
        timestamp=on_log(_moment(one.timestamp, now)),
        product=product,
        query_id=one.query_id or None,
        position=one.position,
        value=one.value,
    )


def _moment(sent: str | int | None, now: datetime) -> datetime:
    if sent is None:
        return now
    try:
        if isinstance(sent, str):
            moment = datetime.fromisoformat(sent.strip())
            moment = (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
        elif 0 <= sent < _MILLISECONDS_FROM:
            raise _refused("timestamp", f"`{sent}` looks like seconds; milliseconds since 1970 are expected")
        else:
            moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=sent)
    except (ValueError, OverflowError):
        raise _refused(
            "timestamp", f"ISO 8601 or milliseconds since 1970 are expected; found `{shorten(str(sent))}`"
        ) from None
    if moment < _EARLIEST:
        raise _refused("timestamp", f"`{shorten(str(sent))}` is before the year 2000")
    if moment > now + SKEW:
        raise _refused("timestamp", f"`{shorten(str(sent))}` is more than a day ahead of this server's clock")
    return moment


def _refused(field: str, why: str) -> ApiError:
    return ApiError(f"invalid_event_{field}", f"Invalid value at `.{field}`: {why}.")
