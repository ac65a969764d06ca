"""The ledger of one hit: all that may be said of it. What is not in here is not said.

A ledger reads what ranked (the understood query, evidence, score parts, receipt) and never works any of it out anew. It
looks up one thing: where in the product the words of the query stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from search.domain import Constraint, Document, Hit, Json, Query
from search.events import Reason

NOTHING_ASKED = Query("", "", "en")
"""The query of a recommendation."""

SIMILAR = "similar"
"""The part of the Reason of a product that was asked for as one like another; `products` has that other one."""

NEARNESS = frozenset({"interest", "session", "content", "words", "basket"})
"""Parts that vectors or words of texts speak for: only of kin are two products said to be alike by them."""

How = Literal["itself", "other name", "code", "part of a code"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the query, or several in a row, that the product has in `field`; `typed` as the shopper wrote it.

    `written` is what the product writes there. `how` they meet: as the same word in any of its forms, under another
    name (a translation, or what else the thing is called), as a product code, or as a piece of one.
    """

    typed: str
    field: str
    written: str
    how: How = "itself"


@dataclass(frozen=True, slots=True)
class Condition:
    """What the query demands, whether the product meets it, and the product's own value; None where it has none."""

    constraint: Constraint
    verdict: Literal["satisfied", "violated", "unknown"]
    value: Json = None


@dataclass(frozen=True, slots=True)
class Liking:
    """Why it suits the shopper, with the titles of the products that `reason` names, as far as they are known, the
    product itself left out. `kin`: whether the first of them is of the same department; None where that is not known.
    Vectors may find a keyboard near to a cat's fountain: it is not said to be like it."""

    reason: Reason
    titles: tuple[str, ...] = ()
    kin: bool | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """`words` are in the order of the query, `missing` the telling ones that are nowhere in the product. `conditions`
    are in the order of the query, `likings` the strongest first. `base_rank` is None where taste had no part."""

    product_id: str
    document: Document
    query: Query = NOTHING_ASKED
    words: tuple[Word, ...] = ()
    missing: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    likings: tuple[Liking, ...] = ()
    rank: int = 1
    base_rank: int | None = None
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explained:
    """A hit and what may be said of it."""

    hit: Hit
    ledger: Ledger
