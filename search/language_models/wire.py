"""The connection to a language model's server: what goes out, how much comes in, and a thread for it all.

httpx2 is what the openai package speaks through. It takes seconds to import with that package, so this module is
imported when a client is made, never before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import aclosing
from typing import Any, TypeVar

import httpx2

from search.errors import LanguageModelError

T = TypeVar("T")

_SENT = frozenset({"host", "accept", "content-type", "content-length", "transfer-encoding", "connection"})
_PACKED = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class TooMuch(Exception):
    """The answer is longer than anything that was asked for."""


class GuardedClient(httpx2.AsyncClient):
    """Sends a short list of headers and nothing else, follows no redirect, and reads `most` bytes at most.

    The package adds headers of its own: which system and Python this is, and what OPENAI_ORG_ID, OPENAI_PROJECT_ID and
    OPENAI_CUSTOM_HEADERS hold, to whatever server it talks to. What is not listed here does not leave.
    `most` counts what comes out of an answer that was packed, though none is asked for: a bomb is never unpacked whole.
    """

    def __init__(self, key: str | None, most: int, seconds: float) -> None:
        # A redirect would carry the key to wherever it points. The whole has a deadline elsewhere; a timer for each
        # read besides would be set and taken back for every token.
        super().__init__(
            follow_redirects=False,
            timeout=httpx2.Timeout(None, connect=min(10.0, seconds)),
            # Let go before the server does: many close after five seconds, and a question sent just then would be lost.
            limits=httpx2.Limits(max_keepalive_connections=20, keepalive_expiry=4.0),
        )
        self._key = key
        self._most = most

    async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() in _SENT}
        headers |= {"User-Agent": "daogou", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        # A copy: the package marks its own request with headers that it reads again.
        sent = httpx2.Request(
            request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        came = await super().send(sent, stream=True, **options)
        answer = httpx2.Response(
            came.status_code,
            headers=[(name, value) for name, value in came.headers.multi_items() if name.lower() not in _PACKED],
            stream=_Measured(came, self._most),
            request=request,
            extensions=came.extensions,
        )
        if not stream or not answer.is_success:
            try:
                await answer.aread()
            finally:
                await answer.aclose()
        return answer


class _Measured(httpx2.AsyncByteStream):
    def __init__(self, response: httpx2.Response, most: int) -> None:
        self._response = response
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        room = self._most
        async with aclosing(self._response.aiter_bytes()) as chunks:
            async for chunk in chunks:
                room -= len(chunk)
                if room < 0:
                    raise TooMuch
                yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


def root_of(error: BaseException) -> BaseException:
    """ConnectionRefusedError, gaierror or SSLCertVerificationError, where the libraries say ConnectError."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return error


class NetworkThread:
    """One thread with an event loop, in which every request of a client runs.

    Because what runs in a loop can be given up at any moment: the connection, the reading of a header that comes byte
    by byte, a name that is looked up. A thread that blocks in one of these cannot. Started when first needed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lookups: ThreadPoolExecutor | None = None
        self._closed = False

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run it in the loop; cancelling the future gives it up. Raises LanguageModelError once closed."""
        with self._lock:
            if self._closed:
                work.close()
                raise LanguageModelError("The language model was closed and takes no more questions.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._lookups = ThreadPoolExecutor(2, "language-model-lookup")
                self._loop.set_default_executor(self._lookups)
                self._thread = threading.Thread(target=self._loop.run_forever, name="language-model", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it and wait, for as long as it takes: it has a deadline of its own. Raises LanguageModelError where it
        is closed meanwhile."""
        future = self.start(work)
        try:
            return future.result()
        except CancelledError:
            raise LanguageModelError("The language model was closed in the middle of a question.") from None
        finally:
            future.cancel()  # changes nothing where it is done; it is not when Ctrl-C came

    def close(self, client: httpx2.AsyncClient) -> None:
        """Give up what runs and close the connections. Twice is no error."""
        with self._lock:
            self._closed = True
            loop, thread, self._loop = self._loop, self._thread, None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_give_up(client), loop)
        thread.join(5.0)
        if self._lookups is not None:
            self._lookups.shutdown(wait=False, cancel_futures=True)
        if not thread.is_alive():
            loop.close()


async def _give_up(client: httpx2.AsyncClient) -> None:
    loop = asyncio.get_running_loop()
    try:
        for task in _others():
            task.cancel()
        async with asyncio.timeout(4.0):
            await _end_of_others()
            await client.aclose()
            await loop.shutdown_asyncgens()
            for _ in range(5):
                await asyncio.sleep(0)  # sockets are closed in a later turn of the loop than connections
            await _end_of_others()  # generators that were let go of are closed in tasks that Python makes itself
    finally:
        loop.stop()


def _others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def _end_of_others() -> None:
    while others := _others():
        await asyncio.wait(others)
