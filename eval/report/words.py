"""What a report says, for people who have never read of a p-value: by how much, how sure, and what could be wrong.

`eval.verdicts` decides, and says it in one line for a terminal; here is room to explain.
"""

from __future__ import annotations

from dataclasses import dataclass

from eval.compare import LEVEL, SAME, Comparison
from eval.metrics import BY_THEMSELVES
from eval.report.differences import signed
from eval.report.facts import Against, Judgements, Report, RunFacts
from eval.report.scale import short
from eval.verdicts import Verdict, is_judged_share, p_text, silence, too_few, verdict


@dataclass(frozen=True, slots=True)
class Words:
    """The verdict on one run. `careful` where the judgements, and not the engines, may have decided."""

    headline: str
    how_much: str
    how_sure: str
    judged: str
    careful: str | None = None


def on_comparison(report: Report, against: Against) -> Words:
    base, run, one = report.baseline.name, against.run.name, against.comparison
    return Words(
        headline=_headline(base, run, one, against.verdict),
        how_much=f"{_how_much(one)} {silence(report.baseline.shown, against.run.shown, one.metric)}".rstrip(),
        how_sure=_how_sure(one, against.verdict, len(report.against)),
        judged=_judged(report, against) + _by_a_model(report.judgements),
        careful=_careful(report.judgements, base, against),
    )


def on_single(report: Report) -> Words:
    run = report.baseline
    one = run.estimates[0]
    return Words(
        headline=f"{run.name}: {one.metric} is {one.mean:.3f}",
        how_much="A figure by itself says little. Put a second run beside it to learn which is better, and whether "
        "that is luck.",
        how_sure=f"95% interval: {one.interval.low:.3f} to {one.interval.high:.3f}. Other queries of the same kind "
        f"would put the mean about there. It rests on {_counted(report.judgements.queries, 'query', 'queries')}.",
        judged=_judged_alone(report, run) + _by_a_model(report.judgements),
    )


def _by_a_model(judgements: Judgements) -> str:
    """Never far from the numbers: what grades of a model are worth."""
    return f" {judgements.judge}" if judgements.judge else ""


def _headline(base: str, run: str, one: Comparison, said: Verdict) -> str:
    if said == "same":
        return f"{run} and {base} score the same on every query"
    if said == "unclear":
        return f"No difference between {run} and {base} can be told"
    if is_judged_share(one.metric):
        return f"{one.metric} is {'higher' if said == 'better' else 'lower'} for {run} than for {base}"
    return f"{run} is {said} than {base}"


def _how_much(one: Comparison) -> str:
    if not one.wins + one.losses:
        return f"{one.metric} is {one.mean:.3f} for both."
    interval = f"95% interval of the difference: {signed(one.interval.low, 3)} to {signed(one.interval.high, 3)}."
    if f"{one.mean:.3f}" == f"{one.baseline_mean:.3f}":
        return f"{one.metric} is {one.mean:.3f} for both, though not for each query. {interval}"
    moves = "rises" if one.difference > 0 else "falls"
    share = f", by {_share(abs(one.difference) / one.baseline_mean)}" if one.baseline_mean > 0 else ""
    return f"{one.metric} {moves} from {one.baseline_mean:.3f} to {one.mean:.3f}{share}. {interval}"


def _share(share: float) -> str:
    return "less than 1%" if share < 0.01 else f"{share:.0%}"


def _how_sure(one: Comparison, said: Verdict, runs: int) -> str:
    if said == "same":
        return "There is nothing to be unsure of: no query scores differently."
    chance = (
        f"If both were equally good, luck alone would make a difference this large {_odds(one.p)} ({p_text(one.p)})."
    )
    if runs > 1:
        chance += f" {runs} runs are {runs} chances to be lucky: corrected for that, {p_text(one.p_holm)}."
    if said != "unclear":
        return chance
    unsure = f"{chance} That is too often to rule luck out, and no proof that they are equally good"
    if one.detectable is None:
        return f"{unsure}: {too_few(one)}."
    return (
        f"{unsure}: {_counted(one.queries, 'query', 'queries')} that scatter like these reveal a true difference of "
        f"{one.detectable:.3f} or more four times in five. To see a smaller one takes more queries."
    )


