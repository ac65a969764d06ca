"""Profiles while serving: consent, erasing, what makes a profile anew, what is done beside requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from building import build
from fake_encoder import FakeEncoder
from fake_shoppers import MemoryShopperStore
from fakes import MemoryCollection, MemoryStore

from search.domain import Document
from search.errors import ConsentError, IndexNotFound, StoreUnavailable
from search.events import Event, EventType
from search.profiles import chores, missing, weights
from search.profiles.chores import Chores
from search.profiles.keeping import Profiles
from search.protocols import Collection
from search.settings import Settings
from search.shopper import Facts, Profile, Shopper

ANN, BOB = "a" * 64, "b" * 64
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)

ROWS: list[Document] = [
    {"id": "k1", "title": "Quiet keyboard", "brand": "Quillmark", "category": ["Office", "Keyboards"], "price": 90.0},
    {"id": "k2", "title": "Loud keyboard", "brand": "Clacker", "category": ["Office", "Keyboards"], "price": 70.0},
    {"id": "k3", "title": "Small keyboard", "brand": "Quillmark", "category": ["Office", "Keyboards"], "price": 80.0},
    {"id": "l1", "title": "Red lamp", "brand": "Lantern", "category": ["Home", "Lamps"], "price": 25.0},
    {"id": "l2", "title": "Blue lamp", "brand": "Lantern", "category": ["Home", "Lamps"], "price": 35.0},
]


class CountingStore(MemoryShopperStore):
    """Counts what is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def latest(self, shopper: str, limit: int, types: Sequence[EventType] = ()) -> list[Event]:
        self.asked.append("latest")
        return super().latest(shopper, limit, types)

    def shopper(self, name: str) -> Shopper | None:
        self.asked.append("shopper")
        return super().shopper(name)

    def profile(self, shopper: str, index: str, version: int, stamp: str) -> Profile | None:
        self.asked.append("profile")
        return super().profile(shopper, index, version, stamp)


