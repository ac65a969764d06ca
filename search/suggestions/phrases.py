"""What sort of things a catalogue sells, read off its titles: «wireless mouse», «laser printer», 无线耳机.

In a title what a thing is called ends where something else begins: a comma, a number, «for», a brand. So a phrase of
one to three words counts when it stands in several titles, often right before such a place, and is no mere piece of a
longer phrase («usb flash» is one of «usb flash drive»). No labels, no model; English and Chinese alike.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from search.lexicon.folding import HAN, fold, is_han, segment
from search.suggestions.stop_words import NO_NAME, STOP_WORDS

MIN_PRODUCTS = 3
"""Titles that a phrase must stand in."""

MAX_PHRASES = 40_000
"""The most frequent are kept."""

MAX_WORDS = 3

_MAX_TITLE = 300
_MAX_COUNTED = 2_000_000
_ENDS = 0.25
_ENDS_ALONE = 0.35
_PIECE_RIGHT = 0.7
_PIECE_LEFT = 0.85

_TOKEN = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+(?:['’][^\W\d_{HAN}]+)*|[^\w\s'’-]|_")
_FIRST_HAN = "\u3400"
_NOTHING: frozenset[str] = frozenset()

Written = defaultdict[str, Counter[str]]
"""How often each folded word is spelt in which way."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """`key` is folded, its words joined by spaces; `text` as people would type it; `products` how many bear it."""

    key: str
    text: str
    products: int


class PhraseMiner:
    """Give it every title once, then ask. Past two million phrases it forgets those seen once, so memory is bounded."""

    def __init__(self) -> None:
        self._titles: Counter[str] = Counter()
        self._ending: Counter[str] = Counter()
        self._written: Written = defaultdict(Counter)

    def add(self, title: str, brand: str | None = None) -> None:
        held: set[str] = set()
        ending: set[str] = set()
        for part in _parts(title, brand, self._written):
            held.update(_runs(part))
            end = len(part)
            while end and part[end - 1] in NO_NAME:  # «desk lamp black»
                end -= 1
            ending.update(" ".join(part[start:end]) for start in range(max(0, end - MAX_WORDS), end))
        self._titles.update(held)
        self._ending.update(ending)
        if len(self._titles) > _MAX_COUNTED:
            self._titles = Counter({key: count for key, count in self._titles.items() if count > 1})
            self._ending = Counter({key: count for key, count in self._ending.items() if key in self._titles})

    def phrases(self) -> list[Phrase]:
        """Most frequent first, ties by key."""
        often = {key: count for key, count in self._titles.items() if count >= MIN_PRODUCTS}
        longer_right, longer_left = _extended(often)
        chosen = [
            Phrase(key, self._spelt(key), count)
            for key, count in often.items()
            if self._names_a_thing(key, count)
            and longer_right.get(key, 0) < _PIECE_RIGHT * count
            and longer_left.get(key, 0) < _PIECE_LEFT * count
        ]
        chosen.sort(key=lambda phrase: (-phrase.products, phrase.key))
        return chosen[:MAX_PHRASES]

    def _names_a_thing(self, key: str, count: int) -> bool:
        words = key.split(" ")
        if words[-1] in NO_NAME or len(set(words)) < len(words):
            return False
        if len(words) == 1:
            shortest = 2 if is_han(key) else 3
            return len(key) >= shortest and self._ending[key] >= _ENDS_ALONE * count
        return self._ending[key] >= _ENDS * count

    def _spelt(self, key: str) -> str:
        words = key.split(" ")
        spelt = [self._usual(word) for word in words]
        return ("" if all(is_han(word) for word in words) else " ").join(spelt)

    def _usual(self, word: str) -> str:
        """Lower case, but for what most people write otherwise: USB, iPad, PlayStation."""
        forms = self._written.get(word)
        if not forms:
            return word
        usual, often = min(forms.items(), key=lambda item: (-item[1], item[0]))
        capitals = sum(char.isupper() for char in usual[1:])
        # Whole titles in capitals say nothing about a word: then a long one is no abbreviation.
        telling = capitals and (not usual.isupper() or len(usual) <= 4) and often > sum(forms.values()) / 2
        return usual if telling else word


def phrases_of(title: str, brand: str | None, known: Mapping[str, Phrase]) -> set[str]:
    """The keys out of `known` that stand in the title."""
    return {key for part in _parts(title, brand) for key in _runs(part) if key in known}


def _extended(often: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """How often the commonest phrase of one word more stands: after it, before it."""
    right: dict[str, int] = {}
    left: dict[str, int] = {}
    for key, count in often.items():
        head, _, _ = key.rpartition(" ")
        _, _, tail = key.partition(" ")
        if head:
            right[head] = max(right.get(head, 0), count)
            left[tail] = max(left.get(tail, 0), count)
    return right, left


def _runs(part: Sequence[str]) -> Iterator[str]:
    """Every run of one to MAX_WORDS words, joined."""
    for start, word in enumerate(part):
        yield word
        for other in part[start + 1 : start + MAX_WORDS]:
            word = f"{word} {other}"
            yield word


def _parts(title: str, brand: str | None, written: Written | None = None) -> Iterator[list[str]]:
    """The folded words of a title, cut at signs, stop words, numbers, its brand, and where Chinese meets other script.

    Counts in `written` how each word is spelt.
    """
    brand_words = _tokens_of(brand) if brand else _NOTHING
    part: list[str] = []
    for token in _TOKEN.findall(title[:_MAX_TITLE]):
        if token[0] >= _FIRST_HAN and is_han(token):
            if part:
                yield part
                part = []
            yield from _chinese(fold(token), brand_words)
            continue
        word = fold(token)
        if "'" in word:
            word = word.partition("'")[0]
        if word.isalpha() and word not in STOP_WORDS and word not in brand_words:
            part.append(word)
            if written is not None:
                written[word][token] += 1
        elif part:
            yield part
            part = []
    if part:
        yield part


def _chinese(run: str, brand_words: frozenset[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in segment(run):
        if word in STOP_WORDS or word in brand_words:
            if part:
                yield part
            part = []
        else:
            part.append(word)
    if part:
        yield part


@lru_cache(maxsize=4096)
def _tokens_of(brand: str) -> frozenset[str]:
    return frozenset(fold(token) for token in _TOKEN.findall(brand))


__all__ = ["MIN_PRODUCTS", "Phrase", "PhraseMiner", "phrases_of"]
