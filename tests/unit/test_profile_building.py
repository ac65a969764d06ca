"""What is made of events: taste, visits, dislikes, prices, what was declared."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from search.domain import Point
from search.events import Event, EventType
from search.profiles import weights
from search.profiles.building import build_profile
from search.profiles.census import Census, Valued
from search.protocols import Vector
from search.shopper import Facts, Profile

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
DIMENSION = 16
KEYBOARDS, LAMPS, SHOES = 0, 1, 2
NOTHING = Facts()


def near(axis: int, seed: int) -> Vector:
    """A unit vector at a cosine of 0.9 to an axis; two of one axis are at 0.81 and more or less alike."""
    vector = np.zeros(DIMENSION)
    vector[axis] = 0.9
    vector[3 + seed % (DIMENSION - 3)] = np.sqrt(1 - 0.81)
    return vector.astype(np.float32)


def product(name: str, axis: int = KEYBOARDS, seed: int = 0, **document: Any) -> Point:
    return Point(name, tuple(near(axis, seed).tolist()), {"id": name, "title": name, **document}, name, name)


def shop(*points: Point) -> dict[str, Point]:
    return {point.product_id: point for point in points}


def did(type_: EventType, name: str | None, days: float = 0.1, value: float | None = None, **more: Any) -> Event:
    """So many days ago."""
    moment = NOW - timedelta(days=days)
    return Event(type_, "s", moment.isoformat(timespec="milliseconds"), name, value=value, **more)


def encode(text: str) -> Vector:
    axis = {"lamps": LAMPS, "shoes": SHOES}.get(text, 9)
    vector = np.zeros(DIMENSION, np.float32)
    vector[axis] = 1
    return vector


def built(
    events: Sequence[Event], products: Mapping[str, Point], facts: Facts = NOTHING, census: Census | None = None
) -> Profile:
    return build_profile(events, facts, products, NOW, encode, census)


def axes(profile: Profile, session: bool = False) -> list[int]:
    return [int(np.argmax(one.vector)) for one in profile.interests if one.session == session]


def same(one: Profile, other: Profile) -> bool:
    vectors = all(
        np.array_equal(a.vector, b.vector) and (a.weight, a.products) == (b.weight, b.products)
        for a, b in zip(one.interests, other.interests, strict=True)
    )
    rest = [
        (p.affinities, p.bands, p.hidden, p.bought, p.steps, p.strongest, p.until)
        for p in (replace(one), replace(other))
    ]
    return vectors and rest[0] == rest[1]


# --- interests -------------------------------------------------------------------------------------------------------


def test_two_tastes_are_two_interests_and_no_blurred_mean() -> None:
    products = shop(
        *(product(f"k{n}", KEYBOARDS, n) for n in range(6)), *(product(f"l{n}", LAMPS, n) for n in range(4))
    )
    profile = built([did("purchase", name, 3) for name in products], products)
    assert axes(profile) == [KEYBOARDS, LAMPS]
    first, second = profile.interests
    assert first.weight == pytest.approx(0.6)
    assert second.weight == pytest.approx(0.4)
    assert {name[0] for name in first.products} == {"k"}
    assert {name[0] for name in second.products} == {"l"}
    assert all(np.linalg.norm(one.vector) == pytest.approx(1, abs=1e-6) for one in profile.interests)


def test_a_stray_product_makes_no_interest_of_its_own() -> None:
    products = shop(*(product(f"k{n}", KEYBOARDS, n) for n in range(12)), product("lamp", LAMPS))
    profile = built([did("purchase", name, 3) for name in products], products)
    assert axes(profile) == [KEYBOARDS]


def test_there_are_five_interests_at_most() -> None:
    products = shop(*(Point(str(n), tuple(np.eye(DIMENSION)[n].tolist()), {"id": str(n)}, "", "") for n in range(9)))
    profile = built([did("purchase", name, 3) for name in products], products)
    assert len(profile.interests) == weights.MOST_INTERESTS
    assert sum(one.weight for one in profile.interests) == pytest.approx(1)
    assert {name for one in profile.interests for name in one.products} == set(products)


def test_how_alike_products_are_anyway_counts() -> None:
    """Where every text is near every other, a cosine of 0.6 says nothing."""
    vectors = np.full((4, DIMENSION), 0.0)
    for row, axis in enumerate((KEYBOARDS, KEYBOARDS, LAMPS, LAMPS)):
        vectors[row, [axis, 9]] = np.sqrt([0.4, 0.6])
    products = shop(*(Point(str(n), tuple(row.tolist()), {"id": str(n)}, "", "") for n, row in enumerate(vectors)))
    events = [did("purchase", name, 3) for name in products]
    assert len(built(events, products).interests) == 1
    assert len(built(events, products, census=Census(likeness=0.6)).interests) == 2


def test_the_most_telling_products_come_first() -> None:
    products = shop(product("bought"), product("viewed"), product("old"))
    profile = built([did("view", "viewed", 2), did("purchase", "bought", 2), did("purchase", "old", 400)], products)
    assert profile.interests[0].products == ("bought", "old", "viewed")
    assert profile.strongest == {"bought": "purchase", "viewed": "view", "old": "purchase"}


def test_old_taste_fades_by_half_lives() -> None:
    products = shop(product("k", KEYBOARDS), product("l", LAMPS, 1))
    half = weights.HALF_LIVES["view"]
    profile = built([did("view", "k", half), did("view", "l", 3 * half)], products)
    k, l_ = profile.interests
    # One event of one type weighs w·(1 − e^−left) / (1 − 1/e), left being a half and an eighth.
    expected = (1 - np.exp(-0.5)) / (1 - np.exp(-0.125))
    assert k.products == ("k",)
    assert k.weight / l_.weight == pytest.approx(expected, rel=1e-6)


# --- the visit that goes on ------------------------------------------------------------------------------------------

MINUTE = 1 / (24 * 60)


def test_a_visit_stands_beside_lasting_taste_and_ends() -> None:
    products = shop(*(product(f"k{n}", KEYBOARDS, n) for n in range(5)), product("l", LAMPS), product("m", LAMPS, 1))
    lasting = [did("purchase", f"k{n}", 30) for n in range(5)]
    visit = [did("view", "l", 25 * MINUTE), did("view", "m", 5 * MINUTE)]
    profile = built([*lasting, *visit], products)
    assert axes(profile, session=True) == [LAMPS]
    assert axes(profile) == [KEYBOARDS]
    assert profile.interests[0].session
    assert profile.interests[0].weight == pytest.approx(weights.SESSION_SHARE)
    assert profile.interests[0].products == ("m", "l"), "the latest first"
    assert sum(one.weight for one in profile.interests) == pytest.approx(1)
    day = NOW.timestamp() / 86400
    assert profile.until == pytest.approx(day + 25 * MINUTE, abs=1e-8), "half an hour after the last event"
    later = build_profile([*lasting, *visit], Facts(), products, NOW + timedelta(minutes=26), encode)
    assert axes(later, session=True) == []
    assert later.until == pytest.approx(day + 26 * MINUTE + weights.HOLDS, abs=1e-8)


def test_a_gap_ends_a_visit_backwards_too() -> None:
    products = shop(product("k", KEYBOARDS), product("l", LAMPS))
    profile = built([did("view", "k", 40 * MINUTE), did("view", "l", 5 * MINUTE)], products)
    assert [one.products for one in profile.interests if one.session] == [("l",)]


def test_a_search_keeps_a_visit_going() -> None:
    products = shop(product("l", LAMPS))
    looked = did("view", "l", 50 * MINUTE)
    assert built([looked], products).interests[0].session is False
    assert built([looked, did("search", None, 25 * MINUTE)], products).interests[0].session is True


def test_who_only_has_this_visit_has_no_taste_besides() -> None:
    products = shop(product("l", LAMPS), product("k", KEYBOARDS))
    profile = built([did("view", "l", MINUTE), did("cart", "k", 2 * MINUTE)], products)
    assert all(one.session for one in profile.interests)
    assert sum(one.weight for one in profile.interests) == pytest.approx(1)


# --- affinities ------------------------------------------------------------------------------------------------------


def test_a_single_view_is_no_affinity_and_purchases_are() -> None:
    products = shop(*(product(f"p{n}", brand="Quillmark") for n in range(3)))
    assert built([did("view", "p0")], products).affinities == {}
    one = built([did("purchase", "p0", 0)], products).affinities["brand"]["quillmark"]
    # (1 + 2·0) / (1 + 2) where nobody counted how common the brand is.
    assert one.weight == pytest.approx(1 / 3, rel=1e-3)
    three = built([did("purchase", name, 0) for name in products], products).affinities["brand"]["quillmark"]
    assert three.weight == pytest.approx(3 / 5, rel=1e-3)
    assert three.products == ("p0", "p1", "p2")
    assert three.value == "Quillmark"


def test_what_everybody_has_is_no_taste() -> None:
    products = shop(*(product(f"p{n}", brand="Quillmark", colour="black") for n in range(3)))
    census = Census(
        roles={"brand": "brand", "colour": "colour"},
        values={"colour": {"black": Valued("Black", 0.9)}, "brand": {"quillmark": Valued("Quillmark", 0.01)}},
    )
    found = built([did("purchase", name, 0) for name in products], products, census=census).affinities
    assert found["brand"]["quillmark"].weight == pytest.approx((3 + 2 * 0.01) / 5 - 0.01, rel=1e-3)
    assert "colour" not in found or found["colour"]["black"].weight < 0.1
    rarer = replace(census, values={**census.values, "colour": {"black": Valued("Black", 0.1)}})
    black = built([did("purchase", name, 0) for name in products], products, census=rarer).affinities["colour"]["black"]
    assert black.weight == pytest.approx((3 + 0.2) / 5 - 0.1, rel=1e-3)
    assert black.value == "Black"


def test_every_level_of_the_category_counts() -> None:
    products = shop(*(product(f"p{n}", category=["Home", kind]) for n, kind in enumerate(["Lamps", "Rugs"])))
    found = built([did("purchase", name) for name in products], products).affinities["category"]
    assert list(found) == ["home", "lamps", "rugs"]
    assert found["home"].weight > found["lamps"].weight == pytest.approx(found["rugs"].weight)


def test_lists_and_case_count_as_in_filters() -> None:
    products = shop(product("a", colour=["Red", "BLUE"]), product("b", colour="blue"))
    found = built([did("purchase", name) for name in products], products).affinities["colour"]
    assert found["blue"].products == ("a", "b")
    assert found["red"].products == ("a",)


def test_dislikes_are_negative_and_outweigh_a_purchase_of_the_same_product() -> None:
    products = shop(product("p", brand="Clacker"), product("q", brand="Clacker"))
    bad = built([did("purchase", "p", 5), did("rating", "p", 1, value=1)], products)
    dislike = bad.affinities["brand"]["clacker"]
    assert dislike.weight < -0.15
    assert dislike.products == ("p",)
    assert bad.interests == (), "what somebody bought and hates is no interest"
    assert bad.strongest["p"] == "rating"
    both = built([did("rating", "p", 0, value=1), did("rating", "q", 0, value=1)], products)
    assert both.affinities["brand"]["clacker"].weight < dislike.weight
    made_up = built([did("rating", "p", 0, value=1), did("purchase", "q", 0), did("cart", "q", 0)], products)
    assert "brand" not in made_up.affinities, "one liked and one disliked say nothing"


@pytest.mark.parametrize(("stars", "sign"), [(1, -1), (2, -1), (3, 0), (4, 1), (5, 1), (0, -1), (9, 1)])
def test_stars(stars: float, sign: int) -> None:
    products = shop(product("p", brand="B"))
    profile = built([did("rating", "p", 0, value=stars)], products)
    found = profile.affinities.get("brand", {}).get("b")
    assert (np.sign(found.weight) if found else 0) == sign
    assert profile.steps[0].weight == max(-1, min(1, (stars - 3) / 2))


def test_the_last_opinion_counts() -> None:
    products = shop(product("p"))
    changed = [did("rating", "p", 10, value=1), did("rating", "p", 5, value=5)]
    assert built(changed, products).interests
    assert not built([changed[0]], products).interests


def test_many_views_never_make_a_purchase() -> None:
    products = shop(product("p", KEYBOARDS), product("q", LAMPS, 1))
    events = [did("view", "p", 2 + n / 1000) for n in range(100)] + [did("purchase", "q", 2)]
    lamps, keyboards = built(events, products).interests
    assert lamps.products == ("q",)
    assert keyboards.weight < 0.4 * lamps.weight


# --- hidden, bought, steps -------------------------------------------------------------------------------------------


def test_hidden_until_it_is_wanted_after_all() -> None:
    products = shop(product("p"))
    hide, buy = did("hide", "p", 5), did("purchase", "p", 2)
    assert built([hide], products).hidden == {"p"}
    assert built([buy, hide], products).hidden == frozenset()
    assert built([did("purchase", "p", 9), hide], products).hidden == {"p"}
    assert built([hide, did("view", "p", 1)], products).hidden == {"p"}


def test_products_that_the_index_does_not_have_are_steps_and_nothing_else() -> None:
    events = [did("purchase", "late", 2), did("view", "p", 1), did("search", None, 1)]
    without = built(events, {})
    assert without.interests == ()
    assert without.affinities == {}
    assert without.bands == {}
    assert [(step.product, step.weight) for step in without.steps] == [("late", 1.0), ("p", 0.2)]
    assert without.bought == {"late": pytest.approx((NOW - timedelta(days=2)).timestamp() / 86400)}
    assert len(built(events, shop(product("late"), product("p"))).interests) == 1


# --- prices ----------------------------------------------------------------------------------------------------------


def test_price_bands_of_all_and_of_each_category() -> None:
    products = shop(
        *(product(f"c{n}", price=price, category=["Home", "Mugs"]) for n, price in enumerate([8, 10, 12, 15, 9])),
        *(product(f"d{n}", price=price, category=["Home", "Sofas"]) for n, price in enumerate([700, 900, 1200])),
    )
    bands = built([did("purchase", name, 0) for name in products], products).bands
    assert next(iter(bands)) == ""
    assert set(bands) == {"", "home", "mugs", "sofas"}
    mugs, sofas = bands["mugs"], bands["sofas"]
    assert mugs.category == "Mugs"
    assert mugs.products == 5
    assert mugs.typical == pytest.approx(10)
    assert 7 < mugs.low < 9
    assert 12 < mugs.high < 15
    assert sofas.typical == pytest.approx(900)
    assert 650 < sofas.low < 760
    assert 1100 < sofas.high < 1250


def test_one_price_is_a_wide_band_and_one_view_is_none() -> None:
    products = shop(product("p", price=100))
    band = built([did("purchase", "p", 0)], products).bands[""]
    assert (band.low, band.typical, band.high) == pytest.approx((100 / 2**0.5, 100, 100 * 2**0.5), rel=1e-3)
    assert built([did("view", "p", 0)], products).bands == {}


def test_prices_of_one_currency_only() -> None:
    products = shop(
        product("a", price=10, currency="USD"), product("b", price=12, currency="USD"),
        product("c", price=900, currency="CNY"),
    )  # fmt: skip
    band = built([did("purchase", name, 0) for name in products], products).bands[""]
    assert band.currency == "USD"
    assert band.products == 2
    assert band.high < 20


@pytest.mark.parametrize("price", [0, -5, None, "12", True, float("nan"), float("inf")])
def test_what_is_no_price_makes_no_band(price: Any) -> None:
    assert built([did("purchase", "p", 0)], shop(product("p", price=price))).bands == {}


# --- what was declared -----------------------------------------------------------------------------------------------

CENSUS = Census(
    roles={"brand": "brand", "category": "category", "size": "size", "shoe_size": "size", "audience": "attribute"},
    values={
        "category": {name.lower(): Valued(name, 0.2) for name in ("Men's Shoes", "Shoes & Bags", "Lamps")},
        "size": {"s-xl": Valued("S-XL", 0.5), "42-44": Valued("42-44", 0.1)},
        "shoe_size": {"43": Valued("43", 0.2)},
        "audience": {"kids": Valued("kids", 0.3), "adults": Valued("Adults", 0.3), "65+": Valued("65+", 0.1)},
    },
    sizes={"m": (("size", "s-xl"),), "43": (("size", "42-44"), ("shoe_size", "43"))},
)


def test_a_new_shopper_is_what_they_declare() -> None:
    facts = Facts(
        age_band="25-34", interests=("lamps", "shoes", "lamps "), budget={"": 100}, sizes={"shoes": "43", "": "M"}
    )
    profile = built([], {}, facts, CENSUS)
    assert axes(profile) == [LAMPS, SHOES]
    assert [(one.text, one.products, one.weight) for one in profile.interests] == [
        ("lamps", (), 0.5), ("shoes", (), 0.5),
    ]  # fmt: skip
    assert {(a.field, a.value, a.weight, a.products) for its in profile.affinities.values() for a in its.values()} == {
        ("shoe_size", "43", weights.DECLARED_SIZE, ()),
        ("size", "S-XL", weights.DECLARED_SIZE, ()),
        ("audience", "Adults", weights.DECLARED_AGE, ()),
    }
    assert profile.bands[""].high == 100
    assert profile.bands[""].products == 0
    assert not profile.empty
    assert built([], {}).empty


def test_a_declared_interest_yields_to_what_is_bought() -> None:
    products = shop(*(product(f"k{n}", KEYBOARDS, n) for n in range(9)))
    profile = built([did("purchase", name, 1) for name in products], products, Facts(interests=("lamps",)))
    by_axis = {int(np.argmax(one.vector)): one.weight for one in profile.interests}
    assert by_axis[LAMPS] == pytest.approx(0.1, abs=0.01)


def test_a_budget_caps_what_was_learnt() -> None:
    products = shop(*(product(f"p{n}", price=price, category=["Lamps"]) for n, price in enumerate([20, 40, 80])))
    bought = [did("purchase", name, 0) for name in products]
    capped = built(bought, products, Facts(budget={"": 50})).bands[""]
    assert capped.high == 50
    assert capped.typical == pytest.approx(40)
    assert capped.products == 0
    low = built(bought, products, Facts(budget={"Lamps": 10})).bands
    assert low["lamps"].high == 10
    assert low["lamps"].typical == pytest.approx(7)
    assert low[""].products == 3
    assert low["lamps"].low < low["lamps"].typical


def test_a_budget_finds_the_categories_that_are_meant() -> None:
    assert set(built([], {}, Facts(budget={"shoe": 150}), CENSUS).bands) == {"men's shoes", "shoes & bags"}
    assert set(built([], {}, Facts(budget={"LAMPS": 15}), CENSUS).bands) == {"lamps"}
    assert set(built([], {}, Facts(budget={"boats": 15}), CENSUS).bands) == {"boats"}


# --- order, duplicates, bounds ---------------------------------------------------------------------------------------


def everything() -> tuple[list[Event], dict[str, Point]]:
    products = shop(
        *(
            product(
                f"p{n}", n % 3, n, brand=f"B{n % 4}", category=["Home", f"C{n % 5}"], price=5.0 + 3 * n,
                colour=["red", "blue"][n % 2],
            )
            for n in range(25)
        )
    )  # fmt: skip
    kinds: Sequence[EventType] = ("view", "click", "cart", "purchase", "rating", "hide", "view")
    events = [
        did(kind, f"p{n % 25}", (n * 7) % 40 + n / 1000, value=1 + n % 5 if kind == "rating" else None)
        for n, kind in zip(range(120), itertools.cycle(kinds), strict=False)
    ]
    return events, products


def test_neither_order_nor_duplicates_matter() -> None:
    events, products = everything()
    first = built(events, products, Facts(interests=("lamps",)), CENSUS)
    assert len(first.interests) > 1
    assert first.affinities
    assert first.bands
    assert first.hidden
    rng = random.Random(5)
    for _ in range(3):
        shuffled = rng.sample(events, len(events)) + rng.sample(events, 40)
        names = rng.sample(sorted(products), len(products))
        again = built(shuffled, {name: products[name] for name in names}, Facts(interests=("lamps",)), CENSUS)
        assert same(first, again)


def test_an_id_makes_events_the_same() -> None:
    products = shop(product("p"))
    twice = [did("purchase", "p", 1, id="e1"), did("purchase", "p", 2, id="e1")]
    assert len(built(twice, products).steps) == 1
    assert len(built([did("purchase", "p", 1), did("purchase", "p", 2)], products).steps) == 2


def test_times_are_instants_whatever_their_zone() -> None:
    products = shop(product("p"))
    stamps = ("2026-11-28T11:55:00Z", "2026-11-28T12:55:00+01:00", "2026-11-28T11:55:00.000+00:00", "2026-11-28T11:55")
    days = {built([Event("view", "s", stamp, "p")], products).steps[0].day for stamp in stamps}
    assert len(days) == 1


def test_steps_are_the_latest() -> None:
    events = [did("view", f"x{n}", 400 - n) for n in range(400)]
    steps = built(events, {}).steps
    assert len(steps) == weights.LATEST
    assert steps[-1].product == "x399"
    assert [step.day for step in steps] == sorted(step.day for step in steps)
