"""The command line: what it prints, where, and with which exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from eval.__main__ import main
from eval.commands.engine import SearchIn
from eval.run import Search
from search.domain import Compare, Hit, Query, SearchRequest, SearchResult
from search.errors import IndexNotFound

QRELS = "q1 0 a 3\nq1 0 b 1\nq1 0 c 0\nq2 0 a 2\nq3 0 c 1\n"
BASE = "q1 Q0 b 1 0.9 t\nq1 Q0 a 2 0.8 t\nq2 Q0 x 1 0.9 t\nq2 Q0 a 2 0.1 t\n"
BETTER = "q1 Q0 a 1 0.9 t\nq1 Q0 b 2 0.8 t\nq2 Q0 a 1 0.9 t\nq3 Q0 c 1 0.9 t\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "qrels.tsv": QRELS,
        "base.trec": BASE,
        "better.trec": BETTER,
        "queries.tsv": "q1\tred dress\nq2\t红色 连衣裙\nq3\tlamp\n",
    }.items():
        Path(name).write_text(text, encoding="utf-8")
    return tmp_path


# --- measure ---------------------------------------------------------------------------------------------------------


def test_measure_prints_a_table_with_judged_beside_ndcg(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "qrels.tsv", "base.trec", "better.trec", "mrr@10", "ndcg@5"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "run          mrr@10  ndcg@5  judged@5",
        "base.trec    0.5000  0.4469    0.5000",
        "better.trec  1.0000  1.0000    1.0000",
        "",
        "3 queries. ndcg: gain 2^grade - 1; relevant from grade 1; unjudged counts as 0.",
    ]
    assert err == "warning: base.trec has no results for 1 of 3 queries: they score 0\n"


def test_measure_json_is_run_metric_number(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "qrels.tsv", "base.trec", "better.trec", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["base.trec", "better.trec"]
    assert list(answer["base.trec"]) == ["ndcg@10", "recall@100", "mrr@10", "map", "p@10", "judged@10"]
    assert answer["base.trec"]["mrr@10"] == 0.5
    assert answer["base.trec"]["judged@10"] == 0.5
    assert answer["better.trec"]["ndcg@10"] == 1.0


def test_measure_by_query(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "qrels.tsv", "-q", "base.trec", "p@1"]) == 0
    assert capsys.readouterr().out.splitlines()[:6] == [
        "base.trec",
        "",
        "query     p@1  judged@10",
        "q1     1.0000     1.0000",
        "q2     0.0000     0.5000",
        "q3     0.0000     0.0000",
    ]
    assert main(["measure", "qrels.tsv", "base.trec", "p@1", "-q", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)["base.trec"]
    assert answer["p@1"] == pytest.approx(1 / 3)
    assert answer["queries"]["q2"] == {"p@1": 0, "judged@10": 0.5}


def test_judged_only_is_applied_and_said(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "--judged-only", "qrels.tsv", "base.trec", "mrr", "ndcg_lin@3"]) == 0
    out = capsys.readouterr().out
    assert "base.trec  0.6667      0.5989    0.5000" in out
    assert out.endswith(
        "3 queries. ndcg_lin: gain = grade; relevant from grade 1; unjudged products removed (judged@k: before that).\n"
    )


def test_existing_file_named_like_a_metric_is_a_run(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("map").write_text(BASE)
    assert main(["measure", "qrels.tsv", "map", "mrr", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["map"]


def test_run_and_metric_named_twice_count_once(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "qrels.tsv", "base.trec", "mrr", "./base.trec", "MRR", "judged@1", "--json"]) == 0
    assert {run: list(values) for run, values in json.loads(capsys.readouterr().out).items()} == {
        "base.trec": ["mrr", "judged@1"]
    }


def test_options_may_stand_anywhere(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "qrels.tsv", "base.trec", "--json", "mrr", "better.trec", "judged@1"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {run: list(values) for run, values in answer.items()} == {
        "base.trec": ["mrr", "judged@1"],
        "better.trec": ["mrr", "judged@1"],
    }


def test_files_that_do_not_belong_together_are_noticed(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.trec").write_text("z9 Q0 a 1 0.9 t\n")
    assert main(["measure", "qrels.tsv", "other.trec"]) == 0
    assert "answers none of the 3 judged queries; do these files belong together?" in capsys.readouterr().err


# --- compare ---------------------------------------------------------------------------------------------------------


def test_compare_prints_a_line_for_each_metric(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "qrels.tsv", "base.trec", "better.trec"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "baseline: base.trec",
        "",
        "metric      run          baseline    mean     diff  wins  losses  ties       p  p_holm     p_t",
    ]
    assert [line.split()[0] for line in lines[3:7]] == ["ndcg@10", "recall@100", "mrr@10", "judged@10"]
    assert lines[5] == "mrr@10      better.trec    0.5000  1.0000  +0.5000     2       0     1  0.5000  0.5000  0.2254"


def test_compare_lists_the_movers_with_their_words(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "qrels.tsv", "base.trec", "better.trec", "mrr", "-q", "--queries", "queries.tsv"]) == 0
    out = capsys.readouterr().out
    assert "better.trec, mrr: the queries that changed most\nquery  baseline     run     diff\n" in out
    assert "q3       0.0000  1.0000  +1.0000  lamp\nq2       0.5000  1.0000  +0.5000  红色 连衣裙\n" in out
    Path("same.trec").write_text(BASE)
    assert main(["compare", "qrels.tsv", "base.trec", "same.trec", "mrr", "-q"]) == 0
    assert "same.trec, mrr: no query changed" in capsys.readouterr().out


def test_compare_json(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "qrels.tsv", "base.trec", "better.trec", "mrr", "--json", "-q"]) == 0
    first, judged = json.loads(capsys.readouterr().out)
    assert (first["baseline"], first["run"], first["metric"]) == ("base.trec", "better.trec", "mrr")
    assert (first["difference"], first["wins"], first["losses"], first["ties"], first["p"]) == (0.5, 2, 0, 1, 0.5)
    assert first["movers"][0] == {"query": "q3", "baseline": 0.0, "value": 1.0}
    assert judged["metric"] == "judged@10"
    assert main(["compare", "qrels.tsv", "base.trec", "better.trec", "mrr", "--json"]) == 0
    assert "movers" not in json.loads(capsys.readouterr().out)[0]


# --- run -------------------------------------------------------------------------------------------------------------


def stand_in(monkeypatch: pytest.MonkeyPatch, indexes: Mapping[str, Search]) -> None:
    """Functions instead of the engine, each for an index."""

    def search(index: str, request: SearchRequest) -> SearchResult:
        if index not in indexes:
            raise IndexNotFound(index)
        return indexes[index](request)

    @contextmanager
    def open_search() -> Iterator[SearchIn]:
        yield search

    monkeypatch.setattr("eval.commands.engine.open_search", open_search)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[SearchRequest]:
    """Stands in for the engine: the index `products` finds a, b and x for everything but lamps."""
    asked: list[SearchRequest] = []

    def search(request: SearchRequest) -> SearchResult:
        asked.append(request)
        products = [] if request.text == "lamp" else ["a", "x", "b"][: request.limit]
        hits = tuple(Hit({"id": product}, rank, 1 - rank / 10) for rank, product in enumerate(products, 1))
        return SearchResult(Query(request.text, request.text, "en"), hits, len(hits))

    stand_in(monkeypatch, {"products": search})
    return asked


def test_run_writes_the_run_measures_it_and_sums_up(
    files: Path, engine: list[SearchRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--queries", "queries.tsv", "--qrels", "qrels.tsv", "--out", "new.trec"]) == 0
    lines = capsys.readouterr().out.splitlines()
    summary = json.loads(lines[-1])
    assert Path("new.trec").read_text().splitlines()[0] == "q1\tQ0\ta\t1\t0.9\tproducts"
    assert {key: summary[key] for key in ("index", "out", "queries", "hits", "without_results", "depth")} == {
        "index": "products", "out": "new.trec", "queries": 3, "hits": 6, "without_results": 1, "depth": 1000,
    }  # fmt: skip
    assert summary["metrics"]["mrr@10"] == pytest.approx(2 / 3)
    assert lines[0].split() == ["run", "ndcg@10", "recall@100", "mrr@10", "map", "p@10", "judged@10"]
    assert [request.limit for request in engine] == [1000, 1000, 1000]


def test_run_searches_as_it_is_told(
    files: Path, engine: list[SearchRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--semantic-ratio", "0.25", "--no-understand", "--filter", "brand = HP"]
    assert main(["run", "--queries", "queries.tsv", *options]) == 0
    told = SearchRequest(filter=Compare("brand", "=", "HP"), understand=False, semantic_ratio=0.25, limit=1000)
    assert engine == [replace(told, text=text) for text in ("red dress", "红色 连衣裙", "lamp")]
    summary = json.loads(capsys.readouterr().out)
    assert {name: summary[name] for name in ("semantic_ratio", "understand", "filter")} == {
        "semantic_ratio": 0.25, "understand": False, "filter": "brand = HP",
    }  # fmt: skip


def test_run_searches_as_served_unless_told(
    files: Path, engine: list[SearchRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--queries", "queries.tsv"]) == 0
    assert engine[0] == SearchRequest(text="red dress", limit=1000)
    summary = json.loads(capsys.readouterr().out)
    assert [summary[name] for name in ("semantic_ratio", "understand", "filter")] == [None, True, None]


def test_run_without_judgements_and_to_another_depth(
    files: Path, engine: list[SearchRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--queries", "queries.tsv", "--depth", "2"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert "metrics" not in json.loads(line)
    assert len(Path("run.trec").read_text().splitlines()) == 4


def test_run_says_when_judged_queries_are_not_asked(
    files: Path, engine: list[SearchRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("queries.tsv").write_text("q1\tred dress\n")
    assert main(["run", "--queries", "queries.tsv", "--qrels", "qrels.tsv"]) == 0
    assert "2 of 3 queries judged in qrels.tsv are not in queries.tsv: they score 0" in capsys.readouterr().err


def test_run_that_fails_exits_1_and_writes_nothing(
    files: Path, engine: list[SearchRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--queries", "queries.tsv", "--index", "none"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"error: {IndexNotFound('none')}\n")
    assert not Path("run.trec").exists()


def test_interrupted_run_exits_1(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("eval.commands.engine.open_search", interrupted)
    assert main(["run", "--queries", "queries.tsv"]) == 1
    assert capsys.readouterr().err == "Interrupted; nothing was written.\n"


# --- constraints -----------------------------------------------------------------------------------------------------

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
def shops(files: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, SearchRequest]]:
    """Indexes `shop` and `店`. As served they answer with a and b, or with c; by meaning alone with everything."""
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


def test_constraints_lists_the_wrong_hits(files: Path, shops: object, capsys: pytest.CaptureFixture[str]) -> None:
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
    files: Path, engine: list[SearchRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("q.jsonl").write_text("".join(json.dumps(each) + "\n" for each in CONSTRAINED))
    assert main(["constraints", "q.jsonl", "--index", "products"]) == 0
    assert [request.text for request in engine] == ["mouse under $10", "黑色鼠标"]
    assert "queries of shop, 店 are all asked in 'products'" in capsys.readouterr().err
    Path("q.jsonl").write_text(json.dumps(CONSTRAINED[0]))
    assert main(["constraints", "q.jsonl", "--index", "products"]) == 0
    assert capsys.readouterr().err == ""


def test_constraints_without_the_index_says_how_to_build_it(
    files: Path, engine: list[SearchRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("q.jsonl").write_text(json.dumps(CONSTRAINED[0]))
    assert main(["constraints", "q.jsonl"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"error: {IndexNotFound('shop')}\n")


# --- nothing ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def picky(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index `products` finds a for dresses, b weakly for hoses, nothing else; c is far down with the dresses."""

    def search(request: SearchRequest) -> SearchResult:
        ids = {"red dress": "a", "garden hose": "b"}.get(request.text, "")
        ids += "c" if request.filter and request.text in ("", "red dress") else ""
        hits = tuple(Hit({"id": each, "title": f"Thing {each}"}, rank, 0.5) for rank, each in enumerate(ids, 1))
        return SearchResult(Query(request.text, request.text, "en"), hits, len(hits), weak=request.text != "red dress")

    stand_in(monkeypatch, {"products": search})
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


