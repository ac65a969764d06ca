"""When is a difference large enough to name a winner, and how likely would one be named?

Two rules. With a plan (the number of shoppers was fixed before the start) a test of the usual kind is made once, when
the plan is reached: `fixed`. Without one people look whenever they like, and a usual test at every look calls far more
than 5 % of equal variants different. Then the bounds must hold at all times at once: `anytime`, the normal mixture of
Robbins (Annals of Mathematical Statistics 41, 1970) as a confidence sequence. For values of a known range it is exact
(Howard, Ramdas, McAuliffe and Sekhon, Annals of Statistics 49, 2021), for estimated variances it holds as the central
limit theorem does (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Annals of Statistics 52, 2024); the p-value is that
of the mixture sequential probability ratio test (Johari, Koomen, Pekelis and Walsh, KDD 2017). It costs one and a half
to two and a half times the shoppers that a plan needs for the same power.

Power here is always the probability of naming the right winner if the true difference were one that is given
beforehand. Power "for the difference that was observed" says nothing that the p-value does not (Hoenig and Heisey,
The American Statistician 55, 2001) and is not computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from scipy.special import bdtr, bdtrc, bdtrik, betaincinv, ndtr, ndtri, stdtr, stdtrit

from eval.intervals import Interval

Rule = Literal["fixed", "anytime"]

MIXTURE = 7.94 / 1000
"""Variance of the mixture, in units of 1 / shopper. At 95 % no other gives tighter bounds for 1,000 shoppers, and from
200 to 100,000 none gives bounds tighter by more than a fifth. It must not depend on the data, so it is a constant."""

_TOOTH = 4
"""Shoppers within which a tooth of the power of the sign test has its bottom."""

MOST_SHOPPERS = 10**12
"""More than this is as good as never."""


# --- a mean and its standard error -----------------------------------------------------------------------------------


def critical(rule: Rule, alpha: float, shoppers: float, freedom: float = math.inf) -> float:
    """How many standard errors an estimate must lie from 0, two-sided. `freedom` of the t distribution, if fixed."""
    if rule == "fixed":
        return _normal_quantile(1 - alpha / 2) if math.isinf(freedom) else float(stdtrit(freedom, 1 - alpha / 2))
    information = MIXTURE * shoppers
    if information <= 0:
        return math.inf
    return math.sqrt((information + 1) / information * (math.log(information + 1) - 2 * math.log(alpha)))


def p_value(rule: Rule, z: float, shoppers: float, freedom: float = math.inf) -> float:
    """Two-sided p-value of an estimate `z` standard errors from 0; `critical` inverted."""
    if rule == "fixed":
        return float(2 * ndtr(-abs(z))) if math.isinf(freedom) else float(2 * stdtr(freedom, -abs(z)))
    information = MIXTURE * shoppers
    evidence = z * z * information / (2 * (information + 1))
    return min(1.0, math.sqrt(information + 1) * math.exp(-min(evidence, 700.0)))


def power(rule: Rule, alpha: float, shift: float, shoppers: float, freedom: float = math.inf) -> float:
    """Probability that an estimate with mean `shift` > 0, in standard errors, is called greater than 0.

    By `anytime`, that it is so at this look; whoever looked before had more chances, so this is a lower bound.
    """
    return float(ndtr(shift - critical(rule, alpha, shoppers, freedom)))


def detectable(rule: Rule, alpha: float, target: float, shoppers: float, freedom: float = math.inf) -> float:
    """The shift in standard errors that is seen with probability `target`."""
    return critical(rule, alpha, shoppers, freedom) + _normal_quantile(target)


def needed(rule: Rule, alpha: float, target: float, shift_per_root: float) -> int | None:
    """The smallest number of shoppers with power `target`, where n of them make a shift of `shift_per_root` * sqrt(n).

    None where there is no such number.
    """
    if not shift_per_root > 0:
        return None
    return _smallest(lambda n: power(rule, alpha, shift_per_root * math.sqrt(n), n) >= target)


def _normal_quantile(probability: float) -> float:
    return float(ndtri(probability))


def _smallest(enough: Callable[[int], bool]) -> int | None:
    """The smallest n from 1 on that is enough, if everything above it is, too; doubling, then halving."""
    high = 1
    while not enough(high):
        if high > MOST_SHOPPERS:
            return None
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


# --- shoppers who prefer one of two: the sign test -------------------------------------------------------------------


def sign_p(rule: Rule, wins: int, losses: int) -> float:
    """Two-sided p-value of `wins` against `losses`, if each was as likely as the other. `fixed`: exact, binomial.

    `anytime`: the mixture for values of +1 and -1, whose range alone bounds their spread; exact as well.
    """
    decided = wins + losses
    if not decided:
        return 1.0
    if rule == "anytime":
        return p_value(rule, (wins - losses) / math.sqrt(decided), decided)
    return min(1.0, 2 * float(bdtr(min(wins, losses), decided, 0.5)))


def sign_interval(rule: Rule, alpha: float, wins: int, losses: int) -> Interval:
    """Of the lead, (wins - losses) / (wins + losses), within -1 to 1.

    `fixed`: by Clopper and Pearson (Biometrika 26, 1934), so that it leaves out 0 exactly when the test says so.
    """
    decided = wins + losses
    if not decided:
        return Interval(-1.0, 1.0)
    if rule == "anytime":
        half, lead = critical(rule, alpha, decided) / math.sqrt(decided), (wins - losses) / decided
        return Interval(max(-1.0, lead - half), min(1.0, lead + half))
    low = float(betaincinv(wins, losses + 1, alpha / 2)) if wins else 0.0
    high = float(betaincinv(wins + 1, losses, 1 - alpha / 2)) if losses else 1.0
    return Interval(2 * low - 1, 2 * high - 1)


def wins_needed(rule: Rule, alpha: float, decided: int) -> int:
    """The smallest number of wins among `decided` shoppers that makes a winner; decided + 1 where none does."""
    if rule == "anytime":
        wins = math.ceil((decided + critical(rule, alpha, decided) * math.sqrt(decided)) / 2 - 1e-9) if decided else 1
        return min(wins, decided + 1)
    losses = min(math.floor(float(bdtrik(alpha / 2, decided, 0.5))) + 1, decided) if decided else -1
    while losses >= 0 and 2 * bdtr(losses, decided, 0.5) > alpha:
        losses -= 1
    return decided - losses


def sign_power(rule: Rule, alpha: float, lead: float, decided: int) -> float:
    """Probability that the better one is named when (1 + lead) / 2 of `decided` shoppers prefer it; exact, binomial."""
    wins = wins_needed(rule, alpha, decided)
    if wins > decided:
        return 0.0
    return float(bdtrc(wins - 1, decided, (1 + lead) / 2)) if wins else 1.0


def sign_detectable(rule: Rule, alpha: float, target: float, decided: int) -> float | None:
    """The lead that is seen with probability `target`; None where not even a lead of 1 makes a winner."""
    if wins_needed(rule, alpha, decided) > decided:
        return None
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if sign_power(rule, alpha, middle, decided) >= target else (middle, high)
    return high


def sign_needed(rule: Rule, alpha: float, target: float, lead: float) -> int | None:
    """How many shoppers with a preference give power `target`, and a few more as well; None if never.

    Power is a saw: it falls a little wherever one win more is needed. How many will have a preference is not known to
    one shopper, so the number must be good at the bottom of a tooth, too.
    """

    def enough(shoppers: int) -> bool:
        return all(sign_power(rule, alpha, lead, shoppers + more) >= target for more in range(_TOOTH))

    return _smallest(enough) if lead > 0 else None
