"""What only the server store promises: one-step switches, and errors that say what to check and never show the key."""

from __future__ import annotations

import json
import socket
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from points import direction, manifest, point
from qdrant_client import QdrantClient, models

from search.domain import LANES, Sparse
from search.errors import DaogouError, IndexDamaged, SettingsError, StoreError, StoreUnavailable
from search.storage import server, server_collection
from search.storage.payload import point_id
from search.storage.server import ServerStore, connect
from search.storage.server_collection import ServerCollection

KEY = "sEcReT-k3y"


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


def test_versions_are_collections_behind_an_alias_that_is_switched_in_one_step(
    store: ServerStore, client: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    switch = client.update_collection_aliases

    def spy(change_aliases_operations: Any, **more: Any) -> bool:
        sent.append(change_aliases_operations)
        return bool(switch(change_aliases_operations, **more))

    monkeypatch.setattr(client, "update_collection_aliases", spy)
    for version in (1, 2, 3):
        build(store, version)
        assert client.get_collection("shop").points_count == 1
    assert [[type(step) for step in operations] for operations in sent] == 3 * [[models.CreateAliasOperation]]
    assert {each.name for each in client.get_collections().collections} == {"shop__v2", "shop__v3"}
    assert {each.alias_name: each.collection_name for each in client.get_aliases().aliases} == {"shop": "shop__v3"}


def test_collections_and_aliases_of_others_are_left_alone(store: ServerStore, client: QdrantClient) -> None:
    config = models.VectorParams(size=3, distance=models.Distance.COSINE)
    for name in ("shop__v", "shop__vx", "shop2__v1", "my_shop__v1", "shop__v1__v2", "shop__v01"):
        client.create_collection(name, vectors_config=config)
    alias = models.CreateAlias(collection_name="shop2__v1", alias_name="theirs")
    client.update_collection_aliases([models.CreateAliasOperation(create_alias=alias)])
    assert store.indexes() == []
    assert store.next_version("shop") == 1
    build(store, 1)
    store.discard_unpublished("shop")
    store.drop("shop")
    assert len(client.get_collections().collections) == 6
    assert [each.alias_name for each in client.get_aliases().aliases] == ["theirs"]


def test_what_an_alias_names_is_never_deleted(store: ServerStore, client: QdrantClient) -> None:
    """Qdrant would delete the alias with it. Here someone has pointed another alias at a version that is in the way."""
    build(store, 1)
    pinned = models.CreateAlias(collection_name="shop__v1", alias_name="pinned")
    client.update_collection_aliases([models.CreateAliasOperation(create_alias=pinned)])
    build(store, 2)
    build(store, 3)
    assert {each.name for each in client.get_collections().collections} == {"shop__v1", "shop__v2", "shop__v3"}
    assert client.get_collection("pinned").points_count == 1


def test_a_reader_of_a_version_that_was_removed_is_told(store: ServerStore) -> None:
    build(store, 1)
    reader = store.open("shop")
    build(store, 2)
    assert reader.count() == 1
    build(store, 3)
    with pytest.raises(StoreError, match="shop__v1"):
        reader.nearest(direction("q"), 3)


def test_a_server_that_keeps_no_metadata_is_refused(
    store: ServerStore, client: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = client.create_collection
    monkeypatch.setattr(client, "create_collection", lambda name, metadata, **more: create(name, **more))
    with pytest.raises(StoreError, match=r"Qdrant 1\.16"):
        store.create(manifest("shop"))
    assert client.get_collections().collections == []


def test_a_collection_without_a_manifest_is_damaged(store: ServerStore, client: QdrantClient) -> None:
    build(store, 1)
    client.update_collection("shop__v1", metadata={server_collection.MANIFEST: "{"})
    with pytest.raises(IndexDamaged, match="shop__v1"):
        store.open("shop")


def test_points_of_somebody_else_are_named(store: ServerStore, client: QdrantClient) -> None:
    build(store, 1)
    client.upsert("shop__v1", [models.PointStruct(id=7, vector=direction("x").tolist(), payload={"a": 1})])
    with pytest.raises(StoreError, match="Point 7 was not written by Daogou"):
        list(store.open("shop").scroll())


# --- connecting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["", "localhost:6333", "ftp://host", "http://", "http://host:port", "http://[::1", "qdrant"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(SettingsError, match="DAOGOU_QDRANT_URL"):
        connect(url, KEY)


@pytest.mark.parametrize("key", ["with space", "tab\t", "line\n", "密码", ""])
def test_keys_that_no_header_carries(key: str) -> None:
    with pytest.raises(SettingsError, match="DAOGOU_QDRANT_API_KEY") as caught:
        connect("http://localhost:6333", key)
    assert not key or key not in str(caught.value)


def test_a_key_that_goes_unencrypted_is_warned_of_without_being_shown(caplog: pytest.LogCaptureFixture) -> None:
    for url in ("http://localhost:6333", "https://qdrant.example.com", "http://127.0.0.1"):
        connect(url, KEY).close()
    assert caplog.text == ""
    connect("http://user:pass@qdrant.example.com:6333", KEY).close()
    assert "https" in caplog.text
    assert KEY not in caplog.text
    assert "pass@" not in caplog.text


# --- failing ---------------------------------------------------------------------------------------------------------

QUESTIONS: dict[str, Callable[[ServerStore, ServerCollection], object]] = {
    "indexes": lambda store, _: store.indexes(),
    "state": lambda store, _: store.state("shop"),
    "create": lambda store, _: store.create(manifest("shop")),
    "next_version": lambda store, _: store.next_version("shop"),
    "open": lambda store, _: store.open("shop", 1),
    "publish": lambda store, _: store.publish("shop", 1),
    "discard": lambda store, _: store.discard_unpublished("shop"),
    "drop": lambda store, _: store.drop("shop"),
    "upsert": lambda _, collection: collection.upsert([point("1")]),
    "delete": lambda _, collection: collection.delete(["1"]),
    "add_fields": lambda _, collection: collection.add_fields({"new": "text"}),
    "save_manifest": lambda _, collection: collection.save_manifest(manifest("shop", lanes=LANES)),
    "nearest": lambda _, collection: collection.nearest(direction(1), 3),
    "matching": lambda _, collection: collection.matching("words", Sparse((1,), (1.0,)), 3),
    "relevance": lambda _, collection: collection.relevance("words", Sparse((1,), (1.0,)), [point_id("1")]),
    "similarity": lambda _, collection: collection.similarity(direction(1), [point_id("1")]),
    "by_code": lambda _, collection: collection.by_code(["x1"], 3),
    "save_artefact": lambda _, collection: collection.save_artefact("lexicon", b"words"),
    "artefact": lambda _, collection: collection.artefact("lexicon"),
    "browse": lambda _, collection: collection.browse(3),
    "retrieve": lambda _, collection: collection.retrieve(["0b3a4f6e-0000-5000-8000-000000000000"]),
    "scroll": lambda _, collection: list(collection.scroll()),
    "count": lambda _, collection: collection.count(),
    "facet": lambda _, collection: collection.facet("brand"),
    "value_range": lambda _, collection: collection.value_range("price"),
    "optimize": lambda _, collection: collection.optimize(),
}


def ask(url: str, question: Callable[[ServerStore, ServerCollection], object]) -> DaogouError:
    store = connect(url, KEY)
    collection = ServerCollection(store._connection, "shop__v1", manifest("shop", lanes=LANES))
    try:
        with pytest.raises(StoreError) as caught:
            question(store, collection)
    finally:
        store.close()
    assert KEY not in "".join(traceback.format_exception(caught.value))
    return caught.value


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_server_that_is_not_there(name: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    error = ask(f"http://127.0.0.1:{port}", QUESTIONS[name])
    assert isinstance(error, StoreUnavailable)
    assert "does not answer" in str(error)
    assert "DAOGOU_QDRANT_URL" in str(error)


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """A server that gives one answer to everything, and quotes the key that it was sent."""
    servers: list[ThreadingHTTPServer] = []

    def start(
        status: int,
        body: str | None = None,
        pause: threading.Event | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if pause is not None:
                    pause.wait(20)
                quoted = {"status": {"error": f"wrong key {self.headers['api-key']}"}, "time": 0.0}
                answer = (json.dumps(quoted) if body is None else body).encode()
                try:
                    self.send_response(status)
                    for name, value in (headers or {}).items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    return  # The client has hung up.

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(listening)
        threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{listening.server_port}"

    yield start
    for each in servers:
        each.shutdown()
        each.server_close()


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, StoreUnavailable, "DAOGOU_QDRANT_API_KEY"),
        (403, StoreUnavailable, "DAOGOU_QDRANT_API_KEY"),
        (500, StoreUnavailable, "log"),
        (503, StoreUnavailable, "log"),
        (429, StoreUnavailable, "later"),
        (404, IndexDamaged, "DAOGOU_QDRANT_URL"),
        (400, StoreError, "400"),
    ],
)
def test_a_server_that_refuses(answering: Callable[..., str], status: int, kind: type[DaogouError], said: str) -> None:
    url = answering(status)
    for name in ("indexes", "create", "upsert", "nearest", "facet"):
        error = ask(url, QUESTIONS[name])
        assert isinstance(error, kind)
        assert said in str(error)


def test_a_busy_server_that_says_when_to_come_back(answering: Callable[..., str]) -> None:
    error = ask(answering(429, headers={"Retry-After": "7"}), QUESTIONS["nearest"])
    assert isinstance(error, StoreUnavailable)
    assert "later" in str(error)


@pytest.mark.parametrize("body", ["", "<html>It works!</html>", "{}", '{"result": 3}'])
def test_something_that_is_no_qdrant_server(answering: Callable[..., str], body: str) -> None:
    url = answering(200, body)
    for name in ("indexes", "create", "nearest", "count", "state"):
        assert isinstance(ask(url, QUESTIONS[name]), StoreUnavailable)


def test_a_server_that_hangs(answering: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    url = answering(200, pause=released)
    for module in (server, server_collection):
        monkeypatch.setattr(module, "READ_TIMEOUT", 1)
        monkeypatch.setattr(module, "WRITE_TIMEOUT", 1)
    for name in ("indexes", "nearest", "upsert"):
        assert "took too long" in str(ask(url, QUESTIONS[name]))
    released.set()
