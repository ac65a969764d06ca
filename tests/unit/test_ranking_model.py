"""The weights of the score parts: one sum, and bytes that refuse to weigh what they do not know."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import orjson
import pytest

from search.errors import DaogouError, RankingModelMismatch
from search.personalization.model import BASE_PARTS, DEFAULT, FEATURES, PERSONAL_PARTS, RECIPE, RankingModel


def _model(**weights: float) -> RankingModel:
    return RankingModel(FEATURES, tuple(weights.get(name, 0.0) for name in FEATURES))


def test_a_score_is_the_weighted_sum_of_its_parts() -> None:
    model = _model(score=2.0, brand=0.5, price=-1.0)
    assert model.score({"score": 0.25, "brand": 1.0, "price": 0.5, "unheard of": 9.0}) == pytest.approx(0.5)
    assert model.score({}) == 0.0
    assert model.score({"score": math.nan, "brand": math.inf, "price": 0.5}) == pytest.approx(-0.5)


def test_many_at_once_score_as_one_by_one() -> None:
    rng = np.random.default_rng(3)
    model = RankingModel(FEATURES, tuple(rng.normal(size=len(FEATURES))))
    parts = rng.normal(size=(20, len(FEATURES)))
    parts[rng.random(parts.shape) < 0.2] = math.nan
    one_by_one = [model.score(dict(zip(FEATURES, row, strict=True))) for row in parts.tolist()]
    assert model.scores(parts).tolist() == pytest.approx(one_by_one)


def test_bytes_come_back_as_they_were() -> None:
    model = RankingModel(
        FEATURES, tuple(n / 7 for n in range(len(FEATURES))), trained={"pages": 12, "at": "2026-01-01"}
    )
    assert RankingModel.from_bytes(model.to_bytes()) == model


def _changed(**change: object) -> bytes:
    return orjson.dumps({**orjson.loads(DEFAULT.to_bytes()), **change})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "cannot be read"),
        (b"[1, 2]", "cannot be read"),
        (b'{"features": []}', "cannot be read"),
        (_changed(features="score"), "cannot be read"),
        (_changed(weights=["heavy"]), "cannot be read"),
        (_changed(trained=3), "cannot be read"),
        (_changed(recipe="taste-0"), f"recipe taste-0, and these are {RECIPE}"),
        (_changed(features=list(FEATURES[:-1])), "they lack repeat"),
        (_changed(features=[*FEATURES[:-1], "horoscope"]), "they lack repeat and they weigh horoscope"),
        (_changed(features=list(reversed(FEATURES))), "another order"),
        (_changed(weights=[1.0]), "not a finite weight for each"),
        (_changed(weights=[None] * len(FEATURES)), "cannot be read"),
    ],
)
def test_bytes_that_do_not_fit_are_refused_and_told_how_to_mend(data: bytes, said: str) -> None:
    with pytest.raises(RankingModelMismatch, match=said) as caught:
        RankingModel.from_bytes(data)
    assert "python -m indexer train-ranker" in str(caught.value)
    assert isinstance(caught.value, DaogouError)


def test_weights_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(RankingModelMismatch, match="finite"):
        replace(DEFAULT, weights=(math.nan, *DEFAULT.weights[1:]))


def test_by_default_everybody_keeps_the_order_of_retrieval_and_taste_counts_for_something() -> None:
    assert DEFAULT.orders_as_retrieval
    assert not any(DEFAULT.weight(part) for part in BASE_PARTS if part != "score")
    assert all(DEFAULT.weight(part) > 0 for part in PERSONAL_PARTS)
    assert not _model(score=1.0, semantic=0.1).orders_as_retrieval
    assert not _model(brand=1.0).orders_as_retrieval
