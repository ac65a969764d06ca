"""What an index has learnt to make the sparse lanes of its products and of queries: term statistics and kinds.

Made at reindex from the whole catalogue, kept beside the version as an artefact; products written later are measured by
the same statistics, so that their weights compare.
"""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.bm25 import Lengths, field_terms, sparse, weigh
from search.domain import Document, Sparse
from search.errors import IndexDamaged
from search.kinds import KindBook
from search.terms import FRAGMENT, index_of, query_terms

TERMS = "terms"
KINDS = "kinds"
LEXICON = "lexicon"
"""Names of the artefacts of a version."""

_FORMAT = 1
_FRAGMENT_WEIGHT = 0.5
TRANSLATED_WEIGHT = 0.8
"""How much a term counts that only a translation of the query holds."""


class TermCensus:
    """Counts in how many products each term stands, and how long fields are, while a catalogue streams by."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._lengths = Lengths()
        self._products = 0

    def add(self, document: Document) -> None:
        fields = field_terms(document)
        self._products += 1
        self._lengths.add(fields)
        self._counts.update({index_of(term) for found in fields.values() for term in found})

    def book(self) -> TermBook:
        indices = np.array(sorted(self._counts), dtype=np.uint32)
        counts = np.array([self._counts[int(index)] for index in indices], dtype=np.uint32)
        return TermBook(self._products, self._lengths.averages(), indices, counts)


@dataclass(frozen=True)
class TermBook:
    """Products, mean field lengths in terms, and for each term index (ascending) how many products have it."""

    products: int
    averages: Mapping[str, float]
    indices: NDArray[np.uint32]
    counts: NDArray[np.uint32]

    @classmethod
    def empty(cls) -> TermBook:
        return cls(0, {}, np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint32))

    def count(self, term: str) -> int:
        """How many products have the term."""
        index = index_of(term)
        at = int(np.searchsorted(self.indices, np.uint32(index)))
        return int(self.counts[at]) if at < len(self.indices) and int(self.indices[at]) == index else 0

    def idf(self, term: str) -> float:
        """ln((N − n + 0.5) / (n + 0.5) + 1), as the store weighs terms; greatest for a term that no product has."""
        n = self.count(term)
        return math.log((max(self.products, n) - n + 0.5) / (n + 0.5) + 1)

    def of_query(
        self, text: str, translation: str = "", others: Sequence[str] = (), translated: float = 1.0
    ) -> WordQuery:
        """The sparse vector of a query's words, and what a product could score at most; `others` are what the catalogue
        calls a thing that the query calls otherwise, `translated` the share of the query that the translation says."""
        own = [term for term in query_terms(text) if text]
        other = [term for term in query_terms(translation) if translation and term not in own]
        weights = dict.fromkeys(other, TRANSLATED_WEIGHT)
        weights |= {term: TRANSLATED_WEIGHT for other_name in others for term in query_terms(other_name)}
        weights |= {term: _FRAGMENT_WEIGHT if term.startswith(FRAGMENT) else 1.0 for term in own}
        said, said_known = self._worth(own)
        told, told_known = self._worth(other)
        # Who translates says the same twice: what counts is the wording that the catalogue knows better.
        if told_known * TRANSLATED_WEIGHT > said_known:
            said, said_known = told * TRANSLATED_WEIGHT / (translated or 1.0), told_known * TRANSLATED_WEIGHT
        # Words that the catalogue did not know may have come with later documents: all of them are looked for.
        return WordQuery(sparse(weights), said, said_known, sum(not term.startswith(FRAGMENT) for term in own))

    def known_share(self, text: str) -> float:
        """How much of a text's words, by rarity, stand anywhere in the catalogue: 0 to 1."""
        asked = self.of_query(text)
        return asked.known_worth / asked.worth if asked.worth else 0.0

    def _worth(self, terms: Sequence[str]) -> tuple[float, float]:
        """The rarities of the terms added up: of all, and of those that some product has."""
        plain = [term for term in terms if not term.startswith(FRAGMENT)]
        return sum(map(self.idf, plain)), sum(self.idf(term) for term in plain if self.count(term))

    def to_bytes(self) -> bytes:
        head = json.dumps([_FORMAT, self.products, dict(self.averages), len(self.indices)]).encode()
        return head + b"\n" + zlib.compress(self.indices.astype("<u4").tobytes() + self.counts.astype("<u4").tobytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> TermBook:
        """Raises IndexDamaged."""
        try:
            head, _, packed = data.partition(b"\n")
            form, products, averages, size = json.loads(head)
            numbers = np.frombuffer(zlib.decompress(packed), dtype="<u4").astype(np.uint32)
            if form != _FORMAT or len(numbers) != 2 * size:
                raise ValueError(f"format {form}, {len(numbers)} numbers for {size} terms")
            return cls(products, averages, numbers[:size], numbers[size:])
        except (ValueError, TypeError, zlib.error) as error:
            raise IndexDamaged(
                f"The terms kept with the index cannot be read ({error}). Build it again with: "
                f"python -m indexer reindex CATALOGUE --full"
            ) from error


@dataclass(frozen=True, slots=True)
class WordQuery:
    """`vector` for the lane "words"; `worth` the rarities of all its words added up, `known_worth` of those that the
    catalogue has; `words` how many telling words there are.

    A product's score divided by `worth` says how much of the query it has, about 0 to 1.4.
    """

    vector: Sparse
    worth: float
    known_worth: float
    words: int = 1


@dataclass(frozen=True)
class LaneMaker:
    """Documents → their sparse lanes."""

    terms: TermBook
    kinds: KindBook

    def lanes(self, document: Document) -> dict[str, Sparse]:
        return {
            "words": weigh(field_terms(document), self.terms.averages),
            "kind": self.kinds.of_product(document),
        }
