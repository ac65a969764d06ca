"""The command line: what it prints, where, and with which exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from eval_stand_in import stand_in

from eval.__main__ import main
from eval.record import read_record
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


def test_compare_says_what_it_comes_to_and_prints_a_line_for_each_metric(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "qrels.tsv", "base.trec", "better.trec", "mrr@10", "judged@10"]) == 0
    said, _, table = capsys.readouterr().out.partition("\nbaseline: base.trec\n\n")
    assert said.startswith("No difference between better.trec and base.trec can be told: mrr@10 0.500 → 1.000, +0.500 ")
    lines = table.splitlines()
    assert [" ".join(line.split()[:5]) for line in lines[:3]] == [
        "metric run baseline mean diff",
        "mrr@10 better.trec 0.5000 1.0000 +0.5000",
        "judged@10 better.trec 0.5000 1.0000 +0.5000",
    ]
    assert lines[0].split()[5:] == ["95%", "interval", "wins", "losses", "ties", "p", "p_holm", "p_t"]
    assert lines[1].split()[-6:] == ["2", "0", "1", "0.5000", "0.5000", "0.2254"]


def test_compare_json(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "qrels.tsv", "base.trec", "better.trec", "mrr", "--json", "-q"]) == 0
    first, judged = json.loads(capsys.readouterr().out)
    assert (first["baseline"], first["run"], first["metric"]) == ("base.trec", "better.trec", "mrr")
    assert (first["difference"], first["wins"], first["losses"], first["ties"], first["p"]) == (0.5, 2, 0, 1, 0.5)
    mover = first["movers"][0]
    assert (mover["query"], mover["baseline"], mover["value"]) == ("q3", 0.0, 1.0)
    assert judged["metric"] == "judged@10"
    assert main(["compare", "qrels.tsv", "base.trec", "better.trec", "mrr", "--json"]) == 0
    assert "movers" not in json.loads(capsys.readouterr().out)[0]


# --- run -------------------------------------------------------------------------------------------------------------


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


def test_run_writes_what_is_known_of_it_beside_it(
    files: Path, engine: list[SearchRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--semantic-ratio", "0.25", "--filter", "brand = HP", "--depth", "2"]
    assert main(["run", "--queries", "queries.tsv", "--out", "new.trec", *options]) == 0
    record = read_record(Path("new.trec"))
    assert record is not None
    assert (record.index, record.index_version, record.products) == ("products", 7, 4)
    assert record.encoder == "tiny@0123456789 (ffffffff)"
    assert (record.recipe, record.learning, record.built_at) == ("plain-2", "l-4", "2026-05-01T08:00:00+00:00")
    assert record.options == {
        "semantic_ratio": 0.25, "understand": True, "filter": "brand = HP", "depth": 2, "reranker": None,
    }  # fmt: skip
    assert [(query, one.hits, one.language) for query, one in record.queries.items()] == [
        ("q1", 2, "en"), ("q2", 2, "en"), ("q3", 0, "en"),
    ]  # fmt: skip
    assert all("total" in one.milliseconds for one in record.queries.values())
    kept = Path("new.trec.json").read_text()
    assert not any(text in kept for text in ("red dress", "红色", "lamp"))


def test_run_that_fails_leaves_run_and_record_of_before(
    files: Path, engine: list[SearchRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--queries", "queries.tsv"]) == 0
    before = Path("run.trec").read_bytes(), read_record(Path("run.trec"))
    Path("lamp.tsv").write_text("q3\tlamp\n")
    assert main(["run", "--queries", "lamp.tsv"]) == 1
    assert (Path("run.trec").read_bytes(), read_record(Path("run.trec"))) == before
    assert "No query found a product" in capsys.readouterr().err


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

    monkeypatch.setattr("eval.commands.engine.open_indexes", interrupted)
    assert main(["run", "--queries", "queries.tsv"]) == 1
    assert capsys.readouterr().err == "Interrupted; nothing was written.\n"


# --- usage and errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("", "arguments are required: COMMAND"),
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
