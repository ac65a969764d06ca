"""The parts of taste against values worked out by hand; what is kept of products; how far a query lets taste reach."""

from __future__ import annotations

import gc
import math
import weakref
from dataclasses import replace

import numpy as np
import pytest
from fakes import MemoryCollection, MemoryStore
from points import DIMENSION, direction, manifest, point
from scipy import sparse

from search.domain import Candidate
from search.personalization.company import company
from search.personalization.model import PERSONAL_PARTS
from search.personalization.parts import PLACE, Judged, Taste, fit, named_in
from search.personalization.reach import LEAST_WINDOW, reach
from search.personalization.shelf import Seen, Shelf, Traits, traits_of
from search.recommending.blend import Recommender
from search.recommending.parts import SMALL
from search.recommending.tables import Table
from search.recommending.words import Vocabulary
from search.remembered import Remembered
from search.shopper import Affinity, Interest, PriceBand, Profile, Step
from search.storage.payload import point_id

AXES = np.eye(DIMENSION, dtype=np.float32)


def seen(*traits: Traits | None, vectors: list[np.ndarray] | None = None) -> Seen:
    rows = np.stack(vectors) if vectors else np.zeros((len(traits), DIMENSION), dtype=np.float32)
    return Seen(traits, rows.astype(np.float32))


def product(name: str, price: float | None = None, currency: str | None = None, **values: tuple[str, ...]) -> Traits:
    return Traits(name, values, price, currency)


def part(judged: Judged, name: str) -> list[float]:
    return [round(value, 6) for value in judged.parts[:, PLACE[name]].tolist()]


# --- the parts -------------------------------------------------------------------------------------------------------


def test_an_interest_counts_by_how_much_nearer_than_the_mean_of_the_window_a_product_is() -> None:
    taste = Taste(Profile(interests=(Interest(AXES[0], 0.8, ("x",)), Interest(AXES[1], 0.2, ("y",)))))
    vectors = [AXES[0], AXES[1], AXES[2]]
    judged = taste.judge(seen(product("a"), product("b"), product("c"), vectors=vectors))
    # Cosines above their means: 2/3, −1/3, −1/3 and −1/3, 2/3, −1/3, of which half counts: √(0.2 / 0.8).
    best = np.array([2 / 3, 1 / 3, -1 / 6])
    assert part(judged, "interest") == pytest.approx(best - best.mean(), abs=1e-6)
    assert judged.interest.tolist() == [0, 1, 1]
    assert judged.session.tolist() == [-1, -1, -1]
    assert part(judged, "session") == [0, 0, 0]


def test_what_they_are_after_now_is_a_part_of_its_own() -> None:
    taste = Taste(Profile(interests=(Interest(AXES[0], 0.4, ("x",), session=True),)))
    judged = taste.judge(seen(product("a"), product("b"), vectors=[AXES[0], AXES[1]]))
    assert part(judged, "session") == [0.5, -0.5]
    assert part(judged, "interest") == [0, 0]


LIKES = Profile(
    affinities={
        "brand": {"tarn": Affinity("brand", "tarn", 0.6, ("x",)), "oak": Affinity("brand", "oak", -0.3, ("y",))},
        "category": {
            "lighting": Affinity("category", "lighting", 0.2, ("x",)),
            "desk lamps": Affinity("category", "desk lamps", 0.5, ("x",)),
        },
        "colour": {"red": Affinity("colour", "red", 0.4, ("x",)), "blue": Affinity("colour", "blue", 0.1, ("x",))},
        "size": {"xl": Affinity("size", "xl", 0.5)},
    },
    bands={
        "": PriceBand("", 10, 20, 40, 3),
        "desk lamps": PriceBand("desk lamps", 50, 60, 80, 2, "EUR"),
    },
    bought={"once": 5.0, "twice": 9.0},
    steps=(Step("twice", 1, 2.0), Step("twice", 0.2, 5.0), Step("once", 1, 5.0), Step("twice", 1, 9.0)),
)


