"""The live version of each index, held open by this process and followed when it changes.

A search leases the collection it uses; a version that was replaced is closed when its last lease ends. So a switch
costs no request: searches begun on the old version finish on it, later ones see the new.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator

from search.domain import EncoderCard, Manifest
from search.errors import DaogouError, EncoderMismatch, IndexNotFound
from search.protocols import Collection, VectorStore

log = logging.getLogger(__name__)

CatchUp = Callable[[Collection], None]
"""Brings a version that was just opened up to date with writes it has not seen, before it serves."""

WhenOpened = Callable[[Collection], object]
"""Gets ready what searches need of a version that was just opened, before it serves."""


class _Open:
    """One open version and the number of leases on it."""

    def __init__(self, collection: Collection, held: bool = False) -> None:
        self.collection = collection
        self.held = held
        self.leases = 0
        self.retired = False


class LiveIndexes:
    def __init__(
        self, store: VectorStore, card: EncoderCard, snapshot: bool = False, catch_up: CatchUp | None = None
    ) -> None:
        self._store = store
        self._card = card
        self._snapshot = snapshot
        self._catch_up = catch_up
        self._when_opened: WhenOpened | None = None
        self._open: dict[str, _Open] = {}
        self._books = threading.Lock()
        # Opening takes long and must happen once; searches that find a version open never wait for it.
        self._opening = threading.RLock()
        # Whoever writes to an index has its turn; so has whoever switches it, or a write could miss the new version.
        # Lock order: opening, then turn, then books.
        self._turns: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)

    def when_opened(self, get_ready: WhenOpened) -> None:
        self._when_opened = get_ready

    @contextlib.contextmanager
    def lease(self, index: str) -> Iterator[Collection]:
        """The live collection, open until the block ends. Raises IndexNotFound, IndexInUse, EncoderMismatch."""
        held = self._take(index)
        if held is None:
            with self._opening:
                held = self._take(index)
                if held is None:
                    self._switch(index)
                    held = self._take(index)
        if held is None:
            raise IndexNotFound(index)
        try:
            yield held.collection
        finally:
            self._give_back(held)

    @contextlib.contextmanager
    def writing(self, index: str) -> Iterator[Collection]:
        """The live collection for one writer alone; it is not switched until the block ends. Raises as `lease`."""
        while True:
            with self.lease(index):
                pass  # Now it is open, and waiting for the turn below can never mean waiting for somebody to open it.
            with self._turns[index]:
                held = self._take(index)
                if held is None:
                    continue
                try:
                    yield held.collection
                finally:
                    self._give_back(held)
                return

    def hold(self, collection: Collection) -> None:
        """Serve this open version as its index, live or not, and close it at the end. Raises EncoderMismatch.

        For whoever asks a version before it goes live. `refresh` leaves it alone.
        """
        check_encoder(collection.manifest, self._card)
        with self._opening:
            if self._when_opened is not None:
                self._when_opened(collection)
            self._retire(self._replace(collection.manifest.index, _Open(collection, held=True)))

    def indexes(self) -> list[str]:
        """Those that are open here."""
        with self._books:
            return sorted(self._open)

    def refresh(self) -> None:
        """Follow every open index to its live version, and let go of those that were dropped.

        A version that cannot be opened is logged and the one in use goes on serving.
        """
        with self._opening:
            for index in [name for name, one in self._open.items() if not one.held]:
                try:
                    live = self._store.state(index).live
                    used = self._open[index].collection.manifest
                    # After a drop, numbers begin again at 1.
                    if (live.version, live.created_at) != (used.version, used.created_at):
                        self._switch(index)
                        log.info("index %s: now serving version %d", index, live.version)
                except IndexNotFound:
                    self._retire(self._replace(index, None))
                    log.info("index %s was dropped", index)
                except DaogouError as error:
                    log.error("index %s: staying with the version in use: %s", index, error)

    def close(self) -> None:
        with self._opening:
            for index in list(self._open):
                self._retire(self._replace(index, None))

    def _take(self, index: str) -> _Open | None:
        with self._books:
            held = self._open.get(index)
            if held is not None:
                held.leases += 1
            return held

    def _give_back(self, held: _Open) -> None:
        with self._books:
            held.leases -= 1
            done = held.retired and held.leases == 0
        if done:
            held.collection.close()

    def _switch(self, index: str) -> None:
        # Opening takes long: not for an index that cannot serve anyway.
        check_encoder(self._store.state(index).live, self._card)
        collection = self._store.open(index, snapshot=self._snapshot)
        with self._turns[index]:
            try:
                check_encoder(collection.manifest, self._card)  # another version may have gone live meanwhile
                if self._catch_up is not None:
                    self._catch_up(collection)
                if self._when_opened is not None:
                    self._when_opened(collection)
            except BaseException:
                collection.close()
                raise
            old = self._replace(index, _Open(collection))
        self._retire(old)

    def _replace(self, index: str, new: _Open | None) -> _Open | None:
        with self._books:
            old = self._open.pop(index, None)
            if new is not None:
                self._open[index] = new
            return old

    def _retire(self, held: _Open | None) -> None:
        if held is None:
            return
        with self._books:
            held.retired = True
            idle = held.leases == 0
        if idle:
            held.collection.close()


def check_encoder(manifest: Manifest, card: EncoderCard) -> None:
    """Raises EncoderMismatch unless queries of `card` can be compared with the vectors of that version."""
    built = manifest.encoder
    if built.same_space(card):
        return
    index = manifest.index
    raise EncoderMismatch(
        f"Index '{index}' was built with {_name(built)}, and this process encodes with {_name(card)}: their vectors "
        f"cannot be compared. Either set DAOGOU_ENCODER={built.model}"
        + (f" and DAOGOU_ENCODER_REVISION={built.revision}" if built.revision else "")
        + f", or rebuild the index with the encoder in use: python -m indexer reindex CATALOGUE --index {index}"
    )


def _name(card: EncoderCard) -> str:
    revision = f"@{card.revision[:10]}" if card.revision else ""
    return f"{card.model}{revision} ({card.dimension} dimensions, weights {card.weights[:8]})"
