"""What `compare` prints: sentences, tables, and the lists of the queries that changed most beside each other."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from eval.compare import Comparison
from eval.intervals import Interval
from eval.side_by_side import ListedHit, SideBySide
from eval.slices import FEW, SliceComparison
from eval.tables import display_width, padded, shortened, table

NARROWEST, WIDEST = 80, 160
"""Columns of a terminal that the lists fit into and make use of."""

_LONGEST_ID = 16
_GAP = " | "
_NOBODY = "–"


def wrapped(paragraph: str, width: int) -> str:
    """Filled lines of at most that width, the later ones indented."""
    return textwrap.fill(paragraph, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


# --- tables ----------------------------------------------------------------------------------------------------------


def comparison_table(baseline: str, comparisons: Sequence[Comparison]) -> str:
    rows = [
        [
            c.metric, c.run, f"{c.baseline_mean:.4f}", f"{c.mean:.4f}", f"{c.difference:+.4f}", _between(c.interval),
            str(c.wins), str(c.losses), str(c.ties), _p(c.p), _p(c.p_holm), _p(c.p_t),
        ]
        for c in comparisons
    ]  # fmt: skip
    header = ["metric", "run", "baseline", "mean", "diff", "95% interval"]
    header += ["wins", "losses", "ties", "p", "p_holm", "p_t"]
    return f"baseline: {baseline}\n\n" + table(header, rows, left=2)


def slice_tables(baseline: str, comparisons: Sequence[SliceComparison]) -> str:
    """One for each run."""
    if not comparisons:
        return "No slices: all queries are alike."
    tables = []
    for run in dict.fromkeys(one.run for one in comparisons):
        of_run = [one for one in comparisons if one.run == run]
        rows = [
            [
                one.slicing, one.slice, str(one.queries), f"{one.baseline_mean:.4f}", f"{one.mean:.4f}",
                f"{one.difference:+.4f}", _between(one.interval), str(one.wins), str(one.losses), str(one.ties),
                _p(one.p), _p(one.p_holm), "few" if one.few else "",
            ]
            for one in of_run
        ]  # fmt: skip
        header = ["slice", "", "queries", "baseline", "mean", "diff", "95% interval"]
        header += ["wins", "losses", "ties", "p", "p_holm", ""]
        tables.append(f"{run} against {baseline} by slice, {of_run[0].metric}\n\n" + table(header, rows, left=2))
    notes = f"p_holm: corrected for the {len(comparisons)} slices shown."
    if any(one.few for one in comparisons):
        notes += f" few: fewer than {FEW} queries are too few to tell; look, and do not conclude."
    return "\n\n".join([*tables, notes])


def movers_table(comparison: Comparison, texts: Mapping[str, str], losses: bool = False) -> str:
    """The movers with their words; `losses` says that these are losses alone."""
    title = f"{comparison.run}, {comparison.metric}: "
    if not comparison.movers:
        return title + ("no query became worse" if losses else "no query changed")
    title += "the queries that became worse most" if losses else "the queries that changed most"
    rows = [
        [mover.query, f"{mover.baseline:.4f}", f"{mover.value:.4f}", f"{mover.difference:+.4f}"]
        for mover in comparison.movers
    ]
    lines = table(["query", "baseline", "run", "diff"], rows).split("\n")
    shown = [line + "  " + texts.get(mover.query, "") for line, mover in zip(lines[1:], comparison.movers, strict=True)]
    if not losses and comparison.losses and not any(comparison.is_loss(mover) for mover in comparison.movers):
        shown.append(f"none of the losses ({comparison.losses}) is among them: --losses shows those")
    return "\n".join([title, lines[0], *(line.rstrip() for line in shown)])


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else "<.0001"


def _between(interval: Interval) -> str:
    return f"[{interval.low:+.4f}, {interval.high:+.4f}]"


# --- both lists of a query -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Widths:
    """Columns of the terminal for one of the two lists: in all (`side`), and for what varies in it."""

    side: int
    rank: int
    elsewhere: int
    id: int

    @classmethod
    def of(cls, shown: SideBySide, width: int) -> _Widths:
        side = (min(max(width, NARROWEST), WIDEST) - len(_GAP)) // 2
        hits = (*shown.before, *shown.after)
        rank = max((len(str(hit.rank)) for hit in hits), default=1)
        elsewhere = max((len(str(hit.elsewhere)) for hit in hits if hit.elsewhere), default=1)
        taken = cls(side, max(rank, 2), max(elsewhere, 4), 0)
        longest = _LONGEST_ID if any(hit.title for hit in hits) else side - len(taken.before_id("", 1, "", ""))
        ids = max((display_width(shortened(hit.product, longest)) for hit in hits), default=1)
        return replace(taken, id=ids)

    def before_id(self, mark: str, rank: int | str, grade: str, elsewhere: int | str) -> str:
        return f"{mark:1}{rank:>{self.rank}} {grade:>5} {elsewhere:>{self.elsewhere}}  "


def side_by_side_text(shown: SideBySide, metric: str, baseline: str, run: str, width: int) -> str:
    """The two lists beside each other, at most `width` columns of a terminal wide (never less than `NARROWEST`)."""
    widths = _Widths.of(shown, width)
    left = _column(shown, shown.before, "-", "now", baseline, widths)
    right = _column(shown, shown.after, "+", "was", run, widths)
    head = shortened(f"{shown.query}  {shown.text}", 2 * widths.side)
    change = f"{metric}  {shown.baseline_value:.4f} → {shown.value:.4f}  {shown.difference:+.4f}"
    rows = zip_longest(left, right, fillvalue="")
    return "\n".join([head, change, *((padded(a, widths.side) + _GAP + b).rstrip() for a, b in rows)])


def _column(
    shown: SideBySide, hits: Sequence[ListedHit], mark: str, elsewhere: str, name: str, widths: _Widths
) -> list[str]:
    head = widths.before_id("", "#", "grade", elsewhere)
    lines = [head + _end_of(name, widths.side - len(head))]
    for hit in hits:
        line = widths.before_id(
            mark if shown.only_here(hit) else "",
            hit.rank,
            _NOBODY if hit.grade is None else shortened(f"{hit.grade:g}", 5),
            _NOBODY if hit.elsewhere is None else hit.elsewhere,
        )
        line += padded(shortened(hit.product, widths.id), widths.id)
        if hit.title:
            line += "  " + shortened(hit.title, widths.side - display_width(line) - 2)
        lines.append(line)
    return lines if hits else [lines[0], "    no hits"]


def _end_of(name: str, width: int) -> str:
    """Of a long path the end says most."""
    return shortened(name[::-1], width)[::-1]


SIDES = (
    f"- fell out of these places, + is new in them; grade: {_NOBODY} unjudged; now, was: the rank in the other run, "
    f"{_NOBODY} not found there."
)
