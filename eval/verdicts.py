"""What a comparison says, in plain words: better, worse, or that no difference can be told, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from eval.compare import LEVEL, SAME, Comparison, lower_is_better

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


def sentence(baseline: str, comparison: Comparison, runs: int = 1, other: Comparison | None = None) -> str:
    """One comparison for people to read; `runs` is how many were compared with the baseline.

    `other` is the same comparison with the unjudged products treated the other way: where it says the opposite, nothing
    is claimed.
    """
    run, said = comparison.run, verdict(comparison)
    if other is not None and {said, verdict(other)} == {"better", "worse"}:
        return f"These judgements cannot tell whether {run} is better than {baseline}: {figures(comparison, runs)}."
    if said == "same":
        return f"{run} and {baseline} have the same {comparison.metric} in every query: {comparison.mean:.3f}."
    if said == "unclear":
        return (
            f"No difference between {run} and {baseline} can be told: {figures(comparison, runs)}. "
            f"{_counted(comparison.queries, 'query', 'queries')} like these tell a difference of about "
            f"{comparison.detectable:.3f} or more."
        )
    if is_judged_share(comparison.metric):
        said_so = f"More of what {run} shows is judged" if said == "better" else f"Less of what {run} shows is judged"
        return f"{said_so} than with {baseline}: {figures(comparison, runs)}."
    return f"{run} is {said} than {baseline}: {figures(comparison, runs)}."


def figures(comparison: Comparison, runs: int = 1) -> str:
    """Means, difference with its interval, p and the queries that won and lost."""
    low, high = comparison.interval.low, comparison.interval.high
    p = p_text(comparison.p)
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
class Leaning:
    """The two runs are judged to different shares, and the comparison leans for or against the less judged one.

    `metric` is the judged@k that shows it. `less` and `more` are the runs, `less_share` and `more_share` what part of
    their first k hits is judged.
    """

    metric: str
    less: str
    less_share: float
    more: str
    more_share: float


def is_judged_share(metric: str) -> bool:
    """judged@k: it says how far to trust the others."""
    return metric.partition("@")[0] == "judged"


def leaning(baseline: str, comparisons: Sequence[Comparison], run: str) -> Leaning | None:
    """From the judged@k among `comparisons`, the first for this run; None where the shares are less than `LEANING`
    apart, or where judged@k was not measured."""
    for one in comparisons:
        if one.run == run and is_judged_share(one.metric):
            if abs(one.difference) < LEANING - SAME:
                return None
            if one.difference > 0:
                return Leaning(one.metric, baseline, one.baseline_mean, run, one.mean)
            return Leaning(one.metric, run, one.mean, baseline, one.baseline_mean)
    return None


def leaning_sentence(leans: Leaning, judged_only: bool = False) -> str:
    """What to think of it: an unjudged product counts as wrong, or was removed (`judged_only`)."""
    if judged_only:
        how = f"Unjudged products were removed, which leans towards {leans.less}: its unknown products are forgiven."
    else:
        how = f"Unjudged products count as wrong, which leans against {leans.less}."
    return (
        f"{leans.metric} is {leans.less_share:.2f} for {leans.less} and {leans.more_share:.2f} for {leans.more}. {how}"
    )


def otherwise_sentence(comparison: Comparison, other: Comparison, judged_only: bool = False, runs: int = 1) -> str:
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
    return f"{said}: {figures(other, runs)}."
