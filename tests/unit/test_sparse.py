"""Sparse vectors are checked before they are written: the engine itself takes anything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.domain import Sparse
from search.errors import StoreError
from search.storage.lanes import MAX_TERMS, checked_lanes, checked_sparse


def test_a_good_one_comes_back_as_it_is() -> None:
    whole = Sparse((0, 5, 2**32 - 1), (1.5, 1e-37, 3e38))
    assert checked_sparse(whole, "it") == whole
    assert checked_sparse(Sparse(), "it") == Sparse()
    assert checked_sparse(Sparse(tuple(range(MAX_TERMS)), (1.0,) * MAX_TERMS), "it").indices[-1] == MAX_TERMS - 1


def test_numbers_of_numpy_become_plain_ones() -> None:
    """The engine's binding takes no others."""
    checked = checked_sparse(Sparse(tuple(np.array([1, 2], np.uint32)), tuple(np.array([1, 2], np.float32))), "it")
    assert checked == Sparse((1, 2), (1.0, 2.0))
    assert [type(value) for value in (*checked.indices, *checked.values)] == [int, int, float, float]


@given(st.dictionaries(st.integers(0, 2**32 - 1), st.floats(1e-30, 1e30), max_size=50))
def test_any_weights_in_order_are_good(weights: dict[int, float]) -> None:
    ordered = sorted(weights.items())
    sparse = Sparse(tuple(index for index, _ in ordered), tuple(value for _, value in ordered))
    assert checked_sparse(sparse, "it") == sparse


@pytest.mark.parametrize(
    ("indices", "values", "said"),
    [
        ((2, 1), (1.0, 1.0), "ascend"),
        ((1, 1), (1.0, 1.0), "ascend"),
        ((1,), (), "1 indices and 0 values"),
        ((-1,), (1.0,), "outside"),
        ((2**32,), (1.0,), "outside"),
        ((1,), (0.0,), "above 0"),
        ((1,), (-0.5,), "above 0"),
        ((1,), (1e-39,), "above 0"),
        ((1,), (float("nan"),), "finite"),
        ((1,), (float("inf"),), "finite"),
        ((1,), (3.5e38,), "finite"),
        ((1.0,), (1.0,), "no number"),
        (("a",), (1.0,), "no number"),
        ((1,), ("a",), "no number"),
        ((1,), (None,), "no number"),
        ((1,), (10**400,), "no number"),
        (None, (), "no number"),
        (tuple(range(MAX_TERMS + 1)), (1.0,) * (MAX_TERMS + 1), "most"),
    ],
)
def test_what_is_wrong_is_said(indices: Any, values: Any, said: str) -> None:
    with pytest.raises(StoreError, match=f"product 7.*{said}"):
        checked_sparse(Sparse(indices, values), "product 7")


def test_lanes_that_are_empty_or_not_stored_are_left_out_and_checked_all_the_same() -> None:
    lanes = {"words": Sparse((1,), (1.0,)), "kind": Sparse()}
    assert checked_lanes(lanes, ("words", "kind"), "it") == {"words": Sparse((1,), (1.0,))}
    assert checked_lanes(lanes, ("kind",), "it") == {}
    assert checked_lanes({}, ("words",), "it") == {}
    with pytest.raises(StoreError, match="the kind of it"):
        checked_lanes({"kind": Sparse((1,), (-1.0,))}, (), "it")
    with pytest.raises(StoreError, match="'dense'"):
        checked_lanes({"dense": Sparse()}, (), "it")
