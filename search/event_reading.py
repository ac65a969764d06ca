"""What a shop sends as an event → Event. One reader for `POST /events` and for files, so that both take the same.

Whoever reads a format sees to it that fields have the types of Sent, and says in its own words where something stood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from search.documents import MAX_ID_CHARS
from search.errors import EventError
from search.events import MAX_VALUE, Event, EventType

MAX_POSITION = 1_000_000

MAX_USER_CHARS = 200
"""Of the shop's own id of a shopper."""

MAX_NAME_CHARS = 100
"""Of `queryID` and `id`."""

MAX_STARS = 5

SKEW = timedelta(days=1)
"""How far ahead a sender's clock may be: that covers a time of day sent without its zone."""

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 100_000_000_000
"""Seconds since 1970 reach this in the year 5138, milliseconds in 1973: what is below was meant as seconds."""

_EXCERPT = 60


@dataclass(frozen=True, slots=True)
class Sent:
    """An event as a shop tells it: `user` is the shop's own id of the shopper, `timestamp` ISO 8601 (without a zone:
    UTC) or milliseconds since 1970."""

    type: EventType
    user: str | None = None
    product: str | int | None = None
    query_id: str | None = None
    position: int | None = None
    value: float | None = None
    timestamp: str | int | None = None
    id: str | None = None


def read_event(sent: Sent, name: Callable[[str], str], now: datetime) -> Event:
    """`name` hides who the shopper is; `now` is the time of an event that tells none. Raises EventError."""
    product = None if sent.product is None else str(sent.product).strip()
    if not product and (sent.type != "search" or product is not None):
        raise EventError("product", f"a {sent.type} event needs the id of a product")
    if product and len(product) > MAX_ID_CHARS:
        raise EventError("product", f"an id has {MAX_ID_CHARS} characters at most")
    if sent.position is not None and not 1 <= sent.position <= MAX_POSITION:
        raise EventError("position", f"places count from 1, up to {MAX_POSITION:,}; found `{sent.position}`")
    if sent.type == "rating" and sent.value is None:
        raise EventError("value", "a rating event needs the stars that were given")
    if sent.type == "rating" and sent.value is not None and not 0 <= sent.value <= MAX_STARS:
        raise EventError(
            "value", f"stars up to {MAX_STARS} are expected, so convert other scales; found `{sent.value}`"
        )
    if sent.value is not None and not 0 <= sent.value <= MAX_VALUE:
        raise EventError("value", f"a number from 0 to {MAX_VALUE:,.0f} is expected; found `{sent.value}`")
    moment = _moment(sent.timestamp, now).astimezone(UTC)
    return Event(
        type=sent.type,
        shopper=name(sent.user) if sent.user else None,
        timestamp=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        product=product,
        query_id=sent.query_id or None,
        position=sent.position,
        value=sent.value,
        id=sent.id or None,
    )


def _moment(sent: str | int | None, now: datetime) -> datetime:
    if sent is None:
        return now
    try:
        if isinstance(sent, str):
            moment = datetime.fromisoformat(sent.strip())
            moment = (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
        elif 0 <= sent < _MILLISECONDS_FROM:
            raise EventError("timestamp", f"`{sent}` looks like seconds; milliseconds since 1970 are expected")
        else:
            moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=sent)
    except (ValueError, OverflowError):
        raise EventError(
            "timestamp", f"ISO 8601 or milliseconds since 1970 are expected; found `{_shorten(sent)}`"
        ) from None
    if moment < _EARLIEST:
        raise EventError("timestamp", f"`{_shorten(sent)}` is before the year 2000")
    if moment > now + SKEW:
        raise EventError("timestamp", f"`{_shorten(sent)}` is more than a day ahead of this server's clock")
    return moment


def _shorten(sent: str | int) -> str:
    text = str(sent)
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"
