"""The pieces of a profile: groups of products, ages, quantiles, the census of a catalogue, what is kept in memory."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from building import build, build_as_before
from fake_encoder import FakeEncoder
from fakes import MemoryStore
from hypothesis import given, settings
from hypothesis import strategies as st

from search.profiles.ages import Ages, ages
from search.profiles.cache import Cache
from search.profiles.census import Census, mean_cosine
from search.profiles.interests import grouped, interests_of
from search.profiles.prices import quantiles

# --- groups ----------------------------------------------------------------------------------------------------------


def test_groups_by_hand() -> None:
    """Three directions in a plane: 0°, 20° and 90°. Merging the first two costs 2 − 2·cos 10° = 0.030."""
    angles = np.radians([0, 20, 90])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    weights = np.ones(3)
    assert [group.tolist() for group in grouped(vectors, weights, 5, 0.5)] == [[0, 1], [2]]
    assert [group.tolist() for group in grouped(vectors, weights, 5, 0.95)] == [[0], [1], [2]]
    assert [group.tolist() for group in grouped(vectors, weights, 2, 0.95)] == [[0, 1], [2]]
    # Between the pair and the last: (cos 90° + cos 70°) / 2 = 0.171.
    assert [group.tolist() for group in grouped(vectors, weights, 5, 0.17)] == [[0, 1, 2]]
    assert [group.tolist() for group in grouped(vectors, weights, 5, 0.172)] == [[0, 1], [2]]
    assert [group.tolist() for group in grouped(vectors, weights, 1, 1.0)] == [[0, 1, 2]]


def test_ward_on_the_sphere_is_what_its_definition_says() -> None:
    """Against the plain loop over all pairs of groups."""
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(14, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = rng.uniform(0.1, 1.0, 14)
    groups = [[n] for n in range(14)]
    while len(groups) > 3:

        def length(*members: list[int]) -> float:
            return float(np.linalg.norm(sum(weights[n] * vectors[n] for group in members for n in group)))

        one, other = min(
            itertools.combinations(groups, 2), key=lambda pair: length(pair[0]) + length(pair[1]) - length(*pair)
        )
        groups = [group for group in groups if group not in (one, other)] + [one + other]
    found = grouped(vectors, weights, 3, 2.0)
    assert sorted(group.tolist() for group in found) == sorted(sorted(group) for group in groups)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.floats(0.01, 5)), min_size=1, max_size=40),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_interests_are_the_same_in_any_order(rows: list[tuple[int, float]], most: int, rng: object) -> None:
    base = np.random.default_rng(1).normal(size=(8, 6))
    names = [f"p{n:02d}" for n in range(len(rows))]
    vectors = np.stack([base[axis] / np.linalg.norm(base[axis]) for axis, _ in rows]).astype(np.float32)
    weights = [weight for _, weight in rows]
    first = interests_of(names, vectors, weights, most)
    assert 1 <= len(first) <= most
    assert sum(one.weight for one in first) == pytest.approx(sum(weights))
    assert all(np.linalg.norm(one.vector) == pytest.approx(1, abs=1e-5) for one in first)
    order = list(range(len(rows)))
    rng.shuffle(order)  # type: ignore[attr-defined]
    again = interests_of([names[n] for n in order], vectors[order], [weights[n] for n in order], most)
    assert [(one.weight, one.products) for one in first] == [(one.weight, one.products) for one in again]
    assert all(np.array_equal(one.vector, other.vector) for one, other in zip(first, again, strict=True))


def test_no_products_no_interests() -> None:
    assert interests_of([], np.zeros((0, 4), np.float32), [], 5) == []
    opposite = np.array([[1, 0], [-1, 0]], np.float32)
    assert interests_of(["a", "b"], opposite, [1, 1], 1) == [], "what cancels out points nowhere"
    assert len(interests_of(["a", "b"], opposite, [1, 1], 2)) == 2


# --- prices ----------------------------------------------------------------------------------------------------------


def test_weighted_quantiles_by_hand() -> None:
    values = np.array([1.0, 2.0, 4.0])
    assert quantiles(values, np.ones(3), (0, 1 / 6, 0.5, 1)) == pytest.approx([1, 1, 2, 4])
    assert quantiles(values, np.ones(3), (1 / 3,)) == pytest.approx([1.5])
    # Middles of the weights 6, 1, 1 of 8: 3/8, 6.5/8, 7.5/8.
    assert quantiles(values, np.array([6.0, 1, 1]), (0.5,)) == pytest.approx([1 + (0.5 - 0.375) / (0.8125 - 0.375)])
    assert quantiles(np.array([3.0]), np.array([0.2]), (0.1, 0.9)) == [3, 3]


# --- ages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25-34", (25, 34)), ("25 to 34 years", (25, 34)), ("65+", (65, 120)), ("under 18", (0, 18)),
        ("６５岁以上", (65, 120)), ("18岁以下", (0, 18)), ("3 years and up", (3, 120)), ("6–12 months", (0.5, 1)),
        ("3-6岁", (3, 6)), ("0-6个月", (0, 0.5)), ("Kids", (3, 12)), ("儿童", (3, 12)), ("adults", (18, 64)),
        ("老人", (60, 120)), ("babies", (0, 2)), ("21", (21, 21)), ("up to 5", (0, 5)), ("34-25", (25, 34)),
    ],
)  # fmt: skip
def test_ages_that_are_named(text: str, expected: tuple[float, float]) -> None:
    assert [(one.low, one.high) for one in ages(text)] == [pytest.approx(expected)]


@pytest.mark.parametrize("text", ["", "running", "hard floors", "unisex", "childish"])
def test_what_names_no_age(text: str) -> None:
    assert ages(text) == ()


def test_several_ages_and_whether_they_meet() -> None:
    assert len(ages("kids and teens")) == 2
    assert Ages(25, 34).meets(Ages(18, 64))
    assert Ages(25, 34).meets(Ages(34, 40))
    assert not Ages(25, 34).meets(Ages(60, 120))


# --- the catalogue ---------------------------------------------------------------------------------------------------


def test_the_census_counts_a_catalogue() -> None:
    store = MemoryStore()
    rows = [
        {"id": str(n), "title": f"Shirt {n}", "brand": ["Tarn", "TARN", "Oak", "Oak"][n],
         "category": ["Wear", "Shirts"], "colour": ["red", "blue"], "size": "S-XL"}
        for n in range(4)
    ]  # fmt: skip
    build(store, FakeEncoder(), rows)
    census = Census.of(store.open("products"))
    assert census.roles["brand"] == "brand"
    assert census.roles["size"] == "size"
    assert census.share("brand", "tarn") == pytest.approx(0.5), "both ways of writing it"
    assert census.share("category", "wear") == census.share("colour", "blue") == 1
    assert census.share("brand", "nobody") == census.share("nothing", "x") == 0
    assert census.sizes["m"] == (("size", "s-xl"),)
    assert census.fields("size") == ["size"]
    assert 0 < census.likeness < 1


def test_a_version_from_before_is_read_as_far_as_it_goes() -> None:
    store = MemoryStore()
    build_as_before(store, FakeEncoder(), [{"id": "1", "title": "Shirt", "brand": "Tarn"}])
    census = Census.of(store.open("products"))
    assert "brand" in census.roles
    assert census.values == {}
    assert census.likeness == 0


def test_mean_cosine_by_hand() -> None:
    assert mean_cosine([[1, 0], [0, 1]]) == pytest.approx(0)
    assert mean_cosine([[1, 0], [0.6, 0.8], [0, 1]]) == pytest.approx((0.6 + 0 + 0.8) / 3)
    assert mean_cosine([[1, 0]]) == mean_cosine([]) == 0


# --- memory ----------------------------------------------------------------------------------------------------------


def test_the_least_recently_used_goes_first() -> None:
    cache: Cache[str, str] = Cache(2, 100, len)
    cache.put("a", "1")
    cache.put("b", "2")
    assert cache.get("a") == "1"
    cache.put("c", "3")
    assert [cache.get(key) for key in "abc"] == ["1", None, "3"]
    assert len(cache) == 2
    assert cache.bytes == 2


def test_bytes_are_bounded_and_counted_right() -> None:
    cache: Cache[str, str] = Cache(100, 10, len)
    cache.put("a", "x" * 6)
    cache.put("b", "x" * 4)
    assert cache.bytes == 10
    cache.put("a", "x" * 2)
    assert cache.bytes == 6
    cache.put("c", "x" * 9)
    assert (cache.get("a"), cache.get("b"), cache.bytes) == (None, None, 9)
    cache.put("c", "x" * 11)
    assert (cache.get("c"), cache.bytes, len(cache)) == (None, 0, 0), "heavier than all the room"
    for key in ("x1", "x2", "y1"):
        cache.put(key, "12")
    cache.forget_where(lambda key: key.startswith("x"))
    cache.forget(["y1", "nothing"])
    assert (len(cache), cache.bytes) == (0, 0)
