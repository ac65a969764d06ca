"""How the embedded store uses its engine: indexes, graph, log, sparse vectors, and the files beside the shard."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import orjson
import pytest
import qdrant_edge as edge
from children import Child, kill, lines
from points import FIELDS, card, direction, manifest, point

from search.domain import Compare, FieldKind, Manifest, Point, Sparse
from search.storage import edge_collection
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


def test_every_field_is_indexed_also_if_the_engine_ignores_the_declaration(
    store: EdgeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = store.create(manifest("shop", 1))
    monkeypatch.setattr("search.storage.edge.declare_indexes", lambda shard, manifest: None)
    created = store.create(manifest("shop", 2))
    for collection in (declared, created):
        assert isinstance(collection, edge_collection.EdgeCollection)
        schema = collection._shard.info().payload_schema
        assert len(schema) == len(FIELDS)
        collection.close()


def test_the_indexes_are_made_before_a_new_version_can_be_seen(
    store: EdgeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill while they are made leaves a shard that does not load."""
    made: list[int] = []
    rename = Path.rename

    def spy(self: Path, target: Path) -> Path:
        made.append(len(list(self.glob("shard/segments/*/payload_index/*-null"))))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", spy)
    store.create(manifest("shop", 1)).close()
    assert made == [len(FIELDS)]


def test_what_the_graph_cannot_reach_is_found_by_a_scan(store: EdgeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    collection = store.create(manifest("shop", 1, PLAIN))
    collection.upsert([point(str(number)) for number in range(40)])
    search = edge_collection.EdgeCollection._query
    monkeypatch.setattr(
        edge_collection.EdgeCollection,
        "_query",
        lambda self, lane, query, limit, condition, exact: search(self, lane, query, limit, condition, exact)[
            : None if exact else 5
        ],
    )
    assert len(collection.nearest(direction("q"), 40)) == 40
    assert len(collection.nearest(direction("q"), 10)) == 10
    collection.close()


def test_a_log_is_there_to_be_synced(store: EdgeStore, tmp_path: Path) -> None:
    """The engine names its log files; if that changes, writes would no longer survive a power cut."""
    collection = store.create(manifest("shop", 1, PLAIN))
    collection.upsert([point("1")])
    assert list((tmp_path / "indexes" / "shop" / "v1" / "shard" / "wal").glob("open-*"))
    collection.close()


def test_the_graph_finds_what_a_scan_finds(store: EdgeStore) -> None:
    """Large enough, at 12 MB of vectors, for the engine to build its graph and to use it."""
    dimension, count = 2048, 1500
    made = Manifest("shop", 1, card(dimension), "r", {"id": "text", "colour": "text"})
    collection = store.create(made)
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(40, dimension))
    vectors = centres[rng.integers(0, 40, count)] + rng.normal(size=(count, dimension))
    collection.upsert([point(str(i), vectors[i], colour=("red", "blue", "green")[i % 3]) for i in range(count)])
    collection.optimize()
    assert isinstance(collection, edge_collection.EdgeCollection)
    assert collection._shard.info().indexed_vectors_count == count
    found = wanted = 0
    for number in range(0, count, 75):
        query = (vectors[number] + rng.normal(size=dimension)).astype(np.float32)
        for filter in (None, Compare("colour", "=", "Red")):
            exact = {hit.point_id for hit in collection.nearest(query, 10, filter, exact=True)}
            whole = collection.nearest(query, 300, filter)
            assert len({hit.point_id for hit in whole}) == 300
            found += len(exact & {hit.point_id for hit in whole[:10]})
            wanted += len(exact)
    assert found >= 0.95 * wanted
    collection.close()


