"""Several judges become one grade, and their agreement becomes words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval.judging.agreement import Coefficient, cohen_kappa
from eval.judging.merging import Grades, gathered, merged
from eval.judging.pools import Pair
from eval.judging.reading import Grading
from eval.judging.verdicts import agreement_of, alpha_reading, coefficients, figure, kappa_reading
from eval.judging.written import write_qrels
from eval.qrels import read_qrels
from search.errors import JudgementError

P, Q = Pair("q", "p"), Pair("q", "r")


def _grading(pair: Pair, judge: str, grade: float, line: int = 2) -> Grading:
    return Grading(pair, judge, grade, Path(f"{judge}.csv"), line)


def test_judges_are_gathered_whatever_their_capitals() -> None:
    grades = gathered([_grading(P, "Anna", 3), _grading(P, "ben", 1), _grading(Q, "ANNA", 2), _grading(Q, "anna", 2)])
    assert grades == Grades(("Anna", "ben"), {P: {"Anna": 3, "ben": 1}, Q: {"Anna": 2}})
    assert np.array_equal(grades.ratings(), [[3, 1], [2, np.nan]], equal_nan=True)
    assert grades.scale() == (1, 2, 3)


def test_a_judge_of_two_minds_is_asked_which() -> None:
    with pytest.raises(JudgementError, match=r"anna\.csv, line 9: .* grade 3 .* but 2 in anna\.csv, line 4"):
        gathered([_grading(P, "anna", 2, 4), _grading(P, "anna", 3, 9)])


@pytest.mark.parametrize(
    ("given", "median", "mean", "majority"),
    [
        ((3,), 3, 3, 3),
        ((2, 3), 2.5, 2.5, 2),
        ((0, 3, 3), 3, 2, 3),
        ((0, 1, 3), 1, 4 / 3, 0),
        ((1, 1, 2, 2), 1.5, 1.5, 1),
    ],
)
def test_merging(given: tuple[int, ...], median: float, mean: float, majority: float) -> None:
    grades = Grades(tuple("abcd"), {P: dict(zip("abcd", map(float, given), strict=False))})
    assert merged(grades, "median")[P] == median
    assert merged(grades, "mean")[P] == pytest.approx(mean)
    assert merged(grades, "majority")[P] == majority


@pytest.mark.parametrize(
    ("value", "word"),
    [
        *[(-0.01, "poor"), (0.0, "slight"), (0.2, "slight"), (0.21, "fair"), (0.41, "moderate"), (0.6, "moderate")],
        *[(0.61, "substantial"), (0.8, "substantial"), (0.81, "almost perfect"), (1.0, "almost perfect")],
    ],
)
def test_the_words_of_landis_and_koch(value: float, word: str) -> None:
    assert kappa_reading(value) == word


@pytest.mark.parametrize(
    ("value", "word"), [(0.8, "reliable"), (0.79, "tentative"), (0.667, "tentative"), (0.66, "unreliable")]
)
def test_the_words_of_krippendorff(value: float, word: str) -> None:
    assert alpha_reading(value) == word


def test_a_figure_always_says_how_sure_it_is() -> None:
    ratings = np.array([[0, 0], [1, 1], [2, 1], [3, 3]] * 10, dtype=np.float64)
    assert figure(cohen_kappa(ratings)).startswith("0.67 [0.50, 0.8")
    assert figure(cohen_kappa(ratings[:8])) == "0.67 [too few pairs]"
    assert figure(Coefficient(None, None, 0, "nobody came")) == "unknown: nobody came"


def test_agreement_that_may_be_chance_says_so() -> None:
    random_ = np.random.default_rng(1)
    said = agreement_of(_graded(random_.integers(0, 4, (60, 2)).astype(np.float64)))
    assert "perhaps chance" in said
    assert "perhaps chance" not in agreement_of(_graded(np.repeat([[0, 0], [1, 1], [2, 2]], 20, axis=0) * 1.0))


def test_two_judges_get_kappa_and_a_table_more_get_every_couple() -> None:
    two = agreement_of(_graded(np.array([[0, 0], [1, 2], [2, 2], [3, 3]] * 10, dtype=np.float64)))
    assert "Cohen's kappa" in two
    assert "a \\ b   0  1   2   3" in two
    three = agreement_of(_graded(np.array([[0, 0, np.nan], [1, np.nan, 2], [2, 2, np.nan]] * 20)))
    assert "Fleiss' kappa" in three
    assert [line.split()[:3] for line in three.splitlines() if line[:2] in ("a ", "b ")] == [
        ["a", "b", "40"], ["a", "c", "20"],
    ]  # fmt: skip


def test_few_pairs_are_said_to_be_few() -> None:
    assert "4 pairs say little" in agreement_of(_graded(np.array([[0, 0], [1, 2], [2, 2], [3, 3]]) * 1.0))


def test_without_overlap_it_says_what_to_do() -> None:
    said = agreement_of(_graded(np.array([[0, np.nan], [np.nan, 2]])))
    assert said.startswith("Agreement is unknown: no pair was graded by two judges.")
    assert "--overlap" in said
    assert "nan" not in said


def test_one_judge_has_nobody_to_agree_with() -> None:
    assert {one.value for one in coefficients(np.array([[1.0], [2.0]])).values()} == {None}


def _graded(ratings: np.ndarray) -> Grades:  # type: ignore[type-arg]
    judges = tuple("abcdef"[: ratings.shape[1]])
    of = {
        Pair("q", f"p{i}"): {judge: grade for judge, grade in zip(judges, row, strict=True) if not np.isnan(grade)}
        for i, row in enumerate(ratings.tolist())
    }
    return Grades(judges, of)


# --- written ---------------------------------------------------------------------------------------------------------


def test_judgements_are_written_with_who_gave_them(tmp_path: Path) -> None:
    path = tmp_path / "q.tsv"
    write_qrels(path, {Pair("q 1", "p"): 2.5, Pair("q2", "p"): 0}, {Pair("q 1", "r"): 3, Pair("q 1", "p"): 1})
    assert path.read_text() == "q 1\t0\tp\t2.5\nq 1\tllm\tr\t3\nq2\t0\tp\t0\n"
    qrels = read_qrels(path)
    assert qrels.grades == {"q 1": {"p": 2.5, "r": 3}, "q2": {"p": 0}}
    assert qrels.machine == {("q 1", "r")}
    assert qrels.source == path
    assert qrels.answerable().machine == qrels.machine


@pytest.mark.parametrize("name", ["", " p", "p\tq", "p\nq"])
def test_ids_that_no_file_can_hold(tmp_path: Path, name: str) -> None:
    with pytest.raises(JudgementError, match="cannot stand"):
        write_qrels(tmp_path / "q.tsv", {Pair("q", name): 1})
    assert list(tmp_path.iterdir()) == []
