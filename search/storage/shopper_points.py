"""Events, records, profiles and pages ↔ what is kept of them. Shared by all stores of shoppers; imports no Qdrant.

Every point has a `kind` and, unless nobody is known, the `shopper` that it goes with. Ids are made of what must be one
of a kind, so that writing the same thing twice changes nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from search.errors import StoreError
from search.events import EVENT_TYPES, MAX_VALUE, Event
from search.storage.payload import point_id

Kind = Literal["event", "anonymous", "shown", "stamp", "record", "profile"]
"""`anonymous` is an event of nobody known."""

MAX_CHARS = 1024
"""Of any name or id that is kept: longer ones are mistakes, and would fill the disk."""

MAX_POSITION = 1_000_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


# --- instants --------------------------------------------------------------------------------------------------------


def millis(instant: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 instant (UTC where it names no zone). Raises StoreError."""
    try:
        moment = datetime.fromisoformat(instant)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return (moment - _EPOCH) // _MILLISECOND
    except (ValueError, TypeError, OverflowError):
        raise StoreError("An instant is not ISO 8601, as 2026-11-28T09:31:05.120Z. Nothing was written.") from None


def instant(milliseconds: int) -> str:
    """ISO 8601 in UTC to the millisecond."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- events ----------------------------------------------------------------------------------------------------------


def checked_event(event: Event) -> Event:
    """The same with its time as stores tell it. Raises StoreError, which names the field and nothing of what is in it:
    errors are logged, and what shoppers do is not."""
    if event.type not in EVENT_TYPES:
        raise _refused("type", f"is none of {', '.join(EVENT_TYPES)}")
    if event.shopper is not None:
        check_name(event.shopper)
    for field, text in (("product", event.product), ("query_id", event.query_id), ("id", event.id)):
        if text is not None and not is_text(text):
            raise _refused(field, f"is not a text of 1 to {MAX_CHARS} characters")
    if event.position is not None and not (_is_whole(event.position) and 1 <= event.position <= MAX_POSITION):
        raise _refused("position", f"is no whole number from 1 to {MAX_POSITION:,}")
    if event.value is not None and not (_is_number(event.value) and abs(event.value) <= MAX_VALUE):
        raise _refused("value", f"is no number up to {MAX_VALUE:,.0f}")
    return Event(
        event.type,
        event.shopper,
        instant(millis(event.timestamp)),
        event.product,
        event.query_id,
        event.position,
        None if event.value is None else float(event.value) + 0.0,
        event.id,
    )


def check_name(shopper: str) -> None:
    """Raises StoreError where that cannot be the HMAC of a shopper."""
    if not is_text(shopper):
        raise StoreError(f"The name of a shopper is not a text of 1 to {MAX_CHARS} characters. Nothing was written.")


def event_key(event: Event) -> str:
    """The point id of a checked event: the same for the same event.

    Ids that shops give count for the shopper alone, so that no shopper's browser can take the place of another's event.
    """
    if event.id is not None:
        return key("event", event.shopper, event.id)
    told = (event.type, event.timestamp, event.product, event.query_id, event.position, event.value)
    return key("event", event.shopper, None, *told)


def key(kind: Kind, shopper: str | None, *parts: object) -> str:
    """The point id of what these parts name, which are texts, numbers or None.

    Ids begin with 16 bits of a hash of the shopper, so that all of one shopper lies together in the order of ids.
    """
    digest = hashlib.blake2b(b"" if shopper is None else shopper.encode(), digest_size=2).hexdigest()
    return digest + point_id(f"{kind}/{(shopper, *parts)!r}")[len(digest) :]


# --- shoppers who are alike ------------------------------------------------------------------------------------------


def tastes(steps: Sequence[tuple[str, float]]) -> dict[str, float]:
    """What (product, weight) steps say of each product, as a vector over products of unit length; {} where nothing.

    Each product counts with its strongest weight. The dot product of two such vectors is the constrained Pearson
    correlation (Shardanand and Maes, CHI 1995): deviations are taken from the neutral point of the scale, which is 0
    for weights that are below 0 for a dislike, since the mean of somebody who only ever buys says nothing.
    """
    strongest: dict[str, float] = {}
    for product, weight in steps:
        if abs(weight) > abs(strongest.get(product, 0.0)):
            strongest[product] = float(weight)
    length = math.sqrt(sum(weight * weight for weight in strongest.values()))
    return {product: weight / length for product, weight in strongest.items()} if length > 0 else {}


def term(product: str) -> int:
    """The index of a product in a sparse vector: 32 bits of a hash. Two of 20,000 products share one in 5 % of
    catalogues, and then their buyers look a little more alike than they are."""
    return int.from_bytes(hashlib.blake2b(product.encode("utf-8", "surrogatepass"), digest_size=4).digest())


# --- parts -----------------------------------------------------------------------------------------------------------


def is_text(text: object) -> bool:
    if not isinstance(text, str) or not 0 < len(text) <= MAX_CHARS:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _is_number(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)


def _refused(field: str, why: str) -> StoreError:
    return StoreError(f"An event cannot be kept: its {field} {why}. Nothing was written.")


__all__ = ["Kind", "check_name", "checked_event", "event_key", "instant", "key", "millis", "tastes", "term"]
