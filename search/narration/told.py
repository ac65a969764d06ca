"""What was told already, so that nothing is asked twice: a bounded memory, and one call for all who ask at once."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from search.errors import LanguageModelError
from search.narration.listening import Left, Listener

MOST = 5_000
MOST_BYTES = 4 * 2**20
_OVERHEAD = 200
"""Bytes of an entry besides its text, about."""

_LOOK = 0.05
"""Seconds after which somebody who waits for another's words looks whether they are still waited for themselves."""


def key_of(*parts: str) -> str:
    """Equal for equal parts, in their order, and for nothing else."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


class Told:
    """Texts by what they depend on; what nobody asked for longest goes first. Safe to use from several threads."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def bytes(self) -> int:
        return self._bytes

    def get(self, key: str) -> tuple[str, ...] | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: str, texts: Sequence[str]) -> None:
        fresh = tuple(texts)
        size = _size(fresh)
        if size > self._most_bytes:
            return
        with self._lock:
            old = self._kept.pop(key, None)
            self._bytes += size - (_size(old) if old is not None else 0)
            self._kept[key] = fresh
            while len(self._kept) > self._most or self._bytes > self._most_bytes:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= _size(gone)


class _Flight:
    """One call under way: the words so far, and how it ended."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.texts: list[str] = []
        self.over = False
        self.error: LanguageModelError | None = None
        self.left = False  # whoever made the call went away before its end


class Flights:
    """Whoever asks what is being asked already listens in. Safe to use from several threads."""

    def __init__(self) -> None:
        self._under_way: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    def told(self, key: str, call: Callable[[], Iterator[str]], listener: Listener) -> Iterator[str]:
        """The words of `call`, or of the same call that another thread is making.

        Raises what `call` raises. Where the one who made the call leaves, the next one makes it anew.
        """
        had: list[str] = []
        while True:
            with self._lock:
                flight = self._under_way.get(key)
                mine = flight is None
                if flight is None:
                    flight = self._under_way[key] = _Flight()
            words = self._make(key, flight, call) if mine else _listen(flight, listener)
            for text in words:
                if text not in had:  # said already, before the one who asked first had gone
                    had.append(text)
                    yield text
            if mine or not flight.left:
                return

    def _make(self, key: str, flight: _Flight, call: Callable[[], Iterator[str]]) -> Iterator[str]:
        error: LanguageModelError | None = None
        left = True
        try:
            for text in call():
                with flight.changed:
                    flight.texts.append(text)
                    flight.changed.notify_all()
                yield text
            left = False
        except Left:
            raise
        except LanguageModelError as fault:
            error, left = fault, False
            raise
        finally:
            with self._lock:
                del self._under_way[key]
            with flight.changed:
                flight.over, flight.error, flight.left = True, error, left
                flight.changed.notify_all()


def _listen(flight: _Flight, listener: Listener) -> Iterator[str]:
    heard = 0
    while True:
        with flight.changed:
            while heard == len(flight.texts) and not flight.over:
                if not listener.waits:
                    raise Left
                flight.changed.wait(_LOOK)
            fresh, over = flight.texts[heard:], flight.over
        heard += len(fresh)
        yield from fresh
        if over and heard == len(flight.texts):
            if flight.error is not None:
                raise type(flight.error)(*flight.error.args)
            return


def _size(texts: Sequence[str]) -> int:
    return _OVERHEAD + sum(len(text.encode("utf-8", "replace")) for text in texts)
