"""Verdicts in words: what is said, and what is held back."""

from __future__ import annotations

import pytest

from eval.experiments.interleaved import Interleaving
from eval.experiments.outcome import Attention, Outcome, Question
from eval.experiments.split import Contrast, Split, VariantRate
from eval.experiments.verdict import Verdict, between, p_text, percent, probability, verdict
from eval.intervals import Interval

NOTHING = Attention({}, 0, 0, 0, 0)


def rate(name: str, shoppers: int = 500) -> VariantRate:
    return VariantRate(name, 0.5, shoppers, shoppers, 100, 0.2, 0.02, Interval(0.16, 0.24))


def contrast(name: str, lift: float, p: float, power: float | None = 0.34, more: int | None = 1893) -> Contrast:
    return Contrast(
        name, 0.2 * lift, Interval(0.2 * lift - 0.01, 0.2 * lift + 0.01), lift, Interval(lift - 0.05, lift + 0.05),
        p / 2, p, power, 0.08, more, False,
    )  # fmt: skip


def split(
    *contrasts: Contrast, mismatch_p: float = 0.5, question: Question | None = None, shoppers: int = 412
) -> Verdict:
    rates = (rate("now"), *(rate(one.variant) for one in contrasts))
    found = Split(rates, contrasts, mismatch_p)
    return verdict(Outcome(question or Question(), found, shoppers, 900, 0, 1, NOTHING))


def interleaved(wins: int, losses: int, p: float, draft_p: float = 1.0, question: Question | None = None) -> Verdict:
    decided = wins + losses
    found = Interleaving(
        "now", "words", wins, losses, 10, 20, 900, (wins - losses) / decided if decided else None,
        Interval(0.02, 0.2), p, 0.34, 0.1, 1893, draft_p,
    )  # fmt: skip
    return verdict(Outcome(question or Question(), found, 412, 900, 0, 1, NOTHING))


def test_a_winner_with_its_lift() -> None:
    said = split(contrast("words", 0.063, 0.003))
    assert (said.state, said.winner) == ("winner", "words")
    assert said.text == "words wins: +6.3 % shoppers who clicked (95 % interval +1.3 % to +11.3 %, p 0.003)"


def test_the_baseline_wins_when_everything_else_is_worse() -> None:
    said = split(contrast("words", -0.1, 0.001), contrast("meaning", -0.2, 0.001))
    assert said.winner == "now"
    assert said.text.startswith("now wins: with words instead, -10 % shoppers who clicked")


def test_of_several_better_ones_the_best_is_named_and_what_was_not_tested() -> None:
    said = split(contrast("words", 0.06, 0.01), contrast("meaning", 0.09, 0.001), contrast("both", 0.02, 0.6))
    assert said.winner == "meaning"
    assert said.text.startswith("meaning wins against now: +9 % ")
    assert said.text.endswith("; so does words, and which of them is better was not tested")


def test_no_winner_yet() -> None:
    said = split(contrast("words", 0.02, 0.4))
    assert said.text == (
        "no winner yet: with 412 shoppers a difference of 5 % would be seen with probability 0.34; "
        "about 1,900 more are needed for 0.8"
    )
    said = split(contrast("words", 0.02, 0.4), contrast("meaning", -0.3, 0.001))
    assert (said.state, said.winner) == ("no winner", None)
    assert "no winner yet (meaning loses against now): with 412" in said.text
    assert split(contrast("words", 0.0, 1.0, None)).text.startswith("no winner yet: there is nothing to compare")
    assert "no number of shoppers would do" in split(contrast("words", 0.02, 0.4, more=None)).text


def test_no_winner_with_enough_power_says_where_the_truth_lies() -> None:
    said = split(contrast("words", 0.01, 0.6, 0.93, 0))
    assert said.text == (
        "no winner: with 412 shoppers a difference of 5 % would have been seen with probability 0.93, and none was; "
        "the lift of words is within -4 % to +6 % (95 % interval)"
    )


def test_shares_that_do_not_fit_withhold_the_verdict_however_clear() -> None:
    said = split(contrast("words", 0.5, 1e-9), mismatch_p=0.0002)
    assert (said.state, said.winner) == ("withheld", None)
    assert "500 : 500 for 0.5 : 0.5, p 0.0002" in said.text
    assert interleaved(300, 100, 1e-9, draft_p=1e-5).state == "withheld"


def test_too_early_says_nothing_of_who_is_ahead() -> None:
    plan = Question(planned=2000)
    said = split(contrast("words", 0.5, 1e-9), question=plan)
    assert (said.state, said.winner) == ("too early", None)
    assert said.text.startswith(
        "too early: 412 of the 2,000 shoppers planned. At the plan a difference of 5 % will be seen with probability "
        "0.34; for 0.8, about 1,900 more would have to be planned. "
    )
    assert interleaved(300, 100, 1e-9, question=plan).state == "too early"
    assert split(contrast("words", 0.5, 1e-9), question=plan, shoppers=2000).winner == "words"


def test_interleaving() -> None:
    said = interleaved(240, 172, 0.0009)
    assert said.text == (
        "words wins: of 412 shoppers with a preference 240 prefer it, 58.3 % (95 % interval 51 % to 60 %, p 0.0009)"
    )
    said = interleaved(172, 240, 0.0009)
    assert said.winner == "now"
    assert "240 prefer it, 58.3 % (95 % interval 40 % to 49 %" in said.text
    assert interleaved(210, 202, 0.7).text.startswith("no winner yet: with 412 shoppers a lead of 5 % would be seen")
    assert interleaved(0, 0, 1.0).text == "no winner yet: none of 30 shoppers has a preference so far"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (percent(0.0525), "5.2 %"), (percent(0.5), "50 %"), (percent(-0.1, True), "-10 %"),
        (between(None), "no bounds"), (between(Interval(-0.012, 0.2)), "-1.2 % to +20 %"),
        (probability(0.9999), "over 0.99"), (probability(0.001), "under 0.01"), (probability(0.345), "0.34"),
        (p_text(0.00001), "< 0.0001"), (p_text(0.05), "0.0500"),
    ],
)  # fmt: skip
def test_figures(said: str, expected: str) -> None:
    assert said == expected
