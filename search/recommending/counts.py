"""What is simply counted: how popular products are lately, and how often each is taken again at once."""

from __future__ import annotations

import numpy as np

from search.recommending.interactions import Floats, Interactions
from search.recommending.recency import HALF_LIFE

PRIOR = 5.0
"""Steps that a product is lent at the mean rate of all: so often is a rate believed without having been seen."""


def popular(interactions: Interactions) -> Floats:
    """Share of all liked steps, those HALF_LIFE days before the latest counting half where days are known."""
    found = np.zeros(len(interactions), np.float64)
    latest = max(
        (float(trail.days[-1]) for trail in interactions.trails if len(trail) and np.isfinite(trail.days[-1])),
        default=np.nan,
    )
    for trail in interactions.trails:
        worth = np.maximum(trail.weights, 0).astype(np.float64)
        ages = latest - trail.days
        worth *= np.where(np.isfinite(ages), np.exp2(-np.where(np.isfinite(ages), ages, 0) / HALF_LIFE), 1)
        np.add.at(found, trail.products, worth)
    total = found.sum()
    return (found / total if total else found).astype(np.float32)


def repeat_rates(interactions: Interactions) -> Floats:
    """How often a product is taken again in the very next step: (again + PRIOR · mean) / (steps + PRIOR)."""
    again, steps = np.zeros(len(interactions)), np.zeros(len(interactions))
    for trail in interactions.trails:
        products = trail.products[trail.weights > 0]
        np.add.at(steps, products[:-1], 1)
        np.add.at(again, products[:-1][products[1:] == products[:-1]], 1)
    mean = again.sum() / max(1.0, steps.sum())
    rates: Floats = ((again + PRIOR * mean) / (steps + PRIOR)).astype(np.float32)
    return rates
