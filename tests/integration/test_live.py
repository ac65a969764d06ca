"""Following the live version, and carrying writes from one version to the next."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fakes import MemoryCollection
from live_shop import Shop

from search.bootstrap import preview
from search.domain import Compare, Point, SearchRequest
from search.engine import Engine
from search.errors import DocumentNotFound, EncoderMismatch, IndexNotFound, StoreUnavailable
from search.live import LiveIndexes
from search.protocols import Collection
from search.settings import Settings
from search.writing import Writer


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.service.close()


def test_a_switch_is_followed_on_refresh_and_not_before(shop: Shop) -> None:
    shop.build({"a": "red lamp"})
    assert shop.title("a") == "red lamp"
    shop.build({"a": "blue lamp"})
    assert shop.title("a") == "red lamp"
    shop.engine.refresh()
    assert shop.title("a") == "blue lamp"


def test_a_version_is_asked_before_it_goes_live(shop: Shop) -> None:
    shop.build({"a": "red lamp"})
    number = shop.build({"a": "blue lamp"}, publish=False)
    engine = preview(shop.store, shop.encoder, Settings(), shop.store.open("products", number))
    assert engine.document("products", "a")["title"] == "blue lamp"
    assert engine.search("products", SearchRequest("lamp")).hits[0].document["title"] == "blue lamp"
    shop.build({"a": "green lamp"})
    engine.refresh()
    assert engine.document("products", "a")["title"] == "blue lamp", "it is held, whatever goes live"
    assert shop.title("a") == "green lamp"
    engine.close()


def test_a_version_held_is_closed_in_the_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []
    monkeypatch.setattr(MemoryCollection, "close", lambda self: closed.append(self.manifest.version))
    number = shop.build({"a": "lamp"}, publish=False)
    closed.clear()
    engine = preview(shop.store, shop.encoder, Settings(), shop.store.open("products", number))
    assert closed == []
    engine.close()
    assert closed == [number]


def test_a_version_of_another_encoder_is_not_held(shop: Shop) -> None:
    number = shop.build({"a": "lamp"}, publish=False)
    with pytest.raises(EncoderMismatch):
        preview(shop.store, FakeEncoder(name="other"), Settings(), shop.store.open("products", number))


def test_an_index_that_comes_and_goes(shop: Shop) -> None:
    with pytest.raises(IndexNotFound):
        shop.title("a")
    shop.build({"a": "lamp"})
    assert shop.title("a") == "lamp"
    shop.store.drop("products")
    shop.engine.refresh()
    with pytest.raises(IndexNotFound):
        shop.title("a")


def test_the_old_version_closes_when_its_last_search_is_done(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []
    monkeypatch.setattr(MemoryCollection, "close", lambda self: closed.append(self.manifest.version))
    live = LiveIndexes(shop.store, shop.encoder.card)
    shop.build({"a": "one"})
    closed.clear()
    with live.lease("products") as old:
        shop.build({"a": "two"})
        closed.clear()
        live.refresh()
        with live.lease("products") as new:
            assert (old.manifest.version, new.manifest.version) == (1, 2)
        assert closed == []
        assert old.count() == 1
    assert closed == [1]
    live.close()
    assert closed == [1, 2]


def test_searches_never_fail_while_versions_change(shop: Shop) -> None:
    shop.build({"a": "lamp 0"})
    stop, failures, answers = threading.Event(), [], []

    def search() -> None:
        while not stop.is_set():
            try:
                answers.append(len(shop.engine.search("products", SearchRequest("lamp")).hits))
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 30):
        shop.build({"a": f"lamp {number}"})
        shop.engine.refresh()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(answers) == {1}


def test_another_encoder_cannot_serve_and_says_what_to_run(shop: Shop) -> None:
    shop.build({"a": "lamp"})
    other = FakeEncoder(name="another")
    engine = Engine(shop.store, other, LiveIndexes(shop.store, other.card))
    with pytest.raises(EncoderMismatch, match="python -m indexer reindex") as caught:
        engine.search("products", SearchRequest("lamp"))
    assert "DAOGOU_ENCODER=fake/bag-of-words" in str(caught.value)


def test_another_encoder_or_recipe_cannot_extend(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.build({"a": "lamp"})
    collection = shop.store.open("products")
    with pytest.raises(EncoderMismatch):
        Writer(FakeEncoder(name="another")).put(collection, [{"id": "b", "title": "rug"}])
    monkeypatch.setattr("search.documents.RECIPE", "new/2")
    with pytest.raises(EncoderMismatch, match="recipe"):
        Writer(shop.encoder).put(collection, [{"id": "b", "title": "rug"}])
    assert collection.count() == 1


def test_a_version_with_another_encoder_is_not_switched_to(shop: Shop) -> None:
    shop.build({"a": "old"})
    assert shop.title("a") == "old"
    mine, shop.encoder = shop.encoder, FakeEncoder(name="another")
    shop.build({"a": "new"})
    shop.encoder = mine
    shop.engine.refresh()
    assert shop.title("a") == "old"


def test_writes_that_came_during_a_reindex_are_replayed_on_the_new_version(shop: Shop) -> None:
    shop.build({"a": "lamp", "b": "rug", "c": "mug"})
    before = shop.tasks.put("products", [{"id": "a", "title": "written before"}])
    assert shop.done(before.uid) == "succeeded"
    version = shop.build({"a": "lamp", "b": "rug", "c": "mug"}, journal=before.uid, publish=False)
    during = [
        shop.tasks.put("products", [{"id": "b", "brand": "Oak"}], merge=True),
        shop.tasks.delete("products", ["c"]),
        shop.tasks.put("products", [{"id": "d", "title": "desk"}]),
    ]
    assert [shop.done(task.uid) for task in during] == ["succeeded"] * 3
    shop.store.publish("products", version)
    shop.engine.refresh()
    assert shop.title("a") == "lamp"
    assert shop.engine.document("products", "b") == {"id": "b", "title": "rug", "brand": "Oak"}
    assert shop.title("d") == "desk"
    with pytest.raises(DocumentNotFound):
        shop.title("c")


def test_a_rollback_gets_the_writes_it_missed(shop: Shop) -> None:
    first = shop.build({"a": "lamp"})
    assert shop.title("a") == "lamp"
    second = shop.build({"a": "lamp", "b": "rug"})
    shop.engine.refresh()
    assert shop.done(shop.tasks.put("products", [{"id": "x", "title": "written"}]).uid) == "succeeded"
    shop.store.publish("products", first)
    shop.engine.refresh()
    assert shop.title("x") == "written"
    assert second == 2


def test_a_restart_does_what_was_accepted_and_not_done(shop: Shop) -> None:
    shop.build({"a": "lamp"})
    shop.service.close()
    from search.journal import Journal

    journal = Journal(shop.folder)
    task = journal.append(
        "products",
        "documentAdditionOrUpdate",
        {"do": "put", "documents": [{"id": "b", "title": "rug"}], "merge": False},
        {},
    )
    journal.start_next()
    journal.close()
    shop.service = shop.open()
    assert shop.done(task.uid) == "succeeded"
    assert shop.title("b") == "rug"


def test_a_bad_document_fails_the_task_and_writes_nothing(shop: Shop) -> None:
    shop.build({"a": "lamp"})
    task = shop.tasks.put("products", [{"id": "b", "title": "rug"}, {"id": "c", "price": 3}])
    assert shop.done(task.uid) == "failed"
    done = shop.tasks.journal.get(task.uid)
    assert done is not None
    assert done.error is not None
    assert "`title`" in done.error["message"]
    with pytest.raises(DocumentNotFound):
        shop.title("b")


def test_the_first_write_makes_the_index_and_a_deletion_does_not(shop: Shop) -> None:
    assert shop.done(shop.tasks.delete("fresh", ["a"]).uid) == "failed"
    assert shop.store.indexes() == []
    assert shop.done(shop.tasks.put("fresh", [{"id": "a", "title": "lamp", "watts": 9}]).uid) == "succeeded"
    assert shop.store.indexes() == ["fresh"]
    assert shop.store.open("fresh").manifest.fields["watts"] == "number"


def test_unchanged_documents_are_not_encoded_again(shop: Shop) -> None:
    shop.build({"a": "lamp"})
    shop.done(shop.tasks.put("products", [{"id": "b", "title": "rug", "price": 5}]).uid)
    encoded = shop.encoder.encoded
    shop.done(shop.tasks.put("products", [{"id": "b", "title": "rug", "price": 6}]).uid)
    assert shop.encoder.encoded == encoded
    assert shop.engine.document("products", "b")["price"] == 6


def test_deleting_by_filter_and_all(shop: Shop) -> None:
    shop.build({})
    rows = [{"id": str(n), "title": f"thing {n}", "price": n} for n in range(10)]
    shop.done(shop.tasks.put("products", rows).uid)
    assert shop.done(shop.tasks.delete_matching("products", "price >= 4").uid) == "succeeded"
    assert shop.engine.stats("products").products == 4
    assert shop.done(shop.tasks.clear("products").uid) == "succeeded"
    assert shop.engine.stats("products").products == 0


def test_a_collection_is_a_collection(shop: Shop) -> None:
    """The fake really satisfies the protocol that the engine is written against."""
    shop.build({"a": "lamp"})
    collection: Collection = shop.store.open("products")
    assert collection.count() == 1


def test_a_filter_narrows_the_candidates_and_lets_no_others_in(shop: Shop) -> None:
    """A facet value clicked on gives as many hits as its count said."""
    shop.build({})
    words = ["lamp", "desk lamp", "reading lamp for a desk", "mug", "rug for the hall", "lamp shade"]
    rows = [{"id": f"{n}", "title": words[n % 6], "brand": "Oak" if n % 6 < 3 else f"Tarn {n % 6}"} for n in range(60)]
    shop.done(shop.tasks.put("products", rows).uid)
    everything = shop.engine.search("products", SearchRequest("desk lamp", facets=("brand",)))
    for brand, count in everything.facets["brand"].items():
        only = shop.engine.search("products", SearchRequest("desk lamp", filter=Compare("brand", "=", brand)))
        assert only.total == count
    others = {row["brand"] for row in rows} - set(everything.facets["brand"])
    assert others
    for brand in others:
        assert (
            shop.engine.search("products", SearchRequest("desk lamp", filter=Compare("brand", "=", brand))).total == 0
        )


def test_a_replayed_change_to_a_product_that_is_gone_holds_up_nothing(shop: Shop) -> None:
    shop.build({"a": "lamp", "b": "rug"})
    changes = [{"id": "a", "price": 5}, {"id": "b", "price": 6}]
    assert shop.done(shop.tasks.put("products", changes, merge=True).uid) == "succeeded"
    shop.build({"b": "rug", "c": "mug"})
    shop.engine.refresh()
    assert shop.title("c") == "mug"
    assert shop.engine.document("products", "b")["price"] == 6
    with pytest.raises(DocumentNotFound):
        shop.title("a")


def test_a_write_waits_while_the_store_does_not_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.build({"a": "lamp"})
    monkeypatch.setattr("search.tasks._RETRY_SECONDS", 0.02)
    real, refused = MemoryCollection.upsert, []

    def upsert(self: MemoryCollection, points: Sequence[Point]) -> None:
        if len(refused) < 3:
            refused.append(len(points))
            raise StoreUnavailable("no answer")
        real(self, points)

    monkeypatch.setattr(MemoryCollection, "upsert", upsert)
    assert shop.done(shop.tasks.put("products", [{"id": "b", "title": "rug"}]).uid) == "succeeded"
    assert refused == [1, 1, 1]
    assert shop.title("b") == "rug"


def test_writes_to_a_dropped_index_do_not_come_back(shop: Shop) -> None:
    shop.build({"z": "first life"})
    shop.build({"z": "first life"})
    assert shop.done(shop.tasks.put("products", [{"id": "old", "title": "old life"}]).uid) == "succeeded"
    shop.store.drop("products")
    shop.engine.refresh()
    assert shop.done(shop.tasks.put("products", [{"id": "new", "title": "new life"}]).uid) == "succeeded"
    assert shop.engine.stats("products").products == 1
