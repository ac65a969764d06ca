"""Bought by the same shoppers, in any order: EASE, and cosines of co-purchase (ItemCF)."""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

from search.recommending.interactions import Interactions
from search.recommending.tables import MOST_NEIGHBOURS, Table, pruned, purchases

DENSE = 10_000
"""Most products that EASE is solved for, those bought most often: float32 of that size squared is 400 MB, twice."""

RIDGE = 50.0
"""λ of EASE. Between 20 and 200 the ndcg of either development set moves by two hundredths of itself."""

SHRUNK = 3.0
"""Added to the number of shoppers in a cosine, so that two products that one shopper had are not twins."""


def ease(interactions: Interactions, ridge: float = RIDGE, decay: float = 1.0) -> Table:
    """ "together". The linear model without diagonal that tells a trail from itself, in closed form.

    B = −P / diag(P) with P = (XᵀX + λI)⁻¹ (Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019).
    Products beyond the DENSE most popular have their cosines instead, weaker by what λ takes.
    """
    bought = purchases(interactions)
    counts = np.asarray(bought.sum(axis=0)).ravel()
    solved = np.sort(np.argsort(-counts, kind="stable")[:DENSE])
    solved = solved[counts[solved] > 0]
    n = len(interactions)
    if not len(solved):
        return Table("together", decay, sparse.csr_matrix((n, n), dtype=np.float32))
    some = bought[:, solved]
    gram = np.asarray((some.T @ some).todense(), np.float32)
    gram[np.diag_indices_from(gram)] += ridge
    inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
    weights = inverse / -np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0)
    found = _placed(weights, solved, n)
    if len(solved) < np.count_nonzero(counts):
        found = _with_cosines(found, solved, itemcf(interactions).matrix, counts, ridge)
    return Table("together", decay, found)


def itemcf(interactions: Interactions, shrink: float = SHRUNK, decay: float = 0.7) -> Table:
    """ "itemcf". c(i, j) / √((c(i) + shrink) (c(j) + shrink)), c counting shoppers; 0 for a product and itself.

    Of purchases alone this is what Pearson on co-rated products comes to when most products are had by few: the means
    that Pearson takes away are next to nothing.
    """
    bought = purchases(interactions)
    both = sparse.csr_matrix(bought.T @ bought, dtype=np.float32)
    both.setdiag(0)
    both.eliminate_zeros()
    scale = sparse.diags((1 / np.sqrt(np.asarray(bought.sum(axis=0)).ravel() + shrink)).astype(np.float32))
    return Table("itemcf", decay, pruned(scale @ both @ scale))


def _placed(weights: np.ndarray, solved: np.ndarray, n: int) -> sparse.csr_matrix:
    """The largest weights of each row of a dense table over the products `solved`, as a sparse one over all `n`."""
    most = min(MOST_NEIGHBOURS, len(solved))
    rows, columns, values = [], [], []
    for row, line in enumerate(weights):
        best = np.argpartition(-np.abs(line), most - 1)[:most]
        best = best[np.abs(line[best]) > 1e-6]
        rows.append(np.full(len(best), solved[row]))
        columns.append(solved[best])
        values.append(line[best])
    places = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_matrix((np.concatenate(values).astype(np.float32), places), shape=(n, n))


def _with_cosines(
    found: sparse.csr_matrix, solved: np.ndarray, cosines: sparse.csr_matrix, counts: np.ndarray, ridge: float
) -> sparse.csr_matrix:
    """EASE between the products `solved`, and cosines wherever another is one of the two."""
    n = len(counts)
    inside = np.zeros(n, bool)
    inside[solved] = True
    pairs = cosines.tocoo()
    outside = ~(inside[pairs.row] & inside[pairs.col])
    rows, columns = pairs.row[outside], pairs.col[outside]
    worth = pairs.data[outside] * np.sqrt(counts[rows] * counts[columns]) / ridge
    rest = sparse.csr_matrix((worth.astype(np.float32), (rows, columns)), shape=(n, n))
    return pruned(found + rest)
