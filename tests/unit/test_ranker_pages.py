"""Events joined to the pages that they name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from indexer.train_ranker.pages import BUSY, gather
from search.events import Event
from search.feedback import RECORDED
from search.shopper import Shown


def page(query_id: str = "q", products: str = "abcd", shopper: str | None = "s", **more: Any) -> Shown:
    parts = np.arange(len(products) * len(RECORDED), dtype=np.float32).reshape(len(products), len(RECORDED))
    given = {"version": 1, "timestamp": "2026-03-01T12:00:00.000Z", "features": RECORDED, "parts": parts, **more}
    return Shown(query_id=query_id, index="products", products=tuple(products), shopper=shopper, **given)


def act(
    product: str = "b", type: str = "click", at: str = "12:00:30", query_id: str | None = "q", **more: Any
) -> Event:
    given = {"shopper": "s", **more}
    when = at if "T" in at else f"2026-03-01T{at}.000Z"
    return Event(type=type, timestamp=when, product=product, query_id=query_id, **given)  # type: ignore[arg-type]


def test_the_strongest_thing_done_with_a_product_counts() -> None:
    events = [act("b"), act("b", "purchase", "13:00:00"), act("b", "cart"), act("d", "view"), act("c", "cart")]
    pages, census = gather([page(offset=20, base_ranks=(22, 21, 23, 30))], events)
    assert pages.gain.tolist() == [0, 4, 2, 1]
    assert pages.place.tolist() == [20, 21, 22, 23]
    assert pages.base_place.tolist() == [21, 20, 22, 29]
    assert pages.starts.tolist() == [0, 4]
    assert pages.parts[1].tolist() == list(range(len(RECORDED), 2 * len(RECORDED)))
    assert (census.pages, dict(census.acts)) == (1, {"purchase": 1, "cart": 1, "view": 1})


def test_missing_parts_count_as_nothing() -> None:
    shown = page()
    shown.parts[0, :3] = (np.nan, np.inf, -np.inf)
    pages, _ = gather([shown], [act()])
    assert pages.parts[0, :3].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (act("z"), "events on products that were not on their page"),
        (act(shopper="t"), "events of other shoppers than the page's"),
        (act(at="11:58:00"), "events before their page, or long after"),
        (act(at="2026-03-08T12:00:01.000Z"), "events before their page, or long after"),
        (act(type="hide"), None),
        (act(query_id="other"), None),
        (act(query_id=None), None),
    ],
)
def test_events_that_do_not_count(event: Event, reason: str | None) -> None:
    pages, census = gather([page()], [event])
    assert len(pages) == 0
    assert census.skipped == {"pages without an event that counts": 1} | ({reason: 1} if reason else {})


@pytest.mark.parametrize("event", [act(shopper=None), act(at="11:59:10"), act(at="2026-03-08T11:59:59.000Z")])
def test_events_that_count(event: Event) -> None:
    assert gather([page()], [event])[0].gain.tolist() == [0, 1, 0, 0]


def test_pages_that_prefer_nothing_are_left_out() -> None:
    alike = [act(one) for one in "abcd"]
    pages, census = gather([page(), page("old", features=("score",))], alike)
    assert len(pages) == 0
    assert census.skipped == {
        "pages on which all products were treated alike": 1,
        "pages of another release of Daogou": 1,
    }
    assert gather([page()], [*alike, act("a", "purchase")])[0].gain.tolist() == [4, 1, 1, 1]


def test_pages_of_a_machine_are_left_out() -> None:
    many = [page(f"m{number}", shopper="bot") for number in range(BUSY + 1)]
    some = [page(f"s{number}") for number in range(BUSY)]
    nobodys = [page(f"n{number}", shopper=None) for number in range(BUSY + 1)]
    events = [act(query_id=one.query_id, shopper=None) for one in (*many, *some, *nobodys)]
    pages, census = gather([*many, *some, *nobodys], events)
    assert len(pages) == 2 * BUSY + 1
    assert census.skipped == {"pages of shoppers too busy to be a person": BUSY + 1}
    assert len(set(pages.units.tolist())) == 1 + len(nobodys), "of nobody known, each page is on its own"


def test_the_latest_pages_are_learnt_from_and_cut_in_order_of_time() -> None:
    shown = [page(f"q{number}", timestamp=f"2026-03-0{number}T12:00:00.000Z", products="abc") for number in range(1, 6)]
    events = [act("c", at=f"2026-03-0{number}T12:01:00.000Z", query_id=f"q{number}") for number in range(1, 6)]
    pages, _ = gather(shown, events, most=4)
    assert len(pages) == 4
    assert np.diff(pages.times).tolist() == [86_400] * 3
    later = pages.between(3, 4)
    assert (len(later), later.starts.tolist(), later.gain.tolist()) == (1, [0, 3], [0, 0, 1])
    assert pages.sums(pages.gain).tolist() == [1, 1, 1, 1]
    assert pages.spread_out(np.arange(4.0)).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
