"""Weights from clicks: against a reference, by finite differences, and on shoppers whose preference is known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from benchmark_modules import load
from scipy.optimize import approx_fprime
from sklearn.linear_model import LogisticRegression

from indexer.train_ranker import fitting
from indexer.train_ranker.comparing import CLIP, compare, worth_of
from indexer.train_ranker.fitting import PLACES, Fit, fit, spread
from indexer.train_ranker.pages import Pages
from search.feedback import RECORDED
from search.personalization.model import DEFAULT, FEATURES, RankingModel

simulated = load("learning_to_rank")
RNG = np.random.default_rng(7)


@cache
def clicked() -> Pages:
    pages: Pages = simulated.observed(3000, np.random.default_rng(2), "power")
    return pages


def pages_of(parts: np.ndarray, gain: np.ndarray) -> Pages:
    """`parts` (pages, products, columns), filled up with zeros; `gain` (pages, products)."""
    count, size, columns = parts.shape
    rows = np.zeros((count * size, len(RECORDED)))
    rows[:, :columns] = parts.reshape(-1, columns)
    place = np.tile(np.arange(size), count)
    starts = np.arange(count + 1) * size
    return Pages(rows, place, place, gain.reshape(-1), starts, np.arange(count) * 1.0, np.arange(count))


def test_pairs_are_a_logistic_regression() -> None:
    """Of two products one was clicked: that is a regression on their difference. scikit-learn's is the reference."""
    parts = RNG.normal(size=(400, 2, 4)) * (0.5, 1, 2, 0.1)
    difference = parts[:, 0] - parts[:, 1]
    first = RNG.random(400) < 1 / (1 + np.exp(-difference @ (1.5, 0.7, 0.4, 3.0)))
    pages = pages_of(parts, np.stack([first, ~first], axis=1).astype(float))
    found = fit(pages, RankingModel(FEATURES, (0.0,) * len(FEATURES)), eta=0.0).weights
    scale = fitting.DEVIATION / spread(pages)[:4]
    reference = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-10, max_iter=10_000)
    reference.fit(difference * scale, first)
    expected = reference.coef_[0] * scale
    assert (expected > 0).all()
    assert found[:4] / np.linalg.norm(found[:4]) == pytest.approx(expected / np.linalg.norm(expected), abs=1e-3)
    assert not found[4:].any(), "what never differed has no weight but the prior's"


def test_the_slope_is_that_of_the_loss() -> None:
    pages = simulated.observed(60, np.random.default_rng(3), "power")
    pages.parts[:, -1] = RNG.random(len(pages.parts)) < 0.2
    for eta in (None, 0.5):
        task = fitting._Task(pages, DEFAULT, eta)
        x = task.start() + RNG.normal(0, 0.1, len(task.start()))
        loss, slope = task.loss(x)
        measured = approx_fprime(x, lambda at, task=task: task.loss(at)[0], 1e-6)
        if eta is not None:
            measured[len(RECORDED) :] = 0  # is not learnt
        assert np.isfinite(loss)
        assert slope == pytest.approx(measured, abs=2e-3 * np.abs(measured).max())


def test_the_true_weights_are_found_in_spite_of_the_places() -> None:
    judged = simulated.answers(1500, np.random.default_rng(1), "power")
    pages = clicked()
    found = fit(pages)
    tau, value = {}, {}
    for way in ("documented", "uncorrected", "learnt"):
        weights = simulated.weights_by(way, pages)
        tau[way] = simulated.agreement(weights, "power")
        value[way] = simulated.ndcg(judged, weights, np.random.default_rng(5))
    assert value["documented"] + 0.03 < value["uncorrected"] < value["learnt"] - 0.02
    assert tau["documented"] < tau["uncorrected"] < tau["learnt"]
    assert tau["learnt"] > 0.75
    assert found.examination[[1, 3, 9]] == pytest.approx([0.5, 0.25, 0.1], abs=0.06)
    assert (found.weights >= 0).all(), "more of a part never ranks lower"
    scale = spread(pages)[:5]
    assert found.weights[:5] @ scale == pytest.approx(DEFAULT.weights[0] * scale[0]), "on the scale of the documented"


def test_a_fold_in_the_page_is_found() -> None:
    pages = simulated.observed(3000, np.random.default_rng(4), "fold")
    found, true = fit(pages).examination, simulated.examination("fold")
    assert found[0] == 1
    assert found[3] == pytest.approx(true[3], abs=0.2)
    assert found[3] > 1.6 * found[4], "the first screen ends there"
    assert found[2] < 1.3 * found[3]


