"""What keeps the event loop free: blocking work goes to threads, through a queue with an end; a thread follows indexes.

A queue without an end answers everybody late. This one has a fixed number of places and turns the next caller away at
once, so that those inside are served in time and a health check always is.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
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


class Pool:
    """`places` callers may wait or run at once, in at most `threads` threads."""

    def __init__(self, name: str, places: int, busy_code: str, threads: int | None = None) -> None:
        self.name = name
        self.places = places
        self._busy_code = busy_code
        self._taken = 0
        wanted = threads or (os.cpu_count() or 2) + 2
        self._threads = ThreadPoolExecutor(min(places, wanted), thread_name_prefix=f"daogou-{name}")

    @property
    def taken(self) -> int:
        return self._taken

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """The result of `work`, done in a thread. Raises ApiError (429 or 503) when all places are taken.

        The place is free again when the thread is done, even if the caller has gone away before.
        """
        self._take()
        loop = asyncio.get_running_loop()
        future: Future[_T] = self._threads.submit(work, *args, **kwargs)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._give_back))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Wait for what runs; drop what waits."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _take(self) -> None:
        if self._taken >= self.places:
            raise ApiError(
                self._busy_code,
                f"Too many {self.name} requests running at the same time: {self.places}. "
                f"Retry after {RETRY_SECONDS}s.",
            )
        self._taken += 1

    def _give_back(self) -> None:
        self._taken -= 1


class Follower:
    """The thread that warms the indexes up once and then follows their versions, about once a second."""

    def __init__(self, engine: Engine, seconds: float = REFRESH_SECONDS) -> None:
        self._engine = engine
        self._seconds = seconds
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
        while not self._stop.wait(self._seconds):
            try:
                self._engine.refresh()
            except Exception as error:
                # Whatever it is, the indexes in use go on serving and the next round may do better.
                log.error("could not look for new index versions: %s", error)

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
            except DaogouError as error:
                log.error("index %s cannot be searched yet: %s", name, error)
