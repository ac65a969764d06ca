"""A few completions out of many: no two alike, and not all of one kind. And which of their letters were typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from search.lexicon.folding import fold, is_han, runs
from search.spelling import begins_nearly
from search.suggestions.entries import Entry, Kind, Suggestion

_ALIKE = 0.7
"""Share of words that two titles have in common when they are variants of one product."""


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate: its score, and a number that is its own."""

    score: float
    number: int


def choose(
    found: Iterable[Found], entry: Callable[[int], Entry], typed: Sequence[str], limit: int
) -> tuple[Suggestion, ...]:
    """At most `limit` of `found`, which is in order of score; `entry` gives what a number stands for.

    Of each kind there is room for a share; what room is left goes to the next best, but titles never take more than
    half of it.
    """
    room = _room(limit)
    chosen: list[tuple[float, Entry]] = []
    late: list[tuple[float, Entry]] = []
    taken: Counter[Kind] = Counter()
    keys: set[frozenset[str]] = set()
    titles: list[frozenset[str]] = []
    most_titles = max(1, limit // 2)
    spare = most_titles - room["title"]
    for one in found:
        if len(chosen) >= limit:
            break
        held = entry(one.number)
        kind = held.kind
        if kind == "title" and taken[kind] >= room[kind] and spare <= 0:
            continue
        key = _key(held.text)
        if key in keys or (kind == "title" and any(_alike(key, other) for other in titles)):
            continue
        keys.add(key)
        if taken[kind] >= room[kind]:
            spare -= kind == "title"
            late.append((one.score, held))
            continue
        if kind == "title":
            titles.append(key)
        taken[kind] += 1
        chosen.append((one.score, held))
    for score, held in late:
        if len(chosen) >= limit:
            break
        if held.kind != "title" or taken["title"] < most_titles:
            taken[held.kind] += 1
            chosen.append((score, held))
    chosen.sort(key=lambda one: -one[0])
    return tuple(
        Suggestion(held.text, held.kind, held.count, highlight(held.text, typed), held.product_id) for _, held in chosen
    )


def highlight(text: str, typed: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Where the typed words (folded) stand in the text: [start, end) in code points, in order, merged if they touch."""
    folded, origin = _mapped(text)
    words: list[tuple[int, str]] = []
    at = 0
    for run in runs(folded):
        at = folded.find(run, at)
        words.append((at, run))
        at += len(run)
    spans: list[tuple[int, int]] = []
    for word in typed:
        for start, end in _pieces(word, folded) if is_han(word) else _beginning(word, words):
            spans.append((origin[start], origin[end - 1] + 1))
    return _merged(spans)


def _beginning(word: str, words: list[tuple[int, str]]) -> list[tuple[int, int]]:
    """The first word that begins so, else the first that nearly does."""
    for fits in (str.startswith, begins_nearly):
        for at, other in words:
            if fits(other, word):
                return [(at, at + min(len(word), len(other)))]
    return []


def _pieces(run: str, folded: str) -> list[tuple[int, int]]:
    """A run of Chinese as it stands; where it stands nowhere, its longest pieces that do."""
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(run):
        end = len(run)
        while end > start and run[start:end] not in folded:
            end -= 1
        if end > start:
            at = folded.find(run[start:end])
            spans.append((at, at + end - start))
        start = max(end, start + 1)
    return spans


def _mapped(text: str) -> tuple[str, list[int]]:
    """The text folded, and for each of its characters the place in the text that it comes from."""
    if text.isascii():
        return text.lower(), list(range(len(text)))
    folded: list[str] = []
    origin: list[int] = []
    for place, char in enumerate(text):
        for other in fold(char):
            folded.append(other)
            origin.append(place)
    return "".join(folded), origin


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _room(limit: int) -> dict[Kind, int]:
    some = max(1, (3 * limit + 7) // 8)
    return {
        "query": max(1, limit // 2),
        "type": limit,
        "brand": some,
        "category": some,
        "title": max(1, 3 * limit // 8),
    }


def _key(text: str) -> frozenset[str]:
    """What two suggestions that say the same have in common: their words, in any order, singular or plural."""
    return frozenset(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in runs(fold(text))
    )


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * len(one | other)


__all__ = ["Found", "choose", "highlight"]
