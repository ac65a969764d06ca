"""Texts → the terms of the lexical lane, and terms → the indices of a sparse vector. Pure functions.

One rule for documents and queries, so that what is written alike is found alike:

- English words are stemmed (Snowball), accents and case do not count, `blu-ray` is also `bluray`;
- Chinese is cut into words in search mode, 无线蓝牙耳机 → 无线 蓝牙 耳机 and longer words besides their parts;
- a number and its unit are one term: `128 GB`, `128GB` and `128-gb` are `128gb`, `15.6"` is `15.6inch`;
- a product code is one term without its signs, `TN-2110` → `tn2110`, and its pieces and beginnings are terms of their
  own kind (`FRAGMENT` before them), so that `2110` finds it, yet no ordinary word does.
"""

from __future__ import annotations

import functools
import hashlib
import re
import threading
import unicodedata
from collections.abc import Iterator

import rjieba
import Stemmer

FRAGMENT = "~"
"""Stands before pieces of codes, to keep them apart from words."""

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

_UNIT = rf"[\s-]?(?:[^\W\d_{HAN}]+|''|[\"″”]|[英毫千公]?[寸米升克斤]|[瓦伏片支件只包瓶盒])"
_TOKEN = re.compile(
    rf"(?P<han>[{HAN}]+)"
    rf"|(?P<number>\d+(?:[.,]\d+)*)(?P<unit>{_UNIT})?(?![^\W_{HAN}])"
    rf"|(?P<word>[^\W_{HAN}]+(?:['’.&/-][^\W_{HAN}]+)*)"
)
_PART = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"\d+|[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")

_UNITS = {
    "gb": "gb", "tb": "tb", "mb": "mb", "kb": "kb", "g": "g", "kg": "kg", "mg": "mg", "lb": "lb", "lbs": "lb",
    "oz": "oz",
    "ml": "ml", "cl": "cl", "l": "l", "mm": "mm", "cm": "cm", "m": "m", "km": "km", "ft": "ft", "in": "inch",
    "inch": "inch", "inches": "inch", '"': "inch", "''": "inch", "″": "inch", "”": "inch", "w": "w", "kw": "kw",
    "watt": "w", "watts": "w", "v": "v", "volt": "v", "volts": "v", "hz": "hz", "khz": "khz", "mhz": "mhz",
    "ghz": "ghz",
    "mah": "mah", "ah": "ah", "mp": "mp", "dpi": "dpi", "ppm": "ppm", "rpm": "rpm", "mbps": "mbps", "gbps": "gbps",
    "k": "k", "p": "p", "x": "x", "va": "va", "kva": "kva", "lumen": "lm", "lumens": "lm", "lm": "lm", "qt": "qt",
    "gal": "gal", "gallon": "gal", "quart": "qt", "ounce": "oz", "ounces": "oz", "pound": "lb", "pounds": "lb",
    "feet": "ft", "foot": "ft", "gram": "g", "grams": "g", "litre": "l", "liter": "l", "litres": "l", "liters": "l",
    "pack": "pack", "pk": "pack", "pcs": "pc", "pc": "pc", "piece": "pc", "pieces": "pc", "ct": "pc", "count": "pc",
    "英寸": "inch", "寸": "inch", "毫升": "ml", "升": "l", "克": "g", "千克": "kg", "公斤": "kg", "斤": "jin",
    "毫米": "mm",
    "米": "m", "千米": "km", "公里": "km", "瓦": "w", "伏": "v", "片": "pian", "支": "zhi", "件": "pc", "只": "pc",
    "包": "bao", "瓶": "ping", "盒": "he",
}  # fmt: skip
"""Spellings of units → one of them. Those outside are words of their own: «11 pro»."""

_STOP = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "have", "i", "in", "into", "is",
     "it", "its", "me", "my", "of", "on", "or", "our", "s", "so", "t", "than", "that", "the", "their", "these",
     "they", "this", "to", "up", "was", "we", "with", "you", "your", "的", "了", "和", "与", "及", "或", "等",
     "个", "是", "在", "有", "我", "你", "他", "之", "吗", "呢", "吧", "啊", "请", "把", "被", "也", "都",
     "就", "很", "为", "以", "对", "用"}
)  # fmt: skip

