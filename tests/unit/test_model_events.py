"""Events of a language model's stream: the same however they are cut, and what is there is never waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from search.language_models.events import FULL, Decoder, events, in_ticks

STREAM = (
    b": ping\n\ndata: one\n\nevent: x\nid: 4\ndata:two\n\ndata: 3\ndata: \xe4\xbd\xa0\n\n"
    b"retry: 7\n\ndata:  4\n\ndata: half"
)
WHOLE = [b"one", b"two", b"3\n\xe4\xbd\xa0", b" 4"]
NEVER = 1000.0


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("cut", [1, 2, 3, 7, 1000])
def test_events_are_the_same_however_they_are_cut(end: bytes, cut: int) -> None:
    stream, decoder = STREAM.replace(b"\n", end), Decoder()
    chunks = [stream[at : at + cut] for at in range(0, len(stream), cut)]
    found = [data for chunk in chunks for data in decoder.feed(chunk)]
    assert found == WHOLE


async def _there(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _coming(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


def test_what_is_there_already_is_not_waited_for() -> None:
    async def read() -> list[bytes]:
        async with asyncio.timeout(10):
            return [chunk async for chunk in in_ticks(_there(*[b"x"] * 50), NEVER)]

    assert asyncio.run(read()) == [b"x"] * 50


def test_the_first_comes_at_once_and_what_follows_when_the_tick_is_over() -> None:
    async def read(tick: float) -> list[bytes]:
        read: list[bytes] = []
        try:
            async with asyncio.timeout(0.5 if tick == NEVER else 10):
                async for chunk in in_ticks(_coming(b"a", b"b", b"c", b"d", b"e"), tick):
                    read.append(chunk)
        except TimeoutError:
            pass
        return read

    assert asyncio.run(read(NEVER)) == [b"a"]
    assert asyncio.run(read(0.001)) == [b"a", b"b", b"c", b"d", b"e"]


def test_whoever_sends_much_is_not_held_up() -> None:
    async def read() -> int:
        async with asyncio.timeout(10):
            return sum([len(chunk) async for chunk in in_ticks(_coming(*[b"x" * FULL] * 9), NEVER)])

    assert asyncio.run(read()) == 9 * FULL


def test_nothing_is_read_during_a_tick() -> None:
    """So that nothing wakes for it: one is asked for before it is known that there is none."""
    asked = 0

    async def counting() -> AsyncIterator[bytes]:
        nonlocal asked
        for _ in range(9):
            asked += 1
            await asyncio.sleep(0)
            yield b"x"

    async def read() -> None:
        async with asyncio.timeout(0.5):
            async for _ in in_ticks(counting(), NEVER):
                pass

    with pytest.raises(TimeoutError):
        asyncio.run(read())
    assert asked == 2


def test_after_the_mark_of_the_end_nothing_is_told_and_all_is_read() -> None:
    over = []

    async def stream() -> AsyncGenerator[bytes, None]:
        yield b'data: {"a": 1}\n\ndata: [DONE]\n\ndata: nonsense\n\n'
        yield b"data: more"
        over.append(True)

    async def read() -> list[object]:
        return [event async for event in events(stream())]

    assert asyncio.run(read()) == [{"a": 1}]
    assert over


@pytest.mark.parametrize("end", [ConnectionResetError(), None], ids=["breaks", "never ends"])
def test_an_answer_is_whole_however_its_connection_ends(end: Exception | None) -> None:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield b"data: 1\n\ndata: [DONE]\n\n"
        if end is not None:
            raise end
        await asyncio.sleep(NEVER)

    async def read() -> list[object]:
        async with asyncio.timeout(10):
            return [event async for event in events(stream())]

    assert asyncio.run(read()) == [1]


def test_who_leaves_closes_what_it_reads() -> None:
    closed = []

    async def stream() -> AsyncGenerator[bytes, None]:
        try:
            yield b"data: {not json\n\n"
        finally:
            closed.append(True)

    async def read() -> None:
        with pytest.raises(ValueError, match="Expecting"):
            async for _ in events(stream()):
                pass
        assert closed  # now, not when somebody collects it

    asyncio.run(read())
