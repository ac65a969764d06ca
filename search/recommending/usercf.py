"""What shoppers like this one took: UserCF, by Pearson's correlation over who had what.

No part of a blend: it needs the trails of others, and what an erased shopper did must not live on in a model. Serving
finds neighbours among the profiles in Qdrant; `neighbours_say` is the same sum over their trails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from search.recommending.interactions import Floats, Interactions, Trail
from search.recommending.recency import liked
from search.recommending.tables import purchases

NEIGHBOURS = 100
DECAY = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class UserCF:
    """A `Method`. `had` is CSR of shape (shoppers, products), ones; `telling` (products,) is how rare each is.

    A neighbour who is the very shopper asked about adds what they had already, which moves nothing else.
    """

    had: sparse.csr_matrix
    telling: Floats
    name: str = "usercf"

    @classmethod
    def of(cls, interactions: Interactions) -> UserCF:
        had = purchases(interactions)
        counts = np.asarray(had.sum(axis=0)).ravel()
        return cls(had, np.log1p(had.shape[0] / (counts + 1)).astype(np.float32))

    def scores(self, trails: Sequence[Trail]) -> Floats:
        """Shape (len(trails), products): the mean of what the NEIGHBOURS most alike had, weighted by how alike.

        Alike is Pearson's r of the two rows, over products weighed by how rare they are and, on the side of the shopper
        asked about, how lately they came: a centred cosine, where the means of rows so empty hardly count.
        """
        found = np.zeros((len(trails), self.had.shape[1]), np.float32)
        sizes = np.asarray(self.had.sum(axis=1)).ravel()
        n = self.had.shape[1]
        spread = np.sqrt(np.maximum(sizes - sizes**2 / n, 1e-9))
        columns = sparse.csc_matrix(self.had)
        for row, trail in zip(found, trails, strict=True):
            recent = liked(trail, DECAY)
            if not len(recent.products):
                continue
            worth = recent.strengths * self.telling[recent.products]
            shared = np.asarray(columns[:, recent.products] @ worth).ravel()
            alike = (shared - worth.sum() * sizes / n) / spread
            best = np.argsort(-alike, kind="stable")[:NEIGHBOURS]
            best = best[shared[best] > 0]
            row[:] = neighbours_say(self.had[best], np.maximum(alike[best], 0))
        return found


def neighbours_say(had: sparse.csr_matrix, alike: Floats) -> Floats:
    """What neighbours had, shape (neighbours, products), by how alike they are, (neighbours,): (products,), 0..1."""
    total = float(alike.sum())
    return np.asarray(had.T @ alike, np.float32).ravel() / np.float32(total or 1)