_local = threading.local()


def terms(text: str, codes: bool = True) -> list[str]:
    """The terms of a text in order, with repeats and without words that say nothing; `codes`: with pieces of codes."""
    return [term for term in _terms(text, codes) if term not in _STOP]


def query_terms(text: str) -> list[str]:
    """The distinct terms of a query: words that say nothing only where there are no others; what may be a piece of a
    code is looked for as such, too."""
    every = list(dict.fromkeys(_terms(text, codes=False)))
    kept = [term for term in every if term not in _STOP] or every
    pieces = [FRAGMENT + term for term in kept if _may_be_fragment(term)]
    return kept + pieces


def index_of(term: str) -> int:
    """The number of a term in sparse vectors: 32 bits of BLAKE2. Two of 100,000 terms share one about once."""
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "little")


def fold(text: str) -> str:
    """NFKC, caseless, without accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    marks = {char for char in set(apart) if unicodedata.combining(char)}
    plain = "".join(char for char in apart if char not in marks) if marks else apart
    return unicodedata.normalize("NFC", plain)


@functools.lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The Snowball stem of a folded English word; other scripts come back as they are."""
    if not word.isascii():
        return word
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:
        # One for each thread: a stemmer keeps state while it works.
        stemmer = _local.stemmer = Stemmer.Stemmer("english")
    return str(stemmer.stemWord(word))


def han_words(run: str) -> list[str]:
    """A run of Chinese characters as words in search mode."""
    return list(rjieba.cut_for_search(run))


def squash(text: str) -> str:
    """Letters and digits alone, folded: how codes compare."""
    return "".join(_PART.findall(fold(text)))


def is_code(token: str) -> bool:
    """Whether a squashed token looks like a product code: letters and digits, at least four signs, and no size."""
    if len(token) < 4 or not _DIGIT.search(token) or not _LETTER.search(token):
        return False
    pieces = _PIECE.findall(token)
    return not (len(pieces) == 2 and pieces[0].isdigit() and pieces[1] in _UNITS)


def _terms(text: str, codes: bool) -> Iterator[str]:
    for match in _TOKEN.finditer(fold(text)):
        if run := match["han"]:
            yield from han_words(run)
        elif number := match["number"]:
            yield from _measure(number, match["unit"] or "")
        else:
            yield from _word(match["word"], codes)


def _measure(number: str, tail: str) -> Iterator[str]:
    plain = _plain(number)
    word = tail.strip(" \t\n-")
    unit = _UNITS.get(word)
    if unit is not None:
        yield plain + unit
        return
    yield plain
    if word:
        yield stem(word)


def _plain(number: str) -> str:
    """1,299 → 1299; 15.60 → 15.6; 1.2.3 and leading zeros stay."""
    text = re.sub(r",(?=\d{3}(?!\d))", "", number).replace(",", ".")
    return text.rstrip("0").rstrip(".") if text.count(".") == 1 else text


def _word(token: str, codes: bool) -> Iterator[str]:
    parts = _PART.findall(token)
    whole = "".join(parts)
    if _DIGIT.search(whole) and _LETTER.search(whole):
        pieces = _PIECE.findall(whole)
        if len(pieces) == 2 and pieces[0].isdigit() and pieces[1] in _UNITS:
            yield pieces[0] + _UNITS[pieces[1]]
            return
        yield whole
        for part in parts if len(parts) > 1 else ():
            yield stem(part)
        if codes and len(whole) >= 4:
            yield from _fragments(whole, pieces)
        return
    for part in parts:
        yield stem(part)
    if len(parts) > 1 and len(whole) <= 24 and not any(part.isdigit() for part in parts):
        yield stem(whole)


def _fragments(whole: str, pieces: list[str]) -> Iterator[str]:
    """Pieces of three signs and more, and beginnings of four and more."""
    found = {piece for piece in pieces if len(piece) >= 3 and piece != whole}
    found |= {whole[:length] for length in range(4, min(len(whole), 11))}
    yield from (FRAGMENT + each for each in sorted(found))


def _may_be_fragment(term: str) -> bool:
    return len(term) >= 3 and term.isascii() and term.isalnum() and bool(_DIGIT.search(term))
