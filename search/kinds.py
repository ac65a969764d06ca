"""What sort of thing a product is, learnt from titles alone, so that «laptop» finds laptops before laptop bags.

A title names its kind at the end of a noun phrase: in «Targus 15.6" laptop sleeve for MacBook, black» that is *sleeve*
and *laptop sleeve*, and *laptop* is not. So, over the whole catalogue, phrases of one to three words are counted, and
how often each ends a phrase: before a preposition, a number, a sign, a colour or the end. What does so often enough is
a kind of this catalogue. Categories, where there are any, are kinds too. No labels and no list of goods are needed.

A query is compared with the kinds, not with the products: in the encoder's space, so that *laptop* is near *notebook*
and far from *notebook case*. In languages that the encoder does not read, a kind must stand in the query itself.

The lane "kind" of a product holds its kinds, weighted by how surely each phrase names one; that of a query the kinds
near it.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import rjieba
from numpy.typing import NDArray

from search.domain import Document, Sparse
from search.errors import IndexDamaged
from search.protocols import Vector, Vectors
from search.terms import HAN, fold, index_of, stem

MAX_KINDS = 6000
NEAR = 0.7
"""Cosine from which on a kind counts as near to the query; at 1 it counts fully."""

_LONGEST = 3
_MOST_NEAR = 50
_ENDS = 0.2
_MOST_PHRASES = 1_500_000
_FORMAT = 1

_PREPOSITIONS = frozenset(
    {"&", "+", "and", "as", "at", "by", "for", "from", "in", "incl", "including", "of", "on", "or", "per", "to", "via",
     "w", "with", "without", "和", "与", "的", "适用", "适用于", "用", "送"}
)  # fmt: skip
_COLOURS = frozenset(
    {"beige", "black", "blue", "brown", "cyan", "gold", "gray", "green", "grey", "ivory",
     "magenta", "metallic", "multi", "multicolor", "multicolour", "navy", "orange", "pink", "purple", "red",
     "silver", "transparent", "white", "yellow", "白色", "粉色", "红色", "黄色", "黑色", "灰色", "金色",
     "蓝色", "绿色", "银色", "紫色", "棕色"}
)  # fmt: skip
_SPLIT = re.compile(rf"[,;:()\[\]{{}}/|–—+\"“”!?。，；：（）【】、·《》]|\s-\s?|\s?-\s|(?<=[{HAN}])\s+|\s+(?=[{HAN}])")
_WORD = re.compile(r"[a-z][a-z'-]*[a-z]")
_HAN_WORD = re.compile(rf"[{HAN}]{{1,8}}")
_PIECES = re.compile(rf"[{HAN}]+|[^\s{HAN}]+")

Phrase = tuple[str, ...]
"""The stems of one to three words."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product: its stems, the words that say it best, and how often the phrase ends a noun phrase, 0..1."""

    phrase: Phrase
    words: str
    ends: float


