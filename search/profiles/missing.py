"""Shoppers with events and without a profile, as after a bulk load or with another version of an index: nobody finds
them as neighbours until they come by. So the profiles that are missing are made beside the requests, a few at a time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from search.errors import DaogouError, IndexNotFound
from search.protocols import Collection, ShopperStore

log = logging.getLogger(__name__)

Lease = Callable[[str], AbstractContextManager[Collection]]
"""The live version of the index of that name, open until the block ends."""

SLICE = 0.1
"""Seconds of one round, about one in ten, that are spent on it."""


class Missing:
    """Safe to use from several threads."""

    def __init__(
        self,
        store: ShopperStore,
        keep: Callable[[Collection, str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`keep` makes and keeps a shopper's profile where it is missing."""
        self._store = store
        self._keep = keep
        self._clock = clock
        self._lease: Lease | None = None
        self._turn = threading.Lock()
        self._names: dict[str, Iterator[str] | None] = {}  # None: done

    def lend(self, lease: Lease) -> None:
        """Without it nothing is made."""
        self._lease = lease

    def begin(self, index: str) -> None:
        """Go through everybody, from the first one on."""
        with self._turn:
            self._names[index] = self._store.names()

    def begin_again(self) -> None:
        """With the indexes that were gone through before."""
        with self._turn:
            self._names = {index: self._store.names() for index in self._names}

    def go_on(self) -> None:
        """For some SLICE seconds. What cannot be made now is left to another day."""
        if self._lease is None:
            return
        until = self._clock() + SLICE
        with self._turn:
            turns = list(self._names.items())
        for index, names in turns:
            if names is None:
                continue
            try:
                with self._lease(index) as collection:
                    for name in names:
                        self._keep(collection, name)
                        if self._clock() >= until:
                            return
            except IndexNotFound:
                pass  # dropped meanwhile
            except DaogouError as error:
                log.error("index %s: profiles are not made beforehand today: %s", index, error)
            with self._turn:
                if self._names.get(index) is names:  # nobody has begun again
                    self._names[index] = None
