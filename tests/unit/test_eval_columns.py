"""Reading a whole file at once: exactly what reading it line by line gives, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eval.columns import qrels_at_once, run_at_once
from eval.qrels import AT_ONCE_FROM, MACHINE, MAX_GRADE, qrels_by_line, read_qrels, read_run, run_by_line
from search.errors import JudgementError

PATH = Path("file.tsv")
BOM = b"\xef\xbb\xbf"


def qrels_so(content: bytes) -> object:
    """Queries, products and pairs as lists: their order counts as well."""
    read = qrels_at_once(content, MACHINE, MAX_GRADE)
    return read and (ordered(read.grades), read.marked)


def ordered(nested) -> list:
    return [(query, list(products.items())) for query, products in nested.items()]


def qrels_line_by_line(content: bytes) -> object:
    try:
        read = qrels_by_line(content, PATH)
    except JudgementError:
        return None
    return ordered(read.grades), read.machine


def run_so(content: bytes) -> object:
    hits = run_at_once(content)
    return hits and list(hits.items())


def run_line_by_line(content: bytes) -> object:
    try:
        return list(run_by_line(content, PATH).hits.items())
    except JudgementError:
        return None


# --- clean files are taken -------------------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=4)
ids = st.sampled_from(["q1", "q2", "10", "010", "1e3", '"', "'a", "null", "NaN", "", "红"]).filter(bool) | words
grades = st.sampled_from(["0", "1", "3", "-2", "1.0", "2.33", "-0.0", "1e2", "1000", "0.1", "00"])
numbers = grades | st.floats(allow_nan=False, allow_infinity=False).map(repr)
separators = st.sampled_from(["\t", " "])
ends = st.sampled_from(["\n", "\r\n", "\n\n"])


@given(
    st.dictionaries(st.tuples(ids, ids), st.tuples(st.sampled_from(["0", "llm", "Q0"]), grades), min_size=1),
    separators, ends, st.booleans(), st.booleans(),
)  # fmt: skip
def test_clean_qrels(judged, separator: str, end: str, marked: bool, ended: bool) -> None:
    lines = (separator.join((query, mark, product, grade)) for (query, product), (mark, grade) in judged.items())
    content = (BOM if marked else b"") + (end.join(lines) + (end if ended else "")).encode()
    assert qrels_so(content) == qrels_line_by_line(content) is not None


@given(
    st.dictionaries(st.tuples(ids, ids), st.tuples(st.integers(-2, 5).map(str), numbers, ids), min_size=1),
    separators, ends, st.booleans(),
)  # fmt: skip
def test_clean_runs(found, separator: str, end: str, marked: bool) -> None:
    lines = (
        separator.join((query, "Q0", product, rank, score, tag))
        for (query, product), (rank, score, tag) in found.items()
    )
    content = (BOM if marked else b"") + (end.join(lines) + end).encode()
    assert run_so(content) == run_line_by_line(content) is not None


def test_ids_with_spaces_inside_are_clean_between_tabs() -> None:
    content = "q 1\t0\tABC 12\t1\nq 1\tllm\t红\u3000色\t2\n".encode()
    assert qrels_so(content) == qrels_line_by_line(content) is not None


# --- hostile files are left to the line reader, or read as it does ---------------------------------------------------

WORDS = ["q1", "0", "p1", "p2", "1", "2", "Q0", "llm", "t", '"', "'", ",", "\\", "#"]
NUMBERS = ["nan", "inf", "infinity", "1e999", "1e-999", "1_0", "+1", "-", "0x1", "１", "1.5", "1d2", "1.", ".5"]
BETWEEN = [
    "\t",
    "\t",
    " ",
    "  ",
    "\n",
    "\r",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x00",
    "\x85",
    "\xa0",
    "\u2028",
    "\u3000",
    "\ufeff",
]
LINES = [
    "q1\t0\tp1\t1\n", "q1 0 p2 1\n", "q2\t0\tp1\t2\n",
    "q1\tQ0\tp1\t1\t0.5\tt\n", "q1 Q0 p2 1 0.5 t\n", "q1\tQ0\tp2\t2\t0.5\tt\n", "q2\tQ0\tp1\t1\t7\tt\n",
]  # fmt: skip
pieces = st.sampled_from([*WORDS, *NUMBERS, *BETWEEN, *LINES])
hostile = st.lists(pieces, max_size=24).map(lambda parts: "".join(parts).encode()) | st.binary(max_size=40)

TRAPS = [
    b"q1\t0\tp1\t1\rq2\t0\tp2\t1\n",  # two lines for Arrow, one for us
    b"q1\t0\tp1\t1\r\r\nq2\t0\tp2\t1\n",
    b"q1\t0\t p1\t1\n",  # the id is p1
    b"q1 0 p\x0b1 1\n",  # five columns
    b"q1\t\tABC 12\t1\n",
    b"q1\t0\tp1\t1\nq1\t0\tp1\t1.0\n",  # twice, and the same
    b"q1\t0\tp1\t1\nq1\t0\tp1\t2\n",
    b"q1\t0\tp1\tnan\n",
    b"q1\t0\tp1\t1001\n",
    b"q1\t0\tp1\t+1\n",
    b"q1\t0\tp1\t 1 \n",
    b"q1\t0\tp1\t1\n \nq2\t0\tp1\t1\n",
    b"q1\t0\tp1\t1\n\xff\t0\tp1\t1\n",
    b"q1\t0\t\xed\xa0\x80\t1\n",  # half a surrogate pair
    BOM + BOM + b"q1\t0\tp1\t1\n",
    b"\n\n",
    b"",
]


@pytest.mark.parametrize("content", TRAPS)
def test_trap(content: bytes) -> None:
    assert qrels_so(content) in (None, qrels_line_by_line(content))


@settings(max_examples=500)
@given(hostile)
@example(b"q1\tQ0\tp1\t1\t0.5\tt\rq2\tQ0\tp1\t1\t0.5\tt\n")
@example(b"q1\tQ0\tp1\t1\t0.5\tt\nq1\tQ0\tp1\t2\t0.4\tt\n")
@example(b"q1\tQ0\tp1\t1.5\t0.5\tt\n")
@example(b"q1\tQ0\tp1\tinf\t0.5\tt\n")
@example(b"q1\tQ0\tp1\t1\tnan\tt\n")
@example(b"q1\tQ0\tp1\t1\t-inf\tt\n")
@example(b"q1\tQ0\tp1\t1\tN/A\tt\n")
@example(b"q1\tQ0\tp1\t1\t0.5\t\n")
def test_hostile_files_are_never_read_otherwise(content: bytes) -> None:
    assert qrels_so(content) in (None, qrels_line_by_line(content))
    assert run_so(content) in (None, run_line_by_line(content))


# --- through the front door ------------------------------------------------------------------------------------------


def test_large_files_are_read_the_same_and_refused_by_line(tmp_path: Path) -> None:
    lines = [f"q{n // 100}\tQ0\tproduct-{n}\t{n % 100 + 1}\t{-n}\trun" for n in range(40_000)]
    path = tmp_path / "run.trec"
    path.write_text("\n".join(lines))
    assert path.stat().st_size > AT_ONCE_FROM
    assert run_at_once(path.read_bytes()) is not None
    assert read_run(path) == run_by_line(path.read_bytes(), path)
    path.write_text("\n".join([*lines[:30_000], lines[29_950], *lines[30_000:]]))
    with pytest.raises(JudgementError, match="line 30001: product 'product-29950' is here for the second time"):
        read_run(path)

    lines = [f"q{n // 100} {'llm' if n % 3 else 0} product-{n} {n % 4}" for n in range(60_000)]
    path.write_text("\n".join(lines))
    assert path.stat().st_size > AT_ONCE_FROM
    assert qrels_at_once(path.read_bytes(), MACHINE, MAX_GRADE) is not None
    assert read_qrels(path) == qrels_by_line(path.read_bytes(), path)
    assert len(read_qrels(path).machine) == 40_000
    path.write_text("\n".join([*lines, "q1 0 product-1 high"]))
    with pytest.raises(JudgementError, match="line 60001: grade 'high' is not a number"):
        read_qrels(path)
