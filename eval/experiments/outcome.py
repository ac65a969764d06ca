"""From the log of an experiment to its outcome: what the shoppers gained, what the test says, who wins.

Every step that leaves something out counts it, and the counts are part of the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eval.experiments import interleaved, split
from eval.experiments.arrays import Floats, Ints, sums
from eval.experiments.attribution import BOT_CLICKS, WINDOW, Credited, Fate, attribute, likely_bots
from eval.experiments.deciding import Rule
from eval.experiments.interleaved import Interleaving, preferences
from eval.experiments.log import Log
from eval.experiments.split import Demand, Samples, Split
from search.experiments.records import Impression

Metric = Literal["click", "cart", "purchase", "revenue"]
METRICS: tuple[Metric, ...] = ("click", "cart", "purchase", "revenue")
Per = Literal["shopper", "search"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a log. `planned` is the number of shoppers fixed before the start, None for no plan.

    Per shopper, a split measures the share of shoppers who clicked (put into the cart, bought) at all, or the revenue
    of one; per search, products clicked for each search. `window` in seconds. Likely bots are reported, and left out
    only `without_bots`.
    """

    metric: Metric = "click"
    per: Per = "shopper"
    confidence: float = 0.95
    effect: float = 0.05
    power: float = 0.8
    planned: int | None = None
    window: float = WINDOW
    bot_clicks: int = BOT_CLICKS
    without_bots: bool = False

    def demand(self, shoppers: int) -> Demand:
        """Of the tests, when so many took part."""
        rule: Rule = "anytime" if self.planned is None else "fixed"
        growth = max(1.0, (self.planned or 0) / max(shoppers, 1))
        return Demand(rule, self.confidence, self.effect, self.power, growth)


@dataclass(frozen=True, slots=True)
class Attention:
    """What a reader should know of the data. `bots` were left out if the question said so; `crossed` always were.

    `crossed` counts shoppers of a split who saw several variants, `nameless` searches without a shopper, `undrafted`
    pages of an interleaving that came from the baseline alone (sorted by price, say): they speak for neither.
    """

    fates: Mapping[Fate, int]
    bots: int
    crossed: int
    nameless: int
    undrafted: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """`shoppers` took part by `last`, the time of the last search counted. Too early: fewer than were planned."""

    question: Question
    result: Split | Interleaving
    shoppers: int
    searches: int
    first: float
    last: float
    attention: Attention

    @property
    def too_early(self) -> bool:
        return self.question.planned is not None and self.shoppers < self.question.planned


def outcome(log: Log, question: Question) -> Outcome:
    """Everything the log says in answer to the question, up to the moment at which the plan was reached."""
    log, nameless = _named(log)
    if question.planned is not None:
        log = as_planned(log, question.planned)
    taking_part = len({impression.shopper for impression in log.impressions})
    bots = likely_bots(log, question.bot_clicks)
    crossed = _crossed(log) if log.experiment.method == "split" else frozenset()
    kept = log.without(crossed | (bots if question.without_bots else frozenset()))
    credited = attribute(kept, "purchase" if question.metric == "revenue" else question.metric, question.window)
    searches = _Searches.of(kept)
    demand = question.demand(taking_part)
    result: Split | Interleaving
    if log.experiment.method == "split":
        result = _split(kept, searches, credited, question, demand)
    else:
        result = _interleaved(kept, searches, credited, question, demand)
    times = log.impression_times
    return Outcome(
        question=question,
        result=result,
        shoppers=taking_part,
        searches=len(kept.impressions),
        first=float(times[0]) if len(times) else 0.0,
        last=float(times[-1]) if len(times) else 0.0,
        attention=Attention(credited.fates, len(bots), len(crossed), nameless, _undrafted(kept)),
    )


def as_planned(log: Log, planned: int) -> Log:
    """The log as it was when the shopper number `planned` first searched; whole, if that is still to come.

    So the answer does not change any more once the plan is reached, however often and late somebody looks.
    """
    seen: set[str] = set()
    for impression, time in zip(log.impressions, log.impression_times, strict=True):
        seen.add(impression.shopper)
        if len(seen) == planned:
            return log.until(float(time))
    return log


