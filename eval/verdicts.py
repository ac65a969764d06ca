"""What a comparison says, in plain words: better, worse, or that no difference can be told, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from eval.compare import LEVEL, SAME, Comparison, lower_is_better
from eval.metrics import Scores
from eval.qrels import Run

Verdict: TypeAlias = Literal["better", "worse", "same", "unclear"]

LEANING = 0.05
"""Shares of judged hits that are so far apart make a comparison say something of the judgements, too."""


def verdict(comparison: Comparison) -> Verdict:
    """By the randomisation test at `LEVEL`, corrected for the number of runs; `same` where no query changed."""
    if comparison.wins == comparison.losses == 0:
        return "same"
    if comparison.p_holm > LEVEL:
        return "unclear"
    return "better" if (comparison.difference > 0) != lower_is_better(comparison.metric) else "worse"


def sentence(baseline: str, comparison: Comparison, other: Comparison | None = None) -> str:
    """One comparison for people to read.

    `other` is the same comparison with the unjudged products treated the other way: where it says the opposite, nothing
    is claimed.
    """
    run, said = comparison.run, verdict(comparison)
    if other is not None and {said, verdict(other)} == {"better", "worse"}:
        return f"These judgements cannot tell whether {run} is better than {baseline}: {figures(comparison)}."
    if said == "same":
        return f"{run} and {baseline} have the same {comparison.metric} in every query: {comparison.mean:.3f}."
    if said == "unclear":
        return f"No difference between {run} and {baseline} can be told: {figures(comparison)}. {_could(comparison)}"
    if is_judged_share(comparison.metric):
        moved = "higher" if said == "better" else "lower"
        return f"{comparison.metric} is {moved} for {run} than for {baseline}: {figures(comparison)}."
    return f"{run} is {said} than {baseline}: {figures(comparison)}."


def _could(comparison: Comparison) -> str:
    """What these queries could have told."""
    if comparison.detectable is None:
        return f"{too_few(comparison)}."
    return (
        f"{_counted(comparison.queries, 'query', 'queries')} like these tell a difference of about "
        f"{comparison.detectable:.3f} or more."
    )


def too_few(comparison: Comparison) -> str:
    """For one that cannot tell, whatever the queries say."""
    one = "query is" if comparison.differing == 1 else "queries are"
    corrected = f" corrected for {comparison.runs} runs" if comparison.runs > 1 else ""
    return f"{comparison.differing} differing {one} too few for any test at {LEVEL:.0%}{corrected}"


def figures(comparison: Comparison) -> str:
    """Means, difference with its interval, p and the queries that won and lost."""
    low, high = comparison.interval.low, comparison.interval.high
    p, runs = p_text(comparison.p), comparison.runs
    if runs > 1:
        p += f" ({p_text(comparison.p_holm)} corrected for {runs} runs)"
    counts = [
        _counted(comparison.wins, "win", "wins"),
        _counted(comparison.losses, "loss", "losses"),
        _counted(comparison.ties, "tie", "ties"),
    ]
    return (
        f"{comparison.metric} {comparison.baseline_mean:.3f} → {comparison.mean:.3f}, {comparison.difference:+.3f} "
        f"[{low:+.3f}, {high:+.3f}], {p}; {', '.join(counts)}"
    )


def p_text(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


# --- judgements ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JudgedShare:
    """How much of what a run shows first is judged: `share`, the mean of a judged@k over the queries that have results;
    None where none has.

    The `silent` of the `queries` have none. judged@k itself takes them for 0, but they show nothing that is unjudged.
    """

    run: str
    metric: str
    share: float | None
    silent: int
    queries: int


def judged_share(scores: Scores, run: Run, metric: str) -> JudgedShare:
    """By `metric`, the judged@k among `scores`, which are those of `run`."""
    answered = np.array([bool(run.hits.get(query)) for query in scores.queries], dtype=bool)
    share = float(scores.values[metric][answered].mean()) if answered.any() else None
    return JudgedShare(scores.run, metric, share, int((~answered).sum()), len(answered))


def silence(baseline: JudgedShare, run: JudgedShare, metric: str) -> str:
    """Queries without results, and what `metric` makes of them; "" where there are none."""
    silent = [
        f"{one.run} has no results for {one.silent} of {one.queries} queries" for one in (baseline, run) if one.silent
    ]
    best = f", the best {metric} there is" if lower_is_better(metric) else ""
    return f"{' and '.join(silent)}: they count as 0{best}." if silent else ""


@dataclass(frozen=True, slots=True)
class Leaning:
    """The two runs are judged to different shares, and the comparison leans for or against the less judged one.

    `metric` is the judged@k that shows it. `less` and `more` are the runs, `less_share` and `more_share` what part of
    their first k hits is judged, over the queries that have any.
    """

    metric: str
    less: str
    less_share: float
    more: str
    more_share: float


def is_judged_share(metric: str) -> bool:
    """judged@k: it says how far to trust the others."""
    return metric.partition("@")[0] == "judged"


def leaning(baseline: JudgedShare, run: JudgedShare) -> Leaning | None:
    """None where the shares are less than `LEANING` apart, or where one has no results at all."""
    if baseline.share is None or run.share is None or abs(run.share - baseline.share) < LEANING - SAME:
        return None
    if run.share > baseline.share:
        return Leaning(run.metric, baseline.run, baseline.share, run.run, run.share)
    return Leaning(run.metric, run.run, run.share, baseline.run, baseline.share)


def leaning_sentence(leans: Leaning, judged_only: bool = False, silent: bool = False) -> str:
    """What to think of it: an unjudged product counts as wrong, or was removed (`judged_only`). `silent`: there are
    queries without results."""
    over = ", over the queries with results," if silent else ""
    if judged_only:
        how = f"Unjudged products were removed, which leans towards {leans.less}: its unknown products are forgiven."
    else:
        how = f"Unjudged products count as wrong, which leans against {leans.less}."
    shares = f"{leans.less_share:.2f} for {leans.less} and {leans.more_share:.2f} for {leans.more}"
    return f"{leans.metric}{over} is {shares}. {how}"


def otherwise_sentence(comparison: Comparison, other: Comparison, judged_only: bool = False) -> str:
    """`other` is the same comparison with the unjudged products treated the other way: does the verdict stand?"""
    how = "With them counted as wrong" if judged_only else "With them removed"
    before, after = verdict(comparison), verdict(other)
    if before == after:
        said = f"{how} it comes to the same"
    elif after == "unclear":
        said = f"{how}, no difference can be told"
    elif after == "same":
        said = f"{how}, no query differs"
    elif before in ("better", "worse"):
        said = f"{how} it is the other way round"
    else:
        said = f"{how}, {comparison.run} is {after}"
    return f"{said}: {figures(other)}."
