"""Something worked out once for each open version, and forgotten with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from search.protocols import Collection

T = TypeVar("T")


class Remembered(Generic[T]):
    """Safe to use from several threads; each version is worked out once."""

    def __init__(self, work_out: Callable[[Collection], T]) -> None:
        self._work_out = work_out
        self._known: WeakKeyDictionary[Collection, T] = WeakKeyDictionary()
        self._turn = threading.Lock()

    def of(self, collection: Collection) -> T:
        found = self._known.get(collection)
        if found is None:
            with self._turn:
                found = self._known.get(collection)
                if found is None:
                    found = self._known[collection] = self._work_out(collection)
        return found

    def known(self, collection: Collection) -> T | None:
        """What is remembered already; None where nobody has asked yet."""
        return self._known.get(collection)

    def renew(self, collection: Collection) -> None:
        """Work it out again; whoever asks meanwhile gets what was known before."""
        self._known[collection] = self._work_out(collection)
