"""What is suggested, and what it is suggested from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Kind = Literal["query", "type", "brand", "category", "title"]
"""What others have typed; a sort of thing, maybe of one brand; a brand; a category; one product."""

KINDS: tuple[Kind, ...] = ("query", "type", "brand", "category", "title")

_PRIOR: dict[Kind, float] = {"query": 1.2, "brand": 1.2, "type": 1.0, "category": 1.0, "title": 0.2}
_PER_TENFOLD = 0.5

AT_THE_START: dict[Kind, float] = {"query": 2.0, "brand": 2.0, "type": 2.0, "category": 2.0, "title": 0.5}
"""What it is worth that a text begins with what was typed: more than any frequency, but for titles."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A text that can be suggested. `count`: products that bear it, or times that it was asked for."""

    text: str
    kind: Kind
    count: int
    product_id: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`highlighted` are the [start, end) of what was typed, in code points of `text`. `product_id` of a title only."""

    text: str
    kind: Kind
    count: int
    highlighted: tuple[tuple[int, int], ...] = ()
    product_id: str = ""


def worth(kind: Kind, count: float) -> float:
    """How high an entry ranks before it is known what was typed: its kind, and the logarithm of how often it stands."""
    return _PRIOR[kind] + _PER_TENFOLD * math.log10(1 + count)


__all__ = ["AT_THE_START", "KINDS", "Entry", "Kind", "Suggestion", "worth"]
