"""What every store of shoppers promises, on Qdrant Edge, qdrant-client's local mode, a server, and the fake."""

from __future__ import annotations

import dataclasses
import itertools
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from shopper_stores import BACKENDS, event, opened, page, profile, unit

from search.errors import StoreError
from search.events import Event
from search.protocols import ShopperStore
from search.shopper import Facts, Interest, Profile, Shopper, Step
from search.storage import shopper_store


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ShopperStore]:
    yield from opened(request.param, tmp_path)


def stamp(store: ShopperStore, name: str) -> str:
    found = store.shopper(name)
    assert found is not None
    return found.stamp


# --- events ----------------------------------------------------------------------------------------------------------


def test_events_come_back_as_they_were_newest_first(store: ShopperStore) -> None:
    told = [
        Event("purchase", "ann", "2026-01-03T10:00:00.120Z", "p1", "q1", 7, 0.1 + 0.2, "order 1"),
        Event("search", "ann", "2026-01-04T10:00:00.000Z", None, "q2"),
        Event("rating", "ann", "2026-01-01T10:00:00.000Z", "naïve “é” 手机", value=5.0),
    ]
    assert store.add(told) == 3
    assert store.latest("ann", 10) == [told[1], told[0], told[2]]
    assert store.latest("ann", 2) == [told[1], told[0]]
    assert store.latest("ann", 10, ("rating", "purchase")) == [told[0], told[2]]
    assert store.latest("ann", 0) == []
    assert store.latest("bob", 10) == []


def test_the_same_event_is_kept_once(store: ShopperStore) -> None:
    one = event("ann", 1)
    assert store.add([one, one, dataclasses.replace(one, timestamp="2026-01-01T13:00:00+01:00")]) == 1
    before = stamp(store, "ann")
    assert store.add([one]) == 0
    assert stamp(store, "ann") == before
    assert store.add([dataclasses.replace(one, product="q"), dataclasses.replace(one, type="cart")]) == 2
    assert len(store.latest("ann", 10)) == 3


def test_an_id_tells_which_event_it_is_for_each_shopper_of_their_own(store: ShopperStore) -> None:
    assert store.add([event("ann", 1, id="7"), event("ann", 2, "other", id="7"), event("bob", 1, id="7")]) == 2
    assert [one.product for one in store.latest("ann", 10)] == ["p"]
    assert store.add([event("ann", 1, id="8"), event("ann", 1)]) == 2


def test_order_of_arrival_does_not_matter(store: ShopperStore) -> None:
    told = [event("ann", day, f"p{number}") for day in range(1, 8) for number in range(3)]
    mixed = random.Random(5).sample(told, len(told))
    for start in range(0, len(mixed), 4):
        store.add(mixed[start : start + 4])
    latest = store.latest("ann", 100)
    assert [one.timestamp for one in latest] == sorted((one.timestamp for one in told), reverse=True)
    assert set(latest) == set(told)
    # Ties are cut where they always are: each shorter answer is the beginning of the longer one.
    assert all(store.latest("ann", limit) == latest[:limit] for limit in range(1, 10))


