"""A query as a row of words, each with its place."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from search.lexicon.folding import HAN, fold, is_han, listed, segment, stem
from search.understanding.found import BLANK

_RUN = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+(?:['’][^\W\d_{HAN}]{{1,2}}(?![^\W_]))?")

_LONGEST_NAME = 6

STOP = listed(
    "a an the of for with and or in on to my me i is are it that this from by at as be your our some any do "
    "does which who what very really please not no without made type style kind color colour size new best "
    "good nice cheap"
) | listed(
    "的 了 是 我 你 要 和 与 或 或者 在 给 用 有 一个 一款 一件 个 款 件 这 那 最 很 吗 呢 什么 哪 适合 想 买 请 可以 "
    "色 颜色"
)
"""Words that say nothing about which product is meant."""


@dataclass(frozen=True, slots=True)
class Token:
    """text[start:end]. `key` is how it is looked up, `term` its stem as titles are kept."""

    start: int
    end: int
    key: str
    term: str
    han: bool

    @property
    def empty(self) -> bool:
        return self.key in STOP


def tokens(text: str, is_name: Callable[[str], bool] | None = None) -> list[Token]:
    """Words of `text`, in order. Chinese is cut into words; blanked characters separate. What `is_name` says is a name
    is kept whole, however unusual its characters: 喵丘 in 喵丘猫罐头."""
    found: list[Token] = []
    for match in _RUN.finditer(text):
        start, end = match.span()
        run = match[0]
        if is_han(run):
            for word in _cut(run, is_name):
                found.append(Token(start, start + len(word), word, word, True))
                start += len(word)
        else:
            word = fold(run).partition("'")[0]
            found.append(Token(start, end, word, stem(word), False))
    return found


def _cut(run: str, is_name: Callable[[str], bool] | None) -> list[str]:
    words = segment(run)
    if is_name is None or len(run) < 3:
        return words
    places = {0}
    for word in words:
        places.add(max(places) + len(word))
    first = 0
    while first < len(run) - 1:
        for length in range(min(_LONGEST_NAME, len(run) - first), 1, -1):
            last = first + length
            if (first in places or last in places) and is_name(run[first:last]):
                places = {place for place in places if not first < place < last} | {first, last}
                first = last - 1
                break
        first += 1
    ordered = sorted(places)
    return [run[start:end] for start, end in itertools.pairwise(ordered)]


def joined(row: Sequence[Token]) -> str:
    """The key of a phrase: words by spaces, Chinese ones without."""
    phrase = ""
    for token in row:
        phrase += token.key if not phrase or (token.han and is_han(phrase[-1])) else " " + token.key
    return phrase


def gap(text: str, left: int, right: int) -> str:
    """What stands between two places, without white space."""
    return "".join(text[left:right].split())


def broken(text: str, left: int, right: int) -> bool:
    """Whether a comma, a full stop or something already understood stands between two places."""
    return any(char in ",.;:!?()[]/，。；、" or char == BLANK for char in text[left:right])


__all__ = ["STOP", "Token", "broken", "gap", "joined", "tokens"]
