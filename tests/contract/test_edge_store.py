"""What only the embedded store promises: one opener, private copies, and survival of SIGKILL at any moment."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import orjson
import pytest
from children import Child, kill, lines
from points import direction, manifest, point

from search.domain import Compare, Exists, FieldKind
from search.errors import IndexDamaged, IndexInUse, IndexNotFound, StoreError
from search.storage import folders
from search.storage.edge import EdgeStore
from search.storage.payload import point_id

PLAIN: dict[str, FieldKind] = {"id": "text"}


@pytest.fixture
def store(tmp_path: Path) -> EdgeStore:
    return EdgeStore(tmp_path)


def build(store: EdgeStore, version: int, products: int = 3) -> None:
    collection = store.create(manifest("shop", version, {"id": "text"}))
    collection.upsert([point(str(number), version=version) for number in range(products)])
    collection.close()
    store.publish("shop", version)


# --- one opener ------------------------------------------------------------------------------------------------------


def test_a_version_has_one_opener_and_the_others_are_told_who(store: EdgeStore, child: Child) -> None:
    build(store, 1)
    process = child("collection = store.open('shop'); say('open'); time.sleep(60)")
    lines(process, 1)
    with pytest.raises(IndexInUse, match=rf"process {process.pid} .*DAOGOU_QDRANT_URL"):
        store.open("shop")
    snapshot = store.open("shop", snapshot=True)
    assert snapshot.count() == 3
    snapshot.close()
    kill(process)
    for _ in range(2):
        collection = store.open("shop")
        with pytest.raises(IndexInUse, match=f"process {os.getpid()} "):
            store.open("shop")
        collection.close()


def test_a_closed_collection_says_so(store: EdgeStore) -> None:
    build(store, 1)
    collection = store.open("shop")
    collection.close()
    with pytest.raises(StoreError, match="closed"):
        collection.count()
    with pytest.raises(StoreError, match="closed"):
        collection.upsert([point("1")])


def test_a_version_that_is_being_built_is_neither_published_nor_discarded(store: EdgeStore) -> None:
    build(store, 1)
    building = store.create(manifest("shop", 2, PLAIN))
    with pytest.raises(IndexInUse):
        store.publish("shop", 2)
    store.discard_unpublished("shop")
    building.upsert([point("1")])
    building.close()
    assert store.next_version("shop") == 3
    store.publish("shop", 2)
    assert store.state("shop").live.version == 2


def test_a_version_in_use_outlives_its_successors(store: EdgeStore) -> None:
    """A server finishes its searches on a version that has been replaced, even twice."""
    build(store, 1)
    serving = store.open("shop")
    build(store, 2)
    build(store, 3)
    assert serving.count() == 3
    assert {each.document["version"] for each in serving.scroll()} == {1}
    assert len(serving.nearest(direction("q"), 3, Exists("id"))) == 3
    serving.close()
    with pytest.raises(IndexNotFound):
        store.open("shop", 1)


# --- private copies --------------------------------------------------------------------------------------------------


def copies(folder: Path) -> list[str]:
    return [entry.name for entry in (folder / "snapshots").iterdir() if entry.name != ".lock"]


def test_no_snapshot_is_torn_by_writes(store: EdgeStore, child: Child, tmp_path: Path) -> None:
    """Every write gives all products the same round, and so must every copy have them."""
    build(store, 1, products=0)
    writer = child(
        "collection = store.open('shop')\n"
        "for round_ in range(100_000):\n"
        "    collection.upsert([point(str(number), round=round_, pad='x' * 2000) for number in range(100)])\n"
        "    say(round_) if round_ < 2 else None\n"
    )
    lines(writer, 2)
    rounds = set()
    for _ in range(6):
        snapshot = store.open("shop", snapshot=True)
        found = [each.document["round"] for each in snapshot.scroll(vectors=False)]
        assert len(found) == 100
        assert len(set(found)) == 1
        rounds.update(found)
        snapshot.close()
    assert len(rounds) > 1, "the writer went on meanwhile"
    assert copies(tmp_path) == []


def test_a_writer_waits_while_a_copy_is_made(store: EdgeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    build(store, 1)
    serving = store.open("shop")
    writer = threading.Thread(target=lambda: serving.upsert([point("late")]))
    copy = folders._copy_whole

    def slowly(version: folders.VersionFolder, target: folders.VersionFolder) -> None:
        writer.start()
        writer.join(0.3)
        assert writer.is_alive()
        copy(version, target)

    monkeypatch.setattr(folders, "_copy_whole", slowly)
    snapshot = store.open("shop", snapshot=True)
    writer.join()
    assert (snapshot.count(), serving.count()) == (3, 4)
    snapshot.close()
    serving.close()


def test_snapshots_of_the_dead_are_cleared_away(store: EdgeStore, child: Child, tmp_path: Path) -> None:
    build(store, 1)
    killed = child("collection = store.open('shop', snapshot=True); say('open'); time.sleep(60)")
    lines(killed, 1)
    kill(killed)
    assert len(copies(tmp_path)) == 2, "a copy and its lock"
    mine = store.open("shop", snapshot=True)
    assert len(copies(tmp_path)) == 2
    tidy = child("collection = store.open('shop', snapshot=True); say(str(collection.count()))")
    assert lines(tidy, 1) == ["3"]
    assert tidy.wait(60) == 0
    assert len(copies(tmp_path)) == 2, "the end of the interpreter removes what was not closed"
    assert mine.count() == 3
    mine.close()
    assert copies(tmp_path) == []


def test_copies_keep_holes_and_contents(tmp_path: Path) -> None:
    source = tmp_path / "source"
    with source.open("wb") as handle:
        handle.truncate(64 << 20)
        for position in (0, 5 << 20, (40 << 20) + 17):
            handle.seek(position)
            handle.write(os.urandom(3 << 10))
    folders.copy_sparse(str(source), str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()
    assert (tmp_path / "copy").stat().st_blocks <= source.stat().st_blocks + 64
    (tmp_path / "empty").touch()
    folders.copy_sparse(str(tmp_path / "empty"), str(tmp_path / "also empty"))
    assert (tmp_path / "also empty").read_bytes() == b""


# --- killed ----------------------------------------------------------------------------------------------------------

BUILDING = """
collection = store.create(manifest("shop", {version}))
for batch in range(1000):
    collection.upsert([point(f"{{batch}}-{{number}}", brand="HP", price=number) for number in range(20)])
    say(batch)
    if batch == {optimize_at}:
        collection.optimize()
