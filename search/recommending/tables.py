"""A sparse table from product to product: what one says of the others. Most methods are such a table and a decay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from search.recommending.interactions import Floats, Interactions, Trail
from search.recommending.recency import HALF_LIFE, LATEST, in_a_row, liked

MOST_NEIGHBOURS = 300
"""Entries kept of each row: 20,000 products take 48 MB in a table at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A `Method`: the rows of what a shopper had, each counting by its place in the trail, added up.

    `matrix` is CSR of float32, shape (products, products): row = what they had, column = what it speaks for.
    """

    name: str
    decay: float
    matrix: sparse.csr_matrix

    def scores(self, trails: Sequence[Trail]) -> Floats:
        """Shape (len(trails), products); never below 0."""
        found = np.zeros((len(trails), self.matrix.shape[1]), np.float32)
        for row, trail in zip(found, trails, strict=True):
            recent = liked(trail, self.decay)
            self.add_up(recent.products, recent.strengths, row)
        return np.maximum(found, 0, out=found)

    def add_up(self, products: Iterable[int], strengths: Floats, into: Floats) -> None:
        """Add strength · row for each product to `into`, shape (products,); −1 is no product."""
        rows = np.fromiter(products, np.int64)
        strengths, rows = strengths[rows >= 0], rows[rows >= 0]
        begins = self.matrix.indptr[rows].astype(np.int64)
        lengths = self.matrix.indptr[rows + 1] - begins
        # Where each entry of these rows stands in the matrix: fifty rows at once take a third of the time of fifty.
        places = np.arange(lengths.sum()) + np.repeat(begins - (np.cumsum(lengths) - lengths), lengths)
        values = self.matrix.data[places] * np.repeat(strengths, lengths)
        into += np.bincount(self.matrix.indices[places], values, len(into))


def purchases(interactions: Interactions) -> sparse.csr_matrix:
    """Who liked what: CSR of float32 ones, shape (trails, products)."""
    n = len(interactions)
    rows = [np.unique(trail.products[trail.weights > 0]) for trail in interactions.trails]
    begins = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    columns = np.concatenate(rows) if rows else np.zeros(0, np.int32)
    return sparse.csr_matrix((np.ones(len(columns), np.float32), columns, begins), shape=(len(rows), n))


def steps_apart(interactions: Interactions, decay: float, furthest: int) -> sparse.csr_matrix:
    """How often a product came after another: decay^(steps between − 1), at most `furthest` steps, times both weights.

    Where days are known, what lies HALF_LIFE days apart counts half. CSR of float32, shape (products, products).
    """
    befores, afters, worths = [], [], []
    for trail in interactions.trails:
        kept = np.flatnonzero(trail.weights > 0)
        products, weights, days = trail.products[kept], trail.weights[kept], trail.days[kept]
        for gap in range(1, min(furthest, len(kept) - 1) + 1):
            worth = weights[:-gap] * weights[gap:] * np.float32(decay ** (gap - 1))
            apart = days[gap:] - days[:-gap]
            if np.isfinite(apart).any():
                worth = worth * np.where(np.isfinite(apart), np.exp2(-np.maximum(apart, 0) / HALF_LIFE), 1)
            befores.append(products[:-gap])
            afters.append(products[gap:])
            worths.append(worth)
    n = len(interactions)
    if not befores:
        return sparse.csr_matrix((n, n), dtype=np.float32)
    places = (np.concatenate(befores), np.concatenate(afters))
    return sparse.csr_matrix((np.concatenate(worths).astype(np.float32), places), shape=(n, n))


def shrunk(matrix: sparse.csr_matrix, by: float = 1.0) -> sparse.csr_matrix:
    """Rows divided by their sum and `by`: shares of what was seen, little where little was seen."""
    sums = np.asarray(matrix.sum(axis=1)).ravel() + by
    return sparse.csr_matrix(sparse.diags((1 / sums).astype(np.float32)) @ matrix, dtype=np.float32)


def pruned(matrix: sparse.csr_matrix, most: int = MOST_NEIGHBOURS) -> sparse.csr_matrix:
    """The `most` largest entries of each row by absolute value, of equal ones the first."""
    matrix = sparse.csr_matrix(matrix, dtype=np.float32)
    matrix.sort_indices()
    kept, begins = [], [0]
    for row in range(matrix.shape[0]):
        begin, end = matrix.indptr[row], matrix.indptr[row + 1]
        if end - begin > most:
            best = np.argsort(-np.abs(matrix.data[begin:end]), kind="stable")[:most]
            kept.append(begin + np.sort(best))
        else:
            kept.append(np.arange(begin, end))
        begins.append(begins[-1] + len(kept[-1]))
    places = np.concatenate(kept) if kept else np.zeros(0, np.int64)
    return sparse.csr_matrix((matrix.data[places], matrix.indices[places], np.array(begins)), shape=matrix.shape)


def longest(interactions: Interactions) -> Interactions:
    """One step for what was done with a product in a row, and trails no longer than LATEST: one shopper who buys for a
    school must not be half of what is learnt."""
    return Interactions(
        interactions.products,
        tuple(
            Trail(trail.products[-LATEST:], trail.weights[-LATEST:], trail.days[-LATEST:])
            for trail in map(in_a_row, interactions.trails)
        ),
    )
