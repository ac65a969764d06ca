"""The analysis of a split: some shoppers saw one variant, some another.

The shopper is the unit, since shoppers were assigned and not searches: one who searches a hundred times is still one
throw of the dice. A rate per search is a ratio of two sums over shoppers, and its variance that of the shoppers'
residuals, by the delta method (Deng, Knoblich and Lu, KDD 2018). Means are compared by Welch's t test on these, because
it needs no equal variances, gives an interval that agrees with the p-value, and costs one pass over a million shoppers;
where the values are so skewed that it cannot be trusted yet, that is said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from eval.compare import holm
from eval.experiments.arrays import Floats, Ints
from eval.experiments.deciding import Rule, critical, detectable, needed, p_value, power
from eval.intervals import Interval

MISMATCH = 0.001
"""Shares of shoppers as far from the plan as this p-value says have a cause (Kohavi, Tang and Xu, Trustworthy Online
Controlled Experiments, 2020, chapter 21)."""


@dataclass(frozen=True, slots=True)
class Samples:
    """One row a shopper, all of shape (shoppers,): `variant` as a number, what was gained, and out of how much.

    Per shopper `base` is 1 for each; per search it is the number of searches.
    """

    variant: Ints
    gain: Floats
    base: Floats


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of the analysis: the rule and its confidence, and the relative effect and power to reckon with.

    Power is reckoned for `growth` times the shoppers seen: more than 1 while a plan is not reached.
    """

    rule: Rule = "anytime"
    confidence: float = 0.95
    effect: float = 0.05
    power: float = 0.8
    growth: float = 1.0


@dataclass(frozen=True, slots=True)
class VariantRate:
    """`rate` is the gain per base over all its shoppers together; None where it has none. `error` of it."""

    variant: str
    weight: float
    shoppers: int
    base: float
    gain: float
    rate: float | None
    error: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Contrast:
    """A variant against the baseline. `lift` is relative; None, or unbounded on a side, where the baseline is near 0.

    `power` is the probability of naming the right winner with the shoppers seen (or planned), if the lift were as
    asked; `detectable` the lift that is seen with the power asked for; `more` the shoppers, of all variants together,
    that are missing until that power is reached. These are None where the baseline's rate is 0. `interval` is None
    where nobody differs from anybody else within the variants: then nothing is known of chance.
    """

    variant: str
    difference: float
    interval: Interval | None
    lift: float | None
    lift_interval: Interval | None
    p: float
    p_holm: float
    power: float | None
    detectable: float | None
    more: int | None
    skewed: bool


@dataclass(frozen=True, slots=True)
class Split:
    """`mismatch_p` is the p-value of the shares of shoppers; at `MISMATCH` or below nothing here can be trusted."""

    rates: tuple[VariantRate, ...]
    contrasts: tuple[Contrast, ...]
    mismatch_p: float

    @property
    def mismatch(self) -> bool:
        return self.mismatch_p <= MISMATCH

    @property
    def shoppers(self) -> int:
        return sum(rate.shoppers for rate in self.rates)


def analyse(samples: Samples, variants: Sequence[str], weights: Sequence[float], demand: Demand) -> Split:
    """Every variant against the first. Variants without shoppers are listed, and not compared."""
    alpha = 1 - demand.confidence
    moments = [_moments(samples, number) for number in range(len(variants))]
    shoppers = sum(each.shoppers for each in moments)
    rates = tuple(
        _rate(name, weight, each, demand.rule, alpha)
        for name, weight, each in zip(variants, weights, moments, strict=True)
    )
    compared = [
        (name, each) for name, each in zip(variants[1:], moments[1:], strict=True) if moments[0].enough and each.enough
    ]
    ps = [p_value(demand.rule, *_z(moments[0], each, shoppers)) for _, each in compared]
    contrasts = [
        _contrast(name, moments[0], each, p, p_holm, shoppers, demand, len(compared))
        for (name, each), p, p_holm in zip(compared, ps, holm(ps), strict=True)
    ]
    return Split(rates, tuple(contrasts), mismatch_p([each.shoppers for each in moments], weights))


def mismatch_p(shoppers: Sequence[int], weights: Sequence[float]) -> float:
    """Pearson's chi-square test of the numbers of shoppers against the shares they were to have.

    A sample ratio mismatch says that shoppers were lost on the way of one variant and not of the other, so that those
    left cannot be compared (Fabijan et al., KDD 2019).
    """
    expected = np.array(weights) / sum(weights) * sum(shoppers)
    if not sum(shoppers) or not (expected > 0).all():
        return 1.0 if not sum(shoppers) or not np.array(shoppers)[expected <= 0].any() else 0.0
    return float(chdtrc(len(weights) - 1, float(((np.array(shoppers) - expected) ** 2 / expected).sum())))


