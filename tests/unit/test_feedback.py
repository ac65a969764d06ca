"""Pages wait in memory, are kept with the first act on them, and are nobody's business otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from fake_shoppers import MemoryShopperStore

from search.domain import Evidence, Hit, Query, SearchRequest, SearchResult, SortKey
from search.errors import StoreUnavailable
from search.events import Event, Receipt
from search.feedback import MOST_BYTES, RECORDED, Feedback
from search.shopper import Shown

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
ANNA, BEN = "a" * 64, "b" * 64


def result(ids: str = "abc", text: str = "lamp", **more: Any) -> SearchResult:
    hits = tuple(
        Hit({"id": one, "title": "never kept"}, rank, 1 / rank, {"semantic": 0.5, "kind": 1.0})
        for rank, one in enumerate(ids, start=1)
    )
    return SearchResult(Query("red lamp", text, "en"), hits, len(ids), version=7, **more)


def click(query_id: str = "q", product: str = "b", shopper: str | None = ANNA, **more: Any) -> Event:
    return Event(
        **{
            "type": "click",
            "shopper": shopper,
            "timestamp": "2026-03-01T12:00:09.000Z",
            "product": product,
            "query_id": query_id,
            **more,
        }
    )


class Shop:
    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.store = MemoryShopperStore()
        self.strangers: set[str] = set()
        self.feedback = Feedback(self.store, lambda name: name not in self.strangers, most_bytes, lambda: NOW)

    def serve(self, query_id: str = "q", shopper: str | None = ANNA, page: SearchResult | None = None) -> None:
        self.feedback.served(query_id, "products", SearchRequest("red lamp", shopper=shopper), page or result())

    def kept(self) -> list[Shown]:
        return list(self.store.shown("products"))


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_page_is_kept_with_the_first_act_on_it_and_once(shop: Shop) -> None:
    shop.serve()
    shop.serve("other")
    assert (shop.kept(), shop.feedback.waiting) == ([], 2)
    shop.feedback.events([click(), click(product="c"), click(type="purchase")])
    shop.feedback.events([click()])
    (page,) = shop.kept()
    assert shop.feedback.waiting == 1
    assert (page.query_id, page.index, page.version, page.shopper) == ("q", "products", 7, ANNA)
    assert (page.products, page.features, page.offset) == (("a", "b", "c"), RECORDED, 0)
    assert page.timestamp == "2026-03-01T12:00:00.250Z"
    assert page.base_ranks == (1, 2, 3)


def test_its_parts_are_those_that_ranked_it(shop: Shop) -> None:
    unmet = (Evidence(0, "satisfied", "brand"), Evidence(1, "unknown", "price"), Evidence(2, "violated", "colour"))
    hits = (
        Hit({"id": "a"}, 21, 0.9, {"semantic": 0.5, "profile": 0.3, "interest": -0.25}, unmet, Receipt(24, 21)),
        Hit({"id": "b"}, 22, 0.4, {"score": 7.0}),
    )
    page = replace(result(), hits=hits)
    shop.feedback.served("q", "products", SearchRequest("lamp", offset=20), page)
    shop.feedback.events([click(shopper=None)])
    (kept,) = shop.kept()
    first, second = (dict(zip(RECORDED, row.tolist(), strict=True)) for row in kept.parts)
    assert (first["score"], first["semantic"], first["interest"], first["unmet"]) == (
        pytest.approx(0.9), 0.5, -0.25, 2.0,
    )  # fmt: skip
    assert "profile" not in first
    assert np.isnan(first["popularity"])
    assert second["score"] == pytest.approx(0.4), "the score, whatever a part is called"
    assert (kept.offset, kept.base_ranks, kept.shopper) == (20, (24, 22), None)
    assert "never kept" not in repr(kept)
    assert "lamp" not in repr(kept)


@pytest.mark.parametrize(
    "event",
    [
        click("unknown"),
        click(product="z"),
        click(query_id=None),
        click(shopper=BEN),
        click(type="search", product=None),
        click(type="hide"),
        click(type="rating", value=5.0),
    ],
)
def test_other_events_keep_nothing(shop: Shop, event: Event) -> None:
    shop.serve()
    shop.feedback.events([event])
    assert (shop.kept(), shop.feedback.waiting) == ([], 1)


@pytest.mark.parametrize(("searched_as", "clicked_as"), [(None, None), (None, ANNA), (ANNA, None), (ANNA, ANNA)])
def test_whoever_acts_may_be_nobody_known(shop: Shop, searched_as: str | None, clicked_as: str | None) -> None:
    shop.serve(shopper=searched_as)
    shop.feedback.events([click(shopper=clicked_as)])
    assert [page.shopper for page in shop.kept()] == [searched_as]


@pytest.mark.parametrize(("searched_as", "clicked_as"), [(None, ANNA), (ANNA, None), (ANNA, ANNA)])
def test_of_who_may_not_be_known_nothing_is_kept(shop: Shop, searched_as: str | None, clicked_as: str | None) -> None:
    shop.strangers.add(ANNA)
    shop.serve(shopper=searched_as)
    assert shop.feedback.waiting == (searched_as is None), "not even in memory"
    shop.feedback.events([click(shopper=clicked_as)])
    assert (shop.kept(), shop.feedback.waiting) == ([], 0)


def test_a_page_from_before_the_consent_is_not_kept_after_it(shop: Shop) -> None:
    shop.strangers.add(ANNA)
    shop.serve()
    shop.strangers.clear()
    shop.feedback.events([click()])
    assert shop.kept() == []


def test_where_it_cannot_be_asked_who_may_be_known_searches_and_events_go_on() -> None:
    def broken(shopper: str) -> bool:
        raise StoreUnavailable("no")

    store = MemoryShopperStore()
    feedback = Feedback(store, broken, now=lambda: NOW)
    feedback.served("q", "products", SearchRequest("lamp", shopper=ANNA), result())
    feedback.served("r", "products", SearchRequest("lamp"), result())
    feedback.events([click("r")])
    assert (list(store.shown("products")), feedback.waiting) == ([], 0)


@pytest.mark.parametrize(
    ("request_", "page"),
    [
        (SearchRequest("lamp", recent=("x",)), result()),
        (SearchRequest("lamp", sort=(SortKey("price"),)), result()),
        (SearchRequest("lamp", semantic_ratio=0.2), result()),
        (SearchRequest(""), result(text="")),
        (SearchRequest("lamp"), result("a")),
        (SearchRequest("lamp"), result("")),
        (SearchRequest("lamp"), SearchResult(Query("lamp", "lamp", "en", sort=(SortKey("price"),)), result().hits, 3)),
        (
            SearchRequest("lamp"),
            SearchResult(Query("lamp", "lamp", "en"), (*result().hits, Hit({"id": "d"}, 4, 1.0, {"code": 1.0})), 4),
        ),
    ],
    ids=["client-held", "sorted", "weighed", "browsed", "one hit", "no hit", "cheapest", "by code"],
)
def test_pages_that_teach_nothing_do_not_wait(shop: Shop, request_: SearchRequest, page: SearchResult) -> None:
    shop.feedback.served("q", "products", request_, page)
    assert shop.feedback.waiting == 0


def test_memory_is_bounded_and_the_oldest_page_goes_first() -> None:
    shop = Shop(most_bytes=20_000)
    for number in range(500):
        shop.serve(f"q{number}")
        assert shop.feedback.waiting < 20
    first = 500 - shop.feedback.waiting
    shop.feedback.events([click(f"q{first - 1}"), click(f"q{first}"), click("q499")])
    assert {page.query_id for page in shop.kept()} == {f"q{first}", "q499"}
    waiting = shop.feedback.waiting
    shop.serve("q400")
    shop.serve("q400")
    assert shop.feedback.waiting <= waiting + 1
    assert Shop(most_bytes=10).feedback.waiting == 0


def test_a_page_that_cannot_be_kept_now_waits_for_the_next_act(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(_: object) -> None:
        raise StoreUnavailable("the server does not answer")

    shop.serve()
    with monkeypatch.context() as broken:
        broken.setattr(shop.store, "add_shown", away)
        shop.feedback.events([click()])
    assert "does not answer" in caplog.text
    assert shop.kept() == []
    shop.feedback.events([click(product="c")])
    assert len(shop.kept()) == 1


def test_whoever_is_forgotten_leaves_no_page(shop: Shop) -> None:
    shop.serve("q1")
    shop.serve("q2", BEN)
    shop.serve("q3", None)
    shop.feedback.forget(ANNA)
    shop.feedback.events([click("q1"), click("q2", shopper=BEN), click("q3", shopper=None)])
    assert {page.query_id for page in shop.kept()} == {"q2", "q3"}
