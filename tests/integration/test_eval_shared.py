"""The judged sets of the development data are read whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.qrels import read_qrels, read_queries

pytestmark = pytest.mark.shared


@pytest.mark.parametrize(
    ("name", "queries", "judgements", "grades"),
    [
        ("icecat/{}.dev.tsv", 76, 1992, {0, 1, 2, 3}),
        ("crowdflower/{}.dev.tsv", 115, 4579, {0, 1, 2, 3}),
        ("homedepot/{}.train.tsv", 8804, 55390, {1, 1.25, 1.33, 1.5, 1.67, 1.75, 2, 2.25, 2.33, 2.5, 2.67, 2.75, 3}),
    ],
)
def test_judged_sets(shared: Path, name: str, queries: int, judgements: int, grades: set[float]) -> None:
    asked = read_queries(shared / "data" / name.format("queries"))
    judged = read_qrels(shared / "data" / name.format("qrels")).grades
    assert len(asked) == queries
    assert {query.id for query in asked} == set(judged)
    assert sum(map(len, judged.values())) == judgements
    assert {grade for products in judged.values() for grade in products.values()} == grades
