"""What a sequence model is trained on: runs of steps from trails, shaken a little each time they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from search.recommending.interactions import Floats, Interactions, Trail
from search.recommending.sequence_inputs import MOST_STEPS, Steps, liked, steps_of


@dataclass(frozen=True, slots=True)
class Split:
    """`asked[n]` is a trail whose next step is product `answers[n]`, and of which the `learnt` trails know nothing."""

    learnt: tuple[Trail, ...]
    asked: tuple[Trail, ...]
    answers: tuple[int, ...]


def runs(interactions: Interactions) -> tuple[Trail, ...]:
    """The steps that are liked of each trail, cut where they are more than a model reads; those with something to tell
    of what comes next: two steps or more."""
    found = []
    for trail in interactions.trails:
        kept = liked(trail)
        # One step in common, so that no step but the first goes without being what came next.
        starts = range(0, max(len(kept) - 1, 0), MOST_STEPS)
        found += [_at(kept, np.arange(start, min(start + MOST_STEPS + 1, len(kept)))) for start in starts]
    return tuple(run for run in found if len(run) >= 2)


def taken(trails: Sequence[Trail], products: int) -> Floats:
    """How often each product was taken, shape (products,)."""
    every = np.concatenate([trail.products for trail in trails])
    return np.bincount(every, minlength=products).astype(np.float32)


def split(trails: Sequence[Trail], share: float, most: int, rng: np.random.Generator) -> Split:
    """Keep the last step of a share of the trails aside, of at most `most`; trails of two steps are left alone."""
    long = [number for number, trail in enumerate(trails) if len(trail) > 2]
    wanted = min(round(share * len(long)), most)
    chosen = sorted(rng.permutation(len(long))[:wanted].tolist())
    aside = {long[number] for number in chosen}
    learnt = [_at(trail, np.arange(len(trail) - 1)) if n in aside else trail for n, trail in enumerate(trails)]
    return Split(
        tuple(learnt),
        tuple(learnt[number] for number in sorted(aside)),
        tuple(int(trails[number].products[-1]) for number in sorted(aside)),
    )


def batches(trails: Sequence[Trail], size: int, dropped: float, rng: np.random.Generator) -> Iterator[Steps]:
    """All trails once, in a new order. Each step is left out with the probability `dropped`, so that a model does not
    learn trails by heart; two steps always stay."""
    order = rng.permutation(len(trails))
    for start in range(0, len(order), size):
        yield steps_of([_thinned(trails[number], dropped, rng) for number in order[start : start + size]])


def _thinned(trail: Trail, dropped: float, rng: np.random.Generator) -> Trail:
    if len(trail) < 3 or not dropped:
        return trail
    kept = np.flatnonzero(rng.random(len(trail)) >= dropped)
    return trail if len(kept) < 2 else _at(trail, kept)


def _at(trail: Trail, places: np.typing.NDArray[np.int64]) -> Trail:
    return Trail(trail.products[places], trail.weights[places], trail.days[places])
