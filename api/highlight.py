"""Marking, cropping and locating a query's words in the fields of a hit. Pure functions.

A word matches a word that equals it without case and accents; the last word of the query, which may still be being
typed, also matches the beginning of one. Chinese, Japanese kana and the like are written without spaces, so there every
two neighbouring characters of the query match wherever they stand side by side in the text.

Nothing is escaped, as Meilisearch does it: whoever shows marked text as HTML escapes it first and chooses marks that
survive that.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_RUN = re.compile(rf"[{_CJK}]+")
# A word for counting: one between spaces and signs, or two characters of a script without spaces.
_WORD = re.compile(rf"[{_CJK}]{{1,2}}|[^\W_{_CJK}]+")

MAX_WORDS = 32
"""Words of a query that are looked for; a longer query is prose, and marking every word of it marks nothing."""


MAX_CHARS = 100_000
"""Of a longer text only the beginning is searched for the words."""

_SHORTEST_PREFIX = 2

_FUNCTION_WORDS = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "from", "in", "into", "is", "it", "its", "my", "of",
     "on", "or", "our", "so", "than", "that", "the", "their", "them", "then", "these", "they", "this", "to", "under",
     "up", "was", "we", "with", "without", "you", "your"}
)  # fmt: skip
"""They stand in every text and say nothing about why it was found. Looked for only when there is nothing else."""


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) in code points, and the number of the query word that stands there."""

    start: int
    end: int
    term: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What to look for: folded words, the folded beginning of the last word ("" for none), pairs of characters."""

    words: dict[str, int]
    prefix: str
    pairs: dict[str, int]

    @property
    def any(self) -> bool:
        return bool(self.words or self.pairs)


def terms(query: str) -> Terms:
    """The terms of a query: those that carry meaning, or all where none does."""
    every = _terms(query, frozenset())
    return telling if (telling := _terms(query, _FUNCTION_WORDS)).any else every


def _terms(query: str, skipped: frozenset[str]) -> Terms:
    words: dict[str, int] = {}
    pairs: dict[str, int] = {}
    number = 0
    last = ""
    for match in list(_TOKEN.finditer(query))[:MAX_WORDS]:
        run = match.group()
        if _RUN.match(run):
            for start in range(max(1, len(run) - 1)):
                pairs.setdefault(run[start : start + 2], number + start)
            number += len(run)
            last = ""
        else:
            word = _fold(run)
            if word in skipped:
                last = ""
                continue
            last = word if match.end() == len(query) and len(word) >= _SHORTEST_PREFIX else ""
            words.setdefault(word, number)
            number += 1
    return Terms(words, last, pairs)


def find(text: str, wanted: Terms) -> list[Span]:
    """Where the terms stand in a text, in order, without overlaps."""
    if not wanted.any:
        return []
    found: list[Span] = []
    for match in _TOKEN.finditer(text, 0, MAX_CHARS):
        if _RUN.match(match.group()):
            found += _in_run(match.group(), match.start(), wanted.pairs)
        else:
            span = _in_word(match.group(), match.start(), wanted)
            found += [span] if span else []
    return found


def mark(text: str, spans: Sequence[Span], before: str, after: str) -> str:
    pieces, at = [], 0
    for span in spans:
        pieces += [text[at : span.start], before, text[span.start : span.end], after]
        at = span.end
    return "".join([*pieces, text[at:]])


def crop(text: str, spans: Sequence[Span], words: int, marker: str) -> tuple[str, list[Span]]:
    """`words` words around the place where most of the query stands; the spans move along. 0 words: all of it."""
    places = [match.span() for match in _WORD.finditer(text)]
    if words <= 0 or len(places) <= words:
        return text, list(spans)
    first = _best_window(places, spans, words)
    last = first + words - 1
    start = 0 if first == 0 else places[first][0]
    end = len(text) if last >= len(places) - 1 else places[last][1]
    head, tail = (marker if start else ""), (marker if end < len(text) else "")
    shift = len(head) - start
    kept = [
        Span(max(span.start, start) + shift, min(span.end, end) + shift, span.term)
        for span in spans
        if span.end > start and span.start < end
    ]
    return head + text[start:end] + tail, kept


def in_bytes(text: str, spans: Sequence[Span]) -> list[dict[str, int]]:
    """As `_matchesPosition` counts: bytes of UTF-8."""
    found, at, offset = [], 0, 0
    for span in spans:
        offset += len(text[at : span.start].encode())
        length = len(text[span.start : span.end].encode())
        found.append({"start": offset, "length": length})
        at, offset = span.end, offset + length
    return found


def _best_window(places: Sequence[tuple[int, int]], spans: Sequence[Span], words: int) -> int:
    """Number of the first word of the window with the most different terms, then the most matches; those centred."""
    if not spans:
        return 0
    at = [_word_of(span.start, places) for span in spans]
    until = [_word_of(span.end - 1, places) for span in spans]
    inside: Counter[int] = Counter()
    best, best_score, begin = (at[0], until[0]), (0, 0), 0
    for number, high in enumerate(until):
        inside[spans[number].term] += 1
        while begin < number and at[begin] <= high - words:
            inside[spans[begin].term] -= 1
            begin += 1
        score = (sum(1 for count in inside.values() if count), number - begin + 1)
        if score > best_score:
            best, best_score = (at[begin], high), score
    room = max(0, words - (best[1] - best[0] + 1))
    return max(0, min(best[0] - room // 2, len(places) - words))


def _word_of(position: int, places: Sequence[tuple[int, int]]) -> int:
    low, high = 0, len(places) - 1
    while low < high:
        middle = (low + high) // 2
        if places[middle][1] <= position:
            low = middle + 1
        else:
            high = middle
    return low


def _in_run(run: str, offset: int, pairs: dict[str, int]) -> list[Span]:
    """Neighbouring matches become one: 无线 and 线耳 and 耳机 mark 无线耳机 once."""
    found: list[Span] = []
    for start in range(len(run)):
        for length in (2, 1):
            term = pairs.get(run[start : start + length]) if start + length <= len(run) else None
            if term is None:
                continue
            begin, end = offset + start, offset + start + length
            if found and found[-1].end >= begin:
                found[-1] = Span(found[-1].start, max(end, found[-1].end), found[-1].term)
            else:
                found.append(Span(begin, end, term))
            break
    return found


def _in_word(word: str, offset: int, wanted: Terms) -> Span | None:
    folded = _fold(word)
    term = wanted.words.get(folded)
    if term is not None:
        return Span(offset, offset + len(word), term)
    if wanted.prefix and folded.startswith(wanted.prefix):
        length = next(size for size in range(1, len(word) + 1) if len(_fold(word[:size])) >= len(wanted.prefix))
        return Span(offset, offset + length, wanted.words[wanted.prefix])
    return None


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word)
    return "".join(char for char in apart if not unicodedata.combining(char)).casefold()
