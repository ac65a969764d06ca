"""Kappa and alpha against reference tools, published examples, and by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.judging.agreement import (
    FEWEST_ITEMS,
    Coefficient,
    Floats,
    cohen_kappa,
    confusion,
    fleiss_kappa,
    krippendorff_alpha,
    raw_agreement,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "agreement.json").read_text(encoding="utf-8"))["cases"]
_ = math.nan


def _ratings(rows: list[list[float | None]]) -> Floats:
    return np.array([[math.nan if grade is None else grade for grade in row] for row in rows], dtype=np.float64)


def _named(name: str, ratings: Floats) -> Coefficient:
    kind, _, how = name.partition(" ")
    if kind == "alpha":
        return krippendorff_alpha(ratings, how)  # type: ignore[arg-type]
    return cohen_kappa(ratings, how) if kind == "cohen" else fleiss_kappa(ratings)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_every_coefficient_agrees_with_a_reference_tool(case: dict[str, Any]) -> None:
    ratings = _ratings(case["ratings"])
    ours = {name: _named(name, ratings).value for name in case["values"]}
    assert ours == pytest.approx(case["values"], abs=1e-12)
    assert len(ours) >= 3


DIAGNOSES = """444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 144444 224445
333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 111155 224444 133333 555555"""


def test_the_psychiatrists_of_fleiss() -> None:
    """Fleiss (1971), table 1: 30 patients, six of the psychiatrists for each, five diagnoses. He gives 0.430."""
    ratings = np.array([[float(digit) for digit in patient] for patient in DIAGNOSES.split()])
    assert ratings.shape == (30, 6)
    found = fleiss_kappa(ratings)
    assert found.value == pytest.approx(0.430, abs=5e-4)
    assert found.interval is not None
    assert found.interval.low < 0.430 < found.interval.high


KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
).T


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_the_four_observers_of_krippendorff(level: Any, published: float) -> None:
    """Krippendorff (2011), section C and on: four observers, twelve units, some grades missing."""
    found = krippendorff_alpha(KRIPPENDORFF, level)
    assert found.value == pytest.approx(published, abs=5e-4)
    assert found.items == 11  # the last unit has one grade, which nothing can agree with


def test_kappa_by_hand() -> None:
    """20 alike of 30; chance: (15·14 + 15·16) / 30² = 0.5."""
    ratings = np.repeat([[1, 1], [1, 2], [2, 1], [2, 2]], [9, 6, 5, 10], axis=0).astype(np.float64)
    observed, chance = 19 / 30, (15 * 14 + 15 * 16) / 900
    assert cohen_kappa(ratings).value == pytest.approx((observed - chance) / (1 - chance))
    assert raw_agreement(ratings).value == pytest.approx(observed)
    assert confusion(ratings, (0, 1, 2)).tolist() == [[0, 0, 0], [0, 9, 6], [0, 5, 10]]


def test_weights_forgive_what_is_near() -> None:
    near = np.array([[0, 1], [1, 2], [2, 3], [3, 3], [0, 0], [1, 1]] * 3, dtype=np.float64)
    none, linear, quadratic = (cohen_kappa(near, weights).value for weights in ("none", "linear", "quadratic"))  # type: ignore[arg-type]
    assert none is not None
    assert linear is not None
    assert quadratic is not None
    assert none < linear < quadratic


ALL = (raw_agreement, cohen_kappa, fleiss_kappa, krippendorff_alpha)


@pytest.mark.parametrize("coefficient", ALL[1:])
def test_one_grade_for_everything_says_nothing_and_says_why(coefficient: Any) -> None:
    found = coefficient(np.full((20, 2), 2.0))
    assert found.value is None
    assert found.interval is None
    assert "the same" in found.why
    assert found.items == 20


@pytest.mark.parametrize("coefficient", ALL)
@pytest.mark.parametrize("ratings", [[[1, _], [_, 2]], [[_, _]], np.zeros((0, 2))])
def test_without_overlap_nothing_is_known(coefficient: Any, ratings: Any) -> None:
    found = coefficient(np.array(ratings, dtype=np.float64))
    assert (found.value, found.interval, found.items) == (None, None, 0)
    assert found.why == "no item was graded by two judges"


@pytest.mark.parametrize("coefficient", ALL)
def test_one_item_has_no_interval(coefficient: Any) -> None:
    found = coefficient(np.array([[0.0, 3.0]]))
    assert found.value is not None
    assert found.value <= 0
    assert found.interval is None


def test_fleiss_wants_as_many_judges_for_each_item() -> None:
    found = fleiss_kappa(np.array([[1, 2, 3], [1, 1, _]]))
    assert found.value is None
    assert "2 to 3 judges" in found.why


def test_fleiss_does_not_mind_which_judges() -> None:
    same = np.array([[1, 2], [1, 1], [0, 0]] * 5, dtype=np.float64)
    spread = np.array([[1, 2, _], [1, _, 1], [_, 0, 0]] * 5)
    assert fleiss_kappa(spread) == fleiss_kappa(same)


def test_interval_is_the_spread_of_samples() -> None:
    """Against resampling item by item, the plain way."""
    random_ = np.random.default_rng(7)
    truth = random_.integers(0, 4, 120)
    other = np.where(random_.random(120) < 0.35, random_.integers(0, 4, 120), truth)
    ratings = np.stack([truth, other], axis=1).astype(np.float64)
    for coefficient in (cohen_kappa, fleiss_kappa, krippendorff_alpha):
        found = coefficient(ratings)
        samples = [coefficient(ratings[random_.integers(0, 120, 120)]).value for _ in range(80)]
        low, high = np.quantile(samples, [0.025, 0.975])
        assert found.interval is not None
        assert found.interval.low == pytest.approx(low, abs=0.05)
        assert found.interval.high == pytest.approx(high, abs=0.05)


def test_interval_needs_ten_items() -> None:
    ratings = np.array([[0, 0], [1, 2]] * (FEWEST_ITEMS // 2), dtype=np.float64)
    assert cohen_kappa(ratings).interval is not None
    assert cohen_kappa(ratings[:-1]).interval is None


def test_cohen_is_for_two() -> None:
    with pytest.raises(ValueError, match="two judges"):
        cohen_kappa(np.zeros((4, 3)))


def test_fractions_are_grades_too() -> None:
    ratings = np.array([[0.5, 0.5], [1.0, 1.5], [3.0, 3.0]] * 4)
    value = cohen_kappa(ratings, "quadratic").value
    assert value is not None
    assert 0.9 < value < 1
