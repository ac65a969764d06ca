"""What a version knows beside its points: words, codes and values go with it, from build to rollback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from building import build_as_before
from fakes import MemoryCollection
from live_shop import Shop

from search.bm25 import sparse
from search.codes import MENTIONED
from search.domain import LANES, SearchRequest
from search.engine import Engine
from search.errors import IndexDamaged
from search.live import LiveIndexes
from search.protocols import Collection


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.service.close()


LAMPS = {"a": "red lamp", "b": "blue lamp", "c": "green rug", "d": "white mug"}


def ids(shop: Shop, text: str, **more: Any) -> list[str]:
    return [str(hit.document["id"]) for hit in shop.engine.search("products", SearchRequest(text, **more)).hits]


def found_by_words(collection: Collection, *words: str) -> set[str]:
    best = collection.matching("words", sparse(dict.fromkeys(words, 1.0)), 100)
    return {str(point.product_id) for point in collection.retrieve([one.point_id for one in best], vectors=False)}


def found_by_code(collection: Collection, code: str) -> list[str]:
    named = collection.by_code([code, MENTIONED + code], 10)
    return [point.product_id for point in collection.retrieve(named, vectors=False)]


def test_a_document_written_later_is_found_by_its_words_and_its_codes(shop: Shop) -> None:
    shop.build(LAMPS)
    sent = {"id": "t", "title": "Toner TN-2110 for a lamp", "ean": "0012345678905"}
    assert shop.done(shop.tasks.put("products", [sent]).uid) == "succeeded"
    collection = shop.store.open("products")
    assert found_by_words(collection, "lamp") == {"a", "b", "t"}
    assert found_by_code(collection, "tn2110") == found_by_code(collection, "12345678905") == ["t"]
    assert ids(shop, "TN-2110")[0] == ids(shop, "0012345678905")[0] == "t"
    assert "t" in ids(shop, "lamp", semantic_ratio=0.0)


def test_a_word_that_came_with_a_later_document_is_found_too(shop: Shop) -> None:
    shop.build(LAMPS)
    assert shop.done(shop.tasks.put("products", [{"id": "n", "title": "Quetzal lamp"}]).uid) == "succeeded"
    assert ids(shop, "quetzal", semantic_ratio=0.0, understand=False) == ["n"]
    assert ids(shop, "quetzal lamp", understand=False)[0] == "n"


def test_a_changed_document_leaves_its_old_words_and_codes(shop: Shop) -> None:
    shop.build({**LAMPS, "t": "Toner TN-2110"})
    assert ids(shop, "TN-2110")[0] == "t"
    shop.done(shop.tasks.put("products", [{"id": "t", "title": "Toner TN-3480"}], merge=True).uid)
    collection = shop.store.open("products")
    assert found_by_code(collection, "tn2110") == []
    assert found_by_code(collection, "tn3480") == ["t"]
    assert "t" not in found_by_words(collection, "tn2110")


def test_replayed_writes_have_words_and_codes_too(shop: Shop) -> None:
    shop.build(LAMPS)
    version = shop.build(LAMPS, publish=False)
    assert shop.done(shop.tasks.put("products", [{"id": "t", "title": "Toner TN-2110 lamp"}]).uid) == "succeeded"
    shop.store.publish("products", version)
    shop.engine.refresh()
    collection = shop.store.open("products")
    assert collection.manifest.version == version
    assert found_by_words(collection, "lamp") == {"a", "b", "t"}
    assert found_by_code(collection, "tn2110") == ["t"]


def test_a_rollback_gets_words_and_codes_of_the_writes_it_missed(shop: Shop) -> None:
    first = shop.build(LAMPS)
    assert ids(shop, "red lamp")[0] == "a"
    shop.build(LAMPS)
    shop.engine.refresh()
    shop.done(shop.tasks.put("products", [{"id": "t", "title": "Toner TN-2110 lamp"}]).uid)
    shop.store.publish("products", first)
    shop.engine.refresh()
    assert found_by_code(shop.store.open("products"), "tn2110") == ["t"]
    assert ids(shop, "TN-2110")[0] == "t"


def test_a_switch_changes_what_is_known_of_the_catalogue(shop: Shop) -> None:
    """Words and values are those of the version that is searched, and of no other."""
    shop.build({"a": "red lamp", "b": "blue lamp"})
    assert ids(shop, "rug", semantic_ratio=0.0) == []
    shop.build({"a": "red rug", "b": "blue rug"})
    shop.engine.refresh()
    assert set(ids(shop, "rug", semantic_ratio=0.0)) == {"a", "b"}
    assert ids(shop, "lamp", semantic_ratio=0.0) == []


def test_an_index_from_before_is_searched_by_meaning_alone_and_says_so(shop: Shop) -> None:
    rows = [{"id": "a", "title": "red lamp", "price": 20}, {"id": "b", "title": "blue lamp", "price": 90}]
    build_as_before(shop.store, shop.encoder, [*rows, {"id": "c", "title": "green rug TN-2110"}])
    result = shop.engine.search("products", SearchRequest("red lamp", facets=("price",)))
    assert [hit.document["id"] for hit in result.hits] == ["a", "b"]
    assert result.degraded == ("lexical",)
    assert not result.weak
    assert set(result.hits[0].parts) >= {"semantic"}
    cheap = shop.engine.search("products", SearchRequest("lamp under $50"))
    assert [hit.document["id"] for hit in cheap.hits] == ["a"], "prices need no lexicon"
    assert shop.engine.search("products", SearchRequest("")).degraded == ()
    assert shop.engine.suggest("products", "la", 5) == ()
    assert shop.done(shop.tasks.put("products", [{"id": "d", "title": "grey lamp"}]).uid) == "succeeded"
    assert "d" in ids(shop, "grey lamp")
    shop.build(LAMPS)
    shop.engine.refresh()
    assert shop.engine.search("products", SearchRequest("red lamp")).degraded == ()


def test_an_index_that_began_with_a_document_answers(shop: Shop) -> None:
    """No reindex has learnt anything for it yet; codes and meaning find its products."""
    rows = [{"id": "a", "title": "red lamp"}, {"id": "t", "title": "Toner TN-2110"}]
    assert shop.done(shop.tasks.put("products", rows).uid) == "succeeded"
    assert ids(shop, "red lamp")[0] == "a"
    assert ids(shop, "lamp", semantic_ratio=0.0) == ["a"]
    assert ids(shop, "TN-2110")[0] == "t"
    assert shop.store.state("products").live.lanes == LANES


@pytest.mark.parametrize("artefact", ["terms", "kinds", "lexicon"])
def test_a_version_whose_knowledge_is_damaged_is_not_switched_to(shop: Shop, artefact: str) -> None:
    shop.build({"a": "old lamp"})
    assert shop.title("a") == "old lamp"
    version = shop.build({"a": "new lamp"}, publish=False)
    shop.store.open("products", version).save_artefact(artefact, b"nonsense")
    shop.store.publish("products", version)
    shop.engine.refresh()
    assert shop.title("a") == "old lamp"
    other = Engine(shop.store, shop.encoder, LiveIndexes(shop.store, shop.encoder.card))
    with pytest.raises(IndexDamaged, match="reindex"):
        other.search("products", SearchRequest("lamp"))


def test_what_a_version_knows_is_read_before_it_serves(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[int, str]] = []
    real = MemoryCollection.artefact

    def artefact(self: MemoryCollection, name: str) -> bytes | None:
        read.append((self.manifest.version, name))
        return real(self, name)

    shop.build(LAMPS)
    ids(shop, "lamp")
    shop.build(LAMPS)
    monkeypatch.setattr(MemoryCollection, "artefact", artefact)
    shop.engine.refresh()
    assert {version for version, _ in read} == {2}
    read.clear()
    ids(shop, "lamp")
    assert read == []
