"""What is learnt while a version serves: kept with it as an artefact, followed by whoever serves it.

Training runs in a process of its own, from a command; the embedded engine lets one process open a version, and that is
the one that serves. Artefacts lie beside the points, so the command writes them without opening anything (`keep`), and
the server looks about once a second whether there are others (`Trained.refresh`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from search.errors import DaogouError
from search.protocols import Collection, VectorStore
from search.remembered import Remembered

log = logging.getLogger(__name__)

T = TypeVar("T")


class Trained(Generic[T]):
    """The artefact `name` of each open version as `read` makes it. Safe to use from several threads.

    `read` gets None where nothing was kept. What it raises, `of` raises.
    """

    def __init__(self, name: str, read: Callable[[Collection, bytes | None], T]) -> None:
        self.name = name
        self._read = read
        self._remembered = Remembered(self._look)

    def of(self, collection: Collection) -> T:
        """As it was when last looked at: no request waits for a file or a server, but the first."""
        return self._remembered.of(collection)[1]

    def refresh(self, collection: Collection) -> None:
        """Read it again if it is another one. If that fails, what is in use stays, and the next refresh tries again."""
        found = self._remembered.known(collection)
        if found is None:
            return  # nobody has asked yet
        try:
            if collection.artefact_stamp(self.name) == found[0]:
                return
            self._remembered.renew(collection)
        except DaogouError as error:
            log.error("index %s: staying with the %s in use: %s", collection.manifest.index, self.name, error)
            return
        log.info("index %s: version %d has a new %s", collection.manifest.index, collection.manifest.version, self.name)

    def _look(self, collection: Collection) -> tuple[str | None, T]:
        # The stamp first: bytes that come between the two are read twice, never missed.
        stamp = collection.artefact_stamp(self.name)
        return stamp, self._read(collection, collection.artefact(self.name) if stamp is not None else None)


def keep(store: VectorStore, index: str, name: str, data: bytes) -> int:
    """Keep an artefact with the live version, whoever serves it; the version that has it. Raises IndexNotFound.

    A reindex may switch at any moment. It carries over what was kept before the switch (indexer/carrying); what is
    written into the old version after that is seen here, and written again.
    """
    while True:
        version = store.state(index).live.version
        store.keep_artefact(index, version, name, data)
        if store.state(index).live.version == version:
            return version
