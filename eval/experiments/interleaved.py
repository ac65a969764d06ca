"""The analysis of interleaving: everybody saw lists drafted from both variants, and clicked what one had put there.

On each page the variant with more clicks on its products wins; products that both had at the same place count for
neither (Radlinski, Kurup and Joachims, CIKM 2008; Chapelle, Joachims, Radlinski and Yue, TOIS 30, 2012). A shopper
prefers the variant that won more of their pages. The shoppers who prefer one are counted and put to the sign test: if
the variants were equally good, the draft would have favoured either just as likely, whoever the shopper is and however
much they click. So the test is exact, and somebody who clicks all day weighs no more than anybody else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr

from eval.experiments.arrays import Floats, Ints
from eval.experiments.deciding import (
    sign_detectable,
    sign_interval,
    sign_needed,
    sign_p,
    sign_power,
)
from eval.experiments.split import MISMATCH, Demand
from eval.intervals import Interval


@dataclass(frozen=True, slots=True)
class Interleaving:
    """Baseline against variant, in shoppers. `lead` is (wins - losses) / (wins + losses) of the variant, from -1 to 1.

    `ties` are shoppers who gave both the same and more than nothing, `silent` those who gave neither anything. `power`
    is the probability of naming the right winner with the preferring shoppers seen (or to be expected by the plan), if
    the lead were the one asked about; `detectable` the lead that is seen with the power asked for; `more` the shoppers,
    preferring or not, that are missing until that power is reached. `draft_p` tests that either variant drafted first
    as often as the other: at `MISMATCH` or below the draft is not fair, and nothing here can be trusted.
    """

    baseline: str
    variant: str
    wins: int
    losses: int
    ties: int
    silent: int
    pages: int
    lead: float | None
    interval: Interval
    p: float
    power: float
    detectable: float | None
    more: int | None
    draft_p: float

    @property
    def shoppers(self) -> int:
        return self.wins + self.losses + self.ties + self.silent

    @property
    def unfair(self) -> bool:
        return self.draft_p <= MISMATCH


@dataclass(frozen=True, slots=True)
class Preferences:
    """One number a shopper, each of shape (shoppers,): pages won by the variant minus those won by the baseline, and
    whether any of their pages was won by either."""

    balance: Ints
    active: Ints


def preferences(shopper: Ints, shoppers: int, baseline: Floats, variant: Floats) -> Preferences:
    """From pages to shoppers. `shopper` says whose a page is; then what each team gained on it. Shape (pages,) each."""
    winner = np.sign(variant - baseline)
    return Preferences(
        np.bincount(shopper, weights=winner, minlength=shoppers).astype(np.int64),
        np.bincount(shopper, weights=baseline + variant > 0, minlength=shoppers).astype(np.int64),
    )


def analyse(
    preferred: Preferences, baseline: str, variant: str, pages: int, first_picks: tuple[int, int], demand: Demand
) -> Interleaving:
    """`first_picks`: for how many shoppers the baseline, and the variant, drafted first on their first drafted page."""
    rule, alpha = demand.rule, 1 - demand.confidence
    wins, losses = int((preferred.balance > 0).sum()), int((preferred.balance < 0).sum())
    ties = int(((preferred.balance == 0) & (preferred.active > 0)).sum())
    decided, shoppers = wins + losses, len(preferred.balance)
    then = round(decided * demand.growth)
    seen = sign_power(rule, alpha, demand.effect, then)
    wanted = sign_needed(rule, alpha, demand.power, demand.effect)
    more = None
    if wanted is not None and decided:
        more = 0 if seen >= demand.power else max(0, math.ceil((wanted - then) / decided * shoppers))
    return Interleaving(
        baseline=baseline,
        variant=variant,
        wins=wins,
        losses=losses,
        ties=ties,
        silent=shoppers - decided - ties,
        pages=pages,
        lead=(wins - losses) / decided if decided else None,
        interval=sign_interval(rule, alpha, wins, losses),
        p=sign_p(rule, wins, losses),
        power=seen,
        detectable=sign_detectable(rule, alpha, demand.power, then),
        more=more,
        draft_p=fair_p(*first_picks),
    )


def fair_p(heads: int, tails: int) -> float:
    """Exact two-sided p-value of a fair coin."""
    return min(1.0, 2 * float(bdtr(min(heads, tails), heads + tails, 0.5))) if heads + tails else 1.0
