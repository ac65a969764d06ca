"""A variant whose index cannot be opened: it costs one try now and then, not one for each search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from building import build
from fake_encoder import FakeEncoder
from fake_shoppers import MemoryShopperStore
from fakes import MemoryCollection, MemoryStore

from search.bootstrap import Service, serve
from search.domain import IndexState, SearchRequest
from search.experiments.definitions import parse_experiments
from search.experiments.serving import REST, Experiments
from search.settings import Settings

TEXT = """
[[experiment]]
name = "other"
index = "products"
method = "interleave"
[[experiment.variant]]
name = "now"
[[experiment.variant]]
name = "new"
index = "other"
"""

ROWS = [{"id": f"c{number}", "title": f"Oak chair {number}"} for number in range(5)]


class Watched(MemoryStore):
    """Notes who looks at an index and who opens it."""

    def __init__(self) -> None:
        super().__init__()
        self.looked: list[str] = []
        self.opened: list[str] = []

    def state(self, index: str) -> IndexState:
        self.looked.append(index)
        return super().state(index)

    def open(self, index: str, version: int | None = None, snapshot: bool = False) -> MemoryCollection:
        self.opened.append(index)
        return super().open(index, version, snapshot)


class Shop:
    """`now` is what the clock of the experiment says."""

    def __init__(self, folder: Path) -> None:
        self.store, self.encoder = Watched(), FakeEncoder()
        build(self.store, self.encoder, ROWS)
        settings = Settings.model_validate({"data_dir": folder, "user_secret": "s"})
        self.service: Service = serve(self.store, self.encoder, settings, MemoryShopperStore())
        self.now = 0.0
        self.experiments = Experiments(parse_experiments(TEXT, "x"), lambda _: True, 100, lambda: self.now)

    def interleaved(self) -> bool:
        request = SearchRequest("chair", shopper=self.service.shoppers.name("u-1"))
        served = self.experiments.search(self.service.engine, "products", request)
        assert len(served.result.hits) == 5
        assert (served.part is None) == (served.missed is not None)
        return served.part is not None

    def tries(self) -> int:
        return [*self.store.looked, *self.store.opened].count("other")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.service.close()


@pytest.mark.parametrize("encoder", [FakeEncoder(name="another"), None], ids=["another encoder", "no index"])
def test_what_cannot_be_opened_is_left_alone_for_a_while(shop: Shop, encoder: FakeEncoder | None) -> None:
    if encoder is not None:
        build(shop.store, encoder, ROWS, index="other")
    shop.store.looked.clear()
    for at in (0.0, 1.0, REST / 2, REST - 0.1):
        shop.now = at
        assert not shop.interleaved()
    assert shop.tries() == 1
    shop.now = REST + 0.1
    assert not shop.interleaved()
    assert shop.tries() == 2
    assert "other" not in shop.store.opened  # its manifest says enough
    build(shop.store, shop.encoder, ROWS, index="other")
    shop.now = 2 * REST + 1
    assert shop.interleaved()


def test_a_variant_on_the_same_index_is_not_left_alone(shop: Shop) -> None:
    """Whatever is wrong there lies in the request."""
    text = TEXT.replace('index = "other"', 'filter = "no_such_field = 1"')
    shop.experiments = Experiments(parse_experiments(text, "x"), lambda _: True, 100, lambda: shop.now)
    assert [shop.interleaved() for _ in range(2)] == [False, False]
    assert shop.experiments._resting == {}
