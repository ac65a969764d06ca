"""A text in the other language, word by word through the names of both."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from search.understanding.names import Names
from search.understanding.tokens import Token, joined

_LONGEST = 5
_ENOUGH = 0.5
_WITHOUT = {
    "无": "without", "没有": "without", "不含": "without", "不带": "without", "without": "无", "no": "无", "non": "无",
}  # fmt: skip
"""Left out, they would turn the meaning round."""


def translated(row: Sequence[Token], names: Names) -> tuple[str, float]:
    """What the words of `row` are called in the other language, as far as they have names; "" where less than half of
    the telling words do. Words with digits and brands without another name stay as they are. Second, the share of the
    telling words that it says, 0 to 1."""
    said: list[str] = []
    telling = known = place = 0
    while place < len(row):
        token = row[place]
        match = _longest(row, place, names)
        if match:
            last, name = match
            said.append(name)
            width = sum(1 for other in row[place:last] if not other.empty)
            telling, known, place = telling + width, known + width, last
            continue
        place += 1
        if token.key in _WITHOUT:
            said.append(_WITHOUT[token.key])
            continue
        if token.empty:
            continue
        if any(char.isdigit() for char in token.key):
            said.append(token.key)
            continue
        telling += 1
        if not token.han and any(other.han for other in row):
            said.append(token.key)
            known += 1
    enough = known > 0 and known >= _ENOUGH * telling
    return (" ".join(said), known / telling) if enough else ("", 0.0)


def _longest(row: Sequence[Token], first: int, names: Names) -> tuple[int, str] | None:
    for last in range(min(len(row), first + _LONGEST), first, -1):
        words = row[first:last]
        if any(word.han for word in words):
            # One run of characters, letters of T恤 among them.
            if any(word.start != before.end for before, word in pairwise(words)):
                continue
            name = names.english.get(joined(words))
        else:
            name = names.chinese.get(" ".join(word.key for word in words))
            if name is None and len(words) == 1 and words[0].key.endswith("s"):
                name = names.chinese.get(words[0].key.removesuffix("es")) or names.chinese.get(words[0].key[:-1])
            elif name is None:
                name = names.chinese.get(" ".join(word.key for word in words).removesuffix("s"))
        if name is not None and not (last - first == 1 and words[0].empty):
            return last, name
    return None


__all__ = ["translated"]
