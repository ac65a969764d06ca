"""Products → the several things that a shopper is after: groups of products that are alike, each a vector. Pure.

Groups are merged two by two, each time the two whose merging costs least of Σ |Σ w·v|, the aim of spherical k-means
(Dhillon and Modha, 2001): Ward's method on the sphere, as PinnerSage (Pal et al., 2020) does it for taste. Once there
are few enough, only groups that are alike are merged any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.profiles.weights import ALIKE, FITTING, MOST_CLUSTERED, MOST_TELLING
from search.protocols import Vector, Vectors
from search.shopper import Interest

Doubles = NDArray[np.float64]


def interests_of(
    products: Sequence[str],
    vectors: Vectors,
    weights: Sequence[float],
    most: int,
    likeness: float = 0.0,
    session: bool = False,
) -> list[Interest]:
    """At most `most` interests, the weightiest first; `weight` is the sum of the weights of its products.

    `vectors` has shape (products, dimension), `weights` are above 0, `likeness` is the mean cosine of two products of
    the catalogue. The same for the same products in any order.
    """
    order = sorted(range(len(products)), key=lambda place: (-weights[place], products[place]))[:MOST_CLUSTERED]
    if not order:
        return []
    names = [products[place] for place in order]
    kept = np.asarray(vectors, dtype=np.float64)[order]
    shares = np.asarray(weights, dtype=np.float64)[order]
    alike = likeness + ALIKE * (1 - likeness)
    found = []
    for group in grouped(kept, shares, most, alike):
        centre = shares[group] @ kept[group]
        length = float(np.linalg.norm(centre))
        if length == 0:  # they cancel out, which no text of a catalogue does
            continue
        centre /= length
        telling = shares[group] * np.maximum(kept[group] @ centre, 0)
        first = np.argsort(-telling, kind="stable")[:MOST_TELLING]
        telling_names = tuple(names[group[place]] for place in first)
        found.append(Interest(unit(centre), float(shares[group].sum()), telling_names, session))
    return sorted(found, key=lambda one: (-one.weight, one.products))


def grouped(vectors: Doubles, weights: Doubles, most: int, alike: float) -> list[NDArray[np.intp]]:
    """The places of the vectors that belong together, in at most `most` groups.

    From there on two groups become one only where they are alike, at a mean cosine of `alike` or more between them;
    but strays are no group of their own, up to 1 − FITTING of the weight in all.
    """
    cosines, total = vectors @ vectors.T, float(weights.sum())
    best, strays = np.arange(len(weights), dtype=np.intp), 0.0
    for merge in _merges(cosines, weights):
        if merge.left < most and merge.cosine < alike:
            strays += merge.lighter
            if strays > (1 - FITTING) * total:
                break
        best = merge.labels
    return [np.flatnonzero(best == label) for label in np.unique(best)]


@dataclass(frozen=True, slots=True, eq=False)
class _Merge:
    """Two groups became one: `cosine` is the mean between their members, `lighter` the weight of the lesser one, `left`
    how many groups there are now, `labels` says which one each vector is in."""

    cosine: float
    lighter: float
    left: int
    labels: NDArray[np.intp]


def _merges(cosines: Doubles, weights: Doubles) -> Iterator[_Merge]:
    """From each on its own to all in one."""
    size = len(weights)
    held = weights.copy()
    sums = cosines * np.outer(weights, weights)  # dot products of Σ w·v between groups: those of merged ones add up
    lengths = np.sqrt(np.maximum(np.diag(sums), 0))
    costs = _costs(sums, lengths)
    labels = np.arange(size, dtype=np.intp)
    for left in range(size - 1, 0, -1):
        one, other = sorted(divmod(int(np.argmin(costs)), size))
        cosine, lighter = float(sums[one, other] / (held[one] * held[other])), float(min(held[one], held[other]))
        held[one] += held[other]
        sums[one] += sums[other]
        sums[:, one] += sums[:, other]
        lengths[one] = np.sqrt(max(sums[one, one], 0.0))
        lengths[other] = np.nan
        row = lengths[one] + lengths - np.sqrt(np.maximum(sums[one, one] + 2 * sums[one] + lengths**2, 0))
        row[one] = np.inf
        costs[one] = costs[:, one] = np.where(np.isnan(row), np.inf, row)
        costs[other] = costs[:, other] = np.inf
        labels = np.where(labels == other, one, labels)
        yield _Merge(cosine, lighter, left, labels)


def _costs(sums: Doubles, lengths: Doubles) -> Doubles:
    """What merging two groups takes from Σ |Σ w·v|; shape (groups, groups), infinite on the diagonal."""
    squares = np.diag(sums)
    together = np.sqrt(np.maximum(squares[:, None] + 2 * sums + squares[None, :], 0))
    costs: Doubles = lengths[:, None] + lengths[None, :] - together
    np.fill_diagonal(costs, np.inf)
    return costs


def unit(vector: Doubles) -> Vector:
    """As float32, of unit length."""
    short = vector.astype(np.float32)
    result: Vector = short / np.float32(np.linalg.norm(short))
    return result
