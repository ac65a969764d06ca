"""Which of two kinds of answer somebody wants: the Accept header, with its weights (RFC 9110, 12.5.1)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Range:
    kind: str
    weight: float


def prefers(accept: Sequence[str], special: str, usual: str) -> bool:
    """Whether `special` is asked for rather than `usual`. Both are media types; at equal weight it is the usual one,
    and so it is where neither is acceptable, or nothing is said."""
    ranges = [found for header in accept for part in header.split(",") if (found := _range(part)) is not None]
    return _weight(special, ranges) > _weight(usual, ranges)


def _weight(kind: str, ranges: Sequence[_Range]) -> float:
    """By the most specific range that covers it; 0 where none does."""
    whole, _, _ = kind.partition("/")
    for pattern in (kind, f"{whole}/*", "*/*"):
        weights = [one.weight for one in ranges if one.kind == pattern]
        if weights:
            return max(weights)
    return 0.0


def _range(part: str) -> _Range | None:
    kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            weight = _number(value.strip())
    return _Range(kind, weight) if kind else None


def _number(text: str) -> float:
    """What cannot be read as a weight is taken for none."""
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 1.0
