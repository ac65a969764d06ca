"""The command from the store to the version that serves: kept where it is better, carried over, undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_service import Shop, client_of, open_shop
from benchmark_modules import load
from fake_encoder import FakeEncoder
from fake_shoppers import MemoryShopperStore
from fakes import MemoryStore
from points import manifest

from indexer import carrying
from indexer.__main__ import main
from indexer.carrying import carry_over
from indexer.catalogue import read_catalogue
from indexer.progress import Progress
from indexer.reindex import EncoderSource, Job, Reindexer
from indexer.train_ranker import command, training
from indexer.train_ranker.training import LEAST_PAGES, train
from search.domain import Manifest, SearchRequest
from search.errors import IndexNotFound, TrainingError
from search.personalization.model import ARTEFACT, DEFAULT, FEATURES, RankingModel
from search.recommending import blend_files
from search.storage.edge import EdgeStore
from search.trained import keep

simulated = load("learning_to_rank")
REQUEST = SearchRequest("quiet reading lamp keyboard")
QUIET = Progress(quiet=True)
OTHER = RankingModel(FEATURES, tuple(float(number + 1) for number in range(len(FEATURES))))


def shown_and_done(count: int, scenario: str = "power", seed: int = 2) -> MemoryShopperStore:
    """Pages and clicks as a shop that serves would have kept them."""
    rng = np.random.default_rng(seed)
    views = simulated.answers(count, rng, scenario)
    size = simulated.PAGE
    looked = rng.random((count, size)) < simulated.examination(scenario)
    clicks = looked & (rng.random((count, size)) < views.relevance[:, :size])
    store = MemoryShopperStore()
    pages = [page for page, row in zip(simulated.pages_of(views), clicks, strict=True) if row.any()]
    store.add_shown(pages)
    store.add(list(simulated.clicks_on(pages, clicks[clicks.any(axis=1)])))
    return store


@pytest.fixture(scope="module")
def history() -> MemoryShopperStore:
    return shown_and_done(1800)


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.create(manifest("products"))
    store.publish("products", 1)
    return store


def served(store: MemoryStore) -> RankingModel:
    return training.serving(store, store.state("products").live)


def test_what_is_better_is_kept_and_said(store: MemoryStore, history: MemoryShopperStore) -> None:
    found = train(store, history, "products", QUIET)
    assert (found.version, found.better, found.served) == (1, True, DEFAULT)
    assert found.comparison.after > found.comparison.before
    assert served(store) == found.model
    assert found.model.trained["pages"] == found.census.pages > LEAST_PAGES
    assert found.model.weight("popularity") > 0.1, "that is what these shoppers want"
    # Once more: now it has to be better than itself.
    again = train(store, history, "products", QUIET)
    assert (again.version, again.served, again.better) == (None, found.model, False)
    assert again.comparison.before > found.comparison.before


def test_what_is_not_better_is_not_kept_but_by_force(store: MemoryStore) -> None:
    content = shown_and_done(1250, "as documented")
    found = train(store, content, "products", QUIET)
    assert (found.version, found.better) == (None, False)
    assert store.artefact("products", 1, ARTEFACT) is None
    assert train(store, content, "products", QUIET, dry_run=True, force=True).version is None
    assert store.artefact("products", 1, ARTEFACT) is None
    forced = train(store, content, "products", QUIET, force=True)
    assert forced.version == 1
    assert served(store) == forced.model != DEFAULT


def test_too_little_to_learn_from(store: MemoryStore, history: MemoryShopperStore) -> None:
    with pytest.raises(TrainingError, match=f"0 pages .* at least {LEAST_PAGES}"):
        train(store, MemoryShopperStore(), "products", QUIET)
    with pytest.raises(TrainingError, match="0 pages"):
        train(store, history, "products", QUIET, since="2027-01-01")
    with pytest.raises(IndexNotFound):
        train(store, history, "other", QUIET)


def test_one_shopper_proves_nothing(store: MemoryStore, history: MemoryShopperStore) -> None:
    alone = MemoryShopperStore()
    alone.add_shown([replace(page, shopper=f"s{number % 20}") for number, page in enumerate(history.shown("products"))])
    alone.add([replace(event, shopper=None) for event in history.events()])
    with pytest.raises(TrainingError, match="of 20 shoppers"):
        train(store, alone, "products", QUIET)


def test_the_command(
    store: MemoryStore, history: MemoryShopperStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> tuple[int, dict[str, Any] | None, str, str]:
        status = main(["train-ranker", *words])
        out, err = capsys.readouterr()
        last = out.strip().splitlines()[-1] if out.strip() else ""
        return status, json.loads(last) if last.startswith("{") else None, out, err

    monkeypatch.setattr(command, "open_store", lambda _: store)
    monkeypatch.setattr(command, "open_shoppers", lambda *_, **__: history)
    status, answer, out, _ = run("--dry-run")
    assert answer is not None
    assert (status, answer["version"], answer["better"]) == (0, None, True)
    assert answer["weights"].keys() == set(FEATURES)
    for word in (*FEATURES, "documented", "served", "learnt", "looked at"):
        assert word in out
    status, answer, _, _ = run("--quiet")
    assert (status, answer and answer["version"]) == (0, 1)
    assert served(store) != DEFAULT
    status, answer, _, err = run()
    assert (status, answer) == (1, None)
    assert "not proven better" in err
    assert "--force" in err
    status, answer, _, _ = run("--reset")
    assert (status, answer) == (0, {"index": "products", "version": 1, "reset": True})
    assert served(store) == DEFAULT
    status, _, _, err = run("--since", "yesterday")
    assert status == 1
    assert "2026-01-31" in err
    status, _, _, err = run("--index", "nope")
    assert status == 1
    assert "no index 'nope'" in err


def test_artefacts_are_carried_by_the_names_that_they_have() -> None:
    assert carrying.CARRIED.keys() == {ARTEFACT, blend_files.ARTEFACT}


# --- versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"products": 5}, None),
        ({"learning": "other"}, "weighed in another way"),
        ({"encoder": FakeEncoder(name="two").card}, "encoder is another one"),
    ],
)
def test_it_goes_over_to_the_next_version_where_it_fits(
    store: MemoryStore, change: dict[str, Any], reason: str | None
) -> None:
    old = store.state("products").live
    new: Manifest = replace(old, version=2, **change)
    store.create(new)
    keep(store, "products", ARTEFACT, OTHER.to_bytes())
    said: list[str] = []
    done = carry_over(store, old, new, said.append)
    store.publish("products", 2)
    carry_over(store, old, new, said.append, done)
    if reason is None:
        assert (served(store), said) == (OTHER, [])
    else:
        assert served(store) == DEFAULT
        assert len(said) == 1
        assert reason in said[0]
        assert "train-ranker --index products" in said[0]


def test_what_was_kept_during_the_switch_goes_over_too(store: MemoryStore) -> None:
    old = store.state("products").live
    new = replace(old, version=2)
    store.create(new)
    done = carry_over(store, old, new, print)
    store.keep_artefact("products", 1, ARTEFACT, OTHER.to_bytes())
    store.publish("products", 2)
    carry_over(store, old, new, print, done)
    assert served(store) == OTHER


def test_a_model_for_other_parts_stays_behind(store: MemoryStore) -> None:
    old = store.state("products").live
    store.create(replace(old, version=2))
    changed = OTHER.to_bytes().replace(b'"popularity"', b'"fashion"')
    keep(store, "products", ARTEFACT, changed)
    said: list[str] = []
    carry_over(store, old, replace(old, version=2), said.append)
    assert store.artefact("products", 2, ARTEFACT) is None
    assert "fashion" in said[0]


def test_a_reindex_carries_it(tmp_path: Path) -> None:
    store, encoder = EdgeStore(tmp_path / "data"), FakeEncoder()
    source = EncoderSource(encoder.card.files, lambda: encoder)
    file = tmp_path / "catalogue.jsonl"

    def reindex(count: int) -> int:
        rows = [{"id": f"p{number}", "title": f"lamp number {number}"} for number in range(count)]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        runner = Reindexer(store, source, tmp_path / "data", QUIET)
        return runner.run(Job("products", (str(file),)), read_catalogue([str(file)], None), lambda _: None).version

    assert reindex(20) == 1
    serving = store.open("products")
    keep(store, "products", ARTEFACT, OTHER.to_bytes())
    assert reindex(21) == 2
    assert RankingModel.from_bytes(store.artefact("products", 2, ARTEFACT) or b"") == OTHER
    serving.close()


# --- while serving ----------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = open_shop(tmp_path)
    yield shop
    shop.service.close()


def test_a_search_and_a_click_make_a_page_to_learn_from(shop: Shop) -> None:
    with client_of(shop.app()) as client:
        found = client.post("/indexes/products/search", json={"q": "desk lamp", "user": "anna"}).json()
        other = client.post("/indexes/products/search", json={"q": "desk lamp", "user": "anna"}).json()
        wanted = found["hits"][1]["id"]
        assert list(shop.kept.shown("products")) == []
        event = {"type": "click", "user": "anna", "product": wanted, "queryID": found["queryID"], "position": 2}
        assert client.post("/events", json=[event]).status_code == 202
        (page,) = shop.kept.shown("products")
        assert page.products == tuple(hit["id"] for hit in found["hits"])
        assert page.query_id == found["queryID"] != other["queryID"]
        assert page.shopper == shop.service.shoppers.name("anna")
        assert page.parts[0, 0] > 0
        # Erased, she leaves neither this page nor the one that waits.
        assert client.delete("/users/anna").status_code in (200, 202, 204)
        late = {"type": "click", "product": wanted, "queryID": other["queryID"]}
        client.post("/events", json=[late])
        assert list(shop.kept.shown("products")) == []


def test_weights_that_are_kept_are_served_within_a_refresh(shop: Shop) -> None:
    engine = shop.service.engine

    def order() -> list[str]:
        return [str(hit.document["id"]) for hit in engine.search("products", REQUEST).hits]

    before = order()
    upside_down = RankingModel(FEATURES, (0.0, 0.0, 1.0, *(0.0,) * (len(FEATURES) - 3)))
    keep(shop.store, "products", ARTEFACT, upside_down.to_bytes())
    assert order() == before
    engine.refresh()
    by_words = order()
    assert set(by_words) == set(before)
    parts = {str(hit.document["id"]): hit.parts for hit in engine.search("products", REQUEST).hits}
    lexical = [parts[one].get("lexical", 0.0) for one in by_words]
    assert lexical == sorted(lexical, reverse=True)
    training.reset(shop.store, "products")
    engine.refresh()
    assert order() == before
