"""Documents → suggestions: their sorts of things, brands, categories and titles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from search.domain import Document
from search.lexicon.folding import fold, is_han, runs
from search.suggestions.entries import KINDS, Entry, worth
from search.suggestions.finding import HAN_CHARS, Suggestions
from search.suggestions.frozen import freeze
from search.suggestions.phrases import MIN_PRODUCTS, PhraseMiner, phrases_of

MAX_TITLES = 200_000
"""Titles that are kept; a larger catalogue is completed by what its products are called, brands and categories."""

MAX_BRANDED = 20_000

_SECOND_NAME = re.compile(r"[（(/]")
"""Where 华为（HUAWEI） stops being what people type."""

_MAX_TEXT = 160
_MAX_NAME = 60


class SuggestionBuilder:
    """Give it every document of a version, then `build`. Holds the titles in memory, some 150 bytes each."""

    def __init__(self) -> None:
        self._miner = PhraseMiner()
        self._titles: list[tuple[str, str, str]] = []
        self._brands: Counter[str] = Counter()
        self._categories: Counter[str] = Counter()

    def add(self, document: Document) -> None:
        title, brand = _text(document.get("title")), _name(document.get("brand"))
        if title:
            self._miner.add(title, brand)
            if len(self._titles) < MAX_TITLES:
                self._titles.append((str(document.get("id", "")), title, brand))
        if brand:
            self._brands[brand] += 1
        levels = document.get("category")
        levels = levels if isinstance(levels, list | tuple) else [levels]
        self._categories.update({name for level in levels if (name := _name(level))})

    def build(self) -> Suggestions:
        return freeze_entries([*self._phrases(), *self._names(), *self._products()])

    def _phrases(self) -> Iterator[Entry]:
        """What things are called, alone and with a brand that has several of them."""
        known = {phrase.key: phrase for phrase in self._miner.phrases()}
        pairs: Counter[tuple[str, str]] = Counter()
        for _, title, brand in self._titles:
            if brand:
                pairs.update((brand, key) for key in phrases_of(title, brand, known))
        for phrase in known.values():
            yield Entry(phrase.text, "type", phrase.products)
        for (brand, key), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:MAX_BRANDED]:
            if count >= MIN_PRODUCTS:
                short = _SECOND_NAME.split(brand)[0].strip() or brand
                joint = "" if is_han(short[-1]) and is_han(key[0]) else " "
                yield Entry(f"{short}{joint}{known[key].text}", "type", count)

    def _names(self) -> Iterator[Entry]:
        for brand, count in _spelt(self._brands):
            yield Entry(brand, "brand", count)
        for category, count in _spelt(self._categories):
            yield Entry(category, "category", count)

    def _products(self) -> Iterator[Entry]:
        for product_id, title, _ in self._titles:
            yield Entry(_cut(title), "title", 1, product_id)


def build(documents: Iterable[Document]) -> Suggestions:
    """The suggestions of a version that holds these documents."""
    builder = SuggestionBuilder()
    for document in documents:
        builder.add(document)
    return builder.build()


def freeze_entries(entries: Iterable[Entry]) -> Suggestions:
    """Sort by worth and index every word: of Chinese, every character that a query may begin with."""
    ranked = sorted(entries, key=lambda one: (-worth(one.kind, one.count), len(one.text), one.text, one.product_id))
    words: dict[bytes, tuple[list[int], list[int]]] = {}
    for number, entry in enumerate(ranked):
        for word, within in _words(entry.text).items():
            numbers, inner = words.setdefault(word.encode(errors="replace"), ([], []))
            numbers.append(number)
            inner.append(within)
    return Suggestions(
        freeze(
            [entry.text for entry in ranked],
            [entry.product_id for entry in ranked],
            [KINDS.index(entry.kind) for entry in ranked],
            [entry.count for entry in ranked],
            words,
        )
    )


def _words(text: str) -> dict[str, int]:
    """Each word by which a text is found, and 0 where it begins the text, else 1."""
    found: dict[str, int] = {}
    for place, run in enumerate(runs(fold(text))):
        if is_han(run):
            for start in range(len(run)):
                found.setdefault(run[start : start + HAN_CHARS], int(place + start > 0))
        else:
            found.setdefault(run, int(place > 0))
    return found


def _spelt(names: Counter[str]) -> list[tuple[str, int]]:
    """One spelling for those that differ in case or accents alone, the usual one, with the count of all."""
    spellings: dict[str, list[tuple[int, str]]] = {}
    for name, count in names.items():
        spellings.setdefault(fold(name), []).append((-count, name))
    return [(min(forms)[1], -sum(count for count, _ in forms)) for forms in spellings.values()]


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _name(value: object) -> str:
    """A brand or category; what is longer than a name is none."""
    text = _text(value)
    return text if len(text) <= _MAX_NAME and runs(fold(text)) else ""


def _cut(text: str) -> str:
    """At a space where there is one: what is suggested goes into a search box, so nothing marks the cut."""
    if len(text) <= _MAX_TEXT:
        return text
    short = text[:_MAX_TEXT]
    return (short.rpartition(" ")[0] if " " in short[_MAX_TEXT // 2 :] else short).rstrip(" ,;:-–(")


__all__ = ["SuggestionBuilder", "build", "freeze_entries"]
