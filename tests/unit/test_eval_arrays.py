"""Runs as whole arrays score what the same runs score as files, and arrays that cannot be meant are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.arrays import NOTHING, grade_arrays
from eval.metrics import METRICS, evaluate, parse_metric
from eval.qrels import Qrels, Run

MEASURED = [
    parse_metric(name + cutoff) for name in METRICS if name != "violations" for cutoff in ("", "@1", "@3", "@10")
]

products = st.lists(st.integers(0, 12), unique=True, max_size=10)
judgements = st.dictionaries(st.integers(0, 12), st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0]), min_size=1)


@given(st.lists(st.tuples(products, judgements), min_size=1, max_size=6), st.integers(0, 3), st.booleans())
def test_the_same_as_from_a_file(cases, spare: int, judged_only: bool) -> None:
    qrels = Qrels({f"q{i}": {str(p): grade for p, grade in known.items()} for i, (_, known) in enumerate(cases)})
    run = Run("run", {f"q{i}": tuple(map(str, hits)) for i, (hits, _) in enumerate(cases) if hits})
    graded = grade_arrays(
        _padded([hits for hits, _ in cases], NOTHING, spare),
        _padded([list(known) for _, known in cases], NOTHING, spare),
        _padded([list(known.values()) for _, known in cases], np.nan, spare),
        [f"q{i}" for i in range(len(cases))],
    )
    if judged_only:
        graded = graded.without_unjudged()
    expected = evaluate(qrels, run, [metric for metric in MEASURED if metric.kind != "judged"], judged_only)
    assert graded.queries == expected.queries
    for metric in MEASURED:
        if metric.kind != "judged":
            assert metric(graded).tolist() == expected.values[str(metric)].tolist(), metric
        elif not judged_only:
            assert metric(graded).tolist() == evaluate(qrels, run, [metric]).values[str(metric)].tolist()


def _padded(rows, filling, spare: int) -> np.ndarray:
    width = max(map(len, rows)) + spare
    table = [[*row, *[filling] * (width - len(row))] for row in rows]
    return np.array(table, dtype=np.float64 if np.isnan(filling) else np.int32).reshape(len(rows), width)


def test_next_purchases_by_hand() -> None:
    graded = grade_arrays([[4, 7, 9], [7, 4, 9], [1, 2, 3], [4, -1, -1]], [4, 9, 8, 7])
    assert graded.queries == ("0", "1", "2", "3")
    assert graded.hits.tolist() == [3, 3, 3, 1]
    assert parse_metric("hr@2")(graded).tolist() == [1, 0, 0, 0]
    assert parse_metric("mrr")(graded).tolist() == [1, 1 / 3, 0, 0]
    assert parse_metric("ndcg@10")(graded).tolist() == [1, 0.5, 0, 0]


@pytest.mark.parametrize(
    ("hits", "judged", "grades", "problem"),
    [
        ([1, 2], [1], None, r"hits: whole numbers of shape \(queries, n\), not int64 of shape \(2,\)"),
        ([[1.0, 2.0]], [1], None, r"hits: whole numbers of shape \(queries, n\), not float64"),
        ([[1, 2]], [[[1]]], None, "judged: whole numbers of shape"),
        ([[1, -2]], [1], None, "hits: products are numbers from 0 up, and -1 is no product"),
        ([[-1, 2]], [1], None, "hits: -1 fills rows up at their end"),
        ([[1, 2]], [1, 2], None, "1 rows of hits, 2 of judgements and 1 queries"),
        ([[1, 2, 1]], [1], None, "hits: a row holds a judged product twice"),
        ([[1, 2]], [[3, 3]], None, "judged: a row holds a product twice"),
        ([[1, 2]], [[1, 2]], [1.0], r"grades of shape \(1, 1\) for judgements of shape \(1, 2\)"),
        ([[1, 2]], [[1, 2]], [[1.0, np.nan]], "grades: a judged product needs a finite one"),
    ],
)
def test_what_cannot_be_meant_is_refused(hits, judged, grades, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        grade_arrays(hits, judged, grades)


def test_as_many_ids_as_rows() -> None:
    with pytest.raises(ValueError, match="1 rows of hits, 1 of judgements and 2 queries"):
        grade_arrays([[1, 2]], [1], queries=["a", "b"])
