"""Sentences: each says what the figures say, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eval.compare import Comparison
from eval.intervals import Interval
from eval.metrics import evaluate, parse_metric
from eval.qrels import Qrels, Run
from eval.verdicts import (
    JudgedShare,
    Leaning,
    judged_share,
    leaning,
    leaning_sentence,
    otherwise_sentence,
    sentence,
    silence,
    verdict,
)

BETTER = Comparison(
    run="new.trec", metric="ndcg@10", baseline_mean=0.65, mean=0.78, wins=9, losses=2, ties=1,
    p=0.0301, p_holm=0.0301, p_t=0.028, interval=Interval(0.02, 0.25), deviation=0.2,
)  # fmt: skip
WORSE = replace(BETTER, mean=0.52, wins=2, losses=9, interval=Interval(-0.25, -0.02))
UNCLEAR = replace(BETTER, p=0.2, p_holm=0.2)
SAME = replace(BETTER, mean=0.65, wins=0, losses=0, ties=12, p=1, p_holm=1, interval=Interval(0, 0), deviation=0)


def test_verdicts_go_by_the_corrected_p() -> None:
    assert [verdict(one) for one in (BETTER, WORSE, UNCLEAR, SAME)] == ["better", "worse", "unclear", "same"]
    assert verdict(replace(BETTER, p=0.03, p_holm=0.06)) == "unclear"
    assert verdict(replace(BETTER, p=0.2, p_holm=0.05)) == "better"


def test_fewer_violations_are_better() -> None:
    fewer = replace(BETTER, metric="violations@10", baseline_mean=0.3, mean=0.1)
    assert verdict(fewer) == "better"
    assert verdict(replace(fewer, mean=0.5)) == "worse"


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        (
            BETTER,
            "new.trec is better than base.trec: ndcg@10 0.650 → 0.780, +0.130 [+0.020, +0.250], p = 0.030; "
            "9 wins, 2 losses, 1 tie.",
        ),
        (
            WORSE,
            "new.trec is worse than base.trec: ndcg@10 0.650 → 0.520, -0.130 [-0.250, -0.020], p = 0.030; "
            "2 wins, 9 losses, 1 tie.",
        ),
        (
            UNCLEAR,
            "No difference between new.trec and base.trec can be told: ndcg@10 0.650 → 0.780, +0.130 "
            "[+0.020, +0.250], p = 0.200; 9 wins, 2 losses, 1 tie. 12 queries like these tell a difference of about "
            "0.162 or more.",
        ),
        (SAME, "new.trec and base.trec have the same ndcg@10 in every query: 0.650."),
        (
            replace(UNCLEAR, wins=3, losses=2, ties=7),
            "No difference between new.trec and base.trec can be told: ndcg@10 0.650 → 0.780, +0.130 "
            "[+0.020, +0.250], p = 0.200; 3 wins, 2 losses, 7 ties. 5 differing queries are too few for any test at "
            "5%.",
        ),
        (
            replace(BETTER, metric="judged@10", wins=1, losses=1, ties=0, p=0.0004),
            "judged@10 is higher for new.trec than for base.trec: judged@10 0.650 → 0.780, +0.130 "
            "[+0.020, +0.250], p < 0.001; 1 win, 1 loss, 0 ties.",
        ),
    ],
)
def test_sentences(comparison: Comparison, said: str) -> None:
    assert sentence("base.trec", comparison) == said


def test_with_several_runs_both_p_values_are_said() -> None:
    assert "p = 0.030 (p = 0.090 corrected for 3 runs); 9 wins" in sentence("b", replace(BETTER, p_holm=0.0903, runs=3))


def test_of_several_runs_each_must_differ_more() -> None:
    """6 that differ suffice for one run (2 / 64), and not for two. At 0.05 / 2 z is 2.2414, not 1.9600."""
    six = replace(UNCLEAR, wins=5, losses=1, ties=6)
    assert sentence("b", six).endswith("12 queries like these tell a difference of about 0.162 or more.")
    two = sentence("b", replace(six, runs=2))
    assert two.endswith(" 6 differing queries are too few for any test at 5% corrected for 2 runs.")
    more = sentence("b", replace(UNCLEAR, runs=2))
    assert more.endswith("12 queries like these tell a difference of about 0.178 or more.")


def test_nothing_is_claimed_that_hangs_on_how_unjudged_products_are_treated() -> None:
    said = "These judgements cannot tell whether new.trec is better than b: ndcg@10 0.650 → "
    assert sentence("b", BETTER, other=WORSE).startswith(said + "0.780, +0.130")
    assert sentence("b", WORSE, other=BETTER).startswith(said + "0.520, -0.130")
    for other in (BETTER, UNCLEAR, SAME, None):
        assert sentence("b", BETTER, other=other) == sentence("b", BETTER)


def shown(run: str, share: float | None, silent: int = 0) -> JudgedShare:
    return JudgedShare(run, "judged@10", share, silent, 60)


def test_a_comparison_leans_against_the_less_judged_run() -> None:
    against = Leaning("judged@10", "new.trec", 0.4, "base.trec", 0.6)
    assert leaning(shown("base.trec", 0.6), shown("new.trec", 0.4)) == against
    assert leaning(shown("new.trec", 0.4), shown("base.trec", 0.6)) == against
    assert leaning(shown("base.trec", 0.6), shown("new.trec", 0.56)) is None
    assert leaning(shown("base.trec", 0.6), shown("new.trec", 0.55)) is not None
    assert leaning(shown("base.trec", 0.6), shown("new.trec", None, 60)) is None
    assert leaning_sentence(against) == (
        "judged@10 is 0.40 for new.trec and 0.60 for base.trec. Unjudged products count as wrong, which leans against "
        "new.trec."
    )
    assert "leans towards new.trec" in leaning_sentence(against, judged_only=True)
    assert leaning_sentence(against, silent=True).startswith("judged@10, over the queries with results, is 0.40 for")


def test_queries_without_results_show_nothing_unjudged() -> None:
    qrels = Qrels({f"q{i}": {"a": 1.0} for i in range(4)})
    run = Run("half", {"q0": ("a", "x"), "q1": ("a",), "q2": (), "other": ("z",)})
    scores = evaluate(qrels, run, [parse_metric("judged@10")])
    assert scores.mean("judged@10") == 0.375
    assert judged_share(scores, run, "judged@10") == JudgedShare("half", "judged@10", 0.75, 2, 4)
    none = Run("none", {})
    assert judged_share(evaluate(qrels, none, [parse_metric("judged")]), none, "judged").share is None


def test_silence_is_named_for_what_it_is() -> None:
    assert silence(shown("a", 0.5), shown("b", 0.5), "ndcg@10") == ""
    said = "a has no results for 30 of 60 queries: they count as 0."
    assert silence(shown("a", 0.5, 30), shown("b", 0.5), "ndcg@10") == said
    assert silence(shown("a", 0.5, 30), shown("b", 0.5, 2), "violations@10") == (
        "a has no results for 30 of 60 queries and b has no results for 2 of 60 queries: they count as 0, the best "
        "violations@10 there is."
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (BETTER, BETTER, "With them removed it comes to the same: ndcg@10 0.650 → 0.780"),
        (BETTER, UNCLEAR, "With them removed, no difference can be told: ndcg@10"),
        (BETTER, SAME, "With them removed, no query differs: "),
        (
            BETTER,
            WORSE,
            "With them removed it is the other way round: ndcg@10 0.650 → 0.520",
        ),
        (UNCLEAR, WORSE, "With them removed, new.trec is worse: "),
        (SAME, BETTER, "With them removed, new.trec is better: "),
    ],
)
def test_whether_a_verdict_stands_when_unjudged_products_are_treated_otherwise(
    before: Comparison, after: Comparison, said: str
) -> None:
    assert otherwise_sentence(before, after).startswith(said)
    assert otherwise_sentence(before, after, judged_only=True).startswith("With them counted as wrong")
