"""Metrics: worked by hand, as reference tools have them, and what must hold of any run."""

from __future__ import annotations

import json
from math import log2
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import METRICS, evaluate, expected_reciprocal_rank, grade_run, judged, ndcg, parse_metric
from eval.qrels import Qrels, Run, read_run
from search.errors import RequestError

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "metrics.json").read_text(encoding="utf-8"))["cases"]


def score(metric: str, grades: dict[str, float], hits: str, judged_only: bool = False) -> float:
    """One query; hits and products are single letters."""
    qrels = Qrels({"q": grades})
    # For violations the grades are those of products that break something.
    scores = evaluate(qrels, Run("run", {"q": tuple(hits)}), [parse_metric(metric)], judged_only, breaking=qrels)
    return float(scores.values[metric][0])


# --- by hand ---------------------------------------------------------------------------------------------------------

# c has the best grade; x, y, z are unjudged; d is judged and not relevant.
GRADES = {"a": 1, "b": 2, "c": 3, "d": 0}


@pytest.mark.parametrize(
    ("metric", "hits", "expected"),
    [
        ("ndcg", "cba", 1.0),
        ("ndcg", "xbda", (3 / log2(3) + 1 / log2(5)) / (7 + 3 / log2(3) + 1 / 2)),
        ("ndcg@2", "xbda", (3 / log2(3)) / (7 + 3 / log2(3))),
        ("ndcg_lin", "xbda", (2 / log2(3) + 1 / log2(5)) / (3 + 2 / log2(3) + 1 / 2)),
        ("recall", "xbda", 2 / 3),
        ("recall@3", "xbda", 1 / 3),
        ("p@3", "xbda", 1 / 3),
        ("p@10", "xbda", 2 / 10),
        ("p", "xbda", 2 / 4),
        ("mrr", "xdcab", 1 / 3),
        ("mrr@2", "xdcab", 0.0),
        ("map", "xbda", (1 / 2 + 2 / 4) / 3),
        ("map@3", "xbda", (1 / 2) / 3),
        ("map", "abc", 1.0),
        ("hit@1", "xbda", 0.0),
        ("hit@2", "xbda", 1.0),
        ("hr@2", "xbda", 1.0),
        ("hit", "xd", 0.0),
        ("rbp", "xbda", 0.2 * (0.8 + 0.8**3)),
        ("rbp@3", "xbda", 0.2 * 0.8),
        ("rbp.5", "cxa", 0.5 * (1 + 0.25)),
        ("rbp.95@2", "cab", 0.05 * (1 + 0.95)),
        ("rbp", "xyz", 0.0),
        ("err", "xbda", 1 / 2 * 3 / 8 + 1 / 4 * (1 - 3 / 8) * 1 / 8),
        ("err@2", "cba", 7 / 8 + 1 / 2 * (1 / 8) * 3 / 8),
        ("err@1", "xcb", 0.0),
        ("violations@3", "xbda", 1 / 3),
        ("violations@10", "xbda", 2 / 4),
        ("violations", "", 0.0),
        ("judged@2", "xbda", 1 / 2),
        ("judged", "xbda", 3 / 4),
        ("judged@10", "xbda", 3 / 4),
        ("judged@10", "xyz", 0.0),
    ],
)
def test_worked_by_hand(metric: str, hits: str, expected: float) -> None:
    assert score(metric, GRADES, hits) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("ndcg@2", (3 + 0 / log2(3)) / (7 + 3 / log2(3))),
        ("mrr", 1.0),
        ("p@1", 1.0),
        ("map", (1 + 2 / 3) / 3),
        ("judged@2", 1 / 2),
    ],
)
def test_judged_only_closes_the_gaps(metric: str, expected: float) -> None:
    assert score(metric, GRADES, "xbydaz", judged_only=True) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_no_hits_no_relevant_product_and_nothing_judged_give_0(metric: str) -> None:
    assert score(metric, GRADES, "") == 0
    assert score(metric, GRADES, "xyz") == 0
    assert score(metric, GRADES, "xyz", judged_only=True) == 0
    if metric != "judged":
        assert score(metric, {"a": 0, "d": 0}, "adx") == 0


def test_relevant_starts_at_grade_1_and_a_negative_grade_is_worth_nothing() -> None:
    assert score("p@2", {"a": 0.99, "b": 1.0}, "ab") == 0.5
    assert score("mrr", {"a": 0.99, "b": 1.0}, "ab") == 0.5
    assert score("ndcg", {"a": -2, "b": 1.0}, "ab") == pytest.approx(1 / log2(3))
    assert score("judged@2", {"a": -2, "b": 1.0}, "ab") == 1
    assert score("ndcg", {"a": 1.5, "b": 0.5}, "b") == pytest.approx(
        (2**0.5 - 1) / (2**1.5 - 1 + (2**0.5 - 1) / log2(3))
    )


