"""How much is a place on the page looked at? The position-based model, kept simple.

P(click on product d of query q at place k) = examination(k) * attraction(q, d) (Craswell, Zoeter, Taylor and Ramsey,
WSDM 2008). How often a place is clicked says little of examination, since rankings put attractive products first; what
tells the two apart is the same thing shown at several places, each time for a reason that has nothing to do with it:

``swaps``    a draft puts two products next to each other in an order that a coin chose. Over all such pairs both places
             held equally attractive products (Joachims, Swaminathan and Schnabel, WSDM 2017). Needs an interleaved log.
``harvest``  the same product for the same query at several places, because variants rank it differently or a coin did
             (Agarwal, Zaitsev, Wang, Li, Najork and Joachims, WSDM 2019). Needs to know which searches asked the same.
``em``       the maximum of the likelihood on the same data by expectation and maximisation, without a regression on
             features (Wang, Golbandi, Bendersky, Metzler and Najork, WSDM 2018; Chuklin, Markov and de Rijke, Click
             Models for Web Search, 2015, section 4). It trusts the model more than the first two do, and with few
             showings of each product it is biased: each brings a parameter of its own.

Only ratios can be known from clicks, so examination of the first place is 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eval.experiments.arrays import Floats, Ints, quotient, sums

Way = Literal["swaps", "harvest", "em"]

_ROUNDS = 5_000


@dataclass(frozen=True, slots=True)
class Showings:
    """One row for each product shown at one of the first `places` places: all of shape (rows,).

    `place` counts from 0. `item` is what may be compared with itself: rows of one item are equally attractive on
    average at whatever place; -1 for rows that are comparable with nothing. `unit` says whose row it is, from 0 to
    `units` - 1. `questions` names what each page asked, in order; None where that is not known.
    """

    place: Ints
    item: Ints
    click: Floats
    unit: Ints
    questions: tuple[str | None, ...]
    places: int
    units: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows counted by item and place: the cells that can tell something, all of shape (cells,).

    Those are of items that were clicked somewhere and shown at two places at least. `rows` are the rows that they are
    made of, `cell_of_row` says which goes where, so that they can be counted again with other weights.
    """

    place: Ints
    item: Ints
    views: Floats
    clicks: Floats
    rows: Ints
    cell_of_row: Ints
    places: int


def count(showings: Showings) -> Counts:
    """Raises nothing: where nothing can be compared there are no cells."""
    rows = np.flatnonzero(showings.item >= 0)
    keys, cell = np.unique(showings.item[rows] * showings.places + showings.place[rows], return_inverse=True)
    clicks = sums(cell, showings.click[rows], len(keys))
    items, item_of_cell = np.unique(keys // showings.places, return_inverse=True)
    telling = (np.bincount(item_of_cell, minlength=len(items)) > 1) & (sums(item_of_cell, clicks, len(items)) > 0)
    kept = telling[item_of_cell]
    number = np.cumsum(kept) - 1
    rows, cell = rows[kept[cell]], number[cell[kept[cell]]]
    _, item = np.unique(item_of_cell[kept], return_inverse=True)
    cells = int(kept.sum())
    return Counts(
        place=(keys % showings.places)[kept],
        item=item,
        views=np.bincount(cell, minlength=cells).astype(np.float64),
        clicks=clicks[kept],
        rows=rows,
        cell_of_row=cell,
        places=showings.places,
    )


def reweighted(counts: Counts, showings: Showings, weight: Floats) -> Counts:
    """As if each unit had been there `weight[unit]` times."""
    row_weight = weight[showings.unit[counts.rows]]
    cells = len(counts.place)
    return Counts(
        counts.place,
        counts.item,
        sums(counts.cell_of_row, row_weight, cells),
        sums(counts.cell_of_row, row_weight * showings.click[counts.rows], cells),
        counts.rows,
        counts.cell_of_row,
        counts.places,
    )


def examination(counts: Counts, way: Way, start: Floats | None = None, tolerance: float = 1e-9) -> Floats:
    """Examination by place, shape (places,), the first 1; NaN for places that nothing links to the first.

    `start` is a first guess.
    """
    linked = _linked(counts)
    guess = np.ones(counts.places) if start is None else np.where(np.isfinite(start), start, 1.0)
    found = (_expectation_maximisation if way == "em" else _balanced)(counts, guess, tolerance)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = found / found[0]
    return np.where(linked & np.isfinite(found), found, np.nan)


def _balanced(counts: Counts, start: Floats, tolerance: float) -> Floats:
    """Solves: clicks at each place, and on each item, are as many as examination * attraction * views says.

    Those are the equations of a Poisson regression with an effect for each item; they hold on average whatever the law
    of the clicks, and unlike other likelihoods they are not biased by many items with few showings each (Hausman, Hall
    and Griliches, Econometrica 52, 1984; Wooldridge, Journal of Econometrics 90, 1999).
    """
    items = int(counts.item.max()) + 1 if len(counts.item) else 0
    clicks_at = sums(counts.place, counts.clicks, counts.places)
    clicks_on = sums(counts.item, counts.clicks, items)
    found = start
    for _ in range(_ROUNDS):
        attraction = quotient(clicks_on, sums(counts.item, counts.views * found[counts.place], items))
        new = quotient(
            clicks_at,
            sums(counts.place, counts.views * attraction[counts.item], counts.places),
        )
        new = new / new[0] if new[0] > 0 else new
        settled = np.abs(new - found).max() < tolerance
        found = new
        if settled:
            break
    return found


def _expectation_maximisation(counts: Counts, start: Floats, tolerance: float) -> Floats:
    """A click proves that a product was looked at and attracts. Without one, both are expected, and averaged."""
    items = int(counts.item.max()) + 1 if len(counts.item) else 0
    looked = np.clip(start * 0.9 / max(float(start.max()), 1.0), 1e-6, 1.0)
    views_at = sums(counts.place, counts.views, counts.places)
    views_of = sums(counts.item, counts.views, items)
    attracts = np.clip(
        quotient(
            sums(counts.item, counts.clicks, items),
            sums(counts.item, counts.views * looked[counts.place], items),
        ),
        1e-6, 1 - 1e-6,
    )  # fmt: skip
    passed = counts.views - counts.clicks
    for _ in range(_ROUNDS):
        seen, wanted = looked[counts.place], attracts[counts.item]
        no_click = np.maximum(1 - seen * wanted, 1e-12)
        seen_not_wanted = passed * seen * (1 - wanted) / no_click
        wanted_not_seen = passed * wanted * (1 - seen) / no_click
        new = quotient(sums(counts.place, counts.clicks + seen_not_wanted, counts.places), views_at)
        attracts = quotient(sums(counts.item, counts.clicks + wanted_not_seen, items), views_of)
        settled = np.abs(new - looked).max() < tolerance
        looked = new
        if settled:
            break
    return looked


def _linked(counts: Counts) -> NDArray[np.bool_]:
    """Places that items lead to from the first one, directly or by way of others."""
    linked = np.zeros(counts.places, dtype=bool)
    linked[0] = True
    items = int(counts.item.max()) + 1 if len(counts.item) else 0
    seen = counts.views > 0
    while True:
        reached = np.zeros(items, dtype=bool)
        reached[counts.item[linked[counts.place] & seen]] = True
        wider = linked.copy()
        wider[counts.place[reached[counts.item] & seen]] = True
        if (wider == linked).all():
            return linked
        linked = wider
