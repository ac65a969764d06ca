"""Where in a product the words of a query stand, so that it can be said. Pure.

A word that stands nowhere may stand there under another name: its translation, or what else the thing is called. What
the product itself rules out is quoted with the word that rules it out: «no white cast», 免打孔.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import NamedTuple

from search.codes import asked_codes, code_key, is_code_field, whole_code
from search.domain import CORE_FIELDS, Document, Json, Query
from search.explanation.asked import IS_HAN, Asked, asked, compiled, is_measure, joined, other_names
from search.explanation.ledger import How, Word
from search.terms import HAN, fold, squash, stem, terms

MAX_DESCRIPTION = 3000
"""Characters of a description that are read for words, as many as the lane of words reads."""

_COMPOUND = re.compile(rf"[^\W_{HAN}]+(?:['’.&/-][^\W_{HAN}]+)+")
_JOINT = re.compile(r"\w['’.&/-]\w")
_CODED = re.compile(r"[^\W_]+(?:[-./#][^\W_]+)*")
_DIGIT = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W_]+")
_RULED_OUT = re.compile(r"(?:(?<![^\W_])(?:no|not|non|without)[\s-]+|[不免无没非未])$")


@dataclass(frozen=True, slots=True)
class Found:
    """`words` in the order of the query; `missing` are words that are nowhere in the product, under no name;
    those that follow each other are one phrase."""

    words: tuple[Word, ...] = ()
    missing: tuple[str, ...] = ()


class _Text(NamedTuple):
    """A text of the product as written and folded; places in the one are places in the other where `exact`."""

    field: str
    written: str
    folded: str

    @property
    def exact(self) -> bool:
        return len(self.written) == len(self.folded)

    def cut(self, start: int, end: int) -> str:
        return (self.written if self.exact else self.folded)[start:end]


@dataclass(frozen=True, slots=True)
class _Met:
    """One or more words of the query that stand side by side in a text, at [start, end)."""

    first: int
    last: int
    text: _Text
    start: int
    end: int
    how: How = "itself"


class Finder:
    """Of one query: made once for a page of products."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._whole = whole_code(query)
        self._codes = asked_codes(query)
        self._asked = asked(query) if query.text else []
        self._names = other_names(self._asked)

    def found(self, document: Document) -> Found:
        if coded := self._by_code(document):
            return Found((coded,))
        if not self._asked:
            return Found()
        texts = _Texts(document)
        met: dict[int, _Met] = {}
        there = [one for one in self._asked if one.probe in texts.folded or (one.stem and one.probe in texts.squashed)]
        for text in texts if there else ():
            left = [one for one in there if one.place not in met]
            if not left:
                break
            for one in _in_text(text, left):
                met.update(dict.fromkeys(range(one.first, one.last + 1), one))
        self._by_other_names(texts, met)
        self._by_parts(texts, met)
        self._by_pieces_of_codes(document, met)
        phrases = {one.first: one for one in met.values()}
        shown = [self._word(phrases[first]) for first in sorted(phrases) if _tells(phrases[first])]
        rest = [one for one in self._asked if one.place not in met and not one.ruled_out]
        rest = [one for one in rest if not (one.ranged or is_measure(one.folded))]
        everything = _Everything.of(document, texts) if rest else None
        missing = [one for one in rest if everything and not everything.may_say(one)]
        if not shown and (met or len(missing) < len(rest)):
            missing = []  # some of it is there in a way that cannot be shown: then nothing is said to be missing
        return Found(tuple(shown), tuple(one for one in _phrases(missing) if not is_measure(one)))

    def _word(self, met: _Met) -> Word:
        typed = joined([one for one in self._asked if met.first <= one.place <= met.last])
        start = met.start
        if before := _RULED_OUT.search(met.text.folded[max(0, start - 12) : start]):
            start -= len(before[0])
        return Word(typed, met.text.field, met.text.cut(start, met.end), met.how)

    def _by_code(self, document: Document) -> Word | None:
        """The code that the query names, where this product bears it."""
        wanted = {key for key in (self._whole, *self._codes) if key}
        if not wanted:
            return None
        for field, value in document.items():
            if field not in ("id", "title") and not _holds_codes(field):
                continue
            for member in value if isinstance(value, list) else [value]:
                if isinstance(member, str | int) and not isinstance(member, bool):
                    key = code_key(str(member))
                    if key in wanted:
                        return Word(self._as_typed(key), field, str(member), "code")
        return None

    def _as_typed(self, key: str) -> str:
        raw = self._query.raw
        if key == self._whole:
            return raw.strip()
        return next((token for token in _CODED.findall(raw) if code_key(token) == key), key)

    def _by_other_names(self, texts: _Texts, met: dict[int, _Met]) -> None:
        for name in self._names:
            places = range(name.first, name.last + 1)
            if any(place in met for place in places):
                continue
            if not any(one.probe in texts.folded for one in name.patterns):
                continue
            for text in texts:
                hits = (
                    (hit, one.spelt)
                    for one in name.patterns
                    if one.probe in text.folded and (hit := compiled(one.pattern).search(text.folded))
                )
                hit, spelt = next(hits, (None, False))
                if hit is not None:
                    how: How = "itself" if spelt else "other name"
                    met.update(dict.fromkeys(places, _Met(name.first, name.last, text, *hit.span(), how=how)))
                    break

    def _by_parts(self, texts: _Texts, met: dict[int, _Met]) -> None:
        """Of a Chinese compound that stands nowhere as a whole, the part that does: 鼠标 of 无线鼠标."""
        for one in self._asked:
            if one.place in met:
                continue
            there = (part for part in one.parts if part in texts.folded)
            for part, text in ((part, text) for part in there for text in texts):
                if (start := text.folded.find(part)) >= 0:
                    met[one.place] = _Met(one.place, one.place, text, start, start + len(part))
                    break

    def _by_pieces_of_codes(self, document: Document, met: dict[int, _Met]) -> None:
        """Only titles give pieces of codes, as in the lane of words."""
        pieces = [
            one for one in self._asked if one.place not in met and len(one.folded) >= 3 and _DIGIT.search(one.folded)
        ]
        if not pieces:
            return
        title = str(document.get("title") or "")
        text = _Text("title", title, fold(title))
        for match in _CODED.finditer(text.folded):
            key = squash(match[0])
            for one in pieces:
                code = squash(one.folded)
                if one.place not in met and code in key and _DIGIT.search(key):
                    how: How = "itself" if code == key else "part of a code"
                    met[one.place] = _Met(one.place, one.place, text, *match.span(), how=how)