def test_more_equal_times_than_a_page_holds(store: ShopperStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shopper_store, "_PAGE", 4)
    told = [event(None, 1 + number // 10, f"p{number}") for number in range(25)]
    assert store.add(told) == 25
    times = [one.timestamp for one in store.events()]
    assert times == sorted(times)
    assert set(store.events()) == set(told)
    assert set(store.events("2026-01-02T12:00:00Z")) == set(told[10:])


def test_all_events_come_by_shopper_and_in_order_of_time(store: ShopperStore) -> None:
    names = [f"shopper-{number}" for number in range(30)]
    told = [event(name, day, f"p{day}") for day in (5, 2, 9) for name in names] + [event(None, 4), event(None, 3)]
    store.add(told)
    found = list(store.events())
    assert sorted(map(repr, found)) == sorted(map(repr, told))
    shoppers = [one.shopper for one in found]
    assert shoppers[-2:] == [None, None]
    assert sum(left != right for left, right in itertools.pairwise(shoppers)) == 30
    for name in (*names, None):
        times = [one.timestamp for one in found if one.shopper == name]
        assert times == sorted(times)
    assert {one.timestamp for one in store.events("2026-01-05T12:00:00.000Z")} == {
        told[0].timestamp,
        told[60].timestamp,
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "buy"}, "type"),
        ({"timestamp": "yesterday"}, "instant"),
        ({"product": ""}, "product"),
        ({"product": "x" * 1025}, "product"),
        ({"product": "\ud800"}, "product"),
        ({"query_id": ""}, "query_id"),
        ({"position": 0}, "position"),
        ({"position": 1.5}, "position"),
        ({"value": float("nan")}, "value"),
        ({"value": float("inf")}, "value"),
        ({"shopper": ""}, "shopper"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_is(
    store: ShopperStore, changes: dict[str, object], field: str
) -> None:
    wrong = dataclasses.replace(event("secret-ann", 2, "secret-product"), **changes)
    with pytest.raises(StoreError, match=field) as told:
        store.add([event("secret-ann", 1), wrong])
    assert "secret" not in str(told.value)
    assert store.latest("secret-ann", 10) == []
    assert store.shopper("secret-ann") is None


# --- shoppers --------------------------------------------------------------------------------------------------------


def test_a_stamp_changes_with_events_and_with_what_is_declared_and_else_not(store: ShopperStore) -> None:
    assert store.shopper("ann") is None
    store.add([event("ann", 1), event("bob", 1)])
    first = stamp(store, "ann")
    assert first
    assert stamp(store, "ann") == first
    store.add([event("bob", 2)])
    assert stamp(store, "ann") == first
    store.add([event("ann", 2)])
    second = stamp(store, "ann")
    assert second != first
    kept = store.put(Shopper("ann", True, Facts("25-34", ("hiking", "“手机”"), {"": 99.99, "shoes": 150}, {"": "M"})))
    assert kept.stamp not in (first, second)
    assert store.shopper("ann") == kept
    assert (kept.consent, kept.facts.interests, kept.facts.budget) == (
        True,
        ("hiking", "“手机”"),
        {"": 99.99, "shoes": 150},
    )
    store.add([event("ann", 3)])
    after = store.shopper("ann")
    assert after is not None
    assert after.stamp != kept.stamp
    assert dataclasses.replace(after, stamp="") == dataclasses.replace(kept, stamp="")


def test_what_is_declared_takes_the_place_of_what_was(store: ShopperStore) -> None:
    store.put(Shopper("ann", None, Facts("25-34", ("hiking",), {"": 10}, {"shoes": "43"})))
    store.put(Shopper("ann", True, Facts()))
    found = store.shopper("ann")
    assert found is not None
    assert (found.consent, found.facts) == (True, Facts())


def test_numbers_that_are_none_are_no_budget(store: ShopperStore) -> None:
    with pytest.raises(StoreError, match="budget"):
        store.put(Shopper("ann", True, Facts(budget={"": float("inf")})))
    assert store.shopper("ann") is None


def test_of_those_who_opt_out_nothing_is_kept_but_that_word(store: ShopperStore) -> None:
    store.add([event("ann", 1), event("bob", 1)])
    store.add_shown([page("q1", 1, "ann")])
    store.keep_profile("ann", "shop", 1, stamp(store, "ann"), profile(("a", 1.0)))
    before = stamp(store, "ann")
    kept = store.put(Shopper("ann", False, Facts("25-34", ("hiking",))))
    assert kept.facts == Facts()
    assert kept.stamp != before
    assert store.shopper("ann") == kept
    assert store.latest("ann", 10) == []
    assert list(store.shown("shop")) == []
    assert store.profile("ann", "shop", 1, before) is None
    # What was on its way is too late.
    assert store.add([event("ann", 2), event("bob", 2)]) == 1
    store.add_shown([page("q2", 1, "ann"), page("q3", 1)])
    assert [one.query_id for one in store.shown("shop")] == ["q3"]
    assert [one.shopper for one in store.events()] == ["bob", "bob"]
    assert store.shopper("ann") == kept
    store.put(Shopper("ann", True))
    assert store.add([event("ann", 2)]) == 1


# --- profiles --------------------------------------------------------------------------------------------------------


def same(left: Profile, right: Profile) -> bool:
    """To the last bit."""
    for name in ("affinities", "bands", "hidden", "bought", "steps", "strongest", "until"):
        assert getattr(left, name) == getattr(right, name), name
    assert len(left.interests) == len(right.interests)
    for one, other in zip(left.interests, right.interests, strict=True):
        assert one.vector.dtype == other.vector.dtype == np.float32
        assert one.vector.tobytes() == other.vector.tobytes()
        assert [getattr(one, name) for name in ("weight", "products", "session", "text")] == [
            getattr(other, name) for name in ("weight", "products", "session", "text")
        ]
    return True


def test_a_profile_comes_back_to_the_last_bit_for_its_version_and_stamp_alone(store: ShopperStore) -> None:
    store.add([event("ann", 1)])
    now = stamp(store, "ann")
    told = profile(("a", 1.0), ("b", -0.5), ("a", 0.1 + 0.2))
    store.keep_profile("ann", "shop", 3, now, told)
    found = store.profile("ann", "shop", 3, now)
    assert found is not None
    assert same(found, told)
    assert stamp(store, "ann") == now
    for shopper, index, version, when in (("bob", "shop", 3, now), ("ann", "x", 3, now), ("ann", "shop", 2, now)):
        assert store.profile(shopper, index, version, when) is None
    store.add([event("ann", 2)])
    store.keep_profile("ann", "shop", 3, now, Profile())  # too late
    found = store.profile("ann", "shop", 3, now)
    assert found is None or same(found, told)
    assert store.profile("ann", "shop", 3, stamp(store, "ann")) is None


def test_profiles_of_several_indexes_and_an_empty_one(store: ShopperStore) -> None:
    store.put(Shopper("ann", True))
    now = stamp(store, "ann")
    store.keep_profile("ann", "shop", 1, now, profile(("a", 1.0)))
    store.keep_profile("ann", "outlet", 1, now, Profile())
    found, empty = store.profile("ann", "shop", 1, now), store.profile("ann", "outlet", 1, now)
    assert found is not None
    assert empty is not None
    assert same(found, profile(("a", 1.0)))
    assert same(empty, Profile())


def test_no_profile_is_kept_of_somebody_unknown(store: ShopperStore) -> None:
    store.keep_profile("ann", "shop", 1, "", profile(("a", 1.0)))
    assert store.neighbours("shop", [("a", 1.0)], 5) == []


def test_broken_profiles_are_refused(store: ShopperStore, request: pytest.FixtureRequest) -> None:
    if "memory" in request.node.name:
        pytest.skip("the fake keeps what it is given: runs on Edge, or set DAOGOU_QDRANT_URL")
    store.put(Shopper("ann", True))
    now = stamp(store, "ann")
    wrong = (
        Profile(interests=(Interest(unit(1, 2, 3), 1.0),)),
        Profile(interests=(Interest(np.zeros(4, np.float32), 1.0),)),
        Profile(interests=(Interest(np.full(4, np.nan, np.float32), 1.0),)),
        Profile(steps=(Step("a", float("nan"), 1.0),)),
        Profile(bought={"a": float("inf")}),
    )
    for one in wrong:
        with pytest.raises(StoreError, match="Nothing was written"):
            store.keep_profile("ann", "shop", 1, now, one)
    assert store.profile("ann", "shop", 1, now) is None


def test_neighbours_are_those_with_the_same_tastes(store: ShopperStore) -> None:
    histories = {
        "twin": (("a", 1.0), ("b", 1.0)),
        "half": (("a", 1.0), ("x", 1.0)),
        "often": (("b", 0.1), ("a", 1.0), ("a", 0.3), ("b", 1.0)),  # each product counts once, as the strongest said
        "opposite": (("a", -1.0), ("b", -1.0)),
        "stranger": (("y", 1.0),),
        "nobody": (),
    }
    for name, steps in histories.items():
        store.put(Shopper(name, True))
        store.keep_profile(name, "shop", 1, stamp(store, name), profile(*steps))
    store.keep_profile("twin", "outlet", 1, stamp(store, "twin"), profile(("a", 1.0)))
    found = store.neighbours("shop", [("a", 1.0), ("b", 1.0), ("c", -0.5)], 10)
    assert [one.shopper for one in found] == ["often", "twin", "half"]
    # Worked out by hand: (1 + 1) / (1.5 · √2), and 1 / (1.5 · √2).
    assert [one.score for one in found] == pytest.approx([0.942809, 0.942809, 0.471405], abs=1e-5)
    assert found[0].steps == histories["often"]
    assert [one.shopper for one in store.neighbours("shop", [("a", 1.0), ("b", 1.0)], 1, but="often")] == ["twin"]
    assert [one.shopper for one in store.neighbours("shop", [("a", -1.0)], 5)] == ["opposite"]
    assert [one.shopper for one in store.neighbours("outlet", [("a", 1.0)], 5)] == ["twin"]
    assert store.neighbours("shop", [], 5) == []
    assert store.neighbours("shop", [("a", 0.0)], 5) == []
    assert store.neighbours("shop", [("a", 1.0)], 0) == []


# --- pages -----------------------------------------------------------------------------------------------------------


def test_pages_come_back_in_order_of_time_and_are_replaced(store: ShopperStore) -> None:
    store.add_shown([page("q2", 2), page("q1", 1, "ann"), page("q3", 3, index="outlet")])
    store.add_shown([page("q2", 2, "bob"), page("q4", 4), page("q4", 4)])
    found = list(store.shown("shop"))
    assert [(one.query_id, one.shopper) for one in found] == [("q1", "ann"), ("q2", "bob"), ("q4", None)]
    told = page("q1", 1, "ann")
    assert found[0].parts.dtype == np.float32
    np.testing.assert_array_equal(found[0].parts, told.parts)
    assert all(
        getattr(found[0], field.name) == getattr(told, field.name)
        for field in dataclasses.fields(told)
        if field.name != "parts"
    )
    assert [one.query_id for one in store.shown("shop", "2026-01-02T12:00:00Z")] == ["q2", "q4"]
    assert [one.query_id for one in store.shown("outlet")] == ["q3"]
    assert list(store.shown("nowhere")) == []


def test_pages_of_one_shopper_in_whatever_index(store: ShopperStore) -> None:
    store.add_shown([page("q2", 2, "ann"), page("q1", 1, "ann"), page("q3", 3, "bob"), page("q4", 4)])
    store.add_shown([page("q5", 5, "ann", "dropped")])
    assert [one.query_id for one in store.pages_of("ann")] == ["q1", "q2", "q5"]
    assert store.pages_of("eve") == []


def test_many_shoppers_are_read_at_once(store: ShopperStore) -> None:
    store.add([event("ann", 1), event("bob", 2)])
    store.put(Shopper("bob", True, Facts("25-34")))
    store.put(Shopper("eve", False))
    found = store.shoppers(["eve", "nobody", "bob", "ann", "bob"])
    assert {one.name: one for one in found} == {name: store.shopper(name) for name in ("ann", "bob", "eve")}
    assert len(found) == 3
    assert store.shoppers([]) == []
    assert sorted(store.names()) == ["ann", "bob"], "of eve there are no events"


def test_a_page_without_products(store: ShopperStore) -> None:
    empty = dataclasses.replace(page("q", 1), products=(), features=(), parts=np.zeros((0, 0), np.float32))
    store.add_shown([empty])
    assert [one.parts.shape for one in store.shown("shop")] == [(0, 0)]


# --- forgetting ------------------------------------------------------------------------------------------------------


def test_erase_forgets_everything_of_one_shopper_and_nothing_else(store: ShopperStore) -> None:
    for name in ("ann", "bob"):
        store.add([event(name, 1), event(name, 2)])
        store.put(Shopper(name, True, Facts("25-34")))
        store.add_shown([page(f"q-{name}", 1, name)])
        store.keep_profile(name, "shop", 1, stamp(store, name), profile(("a", 1.0)))
    before = stamp(store, "ann")
    assert store.erase("ann") == 5  # two events, the record, a page, a profile
    assert store.erase("ann") == 0
    assert store.erase("nobody") == 0
    assert store.shopper("ann") is None
    assert store.latest("ann", 10) == []
    assert store.profile("ann", "shop", 1, before) is None
    store.keep_profile("ann", "shop", 1, before, profile(("a", 1.0)))
    assert store.profile("ann", "shop", 1, before) is None
    assert [one.shopper for one in store.events()] == ["bob", "bob"]
    assert [one.query_id for one in store.shown("shop")] == ["q-bob"]
    assert [one.shopper for one in store.neighbours("shop", [("a", 1.0)], 5)] == ["bob"]
    assert store.profile("bob", "shop", 1, stamp(store, "bob")) is not None
    assert store.add([event("ann", 1)]) == 1  # somebody new


def test_expire_forgets_what_is_old_with_the_profiles_made_of_it(store: ShopperStore) -> None:
    store.add([event("ann", 1), event("ann", 9), event("bob", 2), event("eve", 9), event(None, 1), event(None, 9)])
    store.add([event("sue", 3)])
    store.put(Shopper("sue", True, Facts("25-34")))
    store.add_shown([page("old", 1), page("new", 9)])
    stamps = {name: stamp(store, name) for name in ("ann", "bob", "eve", "sue")}
    for name, told in stamps.items():
        store.keep_profile(name, "shop", 1, told, profile(("a", 1.0)))
    assert store.expire("2026-01-09T12:00:00.000Z") == 5
    assert store.expire("2026-01-09T12:00:00.000Z") == 0
    assert sorted(str(one.shopper) for one in store.events()) == ["None", "ann", "eve"]
    assert [one.query_id for one in store.shown("shop")] == ["new"]
    assert stamp(store, "eve") == stamps["eve"]
    assert stamp(store, "ann") != stamps["ann"]
    assert store.shopper("bob") is None
    sue = store.shopper("sue")
    assert sue is not None
    assert sue.facts == Facts("25-34")
    assert sue.stamp != stamps["sue"]
    assert [one.shopper for one in store.neighbours("shop", [("a", 1.0)], 9)] == ["eve"]


def test_expiry_ends_where_it_is_told_to(store: ShopperStore) -> None:
    store.add([event("ann", 1)])
    store.expire("2026-01-09T12:00:00.000Z", lambda: False)
    assert store.shopper("ann") is None
    store.add([event("ann", day, f"p{day}") for day in range(1, 9)])
    looks = iter([False, *[True] * 9])
    store.expire("2026-01-09T12:00:00.000Z", lambda: next(looks))
    store.expire("2026-01-09T12:00:00.000Z")
    assert store.shopper("ann") is None


def test_purge_may_be_asked_for_at_any_time(store: ShopperStore) -> None:
    store.purge()
    store.add([event("ann", 1), event("bob", 1)])
    store.erase("ann")
    store.purge()
    assert [one.shopper for one in store.events()] == ["bob"]
    assert store.add([event("bob", 1), event("bob", 2)]) == 1


# --- many at once ----------------------------------------------------------------------------------------------------


def test_several_threads_at_once(store: ShopperStore, request: pytest.FixtureRequest) -> None:
    if "local" in request.node.name:
        pytest.skip("qdrant-client's local mode is for one thread: runs on Edge, or set DAOGOU_QDRANT_URL")
    told = [event(f"s{number % 5}", 1 + number % 28, f"p{number}") for number in range(200)]
    counts, errors = [], []

    def work(mine: list[Event]) -> None:
        try:
            for start in range(0, len(mine), 20):
                counts.append(store.add(mine[start : start + 20]))
                store.latest("s1", 5)
                store.shopper("s2")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(random.Random(seed).sample(told, 200),)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(counts) == 200
    assert set(store.events()) == set(told)
