"""Words that the catalogue does not know → words that it does."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cached_property
from weakref import WeakKeyDictionary

from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.domain import Correction
from search.lexicon import Lexicon, count
from search.lexicon.folding import stem
from search.understanding.names import Names
from search.understanding.normalise import Plain
from search.understanding.ordinary import is_ordinary
from search.understanding.tokens import Token

_SHORTEST, _LONGEST = 4, 24
_LONG = 8
"""From this length on two slips are allowed, before it one."""
_SURE = 8
"""A word as long as this may be corrected although no title has it with another word of the query."""
_MOST_UNKNOWN = 6
"""Words of one query that are looked up; a text with more of them is in another language."""
_LEAST_FREQUENT = 2
_STRONG = 5
"""A word that two slips lead to has to be in as many products."""
_TRIED = 6
_JOINED = 5
"""How many times more often the catalogue writes one word for it to be taken for two that were typed."""


def corrections(row: Sequence[Token], given: Plain, lexicon: Lexicon, names: Names) -> list[tuple[Token, Correction]]:
    """Corrections of single words in `row` (what is left of the query), each with the token that it replaces."""
    if not lexicon.products:
        return []
    found: list[tuple[Token, Correction]] = []
    unknown = [token for token in row if _is_unknown(token, lexicon, names)][:_MOST_UNKNOWN]
    others = [token.term for token in row if not token.empty and token not in unknown]
    for token in unknown:
        taken = _nearest(token.key, others, len(row) == 1, lexicon)
        if taken:
            span = given.span(token.start, token.end)
            found.append((token, Correction(given.raw[span[0] : span[1]], taken, span)))
    return found


def _is_unknown(token: Token, lexicon: Lexicon, names: Names) -> bool:
    word = token.key
    if token.han or not _SHORTEST <= len(word) <= _LONGEST or not (word.isascii() and word.isalpha()):
        return False
    return not (lexicon.knows(word) or is_ordinary(word) or names.kinds(word) or names.kinds(token.term))


def _nearest(word: str, others: Sequence[str], alone: bool, lexicon: Lexicon) -> str | None:
    """The word that was meant: near enough, and one that titles have together with another word of the query."""
    vocabulary = _vocabulary(lexicon)
    ranked = vocabulary.near(word, 2 if len(word) >= _LONG else 1)
    if pieces := vocabulary.split(word, lexicon):
        ranked.insert(0, (0, 0, pieces))
    for _, _, candidate in ranked[:_TRIED]:
        titles = lexicon.titles_with([stem(part) for part in candidate.split()])
        for other in others:
            if (titles & lexicon.titles_with([other])).any():
                return candidate
    if not ranked:
        return None
    # Nothing bears it out: then the word has to be long for so many slips, and longer where the rest speaks against it.
    slips, _, candidate = ranked[0]
    least = _SHORTEST + 1 if alone else _SURE
    return candidate if len(word) >= least + (2 if alone else 1) * (slips > 1) + (not alone) * (slips > 1) else None


class _Vocabulary:
    """The catalogue's words that a slip may have led away from, by length."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._words = words

    @cached_property
    def _buckets(self) -> dict[tuple[str, int], list[str]]:
        """By first letter and length: hardly any slip is in the first letter."""
        sorted_out: dict[tuple[str, int], list[str]] = {}
        for word, often in self._words.items():
            if often >= _LEAST_FREQUENT and len(word) >= _SHORTEST - 1 and word.isascii() and word.isalpha():
                sorted_out.setdefault((word[0], len(word)), []).append(word)
        return sorted_out

    def near(self, word: str, slips: int) -> list[tuple[float, int, str]]:
        """(slips, minus frequency, word) of the words at most so many slips away, best first."""
        found: list[tuple[float, int, str]] = []
        for length in range(len(word) - slips, len(word) + slips + 1):
            bucket = self._buckets.get((word[0], length), ())
            for candidate, distance, _ in process.extract(
                word, bucket, scorer=OSA.distance, score_cutoff=slips, limit=20
            ):
                often = self._words[candidate]
                if often >= (_STRONG if distance > 1 else _LEAST_FREQUENT):
                    found.append((distance, -often, candidate))
        if not found and len(word) > _SHORTEST + 1:
            # The first letter is wrong, missing or one too many.
            for letter in {word[1], *"abcdefghijklmnopqrstuvwxyz"}:
                for length in (len(word) - 1, len(word), len(word) + 1):
                    for candidate in (letter + word[1:], word[1:], letter + word):
                        if len(candidate) == length and self._words.get(candidate, 0) >= _STRONG:
                            found.append((1.5, -self._words[candidate], candidate))
        return sorted(set(found))

    def split(self, word: str, lexicon: Lexicon) -> str | None:
        """Two frequent words that were typed as one and that titles have side by side: «laptopbag»."""
        best: tuple[int, str] | None = None
        for place in range(3, len(word) - 2):
            left, right = word[:place], word[place:]
            if min(self._words.get(left, 0), self._words.get(right, 0)) >= _STRONG:
                together = count(lexicon.titles_with([stem(left), stem(right)]))
                if together >= _LEAST_FREQUENT and (best is None or together > best[0]):
                    best = (together, f"{left} {right}")
        return best[1] if best else None


_known: WeakKeyDictionary[Lexicon, _Vocabulary] = WeakKeyDictionary()


def _vocabulary(lexicon: Lexicon) -> _Vocabulary:
    vocabulary = _known.get(lexicon)
    if vocabulary is None:
        vocabulary = _known[lexicon] = _Vocabulary(lexicon.words)
    return vocabulary


def joined(row: Sequence[Token], given: Plain, lexicon: Lexicon) -> list[tuple[Token, Token, Correction]]:
    """Neighbours that the catalogue writes as one word and hardly ever as two: «head set»."""
    found: list[tuple[Token, Token, Correction]] = []
    for left, right in itertools.pairwise(row):
        if left.han or right.han or right.start - left.end != 1 or (found and found[-1][1] is left):
            continue
        whole = left.key + right.key
        if min(len(left.key), len(right.key)) < 3 or not whole.isalpha():
            continue
        often = lexicon.frequency(whole)
        if often >= _STRONG and often > _JOINED * count(lexicon.titles_with([left.term, right.term])):
            span = given.span(left.start, right.end)
            found.append((left, right, Correction(given.raw[span[0] : span[1]], whole, span)))
    return found


__all__ = ["corrections", "joined"]