def _odds(p: float) -> str:
    if p < 0.001:
        return "less than once in 1,000 times"
    if p >= 0.995:
        return "every time"
    count, out_of = (short(p * 1000, 0), "1,000") if p < 0.01 else (short(p * 100, 0), "100")
    return f"once in {out_of} times" if count == "1" else f"{count} times in {out_of}"


# --- judgements ------------------------------------------------------------------------------------------------------


_BREAKING = "Products that the file does not name break nothing."


def _judged(report: Report, against: Against) -> str:
    if by_itself := _by_itself(report):
        return by_itself
    both = (against.run.shown, report.baseline.shown)
    shares = {one.run: one.share for one in both if one.share is not None}
    silent = any(one.silent for one in both)
    if min(shares.values(), default=1) > 1 - SAME:
        every = "Every" if silent else f"{report.judged} is 1.00 for both: every"
        return (
            f"{every} product in their {_places(report.judged)} has been judged, so the verdict rests on no guess."
            + (f" {report.judged} is below 1 only for queries without results." if silent else "")
        )
    each = " and ".join(f"{share:.2f} for {run}" for run, share in shares.items())
    told = (
        f"{report.judged}{_answered(silent)} is {each}: so much of what their {_places(report.judged)} hold has been "
        f"judged. {_treated(report.judgements)}"
    )
    if len(shares) < len(both):
        weighs = None
    elif against.leans is None:
        weighs = "Both are judged to about the same share, so this weighs on both alike."
    else:
        held = "flatters" if report.judgements.judged_only else "holds down"
        weighs = (
            f"That {held} {against.leans.less} more than {against.leans.more}, so part of the difference may come from "
            f"the judgements and not from the engines."
        )
    return " ".join(filter(None, (told, weighs, _stands(report.judgements, against))))


def _by_itself(report: Report) -> str | None:
    """For a metric that no grade plays a part in."""
    kind = report.metric.partition("@")[0]
    if kind not in BY_THEMSELVES:
        return None
    if is_judged_share(report.metric):
        return f"{report.metric} is how much of what is shown has been judged. It says nothing of how good that is."
    return f"{report.metric} goes by {report.breaking or 'its own file'}, and by no judgement. {_BREAKING}"


def _answered(silent: bool) -> str:
    return ", over the queries with results," if silent else ""


def _judged_alone(report: Report, run: RunFacts) -> str:
    if by_itself := _by_itself(report):
        return by_itself
    share = run.shown.share
    if share is None:
        return "There are no results, and so nothing to judge."
    over = _answered(bool(run.silent))
    told = f"{report.judged}{over} is {share:.2f}: so much of what the {_places(report.judged)} hold has been judged."
    return f"{told} {_treated(report.judgements)}"


def _places(judged: str) -> str:
    cutoff = judged.partition("@")[2]
    return f"first {cutoff} places" if cutoff else "lists"


def _treated(judgements: Judgements) -> str:
    if judgements.judged_only:
        return "Unjudged products were taken out before measuring, as if not shown, though some of them may be bad."
    return "Unjudged products count as wrong, though some of them may be good."


def _otherwise(judgements: Judgements) -> str:
    return "counted as wrong" if judgements.judged_only else "taken out"


def _figures(other: Comparison) -> str:
    return (
        f"{other.metric} {other.baseline_mean:.3f} → {other.mean:.3f}, {signed(other.difference, 3)}, "
        f"{p_text(other.p_holm)}"
    )


def _stands(judgements: Judgements, against: Against) -> str | None:
    """For a verdict that does not depend on what unjudged products are taken for."""
    other = against.otherwise
    if other is None or against.verdict not in ("better", "worse") or verdict(other) != against.verdict:
        return None
    return f"With them {_otherwise(judgements)} the verdict is the same ({_figures(other)})."


