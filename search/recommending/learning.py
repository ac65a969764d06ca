"""Trails → a Recommender: each method learns from everything, and the blend's weights from steps held back.

The last step of each trail is taken away, the methods learn from the rest, and the weights are those under which the
steps taken away are likeliest (softmax over the whole catalogue, L2, L-BFGS-B). Then the methods learn once more, from
everything. Weights are never below 0, but for `had` and `new`: a method that would have to be turned round to be of
use has seen nothing real.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from search.domain import Document
from search.errors import TrainingError
from search.recommending.blend import Blend, Recommender
from search.recommending.complements import goes_with
from search.recommending.counts import popular, repeat_rates
from search.recommending.interactions import Floats, Interactions, Trail
from search.recommending.networks import SequenceModel
from search.recommending.tables import longest
from search.recommending.together import ease
from search.recommending.transitions import alike, before, following, later
from search.recommending.words import Vocabulary

Networks = Callable[[Interactions], Sequence[SequenceModel]]
"""Trains the sequence networks on these trails. It is called twice: without the last steps, and with them."""

Said = Callable[[str], None]

EITHER_SIGN = frozenset({"had", "new"})
L2 = 1e-3
MOST_STEPS = 4000
"""Steps held back that weights are learnt from: more do not change the second digit of a dozen weights."""

MOST_CELLS = 8_000_000
"""Steps × products that are looked at: 32 MB for each part. Larger catalogues are sampled."""

FEWEST = 50
"""Steps held back without which weights cannot be learnt."""


@dataclass(frozen=True, slots=True, eq=False)
class _HeldBack:
    """Trails without their last step, and that step; `targets` of shape (trails,)."""

    trails: tuple[Trail, ...]
    targets: NDArray[np.int64]


def learn(
    interactions: Interactions,
    vectors: Floats,
    documents: Mapping[str, Document],
    networks: Networks | None = None,
    seed: int = 0,
    said: Said = lambda doing: None,
) -> Recommender:
    """`vectors` of shape (products, dimension), unit length, zero where a product has none. The same arguments give the
    same recommender. `said` is told what is going on. Raises TrainingError where there are too few trails.
    """
    interactions = longest(interactions)
    held, rest = _hold_back(interactions)
    if len(held.trails) < FEWEST:
        raise TrainingError(
            f"Only {len(held.trails)} shoppers have three products or more; it takes {FEWEST} to learn from. "
            f"Load more events, or serve without a trained recommender."
        )
    said("methods, without the last steps")
    vocabulary = Vocabulary.of(_titles(interactions.products, documents))
    draft = _methods(rest, vectors, vocabulary, networks)
    said("weights, on the last steps")
    weights = _weights(draft.over(interactions.products, vectors, documents), held, np.random.default_rng(seed))
    said("methods, on everything")
    return replace(_methods(interactions, vectors, vocabulary, networks), weights=weights)


def _methods(
    interactions: Interactions, vectors: Floats, vocabulary: Vocabulary, networks: Networks | None
) -> Recommender:
    return Recommender(
        products=interactions.products,
        dimension=vectors.shape[1],
        tables=(
            ease(interactions),
            following(interactions),
            later(interactions),
            before(interactions),
            alike(interactions, vectors),
        ),
        goes=goes_with(interactions, vectors),
        shares=popular(interactions),
        repeats=repeat_rates(interactions),
        vocabulary=vocabulary,
        weights={},
        networks=tuple(networks(interactions)) if networks else (),
    )


def _hold_back(interactions: Interactions) -> tuple[_HeldBack, Interactions]:
    """The last liked step of each trail with at least two liked ones before it; what comes after it goes, too."""
    trails, targets, rest = [], [], []
    for trail in interactions.trails:
        liked = np.flatnonzero(trail.weights > 0)
        if len(liked) < 3:
            rest.append(trail)
            continue
        last = int(liked[-1])
        short = Trail(trail.products[:last], trail.weights[:last], trail.days[:last])
        trails.append(short)
        targets.append(int(trail.products[last]))
        rest.append(short)
    return _HeldBack(tuple(trails), np.array(targets, np.int64)), Interactions(interactions.products, tuple(rest))


def _weights(blend: Blend, held: _HeldBack, generator: np.random.Generator) -> dict[str, float]:
    chosen = np.arange(len(held.trails))
    if len(chosen) > MOST_STEPS:
        chosen = np.sort(generator.choice(chosen, MOST_STEPS, replace=False))
    columns = np.arange(blend.products)
    if len(chosen) * len(columns) > MOST_CELLS:
        columns = np.sort(generator.choice(columns, MOST_CELLS // len(chosen), replace=False))
    values = np.empty((len(blend.parts), len(chosen), 1 + len(columns)), np.float32)
    for row, number in enumerate(chosen):
        for part, held_part in enumerate(blend.parts):
            found = held_part.values(held.trails[number])
            values[part, row, 0] = found[held.targets[number]]
            values[part, row, 1:] = found[columns]
    # A sampled product stands for `each` of the catalogue; the step that was taken stands for itself, once.
    each = np.full((len(chosen), 1 + len(columns)), np.log(blend.products / len(columns)), np.float32)
    each[:, 0] = 0
    each[:, 1:][columns[None, :] == held.targets[chosen][:, None]] = -np.inf
    return _likeliest([part.name for part in blend.parts], values, each)


def _likeliest(names: Sequence[str], values: Floats, each: Floats) -> dict[str, float]:
    """Weights under which column 0 is likeliest; `values` of shape (parts, steps, columns), `each` (steps, columns) is
    added to the scores. Parts are first brought to one scale, so that L2 asks the same of each."""
    scale = np.array([_scale(part) for part in values], np.float32)
    values /= scale[:, None, None]
    taken = values[:, :, 0].mean(axis=1)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = np.tensordot(weights.astype(np.float32), values, axes=1) + each
        top = scores.max(axis=1, keepdims=True)
        chances = np.exp(scores - top)
        total = chances.sum(axis=1, keepdims=True)
        value = float((np.log(total) + top)[:, 0].mean() - scores[:, 0].mean()) + L2 / 2 * float(weights @ weights)
        chances /= total * len(scores)
        slope = np.array([np.vdot(chances, part) for part in values]) - taken + L2 * weights
        return value, slope.astype(np.float64)

    bounds = [(None, None) if name in EITHER_SIGN else (0, None) for name in names]
    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 80})
    return {name: float(weight) for name, weight in zip(names, found.x / scale, strict=True) if abs(weight) > 1e-6}


def _scale(values: Floats) -> float:
    spoken = values[values != 0]
    return float(spoken.std() + abs(spoken.mean())) if len(spoken) else 1.0


def _titles(products: Sequence[str], documents: Mapping[str, Document]) -> list[str]:
    found = (documents.get(product, {}).get("title") for product in products)
    return [title if isinstance(title, str) else "" for title in found]
