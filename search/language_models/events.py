"""The events of a stream as servers of language models send them, read in few goes.

A model says a token at a time, and each that is read by itself wakes this process, its network thread and every thread
behind it, which take turns with the searches. So a stream is looked at ten times a second, and what has come meanwhile
is taken at once. The events are read here because the openai package makes objects of each, which takes ten times as
long as the JSON.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, suppress

from search.protocols import Json

TICK = 0.1
"""Seconds between two looks. A sentence is shown when it is whole, so nobody sees them."""

REST = 0.1
"""Seconds in which an answer may come to its end after the mark of it."""

FULL = 4096
"""Bytes of a chunk that is more than a few tokens: whoever sends so much is read without a rest, to its end or until it
is too much."""

_LINE_END = re.compile(rb"\r\n|\n|\r")


async def events(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[Json, None]:
    """The JSON of each event, to the mark of the end or the end itself; `chunks` are closed with it. Raises ValueError
    or RecursionError where it is no JSON or no UTF-8, and what `chunks` raises."""
    decoder = Decoder()
    # Closed here: left to the collector they would be closed some time, in tasks that nobody waits for.
    async with aclosing(chunks), aclosing(in_ticks(chunks)) as few:
        async for chunk in few:
            for data in decoder.feed(chunk):
                text = data.decode()
                if text.startswith("[DONE]"):
                    await _to_the_end(chunks)
                    return
                yield json.loads(text)


async def _to_the_end(source: AsyncIterator[bytes]) -> None:
    """A connection serves the next question only if this answer was read to its end. All is said by now, so nothing
    that goes wrong here matters."""
    with suppress(Exception):
        async with asyncio.timeout(REST):
            async for _ in source:
                pass


async def in_ticks(source: AsyncIterator[bytes], tick: float = TICK) -> AsyncGenerator[bytes, None]:
    """The same chunks, each at most `tick` seconds later: the first at once, then what has come in each tick together.
    Long ones are not held up.

    While nobody asks for the next chunk the system keeps what comes, and nothing in this process wakes for it.
    """
    loop = asyncio.get_running_loop()
    ends, rested = 0.0, True
    while True:
        turned: list[bool] = []  # another turn of the loop: the chunk was not there yet, it had to be read
        turn = loop.call_soon(turned.append, True)
        try:
            chunk = await anext(source)
        except StopAsyncIteration:
            return
        finally:
            turn.cancel()
        if turned and rested:  # the first, or what came during the rest
            ends, rested = loop.time() + tick, False
        elif turned and len(chunk) < FULL:
            await asyncio.sleep(ends - loop.time())
            rested = True
        yield chunk


class Decoder:
    """Bytes go in as they come, the data of each event comes out once it is whole. Half an event at the end is none."""

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._returned = False  # the last byte was a CR, to which a LF may belong

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        if self._returned and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._returned = False
        first, *others = _LINE_END.split(chunk)
        self._line.append(first)
        if not others:  # joined once, at the end of the line: it may be long
            return
        self._returned = chunk.endswith(b"\r")
        *lines, rest = b"".join(self._line), *others
        self._line = [rest]
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                data, self._data = b"\n".join(self._data), []
                yield data