# --- usage and errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("", "arguments are required: command"),
        ("mesure qrels.tsv base.trec", "invalid choice: 'mesure'"),
        ("measure qrels.tsv", "arguments are required"),
        ("measure qrels.tsv ndcg@10", "name at least one run"),
        ("measure qrels.tsv base.trec ndgc@10", "'ndgc@10' is neither a file that exists nor a metric"),
        ("measure qrels.tsv absent.trec", "'absent.trec' is neither a file that exists nor a metric"),
        ("measure qrels.tsv base.trec --speed", "unrecognized arguments: --speed"),
        ("compare qrels.tsv base.trec map", "name the baseline and at least one other run"),
        ("compare qrels.tsv base.trec better.trec --permutations 0", "invalid number from 1 up value: '0'"),
        ("compare qrels.tsv base.trec better.trec --seed -1", "--seed must not be negative"),
        ("run --queries queries.tsv --depth none", "invalid number from 1 up value: 'none'"),
        ("run", "required: --queries"),
        ("run --queries queries.tsv --semantic-ratio 1.5", "invalid number from 0 to 1 value: '1.5'"),
        ("run --queries queries.tsv --semantic-ratio nan", "invalid number from 0 to 1 value: 'nan'"),
        ("run --queries queries.tsv --filter brand=", "--filter: "),
        ("constraints", "required: QUERIES.jsonl"),
        ("nothing", "required: QUERIES.txt"),
        ("nothing queries.tsv --qrels qrels.tsv", "--qrels needs --real"),
    ],
)
def test_wrong_usage_exits_2(files: Path, capsys: pytest.CaptureFixture[str], words: str, problem: str) -> None:
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert problem in err


