"""`pool`, `grades` and `judge` from the command line, and what `measure` says of a model's grades."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from building import build
from fake_encoder import FakeEncoder
from llm_server import Reply, refuses, says, serving

from eval.__main__ import main
from eval.commands.judge import FEWEST_SHARED
from search.storage.edge import EdgeStore

QUERIES, PRODUCTS, JUDGED = 10, 12, 8


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten queries of twelve hits in each of two runs; eight of the hits of each query are judged."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAOGOU_DATA_DIR", str(tmp_path / "data"))
    queries = [f"q{number}" for number in range(QUERIES)]
    products = [f"p{number:02}" for number in range(PRODUCTS)]
    runs = {"a.trec": products, "b.trec": list(reversed(products))}
    for name, order in runs.items():
        lines = [
            f"{query}\tQ0\t{product}\t{i}\t{9 - i / 10}\tt\n" for query in queries for i, product in enumerate(order)
        ]
        Path(name).write_text("".join(lines))
    Path("queries.tsv").write_text("".join(f"{query}\tlamp number {query}\n" for query in queries))
    Path("titles.tsv").write_text("".join(f"{product}\t台灯 {product}\n" for product in products))
    judged = [f"{query} 0 {product} {_truth(product)}\n" for query in queries for product in products[:JUDGED]]
    Path("human.tsv").write_text("".join(judged))
    return tmp_path


def _truth(product: str) -> int:
    return int(hashlib.md5(product.encode(), usedforsecurity=False).hexdigest(), 16) % 4


POOL = ["pool", "a.trec", "b.trec", "--queries", "queries.tsv"]
TITLES = ["--titles", "titles.tsv"]


def _rows(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# --- pool ------------------------------------------------------------------------------------------------------------


def test_a_pool_says_what_it_costs_and_how_to_grade(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*POOL, *TITLES, "--qrels", "human.tsv", "--out", "pool.csv"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[:7] == [
        "run     first hits  judged already  in no other run",
        "a.trec         100              80                0",
        "b.trec         100              60               20",
        "",
        "40 pairs of 10 queries to judge; 80 left out as judged.",
        "40 judgements, about 0.2 hours if each takes 20 seconds.",
        "  pool.csv: 40 rows",
    ]
    assert "  3  exact: " in out
    assert "正是所搜的商品" in out
    rows = _rows("pool.csv")
    assert {row["product_id"] for row in rows} == {"p08", "p09", "p10", "p11"}
    assert {row["title"] for row in rows} == {f"台灯 {product}" for product in ("p08", "p09", "p10", "p11")}
    assert {row["query"] for row in rows} == {f"lamp number q{number}" for number in range(QUERIES)}


def test_several_judges_get_sheets_that_overlap(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*POOL, *TITLES, "--judges", "3", "--overlap", "0.25", "--out", "pool.csv"]) == 0
    out = capsys.readouterr().out
    assert "150 judgements" in out
    assert "30 pairs go to two judges" in out
    sheets = [_rows(f"pool.{number}.csv") for number in (1, 2, 3)]
    assert [{row["judge"] for row in sheet} for sheet in sheets] == [{"1"}, {"2"}, {"3"}]
    assert sum(map(len, sheets)) == 150
    assert not Path("pool.csv").exists()


def test_products_come_from_the_index_without_an_encoder(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    products = [
        {"id": "p00", "title": "Lamp", "brand": "Tarn", "price": 59, "currency": "USD", "image": "https://x/y.jpg"}
    ]
    build(EdgeStore(files / "data"), FakeEncoder(), products, "lamps")
    assert main([*POOL, "--index", "lamps", "--sample", "70", "--out", "pool.csv"]) == 0
    out, err = capsys.readouterr()
    assert "120 pairs of 10 queries to judge, 70 of them drawn" in out
    assert "warning: 11 of 12 products are not in index 'lamps'" in err
    (row, *_) = [row for row in _rows("pool.csv") if row["product_id"] == "p00"]
    assert (row["title"], row["brand"], row["price"], row["image"]) == ("Lamp", "Tarn", "59 USD", "https://x/y.jpg")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([*TITLES, "--qrels", "all.tsv"], "are judged in all.tsv; nothing is left to do"),
        (["--titles", "other.tsv"], "None of the 12 products is in other.tsv"),
        (["--index", "nowhere"], "There is no index 'nowhere'"),
    ],
)
def test_pools_that_cannot_be(files: Path, capsys: pytest.CaptureFixture[str], words: list[str], problem: str) -> None:
    lines = [f"q{query} 0 p{product:02} 1\n" for query in range(QUERIES) for product in range(PRODUCTS)]
    Path("all.tsv").write_text("".join(lines))
    Path("other.tsv").write_text("x\tLamp\n")
    assert main([*POOL, *words, "--out", "pool.csv"]) == 1
    assert problem in capsys.readouterr().err
    assert not Path("pool.csv").exists()


def test_wrong_usage_of_pool(files: Path) -> None:
    assert main([*POOL, *TITLES, "--overlap", "0.5", "--out", "p.csv"]) == 2
    assert main([*POOL, *TITLES, "--judges", "0", "--out", "p.csv"]) == 2
    assert main([*POOL, *TITLES, "--index", "lamps", "--out", "p.csv"]) == 2


def test_queries_nobody_knows_the_words_of_are_left_out(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("queries.tsv").write_text("q1\tlamp\n")
    assert main([*POOL, *TITLES, "--out", "pool.csv"]) == 0
    assert "9 queries of the runs are not in queries.tsv" in capsys.readouterr().err
    Path("queries.tsv").write_text("x\tlamp\n")
    assert main([*POOL, *TITLES, "--out", "pool.csv"]) == 1


# --- grades ----------------------------------------------------------------------------------------------------------


def _fill(path: str, out: str, grade: Any, separator: str = ";") -> None:
    rows = _rows(path)
    with Path(out).open("w", encoding="utf-16", newline="") as file:
        writer = csv.DictWriter(file, list(reversed(rows[0])), delimiter=separator)
        writer.writeheader()
        writer.writerows(row | {"grade": grade(row)} for row in rows)


def test_from_runs_to_judgements(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*POOL, *TITLES, "--judges", "2", "--overlap", "0.5", "--out", "pool.csv"]) == 0
    _fill("pool.1.csv", "anna.csv", lambda row: f"{_truth(row['product_id'])},0")
    _fill("pool.2.csv", "ben.csv", lambda row: "" if row["product_id"] == "p01" else _truth(row["product_id"]), "\t")
    capsys.readouterr()
    assert main(["grades", "anna.csv", "ben.csv", "--pool", "pool.1.csv", "pool.2.csv", "--out", "new.tsv"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "Cohen's kappa                   1.00 [1.00, 1.00]  almost perfect" in out
    assert "Landis and Koch (1977)" in out
    lines = [line.split("\t") for line in Path("new.tsv").read_text().splitlines()]
    assert len(lines) > 110
    assert all(mark == "0" and float(grade) == _truth(product) for _, mark, product, grade in lines)
    assert main(["measure", "new.tsv", "a.trec", "ndcg@10"]) == 0
    assert "llm" not in capsys.readouterr().out


def test_grades_json(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.csv").write_text("query_id,product_id,judge,grade\n" + "".join(
        f"q,p{i},{judge},{(i + (judge == 'b' and i % 5 == 0)) % 4}\n" for i in range(40) for judge in "ab"
    ))  # fmt: skip
    assert main(["grades", "s.csv", "--out", "new.tsv", "--merge", "mean", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "were not checked" in err
    found = json.loads(out)
    assert (found["pairs"], found["judges"]) == (40, {"a": 40, "b": 40})
    kappa = found["agreement"]["Cohen's kappa"]
    assert kappa["value"] == pytest.approx(0.7333, abs=1e-3)
    assert kappa["interval"]["low"] < kappa["value"] < kappa["interval"]["high"]


def test_nothing_is_written_when_something_is_wrong(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*POOL, *TITLES, "--out", "pool.csv"]) == 0
    Path("new.tsv").write_text("mine\n")
    _fill("pool.csv", "anna.csv", lambda row: "")
    assert main(["grades", "anna.csv", "--out", "new.tsv"]) == 1
    assert "No row has a grade" in capsys.readouterr().err
    _fill("pool.csv", "anna.csv", lambda row: "5" if row["product_id"] == "p03" else "1")
    assert main(["grades", "anna.csv", "--out", "new.tsv"]) == 1
    assert "anna.csv, line" in capsys.readouterr().err
    assert main(["grades", "anna.csv", "--out", "new.tsv", "--scale", "0-5"]) == 0
    assert "Agreement is unknown" in capsys.readouterr().out
    assert main(["grades", "anna.csv", "--out", "new.tsv", "--scale", "3-0"]) == 2


# --- judge -----------------------------------------------------------------------------------------------------------

JUDGE = ["judge", "pool.csv", "--qrels", "human.tsv", "--out", "llm.tsv", "--parallel", "2"]


@pytest.fixture
def pooled(files: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main([*POOL, *TITLES, "--out", "pool.csv"]) == 0
    capsys.readouterr()
    return files


def _grader(payload: Any) -> Reply:
    """Right of most products, one too kind to p00, and tongue-tied about p11."""
    product = json.loads(payload["messages"][1]["content"])["product"]["title"].split()[-1]
    if product == "p11":
        return says("It is a fine lamp.")
    grade = min(3, _truth(product) + (product == "p00"))
    return says(json.dumps({"kind": 3, "conditions": 3, "grade": grade}))


def _use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DAOGOU_LLM_URL", url)
    monkeypatch.setenv("DAOGOU_LLM_MODEL", "gpt-x")


def test_a_model_judges_and_is_judged(
    pooled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(_grader) as server:
        _use(monkeypatch, server.url)
        assert main(JUDGE) == 0
        assert len(server.asked) == 120
    out, err = capsys.readouterr()
    assert out.startswith("gpt-x against people, on 80 pairs that both graded\n")
    assert out.index("Cohen's kappa") < out.index("people \\ model") < out.index("llm.tsv: ")
    assert "llm.tsv: 80 grades by people, 30 by gpt-x, marked llm." in out
    assert "120 calls this time; tokens: 12,000 in, 840 out." in out
    assert "warning: of 120 answers 10 unreadable; these pairs are left ungraded" in err
    lines = [line.split("\t") for line in Path("llm.tsv").read_text().splitlines()]
    assert [mark for _, mark, _, _ in lines].count("llm") == 30
    assert all(int(grade) == _truth(product) for _, _, product, grade in lines)  # people's own grade for p00
    record = json.loads(Path("llm.tsv.json").read_text())
    assert (record["model"], record["pairs"], record["graded"], record["ungraded"]) == ("gpt-x", 80, 30, 10)
    assert record["kappa"]["interval"]["low"] < record["kappa"]["value"] < 1
    assert record["model_mean"] >= record["people_mean"]


def test_whatever_measures_by_a_models_grades_says_so(
    pooled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(_grader) as server:
        _use(monkeypatch, server.url)
        assert main(JUDGE) == 0
    capsys.readouterr()
    said = r"30 of 110 grades are by gpt-x; with people it agrees kappa 0."
    assert main(["measure", "llm.tsv", "a.trec"]) == 0
    assert said in capsys.readouterr().out
    assert main(["compare", "llm.tsv", "a.trec", "b.trec"]) == 0
    assert said in capsys.readouterr().out
    assert main(["measure", "llm.tsv", "a.trec", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)
    assert said in err
    assert main(["report", "llm.tsv", "a.trec", "b.trec", "--out", "report.html"]) == 0
    assert said in Path("report.html").read_text(encoding="utf-8")
    capsys.readouterr()
    Path("llm.tsv.json").unlink()
    assert main(["measure", "llm.tsv", "a.trec"]) == 0
    assert "how it agrees with people is unknown" in capsys.readouterr().out


def test_without_people_no_model_judges(
    pooled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Path("human.tsv").read_text().splitlines(keepends=True)[: FEWEST_SHARED - 1]
    with serving(_grader) as server:
        _use(monkeypatch, server.url)
        Path("human.tsv").write_text("".join(few))
        assert main(JUDGE) == 1
        assert f"at least {FEWEST_SHARED} are needed" in capsys.readouterr().err
        # Grades of a model are nobody's: they cannot vouch for another.
        Path("human.tsv").write_text("".join(few) + "q9 llm p00 1\nq9 llm p01 1\n")
        assert main(JUDGE) == 1
        assert server.asked == []
    assert not Path("llm.tsv").exists()


def test_a_limit_is_kept_and_the_work_goes_on(
    pooled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(_grader) as server:
        _use(monkeypatch, server.url)
        assert main([*JUDGE, "--limit", "30"]) == 1
        assert "Only 30 pairs" in capsys.readouterr().err
        assert not Path("llm.tsv").exists()
        assert main([*JUDGE, "--limit", "60"]) == 0
        assert "30 pairs are still to be asked" in capsys.readouterr().out
        assert main([*JUDGE, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["graded"] == 30
        asked = len(server.asked)
        assert main(JUDGE) == 0
        assert len(server.asked) - asked == 10  # those that could not be read, once more
        assert asked < 30 + 60 + 30 + 20


def test_a_model_that_breaks_down_loses_nothing(
    pooled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = says('{"grade": 1}')
    with serving([*[good] * 70, refuses(401, "key expired")]) as server:
        _use(monkeypatch, server.url)
        assert main(JUDGE) == 1
    err = capsys.readouterr().err
    assert "DAOGOU_LLM_API_KEY" in err
    assert len(Path("llm.tsv.answers.jsonl").read_text().splitlines()) == 70
    assert not Path("llm.tsv").exists()


def test_a_model_of_no_use_is_said_to_be(
    pooled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving([says('{"grade": 1}')]) as server:
        _use(monkeypatch, server.url)
        assert main(JUDGE) == 0
    assert "is below 0.667" in capsys.readouterr().err
    with serving([says("no idea")]) as server:
        _use(monkeypatch, server.url)
        assert main([*JUDGE[:-4], "--out", "other.tsv"]) == 1
    assert "Only 0 pairs" in capsys.readouterr().err


def test_what_would_be_sent_is_shown_and_nothing_is(pooled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*JUDGE, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("80 pairs to check by, 40 to grade: 120 calls")
    assert "ignore" not in out
    assert '"title": "台灯 p' in out
    assert main([*JUDGE, "--dry-run", "--check", "60"]) == 0
    assert capsys.readouterr().out.startswith("60 pairs to check by, 40 to grade: 100 calls")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("human.tsv", "q1 0 p00 7\n", "has grade 7 .* from 0 to 3"),
        ("llm.tsv", "q1 0 p00 1\n", "llm.tsv exists and is not by a model"),
        ("pool.csv", "query_id,product_id,title\nq,p,t\n", "no column is named query"),
        (".env", "", "No language model is set"),
        (
            ".env",
            "DAOGOU_LLM_MODEL=local:./no/such/folder\n",
            "neither a folder nor a model of the hub.*DAOGOU_LLM_MODEL",
        ),
    ],
)
def test_judging_that_cannot_be(
    pooled: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, problem: str
) -> None:
    import re

    Path(name).write_text(text)
    assert main(JUDGE) == 1
    assert re.search(problem, capsys.readouterr().err)
