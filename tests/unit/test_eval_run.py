"""Asking the engine and writing its answers; tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eval.qrels import EvalQuery, read_run
from eval.run import run_queries
from eval.tables import display_width, table
from search.domain import Constraint, Hit, Query, SearchRequest, SearchResult
from search.errors import JudgementError, StoreUnavailable


def result(request: SearchRequest, *products: str) -> SearchResult:
    hits = tuple(Hit({"id": product, "title": "…"}, rank, 0.5) for rank, product in enumerate(products, 1))
    return SearchResult(Query(request.text, request.text, "en"), hits[: request.limit], len(hits))


QUERIES = (EvalQuery("q1", "red dress"), EvalQuery("q2", "nothing"), EvalQuery("q3", "红色 连衣裙"))


def test_every_query_is_asked_once_with_its_text_and_depth(tmp_path: Path) -> None:
    asked: list[SearchRequest] = []

    def search(request: SearchRequest) -> SearchResult:
        asked.append(request)
        return result(request, *([] if request.text == "nothing" else ["b", "c", "a"]))

    summary = run_queries(search, QUERIES, tmp_path / "run.trec", "products", depth=2).summary
    assert asked == [SearchRequest(text=query.text, limit=2) for query in QUERIES]
    assert read_run(tmp_path / "run.trec").hits == {"q1": ("b", "c"), "q3": ("b", "c")}
    assert (summary.queries, summary.hits, summary.without_results, summary.depth) == (3, 4, 1, 2)
    assert summary.seconds >= 0
    assert summary.ms_p50 <= summary.ms_p95


def test_every_query_is_recorded_with_its_stages_and_without_its_words(tmp_path: Path) -> None:
    under_80 = Constraint("price", "<", 80, (0, 9), "under $80")

    def search(request: SearchRequest) -> SearchResult:
        if request.text == "nothing":
            return SearchResult(Query("nothing", "nothing", "en"), (), 0, weak=True, degraded=("lexical",))
        found = result(request, "a", "b")
        return replace(found, query=replace(found.query, constraints=(under_80,)), timings={"encode": 1.23456})

    asked = run_queries(search, QUERIES, tmp_path / "run.trec", "products").queries
    assert list(asked) == ["q1", "q2", "q3"]
    first, nothing = asked["q1"], asked["q2"]
    assert (first.language, first.constraints, first.hits, first.weak, first.degraded) == ("en", 1, 2, False, ())
    assert list(first.milliseconds) == ["encode", "total"]
    assert first.milliseconds["encode"] == 1.235
    assert (nothing.constraints, nothing.hits, nothing.weak, nothing.degraded) == (0, 0, True, ("lexical",))
    assert list(nothing.milliseconds) == ["total"]
    assert nothing.milliseconds["total"] >= 0


def test_search_that_fails_writes_nothing(tmp_path: Path) -> None:
    def search(request: SearchRequest) -> SearchResult:
        if request.text == "nothing":
            raise StoreUnavailable("gone")
        return result(request, "a")

    with pytest.raises(StoreUnavailable):
        run_queries(search, QUERIES, tmp_path / "run.trec", "products")
    assert list(tmp_path.iterdir()) == []


def test_index_that_finds_nothing_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(JudgementError, match="Is the index empty"):
        run_queries(result, QUERIES, tmp_path / "run.trec", "products")
    assert list(tmp_path.iterdir()) == []


def test_table_lines_up_also_under_chinese() -> None:
    lines = table(["run", "map"], [["红色", "0.5"], ["b", "0.25"]]).split("\n")
    assert lines == ["run    map", "红色   0.5", "b     0.25"]
    assert {display_width(line) for line in lines} == {10}


def test_combining_marks_take_no_room() -> None:
    assert display_width("cafe\u0301") == 4