def _careful(judgements: Judgements, base: str, against: Against) -> str | None:
    """For one that does; None where it is not known to."""
    other = against.otherwise
    if other is None:
        return None
    before, after = against.verdict, verdict(other)
    if before == after or {before, after} <= {"unclear", "same"}:
        return None
    how = f"With unjudged products {_otherwise(judgements)}"
    if after in ("unclear", "same"):
        return (
            f"{how}, no difference can be told ({_figures(other)}): the verdict rests on products that nobody judged. "
            f"Have them judged before acting on it."
        )
    if before in ("unclear", "same"):
        return f"{how}, {against.run.name} is {after} ({_figures(other)}). Have them judged to learn which it is."
    return (
        f"{how}, it is the other way round: {against.run.name} is {after} than {base} ({_figures(other)}). These "
        f"judgements cannot tell which is better. Have the unjudged products judged."
    )


def depths(report: Report) -> str:
    """How many hits the timed searches asked for, which their times depend on."""
    asked = {run.name: run.record.options.get("depth") for run in report.runs if run.record is not None and run.stages}
    known = {name: f"{depth:,}" for name, depth in asked.items() if isinstance(depth, int)}
    if not known:
        return ""
    if len(set(known.values())) == 1 and len(known) == len(asked):
        told = f"Each search asked for {next(iter(known.values()))} hits"
    else:
        told = "Hits asked for: " + ", ".join(f"{name} {known.get(name, 'not known')}" for name in asked)
    return f"{told}; a search box asks for some twenty, which takes less time."


# --- how it was measured ---------------------------------------------------------------------------------------------

_GAINS = {"ndcg": "2^grade − 1", "ndcg_lin": "its grade"}


def method(report: Report) -> tuple[str, ...]:
    """The conventions, in a few sentences that stand alone."""
    kinds = {one.metric.partition("@")[0] for one in report.baseline.estimates}
    judgements = report.judgements
    lines = [
        f"{kind}: the gain of a product is {gain}, divided by the logarithm (base 2) of its rank plus 1; the sum is "
        f"divided by that of the best order possible."
        for kind, gain in _GAINS.items()
        if kind in kinds
    ]
    hopeless = f"here: {judgements.hopeless:,}" if judgements.hopeless else "here: none"
    if "violations" in kinds:
        lines.append(
            f"violations@k: of the first k hits, the share that break a condition of their query"
            f"{f', as {report.breaking} says' if report.breaking else ''}. {_BREAKING}"
        )
    if kinds - BY_THEMSELVES:
        but = f" in every metric but {' and '.join(report.weighing)}" if report.weighing else ""
        lines += [
            "A product is relevant from grade 1. Every judged query counts: one without results scores 0, and so does "
            f"one that has no relevant product{but} ({hopeless}).",
            f"{_treated(judgements)} judged@k is always taken from the lists as they were served.",
        ]
    else:
        lines.append("Every judged query counts: one without results scores 0.")
    lines += [
        "Intervals: bootstrap over queries, 95%. They say how far the mean would move with other queries of the same "
        "kind, and nothing of queries of other kinds, or of whether the judgements are right.",
    ]
    if judgements.answerable:
        lines.append("Queries without a relevant product were left out.")
    if report.against:
        runs = len(report.against)
        corrected = f", corrected by Holm's method for the {runs} runs" if runs > 1 else ""
        lines += [
            f"Test: paired randomisation test, two-sided, with {report.permutations:,} random patterns of signs (all "
            f"there are where few queries differ){corrected}. A difference counts as one at p ≤ {LEVEL:g}: of twenty "
            f"comparisons of equally good runs one gets there by luck.",
            f"The verdict goes by {report.metric} alone; the other metrics are there to be read.",
        ]
    return tuple(lines)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
