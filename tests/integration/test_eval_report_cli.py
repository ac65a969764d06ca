"""`python -m eval report`: one page from files, and nothing of the files that the browser would obey."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from eval.__main__ import main
from eval.record import QueryRecord, RunRecord, Software, write_record

HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(2)>"

RECORD = RunRecord(
    index="products",
    index_version=3,
    products=1200,
    encoder=f"tiny {HOSTILE}",
    recipe="plain-2",
    learning="l-4",
    built_at="2026-05-01T08:00:00+00:00",
    created_at="2026-05-02T09:30:00+00:00",
    software=Software("0.1.0", "0123456789abcdef", dirty=True),
    options={"semantic_ratio": 1.0, "depth": 10},
    queries={"q1": QueryRecord("en", 0, 2, False, (), {"encode": 4.0, "total": 9.0})},
)


class Page(HTMLParser):
    """What stands in a page: tags in order, their attributes, headings, and all of the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if re.fullmatch(r"h[1-4]", tag):
            self.headings.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += data
        if any(re.fullmatch(r"h[1-4]", tag) for tag in self.open):
            tag, said = self.headings[-1]
            self.headings[-1] = (tag, said + data)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty queries, all won by `better.trec`; the last has no results in the baseline."""
    monkeypatch.chdir(tmp_path)
    queries = range(1, 21)
    texts = {
        "qrels.tsv": "".join(f"q{i} 0 a 3\nq{i} 0 b 0\n" for i in queries),
        "base.trec": "".join(f"q{i} Q0 b 1 0.9 t\nq{i} Q0 x 2 0.8 t\nq{i} Q0 a 3 0.7 t\n" for i in queries if i < 20),
        "better.trec": "".join(f"q{i} Q0 a 1 0.9 t\nq{i} Q0 x 2 0.8 t\n" for i in queries),
        "queries.tsv": "".join(f"q{i}\t{'red ' * (i % 2)}lamp {i}\n" for i in queries),
        "titles.tsv": "a\tRed lamp\nb\tGarden hose\n",
    }
    for name, text in texts.items():
        Path(name).write_text(text, encoding="utf-8")
    write_record(Path("better.trec"), RECORD)
    return tmp_path


def made(words: str, out: str = "report.html") -> Page:
    assert main(["report", *words.split(), "--out", out]) == 0
    return Page(Path(out).read_text(encoding="utf-8"))


def text_of(page: Page) -> str:
    return " ".join(page.text.split())


def test_comparison_says_it_all_on_one_page(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = made("qrels.tsv base.trec better.trec mrr@10 --queries queries.tsv --titles titles.tsv --title Lamps")
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("better is better than base. mrr@10 rises from 0.317 to 1.000, by 216%.")
    assert re.fullmatch(r"report\.html: \d+ kB", out[-1])
    assert [said for tag, said in page.headings if tag in ("h1", "h2")] == [
        "Lamps", "Verdict", "Metrics", "What became of each query", "By depth", "Latency by stage",
        "Where it comes from: slices", "The queries that changed most", "Queries without results", "Configuration",
        "How this was measured",
    ]  # fmt: skip
    text = text_of(page)
    for said in (
        "+0.683", "p < 0.001", "base has no results for 1 of 20 queries: they count as 0.",  # the verdict
        "judged@10, over the queries with results, is 0.50 for better and 0.67 for base",
        "20 better", "0 worse", "2 words", "3 words", "Red lamp", "Garden hose", "fell out", "new",
        "base: not known, as no record belongs to base.trec",  # latency
        "1 of 20 judged queries", "lamp 20", "index version", "0123456789ab with local changes", "2026-05-02 09:30 UTC",
    ):  # fmt: skip
        assert said in text, said


def test_a_run_by_itself_is_measured_and_not_compared(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = made("qrels.tsv better.trec --queries queries.tsv")
    assert capsys.readouterr().out.startswith("better: ndcg@10 is 1.000.\n")
    headings = [said for tag, said in page.headings if tag == "h2"]
    assert "The queries that changed most" not in headings
    assert "What became of each query" not in headings
    text = text_of(page)
    assert "Put a second run beside it" in text
    assert "2 words" in text
    assert "9.0" in text  # milliseconds in all
    assert "recall@100" in text
    assert "slices" not in text_of(made("qrels.tsv better.trec"))


def test_page_needs_nothing_but_itself(files: Path) -> None:
    page = made("qrels.tsv base.trec better.trec --queries queries.tsv")
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & set(page.tags)
    targets = [value for _, name, value in page.attributes if name in ("href", "src", "srcset", "action", "xlink:href")]
    assert targets
    assert all(target.startswith("#") for target in targets)
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in targets} <= set(ids)
    style = Path("report.html").read_text(encoding="utf-8").split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    policy = [value for tag, name, value in page.attributes if tag == "meta" and name == "content"]
    assert any(value.startswith("default-src 'none'; style-src 'unsafe-inline';") for value in policy)


def test_plots_have_names_or_are_hidden_beside_the_cells_that_say_the_same(files: Path) -> None:
    html = made("qrels.tsv base.trec better.trec --queries queries.tsv") and Path("report.html").read_text()
    outer = re.findall(r"<svg class=\"[^\"]*(?:row|plot|mark)[^\"]*\"[^>]*>", html)
    assert len(outer) > 20
    assert all('aria-hidden="true"' in tag or "aria-labelledby" in tag for tag in outer)
    named = re.findall(r'aria-labelledby="([^"]+)"', html)
    ids = set(re.findall(r' id="([^"]+)"', html))
    assert {one for names in named for one in names.split()} <= ids


def test_headings_descend_one_level_at_a_time(files: Path) -> None:
    levels = [int(tag[1]) for tag, _ in made("qrels.tsv base.trec better.trec --queries queries.tsv").headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_everything_from_files_is_text(files: Path) -> None:
    """Titles, queries, ids, names of runs, records and options of the command: none of them is obeyed."""
    hostile = HOSTILE.replace("/", "∕").replace(" ", "_")  # what can stand in a name of a file
    Path(f"{hostile}.trec").write_text(f"q1 Q0 {hostile} 1 0.9 t\n", encoding="utf-8")
    write_record(Path(f"{hostile}.trec"), replace(RECORD, index=HOSTILE, options={HOSTILE: HOSTILE}))
    Path("queries.tsv").write_text(f"q1\t{HOSTILE}\t{HOSTILE}\nq2\tlamp\tplain\nq3\tlamp\tplain\n", encoding="utf-8")
    Path("titles.tsv").write_text(f"b\t{HOSTILE}\nx\t{HOSTILE}\n", encoding="utf-8")
    words = ["report", "qrels.tsv", "base.trec", f"{hostile}.trec", "--queries", "queries.tsv", "--slice-column", "3"]
    assert main([*words, "--titles", "titles.tsv", "--title", HOSTILE]) == 0
    html = Path("report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert not {"script", "img"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert html.count("</title>") == 1 + html.count("</title><desc")
    assert text_of(page).count("alert(1)") > 10


def test_lists_are_capped_and_the_page_stays_small(files: Path) -> None:
    many = range(1000)
    Path("qrels.tsv").write_text("".join(f"q{i} 0 a {1 + i % 3}\n" for i in many))
    Path("base.trec").write_text("".join(f"q{i} Q0 b 1 0.9 t\nq{i} Q0 a 2 0.8 t\n" for i in many[:900]))
    Path("better.trec").write_text("".join(f"q{i} Q0 a 1 0.9 t\n" for i in many))
    page = made("qrels.tsv base.trec better.trec")
    assert Path("report.html").stat().st_size < 250_000
    assert "and 70 more" in text_of(page)
    assert "neighbours share a bar" in text_of(page)


def test_runs_without_a_hit_for_any_judged_query_make_a_page_too(files: Path) -> None:
    Path("strange.trec").write_text("other Q0 a 1 0.9 t\n")
    text = text_of(made("qrels.tsv strange.trec strange.trec mrr"))
    assert "mrr is 0.000" in text
    text = text_of(made("qrels.tsv strange.trec base.trec mrr"))
    assert "base is better than strange" in text
    Path("twin.trec").write_text(Path("strange.trec").read_text())
    text = text_of(made("qrels.tsv strange.trec twin.trec mrr"))
    assert "twin and strange score the same on every query" in text
    assert "No run has a hit for a judged query." in text
    assert "No query changed." in text


def test_queries_of_other_judgements_are_a_note_unless_slices_were_asked_for(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("queries.tsv").write_text("".join(f"z{i}\tlamp {i}\n" for i in range(1, 21)))
    assert "divides the judged queries into no slices" in text_of(
        made("qrels.tsv base.trec better.trec --queries queries.tsv")
    )
    asked = "report qrels.tsv base.trec better.trec --queries queries.tsv --slices"
    assert main(asked.split()) == 1
    assert "into no slices" in capsys.readouterr().err


def test_no_slices_for_want_of_words_or_of_queries_are_told_apart(files: Path) -> None:
    hint = "Name their file with --queries"
    assert hint in text_of(made("qrels.tsv base.trec better.trec"))
    Path("queries.tsv").write_text("q1\tlamp\n")
    text = text_of(made("qrels.tsv base.trec better.trec --queries queries.tsv"))
    assert hint not in text
    assert "There are none. Left out, since all queries are alike in it: length, language, condition." in text
    Path("queries.tsv").write_text("stranger\tlamp\nother\tdesk lamp\n")
    text = text_of(made("qrels.tsv base.trec better.trec --queries queries.tsv"))
    assert hint not in text
    assert "queries.tsv divides the judged queries into no slices" in text


def test_grades_of_a_model_are_said_in_the_terminal_too(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("qrels.tsv").write_text("q1 0 a 3\nq1 llm b 0\nq2 0 a 3\n")
    for runs in ("better.trec", "base.trec better.trec"):
        text = text_of(made(f"qrels.tsv {runs}"))
        said = "1 of 3 grades are by a language model; how it agrees with people is unknown"
        assert said in text
        assert any(line.startswith(said) for line in capsys.readouterr().out.splitlines())


def test_judgements_that_are_piped_in_have_their_own_hash(files: Path) -> None:
    content = Path("qrels.tsv").read_bytes()
    end, other = os.pipe()
    os.write(other, content)
    os.close(other)
    try:
        text = text_of(made(f"/dev/fd/{end} base.trec better.trec"))
    finally:
        os.close(end)
    assert hashlib.sha256(content).hexdigest()[:12] in text
    assert hashlib.sha256(b"").hexdigest()[:12] not in text


def test_judged_only_and_answerable_are_said(files: Path) -> None:
    with Path("qrels.tsv").open("a") as file:
        file.write("q21 0 a 0\n")
    text = text_of(made("qrels.tsv base.trec better.trec --judged-only --answerable"))
    assert "20 queries" in text
    assert "Unjudged products were taken out before measuring" in text
    assert "Queries without a relevant product were left out." in text
    assert "no relevant product (here: 1)" in text_of(made("qrels.tsv base.trec better.trec"))


def test_same_files_give_the_same_page(files: Path) -> None:
    pages = []
    for out in ("one.html", "two.html"):
        made("qrels.tsv base.trec better.trec --queries queries.tsv", out)
        pages.append(re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "", Path(out).read_text()))
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("qrels.tsv mrr@10", "name at least one run"),
        ("qrels.tsv base.trec --seed -1", "--seed must not be negative"),
        ("qrels.tsv base.trec --slices", "slices need --queries"),
        ("qrels.tsv base.trec --index a --titles titles.tsv", "not allowed with argument"),
        ("qrels.tsv base.trec --out base.trec", "--out base.trec is one of the files that are read; name another"),
        ("qrels.tsv better.trec --out better.trec.json", "--out better.trec.json is one of the files that are read"),
    ],
)
def test_wrong_usage_exits_2(files: Path, capsys: pytest.CaptureFixture[str], words: str, problem: str) -> None:
    assert main(["report", *words.split()]) == 2
    assert problem in capsys.readouterr().err
    assert not Path("report.html").exists()


def test_broken_files_exit_1_and_leave_the_page_of_before(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("report.html").write_text("of before")
    Path("better.trec.json").write_text(json.dumps({"format": 9}))
    assert main(["report", "qrels.tsv", "base.trec", "better.trec"]) == 1
    assert "better.trec.json is not a record of a run" in capsys.readouterr().err
    Path("titles.tsv").write_text("a\n")
    assert main(["report", "qrels.tsv", "base.trec", "base.trec", "--titles", "titles.tsv"]) == 0
    Path("other.trec").write_text("q1 Q0 a 1 0.9 t\n")
    Path("report.html").write_text("of before")
    assert main(["report", "qrels.tsv", "base.trec", "other.trec", "--titles", "titles.tsv"]) == 1
    assert "titles.tsv, line 1: expected product_id, a tab and the title" in capsys.readouterr().err
    assert Path("report.html").read_text() == "of before"


def test_a_report_loads_neither_torch_nor_qdrant(files: Path) -> None:
    program = (
        "import sys; from eval.__main__ import main;"
        "assert main(['report', 'qrels.tsv', 'base.trec', 'better.trec', '--queries', 'queries.tsv']) == 0;"
        "print(sorted({'torch', 'transformers', 'qdrant_client', 'qdrant_edge'} & sys.modules.keys()))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr
