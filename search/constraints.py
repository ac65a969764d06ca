"""A constraint of the query → what retrieval filters by, and what a product's document says to it. Pure functions.

Three verdicts, since catalogues have gaps: a keyboard whose colour nobody wrote down is not shown to be black, and not
shown not to be.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from datetime import datetime

from search.domain import And, Compare, Constraint, Document, Evidence, Exists, FieldKind, Filter, Json, Not, OneOf, Or
from search.storage.payload import operand

Operand = str | float | int | datetime
"""A value in the form in which filters compare it."""

TEXT = "text"
"""The field of a constraint on the words of a product: «not gaming» where no attribute says gaming."""


def checkable(constraint: Constraint, fields: Mapping[str, FieldKind]) -> bool:
    """Whether the index has a field that can meet or break the constraint."""
    return constraint.field in fields


def satisfied(constraint: Constraint) -> Filter:
    """Passes the products that meet the constraint."""
    field = constraint.field
    if constraint.op == "!=":
        return And((Exists(field), Not(_equals(constraint))))
    if constraint.op in ("=", "in"):
        return _equals(constraint)
    return _compare(constraint)


def not_violated(constraint: Constraint) -> Filter:
    """Passes the products that meet the constraint, and those of which nothing is known."""
    if constraint.op == "!=":
        return Not(_equals(constraint))
    return Or((satisfied(constraint), Not(Exists(constraint.field))))


def evidence(
    constraints: Sequence[Constraint], document: Document, fields: Mapping[str, FieldKind]
) -> tuple[Evidence, ...]:
    """One verdict for each constraint, with the field and value that show it: the same that the filters come to."""
    return tuple(_verdict(number, constraint, document, fields) for number, constraint in enumerate(constraints))


def _verdict(number: int, constraint: Constraint, document: Document, fields: Mapping[str, FieldKind]) -> Evidence:
    field = constraint.field
    if field == TEXT:
        return Evidence(number, "satisfied" if constraint.op == "!=" else "unknown", field, None)
    kind, value = fields.get(field), document.get(field)
    held = _comparable(value, kind) if kind else []
    if kind is None or not held:
        return Evidence(number, "unknown", field, value)
    return Evidence(number, "satisfied" if _holds(constraint, held, kind) else "violated", field, value)


def _holds(constraint: Constraint, held: Sequence[Operand], kind: FieldKind) -> bool:
    if constraint.op in ("=", "!=", "in"):
        wanted = {operand(each, kind) for each in _alternatives(constraint)}
        return any(each in wanted for each in held) != (constraint.op == "!=")
    bound = None if isinstance(constraint.value, tuple) else operand(constraint.value, kind)
    if kind in ("text", "boolean") or bound is None:
        return False
    tests = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
    return any(tests[constraint.op](each, bound) for each in held)


def _comparable(value: Json, kind: FieldKind) -> list[Operand]:
    """What a filter sees of a document's value: the members that fit the kind of the field."""
    members = value if isinstance(value, list) else [value]
    found = [operand(member, kind) for member in members if _fits(member, kind)]
    return [each for each in found if each is not None]


def _fits(member: Json, kind: FieldKind) -> bool:
    if kind == "boolean":
        return isinstance(member, bool)
    if kind == "number":
        return isinstance(member, int | float) and not isinstance(member, bool)
    return isinstance(member, str)


def _alternatives(constraint: Constraint) -> tuple[Json, ...]:
    if constraint.members:
        return constraint.members
    return constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)


def _equals(constraint: Constraint) -> Filter:
    return OneOf(constraint.field, _alternatives(constraint))


def _compare(constraint: Constraint) -> Filter:
    op, value = constraint.op, constraint.value
    if op == "in" or isinstance(value, tuple):
        return _equals(constraint)
    return Compare(constraint.field, op, value)
