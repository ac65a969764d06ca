"""The language model's part of an explanation: on threads of its own, in a hurry, and never in anybody's way.

Evidence is told first and stands wherever the model does not answer in time, is down, says nothing that can be shown,
or where all threads are taken. Nothing here raises: what went wrong is `degraded`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from api.errors import ApiError
from api.work import Pool
from search.errors import LanguageModelError
from search.narration import Listener

log = logging.getLogger(__name__)

Source = Literal["evidence", "model"]


@dataclass(frozen=True, slots=True)
class Job:
    """Words to ask for: of the product `id`, or of the comparison where it is None.

    `tell` blocks and gives sentence after sentence while the listener waits; it raises LanguageModelError where it
    breaks off. `honest` are sentences that go with whatever the model says, `joined` makes one text of all. With
    `whole`, the words stand only if they came to their end.
    """

    id: str | None
    tell: Callable[[Listener], Iterator[str]]
    joined: Callable[[Sequence[str]], str]
    honest: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    job: Job
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """`text` is "" where the evidence stands. `failed`: the model had more to say or should have, and could not."""

    job: Job
    text: str
    failed: bool


@dataclass(slots=True)
class _Account:
    """What has come of one job, on the event loop's side."""

    job: Job
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Over:
    job: Job
    failed: bool


class Narration:
    """The words of one request. To be used by one task on the event loop; `stop` at the end, whatever happened."""

    def __init__(self, pool: Pool, jobs: Sequence[Job], ends: float) -> None:
        """`ends` is when the request's time is up, on time.monotonic."""
        self._pool = pool
        self._open = {id(job): _Account(job) for job in jobs}
        self._ends = ends
        self._listener = Listener(ends)
        self._heard: asyncio.Queue[Sentence | _Over] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def events(self) -> AsyncIterator[list[Sentence | Finished]]:
        """Each sentence as it comes, and for each job how it ended, the last at the latest when the time is up; at a
        time what has come by then."""
        self._tasks = [asyncio.create_task(self._run(account.job)) for account in self._open.values()]
        while self._open:
            try:
                async with asyncio.timeout(max(0.0, self._ends - time.monotonic())):
                    heard = [await self._heard.get()]
            except TimeoutError:
                break
            while not self._heard.empty():
                heard.append(self._heard.get_nowait())
            if told := [event for one in heard for event in self._told(one)]:
                yield told
        if late := [event for account in list(self._open.values()) for event in self._end(account, failed=True)]:
            yield late

    def stop(self) -> None:
        """Nobody listens any more: the model is stopped, and what waits for a thread never begins.

        When the time is up, a model that has said nothing is not stopped from here: its own deadline is about to, and
        tells the circuit breaker that it was slow. Stopped from here, it would seem as if nobody had cared to wait.
        """
        if time.monotonic() < self._ends:
            self._listener.leave()
        for task in self._tasks:
            task.cancel()

    def _told(self, heard: Sentence | _Over) -> Iterator[Sentence | Finished]:
        account = self._open.get(id(heard.job))
        if account is None:
            return
        if isinstance(heard, Sentence):
            account.said.append(heard.text)
            yield heard
        else:
            yield from self._end(account, heard.failed)

    def _end(self, account: _Account, failed: bool) -> Iterator[Sentence | Finished]:
        job = account.job
        del self._open[id(job)]
        if not account.said or (failed and job.whole):
            yield Finished(job, "", True)
            return
        for text in job.honest:
            yield Sentence(job, text)
        yield Finished(job, job.joined((*account.said, *job.honest)), failed)

    async def _run(self, job: Job) -> None:
        try:
            await self._pool.run(self._tell, job, asyncio.get_running_loop())
        except ApiError:  # all places are taken
            self._heard.put_nowait(_Over(job, failed=True))

    def _tell(self, job: Job, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread of the pool."""
        failed = True
        try:
            if self._listener.waits:
                for text in job.tell(self._listener):
                    self._say(loop, Sentence(job, text))
                failed = False
        except LanguageModelError:
            pass  # counted where it happened
        except Exception as error:
            # Its message may quote the product or the shopper's words; the evidence stands.
            log.error("an explanation failed: %s", type(error).__name__)
        self._say(loop, _Over(job, failed))

    def _say(self, loop: asyncio.AbstractEventLoop, what: Sentence | _Over) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is there to hear it
            loop.call_soon_threadsafe(self._heard.put_nowait, what)
