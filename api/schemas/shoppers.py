"""Bodies that tell of shoppers: what they do, and what they say of themselves."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.schemas.base import Body, Json, User
from search.events import EventType
from search.profiles.ages import ages

MAX_INTERESTS = 20
MAX_TEXT_CHARS = 200
MAX_KINDS = 100
"""Categories with a budget; kinds of sizes."""

MAX_SIZE_CHARS = 40
MAX_BUDGET = 1e9


class EventBody(Body):
    """One event of `POST /events`, which takes a list of them or one."""

    type: EventType
    user: User = Field(
        None, description="the shop's own id of the shopper, as in searches; kept as HMAC only. Absent: nobody known"
    )
    product: str | int | None = Field(None, description="id of the product; every type but `search` needs one")
    query_id: Annotated[str, Field(max_length=100)] | None = Field(
        None, alias="queryID", description="`queryID` of the search that led to it"
    )
    position: int | None = Field(None, description="place in that result, from 1 over all pages")
    value: float | None = Field(None, description="money for a cart or purchase; stars for a rating, which needs it")
    timestamp: str | int | None = Field(
        None, description="ISO 8601 (without a zone: UTC) or milliseconds since 1970; now when absent"
    )
    id: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="the sender's own id of the event: sent again, of the same `user`, it is not counted again"
    )


def _age_band(band: str) -> str:
    if len(band) > MAX_SIZE_CHARS or not ages(band):
        raise _refused("ages are expected, as `25-34`, `65+` or `under 18`")
    return band.strip()


def _interests(texts: list[str]) -> list[str]:
    if len(texts) > MAX_INTERESTS:
        raise _refused(f"at most {MAX_INTERESTS} are kept; these are {len(texts):,}")
    if not all(text.strip() and len(text) <= MAX_TEXT_CHARS for text in texts):
        raise _refused(f"each is a text of 1 to {MAX_TEXT_CHARS} characters")
    return list(dict.fromkeys(text.strip() for text in texts))


def _budget(amounts: dict[str, Json]) -> dict[str, Json]:
    for amount in _kinds(amounts).values():
        number = isinstance(amount, int | float) and not isinstance(amount, bool) and math.isfinite(amount)
        if amount is not None and not (number and 0 < amount <= MAX_BUDGET):
            raise _refused(f"each is a number above 0 and up to {MAX_BUDGET:,.0f}, or null")
    return amounts


def _sizes(sizes: dict[str, Json]) -> dict[str, Json]:
    for size in _kinds(sizes).values():
        if size is not None and not (isinstance(size, str) and size.strip() and len(size) <= MAX_SIZE_CHARS):
            raise _refused(f'each is a text of 1 to {MAX_SIZE_CHARS} characters, as "43" or "XL", or null')
    return sizes


def _kinds(held: dict[str, Json]) -> dict[str, Json]:
    if len(held) > MAX_KINDS or any(len(kind) > MAX_TEXT_CHARS for kind in held):
        raise _refused(f"at most {MAX_KINDS} are kept, with names of up to {MAX_TEXT_CHARS} characters")
    return held


def _refused(why: str) -> PydanticCustomError:
    # At the field as a whole: keys that somebody sends have no place in codes.
    return PydanticCustomError("refused", "refused", {"why": why})


def _map_of(kind: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "object", "additionalProperties": {"type": [kind, "null"]}})


class FactsBody(Body):
    """What shoppers say of themselves. Only what is sent changes; null removes it."""

    age_band: Annotated[str, AfterValidator(_age_band)] | None = Field(
        None, description="ages, as `25-34`, `65+`, `under 18`"
    )
    interests: Annotated[list[str], Field(fail_fast=True), AfterValidator(_interests)] | None = Field(
        None, description="texts in their own words, at most 20 of 200 characters; in place of those there were"
    )
    budget: Annotated[dict[str, Json], AfterValidator(_budget), _map_of("number")] | None = Field(
        None, description='the most they mean to pay for one product, by category, or under "" for all'
    )
    sizes: Annotated[dict[str, Json], AfterValidator(_sizes), _map_of("string")] | None = Field(
        None, description='by what they are for, as `shoes`, or under "" for all'
    )


class UserBody(Body):
    """`PUT /users/{user}`. Only what is sent changes, as in a JSON merge patch (RFC 7396): null removes it."""

    consent: bool | None = Field(
        None, description="false: everything is forgotten but this word, and nothing is kept. Null: never asked"
    )
    facts: FactsBody | None = None
