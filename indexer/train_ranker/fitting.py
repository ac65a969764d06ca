"""Weights from clicks, the place on the page taken out of account: a conditional logit with a place effect.

Of a page that was acted on, product i is the one with probability

    p_i  =  exp(w · x_i − η ln k_i + δ_k) / Σ_j exp(w · x_j − η ln k_j + δ_k)

where x are the parts of the score and k is the place. That is the position-based model (Craswell, Zoeter, Taylor and
Ramsey, WSDM 2008), P(click) = examination(k) · attraction, seen from a page that was clicked on: with attraction
exp(w · x) and examination k^−η · exp(δ_k), McFadden's conditional logit (1974). The denominators of pages that nobody
clicked on, which are not kept, do not occur in it.

Place and weights are learnt together: the place stands in the model as a propensity that is divided out, and what it
explains is not put down to the parts. The same propensities as weights of clicks, 1 / examination (Joachims,
Swaminathan and Schnabel, WSDM 2017), do about as well, and need the first step to find them:
benchmarks/learning_to_rank.py has both. What tells place from attraction is that the same parts stand at several
places: queries differ, taste moves products past others (an intervention on these, as in Agarwal, Zaitsev, Wang, Li,
Najork and Joachims, WSDM 2019), versions change.

The loss is convex. Little data changes little: weights keep to those of the prior model, times a common factor (how
much everybody's order says), η keeps to 1 and δ to 0, each with the standard deviation below. scipy minimises it;
scikit-learn has neither a centre for the penalty nor bounds, and LightGBM no sum of named parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from indexer.train_ranker.pages import Pages
from search.personalization.model import BASE_PARTS, DEFAULT, FEATURES, RankingModel

Floats = NDArray[np.float64]

DEVIATION = 0.5
"""How far a weight is expected from the prior's times the common factor, in what one standard deviation of its part
within a page does to the log of the odds."""

ETA, ETA_DEVIATION, MOST_ETA = 1.0, 0.5, 3.0
"""Examination falls with the place as 1 / k^η; with 1 (as in Joachims et al., 2017) where the data say nothing."""

PLACE_DEVIATION = 0.2
"""How far the log of examination at one place is expected from that curve: the end of the first screen is no power."""

PLACES = 50
"""Places with a deviation of their own."""

UNMET_DEVIATION = 3.0
"""How far the cost of a condition that is not met is expected from none, in the log of the odds: it may be anything."""

_ROUNDS = 500
_FIRST_FACTOR = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """`weights` by FEATURES, on the scale of the prior model. `examination` of each of the first PLACES, the first 1;
    beyond, as 1 / k^`eta`. `unmet` is what a condition that is not known to be met costs, on the same scale."""

    weights: Floats
    eta: float
    examination: Floats
    unmet: float

    def looked_at(self, place: NDArray[np.int64]) -> Floats:
        """Examination of places that count from 0."""
        curve = (place + 1.0) ** -self.eta
        own: Floats = np.where(place < PLACES, self.examination[np.minimum(place, PLACES - 1)], curve)
        return own


def fit(pages: Pages, prior: RankingModel = DEFAULT, eta: float | None = None) -> Fit:
    """Weights that explain best which products were acted on. A given `eta` is not learnt; 0 leaves the place out."""
    task = _Task(pages, prior, eta)
    lows = [0.0] * len(FEATURES) + [None, 0.0] + [None] * PLACES
    highs = [None] * len(FEATURES) + [0.0, MOST_ETA] + [None] * PLACES
    found = minimize(
        task.loss, task.start(), jac=True, method="L-BFGS-B", bounds=list(zip(lows, highs, strict=True)),
        options={"maxiter": _ROUNDS, "maxfun": 2 * _ROUNDS},
    )  # fmt: skip
    return task.result(np.asarray(found.x, dtype=np.float64))


class _Task:
    """The parameters lie in one vector: weights, that of `unmet`, η, and δ by place."""

    def __init__(self, pages: Pages, prior: RankingModel, eta: float | None) -> None:
        self._pages = pages
        self._prior = np.append(prior.weights, 0.0)
        self._eta = eta
        moves = spread(pages)
        self._differs = moves > 0
        self._factor = _factor(self._prior, moves)
        # What is far from the prior, times the factor that these weights themselves say: a linear map of the weights.
        apart = np.eye(len(moves)) - np.outer(self._prior, self._factor)
        scale = np.where(self._differs, moves, 1.0) / DEVIATION
        scale[-1] = 1 / UNMET_DEVIATION
        self._apart = scale[:, None] * apart
        self._log_place = np.log(pages.place + 1.0)
        self._own = np.minimum(pages.place, PLACES)  # one cell more, for places without a deviation
        # As many acts as there are, whatever they are worth each: the penalty must not depend on the scale of gains.
        self._wanted = pages.gain * np.count_nonzero(pages.gain) / max(pages.gain.sum(), 1e-12)
        self._of_page = pages.sums(self._wanted)

    def start(self) -> Floats:
        eta = ETA if self._eta is None else self._eta
        return np.concatenate((_FIRST_FACTOR * self._prior, [eta], np.zeros(PLACES)))

    def loss(self, x: Floats) -> tuple[float, Floats]:
        """The negative log likelihood and the penalty, and their slope."""
        pages, columns = self._pages, len(self._prior)
        weights, eta, own = x[:columns], x[columns], x[columns + 1 :]
        scores = pages.parts @ weights - eta * self._log_place + np.append(own, 0.0)[self._own]
        scores -= pages.spread_out(pages.most(scores))
        odds = np.exp(scores)
        totals = pages.sums(odds)
        excess = odds * pages.spread_out(self._of_page / totals) - self._wanted
        apart, off, bent = self._apart @ weights, (eta - ETA) / ETA_DEVIATION, own / PLACE_DEVIATION
        loss = float(self._of_page @ np.log(totals) - self._wanted @ scores)
        loss += float(apart @ apart + off * off + bent @ bent) / 2
        slope = np.empty_like(x)
        slope[:columns] = excess @ pages.parts + apart @ self._apart
        slope[columns] = off / ETA_DEVIATION - excess @ self._log_place
        slope[columns + 1 :] = bent / PLACE_DEVIATION + np.bincount(self._own, excess, PLACES + 1)[:PLACES]
        if self._eta is not None:
            slope[columns:] = 0.0
        return loss, slope

    def result(self, x: Floats) -> Fit:
        """On the prior's scale: what all are ranked by moves products as far as it did. Else thresholds of taste, and
        the effects that receipts tell, would have another size after each training."""
        columns = len(self._prior)
        factor = float(self._factor @ x[:columns])
        weights = x[:columns] / factor if factor > 0 else x[:columns]
        # A part that never differed said nothing.
        weights = np.where(self._differs, weights, self._prior)
        eta, own = float(x[columns]), x[columns + 1 :]
        examination = np.arange(1, PLACES + 1) ** -eta * np.exp(own - own[0])
        return Fit(weights[:-1], eta, examination, float(weights[-1]))


def _factor(prior: Floats, moves: Floats) -> Floats:
    """What makes of weights how many times as far as the prior's they move products by the parts of everybody's order;
    shape (columns,). Weights are never negative, so that it is linear."""
    base = np.where(np.arange(len(moves)) < len(BASE_PARTS), moves, 0.0)
    before = float(prior @ base)
    found: Floats = base / before if before > 0 else np.zeros(len(moves))
    return found


def spread(pages: Pages) -> Floats:
    """Standard deviation of each part within pages, over the pages in which it differs at all; 0 where it never does.
    Shape (columns of pages.parts,)."""
    sizes = np.diff(pages.starts).astype(np.float64)
    found = np.zeros(pages.parts.shape[1])
    for number, part in enumerate(pages.parts.T):
        mean = pages.sums(part) / sizes
        variance = pages.sums((part - pages.spread_out(mean)) ** 2) / sizes
        differs = variance > 1e-12
        if differs.any():
            found[number] = float(np.sqrt(variance[differs].mean()))
    return found
