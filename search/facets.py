"""Looking for a value among those of a facet, while its name is being typed. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from search.lexicon.folding import fold, is_han, runs
from search.spelling import begins_nearly

MAX_HITS = 100
"""Values that one answer holds."""

EVERY_VALUE = 1_000_000
"""More values than any facet has."""

TYPO_FROM = 5
"""Letters that a typed word must have before one of them may be wrong."""

_MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class FacetHit:
    """A value of the facet, as the answer to a search would show it, and in how many of its products it stands."""

    value: str
    count: int


def find_values(counts: Mapping[str, int], typed: str | None, limit: int = MAX_HITS) -> tuple[FacetHit, ...]:
    """The values in which every typed word begins a word; in Chinese, stands anywhere. Case and accents do not count.

    Where no value fits, one edit is forgiven in words of TYPO_FROM letters or more, unless they hold a digit. Nothing
    typed: every value. Most frequent first, ties by value.
    """
    wanted = runs(fold((typed or "")[:_MAX_CHARS]))
    if typed and typed.strip() and not wanted:  # signs alone: what has no word is looked for as it stands
        sign = fold(typed[:_MAX_CHARS]).strip()
        chosen = [value for value in counts if sign in fold(value)]
    else:
        chosen = _fitting(counts, wanted, _begins) or _fitting(counts, wanted, _nearly)
    hits = (FacetHit(value, counts[value]) for value in chosen)
    return tuple(sorted(hits, key=lambda hit: (-hit.count, hit.value))[:limit])


def _fitting(counts: Mapping[str, int], wanted: Sequence[str], fits: Callable[[str, str], bool]) -> list[str]:
    return [value for value in counts if _fits(fold(value), wanted, fits)]


def _fits(value: str, wanted: Sequence[str], fits: Callable[[str, str], bool]) -> bool:
    words = runs(value)
    return all(one in value if is_han(one) else any(fits(word, one) for word in words) for one in wanted)


def _begins(word: str, typed: str) -> bool:
    return word.startswith(typed)


def _nearly(word: str, typed: str) -> bool:
    if len(typed) < TYPO_FROM or any(char.isdigit() for char in typed):
        return word.startswith(typed)
    return begins_nearly(word, typed)


__all__ = ["EVERY_VALUE", "MAX_HITS", "FacetHit", "find_values"]
