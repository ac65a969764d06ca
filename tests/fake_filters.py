"""What filters mean, read from their definition in `search.domain` in the plainest way; the stores are held to it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

from search.domain import And, Compare, Document, Exists, FieldKind, Filter, FilterValue, Json, Not, OneOf, Or
from search.errors import FilterError

Value = str | float | bool | datetime


def check_fields(filter: Filter, fields: Mapping[str, FieldKind]) -> None:
    """Raises FilterError where the filter names a field that is not filterable."""
    match filter:
        case And(parts) | Or(parts):
            for part in parts:
                check_fields(part, fields)
        case Not(part):
            check_fields(part, fields)
        case _ if filter.field not in fields:
            raise FilterError(f"Attribute `{filter.field}` is not filterable. Available: {', '.join(sorted(fields))}.")


def matches(filter: Filter, document: Document, fields: Mapping[str, FieldKind]) -> bool:
    """Whether the document passes a filter whose fields have been checked."""
    match filter:
        case And(parts):
            return all(matches(part, document, fields) for part in parts)
        case Or(parts):
            return any(matches(part, document, fields) for part in parts)
        case Not(part):
            return not matches(part, document, fields)
    kind = fields[filter.field]
    held = values_of(document, filter.field, kind)
    match filter:
        case Exists():
            return bool(held)
        case OneOf(_, wanted):
            return any(right in held for value in wanted if (right := _right_side(value, kind)) is not None)
        case Compare(_, op, value):
            right = _right_side(value, kind)
            if op in ("=", "!="):
                return (right is not None and right in held) == (op == "=")
            if right is None or kind in ("text", "boolean"):
                return False
            return any(_holds(left, op, right) for left in held)
    raise AssertionError(f"no such filter: {filter!r}")


def values_of(document: Document, field: str, kind: FieldKind) -> list[Value]:
    """The values of a field that fit its kind, in the form in which they compare."""
    value = document.get(field)
    members = value if isinstance(value, list | tuple) else [value]
    fitting = [left_side(member, kind) for member in members]
    return [value for value in fitting if value is not None]


def left_side(value: Json, kind: FieldKind) -> Value | None:
    if kind == "text" and isinstance(value, str):
        return caseless(value) or None
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else None
    if kind == "boolean" and isinstance(value, bool):
        return value
    return _instant(value) if kind == "date" and isinstance(value, str) else None


def _right_side(value: FilterValue, kind: FieldKind) -> Value | None:
    if kind == "text":
        if isinstance(value, bool):
            return str(value).lower()
        return caseless(value if isinstance(value, str) else shortest(value)) or None
    if kind == "number" and isinstance(value, str):
        plain = re.fullmatch(r"\s*[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*", value)
        return float(value) if plain and math.isfinite(float(value)) else None
    if kind == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}.get(caseless(value))
    return left_side(value, kind)


def _holds(left: Value, op: str, right: Value) -> bool:
    lesser, greater = left < right, left > right  # type: ignore[operator]
    return {">": greater, ">=": not lesser, "<": lesser, "<=": not greater}[op]


def caseless(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip().lstrip("\x01")


def shortest(number: float) -> str:
    text = repr(float(number) + 0.0)
    return text[:-2] if text.endswith(".0") else text


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def label(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else shortest(value)
