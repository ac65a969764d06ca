"""What keeps the event loop free: blocking work goes to threads, through a queue with an end; a thread follows indexes.

A queue without an end answers everybody late. This one has a fixed number of places and turns the next caller away at
once, so that those inside are served in time and a health check always is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from api.errors import RETRY_SECONDS, ApiError
from search.domain import SearchRequest
from search.engine import Engine
from search.errors import DaogouError

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Places:
    """A fixed number of callers at once; the next is turned away. For the event loop's thread alone."""

    def __init__(self, name: str, count: int, busy_code: str) -> None:
        self.name = name
        self.count = count
        self._busy_code = busy_code
        self._taken = 0

    def occupied(self) -> int:
        return self._taken

    def take(self) -> None:
        """Raises ApiError (429 or 503, as the code says) when all are taken."""
        if self._taken >= self.count:
            raise ApiError(
                self._busy_code,
                f"Too many {self.name} requests running at the same time: {self.count}. Retry after {RETRY_SECONDS}s.",
            )
        self._taken += 1

    def give_back(self) -> None:
        self._taken -= 1

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        self.take()
        try:
            yield
        finally:
            self.give_back()


class Pool:
    """Threads for blocking work, with places before them: who has one waits or runs."""

    def __init__(self, places: Places, threads: int | None = None) -> None:
        self.places = places
        wanted = threads or (os.cpu_count() or 2) + 2
        self._threads = ThreadPoolExecutor(min(places.count, wanted), thread_name_prefix=f"daogou-{places.name}")

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """The result of `work`, done in a thread. Raises ApiError when all places are taken.

        The place is free again when the thread is done, even if the caller has gone away before.
        """
        self.places.take()
        loop = asyncio.get_running_loop()
        future: Future[_T] = self._threads.submit(work, *args, **kwargs)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self.places.give_back))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Wait for what runs; drop what waits."""
        self._threads.shutdown(wait=True, cancel_futures=True)


class Follower:
    """The thread that warms the indexes up once and then follows their versions, about once a second."""

    def __init__(self, engine: Engine, chore: Callable[[], None] = lambda: None) -> None:
        """`chore` is done in every round, about once a second."""
        self._engine = engine
        self._chore = chore
        self._stop = threading.Event()
        self._warm = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="daogou-follower", daemon=True)

    @property
    def warm(self) -> bool:
        """Whether every index that can be opened is open and has answered once."""
        return self._warm.is_set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        self._warm_up()
        self._warm.set()
        while not self._stop.wait(REFRESH_SECONDS):
            try:
                self._engine.refresh()
            except Exception as error:
                # Whatever it is, the indexes in use go on serving and the next round may do better.
                log.error("could not look for new index versions: %s", error)
            try:
                self._chore()
            except Exception as error:
                log.error("a chore failed: %s", type(error).__name__)

    def _warm_up(self) -> None:
        try:
            names = [manifest.index for manifest in self._engine.indexes()]
        except DaogouError as error:
            log.error("no index could be warmed up: %s", error)
            return
        for name in names:
            if self._stop.is_set():
                return
            try:
                self._engine.search(name, SearchRequest("warm up", limit=1))
                self._engine.suggest(name, "", limit=1)
            except DaogouError as error:
                log.error("index %s cannot be searched yet: %s", name, error)
