"""Bytes kept with a version: they are replaced in one step, copied with it, and go with it."""

from __future__ import annotations

import os

import pytest
from points import manifest, point
from stores import Backend

from search.errors import IndexDamaged, StoreError
from search.protocols import Collection
from search.storage.server_artefacts import CHUNK


@pytest.fixture
def collection(backend: Backend) -> Collection:
    return backend.store.create(manifest(backend.index))


LARGE = os.urandom(2 * CHUNK + 17)


def test_bytes_come_back_as_they_were(collection: Collection) -> None:
    assert collection.artefact("lexicon") is None
    for data in (b"", b"\x00\xff", "词".encode(), bytes(CHUNK), LARGE):
        collection.save_artefact("lexicon", data)
        assert collection.artefact("lexicon") == data
    assert collection.artefact("other.json") is None


def test_the_last_bytes_count_and_names_do_not_mix(collection: Collection) -> None:
    for data in (LARGE, b"short", b"", LARGE[::-1]):
        collection.save_artefact("lexicon", data)
        collection.save_artefact("lexicon.meta", data[:3])
        assert collection.artefact("lexicon") == data
        assert collection.artefact("lexicon.meta") == data[:3]


def test_artefacts_are_no_products(collection: Collection) -> None:
    collection.upsert([point("1")])
    collection.save_artefact("lexicon", b"words")
    assert collection.count() == 1
    assert [each.product_id for each in collection.scroll()] == ["1"]


def test_they_survive_closing_and_are_in_snapshots(backend: Backend) -> None:
    collection = backend.store.create(manifest(backend.index))
    collection.save_artefact("lexicon", LARGE)
    collection.optimize()
    collection.close()
    backend.store.publish(backend.index, 1)
    serving = backend.store.open(backend.index)
    snapshot = backend.store.open(backend.index, snapshot=True)
    assert serving.artefact("lexicon") == snapshot.artefact("lexicon") == LARGE
    if backend.name in ("memory", "edge"):
        snapshot.save_artefact("lexicon", b"private")
        assert (serving.artefact("lexicon"), snapshot.artefact("lexicon")) == (LARGE, b"private")
    snapshot.close()
    serving.close()


def test_each_version_has_its_own_and_they_go_with_it(backend: Backend) -> None:
    store, index = backend.store, backend.index
    for version in (1, 2, 3):
        collection = store.create(manifest(index, version))
        assert collection.artefact("lexicon") is None
        collection.save_artefact("lexicon", b"%d" % version)
        collection.close()
        store.publish(index, version)
    assert index in store.indexes()
    assert [each for each in store.indexes() if each.startswith(index)] == [index]
    for version in (2, 3):
        opened = store.open(index, version)
        assert opened.artefact("lexicon") == b"%d" % version
        opened.close()
    assert store.next_version(index) == 4

    unpublished = store.create(manifest(index, 4))
    unpublished.save_artefact("lexicon", b"4")
    unpublished.close()
    store.discard_unpublished(index)
    again = store.create(manifest(index, 4))
    assert again.artefact("lexicon") is None
    again.close()

    store.drop(index)
    for version in (1, 2, 3, 4):
        fresh = store.create(manifest(index, version))
        assert fresh.artefact("lexicon") is None
        fresh.close()


def test_a_version_that_was_removed_says_so(backend: Backend) -> None:
    """Else whoever opened it just before would go on without."""
    collection = backend.store.create(manifest(backend.index))
    collection.save_artefact("lexicon", b"words")
    collection.close()
    backend.store.publish(backend.index, 1)
    opened = backend.store.open(backend.index)
    backend.store.drop(backend.index)
    # qdrant-client's local mode has one kind of error for everything.
    kind = StoreError if backend.name == "local" else IndexDamaged
    with pytest.raises(kind):
        opened.artefact("lexicon")
    with pytest.raises(kind):
        opened.save_artefact("lexicon", b"later")
    opened.close()


def test_names_that_are_no_names(collection: Collection) -> None:
    for name in ("", ".", "..", "../x", "a/b", "A", ".hidden", "词", "x" * 65, "a\\b", "a\n", "nul\x00"):
        with pytest.raises(StoreError, match="name"):
            collection.save_artefact(name, b"")
        with pytest.raises(StoreError, match="name"):
            collection.artefact(name)
