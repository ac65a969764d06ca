"""`compare` as people use it: sentences, slices, both lists of a query, titles, and what it says of odd files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from api_service import open_shop

from eval.__main__ import main
from eval.record import QueryRecord, RunRecord, Software, write_record
from search.errors import IndexNotFound

QUERIES = 40


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty queries with a relevant product `pN` each. The run has it first. The baseline has it second, below one that
    nobody judged, but first for every fourth query."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    numbers = range(QUERIES)
    write("qrels.tsv", (f"q{i} 0 p{i} 3\nq{i} 0 x{i} 0\n" for i in numbers))
    write("base.trec", (f"q{i} Q0 u{i} {1 + i % 4 // 3} 1 t\nq{i} Q0 p{i} {2 - i % 4 // 3} 1 t\n" for i in numbers))
    write("new.trec", (f"q{i} Q0 p{i} 1 2 t\nq{i} Q0 x{i} 2 1 t\n" for i in numbers))
    write("queries.tsv", (f"q{i}\t{text(i)}\t{QUERIES - i}\t{'home' if i % 2 else 'office'}\n" for i in numbers))
    write("titles.tsv", (f"p{i}\tProduct {i}\nu{i}\t未知商品 {i}\n" for i in numbers))
    return tmp_path


def text(i: int) -> str:
    return "红色 台灯" if i % 10 == 0 else f"lamp {i} under $30" if i % 5 == 0 else f"lamp {i}"


def write(name: str, lines: Iterable[str]) -> None:
    Path(name).write_text("".join(lines), encoding="utf-8")


def compared(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["compare", "qrels.tsv", "base.trec", "new.trec", *words]) == 0
    return capsys.readouterr().out


# --- sentences -------------------------------------------------------------------------------------------------------


def test_it_begins_with_what_it_comes_to(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = compared(capsys).partition("\n\n")[0]
    assert " ".join(said.split()).startswith("new.trec is better than base.trec: ndcg@10 0.723 → 1.000, +0.277 [")
    assert (
        "p < 0.001; 30 wins, 0 losses, 10 ties. judged@10 is 0.50 for base.trec and 1.00 for new.trec."
        in said.replace("\n  ", " ")
    )
    assert all(len(line) <= 100 for line in said.splitlines())


def test_what_unjudged_products_have_to_do_with_it_is_said(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = " ".join(compared(capsys, "mrr").partition("\n\n")[0].split())
    assert said.endswith(
        "Unjudged products count as wrong, which leans against base.trec. With them removed, no query differs: "
        "mrr 1.000 → 1.000, +0.000 [+0.000, +0.000], p = 1.000; 0 wins, 0 losses, 40 ties."
    )
    said = " ".join(compared(capsys, "mrr", "--judged-only").partition("\n\n")[0].split())
    assert said.startswith("new.trec and base.trec have the same mrr in every query: 1.000.")
    assert "With them counted as wrong, new.trec is better: mrr 0.625" in said


def test_equally_judged_runs_need_no_such_words(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("qrels.tsv", (f"q{i} 0 p{i} 3\nq{i} 0 x{i} 0\nq{i} 0 u{i} 0\n" for i in range(QUERIES)))
    out = compared(capsys)
    assert "leans" not in out
    first, *_ = json.loads(compared(capsys, "--json"))
    assert first["verdict"] == "better"
    assert not {"leaning", "otherwise"} & first.keys()


def test_missing_results_are_not_unjudged_products(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything shown is judged; the run has nothing for half of the queries."""
    write("qrels.tsv", (f"q{i} 0 p{i} 3\nq{i} 0 x{i} 0\nq{i} 0 u{i} 0\n" for i in range(QUERIES)))
    write("new.trec", (f"q{i} Q0 p{i} 1 2 t\n" for i in range(0, QUERIES, 2)))
    said = " ".join(compared(capsys, "mrr").partition("\n\n")[0].split())
    assert said.endswith("or more. new.trec has no results for 20 of 40 queries: they count as 0.")
    assert "leaning" not in json.loads(compared(capsys, "mrr", "--json"))[0]


