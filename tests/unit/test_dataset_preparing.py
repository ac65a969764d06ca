"""A judged set → our own files: what is written, counted, sampled, and never left half."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.datasets.dataset import Choice, Judgement, Reading
from eval.datasets.preparing import Counts, Part, prepare, select
from eval.datasets.wands import WANDS
from eval.datasets.writing import assembling
from eval.qrels import EvalQuery, read_qrels, read_queries
from search.domain import Document
from search.errors import DatasetError

T = TypeVar("T")


def quietly(items: Iterable[T], doing: str, /) -> Iterable[T]:
    return items


def reading(
    queries: dict[str, str], judgements: Iterable[tuple[str, str, float]], products: Iterable[Document]
) -> Reading:
    return Reading(
        files=(),
        queries=lambda: [EvalQuery(query, text) for query, text in queries.items()],
        judgements=lambda: [Judgement(*each) for each in judgements],
        products=lambda: products,
    )


def simple(judgements: Iterable[tuple[str, str, float]] = (("q1", "p1", 1),), **products: str) -> Reading:
    rows = [{"id": product, "title": title} for product, title in (products or {"p1": "Lamp"}).items()]
    return reading({"q1": "lamp", "q2": "desk"}, judgements, rows)


def prepared(source: Reading, out: Path, **part: object) -> Counts:
    return prepare(WANDS, source, Part(Choice(), **part), out, quietly)  # type: ignore[arg-type]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    counts = prepared(simple([("q1", "p1", 2), ("q1", "p 2", 0.5), ("q2", "p1", -1)]), tmp_path / "out")
    assert read_qrels(tmp_path / "out" / "qrels.tsv").grades == {"q1": {"p1": 2, "p 2": 0.5}, "q2": {"p1": -1}}
    assert [query.text for query in read_queries(tmp_path / "out" / "queries.tsv")] == ["lamp", "desk"]
    assert (tmp_path / "out" / "catalogue.jsonl").read_text() == '{"id":"p1","title":"Lamp"}\n'
    assert counts.grades == {"2": 1, "0.5": 1, "-1": 1}
    record = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert record["counts"]["judgements"] == 3
    assert (record["name"], record["terms"], record["home"]) == ("wands", WANDS.terms, WANDS.home)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_pairs_judged_more_than_once_get_the_mean(tmp_path: Path) -> None:
    judgements = [("q1", "p1", 2.0), ("q1", "p1", 1.0), ("q1", "p1", 0.0), ("q1", "p2", 1.0), ("q1", "p2", 1.0)]
    counts = prepared(simple(judgements), tmp_path / "out")
    assert read_qrels(tmp_path / "out" / "qrels.tsv").grades == {"q1": {"p1": 1.0, "p2": 1.0}}
    assert (counts.judgements, counts.repeated, counts.disagreeing) == (2, 2, 1)


def test_judgements_of_products_that_are_not_there_are_counted_and_kept(tmp_path: Path) -> None:
    counts = prepared(simple([("q1", "p1", 2), ("q1", "gone", 2), ("q2", "gone", 1)]), tmp_path / "out")
    assert (counts.judged_products_not_in_catalogue, counts.judgements_not_in_catalogue) == (1, 2)
    assert read_qrels(tmp_path / "out" / "qrels.tsv").grades["q2"] == {"gone": 1}


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"None of the 1 judged products is in the catalogue.*The first is 'other'"):
        prepared(simple([("q1", "other", 1)]), tmp_path / "out")
    with pytest.raises(DatasetError, match="No query has both a text and a judgement"):
        prepared(simple([("q9", "p1", 1)]), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_queries_without_text_or_judgement_are_left_out(tmp_path: Path) -> None:
    counts = prepared(simple([("q1", "p1", 1), ("q9", "p1", 1), ("q8", "p1", 1)]), tmp_path / "out")
    assert (counts.queries, counts.judged_queries_without_text, counts.queries_without_judgement) == (1, 2, 1)
    assert list(read_qrels(tmp_path / "out" / "qrels.tsv").grades) == ["q1"]


def test_products_without_a_title_are_named_by_their_text(tmp_path: Path) -> None:
    text = "Quiet fan " * 20
    rows: list[Document] = [
        {"id": "p1", "title": "", "description": "A short  text", "brand": None, "category": []},
        {"id": "p2", "title": "", "description": text},
        {"id": "p3", "title": "", "description": " "},
        {"id": "p4", "title": "", "description": "x" * 400},
    ]
    counts = prepared(reading({"q1": "fan"}, [("q1", "p1", 1), ("q1", "p3", 1)], rows), tmp_path / "out")
    written = [json.loads(line) for line in (tmp_path / "out" / "catalogue.jsonl").read_text().splitlines()]
    assert written[0] == {"id": "p1", "title": "A short text"}
    assert written[1] == {"id": "p2", "title": ("Quiet fan " * 15).strip(), "description": text}
    assert written[2]["title"] == "x" * 150
    assert (counts.products, counts.products_without_title, counts.products_without_text) == (3, 3, 1)
    assert counts.judgements_not_in_catalogue == 1


def test_only_judged_products(tmp_path: Path) -> None:
    counts = prepared(simple(p1="Lamp", p2="Desk"), tmp_path / "out", judged_products=True)
    assert counts.products == 1
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["only_judged_products"] is True


@given(st.permutations([f"q{number}" for number in range(12)]), st.integers(1, 11))
def test_a_sample_is_the_same_in_any_order_and_in_every_larger_one(order: list[str], most: int) -> None:
    source = reading(dict.fromkeys(order, "x"), [(query, "p", 1) for query in order], [])
    smaller = {query.id for query in select(source, most, quietly).queries}
    assert len(smaller) == most
    assert smaller < {query.id for query in select(source, most + 1, quietly).queries}
    again = reading(dict.fromkeys(sorted(order), "x"), [(query, "p", 1) for query in sorted(order)], [])
    assert {query.id for query in select(again, most, quietly).queries} == smaller


def test_a_sample_keeps_the_order_of_the_file_and_its_counts_are_its_own(tmp_path: Path) -> None:
    queries = {f"q{number}": "x" for number in range(50)}
    judgements = [(query, "p1", grade) for query in queries for grade in (0.0, 1.0)]
    counts = prepared(reading(queries, judgements, [{"id": "p1", "title": "Lamp"}]), tmp_path / "out", queries=7)
    written = [query.id for query in read_queries(tmp_path / "out" / "queries.tsv")]
    assert written == [query for query in queries if query in written]
    assert (counts.queries, counts.judgements, counts.repeated, counts.disagreeing) == (7, 7, 7, 7)
    assert list(read_qrels(tmp_path / "out" / "qrels.tsv").grades) == written


# --- the folder ------------------------------------------------------------------------------------------------------

NAMES = ("a", "b", "mark")


def test_a_new_folder_appears_whole(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with assembling(out, NAMES) as part:
        (part / "a").touch()
        (part / "mark").touch()
        assert not out.exists()
    assert sorted(path.name for path in out.iterdir()) == ["a", "mark"]
    assert [path.name for path in out.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_interrupted_folder_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def interrupted(out: Path) -> None:
        with assembling(out, NAMES) as part:
            (part / "a").write_text("new")
            raise error

    with pytest.raises(error):
        interrupted(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out").mkdir()
    for name in ("a", "mark"):
        (tmp_path / "out" / name).write_text("old")
    with pytest.raises(error):
        interrupted(tmp_path / "out")
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {"a": "old", "mark": "old"}


def test_a_folder_of_ours_is_replaced_and_other_files_in_it_stay(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("a", "b", "mark", "run.trec"):
        (out / name).write_text("old")
    with assembling(out, NAMES) as part:
        for name in ("a", "mark"):
            (part / name).write_text("new")
    assert {path.name: path.read_text() for path in out.iterdir()} == {"a": "new", "mark": "new", "run.trec": "old"}


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(DatasetError, match="holds a that this command did not write"), assembling(tmp_path, NAMES):
        raise AssertionError("not reached")
    with pytest.raises(DatasetError, match="is not a folder"), assembling(tmp_path / "a", NAMES):
        raise AssertionError("not reached")
    with pytest.raises(DatasetError, match="cannot be written"), assembling(tmp_path / "a" / "out", NAMES):
        raise AssertionError("not reached")
    assert (tmp_path / "a").read_text() == "mine"