def test_every_query_of_the_qrels_counts_and_no_other() -> None:
    qrels = Qrels({"found": {"a": 1}, "missing": {"a": 1}, "barren": {"a": 0}, "empty": {"a": 1}})
    run = Run("run", {"stranger": ("a",), "found": ("a",), "barren": ("a",), "empty": ()})
    scores = evaluate(qrels, run, [parse_metric("ndcg@10"), parse_metric("map")])
    assert scores.queries == ("found", "missing", "barren", "empty")
    for values in scores.values.values():
        assert values.tolist() == [1, 0, 0, 0]
    assert scores.mean("map") == 0.25


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "ndcg@10", "ndcg_lin@5", "recall@100", "p@1", "mrr", "map", "hit@10", "hr@10", "judged@10", "rbp", "rbp.95",
        "rbp.5@10", "err@10", "violations@10",
    ],
)  # fmt: skip
def test_names_come_back_as_they_went_in(name: str) -> None:
    assert str(parse_metric(name)) == name
    assert str(parse_metric(name.upper())) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ndgc@10",
        "ndcg@",
        "ndcg@0",
        "ndcg@-1",
        "ndcg@1.5",
        "ndcg@ten",
        "ndcg 10",
        "@10",
        "ndcg@٣",
        "ndcg.5@10",
        "rbp.0",
        "rbp.",
        "rbp1.5",
        "p@" + "9" * 5000,
    ],
)
def test_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(RequestError, match=r"There is no metric '.*'\. There are: ndcg@10 ndcg_lin@10 recall@100"):
        parse_metric(name)


# --- reference tools -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_golden_values(case: dict, tmp_path: Path) -> None:
    """Through a file, so that the order of tied hits is read as any run's. See golden/make_metrics.py."""
    path = tmp_path / "run.trec"
    path.write_text(
        "".join(
            f"{query}\tQ0\t{product}\t{rank}\t{score}\tgolden\n"
            for query, hits in case["run"].items()
            for rank, (product, score) in enumerate(hits, 1)
        )
    )
    qrels, run = Qrels(case["qrels"]), read_run(path)
    for judged_only, expected in ((False, case["values"]), (True, case["judged_only"])):
        scores = evaluate(qrels, run, [parse_metric(name) for name in expected], judged_only)
        for name, values in expected.items():
            assert scores.values[name] == pytest.approx([values[query] for query in scores.queries], abs=1e-9), name
    for name, mean in case["means"].items():
        assert evaluate(qrels, run, [parse_metric(name)]).mean(name) == pytest.approx(mean, abs=1e-9)


def test_golden_cases_cover_what_is_hard() -> None:
    by_name = {case["name"]: case for case in GOLDEN}
    hits = by_name["ties"]["run"]["q0"]
    assert len({score for _, score in hits}) < len(hits)
    assert by_name["holes"]["qrels"].keys() - by_name["holes"]["run"].keys()
    assert any(not any(grades.values()) for grades in by_name["holes"]["qrels"].values())
    assert 0 < by_name["barely judged"]["means"]["judged@10"] < 0.1
    assert any(grade % 1 for grades in by_name["fractions"]["qrels"].values() for grade in grades.values())
    assert max(len(hits) for hits in by_name["deep"]["run"].values()) > 100


# --- properties ------------------------------------------------------------------------------------------------------

PRODUCTS = "abcdefghijkl"
grades = st.sampled_from([0, 1, 2, 3]) | st.integers(-100, 500).map(lambda hundredths: hundredths / 100)
judgements = st.dictionaries(st.sampled_from(PRODUCTS), grades, min_size=1)
rankings = st.lists(st.sampled_from(PRODUCTS), unique=True).map("".join)
names = st.sampled_from(list(METRICS))
cutoffs = st.sampled_from(["", "@1", "@3", "@10"])


@given(judgements, rankings, names, cutoffs, st.booleans())
def test_every_metric_lies_between_0_and_1(grades, hits, name, cutoff, judged_only) -> None:
    assert 0 <= score(name + cutoff, grades, hits, judged_only) <= 1


@given(judgements, rankings, cutoffs)
def test_best_order_is_worth_1_and_no_order_of_the_same_hits_is_worth_more(grades, hits, cutoff) -> None:
    best = "".join(sorted(grades, key=lambda product: -grades[product]))
    for name in ("ndcg", "ndcg_lin"):
        assert score(name + cutoff, grades, best) == (1 if max(grades.values()) > 0 else 0)
    if max(grades.values()) >= 1:
        for name in ("map", "recall", "mrr"):
            assert score(name, grades, best) == pytest.approx(1)
    sorted_hits = "".join(sorted(hits, key=lambda product: -max(grades.get(product, 0), 0)))
    for name in ("ndcg", "ndcg_lin", "map", "mrr"):
        assert score(name + cutoff, grades, sorted_hits) >= score(name + cutoff, grades, hits) - 1e-12


