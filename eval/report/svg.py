"""SVG and HTML elements as strings that Jinja knows to be safe: whatever comes from outside is escaped here."""

from __future__ import annotations

from markupsafe import Markup, escape

COLOURS = 8
"""As many runs have a colour and a marker of their own; then they come again."""

_MARKERS = (
    "M-4.5 0A4.5 4.5 0 1 0 4.5 0A4.5 4.5 0 1 0-4.5 0Z",  # circle
    "M-4-4H4V4H-4Z",  # square
    "M0-5.5L5.5 0L0 5.5L-5.5 0Z",  # diamond
    "M0-5L5 4H-5Z",  # triangle
    "M0 5L5-4H-5Z",  # triangle, upside down
    "M-5-1.6H-1.6V-5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5Z",  # plus
    "M-5.5-3H5.5V3H-5.5Z",  # wide
    "M-3-5.5H3V5.5H-3Z",  # tall
)


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """`class_` is class, `stroke_width` is stroke-width, `viewBox` stays; None is left out. `name` is ours.

    Children and attributes are escaped unless they are Markup.
    """
    given = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), value)
        for key, value in attributes.items()
        if value is not None
    )
    tag = Markup(name)  # noqa: S704
    if not children:
        return Markup("<{}{}/>").format(tag, given)
    return Markup("<{0}{1}>{2}</{0}>").format(tag, given, together(*children))


def together(*parts: str) -> Markup:
    return Markup("").join(escape(part) for part in parts)


def marker(run: int) -> Markup:
    """The shape of a run's points, around 0, 0."""
    return element("path", class_=f"run{run % COLOURS}", d=_MARKERS[run % COLOURS])


def at(x: str, y: float, *children: str) -> Markup:
    """Something drawn around 0, 0, moved to a percentage and a pixel: only a nested svg can do both."""
    return element("svg", *children, x=x, y=y, overflow="visible")
