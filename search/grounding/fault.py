"""What can be wrong with a sentence about a product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "number", "brand", "colour", "material", "claim", "name", "comparison", "address", "markup", "command", "foreign"
]
"""The first seven are said of the product and not found in it; the other four are never shown, whatever it says."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`text` is the part of the sentence that is wrong, as it was written (perhaps with case and accents folded)."""

    kind: Kind
    text: str


__all__ = ["Fault", "Kind"]
