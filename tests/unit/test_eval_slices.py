"""Slices: who belongs where, and what is compared within them. Frequencies: from a column, from a log."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval.compare import differing, holm, randomisation_test
from eval.frequencies import column_frequencies, read_frequencies
from eval.metrics import Scores
from eval.qrels import EvalQuery
from eval.record import QueryRecord, RunRecord, Software
from eval.slices import (
    FEW,
    Slicing,
    by_column,
    by_constraint,
    by_frequency,
    by_language,
    by_length,
    compare_slices,
    corrected,
    slicings,
    words_in,
)
from search.errors import JudgementError

QUERIES = (
    EvalQuery("q1", "lamp", ("90", "home")),
    EvalQuery("q2", "brother tn-2110 toner", ("5", "office")),
    EvalQuery("q3", "静音无线鼠标 100元以内", ("5", "office")),
    EvalQuery("q4", "desk lamp under $30", ("60", "home")),
    EvalQuery("q5", "desk lamp", ("20", "")),
)


def record(understand: bool = True, **queries: tuple[str, int]) -> RunRecord:
    return RunRecord(
        index="products", index_version=1, products=9, encoder="", recipe="", learning="", built_at="", created_at="",
        software=Software("1"), options={"understand": understand},
        queries={query: QueryRecord(language, constraints, 1, False, (), {})
                 for query, (language, constraints) in queries.items()},
    )  # fmt: skip


def members(slicing: Slicing) -> dict[str, str]:
    return {name: " ".join(sorted(ids)) for name, ids in slicing.slices.items()}


# --- dividing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lamp", 1),
        ("brother tn-2110 toner", 3),
        ("men's shirt", 2),
        ("无线鼠标", 2),
        ("无线 鼠标", 2),
        ("iphone手机壳", 3),
        ("tea - green", 2),
        ("???", 0),
    ],
)
def test_words(text: str, words: int) -> None:
    assert words_in(text) == words


def test_by_length() -> None:
    assert members(by_length(QUERIES)) == {
        "1 word": "q1",
        "2 words": "q5",
        "3 words": "q2",
        "4 words and more": "q3 q4",
    }
    assert members(by_length([EvalQuery("q", "???")])) == {"1 word": "q"}


def test_by_language_as_the_record_has_it_or_else_as_it_is_written() -> None:
    assert members(by_language(QUERIES)) == {"en": "q1 q2 q4 q5", "zh": "q3"}
    assert members(by_language(QUERIES, record(q1=("zh", 0)))) == {"zh": "q1 q3", "en": "q2 q4 q5"}


def test_by_constraint_as_the_record_has_it_or_else_read_without_an_index() -> None:
    assert members(by_constraint(QUERIES)) == {"some": "q3 q4", "none": "q1 q2 q5"}
    assert members(by_constraint(QUERIES, record(q1=("en", 2), q4=("en", 0)))) == {"some": "q1 q3", "none": "q2 q4 q5"}


def test_a_run_that_took_words_literally_says_nothing_of_conditions() -> None:
    literal = record(understand=False, q4=("en", 0), q3=("zh", 0))
    assert members(by_constraint(QUERIES, literal)) == members(by_constraint(QUERIES))


def test_the_head_is_half_of_the_traffic() -> None:
    frequencies = {"q1": 90.0, "q2": 5.0, "q3": 5.0, "q4": 60.0, "q5": 20.0}
    assert members(by_frequency(QUERIES, frequencies)) == {"head": "q1", "tail": "q2 q3 q4 q5"}
    assert members(by_frequency(QUERIES, frequencies | {"q4": 80.0})) == {"head": "q1 q4", "tail": "q2 q3 q5"}


def test_queries_as_frequent_as_the_last_of_the_head_are_head_whatever_the_order() -> None:
    tied = {"q1": 4.0, "q2": 4.0, "q3": 4.0, "q4": 1.0}
    expected = {"head": "q1 q2 q3", "tail": "q4 q5"}
    assert members(by_frequency(QUERIES, tied)) == members(by_frequency(QUERIES[::-1], tied)) == expected
    assert members(by_frequency(QUERIES, dict.fromkeys(("q1", "q2"), 0.0))) == {"tail": "q1 q2 q3 q4 q5"}
    assert by_frequency((), {}).slices == {}


def test_by_column_with_the_commonest_first_and_empty_ones_left_out() -> None:
    assert by_column(QUERIES, 4) == Slicing(
        "column 4", {"home": frozenset({"q1", "q4"}), "office": frozenset({"q2", "q3"})}
    )
    assert members(by_column(QUERIES, 5)) == {}


def test_rare_values_of_a_column_are_one_slice() -> None:
    many = [EvalQuery(f"q{i}", "x", (f"v{i if i < 20 else i % 3}",)) for i in range(40)]
    found = members(by_column(many, 3))
    assert list(found)[:3] == ["v0", "v2", "v1"]
    assert len(found) == 13
    assert len(found["others (8 values)"].split()) == 8
    thirteen = [EvalQuery(f"q{i}", "x", (f"v{i}",)) for i in range(13)]
    assert len(members(by_column(thirteen, 3))) == 13
    assert not any(name.startswith("others") for name in members(by_column(thirteen, 3)))


def test_ways_that_leave_all_queries_together_are_no_slicings() -> None:
    alike = [EvalQuery("q1", "red lamp"), EvalQuery("q2", "blue shoes")]
    assert slicings(alike) == ()
    assert [one.name for one in slicings(QUERIES)] == ["length", "language", "condition"]
    frequencies = {"q1": 90.0}
    assert [one.name for one in slicings(QUERIES, frequencies=frequencies, columns=(4, 9))] == [
        "length", "language", "condition", "frequency", "column 4",
    ]  # fmt: skip
    assert slicings(QUERIES, frequencies=frequencies)[3] == by_frequency(QUERIES, frequencies)


# --- comparing -------------------------------------------------------------------------------------------------------

BEFORE = np.array([0.1, 0.5, 0.5, 0.9, 0.2, 0.4])
AFTER = np.array([0.3, 0.5, 0.8, 0.7, 0.6, 0.9])
BASE = Scores("base", tuple("abcdef"), {"map": BEFORE})
NEW = Scores("new", BASE.queries, {"map": AFTER})
SLICINGS = (
    Slicing("first", {"x": frozenset("abc"), "y": frozenset("def")}),
    Slicing("second", {"z": frozenset("ace") | {"stranger"}, "gone": frozenset({"stranger"})}),
)


def test_each_slice_is_compared_by_itself_and_corrected_together() -> None:
    found = compare_slices(BASE, NEW, "map", SLICINGS)
    assert [(one.run, one.metric, one.slicing, one.slice, one.queries) for one in found] == [
        ("new", "map", "first", "x", 3), ("new", "map", "first", "y", 3), ("new", "map", "second", "z", 3),
    ]  # fmt: skip
    x, y, z = found
    assert (x.wins, x.losses, x.ties) == (2, 0, 1)
    assert (y.wins, y.losses, y.ties) == (2, 1, 0)
    assert y.baseline_mean == pytest.approx(0.5)
    assert y.mean == pytest.approx(2.2 / 3)
    assert y.difference == pytest.approx(0.7 / 3)
    assert y.interval.low <= y.difference <= y.interval.high
    assert z.p == randomisation_test(differing(BEFORE[::2], AFTER[::2])) == 0.25
    assert [one.p_holm for one in found] == holm([one.p for one in found])


def test_several_runs_are_corrected_over_all_of_their_slices() -> None:
    every = [*compare_slices(BASE, NEW, "map", SLICINGS), *compare_slices(BASE, BASE, "map", SLICINGS)]
    assert [one.p_holm for one in corrected(every)] == holm([one.p for one in every])
    assert corrected(()) == ()


def test_fewer_violations_win_in_slices_too() -> None:
    base, new = (Scores(one.run, one.queries, {"violations@10": one.values["map"]}) for one in (BASE, NEW))
    x, *_ = compare_slices(base, new, "violations@10", SLICINGS)
    assert (x.wins, x.losses, x.ties) == (0, 2, 1)


def test_small_slices_are_marked() -> None:
    ids = tuple(f"q{i}" for i in range(60))
    scores = Scores("run", ids, {"map": np.linspace(0, 1, 60)})
    cut = Slicing("size", {"enough": frozenset(ids[:FEW]), "few": frozenset(ids[FEW : 2 * FEW - 1])})
    assert [one.few for one in compare_slices(scores, scores, "map", [cut])] == [False, True]


# --- frequencies -----------------------------------------------------------------------------------------------------


def test_frequencies_in_a_column() -> None:
    path = Path("queries.tsv")
    assert column_frequencies(path, QUERIES, 3) == {"q1": 90, "q2": 5, "q3": 5, "q4": 60, "q5": 20}
    with pytest.raises(JudgementError, match=r"queries.tsv, query 'q1': column 4 holds 'home'.*counted from 1"):
        column_frequencies(path, QUERIES, 4)
    with pytest.raises(JudgementError, match=r"column 5 holds ''"):
        column_frequencies(path, QUERIES, 5)


def test_frequencies_of_a_log_by_id_or_by_words(tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.write_text(
        "q1\t3\nDesk  LAMP\t2.5\tignored\ngarden hose\t7\ndesk lamp\t1\n静音无线鼠标　100元以内\t4\n", encoding="utf-8"
    )
    assert read_frequencies(log, QUERIES) == {"q1": 3, "q5": 3.5, "q3": 4}
    twins = [*QUERIES, EvalQuery("q6", "Desk lamp")]
    assert read_frequencies(log, twins) == {"q1": 3, "q5": 3.5, "q6": 3.5, "q3": 4}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("query\tcount\n", "line 1: expected a query .* If this is a header, remove the line"),
        ("q1\t1\nq2\n", "line 2: expected a query"),
        ("q1\t-1\n", "line 1: .* a number from 0 up"),
        ("q1\tinf\n", "line 1"),
        ("q1\t1_000\n", "line 1"),
        ("garden hose\t7\n", "names none of the queries"),
    ],
)
def test_odd_frequencies_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    log = tmp_path / "log.tsv"
    log.write_text(text, encoding="utf-8")
    with pytest.raises(JudgementError, match=problem) as caught:
        read_frequencies(log, QUERIES)
    assert "log.tsv" in str(caught.value)
