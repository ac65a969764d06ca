"""Which texts go through the model together, who takes them, and what leaves: shared by every backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Event

import numpy as np

from search.errors import EncoderError
from search.protocols import Progress, Vectors

PADDED_TO = 8
"""Batches are padded to a multiple of this. Matrix kernels take rows by fours or eights, and what is left over on
another path that rounds otherwise. With full blocks the vector of a document came out the same to the bit, whatever the
texts beside it (`benchmarks/encoding.py` checks it), so a reindex that was interrupted ends like one that was not."""

Worker = Callable[[list[int]], Vectors]
"""Row numbers → their vectors, in that order."""


def plan(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Batches of row numbers, at most `size` each; `lengths` are in tokens.

    Texts of like length go together, since padding is wasted work: sorted by tokens it is 1 or 2 percent, in order of
    arrival nearly half of all. The longest come first, so that a batch too large for memory fails first, not last.
    Equal lengths give equal batches.
    """
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    return [order[start : start + size] for start in range(0, len(order), size)]


def fill(
    result: Vectors, batches: Sequence[list[int]], workers: Sequence[Worker], progress: Progress | None = None
) -> None:
    """Let the workers take the batches from one queue, and write their vectors into the rows of `result`.

    The first failure stops all of them after the batch that they are at, and is raised.
    """
    waiting: SimpleQueue[list[int]] = SimpleQueue()
    for batch in batches:
        waiting.put(batch)
    stop = Event()

    def work(worker: Worker) -> None:
        while not stop.is_set():
            try:
                rows = waiting.get_nowait()
            except Empty:
                return
            try:
                with explained():
                    result[rows] = worker(rows)
                if progress:
                    progress(len(rows))
            except BaseException:
                stop.set()
                raise

    if len(workers) == 1:
        work(workers[0])
        return
    with ThreadPoolExecutor(len(workers)) as pool:
        tasks = [pool.submit(work, worker) for worker in workers]
        try:
            for task in tasks:
                task.result()
        except BaseException:  # Ctrl-C while waiting: leaving the pool would otherwise wait for every batch
            stop.set()
            raise


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1. Raises EncoderError for a row that is zero or not finite."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or np.any(lengths == 0):
        raise EncoderError(
            "The encoder returned a vector that is zero or not finite. Try DAOGOU_DEVICE=cpu, or another model."
        )
    scaled: Vectors = (vectors / lengths).astype(np.float32)
    return scaled


@contextmanager
def explained() -> Iterator[None]:
    """Turn a failure inside a model library into an EncoderError that says what to do."""
    try:
        yield
    except EncoderError:
        raise
    except Exception as error:
        if isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in _OUT_OF_MEMORY):
            raise EncoderError(
                "The device ran out of memory. Lower DAOGOU_BATCH_SIZE, then start again: what was encoded is kept."
            ) from error
        raise EncoderError(f"Encoding failed: {first_line(error)}") from error


_OUT_OF_MEMORY = ("out of memory", "failed to allocate", "bad_alloc", "bad allocation")


def first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
