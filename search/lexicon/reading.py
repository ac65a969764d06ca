"""What the catalogue taught, for asking."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.domain import FieldKind
from search.lexicon.contents import Contents, NumberField, Value, pack, unpack
from search.lexicon.folding import stem
from search.lexicon.phrases import Role, rank_in_role

Titles = NDArray[np.bool_]
"""One flag for each sampled title. Shared between callers: not to be written to."""

_ROLES: tuple[Role, ...] = ("brand", "colour", "size", "material", "category", "attribute")
_MANY = 16
"""Values from which on it is quicker to look at all that products bear than at each value's products."""
_REMEMBERED = 256
"""Answers about titles that are kept; each takes a byte a title."""


class Agreement(NamedTuple):
    """Of `titles` titles with some words, in how many the product bears any value of a field and one of some values."""

    titles: int
    valued: int
    agreeing: int


class FieldValues(NamedTuple):
    """Values of one field: their numbers, how they are written, and the most common one of them."""

    numbers: tuple[int, ...]
    written: tuple[str, ...]
    commonest: str


class Lexicon:
    """Values, words and titles of one index version. Immutable; safe to use from several threads."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._sorted_out: dict[tuple[int, ...], Mapping[str, FieldValues]] = {}
        self._answers: dict[tuple[str | int, ...], Titles] = {}

    @classmethod
    def empty(cls) -> Lexicon:
        """Of a catalogue that nothing is known about."""
        return cls(Contents())

    @classmethod
    def from_bytes(cls, data: bytes) -> Lexicon:
        """Raises IndexDamaged."""
        return cls(unpack(data))

    def to_bytes(self) -> bytes:
        return pack(self._contents)

    # --- fields ------------------------------------------------------------------------------------------------------

    @property
    def products(self) -> int:
        return self._contents.products

    @property
    def fields(self) -> Mapping[str, FieldKind]:
        """The filterable fields."""
        return self._contents.fields

    @property
    def numbers(self) -> Mapping[str, NumberField]:
        """Number fields that some product has."""
        return self._contents.numbers

    @property
    def currencies(self) -> Mapping[str, int]:
        """Products by currency, the most common first."""
        return self._contents.currencies

    def has(self, field: str) -> bool:
        """Whether any product has a value there, as far as was counted: values, numbers, dates and in_stock."""
        return field in self._contents.present or field in self._contents.numbers

    def date_field(self, names: Iterable[str]) -> str | None:
        """The first of `names` that is a date field with values."""
        return next((n for n in names if self.fields.get(n) == "date" and self.has(n)), None)

    def number_field(self, names: Iterable[str]) -> str | None:
        """The first of `names` that is a number field with values."""
        return next((n for n in names if n in self.numbers), None)

    def role(self, field: str) -> Role | None:
        return self._contents.roles.get(field)

    # --- values ------------------------------------------------------------------------------------------------------

    def values(self, phrase: str) -> list[int]:
        """Numbers of the values that a phrase (see `folding.key`) finds."""
        return self._contents.phrases.get(phrase, [])

    def value(self, number: int) -> Value:
        return self._contents.values[number]

    def by_field(self, numbers: Iterable[int]) -> Mapping[str, FieldValues]:
        """Value numbers sorted into their fields: most telling role first, in it the field that is meant first."""
        asked = tuple(numbers)
        known = self._sorted_out.get(asked)
        if known is None:
            if len(self._sorted_out) >= _REMEMBERED:
                self._sorted_out.clear()
            known = self._sorted_out[asked] = self._by_field(asked)
        return known

    def _by_field(self, numbers: tuple[int, ...]) -> Mapping[str, FieldValues]:
        fields: dict[str, list[int]] = {}
        for number in numbers:
            fields.setdefault(self._contents.values[number].field, []).append(number)

        def place(field: str) -> tuple[int, int, int]:
            role = self._contents.roles[field]
            return _ROLES.index(role), rank_in_role(field, role), -sum(self.value(n).count for n in fields[field])

        sorted_out = {}
        for field in sorted(fields, key=place):
            values = [self.value(number) for number in fields[field]]
            commonest = max(values, key=lambda value: value.count).written
            sorted_out[field] = FieldValues(tuple(fields[field]), tuple(value.written for value in values), commonest)
        return sorted_out

    # --- words -------------------------------------------------------------------------------------------------------

    def frequency(self, word: str) -> int:
        """How many products have the folded word in title, brand or category."""
        return self._contents.words.get(word, 0)

    def knows(self, word: str) -> bool:
        """Whether the folded word, or another with its stem, occurs anywhere in the catalogue."""
        return word in self._contents.words or word in self._contents.described or stem(word) in self._stems

    @property
    def words(self) -> Mapping[str, int]:
        return self._contents.words

    @cached_property
    def _stems(self) -> Collection[str]:
        return {stem(word) for words in (self._contents.words, self._contents.described) for word in words}

    # --- titles ------------------------------------------------------------------------------------------------------

    def titles_with(self, phrase: Sequence[str]) -> Titles:
        """The sampled titles that have these terms one after the other."""
        return self._remembered(("with", *phrase), lambda: self._titles.having(phrase, self._term_numbers))

    def titles_of(self, numbers: Sequence[int]) -> Titles:
        """The sampled titles whose product bears one of the values."""
        return self._remembered(("of", *numbers), lambda: self._titles.bearing(numbers))

    def agreement(self, phrase: Sequence[str], numbers: Sequence[int], field: str) -> Agreement:
        """How far the titles that have `phrase` belong to products that bear one of the values `numbers` of `field`."""
        titles = self.titles_with(phrase)
        among = count(titles)
        if not among:
            return Agreement(0, 0, 0)
        return Agreement(among, count(titles & self._titles.valued(field)), count(titles & self.titles_of(numbers)))

    def prepare(self) -> None:
        """Do now what would slow the first query down: some 50 ms at 20,000 products."""
        self.titles_with(("",))
        self.knows("")

    def forget(self) -> None:
        """Drop the answers about titles that are remembered."""
        self._answers.clear()

    def share_with(self, field: str) -> float:
        """The share of the sampled titles whose product has a value of the field."""
        valued = self._titles.valued(field)
        return count(valued) / valued.size if valued.size else 0.0

    def _remembered(self, question: tuple[str | int, ...], answer: Callable[[], Titles]) -> Titles:
        known = self._answers.get(question)
        if known is None:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            known = self._answers[question] = answer()
        return known

    @cached_property
    def _term_numbers(self) -> Mapping[str, int]:
        return {term: number for number, term in enumerate(self._contents.terms) if number}

    @cached_property
    def _titles(self) -> _Titles:
        return _Titles(self._contents)


def count(titles: Titles) -> int:
    return int(np.count_nonzero(titles))


class _Titles:
    """The sampled titles, with where each term stands and which value belongs to which."""

    def __init__(self, contents: Contents) -> None:
        self._flat = np.frombuffer(contents.titles, dtype=np.uint32)
        # int32 holds any place: at most 40,000 titles of 48 terms.
        self._of_place = (np.cumsum(self._flat == 0) - 1).astype(np.int32)
        self._many = int(np.count_nonzero(self._flat == 0)) - 1
        self._order = np.argsort(self._flat, kind="stable").astype(np.int32)
        self._starts = np.searchsorted(self._flat[self._order], np.arange(len(contents.terms) + 1, dtype=np.uint32))
        held = np.frombuffer(contents.value_numbers, dtype=np.uint32)
        order = np.argsort(held, kind="stable")
        self._held = held[order]
        self._holders = np.frombuffer(contents.value_titles, dtype=np.uint32)[order]
        self._value_starts = np.searchsorted(self._held, np.arange(len(contents.values) + 1, dtype=np.uint32))
        self._by_field: dict[str, Titles] = {}
        ranges: dict[str, tuple[int, int]] = {}
        for number, value in enumerate(contents.values):
            low, _ = ranges.get(value.field, (number, number))
            ranges[value.field] = (low, number)
        for field, (low, high) in ranges.items():
            self._by_field[field] = self._marked(self._holders[self._value_starts[low] : self._value_starts[high + 1]])

    def having(self, phrase: Sequence[str], numbers: Mapping[str, int]) -> Titles:
        coded = [numbers.get(word) for word in phrase]
        if not coded or None in coded:
            return self._marked(None)
        known = [number for number in coded if number is not None]
        # From the rarest term on there is the least to compare.
        rarest = min(range(len(known)), key=lambda place: self._starts[known[place] + 1] - self._starts[known[place]])
        places = self._order[self._starts[known[rarest]] : self._starts[known[rarest] + 1]]
        for step, number in enumerate(known):
            if step != rarest and places.size:
                beside = places + (step - rarest)
                # A place outside belongs to no title and is no term.
                inside = (beside >= 0) & (beside < self._flat.size)
                places = places[inside][self._flat[beside[inside]] == number]
        return self._marked(self._of_place[places])

    def bearing(self, numbers: Sequence[int]) -> Titles:
        if len(numbers) > _MANY:
            asked = np.zeros(len(self._value_starts), dtype=np.bool_)
            asked[list(numbers)] = True
            # Values of a field stand side by side, so only their part of all need be looked through.
            part = slice(self._value_starts[min(numbers)], self._value_starts[max(numbers) + 1])
            return self._marked(self._holders[part][asked[self._held[part]]])
        marked = self._marked(None)
        for number in numbers:
            marked[self._holders[self._value_starts[number] : self._value_starts[number + 1]]] = True
        return marked

    def valued(self, field: str) -> Titles:
        known = self._by_field.get(field)
        return known if known is not None else self._marked(None)

    def _marked(self, titles: NDArray[Any] | None) -> Titles:
        marked = np.zeros(max(self._many, 0), dtype=np.bool_)
        if titles is not None:
            marked[titles] = True
        return marked


__all__ = ["Agreement", "FieldValues", "Lexicon", "NumberField", "Titles", "Value", "count"]
