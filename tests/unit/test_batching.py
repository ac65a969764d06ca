"""Which texts are encoded together, and what happens when a worker fails."""

from __future__ import annotations

from threading import Barrier

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.encoding.batching import explained, fill, plan, unit
from search.errors import EncoderError
from search.protocols import Vectors


@given(st.lists(st.integers(0, 600), max_size=80), st.integers(1, 40))
def test_every_row_is_in_one_batch_and_longer_ones_come_first(lengths: list[int], size: int) -> None:
    batches = plan(lengths, size)
    flat = [row for batch in batches for row in batch]
    assert sorted(flat) == list(range(len(lengths)))
    assert [lengths[row] for row in flat] == sorted(lengths, reverse=True)
    assert all(len(batch) == size for batch in batches[:-1])
    assert plan(lengths, size) == batches


def test_texts_of_equal_length_keep_their_order() -> None:
    assert plan([3, 9, 3, 3], 2) == [[1, 0], [2, 3]]


def doubled(rows: list[int]) -> Vectors:
    return np.array([[row, row * 2] for row in rows], dtype=np.float32)


@pytest.mark.parametrize("workers", [1, 3])
def test_vectors_land_in_their_rows_and_progress_counts_texts(workers: int) -> None:
    result = np.empty((7, 2), dtype=np.float32)
    done: list[int] = []
    fill(result, plan([5, 1, 4, 2, 3, 9, 9], 2), [doubled] * workers, done.append)
    np.testing.assert_array_equal(result, doubled(list(range(7))))
    assert sorted(done) == [1, 2, 2, 2]


def test_no_batches_are_no_work() -> None:
    fill(np.empty((0, 2), dtype=np.float32), [], [doubled])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_stops_every_worker_and_says_what_failed(workers: int) -> None:
    together = Barrier(workers)
    taken: list[int] = []

    def failing(rows: list[int]) -> Vectors:
        together.wait(timeout=30)  # each worker is at its first batch
        taken.extend(rows)
        raise RuntimeError("no such kernel\nand a long trace")

    with pytest.raises(EncoderError, match=r"no such kernel$"):
        fill(np.empty((20, 2), dtype=np.float32), [[row] for row in range(20)], [failing] * workers)
    assert sorted(taken) == list(range(workers))


@pytest.mark.parametrize(
    "error",
    [RuntimeError("CUDA out of memory. Tried to allocate"), MemoryError(), RuntimeError("Failed to allocate memory")],
)
def test_running_out_of_memory_names_the_batch_size(error: Exception) -> None:
    with pytest.raises(EncoderError, match="DAOGOU_BATCH_SIZE"), explained():
        raise error


def test_an_interruption_is_no_error_of_the_encoder() -> None:
    def interrupted(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(np.empty((4, 2), dtype=np.float32), [[0, 1], [2, 3]], [doubled, doubled], interrupted)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_vectors_without_a_direction_are_refused(bad: float) -> None:
    with pytest.raises(EncoderError, match="zero or not finite"):
        unit(np.array([[3, 4], [bad, 0]], dtype=np.float32))
    np.testing.assert_allclose(unit(np.array([[3, 4]], dtype=np.float32)), [[0.6, 0.8]])
