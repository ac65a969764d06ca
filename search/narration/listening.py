"""Whoever waits for words, until their time is up or they go away, which any thread may say for them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from search.errors import LanguageModelBusy


class Left(LanguageModelBusy):
    """Nobody waits for the words any more."""

    def __init__(self) -> None:
        super().__init__("The words were not waited for to the end.")


class Listener:
    """One request's patience, for all the words that it asks for. Safe to use from several threads."""

    def __init__(self, ends: float = math.inf, clock: Callable[[], float] = time.monotonic) -> None:
        """`ends` is when the time is up, on `clock`."""
        self._ends = ends
        self._clock = clock
        self._left = threading.Event()
        self._heard: list[Any] = []
        self._lock = threading.Lock()

    @property
    def waits(self) -> bool:
        return not self.gone and self._clock() < self._ends

    @property
    def gone(self) -> bool:
        """Whether they left. Who has run out of time has not: that is the model's fault, and it is to be told so."""
        return self._left.is_set()

    def leave(self) -> None:
        """Stop the model, also where a thread waits for its next word. Returns at once."""
        self._left.set()
        with self._lock:
            heard = [*self._heard]
        for stream in heard:
            stop(stream)

    @contextmanager
    def hearing(self, stream: Iterator[str]) -> Iterator[None]:
        """`stream` is stopped when the listener leaves within the block. Raises Left where nobody waits at all."""
        with self._lock:
            self._heard.append(stream)
        try:
            if not self.waits:
                raise Left
            yield
        finally:
            with self._lock:
                self._heard.remove(stream)


def stop(stream: Iterator[str]) -> None:
    """Where it can be told so by another thread than the one that reads it; else it is told after its next piece."""
    end = getattr(stream, "stop", None)
    if end is not None:
        end()
