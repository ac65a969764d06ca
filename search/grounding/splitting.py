"""Text → sentences, English and Chinese. What comes back holds every word of the text, in order."""

from __future__ import annotations

import re

_ABBREVIATIONS = frozenset([
    "approx", "no", "nos", "vs", "etc", "e.g", "i.e", "mr", "mrs", "ms", "dr", "st", "inc", "ltd", "co", "corp",
    "max", "min", "dia", "fig", "vol", "cf", "ca", "dept", "est", "jr", "sr", "a.m", "p.m", "u.s", "u.k", "in", "ft",
    "oz", "lb", "lbs",
])  # fmt: skip
"""A full stop after one of these ends no sentence, unless a new one plainly begins: `_BEGINS`."""

_SENTENCE_TOO = frozenset([
    "etc", "inc", "ltd", "co", "corp", "a.m", "p.m", "u.s", "u.k", "in", "ft", "oz", "lb", "lbs", "est", "jr", "sr",
    "max", "min",
])  # fmt: skip
"""Of those, the ones that often stand last in a sentence as well: before a capital letter they end it."""

_END = re.compile(r"[。！？!?…；]+[”’」』）)\"']*|\.+[”’)\"']*(?=\s|$|[\u3400-\u9fff])|[\r\n\u2028\u2029]+")
_LAST_WORD = re.compile(r"([^\s(（“\"]+)$")


def sentences(text: str) -> list[str]:
    """Without white space around them, none empty. A line break always ends a sentence; so does a Chinese semicolon,
    which joins what an English writer would put into two."""
    found: list[str] = []
    start = 0
    for match in _END.finditer(text):
        if match.start() < start or _goes_on(text, start, match):
            continue
        _keep(found, text[start : match.end()])
        start = match.end()
    _keep(found, text[start:])
    return found


def joined(parts: list[str]) -> str:
    """Sentences as one text: a space between two, unless the first ends with Chinese punctuation."""
    text = ""
    for part in parts:
        text += part if not text or text[-1] in "。！？；…”」』）" else f" {part}"
    return text


def _keep(found: list[str], piece: str) -> None:
    piece = piece.strip()
    if piece:
        found.append(piece)


def _goes_on(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether this is the full stop of an abbreviation or a list number, or an ellipsis within a sentence."""
    sign = match.group()
    rest = text[match.end() : match.end() + 2].lstrip()
    if sign.startswith("…") or sign.startswith(".."):
        return bool(rest) and rest[0].islower()
    if not sign.startswith("."):
        return False
    before = _LAST_WORD.search(text, start, match.start())
    word = before.group().lower() if before else ""
    if word.isdigit() and before is not None and before.start() == start + _blanks(text, start):
        return True  # «1. Quiet»
    if len(word) == 1 and word.isalpha() and word not in "ik":
        return bool(rest) and rest[0].isalpha()
    if word not in _ABBREVIATIONS:
        return False
    return not (word in _SENTENCE_TOO and (not rest or rest[0].isupper()))


def _blanks(text: str, start: int) -> int:
    return len(text[start:]) - len(text[start:].lstrip())


__all__ = ["joined", "sentences"]
