"""Tables with a plot in each row, and the larger plots: from facts to what the page shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from eval.compare import lower_is_better
from eval.report import rows
from eval.report.curves import Line, Point, curve_plot
from eval.report.differences import MOST, difference_plot, roughly, signed
from eval.report.facts import Against, Report, RunFacts
from eval.report.scale import around_zero, from_zero, of_depths, short
from eval.slices import SliceComparison
from eval.verdicts import Verdict, p_text


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: whose, its plot, and in words what the plot shows. `run` where it is a run's."""

    name: str
    plot: Markup
    said: str
    between: str = ""
    run: RunFacts | None = None
    queries: int = 0
    p: str = ""
    few: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """Groups of rows over one axis."""

    groups: tuple[Group, ...]
    axis: Markup


def number(value: float) -> str:
    return f"{value:.3f}"


def bare_p(p: float) -> str:
    """For a column that is headed by p."""
    return p_text(p).removeprefix("p = ").removeprefix("p ")


def _plainly(value: float) -> str:
    return short(value, 4)


def metric_bars(report: Report) -> Figure:
    """For each metric a bar for each run."""
    scale = from_zero(max(one.interval.high for run in report.runs for one in run.estimates), 5)
    groups = []
    for i, estimate in enumerate(report.baseline.estimates):
        found = [(run, run.estimates[i]) for run in report.runs]
        groups.append(
            Group(
                estimate.metric,
                tuple(
                    Row(
                        run.name,
                        rows.bar(scale, one.mean, one.interval, run.number),
                        number(one.mean),
                        f"{one.interval.low:.3f} to {one.interval.high:.3f}",
                        run,
                    )
                    for run, one in found
                ),
            )
        )
    return Figure(tuple(groups), rows.axis(scale, _plainly))


def latency_bars(report: Report) -> Figure | None:
    """For each stage a bar for each run that has a record; None where none has."""
    timed = [run for run in report.runs if run.stages]
    if not timed:
        return None
    scale = from_zero(max(stage.p95 for run in timed for stage in run.stages), 5)
    names = dict.fromkeys(stage.name for run in timed for stage in run.stages if stage.name != "total")
    groups = []
    for name in (*names, "total"):
        found = tuple(
            Row(
                run.name,
                rows.latency(scale, stage.p50, stage.p95, run.number),
                milliseconds(stage.p50),
                milliseconds(stage.p95),
                run,
            )
            for run in timed
            for stage in run.stages
            if stage.name == name
        )
        if found:
            groups.append(Group(name, found))
    return Figure(tuple(groups), rows.axis(scale, _plainly))


def milliseconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def forest(report: Report, against: Against) -> Figure:
    """A difference with its interval for each slice of one run, on one scale for all runs."""
    every = [one.interval for other in report.against for one in other.slices]
    scale = around_zero(min(one.low for one in every), max(one.high for one in every))
    groups: dict[str, list[Row]] = {}
    for one in against.slices:
        groups.setdefault(one.slicing, []).append(
            Row(
                one.slice,
                rows.point(scale, one.difference, one.interval, _tone(one)),
                signed(one.difference, 3),
                f"{signed(one.interval.low, 3)} to {signed(one.interval.high, 3)}",
                queries=one.queries,
                p=bare_p(one.p_holm),
                few=one.few,
            )
        )
    return Figure(_grouped(groups), rows.axis(scale, roughly))


def slice_means(report: Report) -> Figure:
    """A mean with its interval for each slice of the only run."""
    scale = from_zero(max(one.interval.high for one in report.slice_means), 5)
    groups: dict[str, list[Row]] = {}
    for one in report.slice_means:
        groups.setdefault(one.slicing, []).append(
            Row(
                one.slice,
                rows.dot(scale, one.mean, one.interval, 0),
                number(one.mean),
                f"{one.interval.low:.3f} to {one.interval.high:.3f}",
                queries=one.queries,
            )
        )
    return Figure(_grouped(groups), rows.axis(scale, _plainly))


def _grouped(groups: dict[str, list[Row]]) -> tuple[Group, ...]:
    return tuple(Group(name, tuple(found)) for name, found in groups.items())


def _tone(one: SliceComparison) -> rows.Tone:
    """By its corrected p: what a slice shows must stand all the looks that were taken."""
    if one.p_holm > 0.05 or not one.difference:
        return "unclear"
    return "better" if (one.difference > 0) != lower_is_better(one.metric) else "worse"


def verdict_glyph(report: Report, against: Against) -> Markup:
    """The difference of one run on the scale of all of them."""
    every = [one.comparison for one in report.against]
    low = min(one.interval.low for one in every)
    high = max(one.interval.high for one in every)
    tones: dict[Verdict, rows.Tone] = {"better": "better", "worse": "worse", "same": "unclear", "unclear": "unclear"}
    one = against.comparison
    scale = around_zero(low, high)
    return rows.point(scale, one.difference, one.interval, tones[against.verdict]) + rows.axis(scale, roughly)


def recall_curves(report: Report) -> Markup | None:
    return _curves(
        report,
        "recall",
        "Recall by depth",
        lambda run: run.recall,
        "Mean share of the relevant products that are among the first k hits.",
    )


def unjudged_curves(report: Report) -> Markup | None:
    return _curves(
        report,
        "unjudged",
        "Share of hits without a judgement, by depth",
        lambda run: run.unjudged,
        "Of all hits in the first k places, the share that nobody judged.",
    )


def _curves(
    report: Report, name: str, title: str, points_of: Callable[[RunFacts], tuple[Point, ...]], what: str
) -> Markup | None:
    """None where no run has a hit."""
    lines = [Line(run.number, run.letter, points) for run in report.runs if (points := points_of(run))]
    if not lines:
        return None
    across = of_depths(max(point.depth for line in lines for point in line.points))
    most = max(point.value for line in lines for point in line.points)
    up = from_zero(min(1.0, most), 5)
    ends = "; ".join(
        f"{run.name}: {points[-1].value:.0%} at {points[-1].depth:,}"
        for run in report.runs
        if (points := points_of(run))
    )
    return curve_plot(name, title, f"{what} {ends}.", across, up, lines, _percent, "depth k (logarithmic)")


def _percent(value: float) -> str:
    return f"{short(value * 100)}%"


def changes_plot(report: Report, against: Against) -> Markup:
    one, name = against.comparison, f"changes-{against.run.number}"
    links = {side.query: mover_id(against, i) for i, side in enumerate(against.movers)}
    shared = ", neighbours sharing a bar" if len(against.changes) > MOST else ""
    said = (
        f"A bar for each query{shared}, from the largest gain to the largest loss: {one.wins:,} better, {one.ties:,} "
        f"the same, {one.losses:,} worse. From {signed(against.changes[0].difference)} to "
        f"{signed(against.changes[-1].difference)}."
    )
    title = f"{one.metric} of each query: {against.run.name} minus {report.baseline.name}"
    every = [change.difference for other in report.against for change in other.changes]  # one scale for all runs
    scale = around_zero(min(every), max(every))
    return difference_plot(name, title, said, against.changes, scale, links, lower_is_better(one.metric))


def mover_id(against: Against, place: int) -> str:
    return f"mover-{against.run.number}-{place + 1}"
