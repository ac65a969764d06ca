"""Interleaving on simulated shoppers whose preference is known: the bar that a verdict has to pass."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmark_modules import load

from eval.experiments.deciding import Rule, sign_needed
from eval.experiments.interleaved import Preferences, analyse, fair_p, preferences
from eval.experiments.split import Demand

shoppers = load("shoppers")
RUNS = 200


def named(preferred: Preferences, demand: Demand) -> int:
    """1 for the variant, -1 for the baseline, 0 for nobody."""
    result = analyse(preferred, "now", "new", 0, (0, 0), demand)
    return int(np.sign(result.lead or 0)) if result.p <= 0.05 else 0


def drawn(rng: np.random.Generator, shop: object, count: int) -> Preferences:
    seen = shoppers.pages(rng, shop, "interleave", count)
    return preferences(seen.shopper, count, *shoppers.clicked_by_team(seen))


@pytest.mark.parametrize("rule", ["fixed", "anytime"])
def test_the_right_winner_is_named_as_often_as_the_power_says(rule: Rule) -> None:
    """As many shoppers as state a power of 0.98. Bar: right in 95 % of 200 experiments at least, hardly ever wrong."""
    rng = np.random.default_rng(4)
    shop = shoppers.shop(rng, (0.3, 0.1))
    truth = drawn(rng, shop, 60_000).balance
    wins, losses = (truth > 0).sum(), (truth < 0).sum()
    lead, preferring = (wins - losses) / (wins + losses), (wins + losses) / len(truth)
    wanted = sign_needed(rule, 0.05, 0.98, lead)
    assert wanted is not None
    count = math.ceil(wanted / preferring)
    assert analyse(drawn(rng, shop, count), "now", "new", 0, (0, 0), Demand(rule, effect=lead)).power > 0.93
    verdicts = [named(drawn(rng, shop, count), Demand(rule)) for _ in range(RUNS)]
    assert verdicts.count(1) >= 0.95 * RUNS
    assert verdicts.count(-1) == 0


@pytest.mark.parametrize(("rule", "most"), [("fixed", 21), ("anytime", 5)])
def test_without_a_preference_a_winner_is_hardly_named(rule: Rule, most: int) -> None:
    """200 experiments: at 5 % up to 21 alarms, the upper end of the binomial 99.9 % interval."""
    rng = np.random.default_rng(6)
    shop = shoppers.evened(shoppers.shop(rng, (0.3, 0.1)))
    verdicts = [named(drawn(rng, shop, 300), Demand(rule)) for _ in range(RUNS)]
    assert RUNS - verdicts.count(0) <= most


def test_shoppers_count_once_however_much_they_click() -> None:
    shopper = np.array([0] * 50 + [1, 2, 3, 3, 4])
    baseline = np.array([1.0] * 50 + [0, 0, 1, 0, 0])
    variant = np.array([0.0] * 50 + [1, 2, 0, 3, 0])
    preferred = preferences(shopper, 6, baseline, variant)
    assert preferred.balance.tolist() == [-50, 1, 1, 0, 0, 0]
    result = analyse(preferred, "now", "new", 55, (3, 2), Demand("fixed"))
    assert (result.wins, result.losses, result.ties, result.silent, result.shoppers) == (2, 1, 1, 2, 6)
    assert result.lead == pytest.approx(1 / 3)
    assert (result.p, result.draft_p) == (1.0, 1.0)


def test_more_shoppers_lead_to_the_power_asked_for() -> None:
    balance = np.repeat([1, -1, 0], [60, 40, 100])
    preferred = Preferences(balance, np.ones(200, dtype=np.int64))
    now = analyse(preferred, "now", "new", 200, (0, 0), Demand("fixed", effect=0.2))
    assert now.more is not None
    then = analyse(preferred, "now", "new", 200, (0, 0), Demand("fixed", effect=0.2, growth=1 + now.more / 200))
    assert now.power < 0.8
    assert 0.8 <= then.power < 0.83  # power is a saw, and the number is good at the bottom of a tooth
    assert then.detectable == pytest.approx(0.2, abs=0.01)


def test_a_draft_that_favours_one_is_found_out() -> None:
    assert fair_p(0, 0) == fair_p(5, 5) == 1
    assert fair_p(0, 10) == pytest.approx(2 / 2**10)
    preferred = Preferences(np.ones(40, dtype=np.int64), np.ones(40, dtype=np.int64))
    assert analyse(preferred, "now", "new", 40, (5, 35), Demand()).unfair
    assert not analyse(preferred, "now", "new", 40, (15, 25), Demand()).unfair
    nobody = analyse(
        Preferences(np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)), "a", "b", 3, (0, 0), Demand()
    )
    assert (nobody.lead, nobody.p, nobody.power, nobody.more, nobody.detectable) == (None, 1.0, 0.0, None, None)
