"""Something worked out once for each open version, and forgotten with it."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path

import pytest
from fakes import MemoryCollection
from points import manifest
from stores import make

from search.protocols import Collection
from search.remembered import Remembered


def test_each_version_is_worked_out_once() -> None:
    asked: list[int] = []

    def work_out(collection: Collection) -> str:
        asked.append(collection.manifest.version)
        return f"of {collection.manifest.version}"

    first, second = MemoryCollection(manifest("shop", 1)), MemoryCollection(manifest("shop", 2))
    known = Remembered(work_out)
    assert [known.of(each) for each in (first, second, first, second)] == ["of 1", "of 2", "of 1", "of 2"]
    assert asked == [1, 2]


@pytest.mark.parametrize("name", ["memory", "edge", "local"])
def test_every_kind_of_version_can_be_remembered_and_let_go(name: str, tmp_path: Path) -> None:
    store, close = make(name, tmp_path)
    known = Remembered(lambda collection: [collection.manifest.index])
    collection = store.create(manifest("shop"))
    assert known.of(collection) is known.of(collection)
    collection.close()
    close()


def test_many_threads_work_it_out_once() -> None:
    asked: list[int] = []
    answers: list[object] = []

    def work_out(collection: Collection) -> object:
        asked.append(1)
        time.sleep(0.02)
        return object()

    collection, known = MemoryCollection(manifest("shop")), Remembered(work_out)
    threads = [threading.Thread(target=lambda: answers.append(known.of(collection))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [1]
    assert len(set(map(id, answers))) == 1


def test_a_version_that_is_gone_is_forgotten() -> None:
    known = Remembered(lambda collection: [collection.manifest.version])
    collection = MemoryCollection(manifest("shop"))
    known.of(collection)
    assert len(known._known) == 1
    del collection
    gc.collect()
    assert len(known._known) == 0


def test_what_failed_is_tried_again() -> None:
    asked: list[int] = []

    def work_out(collection: Collection) -> str:
        asked.append(1)
        if len(asked) == 1:
            raise ValueError("not yet")
        return "now"

    collection, known = MemoryCollection(manifest("shop")), Remembered(work_out)
    with pytest.raises(ValueError, match="not yet"):
        known.of(collection)
    assert known.of(collection) == "now"
