"""The telling words of a query, each with a pattern that finds it in a product's text, in any of its forms. Pure.

Words meet as they do in the lane of words (search/terms): by their stem, caseless, numbers with their units, compounds
with any sign between their parts or none. What the query rules out («without coating», «fragrance free», 不打孔) meets
only a text that rules it out, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from search.domain import Query
from search.explanation.empty_words import EMPTY_WORDS, NEGATORS
from search.explanation.values import unit
from search.lexicon.folding import segment
from search.terms import HAN, fold, stem, terms
from search.understanding.names import names
from search.understanding.tokens import tokens

MAX_WORDS = 24
"""Words of a query that are looked for; a longer one is prose, and its rest is not spoken of."""

IS_HAN = re.compile(f"[{HAN}]")

_LONGEST_NAME = 4
_SAME = ("goods", "category", "colour", "material", "brand", "size")
"""Kinds of names that mean the same within one language, too: an induction pan has no sensor, though 感应 is either."""

_TOKEN = re.compile(
    rf"(?P<han>[{HAN}]+)|(?P<number>\d+(?:[.,]\d+)*)(?![^\W_{HAN}])"
    rf"|(?P<word>[^\W_{HAN}]+(?:['’.&/-][^\W_{HAN}]+)*)"
)
_UNIT = r"[\s-]?(?:[^\W\d_]{1,10}|[\"”″])"
_MEASURE = re.compile(r"\d+[\W_]*[^\W\d_]")
_COMPOUND_HAN = 4
_RANGE = re.compile(r"\d\s?(?:[-–~]|to|到|至)\s?\d")
_FREE = re.compile(r"(.+)-free")
_NOT_HAN = "(?:不|免|无需|无|不用|不需要?|没有?|非)"
_BETWEEN = re.compile("能用的?|可用|可以|什么|怎么|适合|想要|需要")
"""What no word of goods has in it, and where words may be cut apart: 敏感肌能用的防晒."""

_SPELLINGS = (("our", "or"), ("ae", "e"), ("oe", "e"), ("ise", "ize"), ("yse", "yze"), ("tre", "ter"), ("grey", "gray"),
              ("ogue", "og"), ("aluminium", "aluminum"), ("isation", "ization"), ("ising", "izing"))  # fmt: skip
"""British and American."""

_OLD = ("orthoped", "anesth", "pediatr", "esthet", "estrogen", "diarrhe", "hemo", "encyclop", "archeo", "maneuv")
"""Beginnings of words in which an e may be ae or oe."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A word of the query. `place` numbers it among all words, the empty ones included. `pattern` finds what may be it
    in a folded text, `stem` is what a match must come to, "" where the pattern is enough. `ruled_out`: with the word
    that turns it round, which the pattern asks for, too. `ranged`: one end of a range, 20-30, or of a measure, 40 dB.
    `probe` stands in every text that the pattern can find: most texts need no more looking. `parts` of a Chinese
    compound are words, too, the longest first."""

    typed: str
    place: int
    folded: str
    stem: str
    pattern: str
    ruled_out: bool = False
    ranged: bool = False
    probe: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Probed:
    """A pattern, and what stands in every text that it can find. `spelt`: the same word in another spelling."""

    probe: str
    pattern: str
    spelt: bool = False


@dataclass(frozen=True, slots=True)
class OtherNames:
    """What words side by side, those of the places `first` to `last`, are called otherwise."""

    first: int
    last: int
    patterns: tuple[Probed, ...]


def asked(query: Query) -> list[Asked]:
    """The telling words. What a condition says is left out: it is told with the condition."""
    said = {word for one in query.constraints if one.field != "text" for word in terms(one.text, codes=False)}
    ranged = _RANGE.search(query.text) is not None
    found: list[Asked] = []
    for place, (typed, negator) in enumerate(_split(query.text)):
        folded = fold(typed)
        if not folded or folded in EMPTY_WORDS or len(found) == MAX_WORDS:
            continue
        own = terms(typed, codes=False)
        if own and (negator or not said.issuperset(own)):
            one = _word(typed, place, folded, negator)
            found.append(replace(one, ranged=True) if folded[0].isdigit() and ranged else one)
            if (
                len(found) > 1
                and found[-2].folded.isdigit()
                and found[-2].place == place - 1
                and unit(f"_{folded}", "en")
            ):
                found[-2:] = [replace(row, ranged=True) for row in found[-2:]]
    return found


def is_measure(text: str) -> bool:
    """A number with a unit, 40 dB: a product may have it in another unit, or in a field that names the unit."""
    return bool(_MEASURE.match(text))


def other_names(row: Sequence[Asked]) -> list[OtherNames]:
    """Of all words side by side that have another name, the longest phrases first."""
    found = []
    for length in range(min(_LONGEST_NAME, len(row)), 0, -1):
        for begin in range(len(row) - length + 1):
            words = row[begin : begin + length]
            if words[-1].place - words[0].place != length - 1 or any(one.ruled_out for one in words):
                continue
            phrase = fold(joined(words))
            spelt = {one: True for one in _spelt(phrase) if one != phrase}
            others = {one: False for one in _aliases(phrase) if one != phrase} | spelt
            if others:
                found.append(
                    OtherNames(
                        words[0].place,
                        words[-1].place,
                        tuple(Probed(one.split()[0], _name(one), same) for one, same in others.items()),
                    )
                )
    return found


def joined(row: Sequence[Asked]) -> str:
    """As they were typed: Chinese words without spaces."""
    said = ""
    for one in row:
        apart = said and not (IS_HAN.match(said[-1]) and IS_HAN.match(one.typed))
        said += (" " if apart else "") + one.typed
    return said


def _aliases(phrase: str) -> Iterator[str]:
    forms = [phrase, phrase.removesuffix("s")]
    if phrase.endswith(("ches", "shes", "xes", "sses", "zes", "oes")):
        forms.append(phrase.removesuffix("es"))
    for form in dict.fromkeys(forms):
        for kind, others in names().same.get(form, {}).items():
            yield from (
                one for one in others if kind in _SAME or bool(IS_HAN.search(one)) != bool(IS_HAN.search(phrase))
            )


def _spelt(phrase: str) -> Iterator[str]:
    for one, other in _SPELLINGS:
        for old, new in ((one, other), (other, one)):
            inside = len(phrase) > len(old) + 2 and old in phrase and (len(old) > 1 or phrase.startswith(_OLD))
            if inside or phrase == old:
                yield phrase.replace(old, new, 1)


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Words with the word before them that rules them out, "" mostly; a number and its unit are one word."""
    negator, skip = "", 0
    rows = [(match.lastgroup, match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]
    for number, (kind, token, start, end) in enumerate(rows):
        if number < skip:
            continue
        following = rows[number + 1] if number + 1 < len(rows) else None
        if kind == "number" and following is not None and following[2] - end <= 1:
            both = text[start : following[3]]
            if len(terms(both, codes=False)) == 1:
                token, skip = both, number + 2
        if kind == "word" and following is not None and fold(following[1]) == "free":
            negator, skip = "no", number + 2
        if kind == "word" and (match := _FREE.fullmatch(token)):
            negator, token = "no", match[1]
        for word in _han(token) if kind == "han" else [token]:
            if fold(word) in NEGATORS:
                negator = word
                continue
            yield word, negator
            negator = ""


def _han(run: str) -> Iterator[str]:
    for part in _BETWEEN.split(run):
        yield from (part[token.start : token.end] for token in tokens(part, _is_name))


def _is_name(phrase: str) -> bool:
    return bool(names().kinds(phrase))


def _word(typed: str, place: int, folded: str, negator: str) -> Asked:
    if not negator:
        pattern = _pattern(folded)
        return Asked(typed, place, folded, _stem_of(folded), pattern, probe=_probe(folded), parts=_parts(folded))
    if IS_HAN.search(negator):
        return Asked(
            negator + typed,
            place,
            folded,
            "",
            _NOT_HAN + re.escape(folded),
            ruled_out=True,
            probe=_probe(folded),
        )
    form = _form(folded)
    without = rf"(?<![^\W_])(?:(?:no|not|non|without|free of|free from)[\s-]+{form}|{form}[\s-]free)(?![^\W_])"
    return Asked(f"{negator} {typed}", place, folded, "", without, ruled_out=True, probe=_probe(folded))


def _parts(folded: str) -> tuple[str, ...]:
    if len(folded) < _COMPOUND_HAN or not IS_HAN.match(folded):
        return ()
    return tuple(sorted((part for part in segment(folded) if 1 < len(part) < len(folded)), key=len, reverse=True))


def _stem_of(folded: str) -> str:
    return stem(folded) if folded.isalpha() and folded.isascii() else ""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Only what a probe found is worth compiling: it costs more than all the looking."""
    return re.compile(pattern)


def _pattern(folded: str) -> str:
    if IS_HAN.search(folded):
        return re.escape(folded)
    measure = re.fullmatch(r"(\d+(?:[.,]\d+)*)[\s-]?([^\W\d_]+|[\"”″])", folded)
    if measure:
        return rf"(?<![\w.,]){re.escape(measure[1])}{_UNIT}"
    if folded.replace(".", "").replace(",", "").isdigit():
        return rf"(?<![\w.,-]){re.escape(folded)}(?![\w-]|[.,]\d)"
    return rf"(?<![^\W_]){_form(folded)}(?![^\W_])"


def _probe(folded: str) -> str:
    """The beginning that all forms of a word have, of a compound or a measure that of its first part."""
    first = re.match(r"\d+|[^\W\d_]+", folded)
    if IS_HAN.search(folded) or first is None:
        return folded
    return first[0][: _common(first[0], stem(first[0]))] if first[0].isascii() else first[0]


def _common(one: str, other: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _form(folded: str) -> str:
    """A word in any ending; the parts of a compound with any sign or none between them."""
    parts = re.findall(r"[^\W_]+", folded)
    if len(parts) > 1:
        return r"[\s'’.&/-]?".join(map(re.escape, parts)) + r"(?:s|es)?"
    if not (folded.isalpha() and folded.isascii()):
        return re.escape(folded)
    base = stem(folded)
    common = _common(base, folded)
    return re.escape(folded[:common]) + r"[^\W_]*"


def _name(other: str) -> str:
    if IS_HAN.search(other):  # 原木色 is a colour and no wood
        return re.escape(other) + ("" if other.endswith("色") else "(?!色)")
    return r"(?<![^\W_])" + r"[\s-]".join(map(re.escape, other.split())) + r"(?:s|es)?(?![^\W_])"
