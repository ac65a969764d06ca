"""The words beside a number, which tell what it counts: «six baskets», 附六只小杯."""

from __future__ import annotations

import re

from search.grounding.measures import Measure
from search.grounding.reading import PLUS, Word
from search.grounding.vocabulary import LONGEST_PHRASE, Vocabulary

_VESSELS = frozenset("杯瓶碗盒罐袋锅盘壶桶")
"""Chinese words that count, and are things themselves: 一壶四杯."""

_PAUSE = re.compile(r"[,;:.!?，；：。！？、()（）|\n]")


def company(measure: Measure, low: str, words: list[Word], vocabulary: Vocabulary, most: int = 2) -> frozenset[str]:
    """The first `most` telling words behind a number, in its clause; where there are none, the one before it. Chinese
    also as single characters, for the words are cut differently elsewhere."""
    near: set[str] = set()
    told = 0
    if low[measure.end : measure.end + 1] in _VESSELS and low[measure.start] >= "\u3400" and not measure.unit:
        near.add(low[measure.end])
        told = 1
    for index, word in enumerate(words):
        if word.start < measure.end:
            continue
        if word.start - measure.end > 28 or told >= most or _PAUSE.search(low, measure.end, word.start):
            break
        told += _take(near, word, words, index, vocabulary)
        if told and measure.unit == "%":
            break
    if not near:
        before = [
            index for index, word in enumerate(words) if word.end <= measure.start and measure.start - word.end < 12
        ]
        for index in reversed(before):
            if _PAUSE.search(low, words[index].end, measure.start) or _take(
                near, words[index], words, index, vocabulary
            ):
                break
    return frozenset(near)


def widened(near: frozenset[str], vocabulary: Vocabulary) -> frozenset[str]:
    """With other words for them."""
    more = set(near)
    for name in near:
        for other, _ in vocabulary.supports.get((name, PLUS), ()):
            more.add(other)
            more.update(other.split())
            if not other.isascii():
                more.update(char for char in other if char not in vocabulary.neutral_han)
    return frozenset(more)


def _take(near: set[str], word: Word, words: list[Word], index: int, vocabulary: Vocabulary) -> bool:
    if word.han:
        if word.key not in vocabulary.neutral_han:
            near.add(word.key)
            near.update(char for char in word.key if char not in vocabulary.neutral_han)
            return True
    elif word.key not in vocabulary.neutral or word.key in _COUNTED:
        near.add(word.key)
        phrase = word.key
        for other in words[index + 1 : index + LONGEST_PHRASE]:
            phrase += " " + other.key
            if (phrase, PLUS) in vocabulary.supports:
                near.add(phrase)
        return True
    return False


_COUNTED = frozenset([
    "pack", "pair", "set", "piec", "box", "day", "time", "part", "review", "buyer", "rate", "star", "side", "way",
    "hand", "line", "point", "space", "area", "room", "shade", "form", "kind",
])  # fmt: skip
"""Neutral words that are counted all the same."""

__all__ = ["company", "widened"]
