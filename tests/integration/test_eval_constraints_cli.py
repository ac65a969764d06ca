"""The command that judges answers by the conditions of their queries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eval_stand_in import stand_in

from eval.__main__ import main
from eval.run import Search
from search.domain import Hit, Query, SearchRequest, SearchResult
from search.errors import IndexNotFound

SHOP = (
    {"id": "a", "title": "HP mouse", "brand": "HP", "price": 8},
    {"id": "b", "title": "Mouse mat", "brand": "Dell"},
    {"id": "c", "title": "无线鼠标", "brand": "惠普（HP）", "price": 30, "colour": "亮黑色"},
    {"id": "d", "title": "Keyboard", "brand": "HP", "price": 12},
)
CONSTRAINED = (
    {"q": "mouse under $10", "catalogue": "shop", "about": ["mouse"], "require": [["price", "<", 10]], "available": 2},
    {"q": "黑色鼠标", "catalogue": "店", "about": ["鼠标"], "require": [["colour", "is", "黑"]], "available": 1},
)


@pytest.fixture
def shops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, SearchRequest]]:
    """Indexes `shop` and `店`. As served they answer with a and b, or with c; by meaning alone with everything."""
    monkeypatch.chdir(tmp_path)
    asked: list[tuple[str, SearchRequest]] = []

    def searching(index: str, ids: str) -> Search:
        def search(request: SearchRequest) -> SearchResult:
            asked.append((index, request))
            found = [each for each in SHOP if each["id"] in (ids if request.understand else "abcd")]
            hits = tuple(Hit(each, rank, 0.5) for rank, each in enumerate(found, 1))
            return SearchResult(Query(request.text, request.text, "en"), hits, len(hits))

        return search

    stand_in(monkeypatch, {"shop": searching("shop", "ab"), "店": searching("店", "c")})
    Path("q.jsonl").write_text("".join(json.dumps(each) + "\n" for each in CONSTRAINED))
    return asked


def test_constraints_are_judged_in_the_index_of_their_catalogue(
    shops: list[tuple[str, SearchRequest]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["constraints", "q.jsonl"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[:8] == [
        "                served",
        "queries              2",
        "hits                 3",
        "violations@10   0.0000",
        "unknown@10      0.3333",
        "places filled   1.0000",
        "on topic        1.0000",
        "filled queries     2/2",
    ]
    assert err == ""
    assert shops == [
        ("shop", SearchRequest(text="mouse under $10", limit=10)),
        ("店", SearchRequest(text="黑色鼠标", limit=10)),
    ]


def test_constraints_beside_meaning_alone(
    shops: list[tuple[str, SearchRequest]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["constraints", "q.jsonl", "--dense", "-q"]) == 0
    assert capsys.readouterr().out.splitlines()[:15] == [
        "query            catalogue  places  hits  unknown  broken  on topic  filled  dense broken  dense on topic"
        "  dense filled",
        "mouse under $10  shop            2     2        1       0         2     yes             2               2"
        "           yes",
        "黑色鼠标         店              1     1        0       0         1     yes             0               1"
        "           yes",
        "",
        "hits that break a condition or are off topic:",
        "none",
        "",
        "                served   dense",
        "queries              2       2",
        "hits                 3       8",
        "violations@10   0.0000  0.2500",
        "unknown@10      0.3333  0.5000",
        "places filled   1.0000  1.0000",
        "on topic        1.0000  0.3750",
        "filled queries     2/2     2/2",
    ]
    assert [request for _, request in shops if not request.understand] == [
        SearchRequest(text=each["q"], limit=10, understand=False, semantic_ratio=1.0) for each in CONSTRAINED
    ]


def test_constraints_lists_the_wrong_hits(shops: object, capsys: pytest.CaptureFixture[str]) -> None:
    mouse = {**CONSTRAINED[0], "about": ["hp"], "require": [["price", ">", 10], ["brand", "is not", "hp"]]}
    Path("q.jsonl").write_text(json.dumps(mouse))
    assert main(["constraints", "q.jsonl", "-q"]) == 0
    assert capsys.readouterr().out.splitlines()[3:6] == [
        "hits that break a condition or are off topic:",
        "mouse under $10 | 1 | a | price > 10: 8; brand is not hp: HP | HP mouse",
        "mouse under $10 | 2 | b | off topic | Mouse mat",
    ]


def test_constraints_json(shops: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["constraints", "q.jsonl", "--dense", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["served"] == {
        "queries": 2, "hits": 3, "violations@10": 0, "unknown@10": pytest.approx(1 / 3), "places_filled": 1,
        "on_topic": 1, "queries_filled": 2,
    }  # fmt: skip
    assert answer["dense"]["violations@10"] == 0.25
    assert main(["constraints", "q.jsonl", "--json", "-q"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["served"]
    assert answer["served"]["by_query"][0]["hits"][1] == {
        "id": "b", "title": "Mouse mat", "rank": 2, "broken": [], "unknown": ["price"], "on_topic": True,
    }  # fmt: skip


def test_an_index_named_as_a_catalogue_is_asked_its_queries_alone(
    shops: list[tuple[str, SearchRequest]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["constraints", "q.jsonl", "--index", "shop"]) == 0
    assert [(index, request.text) for index, request in shops] == [("shop", "mouse under $10")]
    assert "1 of 2 queries are of other catalogues than 'shop': left out" in capsys.readouterr().err


def test_any_index_can_be_asked_the_queries_of_a_catalogue(
    shops: list[tuple[str, SearchRequest]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["constraints", "q.jsonl", "--index", "shop", "--catalogue", "店"]) == 0
    assert [(index, request.text) for index, request in shops] == [("shop", "黑色鼠标")]
    assert capsys.readouterr().err == ""
    assert main(["constraints", "q.jsonl", "--catalogue", "other"]) == 1
    assert "has no queries of 'other'; there are: shop, 店." in capsys.readouterr().err


def test_an_index_of_another_name_is_asked_everything(
    shops: list[tuple[str, SearchRequest]], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.jsonl").write_text("".join(json.dumps({**each, "catalogue": each["q"]}) + "\n" for each in CONSTRAINED))
    assert main(["constraints", "other.jsonl", "--index", "shop"]) == 0
    assert [(index, request.text) for index, request in shops] == [("shop", "mouse under $10"), ("shop", "黑色鼠标")]
    assert "queries of mouse under $10, 黑色鼠标 are all asked in 'shop'" in capsys.readouterr().err
    Path("other.jsonl").write_text(json.dumps({**CONSTRAINED[0], "catalogue": "other"}))
    assert main(["constraints", "other.jsonl", "--index", "shop"]) == 0
    assert capsys.readouterr().err == ""


def test_constraints_without_the_index_says_how_to_build_it(
    shops: list[tuple[str, SearchRequest]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["constraints", "q.jsonl", "--index", "none"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(f"error: {IndexNotFound('none')}\n")