class Shop:
    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = Settings.model_validate({"data_dir": folder, **settings})
        self.versions, self.encoder, self.kept = MemoryStore(), FakeEncoder(), CountingStore()
        build(self.versions, self.encoder, ROWS)
        self.now = NOW
        self.profiles = self.open()

    def open(self) -> Profiles:
        return Profiles(self.kept, self.encoder, self.settings, lambda: self.now, working=False)

    @property
    def collection(self) -> MemoryCollection:
        return self.versions.open("products")

    def of(self, shopper: str = ANN) -> Profile | None:
        return self.profiles.of(self.collection, shopper)

    def did(self, type_: EventType, product: str | None, shopper: str | None = ANN, minutes: float = 60) -> int:
        moment = (self.now - timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
        return self.profiles.record([Event(type_, shopper, moment, product)])

    def declare(self, shopper: str = ANN, **change: Any) -> Shopper:
        return self.profiles.declare(shopper, lambda record: replace(record, **change))

    def brands(self, shopper: str = ANN) -> dict[str, float]:
        profile = self.of(shopper)
        return {} if profile is None else {k: a.weight for k, a in profile.affinities.get("brand", {}).items()}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


# --- what comes out --------------------------------------------------------------------------------------------------


def test_nobody_known_has_no_profile(shop: Shop) -> None:
    assert shop.profiles.of(shop.collection, None) is None
    assert shop.of() is None
    assert shop.did("search", None) == 1
    assert shop.of() is None, "a search alone says nothing that could move anything"
    assert shop.did("view", "k1", shopper=None) == 1, "what nobody known did is kept, for what it says of products"


def test_an_event_counts_at_the_next_request(shop: Shop) -> None:
    assert shop.did("purchase", "k1") == 1
    first = shop.of()
    assert first is not None
    assert first.affinities["brand"]["quillmark"].products == ("k1",)
    assert first.interests[0].products == ("k1",)
    assert [band.typical for band in first.bands.values()] == pytest.approx([90.0] * 3)
    shop.did("purchase", "k3")
    assert set(shop.brands()) == {"quillmark"}
    assert shop.brands()["quillmark"] > first.affinities["brand"]["quillmark"].weight


def test_a_request_costs_one_read_of_the_record(shop: Shop) -> None:
    shop.did("purchase", "k1")
    first = shop.of()
    shop.kept.asked.clear()
    assert all(shop.of() is first for _ in range(5))
    assert shop.kept.asked == ["shopper"] * 5


def test_a_bounded_number_of_events_is_read(shop: Shop) -> None:
    shop.kept.add(
        [
            Event(
                "view", ANN, (NOW - timedelta(days=20, minutes=n)).isoformat(timespec="milliseconds"), f"l{1 + n % 2}"
            )
            for n in range(2 * weights.LATEST)
        ]
    )
    shop.did("purchase", "k1", minutes=60 * 24 * 60)
    assert "quillmark" in shop.brands(), "purchases are read further back than views"
    assert shop.kept.asked.count("latest") == 2
    profile = shop.of()
    assert profile is not None
    assert len(profile.steps) == weights.LATEST


def test_equal_stamps_and_a_new_process_find_the_kept_profile(shop: Shop) -> None:
    shop.did("purchase", "k1", minutes=3 * 24 * 60)
    first = shop.of()
    shop.profiles.tidy()
    shop.kept.asked.clear()
    again = shop.open()
    kept = again.of(shop.collection, ANN)
    assert kept is first, "the store in memory gives the same object"
    assert "latest" not in shop.kept.asked
    point = next(one for one in shop.collection.scroll() if one.product_id == "k1")
    other = shop.open()
    other.get_ready(shop.collection)
    shop.collection.upsert([replace(point, document={**point.document, "brand": "Tarn"})])
    assert other.of(shop.collection, ANN) is not first, "the product is another one since"
    shop.now += timedelta(hours=2)
    assert again.of(shop.collection, ANN) is not first, "tastes fade: after an hour it is made anew"


def test_a_visit_ends_without_an_event(shop: Shop) -> None:
    shop.did("purchase", "k1", minutes=9 * 24 * 60)
    shop.did("view", "l1", minutes=1)
    profile = shop.of()
    assert profile is not None
    assert [one.session for one in profile.interests] == [True, False, False]
    shop.now += timedelta(minutes=31)
    later = shop.of()
    assert later is not None
    assert not any(one.session for one in later.interests)


def test_a_late_product_counts_as_soon_as_it_is_there(shop: Shop) -> None:
    shop.did("purchase", "new")
    shop.did("view", "l1")
    first = shop.of()
    assert first is not None
    assert {name for one in first.interests for name in one.products} == {"l1"}
    assert shop.of() is first
    point = next(one for one in shop.collection.scroll() if one.product_id == "k1")
    shop.collection.upsert([replace(point, product_id="new", document={**point.document, "id": "new"})])
    assert set(shop.brands()) == {"quillmark"}


def test_what_another_process_writes_is_seen_within_a_minute(shop: Shop) -> None:
    shop.did("purchase", "new")
    first = shop.of()
    assert first is not None
    assert first.until - shop.now.timestamp() / 86400 == pytest.approx(weights.HOLDS_WITHOUT, abs=1e-6)


def test_a_product_that_changes_is_read_anew_and_others_are_not(shop: Shop) -> None:
    shop.did("purchase", "k1")
    shop.did("purchase", "k3")
    first = shop.of()
    point = next(one for one in shop.collection.scroll() if one.product_id == "l2")
    shop.collection.upsert([point])
    assert shop.of() is first, "l2 is none of theirs"
    point = next(one for one in shop.collection.scroll() if one.product_id == "k1")
    shop.collection.upsert([replace(point, document={**point.document, "brand": "Tarn"})])
    assert set(shop.brands()) == {"tarn"}
    for _ in range(40):  # more than are remembered one by one
        shop.collection.upsert([replace(point, product_id="x")])
    second = shop.of()
    assert second is not first
    shop.collection.delete(["k1"])
    assert set(shop.brands()) == {"quillmark"}


def test_another_version_is_another_profile(shop: Shop) -> None:
    shop.did("purchase", "k1")
    assert set(shop.brands()) == {"quillmark"}
    build(shop.versions, shop.encoder, [{**row, "brand": "New " + str(row["brand"])} for row in ROWS])
    assert set(shop.brands()) == {"new quillmark"}


def test_switched_off_for_the_whole_shop(tmp_path: Path) -> None:
    shop = Shop(tmp_path, personalization=False)
    assert shop.did("purchase", "k1") == 1
    assert shop.of() is None
    assert shop.profiles.of_products(shop.collection, ["k1"]) is None
    assert shop.profiles.known(ANN), "experiments and exports do not depend on it"


def test_client_held_history_is_kept_nowhere(shop: Shop) -> None:
    profile = shop.profiles.of_products(shop.collection, ["l2", "unknown", "l1"])
    assert profile is not None
    assert profile.interests[0].session
    assert profile.interests[0].products[0] == "l2", "the newest first"
    assert "lantern" in profile.affinities["brand"]
    assert shop.kept.asked == []
    assert shop.profiles.of_products(shop.collection, []) is None
    long = shop.profiles.of_products(shop.collection, [f"x{n}" for n in range(1000)])
    assert long is not None
    assert len(long.steps) == weights.RECENT_PRODUCTS
    older = shop.profiles.of_products(shop.collection, [f"x{n}" for n in range(8)] + ["k1"])
    assert older is not None
    assert [one.session for one in older.interests] == [False], "what came long before is no visit that goes on"


def test_requests_at_once_make_it_once(shop: Shop) -> None:
    shop.did("purchase", "k1")
    shop.kept.asked.clear()
    found: list[Profile | None] = []
    threads = [threading.Thread(target=lambda: found.append(shop.of())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in found}) == 1
    assert shop.kept.asked.count("latest") == 1


# --- consent ---------------------------------------------------------------------------------------------------------

FACTS = Facts(interests=("a red lamp",), budget={"": 50.0})


def test_declared_facts_make_a_profile_of_somebody_new(shop: Shop) -> None:
    record = shop.declare(facts=FACTS)
    assert (record.consent, record.facts) == (None, FACTS)
    profile = shop.of()
    assert profile is not None
    assert profile.interests[0].text == "a red lamp"
    assert np.array_equal(profile.interests[0].vector, shop.encoder.encode_query("a red lamp"))
    assert profile.bands[""].high == 50
    assert shop.declare() is shop.kept.shopper(ANN), "nothing changes, nothing is written"


def test_opting_out_forgets_all_but_the_word(shop: Shop) -> None:
    shop.did("purchase", "k1")
    shop.declare(facts=FACTS)
    assert shop.of() is not None
    shop.profiles.tidy()
    record = shop.declare(consent=False)
    assert replace(record, stamp="") == Shopper(ANN, consent=False)
    assert shop.of() is None
    assert not shop.profiles.known(ANN)
    assert shop.kept.latest(ANN, 10) == []
    assert shop.did("purchase", "k1") == 0
    assert shop.profiles.record([Event("view", BOB, NOW.isoformat(), "k1"), Event("view", ANN, NOW.isoformat(), "k1")])
    assert [one.shopper for one in shop.kept.events()] == [BOB]
    export = shop.profiles.export(ANN, [shop.collection])
    assert export is not None
    assert (export.events, export.profiles) == ((), {})
    assert shop.declare(consent=True).consent is True
    assert shop.of() is None, "nothing of before comes back"
    assert shop.did("purchase", "k1") == 1
    assert shop.of() is not None


def test_no_facts_of_those_who_have_not_agreed(shop: Shop) -> None:
    shop.declare(consent=False)
    with pytest.raises(ConsentError, match="send `consent` true"):
        shop.declare(facts=FACTS)
    with pytest.raises(ConsentError):
        shop.declare(BOB, facts=FACTS, consent=False)
    assert shop.kept.shopper(BOB) is None
    assert shop.declare(facts=FACTS, consent=True).facts == FACTS


def test_consent_that_is_required(tmp_path: Path) -> None:
    shop = Shop(tmp_path, consent="required")
    assert not shop.profiles.known(ANN)
    assert shop.did("purchase", "k1") == 0
    assert shop.did("view", "k1", shopper=None) == 1
    assert shop.of() is None
    with pytest.raises(ConsentError):
        shop.declare(facts=FACTS)
    assert shop.kept.shopper(ANN) is None
    shop.declare(consent=True, facts=FACTS)
    assert shop.profiles.known(ANN)
    assert shop.did("purchase", "k1") == 1
    assert "quillmark" in shop.brands()
    taken_back = shop.declare(consent=None)
    assert (taken_back.consent, taken_back.facts) == (None, Facts())
    assert shop.kept.shopper(ANN) is None
    assert shop.kept.latest(ANN, 10) == []


def test_a_refusal_that_is_repeated_is_there_all_the_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.declare(consent=False)

    def killed(shopper: Shopper) -> Shopper:
        raise StoreUnavailable("no")

    monkeypatch.setattr(shop.kept, "put", killed)
    with pytest.raises(StoreUnavailable):
        shop.declare(consent=False)
    assert not shop.profiles.known(ANN)
    assert shop.did("purchase", "k1") == 0


def test_bytes_of_facts_that_were_taken_back_are_removed(shop: Shop) -> None:
    shop.profiles.tidy(at_once=True)
    shop.declare(facts=FACTS)
    shop.profiles.tidy(at_once=True)
    assert shop.kept.purged == 1, "nothing was taken back yet"
    shop.declare(facts=replace(FACTS, interests=()))
    shop.profiles.tidy(at_once=True)
    assert shop.kept.purged == 2


def test_a_profile_of_an_index_that_was_dropped_is_none_of_the_next(shop: Shop) -> None:
    shop.did("purchase", "k1", minutes=3 * 24 * 60)
    assert "quillmark" in shop.brands()
    shop.profiles.tidy()
    shop.versions = MemoryStore()
    made = (shop.now + timedelta(minutes=1)).isoformat()
    build(
        shop.versions,
        shop.encoder,
        [{**row, "brand": "Tarn" if row["id"] == "k1" else "Lantern"} for row in ROWS],
        created_at=made,
    )
    shop.now += timedelta(minutes=2)
    shop.profiles = shop.open()
    assert shop.collection.manifest.version == 1
    assert set(shop.brands()) == {"tarn"}


def test_who_is_forgotten_while_a_profile_is_made_is_not_in_memory_either(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.did("purchase", "k1")
    read = shop.kept.latest

    def erased_meanwhile(*asked: Any) -> list[Event]:
        found = read(*asked)
        shop.profiles.erase(ANN)
        return found

    monkeypatch.setattr(shop.kept, "latest", erased_meanwhile)
    shop.of()
    shop.profiles.tidy()
    assert len(shop.profiles._entries) == 0
    assert shop.kept._profiles == {}


def test_a_body_of_many_shoppers_is_one_question(shop: Shop) -> None:
    shop.declare("shopper-3", consent=False)
    shop.kept.asked.clear()
    sent = [Event("view", f"shopper-{number}", NOW.isoformat(), "k1") for number in range(50)]
    assert shop.profiles.record([*sent, Event("view", None, NOW.isoformat(), "k1")]) == 50
    assert shop.kept.asked == []
    assert shop.kept.shopper("shopper-3") == shop.kept.shoppers(["shopper-3", "nobody"])[0]


def test_erasing_forgets_the_word_too_and_tells_others(shop: Shop) -> None:
    told: list[str] = []
    shop.profiles.when_forgotten(told.append)
    shop.did("purchase", "k1")
    shop.did("purchase", "k1", shopper=BOB)
    shop.of()
    shop.declare(consent=True)
    assert shop.profiles.erase(ANN) >= 2
    assert told == [ANN]
    assert shop.profiles.export(ANN) is None
    assert shop.of() is None
    assert shop.of(BOB) is not None
    assert shop.profiles.erase(ANN) == 0
    shop.declare(BOB, consent=False)
    assert told == [ANN, ANN, BOB]


def test_a_profile_on_its_way_is_not_kept_of_somebody_forgotten(shop: Shop) -> None:
    shop.did("purchase", "k1")
    shop.of()
    shop.profiles.erase(ANN)
    shop.profiles.tidy()
    assert shop.kept._profiles == {}


def test_export_holds_everything(shop: Shop) -> None:
    for number in range(weights.LATEST + 50):
        shop.did("view", "k1", minutes=number)
    shop.declare(facts=FACTS)
    export = shop.profiles.export(ANN, [shop.collection])
    assert export is not None
    assert export.record.facts == FACTS
    assert len(export.events) == weights.LATEST + 50
    assert export.profiles["products"] is shop.of()


# --- beside the requests ---------------------------------------------------------------------------------------------


def test_profiles_are_kept_for_neighbours(shop: Shop) -> None:
    for shopper in (ANN, BOB):
        shop.did("purchase", "k1", shopper=shopper)
        shop.of(shopper)
    assert shop.kept.neighbours("products", [("k1", 1.0)], 5) == []
    shop.profiles.tidy()
    assert [one.shopper for one in shop.kept.neighbours("products", [("k1", 1.0)], 5, but=ANN)] == [BOB]


def test_everybodys_profile_after_a_bulk_load(shop: Shop) -> None:
    shop.kept.add(
        [
            Event("purchase", name, NOW.isoformat(), product)
            for name, product in ((ANN, "k1"), (BOB, "l1"), (None, "k1"))
        ]
    )
    assert shop.profiles.keep_all(shop.collection) == 2
    assert [one.shopper for one in shop.kept.neighbours("products", [("l1", 1.0)], 5)] == [BOB]


def test_missing_profiles_are_made_in_small_steps(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def alike() -> list[str]:
        return sorted(one.shopper for one in shop.kept.neighbours("products", [("k1", 1.0)], 9))

    moment = (shop.now - timedelta(days=2)).isoformat()
    shop.kept.add([Event("purchase", name, moment, "k1") for name in ("a", "b", "c", "d")])
    shop.kept.put(replace(shop.kept.shoppers(["d"])[0], consent=False))
    shop.profiles.get_ready(shop.collection)
    shop.profiles.tidy()
    assert alike() == [], "nobody lends a version"
    monkeypatch.setattr(missing, "SLICE", 0.0)
    shop.profiles.make_missing(lambda index: nullcontext(shop.versions.open(index)))
    shop.profiles.tidy()
    assert alike() == ["a"]
    for _ in range(3):
        shop.profiles.tidy()
    assert alike() == ["a", "b", "c"]
    shop.kept.add([Event("purchase", "e", moment, "k1")])
    shop.kept.asked.clear()
    shop.profiles.tidy()
    assert shop.kept.asked == [], "done, until tomorrow"
    shop.now += timedelta(days=1)
    for _ in range(5):
        shop.profiles.tidy()
    assert alike() == ["a", "b", "c", "e"]
    assert shop.kept.asked.count("latest") == 1, "what holds is not made anew"


def test_no_profiles_are_made_of_an_index_that_was_dropped(shop: Shop) -> None:
    def lease(index: str) -> AbstractContextManager[Collection]:
        asked.append(index)
        raise IndexNotFound(index)

    asked: list[str] = []
    shop.did("purchase", "k1")
    shop.profiles.get_ready(shop.collection)
    shop.profiles.make_missing(lease)
    shop.profiles.tidy()
    shop.profiles.tidy()
    assert asked == ["products"]


def test_the_thread_does_the_chores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "ROUND", 0.01)
    shop = Shop(tmp_path)
    working = Profiles(shop.kept, shop.encoder, shop.settings, lambda: NOW)
    shop.did("purchase", "k1")
    assert working.of(shop.collection, ANN) is not None
    deadline = time.monotonic() + 20
    while not shop.kept.neighbours("products", [("k1", 1.0)], 5) and time.monotonic() < deadline:
        time.sleep(0.01)
    working.close()
    assert shop.kept.neighbours("products", [("k1", 1.0)], 5)
    assert shop.kept.closed


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0
        self.now = NOW

    def chores(self, store: MemoryShopperStore, days: int = 365) -> Chores:
        return Chores(store, timedelta(days=days), lambda: self.now, lambda: self.seconds)


def test_bytes_are_removed_once_for_many_erasures() -> None:
    store, clock = MemoryShopperStore(), Clock()
    work = clock.chores(store)
    clock.seconds += chores.CALM
    work.do()
    assert store.purged == 1, "what was forgotten before the start"
    for _ in range(10):
        clock.seconds += 1
        work.erased(ANN)
        work.do()
    assert store.purged == 1
    clock.seconds += chores.CALM
    work.do()
    work.do()
    assert store.purged == 2
    for _ in range(40):
        clock.seconds += 1
        work.erased(ANN)
        work.do()
    assert store.purged == 3, "somebody who erases on and on is not waited for"
    work.do(at_once=True)
    assert store.purged == 4


def test_a_private_copy_that_a_killed_command_left_goes_within_a_day() -> None:
    store, clock = MemoryShopperStore(), Clock()
    work = clock.chores(store)
    work.do(at_once=True)
    clock.seconds += 1000
    work.do()
    assert store.purged == 1
    clock.now += timedelta(days=1)
    clock.seconds += 1000
    work.do()
    clock.seconds += chores.CALM
    work.do()
    assert store.purged == 2


def test_a_purge_that_fails_is_not_tried_every_second() -> None:
    class Failing(MemoryShopperStore):
        def purge(self, stop: Callable[[], bool] | None = None) -> bool:
            super().purge(stop)
            clock.seconds += 60  # it copied much, until the disk was full
            raise StoreUnavailable("no")

    store, clock = Failing(), Clock()
    work = clock.chores(store)
    clock.seconds += chores.PATIENCE
    with pytest.raises(StoreUnavailable):
        work.do()
    for _ in range(60):
        clock.seconds += 1
        work.do()
    assert store.purged == 1
    clock.seconds += chores.REST * 60
    with pytest.raises(StoreUnavailable):
        work.do()
    assert store.purged == 2


def test_a_purge_that_fails_is_tried_again() -> None:
    class Failing(MemoryShopperStore):
        def purge(self, stop: Callable[[], bool] | None = None) -> bool:
            super().purge(stop)
            raise StoreUnavailable("no")

    store, clock = Failing(), Clock()
    work = clock.chores(store)
    for times in (1, 2):
        clock.seconds += chores.PATIENCE
        with pytest.raises(StoreUnavailable):
            work.do()
        assert store.purged == times


def test_events_expire_once_a_day() -> None:
    store, clock = MemoryShopperStore(), Clock()
    work = clock.chores(store, days=30)
    old, new = NOW - timedelta(days=31), NOW - timedelta(days=29)
    store.add([Event("view", ANN, old.isoformat(), "k1"), Event("view", ANN, new.isoformat(), "k1")])
    work.do()
    assert len(list(store.events())) == 1
    store.add([Event("view", ANN, old.isoformat(), "k1")])
    work.do()
    assert len(list(store.events())) == 2, "not again on the same day"
    clock.now += timedelta(days=1, milliseconds=1)
    work.do()
    assert list(store.events()) == []


def test_what_waits_to_be_kept_is_bounded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "_MOST_WAITING", 1)
    for shopper in (ANN, BOB):
        shop.did("purchase", "k1", shopper=shopper)
        shop.of(shopper)
    shop.profiles.tidy()
    assert [one.shopper for one in shop.kept.neighbours("products", [("k1", 1.0)], 5)] == [BOB]
