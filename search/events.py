"""What shoppers do, and what came of it: events, and receipts of what was moved for somebody. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EventType = Literal["view", "cart", "purchase", "rating", "search", "click", "hide"]
MAX_VALUE = 1e9
"""Most that the `value` of one event may be: sums and squares of many stay finite."""

EVENT_TYPES: tuple[EventType, ...] = ("view", "cart", "purchase", "rating", "search", "click", "hide")


@dataclass(frozen=True, slots=True)
class Event:
    """Something a shopper did. `shopper` is the HMAC of the shop's id for them, never the id; None: nobody known.

    `query_id` is the queryID of the search that led to it, `position` the place there, from 1 over all pages. `value`
    is money for a purchase, stars for a rating (1 to 5). `timestamp` is ISO 8601 in UTC, to the millisecond.
    Two events of a shopper are the same where `id` is, or where they have none and all else is equal.
    """

    type: EventType
    shopper: str | None
    timestamp: str
    product: str | None = None
    query_id: str | None = None
    position: int | None = None
    value: float | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """What moved or recommended a product. `part` names the part of the score, `effect` what it added or took.

    `field` and `value` say which affinity it was, `products` which of the shopper's products it came from, the most
    telling first, and `event` what they did with the first of them. None of these where it was declared or is general.
    """

    part: str
    effect: float
    field: str | None = None
    value: str | None = None
    products: tuple[str, ...] = ()
    event: EventType | None = None
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a hit would stand for everybody, and why it stands where it does. Ranks count from 1."""

    base_rank: int
    rank: int
    because: tuple[Reason, ...] = ()