def _phrases(row: Sequence[Asked]) -> Iterator[str]:
    """As they were typed, those that follow each other as one."""
    for _, each in groupby(enumerate(row), lambda pair: pair[1].place - pair[0]):
        yield joined([one for _, one in each])


def _tells(met: _Met) -> bool:
    """A single character says little but where goods are named."""
    return met.end - met.start > 1 or met.text.field in ("title", "category")


def mentions(document: Document, text: str) -> bool:
    """Whether any text of the product has all words of `text`, in any of their forms."""
    row = asked(Query(text, text, "en"))
    if not row:
        return False
    return any(all(next(_spans(each, one), None) for one in row) for each in _Texts(document))


# --- the product -----------------------------------------------------------------------------------------------------


class _Texts:
    """The texts of a product, all folded at once. What is not in `folded` is in none of them."""

    def __init__(self, document: Document) -> None:
        rows = list(_texts(document))
        self.folded = fold("\n".join([written.replace("\n", " ") for _, written in rows]))
        self._rows = [
            _Text(field, written, folded)
            for (field, written), folded in zip(rows, self.folded.split("\n"), strict=bool(rows))
        ]

    def __iter__(self) -> Iterator[_Text]:
        return iter(self._rows)

    @cached_property
    def squashed(self) -> str:
        """Letters and digits alone: of a compound that is one word elsewhere, too."""
        return "".join(_LETTERS.findall(self.folded))


