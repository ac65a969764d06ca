"""How far a query leaves the choice to taste: everything to «lamp», nothing to the name of one lamp. Pure.

Two things bound it, both read off the candidates as retrieval left them.

- *Fit*, of each product: whether it says all that was asked. Among those that do, taste may choose; it brings up none
  that says less. Fit = (its score by words / the best of the window)^16, so that half is worth nothing and 0.95 half.
  Where no words were compared, as by meaning alone, it is (score / best)^4.
- *Vagueness*, of the query: how many products fit. (log Σ fit / log window)^1.5, 0 where one fits, 1 where all do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from search.domain import Candidate
from search.personalization.model import Floats64

WORDS_POWER = 16
SCORE_POWER = 4
VAGUENESS_POWER = 1.5
"""Chosen on the first halves of docs/personalization.md: what taste gains against what it costs in relevance."""

LEAST_WINDOW = 50
"""Fewer candidates than that count as so many: with five of them there is little to choose."""


def reach(window: Sequence[Candidate]) -> Floats64:
    """What share of its taste each candidate gets, 0..1; shape (candidates,)."""
    if not window:
        return np.zeros(0)
    fit = _fit(window)
    vagueness = math.log(max(1.0, float(fit.sum()))) / math.log(max(LEAST_WINDOW, len(window)))
    scaled: Floats64 = fit * min(1.0, vagueness) ** VAGUENESS_POWER
    return scaled


def _fit(window: Sequence[Candidate]) -> Floats64:
    words = np.array([one.parts.get("lexical", 0.0) for one in window], dtype=np.float64)
    if words.max() > 0:
        share: Floats64 = np.clip(words / words.max(), 0, 1) ** WORDS_POWER
        return share
    scores = np.array([one.score for one in window], dtype=np.float64)
    best = float(scores.max())
    # Browsing: nothing was asked, everything fits.
    nearly: Floats64 = np.clip(scores / best, 0, 1) ** SCORE_POWER if best > 0 else np.ones(len(window))
    return nearly
