"""What is left of a query once its conditions are taken out: the text that is embedded."""

from __future__ import annotations

import re
from collections.abc import Sequence

from search.lexicon.folding import HAN
from search.understanding.normalise import Plain

_EDGES = " ,.;:!?&+/|-–—，。、；！？"
_DANGLING_END = re.compile(
    r"(?:^|(?<=\s))(?:and|or|but|with|for|at|in|that|which|is|are|the|a|an|of|to|from|by|priced|price|costing|made|any|on|something|some|i|we)$"
)
_DANGLING_START = re.compile(r"^(?:and|or|but|that|which|is|are|of|to|any|some|a|an|the)(?=\s|$)(?!\s+[-/])")
_ZH_START = re.compile(r"^(?:的|和|或者?|而且|并且|且|但是?|还?要|买|一[个款件台部双只条支瓶套把]|,)+")
_HAN_START = re.compile(f"[{HAN}]")
_HAN_END = re.compile(f"[{HAN}]$")
_ZH_END = re.compile(r"(?:的|和|或者?|而且|并且|且|但是?|要|，|、)+$")


def left(given: Plain, cuts: Sequence[tuple[int, int]], replacements: Sequence[tuple[int, int, str]] = ()) -> str:
    """The text without the parts in `cuts` and the words that hung on them, with `replacements` of words made."""
    if not cuts and not replacements:
        return given.text
    ranges, place = [], 0
    for start, end in sorted(cuts):
        if start > place:
            ranges.append((place, start))
        place = max(place, end)
    ranges.append((place, len(given.text)))
    text = ""
    for start, end in ranges:
        start, end = _trimmed(given.lower, start, end, start > 0, end < len(given.text))
        piece = _replaced(given.text, start, end, replacements)
        if piece:
            close = _HAN_END.search(text) and _HAN_START.match(piece)
            text += piece if not text or close else " " + piece
    return " ".join(text.split())


def _trimmed(low: str, start: int, end: int, after_cut: bool, before_cut: bool) -> tuple[int, int]:
    """A piece between cuts, without punctuation and connecting words at the ends that are cut."""
    before = None
    while before != (start, end) and start < end:
        before = (start, end)
        while start < end and low[start] in _EDGES:
            start += 1
        while start < end and low[end - 1] in _EDGES:
            end -= 1
        piece = low[start:end]
        for pattern in (_DANGLING_START, _ZH_START) if after_cut else ():
            if match := pattern.match(piece):
                start += match.end()
                piece = low[start:end]
        for pattern in (_DANGLING_END, _ZH_END) if before_cut else ():
            if match := pattern.search(piece):
                end = start + match.start()
                piece = low[start:end]
    return start, end


def _replaced(text: str, start: int, end: int, replacements: Sequence[tuple[int, int, str]]) -> str:
    piece = ""
    for first, last, new in sorted(replacements):
        if start <= first and last <= end:
            piece += text[start:first] + new
            start = last
    return piece + text[start:end]


__all__ = ["left"]
