"""How a Qdrant server keeps lanes, and artefacts, for which it has no place of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from points import direction, manifest, point
from qdrant_client import QdrantClient, models

from search.domain import LANES, Point, Sparse
from search.errors import IndexDamaged
from search.storage import server_artefacts, server_collection
from search.storage.payload import point_id
from search.storage.server import ServerStore


@pytest.fixture
def client() -> Iterator[QdrantClient]:
    client = QdrantClient(":memory:")
    yield client
    client.close()


@pytest.fixture
def store(client: QdrantClient) -> ServerStore:
    return ServerStore(client)


def build(store: ServerStore, version: int) -> None:
    store.create(manifest("shop", version)).upsert([point("1", version=version)])
    store.publish("shop", version)


def test_artefacts_are_a_companion_collection_that_comes_and_goes_with_the_version(
    store: ServerStore, client: QdrantClient
) -> None:
    def names() -> set[str]:
        return {each.name for each in client.get_collections().collections}

    for version in (1, 2, 3):
        build(store, version)
        store.open("shop").save_artefact("lexicon", b"%d" % version)
    assert names() == {"shop__v2", "shop__v2__artefacts", "shop__v3", "shop__v3__artefacts"}
    assert store.indexes() == ["shop"]
    assert store.next_version("shop") == 4
    store.create(manifest("shop", 4)).save_artefact("lexicon", b"4")
    store.discard_unpublished("shop")
    assert names() == {"shop__v2", "shop__v2__artefacts", "shop__v3", "shop__v3__artefacts"}
    store.drop("shop")
    assert names() == set()


def test_artefacts_go_before_their_version_so_that_none_outlives_it(
    store: ServerStore, client: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(store, 1)
    store.open("shop").save_artefact("lexicon", b"1")
    gone: list[str] = []
    delete = client.delete_collection

    def spy(name: str, **more: Any) -> bool:
        gone.append(name)
        return bool(delete(name, **more))

    monkeypatch.setattr(client, "delete_collection", spy)
    store.drop("shop")
    assert gone == ["shop__v1__artefacts", "shop__v1"]


def test_a_pinned_version_keeps_its_artefacts(store: ServerStore, client: QdrantClient) -> None:
    build(store, 1)
    store.open("shop").save_artefact("lexicon", b"1")
    pinned = models.CreateAlias(collection_name="shop__v1", alias_name="pinned")
    client.update_collection_aliases([models.CreateAliasOperation(create_alias=pinned)])
    build(store, 2)
    build(store, 3)
    assert store.open("shop", 1).artefact("lexicon") == b"1"


class Stopped(Exception):
    """The writer was killed here."""


def test_an_artefact_is_never_seen_half_written_wherever_its_writer_stops(
    store: ServerStore, client: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_artefacts, "CHUNK", 4)
    build(store, 1)
    collection = store.open("shop")
    collection.save_artefact("lexicon", b"the old bytes")
    upsert, delete = client.upsert, client.delete
    for stop in range(8):
        steps: list[str] = []

        def counted(call: Callable[..., Any], name: str, steps: list[str] = steps, stop: int = stop) -> Any:
            def step(*args: Any, **more: Any) -> Any:
                if len(steps) == stop:
                    raise Stopped
                steps.append(name)
                result = call(*args, **more)
                assert store.open("shop").artefact("lexicon") in (b"the old bytes", b"the newer bytes")
                return result

            return step

        monkeypatch.setattr(client, "upsert", counted(upsert, "upsert"))
        monkeypatch.setattr(client, "delete", counted(delete, "delete"))
        try:
            collection.save_artefact("lexicon", b"the newer bytes")
        except Stopped:
            assert stop < 6
        else:
            assert steps == ["upsert"] * 5 + ["delete"]
        monkeypatch.setattr(client, "upsert", upsert)
        monkeypatch.setattr(client, "delete", delete)
        wanted = b"the old bytes" if stop < 5 else b"the newer bytes"
        assert store.open("shop").artefact("lexicon") == wanted
        collection.save_artefact("lexicon", b"the old bytes")


def test_a_reader_whose_chunks_are_replaced_under_it_gets_the_new_ones(
    store: ServerStore, client: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(store, 1)
    writer, reader = store.open("shop"), store.open("shop")
    writer.save_artefact("lexicon", b"old")
    retrieve = client.retrieve
    asked = 0

    def meanwhile(*args: Any, **more: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 2:  # The head has been read, the chunk not yet.
            monkeypatch.setattr(client, "retrieve", retrieve)
            writer.save_artefact("lexicon", b"new")
        return retrieve(*args, **more)

    monkeypatch.setattr(client, "retrieve", meanwhile)
    assert reader.artefact("lexicon") == b"new"


def test_an_artefact_that_is_not_whole_is_damage(store: ServerStore, client: QdrantClient) -> None:
    build(store, 1)
    collection = store.open("shop")
    collection.save_artefact("lexicon", b"words")
    chunks = [
        record for record in client.scroll("shop__v1__artefacts")[0] if record.payload and "data" in record.payload
    ]
    client.set_payload("shop__v1__artefacts", {"data": "AAAA"}, points=[chunks[0].id])
    with pytest.raises(IndexDamaged, match=r"lexicon.*reindex"):
        collection.artefact("lexicon")
    client.delete("shop__v1__artefacts", models.PointIdsList(points=[chunks[0].id]))
    with pytest.raises(IndexDamaged, match=r"lexicon.*reindex"):
        collection.artefact("lexicon")


def test_lanes_are_sparse_vectors_beside_the_dense_one(store: ServerStore, client: QdrantClient) -> None:
    store.create(manifest("shop", 1, lanes=LANES))
    store.create(manifest("shop", 2, lanes=()))
    parameters = client.get_collection("shop__v1").config.params
    assert parameters.sparse_vectors is not None
    assert {name: lane.modifier for name, lane in parameters.sparse_vectors.items()} == {
        "words": models.Modifier.IDF,
        "kind": None,
    }
    assert isinstance(parameters.vectors, models.VectorParams)
    assert not client.get_collection("shop__v2").config.params.sparse_vectors


def test_an_index_of_before_there_were_lanes_opens_answers_and_takes_writes(
    store: ServerStore, client: QdrantClient
) -> None:
    build(store, 1)
    metadata = client.get_collection("shop__v1").config.metadata or {}
    values = json.loads(str(metadata[server_collection.MANIFEST]))
    assert values.pop("lanes") == []
    client.update_collection("shop__v1", metadata={server_collection.MANIFEST: json.dumps(values)})
    collection = store.open("shop")
    words = Sparse((1,), (1.0,))
    collection.upsert([Point("new", direction("new").tolist(), {}, "t", "h", {"words": words}, ("x1",))])
    assert collection.matching("words", words, 10) == []
    assert collection.relevance("words", words, [point_id("new")]) == {}
    assert collection.by_code(["x1"], 10) == []
    assert len(collection.retrieve([point_id("new")])[0].vector) == len(direction("new"))


def test_vectors_are_read_whichever_way_the_server_writes_them(
    store: ServerStore, client: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collection with sparse vectors may give the dense one under its empty name."""
    collection = store.create(manifest("shop", 1, lanes=LANES))
    collection.upsert([Point("1", direction("1").tolist(), {}, "t", "h", {"words": Sparse((1,), (1.0,))})])
    retrieve = client.retrieve

    def named(*args: Any, **more: Any) -> Any:
        assert more.pop("with_vectors") == [""]
        return retrieve(*args, **more, with_vectors=True)

    monkeypatch.setattr(client, "retrieve", named)
    assert collection.retrieve([point_id("1")])[0].vector == tuple(direction("1").tolist())
