"""GATE.toml: what it says, and everything that can be wrong with it, told with file, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.gate.asking import questions
from indexer.gate.file import KEYS, GateFile, least_queries, read_gate
from search.domain import SearchRequest
from search.errors import GateFileError

BOTH = 'queries = "queries.tsv"\nqrels = "qrels.tsv"\n'


def write(folder: Path, gate: str, queries: int = 6, relevant: int = 6) -> Path:
    """A gate beside q1, q2, …; the first `relevant` have a relevant product, the others one that is not."""
    numbers = range(1, queries + 1)
    (folder / "queries.tsv").write_text("".join(f"q{n}\ttea kettle number {n}\n" for n in numbers), encoding="utf-8")
    (folder / "qrels.tsv").write_text(
        "".join(f"q{n}\t0\tp{n}\t{2 if n <= relevant else 0}\n" for n in numbers), encoding="utf-8"
    )
    file = folder / "gate.toml"
    file.write_text(gate, encoding="utf-8")
    return file


def read(folder: Path, gate: str, queries: int = 6, relevant: int = 6) -> GateFile:
    return read_gate(write(folder, gate, queries, relevant))


def test_two_lines_are_enough(tmp_path: Path) -> None:
    gate = read(tmp_path, BOTH)
    assert (gate.alpha, gate.notes) == (0.05, ())
    (check,) = gate.checks
    assert (check.name, str(check.metric), check.depth) == ("ndcg@10", "ndcg@10", 10)
    assert (check.max_drop, check.floor, check.judged_only, check.can_tell) == (None, None, False, True)
    assert [query.text for query in check.queries] == [f"tea kettle number {n}" for n in range(1, 7)]
    assert check.asked.request == SearchRequest()


def test_every_key(tmp_path: Path) -> None:
    gate = read(
        tmp_path,
        BOTH + 'metric = "MRR@20"\nalpha = 0.1\nmax_drop = 0.02\nfloor = 1\njudged_only = true\nanswerable = true\n'
        "depth = 30\nunderstand = false\nsemantic_ratio = 0.3\n",
        queries=8,
    )  # fmt: skip
    (check,) = gate.checks
    assert gate.alpha == 0.1
    assert (str(check.metric), check.depth, check.max_drop, check.floor, check.judged_only) == (
        "mrr@20", 30, 0.02, 1.0, True,
    )  # fmt: skip
    assert check.asked.request == SearchRequest(understand=False, semantic_ratio=0.3)
    assert list(check.qrels.grades) == [query.id for query in check.queries] == ["q1", "q2", "q3", "q4", "q5", "q6"]


def test_what_stands_above_holds_for_each_check(tmp_path: Path) -> None:
    gate = read(
        tmp_path,
        BOTH + "floor = 0.4\nsemantic_ratio = 1\n[[check]]\n[[check]]\nmetric = 'recall@50'\nfloor = 0.6\n"
        "[[check]]\nname = 'as served'\nsemantic_ratio = 0\n",
    )
    assert [(one.name, one.floor) for one in gate.checks] == [("ndcg@10", 0.4), ("recall@50", 0.6), ("as served", 0.4)]
    first, second = questions(gate.checks)
    assert (first.asked.request.semantic_ratio, first.depth) == (1, 50), "the two that ask alike are asked at once"
    assert (second.asked.request.semantic_ratio, second.depth) == (0, 10)
    assert len(first.queries) == 6


@pytest.mark.parametrize(
    ("line", "depth"), [("metric = 'map'", 1000), ("judged_only = true", 1000), ("metric = 'recall@7'", 7)]
)
def test_depth_follows_the_metric(tmp_path: Path, line: str, depth: int) -> None:
    assert read(tmp_path, BOTH + line).checks[0].depth == depth


@pytest.mark.parametrize(
    ("alpha", "checks", "needed"), [(0.05, 1, 5), (0.05, 2, 6), (0.1, 1, 4), (0.001, 1, 10), (0.5, 1, 1)]
)
def test_the_fewest_queries_that_can_tell(alpha: float, checks: int, needed: int) -> None:
    """All n fall: p = 2^-n, times the number of checks."""
    assert least_queries(alpha, checks) == needed
    assert checks * 2.0**-needed <= alpha
    assert needed == 1 or checks * 2.0 ** -(needed - 1) > alpha


def test_too_few_queries_are_refused_unless_something_else_decides(tmp_path: Path) -> None:
    with pytest.raises(GateFileError, match=r"gate\.toml: qrels: 4 queries have a relevant product.*it takes 5\."):
        read(tmp_path, BOTH, queries=20, relevant=4)
    with pytest.raises(GateFileError, match=r"check 1: qrels: 5 queries .* over 2 checks: it takes 6\."):
        read(tmp_path, BOTH + "[[check]]\n[[check]]\nmetric = 'mrr'\n", relevant=5)
    gate = read(tmp_path, BOTH + "floor = 0.2\n", relevant=4)
    assert not gate.checks[0].can_tell
    assert gate.notes[0].endswith("Only max_drop and floor decide.")


def test_what_the_files_do_not_share_is_left_out_and_said(tmp_path: Path) -> None:
    file = write(tmp_path, BOTH)
    with (tmp_path / "queries.tsv").open("a") as queries:
        queries.write("new\tunjudged\n")
    with (tmp_path / "qrels.tsv").open("a") as qrels:
        qrels.write("old\t0\tp1\t3\nolder\t0\tp1\t3\n")
    gate = read_gate(file)
    assert gate.notes == (
        "1 of the 7 queries of queries.tsv are not judged in qrels.tsv: left out.",
        "2 of the 8 queries judged in qrels.tsv are not in queries.tsv: left out.",
    )
    assert len(gate.checks[0].queries) == len(gate.checks[0].qrels.grades) == 6


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("flor = 1", "gate.toml: flor: there is no such key. Did you mean 'floor'?"),
        ("xyz = 1", "gate.toml: xyz: there is no such key. There are: queries, qrels, metric"),
        ("[[check]]\nname = 'a'\ncheck = 1", "gate.toml: check 1 ('a'): check: there is no such key"),
        ("[[check]]\nalpha = 0.1", "gate.toml: check 1: alpha: the checks share one. Put it at the top"),
        ("metric = 'ndgc@10'", "gate.toml: metric: There is no metric 'ndgc@10'. There are: "),
        ("metric = 10", "gate.toml: metric: the name of a metric"),
        ("metric = 'judged@10'", "gate.toml: metric: a gate needs one of which more is better"),
        ("alpha = 0", "gate.toml: alpha: a share of false alarms between 0.0001 and 0.5, not 0. 0.05 is usual"),
        ("alpha = 5", "between 0.0001 and 0.5, not 5"),
        ("alpha = '5%'", "gate.toml: alpha: a number, not '5%'"),
        ("floor = true", "gate.toml: floor: a number, not True"),
        ("floor = 40", "gate.toml: floor: a value of the metric, from 0 to 1; 40 is neither nor between"),
        ("floor = nan", "gate.toml: floor: a number, not nan"),
        ("max_drop = -0.1", "gate.toml: max_drop: a difference of two values of the metric, from 0 to 1"),
        ("semantic_ratio = 2", "gate.toml: semantic_ratio: 1 is by meaning alone and 0 by words alone"),
        ("understand = 'no'", "gate.toml: understand: true or false, not 'no'"),
        ("depth = 0", "gate.toml: depth: hits for each query, a whole number from 1 to 10000, not 0"),
        ("depth = true", "gate.toml: depth: hits for each query"),
        ("depth = 5", "gate.toml: depth: ndcg@10 looks at 10 hits, and 5 are fewer"),
        ("[check]\nfloor = 0.1", "gate.toml: check: write [[check]] above each, with double brackets"),
        ("check = []", "gate.toml: check: write [[check]]"),
        ("[[check]]\n[[check]]\nfloor = 0.5", "gate.toml: check: two checks are named 'ndcg@10'. Give each its own"),
        ("[[check]]\nname = ''", "gate.toml: check 1 (''): name: a short text"),
        ("name = 'x'", "gate.toml: name: there is no such key"),
        ("floor = ", "gate.toml is not valid TOML: "),
    ],
)
def test_mistakes(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(GateFileError) as error:
        read(tmp_path, BOTH + lines)
    assert said in str(error.value)
    assert str(error.value).startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("", 'queries: name the file, beside this one: queries = "queries.tsv"'),
        ('queries = "queries.tsv"', 'qrels: name the file, beside this one: qrels = "qrels.tsv"'),
        ('queries = "no.tsv"\nqrels = "qrels.tsv"', "no.tsv cannot be read: No such file"),
        ('queries = "queries.tsv"\nqrels = "queries.tsv"', "qrels: {folder}/queries.tsv, line 1: 5 columns, not the 4"),
        ('queries = "queries.tsv"\nqrels = "other.tsv"', "qrels: other.tsv judges none of the queries of queries.tsv"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, gate: str, said: str) -> None:
    (tmp_path / "other.tsv").write_text("z1 0 p1 3\n", encoding="utf-8")
    with pytest.raises(GateFileError) as error:
        read(tmp_path, gate)
    assert said.format(folder=tmp_path) in str(error.value)


def test_nothing_relevant_with_answerable(tmp_path: Path) -> None:
    with pytest.raises(GateFileError, match=r"answerable: no query of .* has a relevant product in"):
        read(tmp_path, BOTH + "answerable = true\nfloor = 0.1\n", relevant=0)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(GateFileError, match=r"cannot be read: .* Check the name given to --gate"):
        read_gate(tmp_path / "none.toml")


def test_the_demo_has_one_that_works() -> None:
    gate = read_gate(Path(__file__).parents[2] / "examples" / "demo" / "gate.toml")
    assert [one.name for one in gate.checks] == ["ndcg@10", "recall@100"]
    assert gate.notes == ()


def test_every_key_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "gate.md").read_text(encoding="utf-8")
    rows = "".join(line for line in page.splitlines() if line.startswith("| `"))
    assert [key for key in (*KEYS, "alpha") if f"`{key}`" not in rows] == []
