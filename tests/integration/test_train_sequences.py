"""`python -m indexer train-sequences` over an index and shoppers' events: what is learnt, kept, carried, refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_encoder import FakeEncoder
from fake_shoppers import MemoryShopperStore

from indexer.catalogue import read_catalogue
from indexer.progress import Progress
from indexer.reindex import EncoderSource, Job, Reindexer
from indexer.train_sequences import Trained, train_sequences
from search.domain import Manifest
from search.encoding import sequences
from search.errors import EncoderMismatch, IndexNotFound, SettingsError, TrainingError
from search.events import Event
from search.protocols import ShopperStore
from search.recommending.blend_files import ARTEFACT, from_bytes
from search.recommending.interactions import Trail
from search.settings import Settings
from search.shopper import Shopper
from search.storage.edge import EdgeStore

pytestmark = pytest.mark.usefixtures("brief_calibration")

THINGS = ("lamp", "kettle", "desk", "mug")
EACH = 6
IDS = [f"{thing}{number}" for thing in THINGS for number in range(EACH)]


class Shop:
    """After a thing of one kind shoppers buy one of the next kind: after lamps, kettles, and so on, round and round."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(data_dir=folder / "data", device="cpu")
        self.store = EdgeStore(folder / "data")
        self.shoppers = MemoryShopperStore()
        self.opened_with: list[int] = []

    def reindex(self, *left_out: str, encoder: str = "one", full: bool = False) -> None:
        file = self.folder / "catalogue.jsonl"
        rows = [{"id": name, "title": f"{name[:-1]} {name}", "brand": "Tarn"} for name in IDS if name not in left_out]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        used = FakeEncoder(name=encoder)
        source = EncoderSource(used.card.files, lambda: used)
        job = Job("products", (str(file),), full=full)
        Reindexer(self.store, source, self.folder / "data", Progress(quiet=True)).run(
            job, read_catalogue([str(file)], None), lambda problem: None
        )

    def buy(self, shoppers: int, steps: int = 5) -> None:
        rng = np.random.default_rng(1)
        for shopper in range(shoppers):
            kind = int(rng.integers(len(THINGS)))
            for step in range(steps):
                name = f"{THINGS[(kind + step) % len(THINGS)]}{rng.integers(EACH)}"
                moment = f"2026-02-{step + 1:02}T08:{shopper // 60:02}:{shopper % 60:02}.000Z"
                self.shoppers.add([Event("purchase", f"s{shopper}", moment, name)])

    def train(self, device: str | None = None, meanwhile: Callable[[], None] = lambda: None) -> Trained:
        def opened(manifest: Manifest) -> ShopperStore:
            self.opened_with.append(manifest.encoder.dimension)
            meanwhile()
            return self.shoppers

        return train_sequences(
            self.store, "products", self.settings, Progress(quiet=True), seed=1, device=device, kept=opened
        )

    def artefact(self) -> bytes | None:
        return self.store.artefact("products", self.store.state("products").live.version, ARTEFACT)


def brief(monkeypatch: pytest.MonkeyPatch, epochs: int) -> None:
    for name in ("GRU", "SASREC"):
        recipe = replace(
            getattr(sequences, name), width=16, members=1, most_epochs=epochs, batch=32, rate=1e-2, kept=0.9
        )
        monkeypatch.setattr(sequences, name, recipe)


@pytest.fixture(autouse=True)
def _as_brief_as_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    brief(monkeypatch, 1)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    found = Shop(tmp_path)
    found.reindex()
    return found


def test_what_follows_what_is_learnt_and_kept_while_the_index_is_served(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief(monkeypatch, 8)
    shop.buy(120)
    serving = shop.store.open("products")  # the one opener that the embedded engine allows
    try:
        before = serving.artefact_stamp(ARTEFACT)
        trained = shop.train()
        assert before is None
        assert serving.artefact_stamp(ARTEFACT) is not None
        data = serving.artefact(ARTEFACT)
    finally:
        serving.close()

    assert (trained.index, trained.version, trained.products) == ("products", 1, 24)
    assert (trained.shoppers, trained.events, trained.elsewhere) == (120, 600, 0)
    assert shop.opened_with == [64]
    assert data is not None
    assert trained.bytes == len(data)
    recommender = from_bytes(data)
    assert [network.name for network in recommender.networks] == ["gru", "sasrec"]
    vectors = FakeEncoder().encode_documents([f"{name[:-1]} {name}, Tarn" for name in IDS])
    documents = {name: {"title": f"{name[:-1]} {name}", "brand": "Tarn"} for name in IDS}
    scores = recommender.over(IDS, vectors, documents).scores([Trail.of([IDS.index("desk1"), IDS.index("mug1")])])[0]
    best = {IDS[place][:-1] for place in np.argsort(-scores)[:3]}
    assert best == {"lamp"}
    for network in recommender.networks:
        shares = network.over(IDS, vectors).scores([Trail.of([IDS.index("desk1"), IDS.index("mug1")])])[0]
        assert shares.reshape(len(THINGS), EACH)[0].sum() > 0.5


def test_a_reindex_carries_over_what_was_learnt_unless_the_encoder_is_another(shop: Shop) -> None:
    shop.buy(60)
    shop.train()
    learnt = shop.artefact()
    assert learnt is not None
    shop.reindex("lamp5")
    assert shop.store.state("products").live.version == 2
    assert shop.artefact() == learnt

    shop.reindex("lamp5", encoder="two", full=True)
    assert shop.store.state("products").live.version == 3
    assert shop.artefact() is None


def test_a_damaged_artefact_stays_behind(shop: Shop) -> None:
    shop.store.keep_artefact("products", 1, ARTEFACT, b"PK damaged")
    shop.reindex("lamp5")
    assert shop.artefact() is None


def test_an_encoder_that_changes_meanwhile_stops_it(shop: Shop) -> None:
    shop.buy(60)
    with pytest.raises(EncoderMismatch, match=r"version 2 of index 'products' went live, built with two.*Start again"):
        shop.train(meanwhile=lambda: shop.reindex(encoder="two", full=True))
    assert shop.artefact() is None


def test_a_reindex_that_goes_live_meanwhile_gets_it(shop: Shop) -> None:
    shop.buy(60)
    trained = shop.train(meanwhile=lambda: shop.reindex("lamp5"))
    assert trained.version == 2
    assert shop.artefact() is not None


def test_without_events_nothing_is_learnt(shop: Shop) -> None:
    with pytest.raises(TrainingError, match=r"no events of shoppers yet.*python -m indexer events EVENTS"):
        shop.train()
    assert shop.artefact() is None


def test_too_few_shoppers_and_events_of_another_shop(shop: Shop) -> None:
    shop.buy(19)
    shop.shoppers.add([Event("view", "s1", "2026-01-01T00:00:00.000Z", "sofa1")])
    with pytest.raises(TrainingError, match=r"Only 19 shoppers .* at least 20 are needed. 1 of 96 events are about"):
        shop.train()


def test_nothing_is_learnt_of_who_has_not_agreed(shop: Shop) -> None:
    shop.buy(60)
    for number in range(50):
        shop.shoppers.put(Shopper(f"s{number}", consent=False))
    with pytest.raises(TrainingError, match="Only 10 shoppers"):
        shop.train()


def test_an_index_or_device_that_is_not_there(shop: Shop, tmp_path: Path) -> None:
    shop.buy(60)
    with pytest.raises(SettingsError, match="abacus"):
        shop.train(device="abacus")
    with pytest.raises(IndexNotFound):
        train_sequences(EdgeStore(tmp_path / "empty"), "products", shop.settings, Progress(quiet=True))
