"""The sparse vectors beside the dense one: what they may hold and how they are weighted. Imports no Qdrant.

Qdrant multiplies each weight of a query on a weighted lane by the inverse document frequency of its term,
``ln((N - n + 0.5) / (n + 0.5) + 1)``: N points have the lane, n of them the term.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping

from search.domain import LANES, Sparse
from search.errors import StoreError

DENSE = ""
"""The name of the dense vector among the named ones: Qdrant's name for the one without a name."""

WEIGHTED = ("words",)
"""Lanes on which rare terms count more. On the others every term counts as its weight says."""

MAX_TERMS = 4096
"""Terms of one sparse vector. A product text has some hundred; what has thousands is no product text."""

_MAX_INDEX = 2**32 - 1
_LEAST, _GREATEST = 2.0**-126, 3.4028234663852886e38
"""Weights are kept as float32: the least that keeps its precision and the greatest that is finite."""


def check_lane(lane: str) -> None:
    if lane not in LANES:
        raise StoreError(f"There is no lane {lane!r}; there are {', '.join(LANES)}.")


def checked_lanes(lanes: Mapping[str, Sparse], stored: Iterable[str], whose: str) -> dict[str, Sparse]:
    """Those of the lanes that the version stores and that hold something. All of them are checked."""
    for lane in lanes:
        check_lane(lane)
    checked = {lane: checked_sparse(sparse, f"the {lane} of {whose}") for lane, sparse in lanes.items()}
    return {lane: checked[lane] for lane in stored if lane in checked and checked[lane].indices}


def checked_sparse(sparse: Sparse, which: str) -> Sparse:
    """The same as plain numbers. Raises StoreError, saying `which` sparse vector it is; Qdrant would take anything."""
    try:
        indices = tuple(map(operator.index, sparse.indices))
        values = tuple(map(float, sparse.values))
    except (TypeError, ValueError, OverflowError) as error:
        raise _refused(which, f"holds something that is no number ({error})") from error
    if len(indices) != len(values):
        raise _refused(which, f"has {len(indices)} indices and {len(values)} values")
    if len(indices) > MAX_TERMS:
        raise _refused(which, f"has {len(indices)} terms; {MAX_TERMS} is the most")
    if not all(map(operator.lt, indices, indices[1:])):
        raise _refused(which, "has indices that do not ascend")
    if indices and not (indices[0] >= 0 and indices[-1] <= _MAX_INDEX):
        raise _refused(which, "has indices outside of 0 to 2^32 - 1")
    if not all(_LEAST <= value <= _GREATEST for value in values):
        raise _refused(which, "has values that are not finite, or not above 0")
    return Sparse(indices, values)


def _refused(which: str, why: str) -> StoreError:
    return StoreError(f"The sparse vector of {which} {why}.")
