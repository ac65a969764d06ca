"""What of a ledger is worth telling, the same in every language: words by where they stand, conditions merged, the
likings that count. How it is said is english.py's and chinese.py's matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from search.domain import Constraint, Document, Json
from search.explanation.ledger import Condition, Ledger, Liking, Word
from search.explanation.values import amount, clean, columns
from search.storage.payload import fold

MOST_PHRASES = 3
MOST_LIKINGS = 2
_SHORT = 32
"""Columns of a query that is a few words and no prose."""

LEAST_MOVED = 2
"""Places from which on it is told that a product was moved."""

Place = Literal["title", "mark", "brand", "category", "attribute", "description"]
Rest = Literal["", "missing", "meaning", "only meaning", "unsaid"]

_PLACES: tuple[Place, ...] = ("title", "mark", "brand", "category", "attribute", "description")
_FIELDS: dict[str, Place] = {"title": "title", "brand": "brand", "category": "category", "description": "description"}


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of the query as the product writes them; `typed` is what the shopper wrote, where that is another word."""

    written: str
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """Phrases that stand in one place of the product; `field` is the attribute's name. A mark is an attribute that is
    there or not: `vegan`."""

    place: Place
    field: str
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition with the product's value. `low` and `high` of two conditions on one number are told together, and
    `wanted` holds what several conditions on one field want, or rule out."""

    condition: Condition
    shown: Json
    wanted: tuple[Json, ...]
    currency: Json = None
    low: float | None = None
    high: float | None = None

    @property
    def field(self) -> str:
        return self.condition.constraint.field

    @property
    def constraint(self) -> Constraint:
        return self.condition.constraint

    @property
    def wish(self) -> bool:
        return self.condition.constraint.strength == "prefer"


@dataclass(frozen=True, slots=True)
class Story:
    """`code` is the product code that was typed. `rest` says what of the other words: some are named in `missing`, the
    rest is near in meaning, there is nothing but meaning, or nothing is to be said. `moved` is how many places taste
    lifted it (below 0: let it fall)."""

    document: Document
    code: Word | None = None
    heard: tuple[Heard, ...] = ()
    rest: Rest = ""
    missing: tuple[str, ...] = ()
    met: tuple[Bound, ...] = ()
    unmet: tuple[Bound, ...] = ()
    unknown: tuple[Bound, ...] = ()
    likings: tuple[Liking, ...] = ()
    moved: int = 0
    rank: int = 1
    out_of_stock: bool = False
    searched: bool = False
    asked: bool = False
    corrected: tuple[tuple[str, str], ...] = field(default=())


def story(ledger: Ledger) -> Story:
    query = ledger.query
    searched = bool(query.text.strip()) and bool(query.raw.strip())
    code = next((word for word in ledger.words if word.how == "code"), None)
    heard = _heard([word for word in ledger.words if word.how != "code"], ledger.document)
    met, unmet, unknown = (
        _bounds([one for one in ledger.conditions if one.verdict == verdict], ledger.document.get("currency"))
        for verdict in ("satisfied", "violated", "unknown")
    )
    moved = ledger.base_rank - ledger.rank if ledger.base_rank is not None and query.raw else 0
    likings = _likings(ledger.likings, moved)
    missing = tuple(said for word in ledger.missing if (said := clean(word)))
    return Story(
        document=ledger.document,
        code=code,
        heard=heard,
        rest=_rest(ledger, heard, missing) if searched and code is None else "",
        missing=missing,
        met=met,
        unmet=unmet,
        unknown=unknown,
        likings=likings,
        moved=moved if abs(moved) >= LEAST_MOVED else 0,
        rank=ledger.rank,
        out_of_stock=ledger.document.get("in_stock") is False and not any(one.field == "in_stock" for one in unmet),
        searched=searched,
        asked=bool(query.raw.strip()),
        corrected=_corrected(ledger),
    )


# --- words -----------------------------------------------------------------------------------------------------------


def _heard(words: Sequence[Word], document: Document) -> tuple[Heard, ...]:
    """By place, what says most first."""
    rows: dict[tuple[Place, str], list[Phrase]] = {}
    for word in words:
        place = _FIELDS.get(word.field, "mark" if document.get(word.field) is True else "attribute")
        written = clean(word.written)
        if not written:
            continue
        phrase = Phrase(written, "" if word.how == "itself" else clean(word.typed))
        row = rows.setdefault((place, word.field), [])
        if phrase not in row:
            row.append(phrase)
    ordered = sorted(rows.items(), key=lambda item: _PLACES.index(item[0][0]))
    return tuple(Heard(place, name, tuple(row[:MOST_PHRASES])) for (place, name), row in ordered)


def _rest(ledger: Ledger, heard: tuple[Heard, ...], missing: tuple[str, ...]) -> Rest:
    """One missing word of a short query is named; of a long one nobody expects to find every word."""
    near = "semantic" in ledger.parts
    if heard:
        short = columns(ledger.query.text) <= _SHORT and len(missing) == 1
        return "" if not missing else "missing" if short else "meaning" if near else ""
    if missing:
        return "only meaning" if near else "unsaid"
    said = any(one.verdict == "satisfied" and one.constraint.field != "price" for one in ledger.conditions)
    return "" if said else "unsaid"


def _corrected(ledger: Ledger) -> tuple[tuple[str, str], ...]:
    """What was typed and what it was taken for, where the product has that."""
    said = {fold(word.typed) for word in ledger.words} | {fold(word.written) for word in ledger.words}
    return tuple(
        (clean(one.typed), clean(one.taken))
        for one in ledger.query.corrections
        if clean(one.typed) and any(fold(one.taken) in each for each in said)
    )


# --- conditions ------------------------------------------------------------------------------------------------------

_LOW, _HIGH = (">", ">="), ("<", "<=")


def _bounds(conditions: Sequence[Condition], currency: Json) -> tuple[Bound, ...]:
    """Two bounds of one number are one condition; so are several values that are ruled out in one field. The currency
    goes without saying beside a price."""
    found: list[Bound] = []
    priced = any(one.constraint.field == "price" for one in conditions)
    for one in conditions:
        constraint = one.constraint
        if constraint.field == "currency" and (priced or one.verdict != "violated"):
            continue
        wanted = constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
        bound = Bound(one, _telling(one), wanted, currency)
        place = next((n for n, other in enumerate(found) if _together(other, bound)), None)
        if place is None:
            found.append(bound)
        else:
            found[place] = _merged(found[place], bound)
    return tuple(found)


def _together(one: Bound, other: Bound) -> bool:
    if one.field != other.field or one.wish != other.wish:
        return False
    ops = (one.constraint.op, other.constraint.op)
    if all(op == "!=" for op in ops):
        return True
    satisfied = one.condition.verdict == "satisfied"
    return satisfied and {op in _LOW for op in ops} == {True, False} and all(op in _LOW + _HIGH for op in ops)


def _merged(one: Bound, other: Bound) -> Bound:
    if one.constraint.op == "!=":
        return replace(one, wanted=tuple(dict.fromkeys((*one.wanted, *other.wanted))))
    low, high = (one, other) if one.constraint.op in _LOW else (other, one)
    return replace(one, low=amount(low.wanted[0]), high=amount(high.wanted[0]))


def _telling(condition: Condition) -> Json:
    """Of a list the members that meet the condition; of a category the one that is meant, or the narrowest."""
    value, constraint = condition.value, condition.constraint
    if not isinstance(value, list):
        return value
    wanted = constraint.members or (constraint.value if isinstance(constraint.value, tuple) else (constraint.value,))
    folded = {fold(str(one)) for one in wanted}
    meant = [one for one in value if fold(str(one)) in folded]
    if meant:
        return meant
    return value[-1:] if constraint.field == "category" else value


# --- taste -----------------------------------------------------------------------------------------------------------


def _likings(likings: Sequence[Liking], moved: int) -> tuple[Liking, ...]:
    """The strongest that speak for the product; what speaks against it only where it fell. One of a kind."""
    wanted = [one for one in likings if (one.reason.effect < 0) == (moved < 0)]
    if moved < 0 and not wanted:
        wanted = [one for one in likings if one.reason.effect > 0]
    found: list[Liking] = []
    for one in wanted:
        if all((one.reason.part, one.titles[:1]) != (other.reason.part, other.titles[:1]) for other in found):
            found.append(one)
    return tuple(found[:MOST_LIKINGS])
