"""From the log to click models: rows of what was shown, examination with intervals, the worth of another ranking.

Intervals come from the bootstrap over shoppers: a shopper's clicks hang together. Each resample estimates examination
anew, so that the interval of a new ranking's worth knows that examination is an estimate, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from eval.experiments.arrays import Floats
from eval.experiments.attribution import WINDOW, attribute
from eval.experiments.counterfactual import Estimate, Replay, estimate, resampled_weights
from eval.experiments.examination import Counts, Showings, Way, count, examination, reweighted
from eval.experiments.log import Log
from eval.intervals import Interval
from eval.qrels import Run
from search.errors import ExperimentLogError
from search.experiments.records import Impression

LEAST_OVERLAP = 0.3
"""With less of the new ranking ever shown, the estimate would be mostly a guess: refused."""

GOOD_OVERLAP = 0.8


@dataclass(frozen=True, slots=True)
class Places:
    """By place, from the first: how often shown and clicked, and examination with its interval (None: not known)."""

    way: Way
    shown: tuple[int, ...]
    clicks: tuple[int, ...]
    examination: tuple[float | None, ...]
    intervals: tuple[Interval | None, ...]
    compared: int


@dataclass(frozen=True, slots=True)
class Worth:
    """Of the new ranking, within `depth` places. `difference` is of SNIPS and the clicks logged, per search."""

    depth: int
    searches: int
    unanswered: int
    estimate: Estimate
    ips_interval: Interval
    snips_interval: Interval
    difference: float
    difference_interval: Interval


@dataclass(frozen=True, slots=True)
class Resampling:
    """How intervals are made."""

    resamples: int = 200
    confidence: float = 0.95
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ClickModel:
    """The model of a log, with what it takes to estimate it again."""

    showings: Showings
    counts: Counts
    way: Way
    values: Floats


def shown_products(log: Log, depth: int, same: Mapping[str, str] | None, window: float = WINDOW) -> Showings:
    """One row for each product on the first `depth` places of first pages, in order of the log.

    Comparable are, with `same` (queryID → what was asked), rows of one product for one question; without, the two
    products of each pair that a draft ordered by a coin.
    """
    units: dict[str, int] = {}
    items: dict[object, int] = {}
    start: dict[int, int] = {}
    place: list[int] = []
    item: list[int] = []
    unit: list[int] = []
    questions: list[str | None] = []
    for i, impression in enumerate(log.impressions):
        if impression.offset:
            continue
        start[i] = len(place)
        products = impression.products[:depth]
        place += range(len(products))
        unit += [units.setdefault(impression.shopper, len(units))] * len(products)
        asked = None if same is None else same.get(impression.query_id)
        questions.append(asked)
        if same is None:
            item += swapped(impression)[:depth]
        elif asked is None:
            item += [-1] * len(products)
        else:
            item += [items.setdefault((asked, product), len(items)) for product in products]
    click = np.zeros(len(place))
    credited = attribute(log, "click", window)
    inside = [i in start and j < depth for i, j in zip(credited.impression, credited.place, strict=True)]
    click[[start[int(i)] + j for i, j in zip(credited.impression[inside], credited.place[inside], strict=True)]] = 1.0
    return Showings(
        np.array(place, dtype=np.int64), np.array(item, dtype=np.int64), click, np.array(unit, dtype=np.int64),
        tuple(questions), depth, len(units),
    )  # fmt: skip


def swapped(impression: Impression) -> list[int]:
    """For each product of a drafted first page the number of the pair it is in, which is its upper place; -1 for none.

    Teams pick in pairs, a coin says who is first, and products that both would pick belong to no pair: so reading from
    the top, each two products with a team are a pair.
    """
    pairs = [-1] * len(impression.products)
    place = 0
    while place < len(impression.teams) - 1:
        if impression.teams[place] and impression.teams[place + 1]:
            pairs[place] = pairs[place + 1] = place
            place += 1
        place += 1
    return pairs


def fitted(showings: Showings, way: Way) -> ClickModel:
    """Raises ExperimentLogError where nothing was shown at two places."""
    counts = count(showings)
    if not len(counts.place):
        raise ExperimentLogError(
            "Nothing that was clicked was shown at two places, so examination cannot be told from attraction. "
            + (
                "Pages of a split need --queries: which searches asked the same."
                if way == "swaps"
                else "Are the queryIDs in --queries those of this log, with the same words for the same question?"
            )
        )
    return ClickModel(showings, counts, way, examination(counts, way))


def by_place(model: ClickModel, resampling: Resampling) -> Places:
    showings, depth = model.showings, model.showings.places
    draws = np.array([values for _, values in _resampled(model, resampling)])
    return Places(
        way=model.way,
        shown=tuple(np.bincount(showings.place, minlength=depth).tolist()),
        clicks=tuple(np.bincount(showings.place, weights=showings.click, minlength=depth).astype(int).tolist()),
        examination=tuple(float(value) if np.isfinite(value) else None for value in model.values),
        intervals=tuple(
            _interval(draws[:, place], resampling.confidence) if np.isfinite(value) else None
            for place, value in enumerate(model.values)
        ),
        compared=len(model.counts.rows),
    )


def worth(log: Log, model: ClickModel, run: Run, clip: float, resampling: Resampling) -> Worth:
    """What the ranking of a run, keyed by queryID, would have earned. Places are cut where examination ends.

    Raises ExperimentLogError where no search of the log is in the run, and where too little of it was ever shown.
    """
    known = np.isfinite(model.values) & (model.values > 0)
    depth = int(np.argmin(known)) if not known.all() else len(known)
    replay, unanswered = _replay(log, model.showings, run, depth)
    if replay is None:
        raise ExperimentLogError(f"{run.name} ranks for none of the searches of this log; it must be keyed by queryID.")
    values = model.values[:depth]
    found = estimate(replay, values, clip)
    if found.overlap < LEAST_OVERLAP:
        raise ExperimentLogError(
            f"Of what shoppers would look at in {run.name} only {100 * found.overlap:.0f} % was ever shown to them; "
            f"under {100 * LEAST_OVERLAP:.0f} % an estimate would be a guess. Try the ranking in an experiment instead"
        )
    draws = [
        estimate(replay, np.where(np.isfinite(drawn[:depth]), drawn[:depth], values), clip, weight)
        for weight, drawn in _resampled(model, resampling)
    ]
    confidence = resampling.confidence
    return Worth(
        depth=depth,
        searches=len(replay.page_unit),
        unanswered=unanswered,
        estimate=found,
        ips_interval=_interval(np.array([one.ips for one in draws]), confidence),
        snips_interval=_interval(np.array([one.snips for one in draws]), confidence),
        difference=found.snips - found.logged,
        difference_interval=_interval(np.array([one.snips - one.logged for one in draws]), confidence),
    )


def _resampled(model: ClickModel, resampling: Resampling) -> list[tuple[Floats, Floats]]:
    """Weights of the shoppers, and examination with these; the same for the same seed."""
    generator = np.random.default_rng(resampling.seed)
    drawn = []
    for _ in range(resampling.resamples):
        weight = resampled_weights(generator, model.showings.units)
        counts = reweighted(model.counts, model.showings, weight)
        drawn.append((weight, examination(counts, model.way, model.values, tolerance=1e-5)))
    return drawn


def _replay(log: Log, showings: Showings, run: Run, depth: int) -> tuple[Replay | None, int]:
    """The rows of the showings, in whose order pages come here again, of pages that the run answers; and how many not.

    Rows of one item must be of one question; where the showings say nothing of questions each page is one.
    """
    rows: list[int] = []
    new: list[int] = []
    items: dict[object, int] = {}
    item: list[int] = []
    question: list[int] = []
    page_unit: list[int] = []
    page_question: list[int] = []
    lists: list[int] = []
    questions: dict[object, int] = {}
    row = unanswered = 0
    for impression, asked in zip(_first_pages(log), showings.questions, strict=True):
        here = range(row, row + min(len(impression.products), showings.places))
        row = here.stop
        ranked = run.hits.get(impression.query_id)
        if ranked is None or not here:
            unanswered += 1
            continue
        mine = questions.setdefault(asked if asked is not None else (impression.query_id,), len(questions))
        page_unit.append(int(showings.unit[here.start]))
        page_question.append(mine)
        lists.append(min(depth, len(ranked)))
        places = {product: place for place, product in enumerate(ranked[:depth])}
        for at, product in zip(here, impression.products[:depth], strict=False):
            rows.append(at)
            new.append(places.get(product, -1))
            item.append(items.setdefault((mine, product), len(items)))
            if len(items) > len(question):
                question.append(mine)
    if not page_unit:
        return None, unanswered
    kept = np.array(rows, dtype=np.int64)
    replay = Replay(
        old=showings.place[kept],
        new=np.array(new, dtype=np.int64),
        click=showings.click[kept],
        unit=showings.unit[kept],
        item=np.array(item, dtype=np.int64),
        question=np.array(question, dtype=np.int64),
        page_unit=np.array(page_unit, dtype=np.int64),
        page_question=np.array(page_question, dtype=np.int64),
        lists=(np.arange(depth) < np.array(lists)[:, None]).astype(np.float64),
    )
    return replay, unanswered


def _first_pages(log: Log) -> Iterator[Impression]:
    return (impression for impression in log.impressions if impression.offset == 0)


def _interval(values: Floats, confidence: float) -> Interval:
    held = values[np.isfinite(values)]
    if not len(held):
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(held, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))
