"""One score out of cosine, words and kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fusion import PREFERRED_WEIGHT, SEMANTIC_RATIO, UNREAD_RATIO, Floats, Scale, fuse, shown_scores

SCALE = Scale(best_cosine=0.8, words_worth=5.0)


def fused(cosine: float, words: float, kind: float = 0.0, ratio: float = 0.6, scale: Scale = SCALE) -> float:
    return float(fuse(np.array([cosine]), np.array([words]), np.array([kind]), scale, ratio)[0])


def test_the_best_by_meaning_alone_scores_one() -> None:
    assert fused(0.8, 0.0, ratio=1.0) == pytest.approx(1.0)
    assert fused(0.0, 4.0, ratio=1.0) == 0.0, "its words do not count"


def test_a_product_with_every_word_scores_one_by_words_alone() -> None:
    assert fused(0.0, 5.0, ratio=0.0) == pytest.approx(1.0)
    assert fused(0.0, 2.5, ratio=0.0) == pytest.approx(0.5), "half of the words is half"
    assert fused(0.8, 0.0, ratio=0.0) == 0.0, "its meaning does not count"


def test_the_kind_counts_between_the_two_ends_alone() -> None:
    for ratio in (0.0, 1.0):
        assert fused(0.5, 2.0, 1.0, ratio) == fused(0.5, 2.0, 0.0, ratio)
    assert fused(0.5, 2.0, 1.0, 0.5) > fused(0.5, 2.0, 0.0, 0.5)
    assert fused(0.5, 2.0, 9.0, 0.5) == fused(0.5, 2.0, 1.0, 0.5), "more than surely of the kind is no more"


def test_a_product_that_points_away_scores_nothing_by_meaning() -> None:
    assert fused(-0.5, 0.0) == fused(0.0, 0.0) == 0.0


@pytest.mark.parametrize("scale", [Scale(0.0, 5.0), Scale(-0.2, 5.0)])
def test_where_nothing_is_near_the_words_decide(scale: Scale) -> None:
    assert fused(0.0, 5.0, ratio=0.5, scale=scale) == pytest.approx(0.5)
    assert fused(-0.3, 0.0, ratio=0.5, scale=scale) == 0.0


def test_where_no_word_is_known_the_meaning_decides() -> None:
    assert fused(0.8, 0.0, ratio=0.5, scale=Scale(0.8, 0.0)) == pytest.approx(0.5)


def test_the_constants_are_shares() -> None:
    assert 0 < UNREAD_RATIO < SEMANTIC_RATIO < 1
    assert 0 < PREFERRED_WEIGHT < 1


COSINES = st.floats(-1, 1)
WORDS = st.floats(0, 40)
KINDS = st.floats(0, 5)
RATIOS = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1))
SCALES = st.builds(
    Scale,
    st.one_of(st.just(0.0), st.floats(-1, 1).filter(lambda cosine: abs(cosine) > 1e-6)),
    st.one_of(st.just(0.0), st.floats(0.1, 60)),
)


@given(COSINES, COSINES, WORDS, WORDS, KINDS, KINDS, SCALES, RATIOS)
def test_more_of_anything_never_scores_less(
    cosine: float, cosine_2: float, words: float, words_2: float, kind: float, kind_2: float, scale: Scale, ratio: float
) -> None:
    less = fused(min(cosine, cosine_2), min(words, words_2), min(kind, kind_2), ratio, scale)
    more = fused(max(cosine, cosine_2), max(words, words_2), max(kind, kind_2), ratio, scale)
    assert 0 <= less <= more + 1e-12


@given(st.lists(st.tuples(COSINES, WORDS, KINDS), max_size=20), SCALES, RATIOS)
def test_shown_scores_lie_between_0_and_1_and_keep_the_order(
    rows: list[tuple[float, float, float]], scale: Scale, ratio: float
) -> None:
    columns: list[Floats] = [np.array([row[n] for row in rows], dtype=np.float64) for n in range(3)]
    scores = fuse(*columns, scale, ratio)
    shown = shown_scores(scores, scale, ratio)
    assert scores.shape == shown.shape == (len(rows),)
    assert np.all((shown >= 0) & (shown <= 1))
    order = np.argsort(scores, kind="stable")
    assert np.all(np.diff(shown[order]) >= -1e-12)


def test_a_better_best_product_is_shown_with_a_higher_score() -> None:
    """So that the scores of two queries compare."""
    best = np.array([1.0])
    near, far = (float(shown_scores(best, Scale(cosine, 0.0), 1.0)[0]) for cosine in (0.9, 0.3))
    assert near > far
