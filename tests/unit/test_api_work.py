"""The queue before the threads: it has an end, and gives places back."""

from __future__ import annotations

import asyncio
import threading

import pytest

from api.errors import ApiError, error_response
from api.work import Places, Pool


def test_turns_the_next_caller_away_and_serves_again_later() -> None:
    async def story() -> None:
        pool = Pool(Places("search", 3, "too_many_search_requests"), threads=1)
        gate = threading.Event()
        waiting = [asyncio.create_task(pool.run(gate.wait, 10)) for _ in range(3)]
        await asyncio.sleep(0)
        assert pool.places.occupied() == 3
        with pytest.raises(ApiError) as caught:
            await pool.run(int)
        assert caught.value.status == 503
        gate.set()
        assert await asyncio.gather(*waiting) == [True, True, True]
        assert await pool.run(int, "7") == 7
        await asyncio.sleep(0)
        assert pool.places.occupied() == 0
        pool.close()

    asyncio.run(story())


def test_a_caller_who_leaves_frees_the_place_when_the_work_ends() -> None:
    async def story() -> None:
        pool = Pool(Places("search", 1, "too_many_search_requests"), threads=1)
        gate, begun = threading.Event(), threading.Event()

        def work() -> None:
            begun.set()
            gate.wait(10)

        task = asyncio.create_task(pool.run(work))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert pool.places.occupied() == 1
        gate.set()
        await asyncio.to_thread(pool.close)
        await asyncio.sleep(0)
        assert pool.places.occupied() == 0

    asyncio.run(story())


def test_errors_of_the_work_come_back() -> None:
    async def story() -> None:
        pool = Pool(Places("search", 1, "too_many_search_requests"))
        with pytest.raises(ValueError, match="invalid literal"):
            await pool.run(int, "x")
        await asyncio.sleep(0)
        assert pool.places.occupied() == 0
        pool.close()

    asyncio.run(story())


def test_too_busy_says_when_to_come_back() -> None:
    places = Places("upload", 1, "too_many_uploads")
    with places.held():
        with pytest.raises(ApiError) as caught:
            places.take()
        answer = error_response(caught.value)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    with places.held():
        assert places.occupied() == 1
