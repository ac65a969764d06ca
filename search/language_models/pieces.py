"""The pieces of an answer on their way from the thread that makes them to the thread that reads them."""

from __future__ import annotations

import queue
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import TypeAlias

from search.protocols import Completion

Saying: TypeAlias = Generator[str, None, Completion | None]
"""A stream that returns at its end what it knows of the whole: the tokens that it took, whether it was cut."""


class Pieces:
    """Without limit, so that whoever makes them never waits; an answer has a limit of its own.

    Any thread may put, one takes: all that has come by then as one piece, so that a reader who is busy, or slow to be
    woken, has one piece to look at and not ten.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[str | Completion | Exception] = queue.SimpleQueue()
        self._end: Completion | Exception | None = None  # taken from the queue with the last piece before it

    def put(self, piece: str) -> None:
        self._queue.put(piece)

    def end(self, how: Completion | Exception) -> None:
        """Well, with what is known of the whole, or with what to raise. Whatever comes after the first end is lost."""
        self._queue.put(how)

    def take(self, seconds: float | None = None) -> str | Completion:
        """What has come of the answer, or its end. Raises queue.Empty when nothing came in so many seconds, and what
        `end` was given.

        With 0 seconds or less what is there already can still be had.
        """
        item = self._end or self._queue.get(timeout=None if seconds is None else max(0.0, seconds))
        if isinstance(item, Exception):
            raise item
        if isinstance(item, Completion):
            return item
        texts = [item]
        with suppress(queue.Empty):
            while isinstance(item := self._queue.get_nowait(), str):
                texts.append(item)
            self._end = item
        return "".join(texts)

    def all(self) -> Saying:
        while isinstance(item := self.take(), str):
            yield item
        return item


class Stream(Iterator[str]):
    """A stream that can be closed by any thread, also while another one waits for its next piece.

    `stop` ends whatever makes the pieces, soon; a reader that waits then gets an error or the end.
    """

    def __init__(self, saying: Saying, stop: Callable[[], object]) -> None:
        self._saying = saying
        self._stop = stop

    def __next__(self) -> str:
        return next(self._saying)

    def stop(self) -> None:
        """End it soon, and return at once: whoever reads it still has to close it."""
        self._stop()

    def close(self) -> None:
        self._stop()
        with suppress(ValueError):  # it runs in another thread, and is about to end
            self._saying.close()


def close(stream: Iterator[str]) -> None:
    """Close it where it can be closed: an iterator need not be."""
    end = getattr(stream, "close", None)
    if end is not None:
        end()
