"""A comparison as a model writes it: one line for each product, beginning with its number."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_CHARS = 8000

_NUMBERED = re.compile(
    r"\s*(?:[-*]\s+)?(?:\*\*)?([1-9])(?:\*\*)?\s*(?:[.:)](?:\*\*)?(?=\s)|[、．：）。])\s*(.+)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Line:
    """`number` counts from 1; None where the line does not say which product it is about."""

    number: int | None
    text: str


class Lines:
    """Text in pieces goes in, lines come out as soon as they are complete."""

    def __init__(self) -> None:
        self._open = ""
        self._read = 0

    @property
    def full(self) -> bool:
        return self._read >= MOST_CHARS

    def take(self, piece: str) -> list[Line]:
        piece = piece[: MOST_CHARS - self._read]
        self._read += len(piece)
        *whole, self._open = (self._open + piece).split("\n")
        return [_line(text) for text in whole if text.strip()]

    def end(self) -> list[Line]:
        """What was left, which no line break ended."""
        left, self._open = self._open, ""
        return [_line(left)] if left.strip() else []


def _line(text: str) -> Line:
    found = _NUMBERED.fullmatch(text.rstrip())
    return Line(int(found[1]), found[2].strip()) if found else Line(None, text.strip())
