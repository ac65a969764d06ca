"""What was typed → plain text, with the way back from every character of it to the characters that were typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from search.domain import Language
from search.lexicon.folding import is_han

MAX_CHARS = 1000
"""A longer text is cut here before it is embedded: encoders read a few hundred tokens anyway."""

_INVISIBLE = r"\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ud800-\udfff"
_BLANK = re.compile(rf"[\s{_INVISIBLE}]+")
_UNTIDY = re.compile(rf"^ | $|  |[^\S ]|[{_INVISIBLE}]")
_PLAIN = re.compile(r"[ -~]*")


@dataclass(frozen=True, slots=True)
class Plain:
    """`text` is NFKC, without invisible characters, white space collapsed; `lower` the same in small letters, of equal
    length. Character i of it comes from raw[starts[i]:ends[i]]."""

    text: str
    lower: str
    starts: Sequence[int]
    ends: Sequence[int]
    raw: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A slice of `text` → the slice of the raw text that it came from."""
        return (self.starts[start], self.ends[end - 1]) if end > start else (0, 0)


def plain(raw: str) -> Plain:
    """Full-width forms become plain, a lone surrogate or a run of white space or invisible characters one space."""
    typed = raw[: 4 * MAX_CHARS]
    if len(raw) <= MAX_CHARS and not _UNTIDY.search(raw) and unicodedata.is_normalized("NFKC", raw):
        return Plain(raw, _lower(raw), range(len(raw)), range(1, len(raw) + 1), raw)
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    place = 0
    while place < len(typed):
        blank = _BLANK.match(typed, place)
        if blank:
            if chars and chars[-1] != " ":
                chars.append(" ")
                starts.append(place)
                ends.append(blank.end())
            place = blank.end()
            continue
        if ascii_run := _PLAIN.match(typed, place):
            # The last one may be followed by a combining mark and is looked at with it.
            stop = ascii_run.end() - (ascii_run.end() < len(typed))
            while place < stop and typed[place] != " ":
                chars.append(typed[place])
                starts.append(place)
                place += 1
                ends.append(place)
            if place < len(typed) and typed[place] == " ":
                continue
            if place >= len(typed):
                break
        end = place + 1
        while end < len(typed) and _joins(typed[end]):
            end += 1
        for char in unicodedata.normalize("NFKC", typed[place:end]):
            if _BLANK.match(char):
                if not chars or chars[-1] == " ":
                    continue
                char = " "
            chars.append(char)
            starts.append(place)
            ends.append(end)
        place = end
    if len(chars) > MAX_CHARS:
        del chars[MAX_CHARS:]
    while chars and chars[-1] == " ":
        chars.pop()
    text = "".join(chars)
    return Plain(text, _lower(text), starts[: len(chars)], ends[: len(chars)], raw)


def language_of(text: str) -> Language:
    return "zh" if is_han(text) else "en"


def _joins(char: str) -> bool:
    """Whether a character may melt into the one before it."""
    return unicodedata.combining(char) != 0 or "\u1160" <= char <= "\u11ff" or unicodedata.category(char) == "Mc"


def _lower(text: str) -> str:
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(small if len(small := char.lower()) == 1 else char for char in text)
    return lower


__all__ = ["MAX_CHARS", "Plain", "language_of", "plain"]
