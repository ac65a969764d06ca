"""What a blend adds up: for one trail, how each method speaks of every product of a list, and which step made it.

========  ======================================================================================================
content   cosine to the nearest of their products, a product that lies back counting 0.8 of the one after it
words     the same by the words of the titles
brand     the share of their products, lately, that have its brand
together  EASE over everybody's trails
next      share of others who took it right after what they had last
later     the same for all that others took after any of it
before    the same read backwards
alike     what came after products like theirs, and products like what came after
popular   share of all purchases, lately
new       nobody had it yet: nothing but its text speaks for it, and that is no reason against it
repeat    how often what they had last is taken again at once
had       they had it before: mostly a reason against it, of which learning finds out how strong
gru       the networks of search/recommending/networks.py, where they were trained
sasrec
========  ======================================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from search.recommending.interactions import Floats, Numbers, Trail
from search.recommending.networks import SequenceNetwork
from search.recommending.recency import Recent, disliked, liked
from search.recommending.tables import Table

NEARNESS_DECAY = 0.8
BRAND_DECAY = 0.5
REPEAT_DECAY = 0.1

LEAST_DISLIKED = 0.5
"""Cosine from which on a product suffers from looking like one that they dislike."""

SMALL = 0.02
"""What ln(1 + value / SMALL) takes for little. Halving or doubling it moves ndcg@10 by about a hundredth of itself."""


class Part(Protocol):
    """One method over one list of products. Safe to use from several threads."""

    @property
    def name(self) -> str: ...

    def values(self, trail: Trail) -> Floats:
        """Shape (products of the list,): what the blend weighs. Never NaN."""
        ...

    def step(self, trail: Trail, place: int) -> int | None:
        """Which step of the trail spoke most for the product at that place; None where none did."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TablePart:
    """ln(1 + score / SMALL) of a table. `rows` are the table's rows of the list's products, −1 where it has none.

    Steps that count less than `faint` are not looked up.
    """

    table: Table
    rows: Numbers
    faint: float = 0.0

    @property
    def name(self) -> str:
        return self.table.name

    def values(self, trail: Trail) -> Floats:
        recent = liked(trail, self.table.decay)
        told = recent.strengths >= self.faint
        # The last place stands for products that the table does not know: −1 finds it.
        found = np.zeros(self.table.matrix.shape[1] + 1, np.float32)
        self.table.add_up(self.rows[recent.products[told]], recent.strengths[told], found)
        return _logarithm(found[self.rows], SMALL)

    def step(self, trail: Trail, place: int) -> int | None:
        recent, column = liked(trail, self.table.decay), self.rows[place]
        if column < 0:
            return None
        rows = self.rows[recent.products]
        spoke = [
            strength * float(self.table.matrix[row, column]) if row >= 0 else 0.0
            for row, strength in zip(rows, recent.strengths, strict=True)
        ]
        return _strongest(recent, np.array(spoke))


@dataclass(frozen=True, slots=True, eq=False)
class ContentPart:
    """`vectors` of shape (products, dimension), unit length, or zero where a product has none."""

    vectors: Floats
    name: str = "content"

    def values(self, trail: Trail) -> Floats:
        found = _nearest(self._cosines(recent := liked(trail, NEARNESS_DECAY)), recent)
        if len(bad := disliked(trail).products):
            far = np.maximum((self.vectors[bad] @ self.vectors.T).max(axis=0) - LEAST_DISLIKED, 0)
            found = found - far / (1 - LEAST_DISLIKED)
        return found

    def step(self, trail: Trail, place: int) -> int | None:
        recent = liked(trail, NEARNESS_DECAY)
        cosines = self.vectors[recent.products] @ self.vectors[place]
        return _strongest(recent, _but_itself(cosines, recent, place))

    def _cosines(self, recent: Recent) -> Floats:
        return self.vectors[recent.products] @ self.vectors.T


@dataclass(frozen=True, slots=True, eq=False)
class WordsPart:
    """`rows` are TF-IDF rows of unit length, CSR of shape (products, words)."""

    rows: sparse.csr_matrix
    columns: sparse.csr_matrix
    name: str = "words"

    @classmethod
    def of(cls, rows: sparse.csr_matrix) -> WordsPart:
        return cls(rows, sparse.csr_matrix(rows.T))

    def values(self, trail: Trail) -> Floats:
        recent = liked(trail, NEARNESS_DECAY)
        return _nearest(np.asarray((self.rows[recent.products] @ self.columns).todense()), recent)

    def step(self, trail: Trail, place: int) -> int | None:
        recent = liked(trail, NEARNESS_DECAY)
        cosines = np.asarray((self.rows[recent.products] @ self.rows[place].T).todense()).ravel()
        return _strongest(recent, _but_itself(cosines, recent, place))


