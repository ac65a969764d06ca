"""The plots of the report: numbers to places and SVG, with values worked out by hand."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from eval.intervals import Interval
from eval.report import rows
from eval.report.curves import HEIGHT, Line, Point, apart, curve_plot
from eval.report.differences import MOST, Bar, Change, bars, cut, difference_plot, roughly, signed
from eval.report.scale import Scale, around_zero, from_zero, of_depths, short
from eval.report.svg import COLOURS, element, marker

HOSTILE = "<script>alert(1)</script>\"'&"


def parsed(svg: Markup) -> ElementTree.Element:
    """Well-formed, or it raises."""
    return ElementTree.fromstring(f"<g>{svg}</g>")  # noqa: S314  our own


def drawn(svg: Markup, tag: str, style: str = "") -> list[dict[str, str]]:
    return [dict(one.attrib) for one in parsed(svg).iter(tag) if style in one.get("class", "").split() or not style]


# --- scales ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("most", "ticks", "expected"),
    [
        (1.0, 5, (0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        (0.97, 5, (0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        (0.43, 5, (0, 0.1, 0.2, 0.3, 0.4, 0.5)),
        (226.0, 5, (0, 50, 100, 150, 200, 250)),
        (3.0, 4, (0, 1, 2, 3)),
        (0.0, 4, (0, 0.25)),
    ],
)
def test_scale_from_zero_reaches_the_most_in_round_steps(most: float, ticks: int, expected: tuple[float, ...]) -> None:
    scale = from_zero(most, ticks)
    assert scale.ticks == pytest.approx(expected)
    assert (scale.low, scale.high) == (0, expected[-1])


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [
        (0.077, 0.155, (0, 0.05, 0.1, 0.15, 0.2)),
        (-0.1, 0.7, (-0.2, 0, 0.2, 0.4, 0.6, 0.8)),
        (-0.3, -0.1, (-0.3, -0.2, -0.1, 0)),
        (-1.0, 1.0, (-1, -0.5, 0, 0.5, 1)),
        (0.0, 0.0, (-0.25, 0, 0.25)),
    ],
)
def test_scale_around_zero_holds_both_ends_and_zero(least: float, most: float, expected: tuple[float, ...]) -> None:
    assert around_zero(least, most).ticks == pytest.approx(expected)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_scale_around_zero_whatever_the_values(one: float, other: float) -> None:
    least, most = sorted((one, other))
    scale = around_zero(least, most)
    rounding = 1e-8 * (scale.ticks[1] - scale.ticks[0])
    assert scale.low <= min(least, 0) + rounding
    assert scale.high >= max(most, 0) - rounding
    assert 0 in scale.ticks
    assert 2 <= len(scale.ticks) <= 7


def test_depths_are_spread_by_their_logarithms() -> None:
    scale = of_depths(1000)
    assert scale.ticks == (1, 3, 10, 30, 100, 300, 1000)
    assert [scale.percent(depth) for depth in (1, 10, 100, 1000)] == ["0%", "33.33%", "66.67%", "100%"]
    assert of_depths(1).ticks == (1,)


def test_places_run_from_left_to_right_and_from_the_top_down_and_stay_within() -> None:
    scale = Scale(-1.0, 1.0, ())
    assert [scale.percent(value) for value in (-1, 0, 0.5, 9)] == ["0%", "50%", "75%", "100%"]
    assert [scale.down(value, 200) for value in (-1, 0, 1, -9)] == [200, 100, 0, 200]
    assert Scale(0, 0, ()).share(3) == 0


def test_numbers_are_short_and_signed() -> None:
    assert [short(value) for value in (0.5, 2, 0.126, -0.001, 100, 0)] == ["0.5", "2", "0.13", "0", "100", "0"]
    assert [signed(value) for value in (0.5, -0.5, 0, -0.001)] == ["+0.50", "−0.50", "0.00", "0.00"]
    assert [roughly(value) for value in (0.5, -0.25, 0)] == ["+0.5", "−0.25", "0"]
    assert (cut("lamp", 4), cut("red lamp", 5)) == ("lamp", "red…")


# --- elements --------------------------------------------------------------------------------------------------------


def test_element_escapes_all_but_markup() -> None:
    text = element("text", HOSTILE, element("tspan", "a"), class_=HOSTILE, stroke_width=2, viewBox="0 0 1 1", y=None)
    assert str(text).count("<script>") == 0
    (read,) = parsed(text)
    assert read.attrib == {"class": HOSTILE, "stroke-width": "2", "viewBox": "0 0 1 1"}
    assert read.text == HOSTILE
    assert [child.tag for child in read] == ["tspan"]
    assert element("line", x1=1) == '<line x1="1"/>'


def test_every_run_has_a_shape_of_its_own_until_they_come_again() -> None:
    shapes = [str(marker(run)) for run in range(COLOURS)]
    assert len(set(shapes)) == COLOURS
    assert marker(COLOURS) == marker(0)


# --- rows ------------------------------------------------------------------------------------------------------------


def test_bar_is_as_long_as_its_value_and_carries_its_interval() -> None:
    svg = rows.bar(from_zero(1.0, 5), 0.25, Interval(0.2, 0.4), 1)
    (bar,) = drawn(svg, "rect")
    assert (bar["class"], bar["x"], bar["width"]) == ("bar run1", "0", "25%")
    across, left, right = drawn(svg, "line", "span")
    assert (across["x1"], across["x2"]) == ("20%", "40%")
    assert (left["x1"], left["x2"], right["x1"], right["x2"]) == ("20%", "20%", "40%", "40%")
    assert [line["x1"] for line in drawn(svg, "line", "grid")] == ["0%", "20%", "40%", "60%", "80%", "100%"]
    assert drawn(rows.bar(from_zero(1.0), 0.25, None, 0), "line", "span") == []


def test_point_stands_at_the_difference_and_its_shape_says_what_its_colour_does() -> None:
    scale = around_zero(-0.5, 0.5)
    shapes = {}
    for tone in ("better", "worse", "unclear"):
        svg = rows.point(scale, 0.25, Interval(-0.5, 0.5), tone)
        (zero,) = drawn(svg, "line", "zero")
        (shape,) = drawn(svg, "path", tone)
        assert zero["x1"] == "50%"
        assert [one["x"] for one in drawn(svg, "svg") if "x" in one] == ["75%"]
        shapes[tone] = shape["d"]
    assert len(set(shapes.values())) == 3


def test_latency_goes_from_half_of_the_searches_to_nearly_all() -> None:
    svg = rows.latency(from_zero(100.0), 20.0, 80.0, 0)
    assert [one["width"] for one in drawn(svg, "rect")] == ["20%"]
    across, end = drawn(svg, "line", "span")
    assert (across["x1"], across["x2"], end["x1"]) == ("20%", "80%", "80%")


def test_axis_labels_every_tick_the_outer_ones_inwards() -> None:
    labels = drawn(rows.axis(from_zero(1.0, 5), short), "text")
    assert [label["text-anchor"] for label in labels] == ["start", *["middle"] * 4, "end"]
    assert [label["x"] for label in labels] == ["0%", "20%", "40%", "60%", "80%", "100%"]
    # A phone has room for every other one.
    assert [label.get("class") for label in labels] == [None, "minor", None, "minor", None, "minor"]
    few = drawn(rows.axis(from_zero(3.0), short), "text")
    assert {label.get("class") for label in few} == {None}


# --- curves ----------------------------------------------------------------------------------------------------------


def plotted(*lines: Line) -> Markup:
    return curve_plot("recall", HOSTILE, "what it shows", of_depths(100), from_zero(1.0, 5), lines, short, "depth")


def test_curve_is_stretched_to_the_width_and_its_markers_are_not() -> None:
    svg = plotted(Line(2, "C", (Point(1, 0.0), Point(5, 0.4), Point(10, 0.5), Point(100, 1.0))))
    (line,) = drawn(svg, "polyline")
    assert line["class"] == "line run2"
    assert line["vector-effect"] == "non-scaling-stroke"
    assert line["points"] == "0,230 349.49,138 500,115 1000,0"
    stretched = [one for one in drawn(svg, "svg") if one.get("preserveAspectRatio") == "none"]
    assert [one["viewBox"] for one in stretched] == [f"0 0 1000 {HEIGHT}"]
    # At ticks alone: 5 is none.
    places = [(one["x"], one["y"]) for one in drawn(svg, "svg") if one.get("x")]
    assert places == [("0%", "230.0"), ("50%", "115.0"), ("100%", "0.0")]


def test_curves_are_named_for_those_who_do_not_see_them() -> None:
    svg = plotted(Line(0, "A", (Point(1, 0.5), Point(100, 0.5))))
    (plot,) = [one for one in drawn(svg, "svg") if one.get("role") == "img"]
    assert plot["aria-labelledby"] == "recall-title recall-desc"
    root = parsed(svg)
    named = {one.get("id"): one.text for one in root.iter() if one.get("id")}
    assert named == {"recall-title": HOSTILE, "recall-desc": "what it shows"}
    assert [one.text for one in root.iter("text") if "letter" in one.get("class", "")] == ["A"]


def test_letters_at_the_ends_do_not_stand_on_each_other() -> None:
    assert apart([50, 50, 10], 14, 200) == [50, 64, 10]
    assert apart([200, 200, 200], 14, 200) == [172, 186, 200]
    assert apart([], 14, 200) == []


# --- differences -----------------------------------------------------------------------------------------------------


def change(number: int, difference: float, text: str = "") -> Change:
    return Change(f"q{number}", text or f"query {number}", 0.5, 0.5 + difference, difference)


def test_a_bar_for_each_query() -> None:
    assert bars([change(1, 0.5), change(2, -0.25)]) == (
        Bar(0.5, "query 1", "+0.50 (0.50 → 1.00)", "q1"),
        Bar(-0.25, "query 2", "−0.25 (0.50 → 0.25)", "q2"),
    )


def test_of_many_queries_neighbours_share_a_bar() -> None:
    shown = bars([change(i, (5 - i) / 10) for i in range(10)], most=4)
    assert [bar.value for bar in shown] == pytest.approx([0.4, 0.1, -0.2, -0.4])
    assert shown[0].first == "1–3 of 10: +0.50 to +0.30"
    assert shown[0].second == "query 0; query 1; query 2"
    assert shown[3].first == "10–10 of 10: −0.40"
    assert all(bar.query is None for bar in shown)
    many = bars([change(i, 1 - i / 5_000) for i in range(10_001)])
    assert len(many) <= MOST
    assert many[0].second.endswith("; …")


def test_bars_go_up_and_down_from_zero_and_some_lead_to_the_lists() -> None:
    changes = [change(1, 0.5), change(2, 0.0), change(3, -0.5, HOSTILE)]
    svg = difference_plot("d", "title", "description", changes, around_zero(-0.5, 0.5), {"q3": "mover-1"})
    (better,), (same,), (worse,) = (drawn(svg, "rect", tone) for tone in ("better", "unclear", "worse"))
    assert (better["y"], better["height"]) == ("0.0", "130.0")
    assert (worse["y"], worse["height"]) == ("130.0", "130.0")
    assert (same["y"], same["height"]) == ("130.0", "1.0")
    assert [reach["x"] for reach in drawn(svg, "rect", "reach")] == ["0%", "33.333%", "66.667%"]
    (link,) = drawn(svg, "a")
    assert link["href"] == "#mover-1"
    assert link["aria-label"] == f"{HOSTILE}: −0.50 (0.50 → 0.00). Both lists"
    assert "<script>" not in svg


def test_of_a_metric_that_counts_what_is_wrong_less_is_better() -> None:
    changes = [change(1, -0.5), change(2, 0.5)]
    svg = difference_plot("d", "t", "d", changes, around_zero(-0.5, 0.5), {}, lower_is_better=True)
    (better,), (worse,) = drawn(svg, "rect", "better"), drawn(svg, "rect", "worse")
    assert (better["x"], better["y"]) == ("0%", "130.0")
    assert (worse["x"], worse["y"]) == ("50%", "0.0")


def test_colours_of_the_style_sheet_cover_every_run() -> None:
    from eval.report import page

    style = (page._HERE / "style.css").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"\.run(\d)\b \{", style))) == [str(run) for run in range(COLOURS)]
