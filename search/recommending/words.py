"""Likeness of titles: TF-IDF over words and pairs of words, for what vectors blur (sizes, names of models)."""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from search.recommending.interactions import Floats

_WORD = re.compile(r"[a-z0-9]+(?:[.\-/][a-z0-9]+)*|[\u3400-\u9fff]|[^\W\d_a-z]+")
_LEAST_TITLES = 2
"""A word of one title alone makes no two products alike."""


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words that several titles of the catalogue have: their CRC-32, rising, and their weights; both of shape (words,).

    weight = ln((1 + titles) / (1 + titles with it)) + 1. Hashes, so that nothing has to be spelt out: of 100,000 words
    two or three share theirs with another, and are then a little less telling.
    """

    hashes: NDArray[np.uint32]
    weights: Floats

    @classmethod
    def of(cls, titles: Iterable[str]) -> Vocabulary:
        seen: Counter[int] = Counter()
        total = 0
        for title in titles:
            total += 1
            seen.update(_words(title))
        kept = sorted(word for word, count in seen.items() if count >= _LEAST_TITLES)
        weights = [math.log((1 + total) / (1 + seen[word])) + 1 for word in kept]
        return cls(np.array(kept, np.uint32), np.array(weights, np.float32))

    @cached_property
    def _places(self) -> dict[int, int]:
        return {word: place for place, word in enumerate(self.hashes.tolist())}

    def rows(self, titles: Sequence[str]) -> sparse.csr_matrix:
        """CSR of float32, shape (titles, words), rows of unit length; a row without a known word is empty."""
        places: list[int] = []
        begins = [0]
        known = self._places
        for title in titles:
            places.extend(known[word] for word in _words(title) if word in known)
            begins.append(len(places))
        columns = np.array(places, np.int32)
        data = self.weights[columns] if len(columns) else np.zeros(0, np.float32)
        matrix = sparse.csr_matrix((data, columns, np.array(begins)), shape=(len(titles), max(1, len(self.hashes))))
        lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        scale = sparse.diags((1 / np.maximum(lengths, 1e-9)).astype(np.float32))
        return sparse.csr_matrix(scale @ matrix, dtype=np.float32)


@lru_cache(maxsize=50_000)
def _words(title: str) -> frozenset[int]:
    # As catalogues are folded to be compared, since serving has titles in that form: ™ is read as tm in both.
    words = _WORD.findall(normalize("NFKC", normalize("NFKC", title).casefold()))
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    return frozenset(zlib.crc32(word.encode()) for word in (*words, *pairs))
