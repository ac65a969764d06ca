"""What would another ranking have earned? Clicks that were logged under one ranking, weighed for another.

Under the position-based model the chance of a click is examination(place) * attraction(question, product). So a click,
times the examination that the new ranking would give the product, over the examination that it had on average on the
pages that asked the same, is on average what it would earn there. Summed, this is the new ranking's clicks per search:
without bias as far as its products were shown at all, if it does not depend on what was shown. (Inverse propensity
scoring: Horvitz and Thompson, 1952; with average examination Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay and Wen,
KDD 2018.) Where nothing says which pages asked the same, each is a question of its own.

``ips``    takes products that were never shown as never clicked, so it errs low.
``snips``  divides by the weights that came in place of those that had to come (Swaminathan and Joachims, NeurIPS 2015):
           unmoved by weights that are all too large or were cut off, and taking products that were never shown to be as
           good as the others. Its bias vanishes with the number of searches if they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.experiments.arrays import Floats, Ints, sums


@dataclass(frozen=True, slots=True)
class Replay:
    """Pages that were shown, and where the new ranking would put their products.

    One row for each product on a page, all of shape (rows,): `old` and `new` are places from 0, `new` -1 for a product
    that the new ranking does not show; `item` numbers question and product, `unit` the shopper. One entry for each
    page: `page_unit`, `page_question`, of shape (pages,). `question` of each item, of shape (items,). `lists` (pages,
    places) is 1 for each place that the new ranking fills.
    """

    old: Ints
    new: Ints
    click: Floats
    unit: Ints
    item: Ints
    question: Ints
    page_unit: Ints
    page_question: Ints
    lists: Floats


@dataclass(frozen=True, slots=True)
class Estimate:
    """Clicks per search: `logged`, and of the new ranking by both estimators.

    `overlap` is the share of the new ranking's examination that falls on products that were shown; `effective` how many
    rows of equal weight would be as good as these (Kish, Survey Sampling, 1965); `cut` the share of weights cut off.
    """

    logged: float
    ips: float
    snips: float
    overlap: float
    effective: float
    cut: float


def estimate(replay: Replay, examination: Floats, clip: float, weight: Floats | None = None) -> Estimate:
    """Both estimates; `weight` counts each unit so many times (once if None). Needs a page and finite examination > 0.

    Without common products `ips` is 0 and `snips` NaN.
    """
    units = int(replay.page_unit.max()) + 1
    times = np.ones(units) if weight is None else weight
    page_times, row_times = times[replay.page_unit], times[replay.unit]
    pages = float(page_times.sum())
    asked = sums(replay.page_question, page_times, 0)
    had = sums(replay.item, row_times * examination[replay.old], len(replay.question))

    ranked = (replay.new >= 0) & (row_times > 0)
    item, row_times, click = replay.item[ranked], row_times[ranked], replay.click[ranked]
    average = had[item] / asked[replay.question[item]]
    ratio = examination[replay.new[ranked]] / average
    held = np.minimum(ratio, clip)
    exposure = row_times * examination[replay.old[ranked]]
    earned, came = float((row_times * click * held).sum()), float((exposure * held).sum())
    due = float((page_times @ replay.lists) @ examination)
    return Estimate(
        logged=float((times[replay.unit] * replay.click).sum()) / pages,
        ips=earned / pages,
        snips=earned / came * due / pages if came > 0 else float("nan"),
        overlap=float((exposure * ratio).sum()) / due if due > 0 else 0.0,
        effective=effective(row_times * held),
        cut=float((ratio > clip).mean()) if len(ratio) else 0.0,
    )


def effective(weights: Floats) -> float:
    """Kish's effective sample size."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def resampled_weights(generator: np.random.Generator, units: int) -> NDArray[np.float64]:
    """How often each unit is drawn when as many are drawn with replacement (Efron's bootstrap)."""
    return np.bincount(generator.integers(0, units, units), minlength=units).astype(np.float64)
