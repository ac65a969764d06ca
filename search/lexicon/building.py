"""Documents → Lexicon, in one pass and in bounded memory."""

from __future__ import annotations

import re
import zlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from operator import itemgetter

from search.domain import Document, FieldKind, Json
from search.lexicon.contents import Contents, NumberField, Value
from search.lexicon.folding import fold, runs, stem, terms
from search.lexicon.phrases import Role, phrases, role_of
from search.lexicon.reading import Lexicon

SAMPLE = 40_000
"""Titles kept word by word. Of a larger catalogue an even sample is kept, chosen by the ids."""

_MOST_WORDS = 300_000
_MOST_VALUES: Mapping[Role, int] = {
    "brand": 30_000, "category": 10_000, "colour": 5_000, "material": 5_000, "size": 3_000, "attribute": 300,
}  # fmt: skip
_LONGEST_VALUE = 60
_LONGEST_TITLE = 48
_READ_OF_DESCRIPTION = 1000
_LOOKS: tuple[Role, ...] = ("brand", "colour", "material", "size")
_WORD = re.compile(r"[a-z]{3,}")


class LexiconBuilder:
    """Feed it every document of a catalogue, then `build`. `fields` are the filterable ones, as in the manifest."""

    def __init__(self, fields: Mapping[str, FieldKind]) -> None:
        self._fields = dict(fields)
        self._roles = {name: role for name, kind in fields.items() if (role := role_of(name, kind)) is not None}
        self._numbers = [name for name, kind in fields.items() if kind == "number"]
        self._dates = [name for name, kind in fields.items() if kind == "date"]
        self._ranges: dict[str, list[float]] = {}
        self._present: Counter[str] = Counter()
        self._currencies: Counter[str] = Counter()
        self._values: dict[str, Counter[str]] = {name: Counter() for name in self._roles}
        self._words: Counter[str] = Counter()
        self._described: set[str] = set()
        self._sample = _Sample()
        self._products = 0

    def add(self, document: Document) -> None:
        self._products += 1
        worn = self._read_values(document)
        for name in self._numbers:
            self._read_number(name, document.get(name))
        for name in self._dates:
            self._present[name] += name in document
        currency = document.get("currency")
        if isinstance(currency, str) and currency.isascii():
            self._currencies[currency] += 1
        if "in_stock" in document:
            self._present["in_stock"] += 1
        title = fold(str(document.get("title", "")))
        cut = runs(title)
        heard = set(cut)
        for value in (document.get("brand"), *_each(document.get("category"))):
            if value:
                heard.update(runs(fold(str(value))))
        self._words.update(heard)
        self._sample.add(str(document.get("id", "")), title, cut, worn)
        if description := document.get("description"):
            self._described.update(_WORD.findall(str(description)[:_READ_OF_DESCRIPTION].lower()))
        if len(self._words) > _MOST_WORDS:
            _drop_rarest(self._words, _MOST_WORDS // 2)
        if len(self._described) > _MOST_WORDS:
            self._described = set(sorted(self._described)[: _MOST_WORDS // 2])

    def build(self) -> Lexicon:
        values = self._kept_values()
        number_of = {(value.field, value.written): number for number, value in enumerate(values)}
        found: defaultdict[str, list[int]] = defaultdict(list)
        for number, value in enumerate(values):
            for phrase in sorted(phrases(value.written, self._roles[value.field])):
                found[phrase].append(number)
        names, flat, holders, held = self._sample.pack(number_of)
        numbers = {
            name: NumberField(low, high, int(count)) for name, (low, high, count) in sorted(self._ranges.items())
        }
        return Lexicon(
            Contents(
                products=self._products,
                fields=dict(sorted(self._fields.items())),
                roles={name: role for name, role in sorted(self._roles.items()) if self._values.get(name)},
                present={name: count for name, count in sorted(self._present.items()) if count},
                numbers=numbers,
                currencies=dict(sorted(self._currencies.items(), key=lambda item: (-item[1], item[0]))),
                values=values,
                phrases=dict(found),
                words=dict(sorted(self._words.items())),
                described=frozenset(self._described - self._words.keys()),
                terms=names,
                titles=flat,
                value_titles=holders,
                value_numbers=held,
            )
        )

    def _read_values(self, document: Document) -> list[tuple[str, str]]:
        worn: list[tuple[str, str]] = []
        for name, role in self._roles.items():
            held = document.get(name)
            if held is None:
                continue
            counts = self._values.get(name)
            if counts is None:
                continue
            self._present[name] += 1
            for value in _each(held):
                if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_VALUE or not value.isprintable():
                    continue
                counts[value] += 1
                if role in _LOOKS:
                    worn.append((name, value))
            most = _MOST_VALUES[role]
            if len(counts) > 2 * most:
                if role == "attribute":
                    del self._values[name]
                else:
                    _drop_rarest(counts, most)
        return worn

    def _read_number(self, name: str, value: Json) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        known = self._ranges.get(name)
        if known is None:
            self._ranges[name] = [value, value, 1]
        else:
            known[0], known[1], known[2] = min(known[0], value), max(known[1], value), known[2] + 1

    def _kept_values(self) -> list[Value]:
        kept: list[Value] = []
        for name in sorted(self._values):
            role, counts = self._roles[name], self._values[name]
            most = _MOST_VALUES[role]
            if role == "attribute" and (len(counts) > most or counts.total() < 2 * len(counts)):
                continue
            ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
            kept += [Value(name, written, count) for written, count in ranked]
        return kept


class _Sample:
    """Titles as sequences of term numbers, with the looks of each product; an even sample by id once there are many."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}
        self._stems: dict[str, int] = {}
        self._titles: list[tuple[int, array[int], list[tuple[str, str]]]] = []
        self._shift = 0

    def add(self, identifier: str, title: str, cut: list[str], worn: list[tuple[str, str]]) -> None:
        place = zlib.crc32(identifier.encode("utf-8", "replace"))
        if self._shift and place >> (32 - self._shift):
            return
        if title.isascii():
            stems, numbers = self._stems, self._numbers
            coded = array("I")
            for run in cut[:_LONGEST_TITLE]:
                number = stems.get(run)
                if number is None:
                    number = stems[run] = numbers.setdefault(stem(run), len(numbers))
                coded.append(number)
        else:
            coded = array("I", [self._numbers.setdefault(t, len(self._numbers)) for t in terms(title)[:_LONGEST_TITLE]])
        self._titles.append((place, coded, worn))
        if len(self._titles) > SAMPLE:
            self._shift += 1
            self._titles = [kept for kept in self._titles if not kept[0] >> (32 - self._shift)]

    def pack(self, number_of: Mapping[tuple[str, str], int]) -> tuple[list[str], array[int], array[int], array[int]]:
        """Terms by number, titles joined by zeros, and which title (counted from 0) has which value."""
        used = Counter(number for _, coded, _ in self._titles for number in coded)
        names = list(self._numbers)
        renumber = {0: 0} | {old: new for new, old in enumerate(sorted(used, key=lambda o: (-used[o], names[o])), 1)}
        flat, holders, held = array("I", [0]), array("I"), array("I")
        for title, (_, coded, worn) in enumerate(self._titles):
            flat.extend([renumber[number] for number in coded])
            flat.append(0)
            for value in worn:
                if value in number_of:
                    holders.append(title)
                    held.append(number_of[value])
        kept = [names[old] for old, _ in sorted(renumber.items(), key=itemgetter(1))]
        return kept, flat, holders, held


def _each(value: Json) -> Iterable[Json]:
    return value if isinstance(value, list) else () if value is None else (value,)


def _drop_rarest(counts: Counter[str], most: int) -> None:
    for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[most:]:
        del counts[word]


__all__ = ["SAMPLE", "LexiconBuilder"]
