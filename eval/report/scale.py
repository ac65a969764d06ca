"""From values to places: scales and their ticks. Places are in percent of the width, or pixels from the top."""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Steps that people count in, in powers of ten."""

_NOTHING = 1e-9
"""A span below this is rounding."""

_DEPTHS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)
"""Ticks of a depth: few enough for a phone, and evenly spaced on a logarithmic scale as far as the eye can tell."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high`, and the ticks between them. What lies outside is drawn at the edge."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """How far along the scale: 0 at `low`, 1 at `high`."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(max(value, low))
        if high <= low:
            return 0.0
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def percent(self, value: float) -> str:
        return f"{short(100 * self.share(value))}%"

    def down(self, value: float, height: float) -> float:
        """Pixels from the top of a plot of that height, `high` being there."""
        return round(height * (1 - self.share(value)), 2)


def from_zero(most: float, ticks: int = 4) -> Scale:
    """From 0 to the first tick that reaches `most`."""
    step = _step(most, ticks)
    steps = max(1, math.ceil(most / step - 1e-9))
    return Scale(0.0, steps * step, tuple(round(i * step, 12) for i in range(steps + 1)))


def around_zero(least: float, most: float, ticks: int = 4) -> Scale:
    """From a tick at or below `least` to one at or above `most`, with 0 in between."""
    low, high = min(least, 0.0), max(most, 0.0)
    step = _step(high - low, ticks)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if first == last:
        first, last = -1, 1
    return Scale(first * step, last * step, tuple(round(i * step, 12) for i in range(first, last + 1)))


def of_depths(most: int) -> Scale:
    """From 1 to `most`, logarithmic: the first ten places matter as much as the next hundred."""
    most = max(2, most)
    ticks = [depth for depth in _DEPTHS if depth <= most]
    return Scale(1.0, float(most), tuple(float(depth) for depth in ticks), logarithmic=True)


def _step(span: float, ticks: int) -> float:
    """The smallest step that people count in with which `span` has at most `ticks` of them."""
    if span < _NOTHING:
        span = 1.0
    power = 10.0 ** math.floor(math.log10(span / ticks))
    return next(step * power for step in _STEPS if step * power * ticks >= span * (1 - 1e-9))


def short(value: float, digits: int = 2) -> str:
    """Without the zeros at the end, and never «-0»."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
