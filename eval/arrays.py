"""Runs that are whole arrays of product numbers, as recommenders make them: measured without a string on the way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from eval.metrics import Entries, Floats, GradedRun, Ints

NOTHING = -1
"""No product: rows are filled up with it at their end."""


def grade_arrays(
    hits: ArrayLike, judged: ArrayLike, grades: ArrayLike | None = None, queries: Sequence[str] | None = None
) -> GradedRun:
    """What `eval.metrics.grade_run` is for files: `parse_metric("ndcg@10")(grade_arrays(hits, targets))`.

    `hits` of shape (queries, depth): the products of each query, best first, each once. `judged` of shape (queries, m),
    or (queries,) where one product of each is judged, in any order; `grades` of the same shape, all 1 if not given.
    Products are whole numbers from 0 up. `queries` are the ids, "0", "1", … if not given. Time and memory grow with
    queries × depth, time also with m: meant for few judgements a query, as next purchases are.

    Raises ValueError for shapes that do not fit, numbers below −1, gaps in `hits`, a grade that is not finite and a
    judged product that a row holds twice.
    """
    products, known = _numbers("hits", hits), _numbers("judged", judged)
    values = np.ones(known.shape) if grades is None else _grades(grades, known)
    names = tuple(map(str, range(len(products)))) if queries is None else tuple(queries)
    if not len(products) == len(known) == len(names):
        raise ValueError(f"{len(products)} rows of hits, {len(known)} of judgements and {len(names)} queries")
    _check_rows(products, known)
    found = np.full(products.shape, np.nan)
    for column, value in zip(known.T[:, :, None], values.T[:, :, None], strict=True):
        same = (products == column) & (column != NOTHING)
        if (np.count_nonzero(same, axis=1) > 1).any():
            raise ValueError("hits: a row holds a judged product twice")
        np.copyto(found, value, where=same)
    query, rank = np.nonzero(~np.isnan(found))
    # Best first, and behind them what no product stands for.
    ordered = -np.sort(-np.where(known == NOTHING, -np.inf, values), axis=1)
    judged_query, judged_rank = np.nonzero(ordered > -np.inf)
    return GradedRun(
        names,
        Entries(query, rank, found[query, rank]),
        Entries(judged_query, judged_rank, ordered[judged_query, judged_rank]),
        np.count_nonzero(products != NOTHING, axis=1).astype(np.int64),
    )


def _numbers(name: str, numbers: ArrayLike) -> Ints:
    found = np.asarray(numbers)
    if found.ndim == 1 and name == "judged":
        found = found[:, None]
    if found.ndim != 2 or not np.issubdtype(found.dtype, np.integer):
        raise ValueError(f"{name}: whole numbers of shape (queries, n), not {found.dtype} of shape {found.shape}")
    if found.size and found.min() < NOTHING:
        raise ValueError(f"{name}: products are numbers from 0 up, and {NOTHING} is no product")
    return found.astype(np.int64, copy=False)


def _grades(grades: ArrayLike, known: Ints) -> Floats:
    values = np.asarray(grades, dtype=np.float64)
    if values.ndim == 1:
        values = values[:, None]
    if values.shape != known.shape:
        raise ValueError(f"grades of shape {values.shape} for judgements of shape {known.shape}")
    if not np.isfinite(values[known != NOTHING]).all():
        raise ValueError("grades: a judged product needs a finite one")
    return values


def _check_rows(products: Ints, known: Ints) -> None:
    if ((products[:, :-1] == NOTHING) & (products[:, 1:] != NOTHING)).any():
        raise ValueError(f"hits: {NOTHING} fills rows up at their end, and may not stand before a product")
    ordered = np.sort(known, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NOTHING)).any():
        raise ValueError("judged: a row holds a product twice")