"""


@pytest.mark.parametrize(("batches", "optimize_at"), [(1, -1), (9, 5)])
def test_a_build_that_is_killed_harms_nobody_and_loses_nothing_that_was_acknowledged(
    store: EdgeStore, child: Child, batches: int, optimize_at: int
) -> None:
    build(store, 1)
    serving = store.open("shop")
    process = child(BUILDING.format(version=2, optimize_at=optimize_at))
    lines(process, batches)
    kill(process)

    assert serving.count() == 3
    assert store.state("shop").live.version == 1
    left = store.open("shop", 2)
    written = {each.product_id for each in left.scroll()}
    assert {f"{batch}-{number}" for batch in range(batches) for number in range(20)} <= written
    assert left.count(Compare("brand", "=", "hp")) == len(written)
    left.close()

    assert store.next_version("shop") == 3
    store.discard_unpublished("shop")
    assert store.next_version("shop") == 2
    build(store, 2)
    assert store.state("shop").live.version == 2
    serving.close()


def test_kills_while_versions_are_created_and_switched_leave_a_whole_index(store: EdgeStore, child: Child) -> None:
    build(store, 1)
    code = """
for version in range(store.next_version("shop"), 1000):
    collection = store.create(manifest("shop", version, {"id": "text"}))
    collection.upsert([point("1", version=version)])
    collection.close()
    store.publish("shop", version)
    say(version)
"""
    reached = 1
    for pause in (0.0, 0.03, 0.1, 0.25):
        process = child(code)
        reached = int(lines(process, 1)[0])
        threading.Event().wait(pause)
        kill(process)
        live = store.state("shop").live.version
        assert live >= reached
        snapshot = store.open("shop", snapshot=True)
        assert snapshot.retrieve([point_id("1")])[0].document["version"] == live
        snapshot.close()
        store.discard_unpublished("shop")
        assert store.next_version("shop") == live + 1


def test_a_live_index_keeps_what_was_acknowledged_before_its_server_was_killed(store: EdgeStore, child: Child) -> None:
    build(store, 1)
    process = child(
        "collection = store.open('shop')\n"
        "collection.upsert([point('new', version='new')])\ncollection.delete(['0'])\nsay('done')\ntime.sleep(60)"
    )
    lines(process, 1)
    kill(process)
    collection = store.open("shop")
    assert {each.product_id for each in collection.scroll()} == {"1", "2", "new"}
    collection.close()


# --- damaged ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{}", b"[3]", b'{"live": "x", "previous": null}', b"\xff"])
def test_an_unreadable_live_file_is_named(store: EdgeStore, tmp_path: Path, content: bytes) -> None:
    build(store, 1)
    (tmp_path / "indexes" / "shop" / "live.json").write_bytes(content)
    with pytest.raises(IndexDamaged, match=r"live\.json"):
        store.state("shop")
    with pytest.raises(IndexDamaged, match=r"live\.json"):
        store.open("shop")


def test_a_version_whose_files_are_gone(store: EdgeStore, tmp_path: Path) -> None:
    build(store, 1)
    build(store, 2)
    previous = tmp_path / "indexes" / "shop" / "v1"
    (previous / "manifest.json").write_bytes(b"nonsense")
    assert store.state("shop").previous is None
    with pytest.raises(IndexDamaged, match=r"manifest.*indexer reindex"):
        store.open("shop", 1)
    (tmp_path / "indexes" / "shop" / "v2").rename(tmp_path / "elsewhere")
    with pytest.raises(IndexDamaged, match="version 2"):
        store.state("shop")
    with pytest.raises(IndexDamaged, match="version 2"):
        store.open("shop")


def test_a_shard_that_does_not_load(store: EdgeStore, tmp_path: Path) -> None:
    build(store, 1)
    for segment in (tmp_path / "indexes" / "shop" / "v1" / "shard" / "segments").glob("*/segment.json"):
        segment.write_bytes(b"nonsense")
    for _ in range(2):
        with pytest.raises(IndexDamaged, match="rollback"):
            store.open("shop")
    assert store.state("shop").live.version == 1


def test_live_json_is_what_the_documentation_says(store: EdgeStore, tmp_path: Path) -> None:
    build(store, 1)
    build(store, 2)
    folder = tmp_path / "indexes" / "shop"
    assert orjson.loads((folder / "live.json").read_bytes()) == {"live": 2, "previous": 1}
    assert {entry.name for entry in folder.iterdir()} == {"live.json", "locks", "v1", "v2"}
    assert {entry.name for entry in (folder / "v2").iterdir()} == {"manifest.json", "shard"}
    (folder / ".new-0000").mkdir()
    (folder / ".live.json-0000").touch()
    store.discard_unpublished("shop")
    assert {entry.name for entry in folder.iterdir()} == {"live.json", "locks", "v1", "v2"}
