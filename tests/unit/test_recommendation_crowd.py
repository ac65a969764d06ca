"""What is counted of everybody's events, worked out by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from fake_shoppers import MemoryShopperStore

from search.events import Event, EventType
from search.recommendations.crowd import HALF_LIFE, MIN_TOGETHER, SHRINK, Bought, Crowd, baskets, count
from search.recommendations.others import CALM, EVERY, PATIENCE, REST, WINDOW, Others
from search.recommendations.sorts import LEAST_BUYERS, Sorts, _usual

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
TODAY = NOW.timestamp() / 86_400


def event(type: EventType, shopper: str | None, product: str, days_ago: float = 0.0) -> Event:
    return Event(type, shopper, (NOW - timedelta(days=days_ago)).isoformat(), product)


def test_popularity_counts_shoppers_and_fades() -> None:
    crowd = count(
        [
            *(event("view", "a", "lamp") for _ in range(100)),
            event("purchase", "a", "mug", HALF_LIFE),
            event("purchase", "b", "mug"),
            event("rating", "b", "pot"),  # without stars: neutral
            event("hide", "b", "lamp"),
            event("view", None, "lamp"),
            event("view", None, "lamp"),
        ],
        TODAY,
    )
    most = math.log1p(1.5)
    assert crowd.popularity == pytest.approx({"mug": 1.0, "lamp": math.log1p(0.2 + 2 * 0.2) / most})
    assert list(crowd.popularity) == ["mug", "lamp"]
    assert crowd.events == 106


def test_buying_again_is_counted_once_for_each_shopper_and_product() -> None:
    crowd = count(
        [
            event("purchase", "a", "tea", 60.0),
            event("purchase", "a", "tea", 59.9),  # the same order, sent in two parts
            event("purchase", "a", "tea", 30.0),
            event("purchase", "a", "desk", 30.0),
            event("purchase", "b", "tea", 5.0),
            event("purchase", None, "tea", 5.0),
        ],
        TODAY,
    )
    assert crowd.bought["desk"] == Bought(1, 0, ())
    tea = crowd.bought["tea"]
    assert (tea.shoppers, tea.again) == (2, 1)
    assert tea.gaps == pytest.approx((29.9,))


def test_baskets_end_where_time_does() -> None:
    done = [
        event("cart", "a", "printer", 9.5),
        event("purchase", "a", "printer", 9.4),
        event("purchase", "a", "ink", 9.4),
        event("view", "a", "paper", 9.3),
        event("purchase", "a", "mug", 3.0),
    ]
    assert baskets(done) == [["printer", "ink"]]


def test_two_products_go_together_from_two_shoppers_on() -> None:
    def order(shopper: str, *products: str) -> list[Event]:
        return [event("purchase", shopper, product, 2.0) for product in products]

    crowd = count(
        [*order("a", "printer", "ink"), *order("b", "ink", "printer", "mug"), *order("c", "ink", "pen")], TODAY
    )
    worth = 2 / math.sqrt(2 * 3) * 2 / (2 + SHRINK)
    assert MIN_TOGETHER == 2
    assert crowd.together == {"ink": {"printer": pytest.approx(worth)}, "printer": {"ink": pytest.approx(worth)}}


def _bought(shoppers: int, again: int, *gaps: float) -> Bought:
    return Bought(shoppers, again, gaps)


def test_a_category_of_things_that_are_used_up_is_learnt() -> None:
    crowd = Crowd(
        bought={
            "tea": _bought(15, 5, 28.0, 30.0, 32.0),
            "coffee": _bought(15, 1, 60.0),
            "desk": _bought(30, 1, 400.0),
            "kettle": _bought(2, 2, 1.0),
            "ink": _bought(4, 3, 40.0, 50.0, 60.0),
        }
    )
    paths = {
        "tea": ("food", "drinks"),
        "coffee": ("food", "drinks"),
        "desk": ("home",),
        "kettle": ("kitchen",),
        "ink": (),
    }
    usual = _usual(crowd, list(crowd.bought), paths)
    assert usual == {"food": 31.0, "drinks": 31.0, "home": None, " desk": None, " tea": 30.0, " ink": 50.0}
    sorts = Sorts(usual=usual)
    assert sorts.due("matcha", ("food", "drinks"), 24.0)
    assert not sorts.due("matcha", ("food", "drinks"), 20.0)
    assert not sorts.due("desk", ("home",), 4000.0)
    assert sorts.due("ink", (), 38.0), "few bought it, but three came back"
    assert sorts.again("ink", (), 30.0) is False, "used up, and not yet due"
    assert sorts.again("desk", ("home",), 4000.0) is None, "durable"
    assert not sorts.due("kettle", ("kitchen",), 4000.0), "too few bought one to know"


def test_what_a_product_says_of_itself_counts_before_its_category() -> None:
    crowd = Crowd(bought={"filter": _bought(40, 20, 90.0), "machine": _bought(400, 0)})
    usual = _usual(crowd, list(crowd.bought), {"filter": ("coffee",), "machine": ("coffee",)})
    assert usual["coffee"] is None
    assert Sorts(usual=usual).due("filter", ("coffee",), 100.0)
    assert not Sorts(usual=usual).due("machine", ("coffee",), 100.0)
    assert LEAST_BUYERS <= 40


class _Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class _Counting(MemoryShopperStore):
    def __init__(self, clock: _Clock) -> None:
        super().__init__()
        self.clock = clock
        self.since: list[str] = []
        self.takes = 0.0

    def events(self, since: str = ""):  # type: ignore[no-untyped-def]
        self.since.append(since)
        self.clock.seconds += self.takes
        return super().events(since)


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def store(clock: _Clock) -> _Counting:
    return _Counting(clock)


@pytest.fixture
def others(store: _Counting, clock: _Clock) -> Others:
    return Others(store, lambda: NOW, clock, working=False)


def test_events_are_counted_when_they_calm_down(others: Others, store: _Counting, clock: _Clock) -> None:
    assert others.look()
    assert others.crowd.events == 0
    store.add([event("purchase", "a" * 64, "mug")])
    others.changed()
    assert not others.look()
    clock.seconds += CALM
    assert others.look()
    assert list(others.crowd.popularity) == ["mug"]
    assert not others.look(), "nothing came in since"
    assert datetime.fromisoformat(store.since[0]) == NOW - WINDOW


def test_events_that_never_calm_down_are_counted_all_the_same(others: Others, clock: _Clock) -> None:
    others.look()
    looks = []
    for _ in range(int(PATIENCE / 0.5) + 1):
        others.changed()
        looks.append(others.look())
        clock.seconds += 0.5
    assert looks.count(True) == 1


def test_what_came_in_elsewhere_is_counted_in_time(others: Others, store: _Counting, clock: _Clock) -> None:
    others.look()
    store.add([event("purchase", "a" * 64, "mug")])
    clock.seconds += EVERY
    assert others.look()
    assert others.crowd.events == 1


def test_counting_takes_a_small_share_of_the_time(others: Others, store: _Counting, clock: _Clock) -> None:
    store.takes = 30.0
    assert others.look()
    others.changed()
    clock.seconds += 30.0 * REST - 1
    assert not others.look()
    clock.seconds += 2
    assert others.look()


def test_the_thread_ends(store: _Counting) -> None:
    others = Others(store, lambda: NOW)
    others.close()
    assert store.since, "it counts at once"


def test_after_a_failure_the_old_counts_stay(clock: _Clock, store: _Counting) -> None:
    class _Failing(_Counting):
        fails = False

        def events(self, since: str = ""):  # type: ignore[no-untyped-def]
            if self.fails:
                raise OSError("gone")
            return super().events(since)

    failing = _Failing(clock)
    failing.add([event("purchase", "a" * 64, "mug")])
    others = Others(failing, lambda: NOW, clock, working=False)
    others.look()
    before = others.crowd
    failing.fails = True
    others.changed()
    clock.seconds += CALM
    with pytest.raises(OSError, match="gone"):
        others.look()
    assert others.crowd is before
    failing.fails = False
    clock.seconds += PATIENCE
    assert others.look(), "it is tried again"