def test_results_that_are_missing_hide_no_leaning(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """judged@10 is 0.50 for both: half of what the baseline shows is judged, and all of half as much."""
    write("new.trec", (f"q{i} Q0 p{i} 1 2 t\n" for i in range(0, QUERIES, 2)))
    first, judged = json.loads(compared(capsys, "mrr", "--json"))
    assert (judged["baseline_mean"], judged["mean"]) == (0.5, 0.5)
    assert (first["leaning"]["less"], first["leaning"]["less_share"]) == ("base.trec", 0.5)
    said = " ".join(compared(capsys, "mrr").partition("\n\n")[0].split())
    assert "judged@10, over the queries with results, is 0.50 for base.trec and 1.00 for new.trec. Unjudged" in said


def test_by_violations_no_judgement_leans(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("broken.tsv", (f"q{i} 0 x{i} 1\n" for i in range(QUERIES)))
    words = ("violations@10", "--violations", "broken.tsv")
    out = compared(capsys, *words)
    assert out.startswith("new.trec is worse than base.trec: violations@10 0.000 → 0.500")
    assert "njudged" not in out
    assert "products that the file does not name break nothing" in out
    assert not {"leaning", "otherwise"} & json.loads(compared(capsys, *words, "--json"))[0].keys()


def test_every_run_has_its_sentence(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("same.trec").write_text(Path("base.trec").read_text())
    paragraphs = compared(capsys, "same.trec", "mrr").split("\n\n")
    assert "(p < 0.001 corrected for 2 runs)" in paragraphs[0].replace("\n  ", " ")
    assert paragraphs[1] == "same.trec and base.trec have the same mrr in every query: 0.625."


def test_runs_in_folders_go_by_their_file_names(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("a", "b"):
        Path(folder).mkdir()
        Path(folder, "run.trec").write_text(Path("base.trec").read_text())
    assert main(["compare", "qrels.tsv", str(files / "base.trec"), "a/run.trec", "mrr"]) == 0
    assert capsys.readouterr().out.startswith("run.trec and base.trec have the same mrr")
    assert main(["compare", "qrels.tsv", "a/run.trec", "b/run.trec", "mrr"]) == 0
    assert capsys.readouterr().out.startswith("b/run.trec and a/run.trec have the same mrr")
    assert main(["compare", "qrels.tsv", "base.trec", "a/run.trec", "mrr", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["run"] == "a/run.trec"


# --- both lists ------------------------------------------------------------------------------------------------------


def test_movers_with_both_lists_words_titles_and_grades(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = compared(capsys, "mrr", "ndcg@5", "-q", "--queries", "queries.tsv", "--titles", "titles.tsv", "--movers", "2")
    assert (
        "new.trec, mrr: the queries that changed most\n"
        "query  baseline     run     diff\n"
        "q0       0.5000  1.0000  +0.5000  红色 台灯\n"
        "q1       0.5000  1.0000  +0.5000  lamp 1\n"
        "\n"
        "q0 红色 台灯\n"
        "mrr  0.5000 → 1.0000  +0.5000\n"
        "  # grade  now  base.trec                        |   # grade  was  new.trec\n"
        "- 1     –    –  u0  未知商品 0                   |   1     3    2  p0  Product 0\n"
        "  2     3    1  p0  Product 0                    | + 2     0    –  x0\n"
    ) in out
    assert out.count("# grade") == 2 * 2
    assert "- fell out of these places, + is new in them" in out
    assert "new.trec, ndcg@5: the queries that changed most\n" in out
    assert "judged@5: the queries" not in out


def test_lists_are_as_deep_as_told(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = compared(capsys, "mrr", "-q", "--movers", "1", "--depth", "1")
    assert (
        "  # grade  now  base.trec                        |   # grade  was  new.trec\n"
        "- 1     –    –  u0                               | + 1     3    2  p0\n\n"
    ) in out


def test_no_query_changed(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.trec").write_text(Path("base.trec").read_text())
    out = compared(capsys, "mrr", "-q")
    assert "new.trec, mrr: no query changed" in out
    assert "fell out" not in out


def test_losses_are_not_hidden_behind_the_wins(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.trec").write_text(Path("new.trec").read_text().replace("q7 Q0 p7 1 2 t", "q7 Q0 p7 2 0 t"))
    out = compared(capsys, "mrr", "-q", "--movers", "3")
    assert "none of the losses (1) is among them: --losses shows those\n\nq0\n" in out
    assert "none of the losses" not in compared(capsys, "mrr", "-q")
    out = compared(capsys, "mrr", "-q", "--losses")
    assert (
        "the queries that became worse most\nquery  baseline     run     diff\nq7       1.0000  0.5000  -0.5000\n\n"
        in out
    )
    assert out.count("# grade") == 2
    Path("new.trec").write_text(Path("base.trec").read_text())
    assert "new.trec, mrr: no query became worse" in compared(capsys, "mrr", "-q", "--losses")


def test_movers_in_json(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["mrr", "-q", "--json", "--queries", "queries.tsv", "--titles", "titles.tsv", "--movers", "1"]
    first, judged = json.loads(compared(capsys, *words))
    assert first["movers"] == [
        {
            "query": "q0", "text": "红色 台灯", "baseline": 0.5, "value": 1.0,
            "before": [
                {"product": "u0", "title": "未知商品 0", "grade": None, "rank": 1, "elsewhere": None},
                {"product": "p0", "title": "Product 0", "grade": 3.0, "rank": 2, "elsewhere": 1},
            ],
            "after": [
                {"product": "p0", "title": "Product 0", "grade": 3.0, "rank": 1, "elsewhere": 2},
                {"product": "x0", "title": "", "grade": 0.0, "rank": 2, "elsewhere": None},
            ],
        }
    ]  # fmt: skip
    assert first["interval"]["low"] < first["difference"] < first["interval"]["high"]
    assert first["otherwise"]["verdict"] == "same"
    assert first["leaning"] == {
        "metric": "judged@10", "less": "base.trec", "less_share": 0.5, "more": "new.trec", "more_share": 1.0,
    }  # fmt: skip
    assert judged["verdict"] == "better"


def test_titles_and_words_of_a_live_index(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop(files / "data", [{"id": "p0", "title": "Arc desk lamp"}, {"id": "u0", "title": "Umbrella stand"}])
    monkeypatch.setattr("search.bootstrap.open_store", lambda settings: shop.store)
    try:
        out = compared(capsys, "mrr", "-q", "--movers", "1", "--index", "products")
        assert "- 1     –    –  u0  Umbrella stand               |   1     3    2  p0  Arc desk lamp\n" in out
        Path("titles.tsv").write_text("p0\tMy own title\n")
        out = compared(capsys, "mrr", "-q", "--movers", "1", "--index", "products", "--titles", "titles.tsv")
        assert "u0  Umbrella stand               |   1     3    2  p0  My own title\n" in out
        out = compared(capsys, "mrr", "--slices", "--queries", "queries.tsv", "--index", "products")
        assert "condition: the queries read as index products reads them." in out
        assert main(["compare", "qrels.tsv", "base.trec", "new.trec", "-q", "--index", "none"]) == 1
        assert capsys.readouterr().err == f"error: {IndexNotFound('none')}\n"
    finally:
        shop.service.close()


# --- slices ----------------------------------------------------------------------------------------------------------


def test_slices(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = compared(
        capsys, "mrr", "--slices", "--queries", "queries.tsv", "--frequency-column", "3", "--slice-column", "4"
    )
    table = out[out.index("new.trec against base.trec by slice, mrr") :].splitlines()[2:]
    rows = [" ".join(line.split()) for line in table[: table.index("")]]
    assert [row.partition(" 0.")[0] for row in rows[1:]] == [
        "length 2 words 36", "length 4 words and more 4", "language zh 4", "language en 36",
        "condition some 4", "condition none 36", "frequency head 12", "frequency tail 28",
        "column 4 office 20", "column 4 home 20",
    ]  # fmt: skip
    assert rows[1].startswith("length 2 words 36 0.6")
    assert rows[1].endswith("<.0001 <.0001")
    assert [row.endswith("few") for row in rows[1:]] == [False, True, True, False, True, False, True, False, True, True]
    assert "p_holm: corrected for the 10 slices shown. few: fewer than 25 queries" in out
    assert "condition: the queries read without an index" in out
    assert "Left out" not in out


def test_slices_that_cannot_be_made_are_named(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("queries.tsv").write_text("q0\tlamp\nq1\tdesk lamp\nstranger\ttea\n")
    out = compared(capsys, "mrr", "--slices", "--queries", "queries.tsv")
    assert "Left out, since all queries are alike in it: language, condition." in out
    assert "Left out: head and tail. Give --frequency-column or --frequencies" in out
    assert "38 of 40 judged queries are not in queries.tsv, and in no slice." in out.replace("\n  ", " ")


def test_queries_that_are_all_alike_make_no_slices(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["mrr", "--slices", "--queries", "queries.tsv"]
    for queries in ("q0\tlamp\n", "".join(f"q{i}\tlamp\n" for i in range(QUERIES))):
        Path("queries.tsv").write_text(queries)
        out = compared(capsys, *words)
        assert "No slices: all queries are alike." in out
        assert "Left out, since all queries are alike in it: length, language, condition." in out
        assert json.loads(compared(capsys, *words, "--json"))[0]["slices"] == []


def test_what_the_engine_understood_decides(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The record of a run that took words literally is passed over."""
    for name, understand in (("new.trec", False), ("base.trec", True)):
        queries = {f"q{i}": QueryRecord("en", int(understand and i < 30), 2, False, (), {}) for i in range(QUERIES)}
        write_record(
            Path(name),
            RunRecord("products", 1, 9, "", "", "", "", "", Software("1"), {"understand": understand}, queries),
        )
    words = ["mrr", "--slices", "--queries", "queries.tsv"]
    assert "condition: what the engine understood when it made base.trec." in compared(capsys, *words)
    slices = json.loads(compared(capsys, *words, "--json"))[0]["slices"]
    counts = {(one["slicing"], one["slice"]): one["queries"] for one in slices}
    assert (counts["condition", "some"], counts["condition", "none"]) == (30, 10)
    assert ("language", "zh") not in counts
    assert all(one["run"] == "new.trec" and one["few"] == (one["queries"] < 25) for one in slices)


def test_frequencies_of_a_log(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("log.tsv").write_text("Lamp  1\t70\nq2\t50\nlamp 3\t20\n")
    out = compared(capsys, "mrr", "--queries", "queries.tsv", "--frequencies", "log.tsv", "--json")
    counts = {one["slice"]: one["queries"] for one in json.loads(out)[0]["slices"] if one["slicing"] == "frequency"}
    assert counts == {"head": 1, "tail": 39}


def test_several_runs_are_corrected_over_all_slices(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("same.trec").write_text(Path("base.trec").read_text())
    out = compared(capsys, "same.trec", "mrr", "--slices", "--queries", "queries.tsv")
    assert out.count("against base.trec by slice") == 2
    assert "corrected for the 12 slices shown" in out


# --- usage and errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("--slices", "slices need --queries"),
        ("--slice-column 4", "slices need --queries"),
        ("--titles titles.tsv", "--titles needs -q"),
        ("--losses", "--losses needs -q"),
        ("--index products", "--index needs -q or --slices"),
        ("--queries queries.tsv --slice-column 2", "invalid number from 3 up"),
        ("--queries queries.tsv --frequencies a --frequency-column 3", "not allowed with argument"),
        ("-q --movers 0", "invalid number from 1 up"),
        ("-q --depth 0", "invalid number from 1 up"),
    ],
)
def test_wrong_usage_exits_2(files: Path, capsys: pytest.CaptureFixture[str], words: str, problem: str) -> None:
    assert main(["compare", "qrels.tsv", "base.trec", "new.trec", *words.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert problem in err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("-q --titles base.trec", "base.trec, line 1: expected product_id, a tab and the title"),
        ("--queries queries.tsv --slice-column 5", "queries.tsv has nothing in column 5"),
        ("--queries queries.tsv --slice-column 3", "queries.tsv: column 3 differs in every query"),
        ("--queries queries.tsv --frequency-column 4", "queries.tsv, query 'q0': column 4 holds 'office'"),
        ("--queries queries.tsv --frequencies titles.tsv", "titles.tsv, line 1: expected a query"),
        ("--slices --queries strangers.tsv", "strangers.tsv divides the judged queries into no slices"),
        ("--slices --queries damaged.tsv", "base.trec.json is not a record of a run"),
    ],
)
def test_files_that_do_not_fit_exit_1(
    files: Path, capsys: pytest.CaptureFixture[str], words: str, problem: str
) -> None:
    Path("strangers.tsv").write_text("z1\tlamp\nz2\tdesk lamp\n")
    if "damaged" in words:
        Path("base.trec.json").write_text("{}")
        Path("damaged.tsv").write_text("q0\tlamp\nq1\tdesk lamp\n")
    assert main(["compare", "qrels.tsv", "base.trec", "new.trec", *words.split()]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {problem}")


def test_comparing_loads_neither_torch_nor_qdrant(files: Path) -> None:
    program = (
        "import sys; from eval.__main__ import main;"
        "assert main('compare qrels.tsv base.trec new.trec -q --slices --queries queries.tsv'.split()) == 0;"
        "print(sorted({'torch', 'transformers', 'qdrant_client', 'qdrant_edge'} & sys.modules.keys()))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr
