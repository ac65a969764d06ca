"""The command that asks for what is not sold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eval_stand_in import stand_in

from eval.__main__ import main
from search.domain import Hit, Query, SearchRequest, SearchResult


@pytest.fixture
def picky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index `products` finds a for dresses, b weakly for hoses, nothing else; c is far down with the dresses."""

    monkeypatch.chdir(tmp_path)

    def search(request: SearchRequest) -> SearchResult:
        ids = {"red dress": "a", "garden hose": "b"}.get(request.text, "")
        ids += "c" if request.filter and request.text in ("", "red dress") else ""
        hits = tuple(Hit({"id": each, "title": f"Thing {each}"}, rank, 0.5) for rank, each in enumerate(ids, 1))
        return SearchResult(Query(request.text, request.text, "en"), hits, len(hits), weak=request.text != "red dress")

    stand_in(monkeypatch, {"products": search})
    Path("queries.tsv").write_text("q1\tred dress\nq2\t红色 连衣裙\nq3\tlamp\n")
    Path("things.txt").write_text("garden hose\nred dress\nrocket fuel\nhorse\n")
    Path("good.tsv").write_text("q1 0 a 3\nq1 0 b 1\nq1 0 c 2\nq2 0 c 2\nq3 0 z 2\n")


def test_nothing_counts_the_manners_of_answering(picky: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing", "things.txt", "-q"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "queries   asked  nothing    weak  confident",
        "not sold      4   0.5000  0.2500     0.2500",
        "",
        "answered confidently though it is not sold, with the first hit:",
        "red dress | 0.500 | Thing a",
    ]


def test_nothing_and_what_it_costs(picky: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing", "things.txt", "--real", "queries.tsv", "--qrels", "good.tsv", "-q"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "queries   asked  nothing    weak  confident",
        "not sold      4   0.5000  0.2500     0.2500",
        "real          3   0.6667  0.0000     0.3333",
        "",
        "products of grade 2 and more           3   share",
        "returned                               1  0.3333",
        "ranked below the depth                 1  0.3333",
        "ruled out by a condition of the query  0  0.0000",
        "lost to the cut-off                    1  0.3333",
        "",
        "depth: 1000; not in the index: 1; lost since their query was answered by nothing: 1",
        "",
        "answered confidently though it is not sold, with the first hit:",
        "red dress | 0.500 | Thing a",
        "",
        "real queries answered by nothing:",
        "红色 连衣裙",
        "lamp",
        "",
        "good products not returned:",
        "q1 | red dress | c | 2 | ranked below the depth",
        "q2 | 红色 连衣裙 | c | 2 | lost to the cut-off",
    ]


def test_nothing_json(picky: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing", "things.txt", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "not_sold": {"queries": 4, "nothing": 0.5, "weak": 0.25, "confident": 0.25}
    }
    assert main(["nothing", "things.txt", "--real", "queries.tsv", "--qrels", "good.tsv", "--json", "-q"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["losses"] == {
        "products": 3, "absent": 1, "fates": {"found": 1, "deeper": 1, "condition": 0, "lost": 1},
        "lost_to_silence": 1,
    }  # fmt: skip
    assert answer["false_accepts"] == [{"text": "red dress", "manner": "confident", "title": "Thing a", "score": 0.5}]
    assert answer["silenced"] == ["红色 连衣裙", "lamp"]
    assert [each["product"] for each in answer["missed"]] == ["c", "c"]


def test_nothing_says_whose_grades_it_goes_by(picky: None, capsys: pytest.CaptureFixture[str]) -> None:
    Path("good.tsv").write_text("q1 0 a 3\nq1 llm c 2\n")
    said = "1 of 2 grades are by a language model; how it agrees with people is unknown"
    words = ["nothing", "things.txt", "--real", "queries.tsv", "--qrels", "good.tsv"]
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(said)
    assert main([*words, "--json"]) == 0
    out, err = capsys.readouterr()
    assert "losses" in json.loads(out)
    assert said in err
