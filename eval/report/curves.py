"""Lines over depth: recall, and the share of hits that nobody judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.report.scale import Scale, short
from eval.report.svg import COLOURS, at, element, marker

HEIGHT = 230
_LABEL = 14.0
"""Pixels that a letter at the end of a line needs."""


@dataclass(frozen=True, slots=True)
class Point:
    depth: int
    value: float


@dataclass(frozen=True, slots=True)
class Line:
    """`run` numbers its colour and marker; `letter` is written where the line ends."""

    run: int
    letter: str
    points: tuple[Point, ...]


def curve_plot(
    name: str,
    title: str,
    description: str,
    across: Scale,
    up: Scale,
    lines: Sequence[Line],
    label: Callable[[float], str],
    below: str,
) -> Markup:
    """`name` is the id, unique in the page; `below` says what the horizontal axis is."""
    parts: list[Markup] = [
        element("title", title, id=f"{name}-title"),
        element("desc", description, id=f"{name}-desc"),
    ]
    for tick in up.ticks:
        y = up.down(tick, HEIGHT)
        parts.append(element("line", class_="grid", x1="0", x2="100%", y1=y, y2=y))
        parts.append(element("text", label(tick), x=-8, y=y + 4, text_anchor="end"))
    for tick in across.ticks:
        x = across.percent(tick)
        parts.append(element("line", class_="grid", x1=x, x2=x, y1=HEIGHT, y2=HEIGHT + 5))
        parts.append(element("text", f"{tick:,.0f}", x=x, y=HEIGHT + 19, text_anchor="middle"))
    parts.append(element("text", below, x="50%", y=HEIGHT + 40, text_anchor="middle"))
    parts += [_drawn(line, across, up) for line in lines]
    ends = [up.down(line.points[-1].value, HEIGHT) for line in lines]
    for line, y in zip(lines, apart(ends, _LABEL, HEIGHT), strict=True):
        x = across.percent(line.points[-1].depth)
        parts.append(element("text", line.letter, class_=f"letter run{line.run % COLOURS}", x=x, y=y + 4, dx=9))
    return element("svg", *parts, class_="plot", height=HEIGHT, role="img", aria_labelledby=f"{name}-title {name}-desc")


def _drawn(line: Line, across: Scale, up: Scale) -> Markup:
    """The line in a box that is stretched to the width, and its markers, which are not."""
    places = " ".join(
        f"{short(1000 * across.share(point.depth))},{short(up.down(point.value, HEIGHT))}" for point in line.points
    )
    stretched = element(
        "svg",
        element("polyline", class_=f"line run{line.run % COLOURS}", points=places, vector_effect="non-scaling-stroke"),
        viewBox=f"0 0 1000 {HEIGHT}",
        preserveAspectRatio="none",
        width="100%",
        height=HEIGHT,
        overflow="visible",
    )
    shown = {*across.ticks, across.high}
    points = [
        at(across.percent(point.depth), up.down(point.value, HEIGHT), marker(line.run))
        for point in line.points
        if point.depth in shown
    ]
    return element("g", stretched, *points)


def apart(places: Sequence[float], room: float, height: float) -> list[float]:
    """The same places, moved down so far that each has `room` to the one above it, and up again where they left."""
    moved = [0.0] * len(places)
    last = -room
    order = sorted(range(len(places)), key=places.__getitem__)
    for i in order:
        moved[i] = last = max(places[i], last + room)
    ceiling = height + room
    for i in reversed(order):
        moved[i] = ceiling = min(moved[i], ceiling - room)
    return moved