def test_little_data_changes_little() -> None:
    pages = clicked()
    documented = np.array(DEFAULT.weights)

    def moved(count: int) -> float:
        return float(np.abs(fit(pages.between(0, count)).weights - documented).sum())

    assert moved(1) < 0.15
    assert moved(1) < moved(30) < moved(300)
    assert fit(pages.between(0, 1)).eta == pytest.approx(1.0, abs=0.1)


def test_what_nobody_had_keeps_its_documented_weight() -> None:
    """Before shoppers are known there are no personal parts; their share must be there when there are."""
    pages = clicked()
    anonymous = replace(pages, parts=pages.parts.copy())
    anonymous.parts[:, 5:13] = 0
    weights = fit(anonymous).weights
    assert weights[5:].tolist() == list(DEFAULT.weights[5:])
    assert np.abs(weights[:5] - DEFAULT.weights[:5]).max() > 0.1


def test_conditions_that_are_not_met_are_no_weakness_of_the_place() -> None:
    """They stand last and are not clicked: without the column it would look as if nobody looked there."""
    count, size = 3000, 10
    unmet = (np.arange(size) >= RNG.integers(2, 10, (count, 1))).astype(float)
    looked = RNG.random((count, size)) < 1 / np.arange(1, size + 1)
    clicks = (looked & (RNG.random((count, size)) < np.where(unmet, 0.05, 0.5))).astype(float)
    some = clicks.any(axis=1) & ~clicks.all(axis=1)
    pages = pages_of(RNG.random((int(some.sum()), size, 1)), clicks[some])
    pages.parts[:, -1] = unmet[some].reshape(-1)
    learnt, blind = fit(pages), fit(replace(pages, parts=np.where(np.arange(len(RECORDED)) < 13, pages.parts, 0)))
    assert learnt.unmet < 0
    assert learnt.examination[[4, 8]] == pytest.approx([1 / 5, 1 / 9], abs=0.03)
    assert blind.examination[8] < 0.6 / 9


# --- the comparison ---------------------------------------------------------------------------------------------------


def uniform(eta: float = 0.0) -> Fit:
    places = np.arange(1, PLACES + 1, dtype=float)
    return Fit(np.array(DEFAULT.weights), eta, places**-eta, 0.0)


def test_ndcg_by_hand() -> None:
    parts = np.zeros((1, 3, 2))
    parts[0, :, 0], parts[0, :, 1] = (3, 2, 1), (1, 2, 3)
    pages = pages_of(parts, np.array([[0.0, 1.0, 4.0]]))
    old, new = np.eye(len(FEATURES))[0], np.eye(len(FEATURES))[1]
    found = compare(pages, uniform(), old, new)
    best = 4 + 1 / np.log2(3)
    assert found.before == pytest.approx((1 / np.log2(3) + 4 / 2) / best)
    assert found.after == pytest.approx(1.0)
    assert (found.pages, found.units, found.p_value) == (1, 1, 1.0)


def test_clicks_far_down_are_worth_more_but_not_everything() -> None:
    pages = pages_of(np.zeros((2, 40, 1)), np.zeros((2, 40)))
    pages.gain[[0, 3, 40 + 39]] = 1
    worth = worth_of(pages, uniform(eta=1.0))
    assert worth[3] == pytest.approx(4 * worth[0])
    assert worth[79] == pytest.approx(CLIP * worth[0])
    assert worth[pages.gain > 0].mean() == pytest.approx(1.0)


def test_ties_stand_as_for_everybody_and_conditions_come_first() -> None:
    pages = pages_of(np.zeros((1, 3, 1)), np.array([[0.0, 0.0, 1.0]]))
    nothing = np.zeros(len(FEATURES))
    assert compare(pages, uniform(), nothing, nothing).before == pytest.approx(0.5)
    turned = replace(pages, base_place=pages.place[::-1].copy())
    assert compare(turned, uniform(), nothing, nothing).before == pytest.approx(1.0)
    pages.parts[:2, -1] = 1
    assert compare(pages, uniform(), nothing, nothing).before == pytest.approx(1.0)


def test_pages_of_one_shopper_are_one_observation() -> None:
    """A thousand pages of one shopper prove no more than one of them."""
    parts = np.zeros((40, 2, 2))
    parts[:, 0, 0] = parts[:, 1, 1] = 1
    pages = pages_of(parts, np.tile([0.0, 1.0], (40, 1)))
    pages.gain[:16] = 1 - pages.gain[:16]  # the first eight pages say the opposite
    old, new = np.eye(len(FEATURES))[0], np.eye(len(FEATURES))[1]
    apart = compare(pages, uniform(), old, new)
    together = compare(replace(pages, units=np.minimum(np.arange(40), 9)), uniform(), old, new)
    assert apart.p_value < 0.001
    assert together.p_value > 0.05
    assert together.units == 10
    assert compare(pages, uniform(), old, old).p_value == 1.0
