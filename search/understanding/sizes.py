"""Sizes that are asked for by name: «size M», XL码, 42码, «queen size»."""

from __future__ import annotations

import re
from collections.abc import Sequence

from search.understanding.found import Condition, Found
from search.understanding.tokens import Token
from search.understanding.values import Values

_LETTER = r"(?:x{1,4}[sl]|[2-6]xl|[sml])"
_NUMBER = r"\d{1,2}(?:\.5)?"
_SIZES = (
    re.compile(
        rf"\b(?:in\s+)?(?:an?\s+)?size\s*:?\s*(?P<size>(?:us|eu|uk)?\s*{_NUMBER}|{_LETTER}|small|medium|large)(?![\w.])"
    ),
    re.compile(r"\b(?P<size>twin|full|double|queen|king|one)[\s-]sized?\b"),
    re.compile(rf"(?:尺码|尺寸|码数)\s*(?:是|为|:)?\s*(?P<size>{_NUMBER}|{_LETTER})(?![\w.])"),
    re.compile(rf"(?<![a-z\d.])(?P<size>{_NUMBER}|{_LETTER})[码号]"),
    re.compile(r"(?<![\w.-])(?P<size>xx?s|x{1,4}l|[2-6]xl)(?![\w-])"),
)
_SAME = {
    "2xl": "xxl", "3xl": "xxxl", "xxxxl": "4xl", "small": "s", "medium": "m", "large": "l",
}  # fmt: skip


def sizes(text: str, row: Sequence[Token], values: Values) -> list[Found]:
    """The size that `text` (lower case) asks for, if products called like the thing come in it; at most one."""
    things = [token.term for token in row if not token.empty and token.key.isalpha()]
    for pattern in _SIZES:
        for match in pattern.finditer(text):
            said = " ".join(match["size"].split())
            numbers = values.sizes(_SAME.get(said, said))
            if not numbers or not values.borne_by(numbers, things):
                continue
            field, held = next(iter(values.lexicon.by_field(numbers).items()))
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            return [Found(start, match.end(), (Condition(field, "=", said, "must", held.written),))]
    return []


__all__ = ["sizes"]
