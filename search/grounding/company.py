"""The words beside a number, which tell what it counts: «six baskets», 附六只小杯."""

from __future__ import annotations

import re

from search.grounding.measures import Measure
from search.grounding.reading import PLUS, Word
from search.grounding.vocabulary import LONGEST_PHRASE, Vocabulary

_AFTER, _BEFORE = 4, 3
_PAUSE = re.compile(r"[,;:.!?，；：。！？、()（）|\n]")


def company(measure: Measure, low: str, words: list[Word], vocabulary: Vocabulary) -> frozenset[str]:
    """Telling words of the clause near a number, those behind it first in rank; Chinese also as single characters, for
    the words are cut differently elsewhere."""
    near: set[str] = set()
    for index, word in enumerate(words):
        if word.start >= measure.end and word.start - measure.end < 28:
            if _PAUSE.search(low, measure.end, word.start):
                break
            if len(near) < 2 * _AFTER:
                _take(near, word, words, index, vocabulary)
        elif word.end <= measure.start and measure.start - word.end < 16 and not _PAUSE.search(low, word.end, measure.start):
            later = sum(1 for other in words[index + 1 :] if other.end <= measure.start)
            if later < _BEFORE:
                _take(near, word, words, index, vocabulary)
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


def _take(near: set[str], word: Word, words: list[Word], index: int, vocabulary: Vocabulary) -> None:
    if word.han:
        if word.key not in vocabulary.neutral_han:
            near.add(word.key)
            near.update(char for char in word.key if char not in vocabulary.neutral_han)
    elif word.key not in vocabulary.neutral or word.key in _COUNTED:
        near.add(word.key)
        phrase = word.key
        for other in words[index + 1 : index + LONGEST_PHRASE]:
            phrase += " " + other.key
            if (phrase, PLUS) in vocabulary.supports:
                near.add(phrase)


_COUNTED = frozenset("pack pair set piec box day time part review buyer rate star side way hand line point space area room shade form kind".split())
"""Neutral words that are counted all the same."""

__all__ = ["company", "widened"]
