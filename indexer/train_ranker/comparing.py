"""Is what was learnt better? Asked of pages that came later than all that it was learnt from.

What was acted on is worth more the less its place was looked at: gain / examination, clipped, on average as many as
there are (inverse propensity weights: Joachims, Swaminathan and Schnabel, WSDM 2017; self-normalised: Swaminathan and
Joachims, NeurIPS 2015). Without them every ranking would lose to the one that was shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_1samp

from indexer.train_ranker.fitting import Fit
from indexer.train_ranker.pages import Pages
from search.personalization.model import FEATURES

Floats = NDArray[np.float64]

CLIP = 20.0
"""The most that an act weighs against one at the first place: rare clicks far down must not decide alone."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`before` and `after` are estimates of ndcg on the products of each page; `p_value` is of the one-sided paired
    t-test over units (shoppers, and pages of nobody known) that `after` is not greater."""

    before: float
    after: float
    p_value: float
    pages: int
    units: int

    @property
    def gained(self) -> float:
        """Relative."""
        return self.after / self.before - 1 if self.before else 0.0


def compare(pages: Pages, learnt: Fit, before: Floats, after: Floats) -> Comparison:
    """`before` and `after` are weights by FEATURES; examination is that of `learnt`."""
    worth = worth_of(pages, learnt)
    old, new, best = (_dcg(pages, worth, scores) for scores in (*_scores(pages, before, after), worth))
    _, unit = np.unique(pages.units, return_inverse=True)
    differences: Floats = np.bincount(unit, new - old).astype(np.float64)
    total = float(best.sum())
    return Comparison(
        float(old.sum()) / total, float(new.sum()) / total, _p_value(differences), len(pages), len(differences)
    )


def worth_of(pages: Pages, learnt: Fit) -> Floats:
    """Gain by row, the place taken out of account: shape (rows,), the mean of what was acted on being that of gains."""
    weight = np.minimum(1.0 / learnt.looked_at(pages.place), CLIP)
    acted = pages.gain > 0
    worth: Floats = pages.gain * weight / weight[acted].mean()
    return worth


def _scores(pages: Pages, *weights: Floats) -> list[Floats]:
    """What meets more of the query's conditions comes first, whatever it scores: so it is served."""
    found = []
    for each in weights:
        scores = pages.parts[:, : len(FEATURES)] @ each
        found.append(scores - pages.parts[:, -1] * (1.0 + np.ptp(scores)))
    return found


def _dcg(pages: Pages, worth: Floats, scores: Floats) -> Floats:
    """Σ worth / log2(rank + 1) by page, for the order by scores, ties as they stand for everybody."""
    page = np.repeat(np.arange(len(pages)), np.diff(pages.starts))
    order = np.lexsort((pages.base_place, -scores, page))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - pages.starts[page[order]]
    return pages.sums(worth / np.log2(rank + 2.0))


def _p_value(differences: Floats) -> float:
    if len(differences) < 2 or not np.ptp(differences):
        return 1.0
    return float(ttest_1samp(differences, 0.0, alternative="greater").pvalue)