def _texts(document: Document) -> Iterator[tuple[str, str]]:
    """Fields and what is written there; what says most about a product first."""
    for field in ("title", "brand", "category"):
        yield from _of_value(field, document.get(field))
    others = [
        (field, value) for field, value in document.items() if field not in CORE_FIELDS and not _holds_codes(field)
    ]
    for field, value in others:
        if value is True:  # its name is what it says
            yield from _of_value(field, field.replace("_", " "))
    for field, value in others:
        yield from _of_value(field, value)
    description = document.get("description")
    if isinstance(description, str):
        yield from _of_value("description", description[:MAX_DESCRIPTION])


_holds_codes = lru_cache(maxsize=4096)(is_code_field)


def _of_value(field: str, value: Json) -> Iterator[tuple[str, str]]:
    for member in value if isinstance(value, list) else [value]:
        if isinstance(member, str) and member:
            yield field, member


def _in_text(text: _Text, asked: Sequence[Asked]) -> Iterator[_Met]:
    """The words that stand there; those that follow each other in both, as one."""
    places = {one.place: spans for one in asked if (spans := list(_spans(text, one)))}
    done: set[int] = set()
    for place in places:
        if place in done:
            continue
        start, end, last = *places[place][0], place
        for begin in places[place]:
            run, until = place, begin[1]
            while following := next(
                (span for span in places.get(run + 1, ()) if 0 <= span[0] - until <= 2
                 and not re.search(r"[\w,;.]", text.folded[until : span[0]])), None
            ):  # fmt: skip
                run, until = run + 1, following[1]
            if run > last:
                start, end, last = begin[0], until, run
        done.update(range(place, last + 1))
        yield _Met(place, last, text, start, end)


def _spans(text: _Text, one: Asked) -> Iterator[tuple[int, int]]:
    for match in compiled(one.pattern).finditer(text.folded) if one.probe in text.folded else ():
        if one.stem and stem(match[0]) != one.stem:
            continue
        if one.folded[0].isdigit() and not one.stem and terms(match[0], codes=False) != terms(one.folded, codes=False):
            continue
        if len(one.folded) == 1 and IS_HAN.match(one.folded) and one.folded not in _cut(text.folded):
            continue
        yield match.span()
    if one.stem and _JOINT.search(text.folded):
        yield from _compounds(text.folded).get(one.stem, ())


@lru_cache(maxsize=1024)
def _compounds(folded: str) -> dict[str, list[tuple[int, int]]]:
    """Where words stand that are written with a sign between their parts: `bluray` for blu-ray."""
    found: dict[str, list[tuple[int, int]]] = {}
    for match in _COMPOUND.finditer(folded):
        found.setdefault(stem("".join(_LETTERS.findall(match[0]))), []).append(match.span())
    return found


@lru_cache(maxsize=256)
def _cut(folded: str) -> frozenset[str]:
    return frozenset(terms(folded, codes=False))


@dataclass(frozen=True, slots=True)
class _Everything:
    """All that a product says, names of its fields included: folded, and without spaces and signs. What is not in there
    is not in the product."""

    folded: str
    squashed: str

    @classmethod
    def of(cls, document: Document, texts: _Texts) -> _Everything:
        """`texts` of the document, which need not be folded again."""
        known = {text.written for text in texts}
        others = [*document]
        for value in document.values():
            members = value if isinstance(value, list) else [value]
            others += [str(member) for member in members if not (isinstance(member, str) and member in known)]
        rest = fold(" ".join(others))
        return cls(f"{texts.folded} {rest}", texts.squashed + "".join(_LETTERS.findall(rest)))

    def may_say(self, one: Asked) -> bool:
        """Rather yes than no: what is said to be missing must be missing."""
        whole = squash(one.folded)
        if whole in self.squashed and not whole.isdigit():
            return True
        if whole.isdigit():
            return re.search(rf"(?<!\d){whole}(?!\d)", self.folded) is not None
        if IS_HAN.search(whole):
            return len(whole) == 1 or any(whole[n : n + 2] in self.squashed for n in range(len(whole) - 1))
        root = one.stem or whole
        return root[: max(3, len(root) - 1)] in self.squashed
