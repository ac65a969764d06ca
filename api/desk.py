"""What a request handler needs, in one place: `desk(request)`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar, cast

from starlette.requests import Request

from api.errors import ApiError, disk_full
from api.metrics import Metrics
from api.work import Follower, Places, Pool
from search.bootstrap import Service
from search.engine import Engine
from search.settings import Settings
from search.tasks import TaskRunner

log = logging.getLogger(__name__)

NARRATIONS = 8
"""Texts that the language model is asked for at once; as many may wait. Threads of their own: whatever it does, no
search waits for it."""

UPLOADS = 4
"""Bodies of documents that are read at once: each may take DAOGOU_MAX_DOCUMENT_BYTES of memory, several times over."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Desk:
    """The service, and the queues before it: searches; reads and submitted writes; bodies of documents on their way;
    words of the language model."""

    service: Service
    settings: Settings
    metrics: Metrics
    follower: Follower
    searches: Pool
    reads: Pool
    uploads: Places
    narrations: Pool

    @classmethod
    def open(cls, service: Service, settings: Settings) -> Desk:
        busy, most = "too_many_search_requests", settings.search_concurrency
        queues = (
            Places("search", most, busy),
            Places("read", most, busy),
            Places("upload", UPLOADS, "too_many_uploads"),
            Places("narration", 2 * NARRATIONS, busy),
        )
        metrics = Metrics()
        for queue in queues:
            metrics.watch(
                f"daogou_{queue.name}_queue", f"{queue.name.title()} requests, waiting or running.", queue.occupied
            )
        metrics.watch(
            "daogou_log_dropped",
            "Lines of the log of experiments and events lost since the start.",
            service.log_dropped,
        )
        if service.narrator is not None:
            metrics.watch_narrator(service.narrator)
        searches, reads, uploads, narrations = queues
        follower = Follower(service.engine, service.save_past_queries)
        words = Pool(narrations, NARRATIONS)
        return cls(service, settings, metrics, follower, Pool(searches), Pool(reads), uploads, words)

    @property
    def engine(self) -> Engine:
        return self.service.engine

    @property
    def tasks(self) -> TaskRunner:
        return self.service.tasks

    async def write(self, submit: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Hand a write to the task runner. Raises ApiError 422 when the disk is full."""
        try:
            return await self.reads.run(submit, *args, **kwargs)
        except Exception as error:
            full = disk_full(error)
            if full is None:
                raise
            log.error("a write was refused: %s", full.message)
            raise full from None

    def close(self) -> None:
        """In this order: no new versions, no more requests, then the writer and the indexes."""
        self.follower.stop()
        for pool in (self.searches, self.reads, self.narrations):
            pool.close()
        self.service.close()


def desk(request: Request) -> Desk:
    return cast(Desk, request.app.state.desk)


def too_deep() -> ApiError:
    return ApiError("malformed_payload", "A document is nested too deep; 16 levels are the most that is kept.")
