"""What became of each query: a bar for each, from the largest gain to the largest loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.report.scale import Scale, short
from eval.report.svg import element

HEIGHT = 260
MOST = 200
"""Bars of a plot. Of more queries than that, neighbours share a bar: a page of 10,000 would be megabytes, and no screen
has the pixels to show them."""

_NAMED = 3
_LONGEST = 44
"""Letters of a line above the plot: as many as a phone shows."""


@dataclass(frozen=True, slots=True)
class Change:
    """One query. `text` falls back on the id where the words are not known."""

    query: str
    text: str
    before: float
    after: float
    difference: float


@dataclass(frozen=True, slots=True)
class Bar:
    """`value` is the mean difference of its queries; `first` and `second` are the two lines that are shown when it is
    pointed at."""

    value: float
    first: str
    second: str
    query: str | None


def bars(changes: Sequence[Change], most: int = MOST) -> tuple[Bar, ...]:
    """`changes` come largest gain first. `query` is the id where a bar is one query."""
    size = -(-len(changes) // most)
    if size <= 1:
        return tuple(_of_one(change) for change in changes)
    return tuple(
        _of_several(changes[start : start + size], start, len(changes)) for start in range(0, len(changes), size)
    )


def difference_plot(
    name: str,
    title: str,
    description: str,
    changes: Sequence[Change],
    up: Scale,
    links: Mapping[str, str],
    lower_is_better: bool = False,
) -> Markup:
    """`links` leads from a query to the place of the page that shows both its lists: those bars can be reached by key.

    `name` is the id, unique in the page. There is at least one change.
    """
    shown = bars(changes)
    parts: list[Markup] = [element("title", title, id=f"{name}-title"), element("desc", description, id=f"{name}-desc")]
    for tick in up.ticks:
        y = up.down(tick, HEIGHT)
        parts.append(element("line", class_="zero" if tick == 0 else "grid", x1="0", x2="100%", y1=y, y2=y))
        parts.append(element("text", roughly(tick), x=-8, y=y + 4, text_anchor="end"))
    for i, one in enumerate(shown):
        target = links.get(one.query) if one.query is not None else None
        tone = "unclear" if not one.value else "better" if (one.value > 0) != lower_is_better else "worse"
        parts.append(_drawn(one, i, len(shown), up, tone, target))
    return element(
        "svg", *parts, class_="plot changes", height=HEIGHT, role="group",
        aria_labelledby=f"{name}-title {name}-desc",
    )  # fmt: skip


def _drawn(one: Bar, i: int, count: int, up: Scale, tone: str, target: str | None) -> Markup:
    slot = 100 / count
    x, width = f"{short(i * slot, 3)}%", f"{short(slot if count > 80 else slot * 0.82, 3)}%"
    zero, end = up.down(0, HEIGHT), up.down(one.value, HEIGHT)
    inner = (
        element("rect", class_="reach", x=x, y=0, width=f"{short(slot, 3)}%", height=HEIGHT),
        element("rect", class_=tone, x=x, y=min(zero, end), width=width, height=max(1.0, round(abs(end - zero), 2))),
        element(
            "text",
            element("tspan", one.first, x="50%", y=-26),
            element("tspan", one.second, x="50%", y=-10),
            class_="tip",
            text_anchor="middle",
        ),
    )
    if target is None:
        return element("g", *inner, class_="one")
    return element("a", *inner, class_="one", href=f"#{target}", aria_label=f"{one.first}: {one.second}. Both lists")


def _of_one(change: Change) -> Bar:
    figures = f"{signed(change.difference)} ({change.before:.2f} → {change.after:.2f})"
    return Bar(change.difference, cut(change.text, _LONGEST), figures, change.query)


def _of_several(group: Sequence[Change], start: int, count: int) -> Bar:
    mean = sum(one.difference for one in group) / len(group)
    first, last = signed(group[0].difference), signed(group[-1].difference)
    between = first if first == last else f"{first} to {last}"
    names = "; ".join(cut(change.text, _LONGEST // _NAMED) for change in group[:_NAMED])
    more = "; …" if len(group) > _NAMED else ""
    return Bar(mean, f"{start + 1:,}–{start + len(group):,} of {count:,}: {between}", names + more, None)


def signed(value: float, digits: int = 2) -> str:
    """With the minus that typesetters use; 0 has no sign."""
    text = f"{value:+.{digits}f}"
    return text[1:] if not float(text) else text.replace("-", "−")


def roughly(value: float) -> str:
    """As a label of an axis: `signed` without the zeros at the end."""
    return ("−" if value < 0 else "+" if value > 0 else "") + short(abs(value), 4)


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
