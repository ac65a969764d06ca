"""Artefacts that are written while another process serves the version."""

from __future__ import annotations

from pathlib import Path

import pytest
from children import Child
from points import manifest, point
from stores import Backend

from search.errors import IndexDamaged, IndexNotFound, StoreError
from search.storage.edge import EdgeStore
from search.trained import Trained, keep


@pytest.fixture
def published(backend: Backend) -> Backend:
    collection = backend.store.create(manifest(backend.index))
    collection.upsert([point("1")])
    collection.close()
    backend.store.publish(backend.index, 1)
    return backend


def test_it_is_kept_while_the_version_is_open_and_seen_there(published: Backend) -> None:
    store, index = published.store, published.index
    serving = store.open(index)
    assert serving.artefact_stamp("ranker") is None
    assert store.artefact(index, 1, "ranker") is None
    stamps = []
    for data in (b"one", b"two", b"two", b""):
        store.keep_artefact(index, 1, "ranker", data)
        assert serving.artefact("ranker") == store.artefact(index, 1, "ranker") == data
        stamps.append(serving.artefact_stamp("ranker"))
        assert serving.artefact_stamp("ranker") == stamps[-1], "looking changes nothing"
    assert None not in stamps
    assert len(set(stamps)) == 4
    assert serving.artefact_stamp("other") is None
    assert serving.count() == 1
    serving.close()


def test_what_is_kept_is_in_snapshots_and_goes_with_the_version(published: Backend) -> None:
    store, index = published.store, published.index
    store.keep_artefact(index, 1, "ranker", b"one")
    snapshot = store.open(index, snapshot=True)
    assert snapshot.artefact("ranker") == b"one"
    snapshot.close()
    store.drop(index)
    store.create(manifest(index)).close()
    assert store.artefact(index, 1, "ranker") is None


def test_where_there_is_no_version_nothing_is_kept(published: Backend) -> None:
    store, index = published.store, published.index
    for wanted, version in ((index, 7), (f"{index}-other", 1)):
        with pytest.raises(IndexNotFound):
            store.keep_artefact(wanted, version, "ranker", b"")
        with pytest.raises(IndexNotFound):
            store.artefact(wanted, version, "ranker")
    with pytest.raises(StoreError, match="name"):
        store.keep_artefact(index, 1, "../ranker", b"")


def test_a_version_that_was_removed_has_no_stamp(published: Backend) -> None:
    store, index = published.store, published.index
    opened = store.open(index)
    store.drop(index)
    with pytest.raises(StoreError if published.name == "local" else IndexDamaged):
        opened.artefact_stamp("ranker")
    opened.close()


def test_it_reaches_the_version_that_goes_live_meanwhile(published: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    store, index = published.store, published.index
    store.create(manifest(index, 2)).close()
    real = store.keep_artefact

    def switched_first(index: str, version: int, name: str, data: bytes) -> None:
        real(index, version, name, data)
        if version == 1:
            store.publish(index, 2)

    monkeypatch.setattr(store, "keep_artefact", switched_first)
    assert keep(store, index, "ranker", b"one") == 2
    assert store.artefact(index, 2, "ranker") == b"one"


def test_who_serves_follows_it(published: Backend) -> None:
    store, index = published.store, published.index
    serving = store.open(index)
    read: list[bytes | None] = []

    def text(_: object, data: bytes | None) -> str:
        read.append(data)
        if data == b"broken":
            raise IndexDamaged("it cannot be read")
        return "" if data is None else data.decode()

    trained = Trained("ranker", text)
    trained.refresh(serving)
    assert read == [], "nothing is read before somebody asks"
    assert (trained.of(serving), trained.of(serving), read) == ("", "", [None])
    keep(store, index, "ranker", b"one")
    assert trained.of(serving) == "", "as it was when last looked at"
    for _ in range(3):
        trained.refresh(serving)
    assert (trained.of(serving), read) == ("one", [None, b"one"])
    keep(store, index, "ranker", b"broken")
    trained.refresh(serving)
    assert trained.of(serving) == "one"
    keep(store, index, "ranker", b"two")
    trained.refresh(serving)
    assert trained.of(serving) == "two"
    serving.close()


def test_the_embedded_engine_lets_another_process_keep_it(tmp_path: Path, child: Child) -> None:
    store = EdgeStore(tmp_path / "data")
    store.create(manifest("products")).close()
    store.publish("products", 1)
    serving = store.open("products")
    process = child(
        "from pathlib import Path\n"
        "from search.storage.edge import EdgeStore\n"
        "from search.trained import keep\n"
        f"print(keep(EdgeStore(Path({str(tmp_path / 'data')!r})), 'products', 'ranker', b'from afar'))\n"
    )
    out, _ = process.communicate(timeout=60)
    assert out.strip() == "1"
    assert serving.artefact("ranker") == b"from afar"
    serving.upsert([point("2")])
    assert serving.count() == 1
    serving.close()
