"""Plots of one line, for the cells of a table: what they show stands in the cells beside them, so they are hidden from
screen readers. All rows of a table share one scale; `axis` writes its ticks below them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from markupsafe import Markup

from eval.intervals import Interval
from eval.report.scale import Scale
from eval.report.svg import COLOURS, at, element, marker

Tone: TypeAlias = Literal["better", "worse", "unclear"]

HEIGHT = 24
_MOST_LABELS = 4
"""Labels that the cell of a phone has room for; of more, every other one is left out there."""

_MIDDLE = HEIGHT / 2


def bar(scale: Scale, value: float, interval: Interval | None, run: int) -> Markup:
    """From 0 to the value, in the run's colour, with its interval across the end."""
    across = [] if interval is None else _span(scale, interval.low, interval.high)
    return _row(
        *_grid(scale),
        element("rect", class_=f"bar run{run % COLOURS}", x="0", y=5, width=scale.percent(value), height=HEIGHT - 10),
        *across,
    )


def point(scale: Scale, value: float, interval: Interval, tone: Tone) -> Markup:
    """A difference with its interval, and where nothing differs."""
    shape = {"better": "M-4 4L0-5L4 4Z", "worse": "M-4-4L0 5L4-4Z", "unclear": "M-4-4H4V4H-4Z"}[tone]
    return _row(
        *_grid(scale),
        element("line", class_="zero", x1=scale.percent(0), x2=scale.percent(0), y1=0, y2=HEIGHT),
        *_span(scale, interval.low, interval.high, tone),
        at(scale.percent(value), _MIDDLE, element("path", class_=tone, d=shape)),
    )


def dot(scale: Scale, value: float, interval: Interval, run: int) -> Markup:
    """A mean with its interval, by the run's marker."""
    return _row(
        *_grid(scale), *_span(scale, interval.low, interval.high), at(scale.percent(value), _MIDDLE, marker(run))
    )


def latency(scale: Scale, half: float, most: float, run: int) -> Markup:
    """A bar as long as half of the searches take at most, and a line on to what 95 in 100 do."""
    end = scale.percent(most)
    return _row(
        *_grid(scale),
        element("rect", class_=f"bar run{run % COLOURS}", x="0", y=5, width=scale.percent(half), height=HEIGHT - 10),
        element("line", class_="span", x1=scale.percent(half), x2=end, y1=_MIDDLE, y2=_MIDDLE),
        element("line", class_="span", x1=end, x2=end, y1=_MIDDLE - 5, y2=_MIDDLE + 5),
    )


def axis(scale: Scale, label: Callable[[float], str]) -> Markup:
    labels = [
        element(
            "text",
            label(tick),
            class_="minor" if i % 2 and len(scale.ticks) > _MOST_LABELS else None,
            x=scale.percent(tick),
            y=12,
            text_anchor=_anchor(i, len(scale.ticks)),
        )
        for i, tick in enumerate(scale.ticks)
    ]
    return element("svg", *labels, class_="row", height=16, aria_hidden="true")


def _anchor(i: int, ticks: int) -> str:
    """The outermost labels stay within the cell."""
    return "start" if i == 0 else "end" if i == ticks - 1 else "middle"


def _row(*parts: Markup) -> Markup:
    return element("svg", *parts, class_="row", height=HEIGHT, aria_hidden="true")


def _grid(scale: Scale) -> list[Markup]:
    return [
        element("line", class_="grid", x1=scale.percent(tick), x2=scale.percent(tick), y1=0, y2=HEIGHT)
        for tick in scale.ticks
    ]


def _span(scale: Scale, low: float, high: float, tone: str = "") -> list[Markup]:
    left, right = scale.percent(low), scale.percent(high)
    style = f"span {tone}".strip()
    return [
        element("line", class_=style, x1=left, x2=right, y1=_MIDDLE, y2=_MIDDLE),
        element("line", class_=style, x1=left, x2=left, y1=_MIDDLE - 4, y2=_MIDDLE + 4),
        element("line", class_=style, x1=right, x2=right, y1=_MIDDLE - 4, y2=_MIDDLE + 4),
    ]
