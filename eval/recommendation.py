"""What accuracy does not see of recommendations: how much of the catalogue they show, and whether only best-sellers.

A list is one shopper's, under the id of a query in a run. `popularity` counts interactions (purchases, views) by
product; a product that it lacks has none.

==============  ===============================================================================================
coverage@k      products in anybody's first k / products of the catalogue (Ge, Delgado-Battenfeld and Jannach,
                RecSys 2010); one number for all lists together
novelty@k       mean over the first k of −log2 of the product's share of all interactions, in bits (Zhou et al., PNAS
                107(10), 2010), with one interaction more for each product of the catalogue, so that new products
                have a share
popularity@k    share of the first k that are best-sellers: the most popular products that together have half of all
                interactions, and all as popular as the last of them
==============  ===============================================================================================

Like every metric these count lists without products: as 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from eval.metrics import Floats, Scores
from eval.qrels import Run, error_at, lines_of
from search.errors import JudgementError, RequestError

KINDS = ("coverage", "novelty", "popularity")
KNOWN_KINDS = "coverage@10 novelty@10 popularity@10 (of recommendations)"

BEST_SELLERS = 0.5
"""Share of all interactions that makes the best-sellers."""


@dataclass(frozen=True, slots=True)
class Popularity:
    """Interactions by product, and how many products the catalogue has, those without any included."""

    counts: Mapping[str, float]
    catalogue: int

    def bits(self, products: Iterable[str]) -> dict[str, float]:
        """Self-information of each product: −log2 of its share of interactions, each product given one more."""
        total = math.fsum(self.counts.values()) + self.catalogue
        return {product: math.log2(total / (self.counts.get(product, 0) + 1)) for product in products}

    def best_sellers(self) -> frozenset[str]:
        ordered = sorted(self.counts.values(), reverse=True)
        if not ordered or not ordered[0]:
            return frozenset()
        half = BEST_SELLERS * math.fsum(ordered)
        reached = int(np.searchsorted(np.cumsum(ordered), half * (1 - 1e-12)))
        least = ordered[min(reached, len(ordered) - 1)]
        return frozenset(product for product, count in self.counts.items() if count >= least)


@dataclass(frozen=True, slots=True)
class RecommendationMetric:
    """`str()` gives the name back."""

    kind: str
    cutoff: int | None = None

    def __str__(self) -> str:
        return self.kind if self.cutoff is None else f"{self.kind}@{self.cutoff}"


def parse_recommendation_metric(text: str) -> RecommendationMetric | None:
    """`novelty@10` and the like; None for what is none of these."""
    match = re.fullmatch(rf"({'|'.join(KINDS)})(?:@([1-9][0-9]{{0,8}}))?", text.lower())
    return RecommendationMetric(match[1], int(match[2]) if match[2] else None) if match else None


def read_popularity(path: Path, catalogue: int | None = None) -> Popularity:
    """Lines of product, tab, number of interactions (0 for products without any). Raises JudgementError.

    `catalogue` is how many products there are in all; None: as many as the file names.
    """
    counts: dict[str, float] = {}
    for number, line in lines_of(path):
        product, _, text = (part.strip() for part in line.partition("\t"))
        try:
            count = float(text)
        except ValueError:
            count = math.nan
        if not product or not 0 <= count < math.inf:
            raise error_at(path, number, "expected product_id, a tab and the number of interactions, from 0 up")
        if product in counts:
            raise error_at(path, number, f"product '{product}' is here for the second time; add its numbers up")
        counts[product] = count
    if not counts:
        raise JudgementError(f"{path} holds no products. Expected lines of product_id, a tab and a number.")
    if catalogue is not None and catalogue < len(counts):
        raise JudgementError(f"{path} names {len(counts)} products, more than the {catalogue} of --catalogue-size.")
    return Popularity(counts, catalogue or len(counts))


def coverage(lists: Iterable[Sequence[str]], catalogue: int, cutoff: int | None = None) -> float:
    """Raises RequestError where more products were recommended than the catalogue has."""
    shown = len(set(chain.from_iterable(one[:cutoff] for one in lists)))
    if shown > catalogue:
        raise RequestError(f"{shown} different products were recommended, more than the catalogue's {catalogue}.")
    return shown / catalogue


def novelty(lists: Sequence[Sequence[str]], popularity: Popularity, cutoff: int | None = None) -> Floats:
    """Bits, one number for each list; shape (lists,)."""
    tops = [one[:cutoff] for one in lists]
    bits = popularity.bits(set(chain.from_iterable(tops)))
    return np.array([sum(bits[product] for product in top) / len(top) if top else 0.0 for top in tops])


def best_seller_share(lists: Sequence[Sequence[str]], popularity: Popularity, cutoff: int | None = None) -> Floats:
    """One share for each list; shape (lists,)."""
    best = popularity.best_sellers()
    tops = [one[:cutoff] for one in lists]
    return np.array([sum(product in best for product in top) / len(top) if top else 0.0 for top in tops])


def with_recommendation_metrics(
    scores: Scores, run: Run, metrics: Sequence[RecommendationMetric], popularity: Popularity
) -> Scores:
    """The scores and these metrics over the same queries."""
    lists = [run.hits.get(query, ()) for query in scores.queries]
    values, totals = dict(scores.values), dict(scores.totals)
    for metric in metrics:
        if metric.kind == "coverage":
            totals[str(metric)] = coverage(lists, popularity.catalogue, metric.cutoff)
        else:
            measure = novelty if metric.kind == "novelty" else best_seller_share
            values[str(metric)] = measure(lists, popularity, metric.cutoff)
    return Scores(scores.run, scores.queries, values, totals)