class KindCensus:
    """Counts phrases while a catalogue streams by. Memory is bounded: the rarest are let go."""

    def __init__(self) -> None:
        self._seen: Counter[Phrase] = Counter()
        self._ends: Counter[Phrase] = Counter()
        self._spoken: Counter[Phrase] = Counter()
        self._brands: Counter[str] = Counter()
        self._products = 0

    def add(self, document: Document) -> None:
        self._products += 1
        found: dict[Phrase, bool] = {}
        for phrase, words, ends in _phrases(str(document.get("title", ""))):
            found[phrase] = found.get(phrase, False) or ends
            self._spoken[words] += 1
        for category in _leaf(document):
            for phrase, words, ends in _phrases(category):
                if ends:
                    found[phrase] = True
                    self._spoken[words] += 1
        self._seen.update(found.keys())  # a mapping would be added up, and False counts nothing
        self._ends.update(phrase for phrase, ends in found.items() if ends)
        self._brands.update({stem(word) for word in _WORD.findall(fold(str(document.get("brand") or "")))})
        if len(self._seen) > _MOST_PHRASES:
            self._forget()

    def choose(self) -> list[Kind]:
        """The kinds of the catalogue, the same for the same products in any order."""
        least = max(4, self._products // 5000) if self._products >= 200 else 2
        chosen = [
            (self._ends[phrase], phrase)
            for phrase, seen in self._seen.items()
            if self._ends[phrase] >= least and self._ends[phrase] >= _ENDS * seen and not self._is_no_kind(phrase, seen)
        ]
        chosen.sort(key=lambda item: (-item[0], item[1]))
        said = self._said({phrase for _, phrase in chosen[:MAX_KINDS]})
        kinds = [Kind(phrase, said[phrase], round(ends / self._seen[phrase], 4)) for ends, phrase in chosen[:MAX_KINDS]]
        return sorted(kinds, key=lambda kind: kind.phrase)

    def _said(self, phrases: set[Phrase]) -> dict[Phrase, str]:
        """The words in which most titles say each phrase: «jeans», not the stem jean."""
        best: dict[Phrase, tuple[int, str]] = {}
        for words, count in self._spoken.items():
            phrase = tuple(map(stem, words))
            if phrase in phrases:
                text = (" " if words[0].isascii() else "").join(words)
                best[phrase] = min(best.get(phrase, (0, "")), (-count, text))
        return {phrase: text for phrase, (_, text) in best.items()}

    def _is_no_kind(self, phrase: Phrase, seen: int) -> bool:
        """Colours, and words that stand in titles since they are names of makers."""
        if len(phrase) > 1:
            return False
        word = phrase[0]
        return word in _COLOURS or (word.isascii() and len(word) < 3) or self._brands[word] >= 0.5 * seen

    def _forget(self) -> None:
        for phrase in [phrase for phrase, seen in self._seen.items() if seen == 1]:
            del self._seen[phrase]
            self._ends.pop(phrase, None)
        self._spoken = Counter({words: count for words, count in self._spoken.items() if count > 1})


@dataclass(frozen=True)
class KindBook:
    """The kinds of an index and their vectors, shape (kinds, dimension), rows of unit length."""

    kinds: tuple[Kind, ...]
    vectors: Vectors
    _number: dict[Phrase, int] = field(init=False, repr=False, compare=False)
    _indices: NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_number", {kind.phrase: number for number, kind in enumerate(self.kinds)})
        indices = [index_of("kind " + " ".join(kind.phrase)) for kind in self.kinds]
        object.__setattr__(self, "_indices", np.asarray(indices, dtype=np.int64))

    @classmethod
    def empty(cls, dimension: int = 0) -> KindBook:
        return cls((), np.zeros((0, dimension), dtype=np.float32))

    def of_product(self, document: Document) -> Sparse:
        """The kinds of a product as a sparse vector: weight is the root of how surely each phrase names a kind."""
        texts = (str(document.get("title", "")), *_leaf(document))
        named = {phrase for text in texts for phrase, _, ends in _phrases(text) if ends}
        numbers = [self._number[phrase] for phrase in named if phrase in self._number]
        return self._sparse({number: self.kinds[number].ends ** 0.5 for number in numbers})

    def of_query(self, vector: Vector) -> Sparse:
        """The kinds near a query's vector, from 0 at a cosine of NEAR to 1 at 1."""
        if not self.kinds:
            return Sparse()
        near = (self.vectors @ np.asarray(vector, dtype=np.float32) - NEAR) / (1 - NEAR)
        best = np.argsort(-near, kind="stable")[:_MOST_NEAR]
        return self._sparse({int(n): min(1.0, float(near[n])) for n in best if near[n] > 0})

    def has_head(self, text: str) -> bool:
        """Whether the text ends with a kind: «usb fan» does where fans are sold."""
        words = [stem(word) for word in _words(fold(text))]
        return any(tuple(words[-length:]) in self._number for length in range(1, _LONGEST + 1) if length <= len(words))

    def named(self, phrases: Sequence[str]) -> Sparse:
        """The kinds that these phrases name."""
        numbers = {self._number.get(tuple(stem(word) for word in _words(fold(phrase)))) for phrase in phrases}
        return self._sparse({number: 1.0 for number in numbers if number is not None})

    def named_in(self, text: str) -> Sparse:
        """The longest kind that ends a phrase of the text: for languages that the encoder does not read."""
        named = [phrase for phrase, _, ends in _phrases(text) if ends and phrase in self._number]
        if not named:
            return Sparse()
        longest = max(named, key=lambda phrase: sum(map(len, phrase)))
        return self._sparse({self._number[longest]: 1.0})

    def to_bytes(self) -> bytes:
        head = json.dumps([_FORMAT, self.vectors.shape[1], [[list(k.phrase), k.words, k.ends] for k in self.kinds]])
        return zlib.compress(head.encode()) + b"\n\n\n" + self.vectors.astype("<f2").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> KindBook:
        """Raises IndexDamaged."""
        try:
            unpacking = zlib.decompressobj()
            form, dimension, kinds = json.loads(unpacking.decompress(data))
            if form != _FORMAT:
                raise ValueError(f"format {form}")
            vectors = np.frombuffer(unpacking.unused_data[3:], dtype="<f2").reshape(len(kinds), dimension)
            found = tuple(Kind(tuple(phrase), words, ends) for phrase, words, ends in kinds)
            return cls(found, vectors.astype(np.float32))
        except (ValueError, TypeError, zlib.error) as error:
            raise IndexDamaged(
                f"The kinds kept with the index cannot be read ({error}). Build it again with: "
                f"python -m indexer reindex CATALOGUE --full"
            ) from error

    def _sparse(self, weights: dict[int, float]) -> Sparse:
        by_index: dict[int, float] = {}
        for number, weight in weights.items():
            index = int(self._indices[number])
            by_index[index] = max(weight, by_index.get(index, 0.0))
        ordered = sorted(index for index in by_index if by_index[index] > 0)
        return Sparse(tuple(ordered), tuple(by_index[index] for index in ordered))


def _leaf(document: Document) -> Sequence[str]:
    category = document.get("category")
    levels = category if isinstance(category, list) else [category]
    return [str(levels[-1])] if levels and levels[-1] else []


def _phrases(text: str) -> Iterator[tuple[Phrase, Phrase, bool]]:
    """Every phrase of plain words within a segment: its stems, its words, and whether a noun phrase ends with it."""
    for segment in _SPLIT.split(fold(text)):
        words = list(_words(segment))
        plain = [_is_plain(word) for word in words]
        stems = [stem(word) for word in words]
        for start in range(len(words)):
            for length in range(1, _LONGEST + 1):
                stop = start + length
                if stop > len(words) or not plain[stop - 1]:
                    break
                ends = stop == len(words) or not plain[stop] or words[stop] in _COLOURS
                yield tuple(stems[start:stop]), tuple(words[start:stop]), ends


def _words(segment: str) -> Iterable[str]:
    for piece in _PIECES.findall(segment):
        if _HAN_WORD.match(piece):
            yield from rjieba.cut(piece)
        else:
            yield piece


def _is_plain(word: str) -> bool:
    return word not in _PREPOSITIONS and bool(_WORD.fullmatch(word) or _HAN_WORD.fullmatch(word))


__all__ = ["NEAR", "Kind", "KindBook", "KindCensus"]
