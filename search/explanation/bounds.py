"""The conditions of a query as they are told: merged where they are of one thing, each with the product's own value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.constraints import TEXT
from search.domain import Constraint, Document, Json
from search.explanation.ledger import Condition, Ledger
from search.explanation.values import amount
from search.explanation.words import mentions
from search.storage.payload import fold
from search.understanding.money import AFTER, SIGN, currency_of

_SIGN, _AFTER = re.compile(SIGN), re.compile(AFTER)


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition with the product's value. `low` and `high` of two conditions on one number are told together, and
    `wanted` holds what several conditions on one field want, or rule out. `currency` is that of the price; `limits`
    that of what was typed, where the product names none."""

    condition: Condition
    shown: Json
    wanted: tuple[Json, ...]
    currency: Json = None
    limits: Json = None
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
class Bounds:
    """`foreign` are limits in another currency than the price: neither met nor missed, since nobody changes money."""

    met: tuple[Bound, ...] = ()
    unmet: tuple[Bound, ...] = ()
    unknown: tuple[Bound, ...] = ()
    foreign: tuple[Bound, ...] = ()


def bounds(ledger: Ledger) -> Bounds:
    conditions = [_checked(one, ledger.document) for one in ledger.conditions]
    foreign = [one for one in conditions if _is_foreign(one, ledger.document)]
    if foreign:
        conditions = [one for one in conditions if one.constraint.field not in ("price", "currency")]
    rows = {
        verdict: _merged([one for one in conditions if one.verdict == verdict], ledger.document)
        for verdict in ("satisfied", "violated", "unknown")
    }
    return Bounds(rows["satisfied"], rows["violated"], rows["unknown"], _merged(foreign, ledger.document)[:1])


def _checked(condition: Condition, document: Document) -> Condition:
    """What is ruled out among the words of a product is looked for in all of them: retrieval reads the most telling."""
    constraint = condition.constraint
    if constraint.field == TEXT and constraint.op == "!=" and mentions(document, str(constraint.value)):
        return replace(condition, verdict="violated")
    return condition


_LOW, _HIGH = (">", ">="), ("<", "<=")


def _merged(conditions: Sequence[Condition], document: Document) -> tuple[Bound, ...]:
    """Two bounds of one number are one condition; so are several values that are ruled out in one field. The currency
    goes without saying beside a price."""
    found: list[Bound] = []
    priced = any(one.constraint.field == "price" for one in conditions)
    currency = document.get("currency")
    for one in conditions:
        constraint = one.constraint
        if constraint.field == "currency" and (priced or one.verdict != "violated"):
            continue
        wanted = constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
        limits = currency or next(iter(_typed(constraint.text)), None)
        bound = Bound(one, _telling(one), wanted, currency, limits)
        place = next((n for n, other in enumerate(found) if _together(other, bound)), None)
        if place is None:
            found.append(bound)
        else:
            found[place] = _both(found[place], bound)
    return tuple(found)


def _is_foreign(condition: Condition, document: Document) -> bool:
    if condition.constraint.field != "price" or condition.verdict == "unknown":
        return False
    typed, currency = _typed(condition.constraint.text), document.get("currency")
    return bool(typed) and isinstance(currency, str) and bool(currency) and currency.upper() not in typed


def _typed(text: str) -> tuple[str, ...]:
    """The currencies that the text of a condition may mean; none where it names none."""
    low = text.lower()
    for pattern, before in ((_SIGN, True), (_AFTER, False)):
        if match := pattern.search(low):
            said = match[0].strip()
            return currency_of(said, None) if before else currency_of(None, said)
    return ()


def _together(one: Bound, other: Bound) -> bool:
    if one.field != other.field or one.wish != other.wish:
        return False
    ops = (one.constraint.op, other.constraint.op)
    if all(op == "!=" for op in ops):
        return True
    satisfied = one.condition.verdict == "satisfied"
    return satisfied and {op in _LOW for op in ops} == {True, False} and all(op in _LOW + _HIGH for op in ops)


def _both(one: Bound, other: Bound) -> Bound:
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
