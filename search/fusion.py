"""Two lanes and the kind of thing → one score. Pure functions over arrays.

    score = r · (cosine / best cosine)^1.5  +  (1 − r) · matched rarity / rarity of the query's words  +  0.2 · kind

The cosine is measured by the best one in the catalogue, since encoders use another part of the scale for each query.
The words are measured by what the query itself could give at most, so that a product that has half of it has about
half, whatever the others have. A filter changes neither measure: it narrows the result and never reorders it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Shape (candidates,)."""

SEMANTIC_RATIO = 0.75
"""Share of meaning where the caller does not set one. Chosen with the other constants here on the development halves
of two judged catalogues, one setting for both; docs/relevance.md has the ablation."""

TRANSLATED_RATIO = 0.4
"""The same where the encoder does not read the query, and a translation by words is embedded in its place."""

UNREAD_RATIO = 0.15
"""The same where the encoder reads neither."""

COSINE_POWER = 1.5
KIND_WEIGHT = 0.2
OTHERWISE_WEIGHT = 0.4
"""The same where the catalogue calls the thing otherwise than the query, so that the words find the wrong things."""

PREFERRED_WEIGHT = 0.15
"""What a condition is worth that is preferred, and met."""

WORDS_MOST = 1.35
"""Score by words of a product whose short title has every word of the query, about."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the parts of a query are measured by: its best cosine in the catalogue, the rarity of its known words, and
    how much the kind counts."""

    best_cosine: float
    words_worth: float
    kind: float = KIND_WEIGHT


def fuse(cosine: Floats, words: Floats, kind: Floats, scale: Scale, ratio: float) -> Floats:
    """One score for each candidate; `ratio` 1 is by meaning alone, 0 by words alone, and the kind counts in between."""
    meaning = np.clip(cosine / scale.best_cosine, 0, 1) ** COSINE_POWER if scale.best_cosine > 0 else 0.0 * cosine
    said = words / scale.words_worth if scale.words_worth > 0 else 0.0 * words
    mixed = ratio * meaning + (1 - ratio) * said
    return mixed + scale.kind * np.minimum(kind, 1.0) if 0 < ratio < 1 else mixed


def shown_scores(fused: Floats, scale: Scale, ratio: float) -> Floats:
    """Scores as people see them, 0..1: the share of what the query could give at most; by meaning alone, the cosine at
    the best and less behind it."""
    most = ratio + (1 - ratio) * WORDS_MOST + (scale.kind if 0 < ratio < 1 else 0)
    nearness = max(scale.best_cosine, 0.0) if ratio == 1 else 1.0
    return np.clip(fused / most * nearness, 0.0, 1.0)
