"""Recommendations of a real engine over a small shop in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from building import build
from fake_encoder import FakeEncoder
from fake_shoppers import MemoryShopperStore
from fakes import MemoryStore

from search.domain import Compare, Hit, RecommendRequest
from search.engine import Engine
from search.errors import DocumentNotFound, FilterError, RequestError, StoreUnavailable
from search.events import Event, EventType
from search.live import LiveIndexes
from search.profiles.keeping import Profiles
from search.recommendations.others import Others
from search.settings import Settings
from search.shopper import Facts

ANN, BOB, CY = "a" * 64, "b" * 64, "c" * 64
ANYBODY = RecommendRequest()


def product(key: str, title: str, *category: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "title": title, "category": list(category), "price": 20, "currency": "USD", **more}


PRODUCTS = [
    *(product(f"lamp{n}", f"desk lamp brass shade {word}", "Home", "Lamps") for n, word in enumerate("abcdef")),
    *(product(f"tea{n}", f"green tea leaves tin {word}", "Food", "Tea") for n, word in enumerate("ghijkl")),
    *(product(f"boot{n}", f"leather hiking boot {word}", "Shoes", "Boots") for n, word in enumerate("mnopqr")),
    product("pot", "cast iron pot for green tea", "Kitchen", "Pots"),
    product("bulb", "bulb for a desk lamp", "Home", "Bulbs"),
    product("gone", "desk lamp brass shade sold out", "Home", "Lamps", in_stock=False),
    product("red", "canvas tent red", "Camping", "Tents", variant_of="tent"),
    product("blue", "canvas tent blue", "Camping", "Tents", variant_of="tent"),
    product("green", "canvas tent green", "Camping", "Tents", variant_of="tent"),
]


@dataclasses.dataclass
class Shop:
    engine: Engine
    kept: MemoryShopperStore
    profiles: Profiles
    others: Others
    store: MemoryStore

    def did(self, shopper: str | None, type: EventType, *products: str, days_ago: float = 1.0) -> None:
        now = datetime.now(UTC)
        events = [
            Event(type, shopper, (now - timedelta(days=days_ago, seconds=-n)).isoformat(), each)
            for n, each in enumerate(products)
        ]
        self.profiles.record(events)

    def count(self) -> None:
        self.others.look(at_once=True)
        with self.engine.opened() as (collection,):
            self.profiles.keep_all(collection)
        self.engine.refresh()

    def ids(self, request: RecommendRequest = ANYBODY, **changes: Any) -> list[str]:
        return [str(hit.document["id"]) for hit in self.hits(request, **changes)]

    def hits(self, request: RecommendRequest = ANYBODY, **changes: Any) -> tuple[Hit, ...]:
        return self.engine.recommend("products", dataclasses.replace(request, **changes)).hits


@pytest.fixture
def shop() -> Iterator[Shop]:
    store, encoder, kept = MemoryStore(), FakeEncoder(), MemoryShopperStore()
    build(store, encoder, PRODUCTS)
    profiles, others = Profiles(kept, encoder, Settings(), working=False), Others(kept, working=False)
    engine = Engine(store, encoder, LiveIndexes(store, encoder.card), profiles=profiles, others=others)
    yield Shop(engine, kept, profiles, others, store)
    engine.close()


def because(hit: Hit) -> list[str]:
    assert hit.receipt is not None
    return [reason.part for reason in hit.receipt.because]


def test_where_nothing_is_known_there_is_a_bit_of_everything(shop: Shop) -> None:
    found = shop.ids()
    assert found == shop.ids(), "and the same each time"
    assert {name.rstrip("0123456789") for name in found[:6]} >= {"lamp", "tea", "boot"}
    assert "gone" not in found
    assert len(found) == 20


def test_what_many_like_comes_first_for_somebody_unknown(shop: Shop) -> None:
    for number in range(5):
        shop.did(f"{number}" * 64, "purchase", "boot3", *(["tea1"] if number < 2 else []), days_ago=number)
    shop.count()
    first, second, *_ = shop.hits()
    assert [first.document["id"], second.document["id"]] == ["boot3", "tea1"]
    assert because(first) == ["popular"]


def test_the_visit_that_goes_on_comes_before_old_taste(shop: Shop) -> None:
    shop.did(ANN, "purchase", "tea0", "tea1", days_ago=40)
    shop.did(ANN, "view", "lamp0", days_ago=0.001)
    found = shop.hits(shopper=ANN)
    assert str(found[0].document["id"]).startswith("lamp")
    assert because(found[0])[0] == "session"
    reason = found[0].receipt.because[0]  # type: ignore[union-attr]
    assert (reason.products, reason.event) == (("lamp0",), "view")
    assert any(str(hit.document["id"]).startswith("tea") for hit in found[:8])


def test_bought_hidden_and_sold_out_products_are_left_out(shop: Shop) -> None:
    shop.did(ANN, "purchase", "lamp0", "red")
    shop.did(ANN, "hide", "lamp1")
    shop.did(ANN, "view", "lamp2")
    found = shop.ids(shopper=ANN, limit=100)
    assert not {"lamp0", "lamp1", "lamp2", "gone"} & set(found)
    assert "lamp3" in found[:5]
    assert not {"blue", "green", "red"} & set(found), "a variant of what they have is no news"
    assert len(set(found)) == len(found)


def test_variants_of_one_product_are_not_repeated(shop: Shop) -> None:
    shop.did(ANN, "search", "lamp0")
    found = shop.ids(limit=100)
    assert len({"red", "blue", "green"} & set(found)) == 1


def test_what_is_used_up_comes_back_when_it_is_time(shop: Shop) -> None:
    for number in range(25):
        for days_ago in (90.0, 60.0, 30.0):
            shop.did(f"{number:064x}", "purchase", "tea5", days_ago=days_ago)
        shop.did(f"{number:064x}", "purchase", "lamp5", days_ago=50.0)
    shop.did(ANN, "purchase", "tea0", "lamp0", days_ago=29)
    shop.did(BOB, "purchase", "tea0", "lamp0", days_ago=5)
    shop.count()
    assert "tea0" in shop.ids(shopper=ANN, limit=100)
    assert "lamp0" not in shop.ids(shopper=ANN, limit=100), "a lamp lasts"
    assert "tea0" not in shop.ids(shopper=BOB, limit=100), "there is some left"


def test_what_they_buy_again_themselves_comes_back_too(shop: Shop) -> None:
    for days_ago in (75.0, 50.0, 25.0):
        shop.did(ANN, "purchase", "lamp0", days_ago=days_ago)
    assert "lamp0" in shop.ids(shopper=ANN, limit=100)
    shop.did(ANN, "purchase", "lamp0", days_ago=2)
    assert "lamp0" not in shop.ids(shopper=ANN, limit=100)


def test_praise_is_no_second_purchase(shop: Shop) -> None:
    shop.did(ANN, "purchase", "lamp0", days_ago=80)
    now = datetime.now(UTC)
    shop.profiles.record([Event("rating", ANN, (now - timedelta(days=70)).isoformat(), "lamp0", value=5)])
    assert "lamp0" not in shop.ids(shopper=ANN, limit=100)


def test_shoppers_with_the_same_products_speak_for_what_they_took_besides(shop: Shop) -> None:
    for shopper in (BOB, CY):
        shop.did(shopper, "purchase", "lamp0", days_ago=3)
        shop.did(shopper, "purchase", "boot4", days_ago=9)
    shop.did(ANN, "purchase", "lamp0", days_ago=3)
    shop.count()
    found = {str(hit.document["id"]): hit for hit in shop.hits(shopper=ANN)}
    assert "neighbours" in because(found["boot4"])
    assert next(name for name in found if not name.startswith(("lamp", "bulb"))) == "boot4"


def test_what_is_taken_together_goes_with_a_product(shop: Shop) -> None:
    for shopper in (BOB, CY):
        shop.did(shopper, "purchase", "lamp0", "boot1")
    shop.count()
    result = shop.engine.goes_with("products", ["lamp0"], ANYBODY)
    assert result.hits[0].document["id"] == "boot1"
    assert because(result.hits[0])[0] == "together"
    assert result.hits[0].receipt.because[0].products == ("lamp0",)  # type: ignore[union-attr]
    found = [str(hit.document["id"]) for hit in result.hits]
    assert "bulb" in found[:3], "and what its text speaks of"
    assert not [name for name in found if name.startswith("lamp")], "another lamp is instead, not with it"


def test_where_nothing_is_known_the_same_aisle_goes_before_a_text_that_is_as_near(shop: Shop) -> None:
    found = shop.engine.goes_with("products", ["lamp0"], ANYBODY).hits
    assert found[0].document["id"] == "bulb"
    assert "aisle" in {reason.part for reason in found[0].receipt.because}
    assert found[0].parts["aisle"] == pytest.approx(0.15)  # Home, and not Lamps: half of the way


def test_a_basket_is_completed(shop: Shop) -> None:
    for shopper in (BOB, CY):
        shop.did(shopper, "purchase", "tea0", "pot")
    shop.count()
    assert shop.ids(basket=("tea0",))[0] == "pot"
    assert "pot" not in shop.ids(basket=("tea0", "pot"), limit=100)
    assert shop.ids(basket=("nothing of the kind",)), "unknown products count nothing"
    with pytest.raises(DocumentNotFound):
        shop.engine.goes_with("products", ["nothing of the kind"], ANYBODY)


def test_filters_are_kept_to(shop: Shop) -> None:
    shop.did(ANN, "view", "lamp0", days_ago=0.001)
    only = Compare("category", "=", "Tea")
    for request in (RecommendRequest(filter=only), RecommendRequest(shopper=ANN, filter=only)):
        assert sorted(shop.ids(request)) == [f"tea{n}" for n in range(6)]
    with pytest.raises(FilterError):
        shop.ids(filter=Compare("no such field", "=", "x"))


@pytest.mark.parametrize("request_", [ANYBODY, RecommendRequest(shopper=ANN), RecommendRequest(basket=("lamp0",))])
def test_pages_neither_repeat_nor_skip(shop: Shop, request_: RecommendRequest) -> None:
    shop.did(ANN, "purchase", "tea0", "lamp1")
    shop.did(BOB, "purchase", "tea0", "boot1")
    shop.count()
    whole = shop.hits(request_, limit=200)
    assert [hit.rank for hit in whole] == list(range(1, len(whole) + 1))
    pages = [hit for start in range(0, len(whole), 3) for hit in shop.hits(request_, limit=3, offset=start)]
    assert pages == list(whole)
    assert shop.hits(request_, offset=len(whole)) == ()
    assert shop.engine.recommend("products", dataclasses.replace(request_, limit=0)).total == len(whole)


def test_a_list_may_come_from_the_browser_and_nothing_is_kept(shop: Shop) -> None:
    found = shop.hits(recent=("boot0", "boot1"))
    assert str(found[0].document["id"]).startswith("boot")
    assert shop.kept.shopper(ANN) is None
    assert list(shop.kept.events()) == []


def test_declared_interests_start_somebody_new(shop: Shop) -> None:
    shop.profiles.declare(ANN, lambda record: dataclasses.replace(record, facts=Facts(interests=("hiking boot",))))
    first = shop.hits(shopper=ANN)[0]
    assert str(first.document["id"]).startswith("boot")
    assert first.receipt is not None
    assert first.receipt.because[0].declared


def test_who_is_not_known_is_answered_as_anybody(shop: Shop) -> None:
    for shopper in (ANN, BOB, CY):
        shop.did(shopper, "purchase", "lamp0", "boot1")
    shop.did(ANN, "hide", "lamp3")
    shop.count()
    before = shop.hits(shopper=ANN)
    assert before != shop.hits()
    assert shop.hits(shopper=ANN, personalize=False) == shop.hits()
    assert shop.hits(shopper="f" * 64) == shop.hits()
    shop.profiles.declare(ANN, lambda record: dataclasses.replace(record, consent=False))
    shop.profiles.erase(BOB)
    for basket in ((), ("tea0",)):
        assert shop.hits(shopper=ANN, basket=basket) == shop.hits(basket=basket)
        assert shop.hits(shopper=BOB, basket=basket) == shop.hits(basket=basket)


def test_diversity_is_a_choice(shop: Shop) -> None:
    shop.did(ANN, "view", "lamp0", days_ago=0.001)
    likely = shop.ids(shopper=ANN, diversity=0)
    assert all(name.startswith(("lamp", "bulb")) for name in likely[:5])
    mixed = shop.hits(shopper=ANN, diversity=0.9)
    assert len({str(hit.document["id"]).rstrip("0123456789") for hit in mixed[:5]}) > 2
    assert [hit.receipt.base_rank for hit in mixed if hit.receipt] != [hit.rank for hit in mixed]
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(RequestError, match="diversity"):
            shop.ids(diversity=wrong)


def test_without_the_store_of_neighbours_there_are_recommendations_all_the_same(shop: Shop) -> None:
    shop.did(ANN, "purchase", "lamp0")

    def fail(*_: object) -> None:
        raise StoreUnavailable("The store is away.")

    shop.kept.neighbours = fail  # type: ignore[method-assign, assignment]
    result = shop.engine.recommend("products", RecommendRequest(shopper=ANN))
    assert result.degraded == ("neighbours",)
    assert result.hits


def test_a_new_product_is_found_by_its_text(shop: Shop) -> None:
    shop.did(ANN, "view", "boot0", days_ago=0.001)
    build(shop.store, FakeEncoder(), [*PRODUCTS, product("new", "leather hiking boot new", "Shoes", "Boots")])
    shop.engine.refresh()
    assert "new" in shop.ids(shopper=ANN)[:8]
