"""What the readers of single things (prices, negations, …) find in a query, before it becomes constraints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from search.domain import FilterValue, Operator


@dataclass(frozen=True, slots=True)
class Condition:
    """A constraint without its place. See `domain.Constraint` for `members`."""

    field: str
    op: Operator | Literal["in"]
    value: FilterValue | tuple[FilterValue, ...]
    strength: Literal["must", "prefer"] = "must"
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Conditions that text[start:end] states. `cut` is the part that is no longer embedded, if any: mostly the same."""

    start: int
    end: int
    conditions: tuple[Condition, ...]
    cut: tuple[int, int] | None = None


def masked(text: str, spans: list[tuple[int, int]]) -> str:
    """`text`, of the same length, with the spans blanked by a character that is neither word nor space."""
    for start, end in spans:
        text = text[:start] + BLANK * (end - start) + text[end:]
    return text


BLANK = "\x00"

__all__ = ["BLANK", "Condition", "Found", "masked"]
