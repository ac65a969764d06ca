"""What a report works out from runs, judgements and records, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from eval.metrics import parse_metric
from eval.qrels import Qrels, Run
from eval.record import QueryRecord, RunRecord, Software
from eval.report import words
from eval.report.configuration import UNKNOWN, configuration, moment
from eval.report.curves import Point
from eval.report.facts import Judgements, Report, Stage
from eval.report.gather import (
    Material,
    Slices,
    gather,
    letter,
    scores_of,
    short_names,
    slice_means,
    stages_of,
)
from eval.report.page import grade_level
from eval.slices import Slicing

QRELS = Qrels({f"q{i}": {"a": 1.0, "b": 0.0} for i in range(8)} | {"q8": {"b": 0.0}})
FIRST = Run("first", {f"q{i}": ("a", "b") for i in range(9)})
SECOND = Run("second", {f"q{i}": ("b", "a") for i in range(9)})
UNKNOWN_FIRST = Run("hidden", {f"q{i}": ("x", "a", "y") for i in range(9)})
RECORD = RunRecord(
    index="products",
    index_version=3,
    products=1200,
    encoder="tiny",
    recipe="plain-2",
    learning="",
    built_at="2026-05-01T08:00:00+02:00",
    created_at="2026-05-02T09:30:00",
    software=Software("0.1.0", "0123456789abcdef", dirty=True),
    options={"semantic_ratio": None, "understand": True, "filter": None, "depth": 10},
    queries={
        f"q{i}": QueryRecord("en", 0, 2, i == 0, ("lexical",) if i == 1 else (), {"encode": i + 1.0, "total": i + 2.0})
        for i in range(9)
    },
)


def material(
    *runs: Run,
    qrels: Qrels = QRELS,
    judged_only: bool = False,
    metric: str = "mrr@10",
    judge: str = "",
    breaking: Qrels | None = None,
) -> Material:
    judgements = Judgements("qrels.tsv", "ab" * 32, len(qrels.grades), 17, 1, 3.0, judged_only, False, judge)
    return Material(
        title="Relevance",
        made_at="2026-05-02T09:30:00+00:00",
        judgements=judgements,
        qrels=qrels,
        metrics=[parse_metric(metric), parse_metric("judged@2")],
        runs=runs,
        files=[f"runs/{run.name}.trec" for run in runs],
        records=[None for _ in runs],
        texts={"q0": "red lamp"},
        breaking=breaking,
        permutations=1000,
    )


def no_titles(products: Iterable[str]) -> Mapping[str, str]:
    return {}


def report(given: Material) -> Report:
    return gather(given, scores_of(given, given.judgements.judged_only), Slices(), no_titles)


# --- facts -----------------------------------------------------------------------------------------------------------


def test_runs_are_measured_to_every_depth() -> None:
    made = report(material(FIRST, UNKNOWN_FIRST))
    first, hidden = made.runs
    assert (first.letter, first.name, first.file) == ("A", "first", "runs/first.trec")
    assert [one.metric for one in first.estimates] == ["mrr@10", "judged@2"]
    assert first.mean("mrr@10") == pytest.approx(8 / 9)
    assert first.estimates[0].interval.low < 8 / 9 < first.estimates[0].interval.high
    assert first.recall == (Point(1, pytest.approx(8 / 9)), Point(2, pytest.approx(8 / 9)))
    assert hidden.recall[0] == Point(1, 0.0)
    # Of q8 nothing but b is judged: 26 of 27 hits at most, x and y never.
    assert hidden.unjudged == (Point(1, 1.0), Point(2, pytest.approx(10 / 18)), Point(3, pytest.approx(19 / 27)))
    assert (hidden.hits, hidden.depth) == (27, 3)


def test_unjudged_is_that_of_the_lists_as_served_though_recall_is_measured_without() -> None:
    made = report(material(UNKNOWN_FIRST, judged_only=True))
    assert made.baseline.recall == (Point(1, pytest.approx(8 / 9)),)
    assert made.baseline.unjudged[0] == Point(1, 1.0)


def test_queries_without_results_are_named_also_when_the_run_has_none_at_all() -> None:
    made = report(material(Run("part", {"q1": ("a",)}), Run("strange", {"other": ("a",)})))
    assert made.runs[0].silent == ("q0", "q2", "q3", "q4", "q5", "q6", "q7", "q8")
    assert len(made.runs[1].silent) == 9
    assert (made.runs[1].recall, made.runs[1].unjudged, made.runs[1].depth) == ((), (), 0)


def test_record_gives_times_and_what_was_weak() -> None:
    made = report(replace(material(FIRST, SECOND), records=[RECORD, None]))
    first, second = made.runs
    assert first.stages == (Stage("encode", 5.0, pytest.approx(8.6)), Stage("total", 6.0, pytest.approx(9.6)))
    assert (first.timed, first.weak, first.degraded) == (9, 1, 1)
    assert (second.stages, second.timed, second.weak, second.degraded) == ((), 0, None, None)


def test_stages_keep_their_order_and_one_that_is_missing_took_no_time() -> None:
    found = stages_of([{"understand": 1.0, "total": 9.0}, {"understand": 1.0, "encode": 4.0, "total": 9.0}])
    assert [(stage.name, stage.p50) for stage in found] == [("understand", 1.0), ("encode", 2.0), ("total", 9.0)]
    assert stages_of([]) == ()


def test_changes_run_from_the_largest_gain_to_the_largest_loss() -> None:
    mixed = Run("mixed", {**SECOND.hits, "q0": ("a", "b"), "q1": ("b",)})
    against = report(material(SECOND, mixed)).against[0]
    assert [one.query for one in against.changes][:1] == ["q0"]
    assert against.changes[-1].query == "q1"
    assert (against.changes[0].text, against.changes[-1].text) == ("red lamp", "q1")
    assert [one.difference for one in against.changes] == pytest.approx([0.5, 0, 0, 0, 0, 0, 0, 0, -0.5])
    assert [side.query for side in against.movers] == ["q0", "q1"]
    assert [hit.product for hit in against.movers[0].before] == ["b", "a"]


def test_titles_are_asked_for_what_is_shown_alone() -> None:
    asked: list[list[str]] = []

    def titles_of(products: Iterable[str]) -> Mapping[str, str]:
        asked.append(list(products))
        return {"a": "Red lamp"}

    given = material(Run("one", {"q1": ("b", "c"), "q2": ("z",)}), Run("two", {"q1": ("a",), "q2": ("z",)}))
    made = gather(given, scores_of(given, False), Slices(), titles_of)
    assert asked == [["a", "b", "c"]]
    assert made.titles_known
    assert [hit.title for hit in made.against[0].movers[0].after] == ["Red lamp"]
    assert not report(given).titles_known


def test_slices_of_a_single_run() -> None:
    given = material(FIRST)
    slicing = Slicing("length", {"1 word": frozenset({"q0", "q8", "absent"}), "2 words": frozenset({"absent"})})
    (one,) = slice_means(scores_of(given, False)[0], "mrr@10", [slicing])
    assert (one.slicing, one.slice, one.queries, one.mean) == ("length", "1 word", 2, 0.5)
    assert (one.interval.low, one.interval.high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["out/served.trec", "dense.trec"], ["served", "dense"]),
        (["served.trec", "served.run"], ["served.trec", "served.run"]),
        (["a/run.trec", "b/run.trec"], ["a/run.trec", "b/run.trec"]),
        (["run.trec"], ["run"]),
    ],
)
def test_runs_are_named_as_shortly_as_tells_them_apart(paths: list[str], names: list[str]) -> None:
    assert short_names([Path(path) for path in paths]) == names


def test_letters_go_on_as_numbers() -> None:
    assert [letter(number) for number in (0, 1, 25, 26)] == ["A", "B", "Z", "27"]


def test_grades_are_shaded_by_the_highest_there_is() -> None:
    graded = Qrels({"q0": {"a": 3.0, "b": 1.0, "c": 0.0, "d": -2.0, "e": 0.25}})
    given = material(Run("one", {"q0": ("c", "d")}), Run("two", {"q0": ("a", "b", "e", "z")}), qrels=graded)
    assert grade_level(report(given)) == {3.0: 4, 1.0: 1, 0.0: 0, -2.0: 0, 0.25: 1}


# --- words -----------------------------------------------------------------------------------------------------------


def said(given: Material) -> words.Words:
    made = report(given)
    return words.on_comparison(made, made.against[0])


def test_better_and_worse_are_said_with_how_much_and_how_sure() -> None:
    better = said(material(SECOND, FIRST))
    assert better.headline == "first is better than second"
    assert better.how_much.startswith("mrr@10 rises from 0.444 to 0.889, by 100%. 95% interval of the difference: +0.")
    # All of eight queries differ by the same: 2 of 2^8 patterns are as extreme.
    assert better.how_sure == (
        "If both were equally good, luck alone would make a difference this large 8 times in 1,000 (p = 0.008)."
    )
    worse = said(material(FIRST, SECOND))
    assert worse.headline == "second is worse than first"
    assert worse.how_much.startswith("mrr@10 falls from 0.889 to 0.444, by 50%.")


def test_no_difference_is_no_proof_that_there_is_none() -> None:
    better, worse = {f"q{i}": ("a",) for i in range(3)}, {f"q{i}": ("b",) for i in range(3, 6)}
    unclear = said(material(SECOND, Run("third", SECOND.hits | better | worse)))
    assert unclear.headline == "No difference between third and second can be told"
    assert unclear.how_sure.startswith(
        "If both were equally good, luck alone would make a difference this large every time (p = 1.000). That is too"
    )
    assert "9 queries that scatter like these reveal a true difference of 0.4" in unclear.how_sure
    few = said(material(SECOND, Run("third", {**SECOND.hits, "q0": ("a",)})))
    assert few.how_sure.endswith("equally good: 1 differing query is too few for any test at 5%.")


def test_runs_that_are_the_same_are_said_to_be() -> None:
    same = said(material(FIRST, replace(FIRST, name="twin")))
    assert same.headline == "twin and first score the same on every query"
    assert same.how_much == "mrr@10 is 0.889 for both."


def test_several_runs_are_several_chances_to_be_lucky() -> None:
    made = report(material(SECOND, FIRST, replace(FIRST, name="twin")))
    assert words.on_comparison(made, made.against[0]).how_sure.endswith(
        "(p = 0.008). 2 runs are 2 chances to be lucky: corrected for that, p = 0.016."
    )
    assert "corrected by Holm's method for the 2 runs" in " ".join(words.method(made))


def test_verdict_that_stands_either_way_is_said_to() -> None:
    judged = said(material(SECOND, FIRST)).judged
    assert judged == (
        "judged@2 is 0.94 for first and 0.94 for second: so much of what their first 2 places hold has been judged. "
        "Unjudged products count as wrong, though some of them may be good. Both are judged to about the same share, "
        "so this weighs on both alike. With them taken out the verdict is the same (mrr@10 0.444 → 0.889, +0.444, "
        "p = 0.008)."
    )


def test_where_everything_is_judged_there_is_nothing_to_explain() -> None:
    every = Qrels({f"q{i}": {"a": 1.0, "b": 0.0} for i in range(9)})
    assert said(material(SECOND, FIRST, qrels=every)).judged == (
        "judged@2 is 1.00 for both: every product in their first 2 places has been judged, so the verdict rests on no "
        "guess."
    )


def test_verdict_that_rests_on_unjudged_products_is_called_so() -> None:
    one = said(material(UNKNOWN_FIRST, FIRST))
    assert one.headline == "first is better than hidden"
    assert "That holds down hidden more than first" in one.judged
    assert one.careful is not None
    assert one.careful.startswith("With unjudged products taken out, no difference can be told (mrr@10 0.889 → 0.889")
    assert one.careful.endswith("Have them judged before acting on it.")
    other = said(material(UNKNOWN_FIRST, FIRST, judged_only=True))
    assert "Unjudged products were taken out" in other.judged
    assert "That flatters hidden more than first" in other.judged
    assert other.careful is not None
    assert other.careful.startswith("With unjudged products counted as wrong, first is better")


def test_verdict_that_turns_round_is_none() -> None:
    """Wrong products before the good one, against unknown ones: the judgements decide who looks better."""
    wrong = Run("wrong", {f"q{i}": ("b", "a") for i in range(8)})
    unknown = Run("unknown", {f"q{i}": ("x", "y", "a") for i in range(8)})
    careful = said(material(wrong, unknown)).careful
    assert careful is not None
    assert "it is the other way round: unknown is better than wrong" in careful
    assert "cannot tell which is better" in careful


def test_judgements_themselves_can_be_the_metric() -> None:
    one = said(material(FIRST, UNKNOWN_FIRST, metric="judged@1"))
    assert one.headline == "judged@1 is lower for hidden than for first"
    assert one.careful is None
    assert one.judged == ("judged@1 is how much of what is shown has been judged. It says nothing of how good that is.")


def test_no_judgement_plays_a_part_in_violations() -> None:
    breaking = Qrels({f"q{i}": {"b": 1.0} for i in range(9)}, source=Path("broken.tsv"))
    given = material(FIRST, UNKNOWN_FIRST, metric="violations@1", breaking=breaking)
    made = report(given)
    assert (made.against[0].leans, made.against[0].otherwise) == (None, None)
    goes_by = (
        "violations@1 goes by broken.tsv, and by no judgement. Products that the file does not name break nothing."
    )
    assert said(given).judged == goes_by
    assert words.on_single(report(replace(given, runs=[FIRST]))).judged == goes_by
    method = " ".join(words.method(made))
    assert "as broken.tsv says. Products that the file does not name break nothing." in method
    assert "Unjudged products count as wrong" not in method


def test_missing_results_are_not_called_unjudged() -> None:
    every = Qrels({f"q{i}": {"a": 1.0, "b": 0.0} for i in range(10)})
    whole = Run("whole", {f"q{i}": ("a", "b") for i in range(10)})
    half = Run("half", {f"q{i}": ("a", "b") for i in range(5)})
    one = said(material(whole, half, qrels=every))
    assert one.how_much.endswith(" half has no results for 5 of 10 queries: they count as 0.")
    assert one.judged == (
        "Every product in their first 2 places has been judged, so the verdict rests on no guess. judged@2 is below 1 "
        "only for queries without results."
    )
    unknown = Run("unknown", {f"q{i}": ("a", "x") for i in range(10)})
    leans = report(material(unknown, half, qrels=every)).against[0].leans
    assert leans is not None
    assert (leans.less, leans.less_share, leans.more_share) == ("unknown", 0.5, 1.0)
    assert (
        "judged@2, over the queries with results, is 1.00 for half and 0.50 for unknown"
        in said(material(unknown, half, qrels=every)).judged
    )
    none = Run("none", {})
    assert "alike" not in said(material(unknown, none, qrels=every)).judged
    assert words.on_single(report(material(none, qrels=every))).judged.startswith("There are no results")


def test_single_run_is_not_called_good() -> None:
    alone = words.on_single(report(material(FIRST)))
    assert alone.headline == "first: mrr@10 is 0.889"
    assert "Put a second run beside it" in alone.how_much
    assert alone.how_sure.endswith("It rests on 9 queries.")


def test_grades_of_a_model_are_never_far_from_the_numbers() -> None:
    note = "12 grades are by model m, which agrees with people at kappa 0.41."
    assert said(material(FIRST, SECOND, judge=note)).judged.endswith(note)
    assert words.on_single(report(material(FIRST, judge=note))).judged.endswith(note)


def test_depth_of_the_timed_searches_is_said() -> None:
    one = replace(material(FIRST, SECOND), records=[RECORD, RECORD])
    assert words.depths(report(one)).startswith("Each search asked for 10 hits; a search box")
    deeper = replace(RECORD, options={"depth": 1000})
    two = replace(material(FIRST, SECOND), records=[RECORD, deeper])
    assert words.depths(report(two)).startswith("Hits asked for: first 10, second 1,000; ")
    assert words.depths(report(material(FIRST))) == ""


def test_method_states_gain_and_what_is_left_out() -> None:
    given = material(FIRST, metric="ndcg@10")
    lines = " ".join(words.method(report(given)))
    assert "ndcg: the gain of a product is 2^grade − 1" in lines
    assert "no relevant product (here: 1)" in lines
    assert "ndcg_lin" not in lines
    assert "Test:" not in lines
    partly = replace(given, qrels=Qrels({**QRELS.grades, "q8": {"b": 0.5}}))
    assert "no relevant product in every metric but ndcg (here: 1)" in " ".join(words.method(report(partly)))
    answerable = replace(given, judgements=replace(given.judgements, answerable=True, hopeless=0))
    assert "were left out" in " ".join(words.method(report(answerable)))


# --- configuration ---------------------------------------------------------------------------------------------------


def test_configuration_marks_what_differs_and_says_what_is_not_known() -> None:
    other = replace(
        RECORD, index_version=4, options={"semantic_ratio": 0.25, "understand": True, "depth": 10, "new": "x"}
    )
    made = report(replace(material(FIRST, SECOND, UNKNOWN_FIRST), records=[RECORD, other, None]))
    rows = {row.name: row for row in configuration(made.runs)}
    assert rows["index version"].values == ("3", "4", UNKNOWN)
    assert rows["semantic ratio"].values == ("as served", "0.25", UNKNOWN)
    assert rows["filter"].values == ("none", UNKNOWN, UNKNOWN)
    assert rows["understand"].values == ("yes", "yes", UNKNOWN)
    assert rows["commit"].values == ("0123456789ab with local changes",) * 2 + (UNKNOWN,)
    assert rows["products"].values[0] == "1,200"
    assert [name for name, row in rows.items() if row.differs] == ["index version", "semantic ratio"]
    assert not any(row.differs for row in configuration(report(material(FIRST, SECOND)).runs))


def test_moments_are_said_in_utc() -> None:
    assert moment("2026-05-01T08:00:00+02:00") == "2026-05-01 06:00 UTC"
    assert moment("2026-05-01T08:00:00") == "2026-05-01 08:00"
    assert (moment("long ago"), moment("")) == ("long ago", UNKNOWN)
