"""Lists that are not all alike."""

from __future__ import annotations

import numpy as np
import pytest

from search.recommendations.diversity import in_turn, spread


def unit(*rows: tuple[float, float]) -> np.ndarray:
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


SCORES = np.array([1.0, 0.9, 0.8, 0.0], dtype=np.float32)
VECTORS = unit((1, 0), (1, 0.01), (0, 1), (-1, 0))


def test_without_diversity_the_order_is_that_of_the_scores() -> None:
    assert spread(SCORES, VECTORS, 0, 3) == [0, 1, 2]


def test_with_diversity_a_twin_has_to_wait() -> None:
    assert spread(SCORES, VECTORS, 0.5, 4) == [0, 2, 1, 3]


def test_the_first_is_always_the_best() -> None:
    assert spread(SCORES, VECTORS, 0.99, 1) == [0]


def test_a_longer_list_begins_with_the_shorter_one() -> None:
    random = np.random.default_rng(3)
    scores = np.sort(random.random(50).astype(np.float32))[::-1].copy()
    vectors = random.normal(size=(50, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    whole = spread(scores, vectors, 0.3, 50)
    assert sorted(whole) == list(range(50))
    assert spread(scores, vectors, 0.3, 12) == whole[:12]
    assert whole != list(range(50))


@pytest.mark.parametrize("diversity", [0.0, 0.2, 1.0])
def test_few_or_equal_products_are_no_trouble(diversity: float) -> None:
    assert spread(np.zeros(0, np.float32), np.zeros((0, 2), np.float32), diversity, 5) == []
    assert spread(np.ones(1, np.float32), unit((1, 0)), diversity, 5) == [0]
    same = spread(np.ones(3, np.float32), unit((1, 0), (1, 0), (1, 0)), diversity, 5)
    assert same == [0, 1, 2]


def test_groups_take_turns_the_largest_first() -> None:
    assert in_turn(["lamp", "mug", "mug", "pen", "mug"]) == [1, 0, 3, 2, 4]
    assert in_turn([]) == []
