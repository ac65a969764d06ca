"""Sequence models learn what follows what, the same each time, for products that training never saw too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from search.encoding.sequence_batches import batches, runs, split, taken
from search.encoding.sequences import GRU, Recipe, train_gru, train_sasrec
from search.errors import SettingsError, TrainingError
from search.recommending.interactions import Interactions, Trail
from search.recommending.network_files import to_bytes
from search.recommending.networks import SequenceNetwork
from search.recommending.sequence_inputs import MOST_STEPS

Train = Callable[..., SequenceNetwork]
both = pytest.mark.parametrize("train", [train_gru, train_sasrec])

SMALL = Recipe(width=16, members=2, most_epochs=8, batch=32, rate=1e-2, kept=0.9)
KINDS, EACH, DIMENSION = 6, 8, 32


def shop() -> tuple[Interactions, np.ndarray]:
    """Six kinds of products of eight each, alike in text within a kind. After kind k shoppers take kind k + 1, of which
    any but the last, which nobody ever takes."""
    rng = np.random.default_rng(7)
    middles = np.linalg.qr(rng.normal(size=(DIMENSION, DIMENSION)))[0][:KINDS]
    vectors = np.repeat(middles, EACH, axis=0) + 0.02 * rng.normal(size=(KINDS * EACH, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    trails = []
    for _ in range(120):
        kinds = (rng.integers(KINDS) + np.arange(rng.integers(2, 7))) % KINDS
        trails.append(Trail.of(kinds * EACH + rng.integers(0, EACH - 1, len(kinds))))
    products = tuple(f"p{number}" for number in range(KINDS * EACH))
    return Interactions(products, tuple(trails)), vectors.astype(np.float32)


def share_of_next_kind(network: SequenceNetwork, product: int) -> float:
    """How much of the probability goes to the kind that follows the product's."""
    after = (product // EACH + 1) % KINDS
    return float(network.scores([Trail.of([product])])[0].reshape(KINDS, EACH)[after].sum())


@both
def test_what_follows_what_is_learnt(train: Train) -> None:
    interactions, vectors = shop()
    network = train(interactions, vectors, recipe=SMALL)
    shares = [share_of_next_kind(network, product) for product in range(0, KINDS * EACH, 3)]
    assert np.mean(shares) > 0.6  # by chance 1/6

    # Of the last of each kind only the text is known, as a step and as what comes next.
    assert np.mean([share_of_next_kind(network, kind * EACH + EACH - 1) for kind in range(KINDS)]) > 0.6
    scores = network.scores([Trail.of([0])])[0].reshape(KINDS, EACH)
    assert scores[1, -1] > 3 * scores[[0, 2, 3, 4, 5], -1].max()


@both
def test_a_sample_of_a_large_catalogue_is_enough(train: Train) -> None:
    interactions, vectors = shop()
    recipe = replace(SMALL, most_products=20, sample=10)
    assert recipe.members_for(len(interactions)) == 1
    network = train(interactions, vectors, recipe=recipe)
    shares = [share_of_next_kind(network, product) for product in range(0, KINDS * EACH, 3)]
    assert np.mean(shares) > 0.5


@both
def test_a_seed_gives_one_model(train: Train) -> None:
    interactions, vectors = shop()
    interactions = replace(interactions, trails=interactions.trails[:40])
    brief = replace(SMALL, most_epochs=1, usual_epochs=1)
    torch.manual_seed(1)
    first = to_bytes(train(interactions, vectors, seed=3, recipe=brief).model)
    torch.manual_seed(2)
    here = torch.random.get_rng_state()
    assert to_bytes(train(interactions, vectors, seed=3, recipe=brief).model) == first
    assert torch.equal(torch.random.get_rng_state(), here)  # and the caller's random numbers are left alone
    assert to_bytes(train(interactions, vectors, seed=4, recipe=brief).model) != first


def test_progress_adds_up_whenever_training_stops() -> None:
    interactions, vectors = shop()
    told: list[int] = []
    recipe = replace(SMALL, patience=1, most_epochs=30, members=1)
    train_gru(interactions, vectors, progress=told.append, recipe=recipe)
    assert sum(told) == recipe.work(len(interactions)) == 30
    assert max(told) > 1  # epochs that were saved


@pytest.mark.parametrize(
    ("found", "epochs"),
    [
        ([0.1, 0.3, 0.6, 0.6, 0.6, 0.2, 0.1, 0.0], 4),
        # The sixth looks best until the seventh is known, and by then the second is out of reach.
        ([0.3, 0.6, 0.6, 0.1, 0.2, 0.9, 0.05], 7),
    ],
)
def test_training_goes_back_to_when_it_was_best(
    found: list[float], epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = iter(found)
    monkeypatch.setattr("search.encoding.sequences._Member._quality", lambda self, held: next(asked))
    told: list[int] = []
    recipe = replace(SMALL, held=0.5, patience=4, most_epochs=len(found))
    train_gru(*shop(), progress=told.append, recipe=recipe)
    assert sum(told) == recipe.work(KINDS * EACH)
    assert recipe.most_epochs - told[-1] == epochs  # of the second member, which is trained for as long


def test_too_few_shoppers() -> None:
    interactions, vectors = shop()
    few = Interactions(interactions.products, (*interactions.trails[:19], *[Trail.of([1])] * 50))
    with pytest.raises(
        TrainingError, match=r"Only 19 shoppers did something with two products or more; .* at least 20"
    ):
        train_gru(few, vectors)
    twenty = Interactions(interactions.products, interactions.trails[:20])
    assert train_gru(twenty, vectors, recipe=replace(SMALL, usual_epochs=1, most_epochs=2)).scores(twenty.trails).any()


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(SettingsError, match="quantum"):
        train_gru(*shop(), device="quantum")


def test_runs_cover_long_trails_without_dislikes() -> None:
    long = Trail.of(range(120), [1.0 if step % 4 else -1.0 for step in range(120)])
    found = runs(Interactions(tuple(map(str, range(120))), (long, Trail.of([5]), Trail.of([]), Trail.of([6, 7]))))
    assert MOST_STEPS == 30
    assert [len(run) for run in found] == [31, 31, 30, 2]
    assert found[0].products[-1] == found[1].products[0]
    liked = [step for step in range(120) if step % 4]
    assert [*found[0].products, *found[1].products[1:], *found[2].products[1:]] == liked


def test_held_steps_are_not_learnt() -> None:
    trails = runs(shop()[0])
    held = split(trails, 0.3, 1000, np.random.default_rng(0))
    long = sum(len(trail) > 2 for trail in trails)
    assert len(held.asked) == len(held.answers) == round(0.3 * long)
    assert sum(map(len, held.learnt)) == sum(map(len, trails)) - len(held.asked)
    assert all(len(trail) >= 2 for trail in held.learnt)
    cut = [(t, k) for t, k in zip(trails, held.learnt, strict=True) if len(t) != len(k)]
    assert [int(trail.products[-1]) for trail, _ in cut] == list(held.answers)
    assert [kept for _, kept in cut] == list(held.asked)
    assert len(split(trails, 0.3, 5, np.random.default_rng(0)).asked) == 5


def test_batches_show_every_trail_once_and_leave_steps_out() -> None:
    trails = [Trail.of([number] * 10) for number in range(25)]
    shown = list(batches(trails, 10, 0.2, np.random.default_rng(0)))
    assert [len(steps.lengths) for steps in shown] == [10, 10, 5]
    assert sorted(int(row[0]) for steps in shown for row in steps.products) == list(range(25))
    assert 170 < sum(int(steps.lengths.sum()) for steps in shown) < 230
    assert min(int(steps.lengths.min()) for steps in shown) >= 2
    whole = next(iter(batches(trails, 25, 0.0, np.random.default_rng(0))))
    assert set(whole.lengths.tolist()) == {10}
    assert taken(trails, 30)[[0, 24, 25]].tolist() == [10, 10, 0]


def test_the_recipes_are_within_reason() -> None:
    assert GRU.members_for(20_000) == GRU.members
    assert GRU.members_for(20_001) == 1