@given(judgements, rankings, st.permutations("uvwxyz"), names, cutoffs)
def test_unjudged_products_below_change_only_what_counts_hits(grades, hits, unjudged, name, cutoff) -> None:
    one, other = hits + "".join(unjudged), hits + "uvwxyz"
    assert score(name + cutoff, grades, one) == score(name + cutoff, grades, other)
    if name not in ("judged", "violations"):  # shares of what is shown, also with --judged-only
        if (name, cutoff) != ("p", ""):
            assert score(name + cutoff, grades, one) == score(name + cutoff, grades, hits)
        assert score(name + cutoff, grades, one, True) == score(name + cutoff, grades, hits, True)


@given(st.lists(st.tuples(judgements, rankings), min_size=1, max_size=6), names, cutoffs, st.booleans())
def test_queries_do_not_disturb_each_other(cases, name, cutoff, judged_only) -> None:
    # The highest grade, which err looks at, is that of all judgements.
    cases = [(grades | {"top": 5.0}, hits) for grades, hits in cases]
    qrels = Qrels({f"q{i}": grades for i, (grades, _) in enumerate(cases)})
    run = Run("run", {f"q{i}": tuple(hits) for i, (_, hits) in reversed(list(enumerate(cases)))})
    metric = parse_metric(name + cutoff)
    together = evaluate(qrels, run, [metric], judged_only, breaking=qrels).values[str(metric)]
    assert together.tolist() == [score(str(metric), grades, hits, judged_only) for grades, hits in cases]


def test_great_grades_do_not_overflow() -> None:
    graded = grade_run(Qrels({"q": dict.fromkeys(PRODUCTS, 1000.0)}), Run("run", {"q": PRODUCTS[::-1]}))
    assert ndcg(graded).tolist() == [1.0]
    assert np.isfinite(judged(graded)).all()


# --- err, violations -------------------------------------------------------------------------------------------------


def err_by_the_book(grades: list[float], top: float) -> float:
    """Algorithm 2 of Chapelle et al. (2009), one rank after another."""
    looking, expected = 1.0, 0.0
    for rank, grade in enumerate(grades, 1):
        satisfied = (2 ** max(grade, 0) - 1) / 2**top
        expected += looking * satisfied / rank
        looking *= 1 - satisfied
    return expected


def test_err_is_that_of_the_book_also_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(3)
    products = [f"p{i}" for i in range(30)]
    qrels = Qrels({f"q{i}": {p: int(dice.integers(0, 5)) for p in dice.choice(products, 12)} for i in range(40)})
    run = Run("run", {f"q{i}": tuple(dice.permutation(products)[: dice.integers(0, 30)]) for i in range(2, 40)})
    graded = grade_run(qrels, run)
    for cutoff in (None, 1, 10):
        expected = [
            err_by_the_book([qrels.grades[q].get(p, 0) for p in run.hits.get(q, ())][:cutoff], 4)
            for q in graded.queries
        ]
        assert expected_reciprocal_rank(graded, cutoff) == pytest.approx(expected, abs=1e-12)
        assert expected_reciprocal_rank(graded, cutoff, top_grade=4) == pytest.approx(expected, abs=1e-12)
        with monkeypatch.context() as patch:
            patch.setattr("eval.metrics._CELLS", 50)
            assert expected_reciprocal_rank(graded, cutoff) == pytest.approx(expected, abs=1e-12)


def test_err_of_a_run_that_found_nothing_judged() -> None:
    graded = grade_run(Qrels({"q": {"a": 1}}), Run("run", {}))
    assert expected_reciprocal_rank(graded).tolist() == [0.0]


def test_violations_are_looked_up_among_what_breaks_conditions() -> None:
    qrels = Qrels({"one": {"a": 3}, "two": {"a": 3}, "three": {"a": 1}})
    breaking = Qrels({"one": {"a": 1, "x": 1, "y": 0}, "stranger": {"a": 1}})
    run = Run("run", {"one": tuple("xay"), "two": tuple("xa")})
    metrics = [parse_metric("violations@2"), parse_metric("violations"), parse_metric("p@1")]
    scores = evaluate(qrels, run, metrics, judged_only=True, breaking=breaking)
    assert scores.values["violations@2"].tolist() == [1, 0, 0]
    assert scores.values["violations"] == pytest.approx([2 / 3, 0, 0])
    assert scores.values["p@1"].tolist() == [1, 1, 0]
    with pytest.raises(RequestError, match="--violations"):
        evaluate(qrels, run, metrics)
