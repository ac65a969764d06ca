"""What came after what: shares of the next step, of later steps, of the step before, and all that for like products.

Skip-grams with decay, as in the Markov chains of Rendle et al. (WWW 2010) and their smoothing by likeness in
He and McAuley (ICDM 2016), here by counting alone.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from search.recommending.interactions import Floats, Interactions
from search.recommending.tables import Table, pruned, shrunk, steps_apart

DECAY = 0.5
FURTHEST = 10
LIKE = 20
"""Products that stand for a product in `alike`: its nearest by their vectors."""

LEAST_COSINE = 0.3
SHARPNESS = 4
"""Cosines are taken to this power, so that the nearest of all counts more than twenty that are near."""

_BLOCK = 1024


def following(interactions: Interactions) -> Table:
    """ "next": the share of shoppers who took it in the very next step after this."""
    return Table("next", 0.1, pruned(shrunk(steps_apart(interactions, 1.0, 1))))


def later(interactions: Interactions) -> Table:
    """ "later": the same with all the steps that come after, each counting half of the one before it."""
    return Table("later", 0.7, pruned(shrunk(steps_apart(interactions, DECAY, FURTHEST))))


def before(interactions: Interactions) -> Table:
    """ "before": read backwards. Order is partly chance: who bought the second may yet need the first."""
    back = sparse.csr_matrix(steps_apart(interactions, DECAY, FURTHEST).T)
    return Table("before", 0.5, pruned(shrunk(back)))


def alike(interactions: Interactions, vectors: Floats) -> Table:
    """ "alike": what came after products like this, and products like what came after.

    (S + I) T S, T being `later` and S each product's LIKE nearest, in shares. So a product that nobody ever bought is
    reached from what its likes followed.
    """
    like = likeness(vectors)
    after = shrunk(steps_apart(interactions, DECAY, FURTHEST))
    spread = sparse.csr_matrix(after @ like)
    # Pruned as it grows: before that, half of the table may be full.
    rows = [slice(start, start + _BLOCK) for start in range(0, max(1, len(interactions)), _BLOCK)]
    blocks = [pruned(spread[some] + like[some] @ spread) for some in rows]
    return Table("alike", 0.5, sparse.csr_matrix(sparse.vstack(blocks), dtype=np.float32))


def likeness(vectors: Floats, most: int = LIKE) -> sparse.csr_matrix:
    """Each product's nearest by vectors of unit length, cosine^SHARPNESS in shares of the row; itself is none."""
    n = len(vectors)
    most = min(most, n - 1)
    if most < 1:
        return sparse.csr_matrix((n, n), dtype=np.float32)
    columns, values = [], []
    for start in range(0, n, _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -1
        best = np.argpartition(-cosines, most - 1, axis=1)[:, :most].copy()  # or all of it is held
        near = np.take_along_axis(cosines, best, axis=1)
        columns.append(best)
        values.append(np.where(near > LEAST_COSINE, near, 0) ** SHARPNESS)
    begins = np.arange(n + 1) * most
    matrix = sparse.csr_matrix((np.concatenate(values).ravel(), np.concatenate(columns).ravel(), begins), shape=(n, n))
    matrix.eliminate_zeros()
    return shrunk(matrix, 1e-9)
