"""Shares of exposure against shares of relevance.

Whoever stands further down is seen less: place r has the exposure 1 / log2(1 + r) (Singh and Joachims, KDD 2018), and
none behind the last place that is looked at. The exposures of a list add up to 1, and so do the relevances of a
query's products, so each list and each query counts the same. Over all lists, as attention adds up over time (Biega,
Gummadi and Weikum, SIGIR 2018), a group has a share of the exposure and a share of the relevance:

==========  ============================================================================================
ratio       exposure share / relevance share: 1 is equity, 0.5 is seen half as often as it deserves
inequity    Σ over groups of |exposure share − relevance share| / 2: the share of all exposure that would
            have to change hands, 0..1
==========  ============================================================================================

Intervals hold 95 of 100 cases with other queries and other shoppers of the same sort: both are resampled, independently
of each other (the pigeonhole bootstrap, Owen, Annals of Applied Statistics 2007), and both ways of searching alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.exposure.groups import Grouping
from eval.intervals import Interval
from eval.metrics import Floats

MIN_GROUP = 5
"""Relevant products, over all queries, that a group needs to be shown by itself. The smaller ones are one together."""

RESAMPLES = 2000
_BLOCK = 50


@dataclass(frozen=True, slots=True)
class Lists:
    """What was shown for one query, best first: to everybody, and to each shopper. `relevance` by product, above 0."""

    everybody: Sequence[str]
    shoppers: Sequence[Sequence[str]]
    relevance: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Share:
    """Of one group; `products` is how many relevant ones it has. Without shoppers `personal` and `change` are None.

    `change` is the exposure share that personalisation gives or takes.
    """

    group: str
    products: int
    relevance: float
    exposure: float
    exposure_interval: Interval
    personal: float | None = None
    personal_interval: Interval | None = None
    change: float | None = None
    change_interval: Interval | None = None

    @property
    def ratio(self) -> float | None:
        """None where the group has no relevance that its exposure could be held against."""
        return self.exposure / self.relevance if self.relevance else None

    @property
    def personal_ratio(self) -> float | None:
        return self.personal / self.relevance if self.relevance and self.personal is not None else None


@dataclass(frozen=True, slots=True)
class Exposure:
    """Of one grouping; shares by falling relevance. `pooled` is how many groups are one for want of products."""

    name: str
    shares: tuple[Share, ...]
    pooled: int
    inequity: float
    inequity_interval: Interval
    personal_inequity: float | None = None
    personal_interval: Interval | None = None
    change: float | None = None
    change_interval: Interval | None = None


def exposures(products: Sequence[str], depth: int) -> dict[str, float]:
    """Of the first `depth` products, best first; they add up to 1."""
    seen = [1 / np.log2(1 + rank) for rank in range(1, min(len(products), depth) + 1)]
    total = sum(seen)
    return {product: one / total for product, one in zip(products, seen, strict=False)}


def measure(
    lists: Sequence[Lists],
    grouping: Grouping,
    depth: int,
    min_group: int = MIN_GROUP,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Exposure:
    """`lists` are of at least one query, each with relevance; all have the same number of shoppers, maybe none.

    A list without products shows nobody, and counts as such.
    """
    columns = _Columns.of(lists, grouping, min_group)
    relevance = np.array([columns.row(one.relevance, normal=True) for one in lists])
    everybody = np.array([columns.row(exposures(one.everybody, depth)) for one in lists])
    personal = np.array([[columns.row(exposures(each, depth)) for each in one.shoppers] for one in lists])
    drawn = _resampled(relevance, everybody, personal, resamples, seed)
    some = personal.size > 0
    wanted, shown = relevance.mean(axis=0), everybody.mean(axis=0)
    bent = personal.mean(axis=(0, 1)) if some else shown
    shares = [
        Share(
            name,
            columns.products[name],
            float(wanted[place]),
            float(shown[place]),
            _interval(drawn.everybody[:, place]),
            *(
                (
                    float(bent[place]),
                    _interval(drawn.personal[:, place]),
                    float(bent[place] - shown[place]),
                    _interval(drawn.personal[:, place] - drawn.everybody[:, place]),
                )
                if some
                else ()
            ),
        )
        for place, name in enumerate(columns.names)
    ]
    apart, apart_bent = _inequity(drawn.everybody, drawn.relevance), _inequity(drawn.personal, drawn.relevance)
    before, after = float(_inequity(shown, wanted)), float(_inequity(bent, wanted))
    shares.sort(key=lambda one: (-one.relevance, -one.exposure, one.group))
    return Exposure(
        grouping.name,
        tuple(shares),
        columns.pooled,
        before,
        _interval(apart),
        *((after, _interval(apart_bent), after - before, _interval(apart_bent - apart)) if some else ()),
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    """Groups as columns: those that are large enough, and one for all others."""

    names: tuple[str, ...]
    places: Mapping[str, int]
    grouping: Grouping
    products: Mapping[str, int]
    pooled: int

    @classmethod
    def of(cls, lists: Sequence[Lists], grouping: Grouping, min_group: int) -> _Columns:
        relevant = {product for one in lists for product in one.relevance}
        shown = {product for one in lists for each in (one.everybody, *one.shoppers) for product in each}
        sizes = Counter(grouping.of.get(product, "(gone)") for product in relevant)
        every = {grouping.of.get(product, "(gone)") for product in relevant | shown}
        own = sorted(name for name in every if sizes[name] >= min_group)
        small = every - set(own)
        pool = f"({len(small)} smaller ones)"
        names = (*own, pool) if small else tuple(own)
        places = {name: names.index(pool) if name in small else names.index(name) for name in every}
        products = {name: sizes[name] for name in own} | {pool: sum(sizes[name] for name in small)}
        return cls(names, places, grouping, products, len(small))

    def row(self, worth: Mapping[str, float], normal: bool = False) -> Floats:
        """Shape (groups,)."""
        found = np.zeros(len(self.names))
        for product, value in worth.items():
            found[self.places[self.grouping.of.get(product, "(gone)")]] += value
        return found / found.sum() if normal else found


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """Shares of resamples, each of shape (resamples, groups)."""

    relevance: Floats
    everybody: Floats
    personal: Floats


def _resampled(relevance: Floats, everybody: Floats, personal: Floats, resamples: int, seed: int) -> _Drawn:
    generator = np.random.default_rng(seed)
    queries, shoppers = len(relevance), personal.shape[1] if personal.size else 0
    by_query = generator.multinomial(queries, np.full(queries, 1 / queries), resamples) / queries
    wanted, shown = by_query @ relevance, by_query @ everybody
    if not shoppers:
        return _Drawn(wanted, shown, shown)
    by_shopper = generator.multinomial(shoppers, np.full(shoppers, 1 / shoppers), resamples) / shoppers
    bent = [
        np.einsum("bq,bqg->bg", by_query[start : start + _BLOCK], np.tensordot(
            by_shopper[start : start + _BLOCK], personal, axes=(1, 1)
        ))
        for start in range(0, resamples, _BLOCK)
    ]  # fmt: skip
    return _Drawn(wanted, shown, np.concatenate(bent))


def _inequity(shown: Floats, wanted: Floats) -> Floats:
    """Over the last axis."""
    apart: Floats = np.abs(shown - wanted).sum(axis=-1) / 2
    return apart


def _interval(values: Floats) -> Interval:
    low, high = np.quantile(values, (0.025, 0.975))
    return Interval(float(low), float(high))
