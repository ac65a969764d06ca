"""Products → what a shopper pays, in all and in each category. Pure.

Prices are compared by their logarithms: 5 and 10 are as far apart as 500 and 1,000.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.profiles import weights
from search.profiles.traits import Traits
from search.shopper import PriceBand

ALL = ""
"""The band of everything."""


@dataclass(frozen=True, slots=True)
class _Paid:
    price: float
    weight: float


def bands_of(liked: Mapping[str, float], traits: Mapping[str, Traits]) -> dict[str, PriceBand]:
    """By folded category, of every level, the best known first; ALL for everything.

    Of products in the currency that counts most with them: sums of different money cannot be compared.
    """
    currency = _currency(liked, traits)
    paid: defaultdict[str, list[_Paid]] = defaultdict(list)
    written = {ALL: ""}
    for product, weight in liked.items():
        its = traits[product]
        if weight <= 0 or its.price is None or its.currency != currency:
            continue
        categories = its.values.get("category", {})
        for folded in (ALL, *categories):
            paid[folded].append(_Paid(its.price, weight))
            written.setdefault(folded, categories.get(folded, ""))
    evidence = {folded: math.fsum(one.weight for one in prices) for folded, prices in paid.items()}
    known = [folded for folded in paid if evidence[folded] >= weights.LEAST_PRICES]
    best = sorted(known, key=lambda folded: (folded != ALL, -evidence[folded], folded))[: weights.MOST_BANDS]
    return {folded: _band(written[folded], paid[folded], evidence[folded], currency) for folded in best}


def _currency(liked: Mapping[str, float], traits: Mapping[str, Traits]) -> str | None:
    counts: Counter[str | None] = Counter()
    for product, weight in liked.items():
        if weight > 0 and traits[product].price is not None:
            counts[traits[product].currency] += weight  # type: ignore[assignment]  # a sum of weights is no count
    return min(counts, key=lambda name: (-counts[name], name or "")) if counts else None


def _band(category: str, paid: Sequence[_Paid], evidence: float, currency: str | None) -> PriceBand:
    ordered = sorted(paid, key=lambda one: (one.price, one.weight))
    prices = np.log([one.price for one in ordered])
    shares = np.array([one.weight for one in ordered])
    low, typical, high = quantiles(prices, shares, (weights.LOW, 0.5, weights.HIGH))
    margin = weights.WIDTH / (1 + evidence)
    low, high = min(low, typical - margin), max(high, typical + margin)
    return PriceBand(category, math.exp(low), math.exp(typical), math.exp(high), len(paid), currency)


def quantiles(values: NDArray[np.float64], shares: NDArray[np.float64], at: Sequence[float]) -> list[float]:
    """Weighted quantiles of ascending values: each value stands at the middle of its weight, between them on a line."""
    middles = (np.cumsum(shares) - shares / 2) / shares.sum()
    return [float(np.interp(place, middles, values)) for place in at]
