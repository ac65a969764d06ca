"""Are the verdicts of live experiments right as often as they say? Simulated shoppers with a known preference.

    python benchmarks/interleaving.py [--runs 400] [--peeking-runs 200] [--seed 7]

Shoppers are those of `shoppers.py`; lists are drafted and shoppers assigned by the functions that serve them, tests and
power are those of `python -m eval experiment`. For each true preference the number of shoppers is chosen so that the
power it states is the one in the table; then that many shoppers search, again and again, and verdicts are counted. The
true preference is that of 1,000,000 other shoppers of the same shop. Without a preference, rankings are exchanged for
every other query, so that there is exactly none.

Prints tables in Markdown, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from blocks import markdown
from shoppers import Pages, Rng, Shop, click_rates, clicked_by_team, evened, pages, shop

from eval.experiments import interleaved, split
from eval.experiments.deciding import Rule, needed, sign_needed
from eval.experiments.interleaved import preferences
from eval.experiments.split import Demand, Samples
from search.experiments.records import Method

ALPHA = 0.05
PREFERENCES = {"strong": (0.3, 0.1), "clear": (0.3, 0.2), "slight": (0.3, 0.26)}
MOST_SHOPPERS = 30_000
"""Experiments with more shoppers than this are left out: they only take long."""
POWERS = (0.8, 0.95, 0.99)
BATCHES, BATCH = 5, 200_000
LOOKS = 40
"""Times that somebody looks while shoppers come, evenly spread."""

PEEKED = 2_000
"""Shoppers that come in all while somebody looks."""

METHODS: tuple[Method, ...] = ("interleave", "split")
RULES: tuple[Rule, ...] = ("fixed", "anytime")


@dataclass(frozen=True)
class Named:
    """Verdicts of `runs` experiments of one kind."""

    method: Method
    preference: str
    effect: float
    rule: Rule
    shoppers: int
    power: float
    runs: int
    right: int
    wrong: int

    @property
    def share(self) -> float:
        return self.right / self.runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--peeking-runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    shops = {name: shop(rng, noise) for name, noise in PREFERENCES.items()}
    same = evened(shops["clear"])
    named = [each for method in METHODS for each in known(rng, shops, method, options.runs)]
    none = [each for method in METHODS for each in no_preference(rng, same, method, options.runs)]
    peeked = [each for method in METHODS for each in peeking(rng, same, method, options.peeking_runs)]
    report(named, none, peeked, options.runs, options.peeking_runs)


# --- one experiment --------------------------------------------------------------------------------------------------


def decided(seen: Pages, method: Method, shoppers: int, demand: Demand) -> int:
    """1 when the variant is named, -1 when the baseline is, 0 when nobody is."""
    if method == "interleave":
        preferred = preferences(seen.shopper, shoppers, *clicked_by_team(seen))
        result = interleaved.analyse(preferred, "now", "new", len(seen.query), (0, 0), demand)
        p, difference = result.p, result.lead or 0.0
    else:
        contrast = split.analyse(samples(seen, shoppers), ["now", "new"], [0.5, 0.5], demand).contrasts[0]
        p, difference = contrast.p_holm, contrast.difference
    return int(np.sign(difference)) if p <= 1 - demand.confidence else 0


def samples(seen: Pages, shoppers: int) -> Samples:
    """Of a split, per shopper: whether they clicked at all."""
    clicked = np.bincount(seen.shopper, weights=seen.clicks.sum(axis=1), minlength=shoppers) > 0
    variant = np.zeros(shoppers, dtype=np.int64)
    variant[seen.shopper] = seen.variant
    return Samples(variant, clicked.astype(np.float64), np.ones(shoppers))


# --- a known preference ----------------------------------------------------------------------------------------------


def known(rng: Rng, shops: Mapping[str, Shop], method: Method, runs: int) -> Iterator[Named]:
    for name, of in shops.items():
        effect, shoppers_for = truth(rng, of, method)
        for rule in RULES:
            for power in POWERS:
                shoppers = shoppers_for(rule, power)
                if shoppers > MOST_SHOPPERS:
                    continue
                demand = Demand(rule, 1 - ALPHA, abs(effect))
                verdicts = [decided(pages(rng, of, method, shoppers), method, shoppers, demand) for _ in range(runs)]
                right = int(np.sign(effect))
                yield Named(
                    method, name, effect, rule, shoppers, power, runs, verdicts.count(right), verdicts.count(-right)
                )


def truth(rng: Rng, of: Shop, method: Method) -> tuple[float, Callable[[Rule, float], int]]:
    """The true lead or lift, and a function from rule and power to the number of shoppers that states this power."""
    if method == "interleave":
        wins = losses = 0
        for _ in range(BATCHES):
            seen = pages(rng, of, method, BATCH)
            balance = preferences(seen.shopper, BATCH, *clicked_by_team(seen)).balance
            wins, losses = wins + int((balance > 0).sum()), losses + int((balance < 0).sum())
        lead, preferring = (wins - losses) / (wins + losses), (wins + losses) / BATCH / BATCHES

        def interleaved_for(rule: Rule, power: float) -> int:
            return math.ceil((sign_needed(rule, ALPHA, power, abs(lead)) or 0) / preferring)

        return lead, interleaved_for
    before, after = np.mean([click_rates(rng, of, BATCH) for _ in range(BATCHES)], axis=0)
    # Half of n shoppers see each variant: the variance of the difference is this over n.
    spread = 2 * (before * (1 - before) + after * (1 - after))

    def split_for(rule: Rule, power: float) -> int:
        return needed(rule, ALPHA, power, abs(after - before) / math.sqrt(spread)) or 0

    return after / before - 1, split_for


# --- no preference ---------------------------------------------------------------------------------------------------


def no_preference(rng: Rng, of: Shop, method: Method, runs: int) -> Iterator[Named]:
    for rule in RULES:
        for shoppers in (200, 1000):
            demand = Demand(rule, 1 - ALPHA)
            verdicts = [decided(pages(rng, of, method, shoppers), method, shoppers, demand) for _ in range(runs)]
            yield Named(method, "none", 0.0, rule, shoppers, 0.0, runs, 0, runs - verdicts.count(0))


def peeking(rng: Rng, of: Shop, method: Method, runs: int) -> Iterator[dict[str, Any]]:
    """Somebody looks LOOKS times and stops at the first winner; pages come in a random order, so shoppers come back."""
    ever = dict.fromkeys(RULES, 0)
    for _ in range(runs):
        seen = shuffled(rng, pages(rng, of, method, PEEKED))
        for rule in RULES:
            demand = Demand(rule, 1 - ALPHA)
            ever[rule] += any(
                decided(*prefix(seen, len(seen.query) * look // LOOKS, method), demand) for look in range(1, LOOKS + 1)
            )
    for rule, named in ever.items():
        yield {"method": method, "rule": rule, "shoppers": PEEKED, "looks": LOOKS, "runs": runs, "named": named}


def shuffled(rng: Rng, seen: Pages) -> Pages:
    order = rng.permutation(len(seen.query))
    return Pages(*(getattr(seen, name)[order] for name in Pages.__slots__))


def prefix(seen: Pages, end: int, method: Method) -> tuple[Pages, Method, int]:
    """The first pages, with the shoppers who are there by then numbered anew."""
    first = Pages(*(getattr(seen, name)[:end] for name in Pages.__slots__))
    known, shopper = np.unique(first.shopper, return_inverse=True)
    return Pages(shopper, *(getattr(first, name) for name in Pages.__slots__[1:])), method, len(known)


# --- what is printed -------------------------------------------------------------------------------------------------


def report(named: list[Named], none: list[Named], peeked: list[dict[str, Any]], runs: int, peeking_runs: int) -> None:
    print(f"A known preference, {runs:,} experiments each:\n")
    header = ["method", "true lead or lift", "rule", "shoppers", "power stated", "right winner", "wrong winner"]
    rows = [
        [
            one.method, f"{100 * one.effect:+.1f} %", one.rule, f"{one.shoppers:,}", f"{one.power:g}",
            f"{100 * one.share:.1f} %", f"{100 * one.wrong / one.runs:.1f} %",
        ]
        for one in named
    ]  # fmt: skip
    print(markdown(header, rows))
    print(f"\nNo preference, {runs:,} experiments each, one look:\n")
    print(
        markdown(
            ["method", "rule", "shoppers", "a winner is named"],
            [[one.method, one.rule, f"{one.shoppers:,}", f"{100 * one.wrong / one.runs:.1f} %"] for one in none],
        )
    )
    print(f"\nNo preference, {peeking_runs:,} experiments each, {LOOKS} looks while {PEEKED:,} shoppers come:\n")
    print(
        markdown(
            ["method", "rule at every look", "a winner is ever named"],
            [[one["method"], one["rule"], f"{100 * one['named'] / one['runs']:.1f} %"] for one in peeked],
        )
    )
    print()
    print(
        json.dumps({"known": [asdict(one) for one in named], "none": [asdict(one) for one in none], "peeked": peeked})
    )


if __name__ == "__main__":
    main()
