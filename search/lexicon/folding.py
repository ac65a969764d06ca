"""How words are compared: folded, cut into terms, stemmed. Alike for catalogue and query, or nothing would meet."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import rjieba
import Stemmer

HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+(?:['’][^\W\d_{HAN}]{{1,2}}(?![^\W_]))?")
_HAN = re.compile(rf"[{HAN}]")
_LETTERS = re.compile(r"[a-z]+")


def listed(words: str) -> frozenset[str]:
    """A set of words, written as one text."""
    return frozenset(words.split())


def is_han(text: str) -> bool:
    """Whether any Chinese character is in `text`."""
    return _HAN.search(text) is not None


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """NFKC, caseless, Latin letters without accents. For comparing, never for showing; lengths may change."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    if text.isascii():
        return text
    marks = [char for char in unicodedata.normalize("NFD", text) if not "\u0300" <= char <= "\u036f"]
    return unicodedata.normalize("NFC", "".join(marks))


def runs(folded: str) -> list[str]:
    """Words of letters and digits, possessive `'s` off, and unbroken runs of Chinese characters."""
    return [run.partition("'")[0] if "'" in run else run for run in _RUN.findall(folded)]


def key(text: str) -> str:
    """What a phrase is looked up by: its folded runs, joined by spaces. «TP-LINK» → `tp link`."""
    return " ".join(runs(fold(text)))


def segment(han: str) -> list[str]:
    """A run of Chinese characters, cut into words."""
    return rjieba.cut(han) if len(han) > 1 else [han]


@lru_cache(maxsize=131072)
def stem(word: str) -> str:
    """The stem of a folded English word; anything with digits or other letters stays as it is."""
    return _stemmer().stemWord(word) if len(word) > 2 and _LETTERS.fullmatch(word) else word


def terms(folded: str) -> list[str]:
    """Stems and Chinese words of a folded text, in order."""
    if folded.isascii():
        return [stem(run) for run in runs(folded)]
    found: list[str] = []
    for run in runs(folded):
        if is_han(run):
            found += segment(run)
        else:
            found.append(stem(run))
    return found


@cache
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english", 0)


__all__ = ["HAN", "fold", "is_han", "key", "listed", "runs", "segment", "stem", "terms"]
