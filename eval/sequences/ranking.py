"""Where the product that was taken stands among the whole catalogue, and what that is worth.

========  ====================================================================
hr@k      share of questions whose target is among the first k
ndcg@k    1 / log2(1 + rank) where it is, else 0: with one target the ideal is 1
========  ====================================================================

Targets stand behind all products of the same score: a method that cannot tell products apart gains nothing by it, and
nothing depends on the order of the catalogue. Products that the shopper had are ranked like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from eval.metrics import Scores
from search.recommending.interactions import Method, Trail

CUTOFFS = (5, 10, 20)
_BATCH = 128

Batches = Callable[[Iterable[int]], Iterable[int]]


def ranks(
    method: Method, trails: Sequence[Trail], targets: NDArray[np.int64], watch: Batches = lambda batches: batches
) -> NDArray[np.int64]:
    """Rank of each target from 1 on, shape (trails,)."""
    found = np.empty(len(trails), np.int64)
    for start in watch(range(0, len(trails), _BATCH)):
        end = min(start + _BATCH, len(trails))
        scores = method.scores(trails[start:end])
        theirs = scores[np.arange(end - start), targets[start:end]]
        # Not «>=»: what is no number would stand before everything.
        found[start:end] = np.count_nonzero(~(scores < theirs[:, None]), axis=1)
    return found


def score(name: str, found: NDArray[np.int64], cutoffs: Iterable[int] = CUTOFFS) -> Scores:
    values = {}
    for cutoff in cutoffs:
        within = found <= cutoff
        values[f"hr@{cutoff}"] = within.astype(np.float64)
        values[f"ndcg@{cutoff}"] = np.where(within, 1 / np.log2(1 + found), 0.0)
    return Scores(name, tuple(map(str, range(len(found)))), values)
