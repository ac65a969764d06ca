"""Domain filter → Qdrant filter, once for both libraries: Edge's classes map one to one onto those of qdrant-client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from search.domain import And, Compare, Exists, FieldKind, Filter, FilterValue, Not, OneOf, Or
from search.errors import FilterError
from search.storage.payload import filter_path, operand

Condition = Any
"""An object of one of the two Qdrant libraries; they share no base class."""

MAX_DEPTH = 60
"""A level becomes two levels of JSON, and a Qdrant server refuses JSON that is nested deeper than 128."""

_BOUNDS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """The condition classes of one library, under common names and with common arguments.

    `filter(must=, should=, must_not=)`, `field(key=, match=, range=)`, `match_any(any=)`, `number_range` and
    `date_range(gt=, gte=, lt=, lte=)`, `is_empty(path)`, `has_id(point ids)`.
    """

    filter: Callable[..., Condition]
    field: Callable[..., Condition]
    match_any: Callable[..., Condition]
    number_range: Callable[..., Condition]
    date_range: Callable[..., Condition]
    is_empty: Callable[[str], Condition]
    has_id: Callable[[Sequence[str]], Condition]

    def within(self, path: str, **bounds: float | datetime) -> Condition:
        """The number or instant at `path` lies within the bounds."""
        dates = any(isinstance(bound, datetime) for bound in bounds.values())
        return self.field(key=path, range=(self.date_range if dates else self.number_range)(**bounds))

    def no_point(self) -> Condition:
        """The condition that nothing meets."""
        return self.has_id(())

    def equal(self, path: str, value: str | float | int | datetime) -> Condition:
        """`value` is, or is among, what stands at `path`. Texts are folded, booleans 0 or 1."""
        if isinstance(value, float | datetime):
            return self.within(path, gte=value, lte=value)
        return self.field(key=path, match=self.match_any(any=[value]))

    def all_of(self, *conditions: Condition | None) -> Condition | None:
        """Every condition given; None, which asks nothing, counts for nothing."""
        given = [condition for condition in conditions if condition is not None]
        return self.filter(must=given) if given else None


def translate(filter: Filter | None, fields: Mapping[str, FieldKind], dialect: Dialect) -> Condition | None:
    """None for no filter. Raises FilterError where a field is not one of `fields`, or the nesting is too deep."""
    if filter is None:
        return None
    return dialect.all_of(_condition(filter, fields, dialect, 0))


def _condition(filter: Filter, fields: Mapping[str, FieldKind], dialect: Dialect, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise FilterError(f"The filter is nested more than {MAX_DEPTH} levels deep. Write it flatter.")
    match filter:
        case And(parts):
            return dialect.filter(must=[_condition(part, fields, dialect, depth + 1) for part in parts])
        case Or(parts):
            choices = [_condition(part, fields, dialect, depth + 1) for part in parts]
            # Qdrant reads an empty `should` as no demand at all.
            return dialect.filter(should=choices) if choices else dialect.no_point()
        case Not(part):
            return dialect.filter(must_not=[_condition(part, fields, dialect, depth + 1)])
        case Exists(field):
            _kind(field, fields)
            return dialect.filter(must_not=[dialect.is_empty(filter_path(field))])
        case OneOf(field, values):
            return _one_of(field, values, _kind(field, fields), dialect)
        case Compare(field, "!=", value):
            return dialect.filter(must_not=[_one_of(field, (value,), _kind(field, fields), dialect)])
        case Compare(field, "=", value):
            return _one_of(field, (value,), _kind(field, fields), dialect)
        case Compare(field, op, value):
            return _ordered(field, op, value, _kind(field, fields), dialect)


def _one_of(field: str, values: tuple[FilterValue, ...], kind: FieldKind, dialect: Dialect) -> Condition:
    wanted = [wanted for value in values if (wanted := operand(value, kind)) is not None]
    if not wanted:
        return dialect.no_point()
    path = filter_path(field)
    if kind in ("text", "boolean"):
        return dialect.field(key=path, match=dialect.match_any(any=wanted))
    return dialect.filter(should=[dialect.equal(path, value) for value in wanted])


def _ordered(field: str, op: str, value: FilterValue, kind: FieldKind, dialect: Dialect) -> Condition:
    """`>` and its like. Texts and booleans have no order, so there they match nothing."""
    bound = operand(value, kind)
    if isinstance(bound, float | datetime):
        return dialect.within(filter_path(field), **{_BOUNDS[op]: bound})
    return dialect.no_point()


def _kind(field: str, fields: Mapping[str, FieldKind]) -> FieldKind:
    if field not in fields:
        raise FilterError(
            f"Attribute `{field}` is not filterable. Available filterable attributes are: {', '.join(sorted(fields))}."
        )
    return fields[field]
