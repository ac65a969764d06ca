"""Query, judgement and run files: what is read, what is refused and with which words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.qrels import Answer, EvalQuery, read_qrels, read_queries, read_run, write_run
from search.errors import JudgementError


def file(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.tsv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(read, path: Path) -> str:
    with pytest.raises(JudgementError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    return str(caught.value).replace(str(path), "FILE")


# --- queries ---------------------------------------------------------------------------------------------------------


def test_queries_keep_their_order_their_further_columns_and_their_characters(tmp_path: Path) -> None:
    path = file(tmp_path, 'q2\tred "dress"\nq1\t红色 连衣裙\tshopper-7\t\r\n\n')
    assert read_queries(path) == (
        EvalQuery("q2", 'red "dress"'),
        EvalQuery("q1", "红色 连衣裙", ("shopper-7", "")),
    )


def test_byte_order_mark_is_no_part_of_the_first_id(tmp_path: Path) -> None:
    assert read_queries(file(tmp_path, b"\xef\xbb\xbfq1\tred dress\n"))[0].id == "q1"
    assert list(read_qrels(file(tmp_path, b"\xef\xbb\xbfq1 0 p1 3\n")).grades) == ["q1"]


@pytest.mark.parametrize("line", ["q1", "q1 red dress", "q1\t", "\tred dress", "q1\t \tshopper"])
def test_query_without_id_or_text_is_refused(tmp_path: Path, line: str) -> None:
    message = refusal(read_queries, file(tmp_path, f"q0\tblue\n{line}\n"))
    assert message == "FILE, line 2: expected query_id, a tab and the text of the query"


def test_query_id_used_twice_is_refused(tmp_path: Path) -> None:
    message = refusal(read_queries, file(tmp_path, "q1\tred\n\nq1\tblue\n"))
    assert message == "FILE, line 3: query 'q1' is here for the second time; give each query its own id"


# --- judgements ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [" ", "\t", "  \t"])
def test_qrels_by_spaces_or_tabs(tmp_path: Path, separator: str) -> None:
    lines = [("q2", "0", "p1", "3"), ("q1", "0", "p1", "2.33"), ("q2", "0", "p2", "-1")]
    path = file(tmp_path, "".join(separator.join(line) + "\n" for line in lines))
    assert read_qrels(path).grades == {"q2": {"p1": 3.0, "p2": -1.0}, "q1": {"p1": 2.33}}


@pytest.mark.parametrize("product", ["ABC 12", "红\u3000色", "n\u00a0b"])
def test_ids_with_spaces_are_read_where_tabs_separate(tmp_path: Path, product: str) -> None:
    assert read_qrels(file(tmp_path, f"q 1\t0\t{product}\t1\n")).grades == {"q 1": {product: 1.0}}


def test_an_empty_column_is_not_closed_up_by_an_id_with_a_space(tmp_path: Path) -> None:
    message = refusal(read_qrels, file(tmp_path, "q1\t\tABC 12\t1\n"))
    assert message.startswith("FILE, line 1: 3 columns, not the 4 of: query_id 0 product_id grade")


@pytest.mark.parametrize("line", ["q1 p1 1", "q1 0 p1 1 extra", "q1 0 ABC 12 1", "q1\t0\tp1", "q1,0,p1,1"])
def test_wrong_number_of_columns_is_refused(tmp_path: Path, line: str) -> None:
    assert "FILE, line 2: " in refusal(read_qrels, file(tmp_path, f"q0 0 p1 1\n{line}\n"))


@pytest.mark.parametrize("grade", ["nan", "inf", "high", "1_0", "1001", "-1e9", "1,5"])
def test_grade_that_is_no_sensible_number_is_refused(tmp_path: Path, grade: str) -> None:
    message = refusal(read_qrels, file(tmp_path, f"q0 0 p1 1\nq1 0 p1 {grade}\n"))
    assert message == f"FILE, line 2: grade '{grade}' is not a number within ±1000."


def test_header_is_named_as_such(tmp_path: Path) -> None:
    message = refusal(read_qrels, file(tmp_path, "query_id 0 product_id grade\nq1 0 p1 1\n"))
    assert message.endswith("If this is a header, remove the line.")


def test_pair_judged_twice_may_agree_but_not_differ(tmp_path: Path) -> None:
    assert read_qrels(file(tmp_path, "q1 0 p1 1\nq1 0 p1 1.0\n")).grades == {"q1": {"p1": 1.0}}
    message = refusal(read_qrels, file(tmp_path, "q1 0 p1 1\nq1 0 p2 0\nq1 0 p1 2\n"))
    assert message == "FILE, line 3: product 'p1' has grade 2 for query 'q1' but 1 before; keep one"


# --- all of them -----------------------------------------------------------------------------------------------------

READERS = pytest.mark.parametrize("read", [read_queries, read_qrels, read_run])


@READERS
@pytest.mark.parametrize("content", ["", "\n  \n", b"\xef\xbb\xbf"])
def test_empty_file_is_refused(tmp_path: Path, read, content: str | bytes) -> None:
    assert "FILE holds no " in refusal(read, file(tmp_path, content))


@READERS
def test_file_in_another_encoding_is_refused(tmp_path: Path, read) -> None:
    message = refusal(read, file(tmp_path, "q1\tcafé\n".encode("latin-1")))
    assert message == "FILE, line 1: this is not UTF-8; save the file in that encoding"
    assert "not UTF-8" in refusal(read, file(tmp_path, "q1\tred\n".encode("utf-16")))


@READERS
def test_missing_file_and_folder_are_refused(tmp_path: Path, read) -> None:
    assert refusal(read, tmp_path / "absent") == "FILE cannot be read: No such file or directory"
    assert refusal(read, tmp_path) == "FILE cannot be read: Is a directory"


# --- runs ------------------------------------------------------------------------------------------------------------


def test_hits_are_ordered_by_score_then_by_rank_then_as_they_stand(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "q1 Q0 third 1 0.5 t\nq1 Q0 fifth 9 0.1 t\nq2 Q0 only 1 7 t\nq1 Q0 fourth 3 0.1 t\n"
        "q1 Q0 second 2 0.9 t\nq1 Q0 first 1 0.9 t\nq1 Q0 sixth 9 0.1 t\n",
    )
    run = read_run(path)
    assert run.name == str(path)
    assert run.hits == {"q1": ("first", "second", "third", "fourth", "fifth", "sixth"), "q2": ("only",)}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("q1 Q0 p1 1 nan t", "score 'nan' is not a finite number"),
        ("q1 Q0 p1 1 -inf t", "score '-inf' is not a finite number"),
        ("q1 Q0 p1 first 0.5 t", "rank 'first' is not a whole number"),
        ("q1 Q0 p1 1.5 0.5 t", "rank '1.5' is not a whole number"),
        ("q0 Q0 p0 2 0.5 t", "product 'p0' is here for the second time for query 'q0'; keep the better"),
        ("q1 Q0 p1 0.5 t", "5 columns, not the 6 of: query_id Q0 product_id rank score tag"),
    ],
)
def test_run_with_an_odd_line_is_refused(tmp_path: Path, line: str, problem: str) -> None:
    message = refusal(read_run, file(tmp_path, f"q0 Q0 p0 1 0.9 t\n{line}\n"))
    assert message.startswith(f"FILE, line 2: {problem}")


def test_written_run_is_plain_trec(tmp_path: Path) -> None:
    path = tmp_path / "run.trec"
    write_run(
        path, [Answer("q1", ["p2", "p1"], [0.75, 0.5]), Answer("q2", [], []), Answer("q3", ["p1"], [1])], "my tag"
    )
    assert path.read_text() == "q1\tQ0\tp2\t1\t0.75\tmy_tag\nq1\tQ0\tp1\t2\t0.5\tmy_tag\nq3\tQ0\tp1\t1\t1\tmy_tag\n"


ids = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r\ufeff"), min_size=1, max_size=6).filter(
    lambda text: text == text.strip()
)
scores = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 0.5, 1.0])


@given(st.dictionaries(ids, st.dictionaries(ids, scores, min_size=1, max_size=8), min_size=1, max_size=4))
def test_order_survives_writing_whatever_the_scores(tmp_path_factory, found: dict[str, dict[str, float]]) -> None:
    """Also for tools that sort by score alone, read in single precision."""
    path = tmp_path_factory.mktemp("run") / "run.trec"
    write_run(path, [Answer(query, list(hits), list(hits.values())) for query, hits in found.items()], "t")
    assert read_run(path).hits == {query: tuple(hits) for query, hits in found.items()}
    written = [line.split("\t") for line in path.read_text(encoding="utf-8").removesuffix("\n").split("\n")]
    for query, hits in found.items():
        column = [float(line[4]) for line in written if line[0] == query]
        single = np.array(column, dtype=np.float32)
        assert len(single) == len(hits)
        assert (np.diff(single) < 0).all()


@pytest.mark.parametrize("bad", ["", "a\tb", "a\nb", " a"])
def test_id_that_no_line_can_hold_is_refused(tmp_path: Path, bad: str) -> None:
    for answer in (Answer("q1", [bad], [0.5]), Answer(bad, ["p1"], [0.5])):
        with pytest.raises(JudgementError, match="cannot stand in a run file"):
            write_run(tmp_path / "run.trec", [answer], "t")


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([Answer("q1", ["p1"], [float("nan")])], "finite"),
        ([Answer("q1", ["p1", "p1"], [2, 1])], "a product comes twice for query 'q1'"),
        ([Answer("q1", ["p1"], [1]), Answer("q1", ["p2"], [1])], "query 'q1' comes twice"),
        ([Answer("q1", [], [])], "No query found a product"),
    ],
)
def test_refused_run_leaves_the_old_file_and_no_other(tmp_path: Path, answers: list[Answer], problem: str) -> None:
    path = file(tmp_path, "as it was")
    with pytest.raises(JudgementError, match=problem):
        write_run(path, answers, "t")
    assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]


def test_interrupted_run_leaves_the_old_file(tmp_path: Path) -> None:
    def answers():
        yield Answer("q1", ["p1"], [1.0])
        raise KeyboardInterrupt

    path = file(tmp_path, "as it was")
    with pytest.raises(KeyboardInterrupt):
        write_run(path, answers(), "t")
    assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]


def test_place_that_cannot_be_written_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    def answers():
        pytest.fail("a query was asked")
        yield

    with pytest.raises(JudgementError, match="cannot be written: No such file or directory"):
        write_run(tmp_path / "absent" / "run.trec", answers(), "t")
    with pytest.raises(JudgementError, match="is not a file"):
        write_run(tmp_path, answers(), "t")