def test_affinities_count_by_brand_by_the_narrowest_category_and_by_all_other_values() -> None:
    judged = Taste(LIKES).judge(
        seen(
            product("a", brand=("tarn",), category=("lighting", "desk lamps"), colour=("red", "blue"), size=("xl",)),
            product("b", brand=("oak",), category=("lighting", "floor lamps")),
            product("c", brand=("elm",)),
        )
    )
    assert part(judged, "brand") == [0.6, -0.3, 0]
    assert part(judged, "category") == [0.5, 0.2, 0]
    assert part(judged, "attributes") == [1.0, 0, 0]
    assert [len(each) for each in judged.attributes] == [3, 0, 0]


def test_fields_that_the_query_names_are_left_out() -> None:
    one = product("a", 20, brand=("tarn",), category=("desk lamps",), colour=("red",), size=("xl",))
    other = product("b", 200)
    judged = Taste(LIKES).judge(seen(one, other), {"brand", "colour", "price", "category"})
    assert [part(judged, name)[0] for name in ("brand", "category", "attributes", "price")] == [0, 0, 0.5, 0]
    assert judged.brand == (None, None)


def test_a_price_fits_in_the_band_of_its_category_and_currency_or_in_that_of_everything() -> None:
    lamp = ("lighting", "desk lamps")
    judged = Taste(LIKES).judge(
        seen(
            product("in the band of desk lamps", 60, "EUR", category=lamp),
            product("in dollars, so by the band of everything", 80, "USD", category=lamp),
            product("no price", None, "EUR", category=lamp),
            product("in the band of everything", 20, None),
        )
    )
    # Fits 1, −1 (twice the dearer end), unknown, 1; their mean is 1/3.
    assert part(judged, "price") == pytest.approx([2 / 3, -4 / 3, 0, 2 / 3], abs=1e-6)


@pytest.mark.parametrize(
    ("price", "expected"),
    [(10, 1), (25, 1), (40, 1), (40 * math.sqrt(2), 0), (80, -1), (8000, -1), (10 / math.sqrt(2), 0), (0.01, -1)],
)
def test_how_well_a_price_fits(price: float, expected: float) -> None:
    assert fit(np.array([price]), np.array([10.0]), np.array([40.0])) == pytest.approx(expected)


def test_nothing_is_too_cheap_for_a_declared_budget() -> None:
    budget = Profile(bands={"": PriceBand("", 10, 20, 40, 0)})
    judged = Taste(budget).judge(seen(product("almost nothing", 0.01, None), product("twice", 80, None)))
    assert part(judged, "price") == pytest.approx([1, -1])  # and their mean is 0


def test_a_price_of_nothing_fits_where_nothing_was_paid() -> None:
    assert fit(np.array([0.0, 5.0, math.nan]), np.zeros(3), np.zeros(3)).tolist()[:2] == [1, -1]
    assert math.isnan(fit(np.array([math.nan]), np.ones(1), np.ones(1))[0])


def test_praise_after_a_purchase_is_no_second_purchase() -> None:
    steps = (Step("once", 1.0, 5.0), Step("once", 1.0, 9.0))  # bought, and then rated with five stars
    profile = Profile(bought={"once": 5.0}, steps=steps)
    assert part(Taste(profile).judge(seen(product("once"), product("never"))), "repeat") == [-1, 0]


def test_what_was_bought_on_two_days_is_bought_again_and_what_was_bought_once_is_not() -> None:
    judged = Taste(LIKES).judge(seen(product("once"), product("twice"), product("never")))
    assert part(judged, "repeat") == [-1, 1, 0]
    for today, expected in ((34.0, 0), (35.0, 1)):  # used up and just bought: neither held back nor brought up
        ink = Taste(LIKES, lambda traits, days: days >= 30 if traits.product_id == "once" else None, today)
        assert part(ink.judge(seen(product("once"), product("never"))), "repeat") == [expected, 0]


def test_company_counts_above_the_mean_and_products_that_are_gone_count_for_nothing() -> None:
    def together(products: object) -> np.ndarray:
        return np.array([0.9, 5.0, 0.1])

    judged = Taste(LIKES).judge(seen(product("a"), None, product("b")), together=together)
    assert part(judged, "together") == pytest.approx([0.4, 0, -0.4])
    assert judged.parts[1].tolist() == [0] * len(PERSONAL_PARTS)


