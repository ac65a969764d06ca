"""What only the embedded store of shoppers promises: one opener, private copies, bytes that are gone, after any kill.

Most tests have the shoppers written anew in their own process, which saves the time it takes to start another one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from byte_search import holding
from children import ROOT, kill, lines
from shopper_stores import DIMENSION, edge_store, event, page, profile

from search.errors import IndexDamaged, IndexInUse, StoreError
from search.shopper import Facts, Shopper
from search.storage import shopper_edge
from search.storage.folders import VersionFolder, take_snapshot
from search.storage.shopper_edge import EdgeShoppers
from search.storage.shopper_files import ShopperFiles
from search.storage.shopper_shards import Shards, Stopped, copy_apart, copy_shards
from search.storage.shopper_store import Part

ANN = "a11ce" * 12 + "0123"
"""As long as an HMAC."""


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shopper_edge, "copy_apart", copy_here)


def copy_here(source: Path, target: Path, dimension: int, stop: Callable[[], bool]) -> None:
    copy_shards(source, target, dimension)
    if stop():
        raise Stopped


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EdgeShoppers]:
    store = edge_store(tmp_path)
    yield store
    store.close()


def stamp(store: EdgeShoppers, name: str) -> str:
    found = store.shopper(name)
    assert found is not None
    return found.stamp


def fill(store: EdgeShoppers) -> list[str]:
    """Something of everything of ANN and of others; what of hers nobody else has."""
    store.add(
        [event(ANN, day, f"only-hers-{day}", query_id=f"her-query-{day}", id=f"her-order-{day}") for day in (1, 2)]
    )
    store.add([event(f"other-{number}", 3, f"p{number}") for number in range(50)] + [event(None, 4, "p1")])
    store.put(Shopper(ANN, True, Facts("25-34", ("her-words",), {}, {"shoes": "her-size"})))
    store.add_shown([page("page-of-hers", 5, ANN), page("other-page", 5, "other-1")])
    for name in (ANN, "other-1"):
        store.keep_profile(name, "shop", 1, stamp(store, name), profile((f"bought-by-{name}", 1.0)))
    return [
        ANN,
        "only-hers-1",
        "her-query-2",
        "her-order-1",
        "her-words",
        "her-size",
        "page-of-hers",
        f"bought-by-{ANN}",
    ]


# --- one opener ------------------------------------------------------------------------------------------------------


def test_there_is_one_opener_and_others_read_private_copies(store: EdgeShoppers, tmp_path: Path) -> None:
    fill(store)
    with pytest.raises(IndexInUse, match=rf"process {os.getpid()} .*POST /events.*DAOGOU_QDRANT_URL"):
        EdgeShoppers.open(tmp_path, DIMENSION)
    copy = EdgeShoppers.snapshot(tmp_path)
    store.add([event("late", 9)])
    assert len(list(copy.events())) == 53
    assert len(list(store.events())) == 54
    assert copy.profile(ANN, "shop", 1, stamp(copy, ANN)) is not None
    for change in (
        lambda: copy.add([event("x", 1)]),
        lambda: copy.put(Shopper("x")),
        lambda: copy.erase(ANN),
        lambda: copy.purge(),
        lambda: copy.expire("2030-01-01"),
    ):
        with pytest.raises(StoreError, match="private copy"):
            change()
    copy.close()
    assert not list((tmp_path / "snapshots").glob("shoppers-*"))
    with pytest.raises(StoreError, match="closed"):
        copy.latest(ANN, 1)
    store.close()
    again = EdgeShoppers.open(tmp_path, DIMENSION)
    assert len(list(again.events())) == 54
    again.close()


def test_there_is_nothing_to_copy_before_there_is_a_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="python -m indexer events"):
        EdgeShoppers.snapshot(tmp_path)


def test_another_encoder_drops_the_profiles_and_nothing_else(store: EdgeShoppers, tmp_path: Path) -> None:
    fill(store)
    before, stamps = list(store.events()), stamp(store, ANN)
    store.close()
    other = EdgeShoppers.open(tmp_path, DIMENSION + 3)
    assert list(other.events()) == before
    assert stamp(other, ANN) == stamps
    assert sorted(one.query_id for one in other.shown("shop")) == ["other-page", "page-of-hers"]
    assert other.profile(ANN, "shop", 1, stamps) is None
    with pytest.raises(StoreError, match="7 numbers"):
        other.keep_profile(ANN, "shop", 1, stamps, profile(("a", 1.0)))
    other.close()
    assert [folder.name for folder in (tmp_path / "shoppers").glob("v*")] == ["v2"]


def test_shoppers_are_not_lost_with_the_file_that_names_their_version(store: EdgeShoppers, tmp_path: Path) -> None:
    fill(store)
    store.close()
    live = tmp_path / "shoppers" / "live.json"
    live.unlink()
    again = EdgeShoppers.open(tmp_path, DIMENSION)
    assert len(again.latest(ANN, 9)) == 2
    again.close()
    assert live.exists()
    live.unlink()
    shutil.copytree(tmp_path / "shoppers" / "v1", tmp_path / "shoppers" / "v2")
    with pytest.raises(IndexDamaged, match=r"one of \[1, 2\]"):
        EdgeShoppers.open(tmp_path, DIMENSION)
    assert (tmp_path / "shoppers" / "v1").is_dir()


def test_what_does_not_load_says_what_to_do(store: EdgeShoppers, tmp_path: Path) -> None:
    store.close()
    home = tmp_path / "shoppers"
    (home / "v1" / "store.json").write_text("{}")
    with pytest.raises(IndexDamaged, match="backup"):
        EdgeShoppers.open(tmp_path, DIMENSION)
    (home / "live.json").write_text("?")
    with pytest.raises(IndexDamaged, match=r"live\.json"):
        EdgeShoppers.open(tmp_path, DIMENSION)


# --- bytes -----------------------------------------------------------------------------------------------------------


def test_a_purge_leaves_no_byte_of_who_was_erased(store: EdgeShoppers, tmp_path: Path) -> None:
    needles = fill(store)
    take_snapshot(store._version, tmp_path / "snapshots").lock.release()  # whose owner was killed
    assert all(holding(tmp_path, needles).values())
    assert any("snapshots" in name for name in holding(tmp_path, [ANN])[ANN])
    assert store.erase(ANN) == 5
    assert holding(tmp_path, [ANN])[ANN], "Qdrant keeps the bytes; a purge that did nothing would pass otherwise"
    others = list(store.events())
    assert store.purge() is True
    assert not any(holding(tmp_path, needles).values())
    assert list(store.events()) == others
    assert len(others) == 51
    assert [one.query_id for one in store.shown("shop")] == ["other-page"]
    assert [one.shopper for one in store.neighbours("shop", [("bought-by-other-1", 1.0)], 5)] == ["other-1"]
    assert store.profile("other-1", "shop", 1, stamp(store, "other-1")) is not None
    version = store._version
    store.purge()
    assert store._version == version, "nothing is left to do"
    assert store.add([event(ANN, 1, "p")]) == 1


def test_a_purge_is_remembered_over_a_restart_without_a_name(store: EdgeShoppers, tmp_path: Path) -> None:
    needles = fill(store)
    store.put(Shopper(ANN, False))
    store.close()
    assert (tmp_path / "shoppers" / "purge").read_bytes() == b""
    again = EdgeShoppers.open(tmp_path, DIMENSION)
    again.purge()
    found = holding(tmp_path, needles)
    assert found.pop(ANN), "that word is kept"
    assert not any(found.values())
    assert again.shopper(ANN) is not None
    assert not (tmp_path / "shoppers" / "purge").exists()
    again.close()


def test_what_is_expired_or_no_longer_declared_is_purged_as_well(store: EdgeShoppers, tmp_path: Path) -> None:
    fill(store)
    store.put(Shopper(ANN, True, Facts("35-44")))
    store.purge()
    assert not any(holding(tmp_path, ["her-words", "her-size"]).values())
    store.expire("2026-01-02T00:00:00Z")
    store.purge()
    found = holding(tmp_path, ["only-hers-1", f"bought-by-{ANN}", "only-hers-2"])
    assert [bool(files) for files in found.values()] == [False, False, True]


def test_others_read_and_write_while_another_process_writes_anew(
    store: EdgeShoppers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopper_edge, "copy_apart", copy_apart)
    needles = fill(store)
    store.erase(ANN)
    done, added, errors = threading.Event(), [], []

    def work() -> None:
        try:
            while not done.is_set():
                some = [event(f"new-{len(added)}", 6, f"q{number}") for number in range(3)]
                assert store.add(some) == 3
                added.extend(some)
                assert store.latest("other-7", 1)[0].product == "p7"
                assert len(store.latest(f"new-{len(added) - 3}", 9)) == 3
        except Exception as error:
            errors.append(error)

    def later() -> None:
        with contextlib.suppress(Exception):
            store.erase("other-9")

    threads = [threading.Thread(target=work), threading.Timer(0.05, later)]
    for thread in threads:
        thread.start()
    store.purge()
    during = len(added)
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert during > 0
    kept = set(store.events())
    assert set(added) <= kept
    assert store.latest("other-9", 1) == []
    assert not any(holding(tmp_path, needles).values())
    store.close()
    again = EdgeShoppers.open(tmp_path, DIMENSION)
    assert set(again.events()) == kept
    again.close()


def test_a_purge_ends_although_others_write_as_fast(
    store: EdgeShoppers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    store.erase(ANN)
    catch_up, rounds, added = store._catch_up, list[int](), list[int]()

    def add(count: int) -> None:
        for _ in range(count):
            added.append(store.add([event("late", 7, f"late-{len(added)}")]))

    def copied(source: Path, target: Path, dimension: int, stop: Callable[[], bool]) -> None:
        copy_here(source, target, dimension, stop)
        add(5)

    def and_others(shards: Shards, version: VersionFolder, count: int) -> None:
        catch_up(shards, version, count)
        rounds.append(count)
        if len(rounds) == 1:
            add(count)

    monkeypatch.setattr(shopper_edge, "_FEW", 2)
    monkeypatch.setattr(shopper_edge, "copy_apart", copied)
    monkeypatch.setattr(store, "_catch_up", and_others)
    store.purge()
    assert rounds == [5, 5], "the second time they wait"
    assert len(store.latest("late", 99)) == len(added) == 10


def test_who_is_erased_while_bytes_are_removed_is_not_forgotten_to_be_purged(
    store: EdgeShoppers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    store.erase("other-1")

    def slow(source: Path, target: Path, dimension: int, stop: Callable[[], bool]) -> None:
        copy_here(source, target, dimension, stop)
        assert store.erase(ANN) == 5  # her bytes are in the copy already

    monkeypatch.setattr(shopper_edge, "copy_apart", slow)
    store.purge()
    monkeypatch.setattr(shopper_edge, "copy_apart", copy_here)
    assert store.shopper(ANN) is None
    assert store.latest(ANN, 9) == []
    assert holding(tmp_path, ["only-hers-1"])["only-hers-1"]
    store.purge()
    assert not any(holding(tmp_path, [ANN, "only-hers-1", "other-page"]).values())


def test_who_is_erased_at_the_very_end_of_a_purge_is_purged_the_next_time(
    store: EdgeShoppers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    store.erase("other-1")
    mark_done = ShopperFiles.mark_done
    erasing = threading.Thread(target=store.erase, args=[ANN])

    def slow(files: ShopperFiles) -> None:
        erasing.start()
        erasing.join(0.3)
        mark_done(files)

    monkeypatch.setattr(ShopperFiles, "mark_done", slow)
    store.purge()
    erasing.join()
    assert (tmp_path / "shoppers" / "purge").exists()


def test_no_profile_outlives_the_events_that_it_was_made_of(
    store: EdgeShoppers, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    remove = store._remove

    def killed(part: Part, ids: Sequence[str]) -> None:
        remove(part, ids)
        raise StoreError("as if killed")

    monkeypatch.setattr(store, "_remove", killed)
    with pytest.raises(StoreError):
        store.expire("2026-01-03T00:00:00Z")
    assert store.latest(ANN, 5) == []
    assert [one.shopper for one in store.neighbours("shop", [(f"bought-by-{ANN}", 1.0)], 5)] == []


# --- crashes ---------------------------------------------------------------------------------------------------------

_PRELUDE = """
import sys, time, threading, os
from pathlib import Path
from shopper_stores import *
from search.storage import shopper_edge
from search.storage.shopper_edge import EdgeShoppers
from search.storage.shopper_files import ShopperFiles
from search.storage.shopper_shards import copy_shards
shopper_edge.copy_apart = lambda source, target, dimension, stop: copy_shards(source, target, dimension)
def say(text): print(text, flush=True)
store = EdgeShoppers.open(Path(sys.argv[1]), DIMENSION)
"""


def started(code: str, folder: Path) -> subprocess.Popen[str]:
    path = f"{ROOT}{os.pathsep}{ROOT / 'tests'}"
    return subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + code, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def test_what_was_added_survives_a_kill(store: EdgeShoppers, tmp_path: Path) -> None:
    store.close()
    process = started("for n in range(10**6): store.add([event('ann', 1, f'p{n}')]); say(n)", tmp_path)
    told = lines(process, 40)
    kill(process)
    assert process.stdout is not None
    told += process.stdout.read().split()
    process.stdout.close()
    again = EdgeShoppers.open(tmp_path, DIMENSION)
    kept = {one.product for one in again.latest("ann", 10**6)}
    assert {f"p{number}" for number in told} <= kept
    assert again.shopper("ann") is not None
    again.close()


@pytest.mark.parametrize("step", ["load_shards", "remove", "mark_done"])
def test_a_kill_at_any_step_of_a_purge_loses_nothing_and_forgets_nothing(
    store: EdgeShoppers, tmp_path: Path, step: str
) -> None:
    needles = fill(store)
    store.erase(ANN)
    kept = list(store.events())
    store.close()
    where = "shopper_edge" if step == "load_shards" else "ShopperFiles"
    halt = f"setattr({where}, {step!r}, lambda *more, **most: (say('there'), time.sleep(60)))"
    process = started(f"{halt}; store.purge()", tmp_path)
    lines(process, 1)
    kill(process)
    assert process.stdout is not None
    process.stdout.close()
    again = EdgeShoppers.open(tmp_path, DIMENSION)
    assert list(again.events()) == kept
    again.purge()
    assert list(again.events()) == kept
    assert not any(holding(tmp_path, needles).values())
    again.close()


def test_closing_ends_a_purge_which_the_next_start_takes_up(
    store: EdgeShoppers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needles = fill(store)
    store.erase(ANN)
    there = threading.Event()

    def slow(source: Path, target: Path, dimension: int, stop: Callable[[], bool]) -> None:
        there.set()
        while not stop():
            time.sleep(0.01)
        copy_apart(source, target, dimension, stop)

    monkeypatch.setattr(shopper_edge, "copy_apart", slow)
    thread = threading.Thread(target=store.purge)
    thread.start()
    assert there.wait(10)
    store.close()
    thread.join()
    monkeypatch.setattr(shopper_edge, "copy_apart", copy_here)
    again = EdgeShoppers.open(tmp_path, DIMENSION)
    again.purge()
    assert not any(holding(tmp_path, needles).values())
    again.close()
