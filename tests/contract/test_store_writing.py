"""How points get into a collection and out of it, and how versions come and go: the same on every store."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import numpy as np
import pytest
from points import DIMENSION, card, direction, manifest, point
from stores import Backend

from search.domain import Compare, Exists, Manifest, Point, SortKey
from search.errors import FilterError, IndexDamaged, IndexNotFound, RequestError, StoreError
from search.protocols import Collection
from search.storage.payload import point_id


def contents(collection: Collection) -> dict[str, Point]:
    return {each.product_id: each for each in collection.scroll()}


def titles(collection: Collection) -> dict[str, object]:
    return {key: each.document.get("title") for key, each in contents(collection).items()}


@pytest.fixture
def collection(backend: Backend) -> Collection:
    return backend.store.create(manifest(backend.index))


# --- points ----------------------------------------------------------------------------------------------------------


def test_upsert_inserts_and_replaces_whole_documents(collection: Collection) -> None:
    collection.upsert([point("1", title="first", brand="HP", price=3.0), point("2", title="second")])
    collection.upsert([point("1", vector=direction("other"), title="newer", size="XL")])
    assert collection.count() == 2
    replaced = contents(collection)["1"]
    assert replaced.document == {"id": "1", "title": "newer", "size": "XL"}
    assert np.array_equal(np.asarray(replaced.vector, np.float32), direction("other"))
    assert collection.count(Compare("brand", "=", "hp")) == 0
    assert collection.count(Exists("price")) == 0
    assert collection.nearest(direction("other"), 1)[0].point_id == point_id("1")


def test_of_one_product_sent_twice_the_last_counts(collection: Collection) -> None:
    collection.upsert([point("1", title="a"), point("2", title="b"), point("1", title="c")])
    assert titles(collection) == {"1": "c", "2": "b"}


def test_nothing_to_write(collection: Collection) -> None:
    collection.upsert([])
    collection.delete([])
    assert collection.count() == 0
    assert list(collection.scroll()) == []
    assert collection.nearest(direction(1), 5) == []
    assert collection.browse(5, sort=SortKey("price")) == []
    assert collection.facet("brand") == {}
    assert collection.value_range("price") is None


def test_deleted_products_are_gone_and_unknown_ones_no_error(collection: Collection) -> None:
    collection.upsert([point(str(number), brand="HP") for number in range(10)])
    collection.delete(["3", "4", "4", "nobody", ""])
    assert sorted(contents(collection)) == ["0", "1", "2", "5", "6", "7", "8", "9"]
    assert collection.count(Compare("brand", "=", "HP")) == 8
    assert collection.facet("brand") == {"HP": 8}
    assert point_id("3") not in {hit.point_id for hit in collection.nearest(direction("3"), 10)}
    collection.upsert([point("3", title="back")])
    assert collection.retrieve([point_id("3")])[0].document == {"id": "3", "title": "back"}


PRODUCT_IDS = (
    "1", "0001", "-7", "a b", "产品 ①", "émoji 🛒", "x" * 600, "a/b?c=d&e#f", '"quoted"', "\\", "\n", "..", "true",
    "null", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "F47AC10B-58CC-4372-A567-0E02B2C3D479", "18446744073709551616",
)  # fmt: skip


def test_product_ids_of_any_kind(collection: Collection) -> None:
    collection.upsert([point(product_id) for product_id in PRODUCT_IDS])
    assert sorted(contents(collection)) == sorted(PRODUCT_IDS)
    for product_id in PRODUCT_IDS:
        assert [each.product_id for each in collection.retrieve([point_id(product_id)])] == [product_id]
        assert [hit.point_id for hit in collection.nearest(direction(product_id), 1)] == [point_id(product_id)]
        collection.delete([product_id])
        assert collection.retrieve([point_id(product_id)]) == []
    assert collection.count() == 0


def test_documents_keep_every_json_value_and_their_order(collection: Collection) -> None:
    document: dict[str, Any] = {
        "z": None,
        "a": [1, 2.5, "x", True, None, [], {}],
        "title": "Ünïcödé 标题 🛒",
        "whole": 59,
        "real": 59.0,
        "large": 2**63 - 1,
        "small": -(2**63),
        "nested": {"b": {"c": [1]}, "a": ""},
        "": "no name",
        "a.b": 1,
        "[0]": 2,
        'q"\\%22': 3,
    }
    collection.upsert([point("1", **document)])
    stored = collection.retrieve([point_id("1")])[0].document
    assert stored == {"id": "1", **document}
    assert list(stored) == ["id", *document]
    assert isinstance(stored["whole"], int)
    assert isinstance(stored["real"], float)
    fields = ("a.b", "", 'q"\\%22', "[0]", "nested")
    assert collection.browse(1, fields=fields)[0].values == {
        name: document[name] for name in document if name in fields
    }


BAD_VECTORS = {
    "too short": [1.0] * (DIMENSION - 1),
    "too long": [1.0] * (DIMENSION + 1),
    "empty": [],
    "zero": [0.0] * DIMENSION,
    "nan": [float("nan")] + [1.0] * (DIMENSION - 1),
    "infinite": [float("inf")] + [1.0] * (DIMENSION - 1),
    "infinite in float32": [1e39] + [1.0] * (DIMENSION - 1),
}


def test_a_bad_vector_is_refused_and_nothing_of_its_batch_is_written(collection: Collection) -> None:
    collection.upsert([point("old", title="old")])
    for vector in BAD_VECTORS.values():
        batch = [point("old", title="new"), point("fine"), point("bad", vector), point("after")]
        with pytest.raises(StoreError, match="bad"):
            collection.upsert(batch)
        assert titles(collection) == {"old": "old"}


def test_vectors_get_unit_length_and_those_that_have_it_are_kept_bit_for_bit(collection: Collection) -> None:
    collection.upsert([point("unit"), point("long", direction("unit") * 300), point("tiny", direction("unit") * 1e-30)])
    stored = {key: np.asarray(each.vector, np.float32) for key, each in contents(collection).items()}
    assert np.array_equal(stored["unit"], direction("unit"))
    np.testing.assert_allclose(stored["long"], direction("unit"), atol=1e-6)
    np.testing.assert_allclose(stored["tiny"], direction("unit"), atol=1e-6)


def test_more_points_than_one_batch_holds(collection: Collection) -> None:
    collection.upsert([point(str(number), price=float(number)) for number in range(1203)])
    assert collection.count() == 1203
    assert [each.product_id for each in collection.scroll(vectors=False, batch=100)] == [
        each.product_id for each in collection.scroll(vectors=False, batch=5000)
    ]
    assert len(collection.nearest(direction(0), 5000)) == 1203
    assert collection.value_range("price") == (0.0, 1202.0)
    collection.delete([str(number) for number in range(1200)])
    assert sorted(contents(collection)) == ["1200", "1201", "1202"]


def test_optimizing_changes_no_answer(collection: Collection) -> None:
    collection.upsert([point(str(number), brand=f"b{number % 3}", price=float(number)) for number in range(50)])
    collection.delete(["7"])
    before = [collection.nearest(direction("q"), 20, Compare("brand", "=", "B1")), collection.facet("brand")]
    collection.optimize()
    assert [collection.nearest(direction("q"), 20, Compare("brand", "=", "B1")), collection.facet("brand")] == before
    collection.upsert([point("7", brand="b1")])
    assert collection.facet("brand") == {"b0": 17, "b1": 17, "b2": 16}


def test_further_fields_are_filterable_for_what_is_written_from_then_on(backend: Backend) -> None:
    collection = backend.store.create(manifest(backend.index, fields={"id": "text"}))
    collection.upsert([point("1", colour="Red", stock=3)])
    with pytest.raises(FilterError):
        collection.count(Exists("colour"))
    collection.add_fields({"colour": "text", "stock": "number", "id": "number"})
    collection.upsert([point("2", colour="red", stock=4), point("3", colour="Blue")])
    assert collection.manifest.fields == {"id": "text", "colour": "text", "stock": "number"}
    assert collection.facet("colour", Compare("stock", ">", 3.0)) == {"red": 1}
    assert [hit.point_id for hit in collection.browse(1, sort=SortKey("stock", True))] == [point_id("2")]
    assert collection.count(Compare("id", "=", "2")) == 1
    collection.close()
    again = backend.store.open(backend.index, 1)
    assert again.manifest.fields == {"id": "text", "colour": "text", "stock": "number"}
    assert again.count(Compare("colour", "=", "RED")) >= 1
    again.close()


def test_readers_and_a_writer_at_once(backend: Backend) -> None:
    if backend.name == "local":
        pytest.skip("qdrant-client's local mode is for one thread: runs on Edge, or set DAOGOU_QDRANT_URL")
    collection = backend.store.create(manifest(backend.index))
    collection.upsert([point(str(number), price=float(number)) for number in range(60)])
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                assert len(collection.nearest(direction("q"), 10, Compare("price", "<", 50.0))) == 10
                assert collection.count(Compare("price", "<", 50.0)) == 50
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for round_ in range(8):
        collection.upsert([point(str(number), price=float(number), round=round_) for number in range(40, 60)])
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []


# --- versions --------------------------------------------------------------------------------------------------------


def build(backend: Backend, version: int, title: str) -> None:
    """Make a version with one product and publish it."""
    collection = backend.store.create(manifest(backend.index, version, {"id": "text"}))
    collection.upsert([point("1", title=title)])
    collection.close()
    backend.store.publish(backend.index, version)


def live_title(backend: Backend) -> object:
    collection = backend.store.open(backend.index)
    try:
        return titles(collection)["1"]
    finally:
        collection.close()


def test_a_version_is_unseen_until_it_is_published(backend: Backend) -> None:
    store, index = backend.store, backend.index
    collection = store.create(manifest(index))
    collection.upsert([point("1")])
    assert index not in store.indexes()
    for ask in (lambda: store.state(index), lambda: store.open(index), lambda: store.drop(index)):
        with pytest.raises(IndexNotFound, match=f"'{index}'.*indexer reindex"):
            ask()
    collection.close()
    assert store.next_version(index) == 2
    store.publish(index, 1)
    assert index in store.indexes()
    assert store.state(index).live.version == 1
    assert store.state(index).previous is None


def test_the_version_that_was_live_is_kept_and_those_before_it_go(backend: Backend) -> None:
    for version in (1, 2, 3):
        build(backend, version, f"v{version}")
        assert live_title(backend) == f"v{version}"
    state = backend.store.state(backend.index)
    assert (state.live.version, state.previous and state.previous.version) == (3, 2)
    assert backend.store.next_version(backend.index) == 4
    backend.store.open(backend.index, 2).close()
    with pytest.raises(IndexNotFound):
        backend.store.open(backend.index, 1)


def test_rolling_back_and_forth(backend: Backend) -> None:
    build(backend, 1, "one")
    build(backend, 2, "two")
    backend.store.publish(backend.index, 1)
    state = backend.store.state(backend.index)
    assert (state.live.version, state.previous and state.previous.version) == (1, 2)
    assert live_title(backend) == "one"
    assert backend.store.next_version(backend.index) == 3
    backend.store.publish(backend.index, 2)
    assert live_title(backend) == "two"
    backend.store.publish(backend.index, 2)
    state = backend.store.state(backend.index)
    assert (state.live.version, state.previous and state.previous.version) == (2, 1)


def test_publishing_what_is_not_there(backend: Backend) -> None:
    with pytest.raises(StoreError, match="no version 7"):
        backend.store.publish(backend.index, 7)
    build(backend, 1, "one")
    with pytest.raises(StoreError, match="no version 7"):
        backend.store.publish(backend.index, 7)
    assert live_title(backend) == "one"


def test_what_an_interrupted_build_left_is_discarded(backend: Backend) -> None:
    backend.store.discard_unpublished(backend.index)
    build(backend, 1, "one")
    build(backend, 2, "two")
    for version in (3, 5):
        backend.store.create(manifest(backend.index, version, {})).close()
    assert backend.store.next_version(backend.index) == 6
    backend.store.discard_unpublished(backend.index)
    assert backend.store.next_version(backend.index) == 3
    state = backend.store.state(backend.index)
    assert (state.live.version, state.previous and state.previous.version) == (2, 1)
    assert live_title(backend) == "two"


def test_one_version_is_created_once(backend: Backend) -> None:
    backend.store.create(manifest(backend.index)).close()
    with pytest.raises(StoreError, match="exists"):
        backend.store.create(manifest(backend.index))


def test_drop_removes_everything_and_the_name_can_be_used_again(backend: Backend) -> None:
    build(backend, 1, "one")
    build(backend, 2, "two")
    backend.store.create(manifest(backend.index, 3, {})).close()
    backend.store.drop(backend.index)
    assert backend.index not in backend.store.indexes()
    assert backend.store.next_version(backend.index) == 1
    with pytest.raises(IndexNotFound):
        backend.store.drop(backend.index)
    build(backend, 1, "again")
    assert live_title(backend) == "again"
    assert backend.store.state(backend.index).previous is None


def test_indexes_do_not_meddle_with_each_other(backend: Backend) -> None:
    other = dataclasses.replace(backend, index=f"{backend.index}_b")
    build(backend, 1, "mine")
    build(other, 1, "other")
    build(other, 2, "other")
    assert {backend.index, other.index} <= set(backend.store.indexes())
    backend.store.discard_unpublished(other.index)
    backend.store.drop(other.index)
    assert live_title(backend) == "mine"
    assert backend.store.indexes() == sorted(backend.store.indexes())


@pytest.mark.parametrize(
    "name",
    ["", "a b", "../up", "x" * 65, "产品", "a.b", "a/b", "a\n", "CON:", "products__v2", "products__v2__artefacts"],
)
def test_names_that_are_no_names(backend: Backend, name: str) -> None:
    store = backend.store
    for ask in (store.state, store.open, store.next_version, store.discard_unpublished, store.drop):
        with pytest.raises(RequestError, match="name"):
            ask(name)
    with pytest.raises(RequestError):
        store.create(manifest(name))
    with pytest.raises(RequestError):
        store.publish(name, 1)


def test_the_manifest_comes_back_whole(backend: Backend) -> None:
    full = Manifest(
        index=backend.index,
        version=1,
        encoder=dataclasses.replace(
            card(), revision="abc", query_prompt="query: ", document_prompt="文档：", files="f"
        ),
        recipe="title/1",
        fields={"id": "text", "颜色": "text", "price": "number"},
        unfiltered=("notes", 'odd "one'),
        products=12,
        journal=34,
        created_at="2026-01-02T03:04:05+00:00",
        sources=("catalogue.jsonl",),
        lanes=("words",),
    )
    collection = backend.store.create(full)
    assert collection.manifest == full
    later = dataclasses.replace(full, products=99, unfiltered=(), fields={"id": "text"})
    collection.save_manifest(later)
    assert collection.manifest == later
    collection.close()
    backend.store.publish(backend.index, 1)
    assert backend.store.state(backend.index).live == later
    reopened = backend.store.open(backend.index)
    assert reopened.manifest == later
    reopened.close()


def test_what_was_written_is_there_after_closing_and_closing_twice_is_no_error(backend: Backend) -> None:
    collection = backend.store.create(manifest(backend.index, fields={"id": "text", "brand": "text"}))
    collection.upsert([point("1", title="a", brand="HP"), point("2", title="b", brand="hp")])
    collection.optimize()
    collection.delete(["2"])
    collection.close()
    collection.close()
    backend.store.publish(backend.index, 1)
    for round_ in range(3):
        collection = backend.store.open(backend.index)
        assert titles(collection)["1"] == "a"
        assert collection.count(Compare("brand", "=", "hp")) == 1 + round_
        collection.upsert([point(f"new{round_}", brand="HP")])
        collection.close()


def test_unknown_versions_do_not_open(backend: Backend) -> None:
    build(backend, 1, "one")
    for version in (2, 99):
        for snapshot in (False, True):
            with pytest.raises((IndexNotFound, IndexDamaged)):
                backend.store.open(backend.index, version, snapshot)


def test_a_snapshot_is_private(backend: Backend) -> None:
    if backend.name in ("local", "server"):
        pytest.skip("a server takes any number of openers and makes no copies: this runs on Edge")
    build(backend, 1, "one")
    serving = backend.store.open(backend.index)
    snapshot = backend.store.open(backend.index, snapshot=True)
    second = backend.store.open(backend.index, 1, snapshot=True)
    serving.upsert([point("1", title="changed"), point("2")])
    snapshot.delete(["1"])
    snapshot.save_manifest(dataclasses.replace(snapshot.manifest, products=7))
    assert titles(serving) == {"1": "changed", "2": None}
    assert titles(snapshot) == {}
    assert titles(second) == {"1": "one"}
    assert backend.store.state(backend.index).live.products == 0
    for collection in (snapshot, second, snapshot, serving):
        collection.close()
    assert live_title(backend) == "changed"