# --- one variant -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Moments:
    shoppers: int
    gain: float
    base: float
    variance: float
    """Of the rate."""
    skewness: float
    """Of the shoppers' residuals."""

    @property
    def rate(self) -> float:
        return self.gain / self.base

    @property
    def enough(self) -> bool:
        return self.shoppers >= 2 and self.base > 0


def _moments(samples: Samples, number: int) -> _Moments:
    chosen = samples.variant == number
    gain, base = samples.gain[chosen], samples.base[chosen]
    n, total = len(gain), float(base.sum())
    if n < 2 or total <= 0:
        return _Moments(n, float(gain.sum()), total, math.inf, 0.0)
    residuals = gain - gain.sum() / total * base
    spread = float((residuals**2).sum() / (n - 1))
    skewness = float((residuals**3).mean() / spread**1.5) if spread > 0 else 0.0
    return _Moments(n, float(gain.sum()), total, spread / n / (total / n) ** 2, skewness)


def _rate(name: str, weight: float, of: _Moments, rule: Rule, alpha: float) -> VariantRate:
    if not of.enough:
        rate = of.gain / of.base if of.base > 0 else None
        return VariantRate(name, weight, of.shoppers, of.base, of.gain, rate, math.inf, None)
    error = math.sqrt(of.variance)
    half = critical(rule, alpha, of.shoppers, of.shoppers - 1) * error
    return VariantRate(
        name, weight, of.shoppers, of.base, of.gain, of.rate, error, Interval(of.rate - half, of.rate + half)
    )


# --- two variants ----------------------------------------------------------------------------------------------------


def _z(before: _Moments, after: _Moments, shoppers: int) -> tuple[float, float, float]:
    """Standard errors from 0, shoppers, degrees of freedom by Welch and Satterthwaite."""
    difference, variance = after.rate - before.rate, before.variance + after.variance
    if variance == 0:
        # Nobody differs from anybody within a variant: the test knows nothing of chance, so it may not say that
        # a difference is beyond it.
        return 0.0, before.shoppers + after.shoppers, math.inf
    freedom = variance**2 / (before.variance**2 / (before.shoppers - 1) + after.variance**2 / (after.shoppers - 1))
    return difference / math.sqrt(variance), before.shoppers + after.shoppers, freedom


def _contrast(
    name: str, before: _Moments, after: _Moments, p: float, p_holm: float, shoppers: int, demand: Demand, compared: int
) -> Contrast:
    alpha = 1 - demand.confidence
    _, n, freedom = _z(before, after, shoppers)
    error = math.sqrt(before.variance + after.variance)
    bound = critical(demand.rule, alpha, n, freedom)
    difference = after.rate - before.rate
    lift = difference / before.rate if before.rate > 0 else None
    seen = reach = more = None
    if before.rate > 0 and error > 0:
        # The winner must pass Holm's first and hardest step, so that is what power is reckoned with.
        strict = alpha / compared
        then, error_then = n * demand.growth, error / math.sqrt(demand.growth)
        shift = demand.effect * before.rate / error_then
        seen = power(demand.rule, strict, shift, then, freedom)
        reach = detectable(demand.rule, strict, demand.power, then, freedom) * error_then / before.rate
        wanted = needed(demand.rule, strict, demand.power, shift / math.sqrt(then))
        if wanted is not None:
            more = max(0, math.ceil((wanted - then) / n * shoppers)) if seen < demand.power else 0
    return Contrast(
        variant=name,
        difference=difference,
        interval=Interval(difference - bound * error, difference + bound * error) if error else None,
        lift=lift,
        lift_interval=fieller(before.rate, before.variance, after.rate, after.variance, bound) if error else None,
        p=p,
        p_holm=p_holm,
        power=seen,
        detectable=reach,
        more=more,
        skewed=_too_skewed(before) or _too_skewed(after),
    )


def fieller(
    before: float, before_variance: float, after: float, after_variance: float, bound: float
) -> Interval | None:
    """Interval of after / before - 1, for independent estimates (Fieller, JRSS B 16, 1954); None where it is unbounded.

    It leaves out 0 exactly when the interval of the difference with the same `bound` does.
    """
    scale = before**2 - bound**2 * before_variance
    if scale <= 0:
        return None
    middle = before * after
    root = math.sqrt(max(0.0, middle**2 - scale * (after**2 - bound**2 * after_variance)))
    return Interval((middle - root) / scale - 1, (middle + root) / scale - 1)


def _too_skewed(of: _Moments) -> bool:
    """Fewer shoppers than 355 times the squared skewness: the normal law is not reached yet.

    Kohavi, Deng, Longbotham and Xu, Seven rules of thumb for web site experimenters, KDD 2014.
    """
    return of.shoppers < 355 * of.skewness**2
