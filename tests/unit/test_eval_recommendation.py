"""Coverage, novelty, popularity share: worked by hand, and by definition on random lists."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from eval.metrics import evaluate
from eval.qrels import Qrels, Run
from eval.recommendation import (
    Popularity,
    best_seller_share,
    coverage,
    novelty,
    parse_recommendation_metric,
    read_popularity,
    with_recommendation_metrics,
)
from search.errors import JudgementError, RequestError

# 12 interactions and 4 products: with one more each, shares of 8/16, 4/16, 2/16, 2/16. A alone has half of them.
POPULAR = Popularity({"A": 7, "B": 3, "C": 1, "D": 1}, 4)


def test_worked_by_hand() -> None:
    lists = [("A", "B"), ("C", "A", "D"), ()]
    assert novelty(lists, POPULAR).tolist() == pytest.approx([(1 + 2) / 2, (3 + 1 + 3) / 3, 0])
    assert novelty(lists, POPULAR, 1).tolist() == pytest.approx([1, 3, 0])
    assert best_seller_share(lists, POPULAR).tolist() == pytest.approx([1 / 2, 1 / 3, 0])
    assert best_seller_share(lists, POPULAR, 1).tolist() == [1, 0, 0]
    assert coverage(lists, 8) == 4 / 8
    assert coverage(lists, 8, 1) == 2 / 8


def test_products_without_interactions_are_new_and_no_best_sellers() -> None:
    popularity = Popularity({"A": 3}, 5)
    assert novelty([("new",)], popularity).tolist() == [math.log2(8)]
    assert best_seller_share([("new", "A")], popularity).tolist() == [0.5]
    assert Popularity({"A": 0}, 1).best_sellers() == frozenset()
    assert Popularity({}, 3).best_sellers() == frozenset()


def test_best_sellers_that_are_equally_popular_stand_or_fall_together() -> None:
    assert Popularity({"A": 2, "B": 2, "C": 2, "D": 1}, 4).best_sellers() == {"A", "B", "C"}
    assert Popularity({"A": 1, "B": 1}, 2).best_sellers() == {"A", "B"}
    # Half exactly is enough, also where tenths do not add up.
    assert Popularity({"A": 0.3, "B": 0.1, "C": 0.2}, 3).best_sellers() == {"A"}


def test_by_definition_on_random_lists() -> None:
    dice = np.random.default_rng(9)
    products = [f"p{i}" for i in range(60)]
    counts = {product: int(dice.zipf(1.6)) for product in products[:50]}
    popularity = Popularity(counts, 60)
    lists = [tuple(dice.permutation(products)[: dice.integers(0, 25)]) for _ in range(30)]
    total = sum(counts.values()) + 60
    expected = []
    for one in lists:
        bits = [-math.log2((counts.get(product, 0) + 1) / total) for product in one[:10]]
        expected.append(sum(bits) / len(bits) if bits else 0)
    assert novelty(lists, popularity, 10) == pytest.approx(expected, abs=1e-9)
    seen: set[str] = set()
    for one in lists:
        seen.update(one[:10])
    assert coverage(lists, 60, 10) == len(seen) / 60
    best, sold = set(), 0
    for product, count in sorted(counts.items(), key=lambda item: -item[1]):
        if sold >= sum(counts.values()) / 2:
            break
        best.add(product)
        sold += count
    level = min(counts[product] for product in best)
    assert popularity.best_sellers() == {product for product, count in counts.items() if count >= level}


def test_beside_the_other_metrics() -> None:
    qrels = Qrels({"u1": {"A": 1}, "u2": {"C": 1}})
    run = Run("run", {"u1": ("A", "B"), "stranger": ("D",)})
    metrics = [parse_recommendation_metric(name) for name in ("coverage@2", "novelty@2", "popularity@1")]
    scores = with_recommendation_metrics(evaluate(qrels, run, []), run, [m for m in metrics if m], POPULAR)
    assert scores.totals == {"coverage@2": 2 / 4}
    assert scores.values["novelty@2"].tolist() == pytest.approx([1.5, 0])
    assert scores.mean("popularity@1") == 0.5


def test_more_recommended_than_there_is() -> None:
    with pytest.raises(RequestError, match="3 different products"):
        coverage([("A", "B", "C")], 2)


def test_names() -> None:
    for name in ("coverage@10", "novelty", "popularity@5"):
        assert str(parse_recommendation_metric(name.upper())) == name
    for name in ("ndcg@10", "coverage@0", "coverage@", "popular@5", ""):
        assert parse_recommendation_metric(name) is None


def test_counts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "counts.tsv"
    path.write_text("A\t7\nB with spaces\t0.5\n\nC\t0\n")
    assert read_popularity(path) == Popularity({"A": 7, "B with spaces": 0.5, "C": 0}, 3)
    assert read_popularity(path, 10).catalogue == 10
    with pytest.raises(JudgementError, match="names 3 products, more than the 2"):
        read_popularity(path, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A\n", "line 1: expected product_id, a tab"),
        ("A\t3\nB\tmany\n", "line 2: expected"),
        ("A\t-1\n", "line 1"),
        ("A\tinf\n", "line 1"),
        ("A\t1\nA\t2\n", "line 2: product 'A' is here for the second time"),
        ("\n", "holds no products"),
    ],
)
def test_bad_counts(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "counts.tsv"
    path.write_text(text)
    with pytest.raises(JudgementError, match=said):
        read_popularity(path)
