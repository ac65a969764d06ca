"""Why products are where they are: from the evidence at once, and in a language model's words where there is one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.bodies import read_json
from api.desk import Desk, desk
from api.errors import OrjsonResponse
from api.explaining import Answer, Event, events, plan, told
from api.openapi import answers, body, event_stream
from api.parsing import from_body, index_uid
from api.schemas import ExplainAnswer, ExplainBody
from api.wanted import prefers

router = APIRouter(tags=["search"])

EVENT_STREAM = "text/event-stream"

GONE_SECONDS = 0.2
"""How often somebody who waits for JSON is looked for; of an event stream the server notices by itself."""


@router.post(
    "/indexes/{index}/explain",
    responses=event_stream(answers(ExplainAnswer)),
    openapi_extra=body(ExplainBody),
)
async def explain(request: Request, index: str) -> Response:
    """Why products of a search are there; `text/event-stream` when asked for, evidence first."""
    at, name = desk(request), index_uid(index)
    asked = plan(from_body(ExplainBody, await read_json(request), "explain"), at.settings.max_total_hits)
    before = await at.searches.run(told, at.service, name, asked)
    made = _counted(at, events(before, at.narrations, asked, at.settings.llm_seconds))
    if prefers(request.headers.getlist("accept"), EVENT_STREAM, "application/json"):
        return EventStream(made)
    return await _whole(request, made)


async def _whole(request: Request, made: AsyncIterator[list[Event]]) -> Response:
    """All of it in one answer. Who goes away meanwhile stops the model."""
    answer = Answer()

    async def listen() -> None:
        async with aclosing(made):  # type: ignore[type-var]
            async for batch in made:
                for event in batch:
                    answer.hear(event)

    listening = asyncio.create_task(listen())
    try:
        while not listening.done():
            await asyncio.wait({listening}, timeout=GONE_SECONDS)
            if not listening.done() and await request.is_disconnected():
                break
    finally:
        if not listening.done():
            listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    if listening.cancelled():
        return Response(status_code=499)  # nobody reads it
    listening.result()
    return OrjsonResponse(answer.body())


class EventStream(StreamingResponse):
    """Events as they come, past every buffer on the way. Whoever leaves stops the model."""

    def __init__(self, made: AsyncIterator[list[Event]]) -> None:
        self._made = made
        # nginx holds answers back unless it is told not to; nothing in between may keep what is said to one shopper.
        headers = {"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"}
        super().__init__(_lines(made), media_type=EVENT_STREAM, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._made):  # type: ignore[type-var]
            await super().__call__(scope, receive, send)


async def _lines(made: AsyncIterator[list[Event]]) -> AsyncIterator[bytes]:
    async for batch in made:
        yield "".join(map(_line, batch)).encode()


def _line(event: Event) -> str:
    # In ASCII: readers that cut lines as Unicode has them (U+2028, U+0085) would tear a title that holds one.
    return f"event: {event.kind}\ndata: {json.dumps(event.data, separators=(',', ':'))}\n\n"


async def _counted(at: Desk, made: AsyncIterator[list[Event]]) -> AsyncIterator[list[Event]]:
    """Counts who had the last word on each text."""
    last: dict[str | None, str] = {}
    async with aclosing(made):  # type: ignore[type-var]
        async for batch in made:
            last |= {event.data.get("id"): event.data["source"] for event in batch if "source" in event.data}
            yield batch
    for source in last.values():
        at.metrics.explanation(source)
