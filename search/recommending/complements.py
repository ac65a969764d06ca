"""What goes with a product: taken by the same shoppers within a few steps, and not the same sort of thing."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from search.recommending.interactions import Floats, Interactions
from search.recommending.tables import Table, pruned, purchases, steps_apart

WITHIN = 3
"""Steps. What lies further apart was hardly bought for the same reason."""

MOST_ALIKE = 0.8
"""Cosine from which on two products are the same sort of thing: another colour, another size, another maker."""

LEAST_SHOPPERS = 2
"""One shopper who had both is an accident."""

MOST = 50


def goes_with(interactions: Interactions, vectors: Floats) -> Table:
    """Strength of each pair: √(steps together) · ln(lift), where lift > 1; in shares of the strongest of the row.

    lift = shoppers with both · all shoppers / (shoppers with one · shoppers with the other). Alone it favours what
    hardly anybody bought, the count alone favours best-sellers. `vectors` of unit length.
    """
    bought = purchases(interactions)
    shoppers = np.maximum(np.asarray(bought.sum(axis=0)).ravel(), 1)
    both = sparse.csr_matrix(bought.T @ bought)
    near = steps_apart(interactions, 1.0, WITHIN)
    near = sparse.csr_matrix(near + near.T).tocoo()
    if not near.nnz:
        return Table("goes with", 1.0, sparse.csr_matrix(both.shape, dtype=np.float32))
    counts = np.asarray(both[near.row, near.col]).ravel()
    lift = counts * bought.shape[0] / (shoppers[near.row] * shoppers[near.col])
    alike = np.einsum("nd,nd->n", vectors[near.row], vectors[near.col])
    kept = (near.row != near.col) & (counts >= LEAST_SHOPPERS) & (lift > 1) & (alike < MOST_ALIKE)
    strength = np.sqrt(near.data[kept]) * np.log(lift[kept])
    matrix = sparse.csr_matrix((strength.astype(np.float32), (near.row[kept], near.col[kept])), shape=both.shape)
    most = np.maximum(np.asarray(matrix.max(axis=1).todense()).ravel(), 1e-9)
    return Table("goes with", 1.0, pruned(sparse.diags((1 / most).astype(np.float32)) @ matrix, MOST))
