"""The judged sets of the development data are read whole, and the hand-written conditions as they were meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.constraints import read_constraints
from eval.qrels import read_qrels, read_queries
from indexer.catalogue import ProductRow, load_mapping, read_catalogue
from search.documents import document

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


@pytest.mark.parametrize(
    ("name", "file"),
    [("icecat", "icecat/catalogue.jsonl"), ("beauty", "chinese/beauty.csv"), ("leyou", "chinese/leyou.jsonl")],
)
def test_constraints_are_judged_as_those_who_wrote_them_did(shared: Path, name: str, file: str) -> None:
    """`available` was counted by others: products on topic of which every condition is known to hold.

    What has no colour counts as not black there.
    """
    mapping = load_mapping(str(Path(__file__).parents[2] / "examples" / "mappings" / f"{name}.toml"))
    rows = read_catalogue([str(shared / "data" / file)], mapping)
    documents = [document(row.product) for row in rows if isinstance(row, ProductRow)]
    queries = [
        query for query in read_constraints(shared / "data" / "constraints.dev.jsonl") if query.catalogue == name
    ]
    assert queries
    for query in queries:
        fit = 0
        for one in filter(query.is_about, documents):
            verdicts = [(condition.op, condition.verdict(one)) for condition in query.require]
            fit += all(said == "satisfied" or (op == "is not" and said == "unknown") for op, said in verdicts)
        assert fit == query.available, query.text
