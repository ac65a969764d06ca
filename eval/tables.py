"""Plain text tables for the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """The first `left` columns start at the left, the others (numbers) end at the right. No line break at the end."""
    lines = [header, *rows]
    widths = [max(display_width(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(padded(cell, widths[column], column < left) for column, cell in enumerate(line)).rstrip()
        for line in lines
    )


def display_width(text: str) -> int:
    """Columns of a terminal: Chinese characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def shortened(text: str, width: int) -> str:
    """At most `width` columns of a terminal, on one line; what had to go is an ellipsis. Signs that would not show, or
    that would steer the terminal, become blanks."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if display_width(line) <= width:
        return line
    if width < 1:
        return ""
    kept, left = 0, width - 1
    while (left := left - display_width(line[kept])) >= 0:
        kept += 1
    return line[:kept].rstrip() + "…"


def padded(cell: str, width: int, left: bool = True) -> str:
    """With blanks up to so many columns of a terminal, after the cell (`left`) or before it."""
    space = " " * (width - display_width(cell))
    return cell + space if left else space + cell