@dataclass(frozen=True, slots=True, eq=False)
class BrandPart:
    """`brands` numbers the brands of the list, −1 where a product has none."""

    brands: Numbers
    name: str = "brand"

    def values(self, trail: Trail) -> Floats:
        recent = liked(trail, BRAND_DECAY)
        found = np.zeros(len(self.brands), np.float32)
        total = float(recent.strengths.sum())
        for product, strength in zip(recent.products, recent.strengths, strict=True):
            if self.brands[product] >= 0:
                same = self.brands == self.brands[product]
                same[product] = False
                found[same] += strength / total
        return found

    def step(self, trail: Trail, place: int) -> int | None:
        recent = liked(trail, BRAND_DECAY)
        same = (self.brands[recent.products] == self.brands[place]) & (self.brands[place] >= 0)
        return _strongest(recent, _but_itself(same.astype(np.float32), recent, place))


@dataclass(frozen=True, slots=True, eq=False)
class ConstantPart:
    """The same for everybody: `popular` and `new`."""

    name: str
    constant: Floats

    def values(self, trail: Trail) -> Floats:
        return self.constant

    def step(self, trail: Trail, place: int) -> int | None:
        return None


@dataclass(frozen=True, slots=True, eq=False)
class RepeatPart:
    """`rates` of shape (products,): how often each is taken again in the next step."""

    rates: Floats
    name: str = "repeat"

    def values(self, trail: Trail) -> Floats:
        recent = liked(trail, REPEAT_DECAY)
        found = np.zeros(len(self.rates), np.float32)
        found[recent.products] = recent.strengths * self.rates[recent.products]
        return _logarithm(found, SMALL)

    def step(self, trail: Trail, place: int) -> int | None:
        recent = liked(trail)
        return _strongest(recent, (recent.products == place).astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class HadPart:
    """1 for what they had. Its weight may be below 0, and it is never a reason for a product."""

    products: int
    name: str = "had"

    def values(self, trail: Trail) -> Floats:
        found = np.zeros(self.products, np.float32)
        found[liked(trail).products] = 1
        return found

    def step(self, trail: Trail, place: int) -> int | None:
        return None


@dataclass(frozen=True, slots=True, eq=False)
class NetworkPart:
    """The logarithm of a network's probabilities; 0 is what it thinks of a product on average."""

    network: SequenceNetwork

    @property
    def name(self) -> str:
        return self.network.name

    def values(self, trail: Trail) -> Floats:
        found: Floats = np.log(self.network.scores([trail])[0] + np.float32(1e-12))
        found -= found.sum() / max(1, len(found))
        return found

    def step(self, trail: Trail, place: int) -> int | None:
        return None  # it reads the trail as a whole


def popularity(shares: Floats, trained: int) -> ConstantPart:
    """`shares` of shape (products,), out of `trained` products; SMALL is here a third of an equal share."""
    return ConstantPart("popular", _logarithm(shares, 1 / max(1, 3 * trained)))


def brand_numbers(brands: list[str]) -> Numbers:
    """Equal but for case and white space at the ends: one brand; "" is none."""
    numbers: Mapping[str, int] = {
        brand: number for number, brand in enumerate(dict.fromkeys(brand.strip().casefold() for brand in brands))
    }
    return np.array([numbers[key] if (key := brand.strip().casefold()) else -1 for brand in brands], np.int32)


def _logarithm(scores: Floats, small: float) -> Floats:
    found: Floats = np.log1p(np.maximum(scores, 0) / np.float32(small))
    return found


def _nearest(cosines: Floats, recent: Recent) -> Floats:
    """The greatest strength · cosine over the steps, shape (products,), each step being silent about itself."""
    if not len(recent.products):
        return np.zeros(cosines.shape[1], np.float32)
    cosines = cosines * recent.strengths[:, None]
    cosines[np.arange(len(recent.products)), recent.products] = 0
    found: Floats = cosines.max(axis=0)
    return np.maximum(found, 0)


def _but_itself(spoke: Floats, recent: Recent, place: int) -> Floats:
    return np.where(recent.products == place, 0, spoke * recent.strengths)


def _strongest(recent: Recent, spoke: Floats) -> int | None:
    if not len(spoke) or spoke.max() <= 0:
        return None
    return int(recent.steps[int(np.argmax(spoke))])