def test_a_killed_write_of_an_artefact_leaves_the_one_before(store: EdgeStore, child: Child, tmp_path: Path) -> None:
    build(store, 1)
    code = """
collection = store.open("shop")
for round_ in range(100_000):
    collection.save_artefact("lexicon", bytes([round_ % 251]) * 3_000_000)
    say(round_) if round_ < 3 else None
"""
    folder = tmp_path / "indexes" / "shop" / "v1" / "artefacts"
    for pause in (0.0, 0.002, 0.005, 0.011, 0.02):
        process = child(code)
        lines(process, 3)
        threading.Event().wait(pause)
        kill(process)
        snapshot = store.open("shop", snapshot=True)
        held = snapshot.artefact("lexicon")
        snapshot.close()
        assert held is not None
        assert len(held) == 3_000_000
        assert held.count(held[:1]) == len(held)
    (folder / ".lexicon-0000").write_bytes(b"half")
    serving = store.open("shop")
    serving.save_artefact("lexicon", b"whole")
    assert serving.artefact("lexicon") == b"whole"
    assert [entry.name for entry in folder.iterdir()] == ["lexicon"]
    serving.close()


def test_an_artefact_is_synced_under_a_name_of_its_own_and_then_renamed(
    store: EdgeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(store, 1)
    serving = store.open("shop")
    serving.save_artefact("lexicon", b"before")
    seen: list[bytes | None] = []
    sync = os.fsync

    def spy(handle: int) -> None:
        seen.append(serving.artefact("lexicon"))
        sync(handle)

    monkeypatch.setattr(os, "fsync", spy)
    serving.save_artefact("lexicon", b"after")
    assert seen[0] == b"before"
    assert seen[-1] == b"after"
    serving.close()


def test_an_index_of_before_there_were_lanes_opens_answers_and_takes_writes(store: EdgeStore, tmp_path: Path) -> None:
    """Its manifest does not speak of lanes, and its shard has neither sparse vectors nor an index of codes."""
    build(store, 1)
    file = tmp_path / "indexes" / "shop" / "v1" / "manifest.json"
    values = orjson.loads(file.read_bytes())
    assert values.pop("lanes") == []
    file.write_bytes(orjson.dumps(values))
    collection = store.open("shop")
    assert isinstance(collection, edge_collection.EdgeCollection)
    assert set(collection._shard.info().payload_schema) == {"f.id"}
    laned = Point("new", direction("new").tolist(), {}, "t", "h", {"words": Sparse((1,), (1.0,))}, ("x1",))
    collection.upsert([laned])
    assert collection.matching("words", Sparse((1,), (1.0,)), 10) == []
    assert collection.relevance("words", Sparse((1,), (1.0,)), [point_id("new")]) == {}
    assert collection.by_code(["x1"], 10) == []
    assert collection.nearest(direction("new"), 1)[0].point_id == point_id("new")
    assert len(collection.retrieve([point_id("new")])[0].vector) == len(direction("new"))
    assert collection.artefact("lexicon") is None
    collection.close()


def test_codes_have_an_index_of_their_own(store: EdgeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = store.create(manifest("shop", 1, PLAIN, lanes=("words",)))
    monkeypatch.setattr("search.storage.edge.declare_indexes", lambda shard, manifest: None)
    created = store.create(manifest("shop", 2, PLAIN, lanes=("words",)))
    for collection in (declared, created):
        assert isinstance(collection, edge_collection.EdgeCollection)
        assert set(collection._shard.info().payload_schema) == {"f.id", "c"}
        collection.close()


def test_ids_stand_where_they_are_read_in_the_text_of_a_hit(store: EdgeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Edge wrote its hits otherwise, each id would still be right, and only be read more slowly."""
    build(store, 1)
    collection = store.open("shop")
    assert isinstance(collection, edge_collection.EdgeCollection)
    request = edge.QueryRequest(limit=1, query=edge.Query.Nearest(direction("1").tolist()), with_payload=False)
    hit = collection._shard.query(request)[0]
    assert repr(hit)[edge_collection._ID] == str(hit.id) == point_id("1")
    assert repr(hit)[edge_collection._ID.stop] == '"'
    foreign = edge.Point(7, direction("foreign").tolist(), {})
    collection._shard.update(edge.UpdateOperation.upsert_points([foreign]))
    assert collection.nearest(direction("foreign"), 1)[0].point_id == "7"
    collection.close()