def _named(log: Log) -> tuple[Log, int]:
    nameless = sum(not impression.shopper for impression in log.impressions)
    return (log.without(frozenset({""})), nameless) if nameless else (log, 0)


def _crossed(log: Log) -> frozenset[str]:
    first: dict[str, str] = {}
    return frozenset(
        one.shopper for one in log.impressions if first.setdefault(one.shopper, one.variant) != one.variant
    )


@dataclass(frozen=True, slots=True)
class _Searches:
    """`shopper` numbers whose each page is, from 0 in order of appearance. A second page is no search of its own."""

    shopper: Ints
    shoppers: int
    first_page: Floats

    @classmethod
    def of(cls, log: Log) -> _Searches:
        numbers: dict[str, int] = {}
        shopper = [numbers.setdefault(impression.shopper, len(numbers)) for impression in log.impressions]
        return cls(
            np.array(shopper, dtype=np.int64),
            len(numbers),
            np.array([impression.offset == 0 for impression in log.impressions], dtype=np.float64),
        )


def _gain(credited: Credited, metric: Metric) -> tuple[Ints, Ints, Floats]:
    """Page, place and gain: of revenue all of it, of anything else 1 for each product on each page, however often."""
    if metric == "revenue":
        return credited.impression, credited.place, credited.value
    pairs = np.unique(np.stack([credited.impression, credited.place], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1], np.ones(len(pairs))


# --- split -----------------------------------------------------------------------------------------------------------


def _split(log: Log, searches: _Searches, credited: Credited, question: Question, demand: Demand) -> Split:
    names = [share.name for share in log.experiment.variants]
    variant = np.zeros(searches.shoppers, dtype=np.int64)
    variant[searches.shopper] = [names.index(impression.variant) for impression in log.impressions]
    page, _, gain = _gain(credited, question.metric)
    gained = sums(searches.shopper[page], gain, searches.shoppers)
    if question.per == "search":
        base = sums(searches.shopper, searches.first_page, searches.shoppers)
    else:
        base = np.ones(searches.shoppers)
        gained = gained if question.metric == "revenue" else np.minimum(gained, 1.0)
    weights = [share.weight for share in log.experiment.variants]
    return split.analyse(Samples(variant, gained, base), names, weights, demand)


# --- interleave ------------------------------------------------------------------------------------------------------


def _interleaved(log: Log, searches: _Searches, credited: Credited, question: Question, demand: Demand) -> Interleaving:
    baseline, variant = (share.name for share in log.experiment.variants)
    page, place, gain = _gain(credited, question.metric)
    team = np.array([_team(log.impressions[i], int(j)) for i, j in zip(page, place, strict=True)], dtype=object)
    for_team = [sums(page, gain * (team == name), len(log.impressions)) for name in (baseline, variant)]
    preferred = preferences(searches.shopper, searches.shoppers, *for_team)
    picks = _first_picks(log)
    first_picks = (picks.count(baseline), picks.count(variant))
    return interleaved.analyse(preferred, baseline, variant, len(log.impressions), first_picks, demand)


def _undrafted(log: Log) -> int:
    if log.experiment.method == "split":
        return 0
    return sum(bool(impression.products) and not impression.teams for impression in log.impressions)


def _first_picks(log: Log) -> list[str]:
    """Who drafted first, for each shopper: on their first drafted page. Second pages continue a draft, so not there.

    One a shopper, because the same shopper and words get the same draft again.
    """
    first: dict[str, str] = {}
    for impression in log.impressions:
        if impression.offset == 0 and impression.shopper not in first:
            pick = _first_team(impression)
            if pick:
                first[impression.shopper] = pick
    return list(first.values())


def _team(impression: Impression, place: int) -> str:
    return impression.teams[place] if impression.teams else ""


def _first_team(impression: Impression) -> str:
    return next((team for team in impression.teams if team), "")