def test_an_empty_window_has_no_parts() -> None:
    assert Taste(LIKES).judge(seen()).parts.shape == (0, len(PERSONAL_PARTS))


def test_a_brand_is_named_where_it_stands_as_a_word_of_its_own() -> None:
    brands = {"tarn", "oak & ash", "x", "lamp"}
    assert named_in("Red  TARN lampshade", brands) == {"tarn"}
    assert named_in("oak & ash x tarns", brands) == {"oak & ash"}


# --- what others say -------------------------------------------------------------------------------------------------


def _recommender(weights: dict[str, float]) -> Recommender:
    """Whoever has the ink takes the paper: 0.5. Of the pen nothing is known."""
    matrix = sparse.csr_matrix(np.array([[0, 0.5, 0], [0, 0, 0], [0, 0, 0]], dtype=np.float32))
    some = np.zeros(3, dtype=np.float32)
    return Recommender(
        ("ink", "paper", "pen"), DIMENSION, (Table("following", 1.0, matrix),), Table("goes with", 1.0, matrix), some,
        some, Vocabulary.of(["ink", "paper", "pen"]), weights,
    )  # fmt: skip


def test_what_others_took_after_the_same_products_counts_with_the_weights_that_were_learned() -> None:
    profile = Profile(steps=(Step("a stranger", 1, 1), Step("ink", 1, 2)))
    together = company(_recommender({"following": 2.0, "popular": 9.0}), profile)
    assert together is not None
    said = together(["pen", "paper", "unheard of", "ink"])
    assert said.tolist() == pytest.approx([0, 2 * math.log(1 + 0.5 / SMALL), 0, 0], abs=1e-5)


@pytest.mark.parametrize(
    ("weights", "steps"),
    [({"following": 1.0}, ()), ({"following": 1.0}, (Step("stranger", 1, 1),)), ({}, (Step("ink", 1, 1),)),
     ({"following": 1.0}, (Step("ink", -1, 1),))],
)  # fmt: skip
def test_where_nothing_was_learned_of_what_they_took_others_say_nothing(
    weights: dict[str, float], steps: tuple[Step, ...]
) -> None:
    assert company(_recommender(weights), Profile(steps=steps)) is None


# --- reach -----------------------------------------------------------------------------------------------------------


def _window(*words: float) -> list[Candidate]:
    return [Candidate(str(n), 0.5, parts={"lexical": each} if each >= 0 else {}) for n, each in enumerate(words)]


def test_taste_reaches_all_where_everything_fits_and_nothing_where_one_product_does() -> None:
    assert reach(_window(*[1.0] * 60)).tolist() == [1.0] * 60
    assert reach(_window(1.0, *[0.5] * 59)) == pytest.approx(0, abs=1e-5)
    assert reach([]).tolist() == []


def test_what_says_less_than_was_asked_gets_less_of_it() -> None:
    found = reach(_window(*[1.0] * 30, 0.95, 0.5))
    assert found[0] > found[30] > 0.4 * found[0] > 1000 * found[31]


def test_few_candidates_leave_little_to_choose() -> None:
    few = reach(_window(*[1.0] * 5))
    assert few.tolist() == pytest.approx([(math.log(5) / math.log(LEAST_WINDOW)) ** 1.5] * 5)


def test_without_words_the_score_says_what_fits_and_browsing_fits_all() -> None:
    by_meaning = [replace(one, score=score) for one, score in zip(_window(*[-1] * 60), [0.8] * 59 + [0.4], strict=True)]
    found = reach(by_meaning)
    assert found[59] == pytest.approx(found[0] / 16)
    assert reach([replace(one, score=0.0) for one in by_meaning]).tolist() == [1.0] * 60


# --- the shelf -------------------------------------------------------------------------------------------------------


