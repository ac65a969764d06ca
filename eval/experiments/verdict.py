"""Who wins, in words that a shop can act on. The only place where numbers of an outcome become sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eval.experiments.interleaved import Interleaving
from eval.experiments.outcome import Outcome, Question
from eval.experiments.split import Contrast, Split
from eval.intervals import Interval

State = Literal["winner", "no winner", "too early", "withheld"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`winner` is set in the state `winner` alone."""

    state: State
    winner: str | None
    text: str


def verdict(outcome: Outcome) -> Verdict:
    """A difference makes a winner when its p-value, corrected for the number of variants, is within the confidence."""
    if isinstance(outcome.result, Split):
        return _of_split(outcome, outcome.result)
    return _of_interleaving(outcome, outcome.result)


def percent(share: float, sign: bool = False) -> str:
    """One digit after the point, if it is not 0: 0.053 is 5.3 %, 0.5 is 50 %."""
    text = f"{100 * share:{'+' if sign else ''}.1f}"
    return text.removesuffix(".0") + " %"


def between(interval: Interval | None) -> str:
    """An interval of shares in words."""
    return "no bounds" if interval is None else f"{percent(interval.low, True)} to {percent(interval.high, True)}"


def p_text(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def _p(p: float) -> str:
    return "p < 0.0001" if p < 0.0001 else f"p {p:.2g}"


def probability(value: float) -> str:
    """Two digits, but never 1 or 0 for what is not certain."""
    return "over 0.99" if value > 0.995 else "under 0.01" if value < 0.005 else f"{value:.2f}"


# --- split -----------------------------------------------------------------------------------------------------------


def _of_split(outcome: Outcome, result: Split) -> Verdict:
    if result.mismatch:
        found = " : ".join(str(rate.shoppers) for rate in result.rates)
        planned = " : ".join(f"{rate.weight:g}" for rate in result.rates)
        return Verdict(
            "withheld",
            None,
            f"no verdict: the numbers of shoppers do not fit their shares ({found} for {planned}, "
            f"p {result.mismatch_p:.1g}). Something loses shoppers of one variant, so that those left cannot be "
            "compared. Find the cause first: redirects, crashes, caches, bots, or events that are logged for one only",
        )
    if outcome.too_early:
        return _too_early(outcome)
    if not result.contrasts:
        return Verdict("no winner", None, "no winner yet: fewer than two variants were seen by two shoppers or more")
    alpha = 1 - outcome.question.confidence
    baseline = result.rates[0].variant
    clear = [one for one in result.contrasts if one.p_holm <= alpha]
    better = sorted((one for one in clear if one.difference > 0), key=lambda one: -one.difference)
    worse = [one for one in clear if one.difference < 0]
    if better:
        best = better[0]
        beaten = "" if len(result.contrasts) == 1 else f" against {baseline}"
        others = f"; so does {_names(better[1:])}, and which of them is better was not tested" if better[1:] else ""
        return Verdict("winner", best.variant, f"{best.variant} wins{beaten}: {_lift(best, outcome.question)}{others}")
    if len(worse) == len(result.contrasts) and len(result.rates) == len(result.contrasts) + 1:
        best = max(worse, key=lambda one: one.difference)
        return Verdict(
            "winner", baseline, f"{baseline} wins: with {best.variant} instead, {_lift(best, outcome.question)}"
        )
    lost = f" ({_names(worse)} loses against {baseline})" if worse else ""
    return _no_winner(outcome, lost)


def _lift(one: Contrast, question: Question) -> str:
    what = what_is_measured(question)
    bounds = f"{100 * question.confidence:g} % interval"
    if one.lift is None:
        return f"{one.difference:+.4g} {what} ({_p(one.p_holm)})"
    return f"{percent(one.lift, True)} {what} ({bounds} {between(one.lift_interval)}, {_p(one.p_holm)})"


def _names(contrasts: list[Contrast]) -> str:
    return " and ".join(one.variant for one in contrasts)


def what_is_measured(question: Question) -> str:
    if question.metric == "revenue":
        return f"revenue per {question.per}"
    done = {"click": "clicked", "cart": "put into the cart", "purchase": "bought"}[question.metric]
    return f"shoppers who {done}" if question.per == "shopper" else f"products {done} per search"


# --- interleave ------------------------------------------------------------------------------------------------------


def _of_interleaving(outcome: Outcome, result: Interleaving) -> Verdict:
    if result.unfair:
        return Verdict(
            "withheld",
            None,
            "no verdict: one variant drafted first more often than a fair coin allows "
            f"(p {result.draft_p:.1g}). Find out which pages are missing from the log first",
        )
    if outcome.too_early:
        return _too_early(outcome)
    decided = result.wins + result.losses
    if result.lead is not None and result.p <= 1 - outcome.question.confidence:
        winner, wins = (result.variant, result.wins) if result.lead > 0 else (result.baseline, result.losses)
        return Verdict(
            "winner",
            winner,
            f"{winner} wins: of {_shoppers(decided)} with a preference {wins:,} prefer it, {percent(wins / decided)} "
            f"({100 * outcome.question.confidence:g} % interval {_share(result, winner)}, {_p(result.p)})",
        )
    if not decided:
        return Verdict(
            "no winner", None, f"no winner yet: none of {_shoppers(result.shoppers)} has a preference so far"
        )
    return _no_winner(outcome)


def _share(result: Interleaving, winner: str) -> str:
    low, high = (1 + result.interval.low) / 2, (1 + result.interval.high) / 2
    if winner == result.baseline:
        low, high = 1 - high, 1 - low
    return f"{percent(low)} to {percent(high)}"


# --- both ------------------------------------------------------------------------------------------------------------


def _too_early(outcome: Outcome) -> Verdict:
    question = outcome.question
    power, more, sized = _hardest(outcome)
    reach = ""
    if power is not None:
        reach = f" At the plan {sized} will be seen with probability {probability(power)}"
        if power < question.power and more is not None:
            reach += f"; for {question.power:g}, about {_about(more)} more would have to be planned"
        reach += "."
    return Verdict(
        "too early",
        None,
        f"too early: {outcome.shoppers:,} of the {_shoppers(question.planned or 0)} planned.{reach} Who is ahead is "
        "not shown before: looking early, and stopping when it pleases, calls equal variants different",
    )


def _no_winner(outcome: Outcome, lost: str = "") -> Verdict:
    question = outcome.question
    power, more, sized = _hardest(outcome)
    if power is None:
        return Verdict("no winner", None, f"no winner yet{lost}: there is nothing to compare with so far")
    if power < question.power:
        rest = "no number of shoppers would do" if more is None else f"about {_about(more)} more are needed"
        goal = "" if more is None else f" for {question.power:g}"
        text = f"no winner yet{lost}: with {_shoppers(outcome.shoppers)} {sized} would be seen with probability "
        return Verdict("no winner", None, f"{text}{probability(power)}; {rest}{goal}")
    return Verdict(
        "no winner",
        None,
        f"no winner{lost}: with {_shoppers(outcome.shoppers)} {sized} would have been seen with probability "
        f"{probability(power)}, and none was; {_bounds(outcome)}",
    )


def _hardest(outcome: Outcome) -> tuple[float | None, int | None, str]:
    """Power and missing shoppers of the comparison that is hardest to decide, and what is to be seen."""
    effect = percent(outcome.question.effect)
    result = outcome.result
    if isinstance(result, Interleaving):
        return (result.power if result.wins + result.losses else None), result.more, f"a lead of {effect}"
    reckoned = [(one.power, one.more) for one in result.contrasts if one.power is not None]
    power, more = min(reckoned, key=lambda one: one[0], default=(None, None))
    return power, more, f"a difference of {effect}"


def _bounds(outcome: Outcome) -> str:
    """Where the truth lies, by what was seen."""
    level, result = f"{100 * outcome.question.confidence:g} % interval", outcome.result
    if isinstance(result, Interleaving):
        return f"the lead of {result.variant} is within {between(result.interval)} ({level})"
    lifts = [f"the lift of {one.variant} is within {between(one.lift_interval)}" for one in result.contrasts]
    return f"{', '.join(lifts)} ({level})"


def _about(count: int) -> str:
    """Two digits that count: more would pretend to know."""
    return f"{round(count, min(0, 2 - len(str(count)))):,}"


def _shoppers(count: int) -> str:
    return "1 shopper" if count == 1 else f"{count:,} shoppers"
