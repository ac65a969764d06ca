"""Metrics against trec_eval itself, through ir_measures, on judgements and runs that are new each time.

What trec_eval does not know (rbp, err, fractional grades) is pinned by tests/golden/make_metrics.py, where the tools'
conventions are told as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import AP, RR, Judged, Measure, P, R, Success, nDCG

from eval.metrics import evaluate, parse_metric
from eval.qrels import Qrels, Run, run_by_line

Grades: TypeAlias = dict[str, dict[str, int]]
Scored: TypeAlias = dict[str, dict[str, float]]

BURGES = {0: 0, 1: 1, 2: 3, 3: 7}
MEASURES = {
    "ndcg@1": nDCG(gains=BURGES) @ 1,
    "ndcg@10": nDCG(gains=BURGES) @ 10,
    "ndcg": nDCG(gains=BURGES),
    "ndcg_lin@10": nDCG @ 10,
    "ndcg_lin": nDCG,
    "recall@5": R @ 5,
    "recall@100": R @ 100,
    "p@3": P @ 3,
    "p@10": P @ 10,
    "mrr": RR,
    "map": AP,
    "map@5": AP @ 5,
    "hit@1": Success @ 1,
    "hr@10": Success @ 10,
}
# ir_measures computes these itself and breaks ties in its own way, so they are given the ranking without ties.
TIELESS = {"mrr@3": RR @ 3, "mrr@10": RR @ 10, "judged@3": Judged @ 3, "judged@10": Judged @ 10, "judged": Judged}
JUDGED_ONLY = {
    "ndcg@10": nDCG(gains=BURGES, judged_only=True) @ 10,
    "ndcg_lin@10": nDCG(judged_only=True) @ 10,
    "recall@5": R(judged_only=True) @ 5,
    "p@10": P(judged_only=True) @ 10,
    "mrr": RR(judged_only=True),
    "map": AP(judged_only=True),
    "hit@1": Success(judged_only=True) @ 1,
}

PRODUCTS = st.sampled_from([*(f"p{number}" for number in range(25)), "P1", "10", "9", "é", "红"])
SCORES = st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(-9, 9, width=32)
QUERIES = st.sampled_from([f"q{number}" for number in range(8)])


class Case(NamedTuple):
    """`found` may lack queries of `qrels`, have others, and be empty; its hits are in trec_eval's order.

    That is by score, equal scores by the bytes of the product id, the last first: trec_eval ignores ranks.
    """

    qrels: Grades
    found: Scored

    def run(self) -> Run:
        """Through the lines of a file, so that tied hits are ordered as in any run."""
        lines = [
            f"{query}\tQ0\t{product}\t{rank}\t{score!r}\tt"
            for query, hits in self.found.items()
            for rank, (product, score) in enumerate(hits.items(), 1)
        ]
        return run_by_line("\n".join(reversed(lines)).encode(), Path("run.trec")) if lines else Run("run.trec", {})

    def without_ties(self) -> Scored:
        return {
            query: {product: -float(rank) for rank, product in enumerate(hits)} for query, hits in self.found.items()
        }


def in_trec_order(hits: dict[str, float]) -> dict[str, float]:
    return dict(sorted(hits.items(), key=lambda hit: (hit[1], hit[0].encode()), reverse=True))


cases = st.builds(
    Case,
    st.dictionaries(QUERIES, st.dictionaries(PRODUCTS, st.integers(0, 3), min_size=1), min_size=1),
    st.dictionaries(QUERIES, st.dictionaries(PRODUCTS, SCORES, min_size=1).map(in_trec_order)),
)


def reference(measure: Measure, qrels: Grades, run: Scored) -> dict[str, float]:
    """By query, 0 for those that the run lacks. One measure at a time: asked for nDCG with and without `gains` at once,
    ir_measures may apply the gains to both."""
    values = dict.fromkeys(qrels, 0.0)
    values |= {
        metric.query_id: metric.value
        for metric in ir_measures.iter_calc([measure], qrels, run)
        if metric.query_id in qrels
    }
    return values


def agree(case: Case, measures: Mapping[str, Measure], run: Scored, judged_only: bool = False) -> None:
    metrics = [parse_metric(name) for name in measures]
    scores = evaluate(Qrels(case.qrels), case.run(), metrics, judged_only)
    for name, measure in measures.items():
        ours = dict(zip(scores.queries, scores.values[name].tolist(), strict=True))
        theirs = reference(measure, case.qrels, run)
        assert ours == pytest.approx(theirs, abs=1e-9), name
        assert scores.mean(name) == pytest.approx(sum(theirs.values()) / len(theirs), abs=1e-9), name


@settings(max_examples=80)
@given(cases)
def test_every_metric_that_trec_eval_knows(case: Case) -> None:
    agree(case, MEASURES, case.found)
    agree(case, TIELESS, case.without_ties())


@settings(max_examples=80)
@given(cases)
def test_judged_only(case: Case) -> None:
    agree(case, JUDGED_ONLY, case.found, judged_only=True)


@settings(max_examples=80)
@given(cases, st.dictionaries(QUERIES, st.dictionaries(PRODUCTS, st.just(1), min_size=1), min_size=1))
def test_violations(case: Case, breaking: Grades) -> None:
    """The share of hits that break a condition is the share judged, had someone judged those and no others."""
    names = {"violations@3": Judged @ 3, "violations@10": Judged @ 10, "violations": Judged}
    metrics = [parse_metric(name) for name in names]
    scores = evaluate(Qrels(case.qrels), case.run(), metrics, breaking=Qrels(breaking))
    for name, measure in names.items():
        theirs = dict.fromkeys(case.qrels, 0.0) | reference(measure, breaking, case.without_ties())
        ours = dict(zip(scores.queries, scores.values[name].tolist(), strict=True))
        assert ours == pytest.approx({query: theirs[query] for query in ours}, abs=1e-9), name
