"""Things kept in memory as long as there is room: the least recently used go first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Bounded by count and by bytes. Safe to use from several threads."""

    def __init__(self, most: int, most_bytes: int, weigh: Callable[[V], int]) -> None:
        """`weigh` says how many bytes a value takes, nearly."""
        self._most = most
        self._most_bytes = most_bytes
        self._weigh = weigh
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0
        self._turn = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def bytes(self) -> int:
        return self._bytes

    def get(self, key: K) -> V | None:
        with self._turn:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            return found[0]

    def put(self, key: K, value: V) -> None:
        """A value that is heavier than all the room is not kept."""
        weight = self._weigh(value)
        with self._turn:
            self._drop(key)
            if weight > self._most_bytes:
                return
            self._held[key] = (value, weight)
            self._bytes += weight
            while len(self._held) > self._most or self._bytes > self._most_bytes:
                self._drop(next(iter(self._held)))

    def forget(self, keys: Iterable[K]) -> None:
        with self._turn:
            for key in keys:
                self._drop(key)

    def forget_where(self, wanted: Callable[[K], bool]) -> None:
        """Let go of everything under such keys."""
        with self._turn:
            for key in [key for key in self._held if wanted(key)]:
                self._drop(key)

    def _drop(self, key: K) -> None:
        """With the turn held."""
        held = self._held.pop(key, None)
        if held is not None:
            self._bytes -= held[1]