@pytest.mark.parametrize(
    "words", ["measure absent.tsv base.trec", "measure base.trec base.trec", "measure . base.trec"]
)
def test_file_that_cannot_be_read_exits_1(files: Path, capsys: pytest.CaptureFixture[str], words: str) -> None:
    assert main(words.split()) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {words.split()[1]}")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("words", ["--help", "run --help", "measure -h", "compare -h", "constraints -h", "nothing -h"])
def test_help_exits_0(capsys: pytest.CaptureFixture[str], words: str) -> None:
    assert main(words.split()) == 0
    assert capsys.readouterr().out.startswith("usage: python -m eval")


def test_measuring_loads_neither_torch_nor_qdrant(files: Path) -> None:
    program = (
        "import sys; from eval.__main__ import main; assert main(['measure', 'qrels.tsv', 'base.trec']) == 0;"
        "print(sorted({'torch', 'transformers', 'qdrant_client', 'qdrant_edge'} & sys.modules.keys()))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr


def test_reader_of_the_pipe_may_leave(files: Path) -> None:
    Path("qrels.tsv").write_text("".join(f"q{i} 0 a 1\n" for i in range(20_000)))
    command = f"{sys.executable} -m eval measure qrels.tsv base.trec -q | head -1"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "base.trec\n"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_queries_without_a_relevant_product_are_named_and_can_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    qrels, run = tmp_path / "q.qrels", tmp_path / "r.trec"
    qrels.write_text("q1 0 a 1\nq2 0 b 0\n")
    run.write_text("q1 Q0 a 1 2.0 t\nq2 Q0 b 1 2.0 t\n")
    assert main(["measure", str(qrels), str(run), "mrr@10"]) == 0
    out = capsys.readouterr().out
    assert "0.5000" in out
    assert "1 of them without a relevant product" in out
    assert main(["measure", str(qrels), str(run), "mrr@10", "--answerable"]) == 0
    out = capsys.readouterr().out
    assert "1.0000" in out
    assert "1 queries." in out
    qrels.write_text("q2 0 b 0\n")
    assert main(["measure", str(qrels), str(run), "--answerable"]) == 1
    assert "No query" in capsys.readouterr().err
