"""Writes the report as one HTML page. Everything that comes from files is escaped by Jinja, and the page's own
Content-Security-Policy forbids scripts and requests, should anything slip through."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval.report import figures, words
from eval.report.configuration import configuration, moment
from eval.report.differences import cut, signed
from eval.report.facts import Report
from eval.report.svg import COLOURS, element, marker
from eval.slices import FEW

LISTED = 30
"""Queries without results that are named."""

_LONGEST = 110
"""Letters of a title or a query: enough to know it by, and ten of them fit a phone's screen."""

_HERE = Path(__file__).parent


def render(report: Report) -> str:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "signed": signed,
        "number": figures.number,
        "p": figures.bare_p,
        "moment": moment,
        "cut": lambda text: cut(text, _LONGEST),
        "thousands": lambda value: f"{value:,}",
    }
    page = environment.get_template("page.html").render(
        report=report,
        style=Markup((_HERE / "style.css").read_text(encoding="utf-8")),  # noqa: S704  our own file
        badge=badge,
        grade_level=grade_level(report),
        words=words,
        figures=figures,
        metric_bars=figures.metric_bars(report),
        recall_curves=figures.recall_curves(report),
        unjudged_curves=figures.unjudged_curves(report),
        latency=figures.latency_bars(report),
        settings=configuration(report.runs),
        few=FEW,
        listed=LISTED,
    )
    return "\n".join(line for line in page.splitlines() if line.strip()) + "\n"


def badge(number: int, letter: str) -> Markup:
    """The run's letter in its colour, with the marker that its line has in plots."""
    shape = element("svg", marker(number), class_="mark", viewBox="-7 -7 14 14", aria_hidden="true")
    return element("span", shape, letter, class_=f"badge run{number % COLOURS}")


def grade_level(report: Report) -> dict[float, int]:
    """Grade → 0 to 4, the shade it is shown in; the number stands beside it."""
    grades = {
        hit.grade
        for one in report.against
        for side in one.movers
        for hit in (*side.before, *side.after)
        if hit.grade is not None
    }
    most = max(1.0, report.judgements.highest)
    return {grade: 0 if grade <= 0 else max(1, round(4 * grade / most)) for grade in grades}
