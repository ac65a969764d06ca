"""Plain text tables for the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """The first `left` columns start at the left, the others (numbers) end at the right. No line break at the end."""
    lines = [header, *rows]
    widths = [max(display_width(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(_pad(cell, widths[column], column < left) for column, cell in enumerate(line)).rstrip()
        for line in lines
    )


def display_width(text: str) -> int:
    """Columns of a terminal: Chinese characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _pad(cell: str, width: int, left: bool) -> str:
    space = " " * (width - display_width(cell))
    return cell + space if left else space + cell
