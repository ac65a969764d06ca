"""Methods of recommending by themselves: every value worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from search.recommending.complements import goes_with
from search.recommending.counts import popular, repeat_rates
from search.recommending.interactions import Floats, Interactions, Trail
from search.recommending.recency import HALF_LIFE, LATEST, disliked, in_a_row, liked
from search.recommending.tables import Table, pruned, steps_apart
from search.recommending.together import ease, itemcf
from search.recommending.transitions import alike, before, following, later, likeness
from search.recommending.usercf import UserCF
from search.recommending.words import Vocabulary


def _shop(*trails: list[int], products: int = 4) -> Interactions:
    return Interactions(tuple("abcdefgh"[:products]), tuple(map(Trail.of, trails)))


def _dense(table: Table) -> Floats:
    return np.asarray(table.matrix.todense())


def test_the_latest_step_counts_most_and_each_product_once() -> None:
    recent = liked(Trail.of([5, 3, 5, 7], weights=[1, 1, 0.5, -1]), decay=0.5)
    assert recent.products.tolist() == [5, 3]
    assert recent.strengths.tolist() == [0.5, 0.5]
    assert recent.steps.tolist() == [2, 1]


def test_dislikes_are_apart() -> None:
    recent = disliked(Trail.of([5, 7], weights=[1, -2]))
    assert recent.products.tolist() == [7]
    assert recent.strengths.tolist() == [2]


def test_days_count_on_top_of_order() -> None:
    recent = liked(Trail.of([1, 2], days=[0, HALF_LIFE]), decay=0.5)
    assert recent.strengths.tolist() == [1, 0.25]


def test_no_more_than_the_latest_steps_are_looked_at() -> None:
    recent = liked(Trail.of(range(10_000)))
    assert recent.products[0] == 9_999
    assert len(recent.products) == LATEST


def test_what_was_done_with_a_product_in_a_row_is_one_step() -> None:
    done = Trail.of([5, 5, 5, 7, 7, 7, 5], [0.2, 0.6, 1, 1, 1, 0.2, -1], range(7))
    one = in_a_row(done)
    assert one.products.tolist() == [5, 7, 7, 5]  # bought twice is two, disliked one of its own
    assert one.weights.tolist() == pytest.approx([1, 1, 1, -1])
    assert one.days.tolist() == [2, 3, 5, 6]
    assert len(in_a_row(Trail.of([]))) == 0
    assert in_a_row(one).products.tolist() == one.products.tolist()


def test_steps_apart_halve() -> None:
    found = np.asarray(steps_apart(_shop([0, 1, 2]), 0.5, 10).todense())
    assert found[0].tolist() == [0, 1, 0.5, 0]
    assert found[1].tolist() == [0, 0, 1, 0]


def test_steps_apart_leave_dislikes_out_and_fade_with_days() -> None:
    trail = Trail.of([0, 3, 1], weights=[1, -1, 2], days=[0, 1, HALF_LIFE])
    found = np.asarray(steps_apart(Interactions(tuple("abcd"), (trail,)), 0.5, 10).todense())
    assert found[0, 1] == pytest.approx(1.0)  # 2 · half
    assert found.sum() == pytest.approx(1.0)


def test_shares_of_the_next_step_shrink_where_little_was_seen() -> None:
    shop = _shop([0, 1], [0, 1], [0, 2])
    assert _dense(following(shop))[0].tolist() == pytest.approx([0, 2 / 4, 1 / 4, 0])
    assert _dense(later(shop))[0].tolist() == pytest.approx([0, 2 / 4, 1 / 4, 0])
    assert _dense(before(shop))[1].tolist() == pytest.approx([2 / 3, 0, 0, 0])


def test_alike_reaches_what_nobody_bought() -> None:
    vectors = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], np.float32)
    found = _dense(alike(_shop([0, 1], [0, 1]), vectors))
    assert found[0, 2] > 0  # b follows a, and c is like b
    assert found[3, 2] > 0  # d is like a
    assert found[1].tolist() == [0, 0, 0, 0]


def test_alike_is_the_same_made_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, vectors = _shop([0, 1, 2], [0, 3]), np.array([[1, 0], [0.6, 0.8], [0, 1], [0.8, 0.6]], np.float32)
    whole = _dense(alike(shop, vectors))
    monkeypatch.setattr("search.recommending.transitions._BLOCK", 3)
    assert _dense(alike(shop, vectors)) == pytest.approx(whole)


def test_likeness_is_shares_without_itself() -> None:
    found = np.asarray(likeness(np.array([[1, 0], [1, 0], [0.6, 0.8]], np.float32)).todense())
    assert found.diagonal().tolist() == [0, 0, 0]
    assert found[0].tolist() == pytest.approx([0, 1 / (1 + 0.6**4), 0.6**4 / (1 + 0.6**4)], rel=1e-5)


def test_ease_is_the_closed_form() -> None:
    shop = _shop([0, 1], [0, 1, 2], [1, 2], [3])
    bought = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1]], float)
    inverse = np.linalg.inv(bought.T @ bought + 2 * np.eye(4))
    wanted = -inverse / np.diag(inverse)
    np.fill_diagonal(wanted, 0)
    assert _dense(ease(shop, ridge=2)) == pytest.approx(wanted, abs=1e-5)


def test_ease_leaves_the_rest_to_cosines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.recommending.together.DENSE", 2)
    found = _dense(ease(_shop([0, 1], [0, 1], [0, 1, 2]), ridge=2))
    assert found[0, 1] > 0
    assert found[0, 2] > 0
    assert found[2, 3] == 0


def test_itemcf_is_a_shrunk_cosine() -> None:
    found = _dense(itemcf(_shop([0, 1], [0, 1], [0, 2]), shrink=1))
    assert found[0].tolist() == pytest.approx([0, 2 / np.sqrt(4 * 3), 1 / np.sqrt(4 * 2), 0])


def test_usercf_gives_what_the_most_alike_had() -> None:
    shop = _shop([0, 1], [0, 2], [3])
    found = UserCF.of(shop).scores([Trail.of([0]), Trail.of([1, 0]), Trail.of([])])
    assert found[0, 1] == pytest.approx(found[0, 2])
    assert found[0, 3] == 0
    assert found[1, 1] > found[1, 2] > 0
    assert not found[2].any()


def test_pruning_keeps_the_largest_by_absolute_value() -> None:
    from scipy import sparse

    kept = pruned(sparse.csr_matrix(np.array([[1, -3, 2], [0, 0, 5]], np.float32)), 2)
    assert np.asarray(kept.todense()).tolist() == [[0, -3, 2], [0, 0, 5]]


def test_a_table_adds_up_and_is_never_below_nothing() -> None:
    from scipy import sparse

    table = Table("t", 0.5, sparse.csr_matrix(np.array([[0, 1, -9], [0, 4, 0], [0, 0, 0]], np.float32)))
    assert table.scores([Trail.of([0, 1]), Trail.of([])]).tolist() == [[0, 4.5, 0], [0, 0, 0]]


def test_popularity_is_shares_that_fade() -> None:
    assert popular(_shop([0, 0, 1, 2])).tolist() == [0.5, 0.25, 0.25, 0]
    old = Trail.of([0, 1], days=[0, HALF_LIFE])
    assert popular(Interactions(("a", "b"), (old,))).tolist() == pytest.approx([1 / 3, 2 / 3])
    assert popular(_shop()).tolist() == [0, 0, 0, 0]


def test_what_is_taken_again_at_once() -> None:
    rates = repeat_rates(_shop([0, 0, 1, 2]))
    mean = 1 / 3
    assert rates.tolist() == pytest.approx([(1 + 5 * mean) / 7, 5 * mean / 6, mean, mean])


def test_goes_with_is_bought_together_and_not_the_same_thing() -> None:
    vectors = np.array([[1, 0, 0], [0.95, 0.312, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    found = _dense(goes_with(_shop([0, 1, 2], [0, 1, 2], [3], [3], [0, 3]), vectors))
    assert found[0].tolist() == [0, 0, 1, 0]  # b is the same sort of thing, d came with it but once
    assert found[1, 2] == 1


def test_words_tell_titles_apart() -> None:
    titles = ["Red gel pen 0.5mm", "Blue gel pen 0.5mm", "红色 钢笔", "蓝色 钢笔", "stapler"]
    vocabulary = Vocabulary.of(titles)
    rows = vocabulary.rows(titles)
    cosines = np.asarray((rows @ rows.T).todense())
    assert cosines[0, 1] == pytest.approx(1)  # all that several titles have
    assert cosines[2, 3] > 0.5
    assert cosines[0, 2] == 0
    assert not cosines[4].any()
    assert vocabulary.rows([""]).nnz == 0


@pytest.mark.parametrize("shop", [_shop(), _shop([]), _shop([0])])
def test_methods_bear_having_nothing_to_learn_from(shop: Interactions) -> None:
    vectors = np.eye(4, dtype=np.float32)
    tables = [ease(shop), itemcf(shop), following(shop), later(shop), before(shop), alike(shop, vectors)]
    for table in [*tables, goes_with(shop, vectors)]:
        assert not table.scores([Trail.of([0]), Trail.of([])]).any()
