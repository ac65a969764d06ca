"""The lane of words: BM25F weights of a document as a sparse vector, and what of a query can match it.

Score of a product for a query, with the rarity (IDF) put in by the store:

    sum over terms t of  idf(t) · (k1 + 1) · f / (f + k1)
    where  f = sum over fields of  w · n / (1 − b + b · length / average)

and n is how often t stands in the field (Robertson, Zaragoza, Taylor: Simple BM25 extension to multiple weighted
fields, CIKM 2004). A small k1 suits shops: a word that a title repeats is no better met than one it says once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from search.codes import is_code_field
from search.domain import CORE_FIELDS, Document, Sparse
from search.terms import FRAGMENT, index_of, terms

K1 = 0.6


@dataclass(frozen=True, slots=True)
class FieldWeight:
    """How much a word counts in a field, and how much less it counts in a long one (0: not at all, 1: by length)."""

    weight: float
    b: float


FIELDS: Mapping[str, FieldWeight] = {
    "title": FieldWeight(3.0, 0.5),
    "brand": FieldWeight(1.0, 0.0),
    "category": FieldWeight(1.0, 0.0),
    "description": FieldWeight(1.0, 0.75),
    "attributes": FieldWeight(0.5, 0.75),
}
"""Chosen on the development halves of the judged sets, one setting for all: see docs/relevance.md."""

_TYPICAL = {"title": 12.0, "brand": 1.5, "category": 4.0, "description": 60.0, "attributes": 25.0}
"""Mean lengths for an index that has not learnt its own: one that began with documents sent to the server."""

_FRAGMENT_WEIGHT = 0.5
_MAX_DESCRIPTION = 3000
_MAX_ATTRIBUTE = 80
_MAX_TERMS = 2000


def field_terms(document: Document) -> dict[str, list[str]]:
    """The terms of each field in FIELDS. Only titles give pieces of codes: elsewhere they are of other products."""
    category = document.get("category")
    return {
        "title": terms(str(document.get("title", ""))),
        "brand": terms(str(document.get("brand") or ""), codes=False),
        "category": terms(" ; ".join(category) if isinstance(category, list) else str(category or ""), codes=False),
        "description": terms(str(document.get("description") or "")[:_MAX_DESCRIPTION], codes=False),
        "attributes": terms(" ; ".join(_attributes(document)), codes=False),
    }


def weigh(fields: Mapping[str, list[str]], averages: Mapping[str, float]) -> Sparse:
    """The sparse vector of a document; `averages` are the mean lengths of the fields over the catalogue, in terms."""
    frequency: defaultdict[str, float] = defaultdict(float)
    for name, found in fields.items():
        rule = FIELDS[name]
        norm = 1 - rule.b + rule.b * len(found) / max(1.0, averages.get(name, _TYPICAL[name]))
        for term, count in Counter(found).items():
            scale = _FRAGMENT_WEIGHT if term.startswith(FRAGMENT) else 1.0
            frequency[term] += scale * rule.weight * count / norm
    if len(frequency) > _MAX_TERMS:
        frequency = defaultdict(float, sorted(frequency.items(), key=lambda item: (-item[1], item[0]))[:_MAX_TERMS])
    return sparse({term: (K1 + 1) * f / (f + K1) for term, f in frequency.items()})


def sparse(weights: Mapping[str, float]) -> Sparse:
    """Terms with weights as a sparse vector; two terms of one index keep the greater weight."""
    by_index: dict[int, float] = {}
    for term, weight in weights.items():
        index = index_of(term)
        by_index[index] = max(weight, by_index.get(index, 0.0))
    ordered = sorted(by_index)
    return Sparse(tuple(ordered), tuple(by_index[index] for index in ordered))


class Lengths:
    """Mean lengths of the fields, counted while a catalogue streams by; empty fields do not count."""

    def __init__(self) -> None:
        self._terms: Counter[str] = Counter()
        self._filled: Counter[str] = Counter()

    def add(self, fields: Mapping[str, Iterable[str]]) -> None:
        for name, found in fields.items():
            length = len(list(found))
            self._terms[name] += length
            self._filled[name] += bool(length)

    def averages(self) -> dict[str, float]:
        return {name: self._terms[name] / self._filled[name] for name in FIELDS if self._filled[name]}


def _attributes(document: Document) -> Iterable[str]:
    for name, value in document.items():
        if name in CORE_FIELDS or is_code_field(name):
            continue
        for member in value if isinstance(value, list) else [value]:
            if isinstance(member, str) and len(member) <= _MAX_ATTRIBUTE:
                yield member