@pytest.fixture
def collection() -> MemoryCollection:
    collection = MemoryStore().create(manifest("products"))
    collection.upsert([point(f"p{n}", brand="Tarn", price=n, category=["A", "B"]) for n in range(6)])
    return collection


def _ids(*numbers: int) -> list[str]:
    return [point_id(f"p{n}") for n in numbers]


def test_a_shelf_gives_traits_and_vectors_in_the_order_asked_for(collection: MemoryCollection) -> None:
    shelf = Shelf(collection)
    for _ in range(2):
        found = shelf.look(collection, _ids(3, 9, 1), ["brand", "category"])
        assert [one and one.product_id for one in found.traits] == ["p3", None, "p1"]
        assert found.traits[0] is not None
        assert found.traits[0].values == {"brand": ("tarn",), "category": ("a", "b")}
        assert found.traits[0].price == 3
        assert found.vectors[[0, 2]] == pytest.approx(np.stack([direction("p3"), direction("p1")]), abs=1e-3)
        assert not found.vectors[1].any()
    assert shelf.look(collection, [], ["brand"]).vectors.shape == (0, DIMENSION)
    assert Shelf(collection).look(collection, _ids(9), ["brand"]).traits == (None,)


def test_a_shelf_reads_each_product_once(collection: MemoryCollection, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[list[str]] = []
    real = collection.retrieve
    monkeypatch.setattr(collection, "retrieve", lambda ids: read.append(list(ids)) or real(ids))
    shelf = Shelf(collection)
    shelf.look(collection, _ids(0, 1), ["brand"])
    shelf.look(collection, _ids(1, 2), ["brand"])
    assert read == [_ids(0, 1), _ids(2)]
    shelf.look(collection, _ids(1), ["brand", "size"])
    assert read[2:] == [_ids(1)], "another field has to be read"
    shelf.look(collection, _ids(1), ["size"])
    assert len(read) == 3


def test_a_product_that_is_written_or_deleted_is_read_anew(collection: MemoryCollection) -> None:
    shelf = Shelf(collection)
    shelf.look(collection, _ids(0, 1), ["brand"])
    collection.upsert([point("p0", brand="Oak")])
    collection.delete(["p1"])
    found = shelf.look(collection, _ids(0, 1), ["brand"]).traits
    assert found[0] is not None
    assert found[0].values["brand"] == ("oak",)
    assert found[1] is None


def test_what_is_written_while_it_is_read_is_not_kept(
    collection: MemoryCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, real = Shelf(collection), collection.retrieve

    def slow(ids: list[str]) -> list[object]:
        found = real(ids)
        monkeypatch.setattr(collection, "retrieve", real)
        collection.upsert([point("p0", brand="Oak")])
        return found  # type: ignore[return-value]

    monkeypatch.setattr(collection, "retrieve", slow)
    shelf.look(collection, _ids(0), ["brand"])
    found = shelf.look(collection, _ids(0), ["brand"]).traits[0]
    assert found is not None
    assert found.values["brand"] == ("oak",)


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_a_full_shelf_lets_go_of_what_it_held_longest(collection: MemoryCollection, most: int) -> None:
    shelf = Shelf(collection, most)
    for wanted in ((0, 1, 2), (2, 3), (4, 5, 0, 1, 2, 3), (5,), (0, 5)):
        found = shelf.look(collection, _ids(*wanted), ["brand"])
        assert [one and one.product_id for one in found.traits] == [f"p{n}" for n in wanted]
        expected = np.stack([direction(f"p{n}") for n in wanted])
        assert found.vectors == pytest.approx(expected, abs=1e-3)


def test_a_shelf_goes_with_its_version() -> None:
    collection = MemoryStore().create(manifest("products"))
    shelves = Remembered(Shelf)
    shelves.of(collection).look(collection, _ids(0), ["brand"])
    watched = weakref.ref(collection)
    del collection
    gc.collect()
    assert watched() is None


@pytest.mark.parametrize("price", [None, "12", True, 0, -3, math.nan])
def test_what_is_no_price_is_none(price: object) -> None:
    assert traits_of("a", {"price": price}, ()).price is None
