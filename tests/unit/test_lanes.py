"""What an index knows of its words: how rare they are, and what of a query can be found by them."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
import pytest
from fake_encoder import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st

from search.bm25 import field_terms, weigh
from search.domain import LANES, Sparse
from search.errors import IndexDamaged
from search.kinds import Kind, KindBook
from search.lanes import TRANSLATED_WEIGHT, LaneMaker, TermBook, TermCensus
from search.storage.lanes import checked_sparse
from search.terms import FRAGMENT, index_of, query_terms

SHOP: list[dict[str, Any]] = [
    {"title": "Red desk lamp", "description": "A lamp for reading."},
    {"title": "Blue desk lamp", "brand": "Tarn"},
    {"title": "Tarn mug 350 ml", "category": ["Kitchen", "Mugs"]},
    {"title": "Brother TN-2110 toner", "colour": "black"},
    {"title": "无线蓝牙耳机", "brand": "Tarn"},
]


def census(*documents: dict[str, Any]) -> TermBook:
    counted = TermCensus()
    for document in documents:
        counted.add(document)
    return counted.book()


BOOK = census(*SHOP)


def weights(vector: Sparse) -> dict[int, float]:
    return dict(zip(vector.indices, vector.values, strict=True))


def test_in_how_many_products_a_term_stands() -> None:
    assert [BOOK.count(term) for term in ("lamp", "tarn", "desk", "mug", "耳机", "350ml", "unheard")] == [
        2, 3, 2, 1, 1, 1, 0,
    ]  # fmt: skip
    assert BOOK.count(FRAGMENT + "2110") == 1
    assert BOOK.count("black") == 1
    assert BOOK.products == 5


def test_the_mean_lengths_of_fields() -> None:
    lengths = [len(field_terms(document)["title"]) for document in SHOP]
    assert BOOK.averages["title"] == pytest.approx(sum(lengths) / 5)
    assert BOOK.averages["brand"] == 1.0


def test_rarity_is_what_the_stores_multiply_with() -> None:
    """ln((N − n + 0.5) / (n + 0.5) + 1) for N = 5."""
    assert BOOK.idf("tarn") == pytest.approx(math.log(2.5 / 3.5 + 1))
    assert BOOK.idf("mug") == pytest.approx(math.log(4.5 / 1.5 + 1))
    assert BOOK.idf("unheard") == pytest.approx(math.log(5.5 / 0.5 + 1))


def test_a_rare_word_is_worth_more_and_an_unknown_one_most() -> None:
    assert 0 < BOOK.idf("tarn") < BOOK.idf("lamp") < BOOK.idf("mug") < BOOK.idf("unheard")


def test_all_words_of_a_query_are_worth_something_and_the_known_ones_can_be_found() -> None:
    asked = BOOK.of_query("the red zorblax lamp")
    assert asked.worth == pytest.approx(sum(map(BOOK.idf, ["red", "zorblax", "lamp"])))
    assert asked.known_worth == pytest.approx(BOOK.idf("red") + BOOK.idf("lamp"))
    assert {index_of("red"), index_of("lamp")} <= set(asked.vector.indices)


def test_a_query_whose_every_word_is_known() -> None:
    asked = BOOK.of_query("desk lamp")
    assert asked.worth == asked.known_worth > 0
    assert set(asked.vector.indices) == {index_of("desk"), index_of("lamp")}
    assert set(asked.vector.values) == {1.0}


@pytest.mark.parametrize("text", ["", "   ", "!"])
def test_a_query_without_words(text: str) -> None:
    asked = BOOK.of_query(text)
    assert asked.vector == Sparse()
    assert asked.worth == asked.known_worth == 0.0


def test_nothing_of_an_unknown_query_is_known() -> None:
    asked = BOOK.of_query("zorblax quux")
    assert asked.known_worth == 0.0
    assert asked.worth == pytest.approx(2 * BOOK.idf("unheard"))


def test_a_piece_of_a_code_is_looked_for_and_worth_nothing_of_its_own() -> None:
    asked = BOOK.of_query("2110")
    found = weights(asked.vector)
    assert 0 < found[index_of(FRAGMENT + "2110")] < 1
    assert asked.worth == pytest.approx(BOOK.idf("2110"))


def test_a_translation_is_looked_for_too_and_counts_less() -> None:
    asked = BOOK.of_query("耳机", "headphones lamp")
    found = weights(asked.vector)
    assert found[index_of("耳机")] == 1.0
    assert found[index_of("lamp")] == TRANSLATED_WEIGHT < 1
    assert asked.known_worth == pytest.approx(BOOK.idf("耳机")), "the wording that the catalogue knows better"


def test_where_only_the_translation_is_known_it_is_what_counts() -> None:
    asked = BOOK.of_query("台灯", "desk lamp")
    assert asked.known_worth == pytest.approx(TRANSLATED_WEIGHT * (BOOK.idf("desk") + BOOK.idf("lamp")))
    assert asked.worth == pytest.approx(asked.known_worth)


def test_a_translation_that_says_the_same_word_adds_nothing() -> None:
    assert BOOK.of_query("lamp", "lamp") == BOOK.of_query("lamp")


def test_half_a_translation_is_worth_the_whole_query() -> None:
    """So that who has the half that could be said has half of the query."""
    half, whole = (BOOK.of_query("台灯", "desk lamp", translated=share) for share in (0.5, 1.0))
    assert half.known_worth == whole.known_worth
    assert half.worth == pytest.approx(2 * whole.worth)


def test_what_the_catalogue_calls_a_thing_is_looked_for_beside_the_query_s_own_words() -> None:
    asked = BOOK.of_query("light", others=("desk lamp",))
    assert {index_of("desk"), index_of("lamp")} <= set(asked.vector.indices)
    assert BOOK.of_query("red lamp", others=("lamp",)).vector == BOOK.of_query("red lamp").vector


def test_bytes_round_trip() -> None:
    again = TermBook.from_bytes(BOOK.to_bytes())
    assert (again.products, dict(again.averages)) == (BOOK.products, dict(BOOK.averages))
    assert np.array_equal(again.indices, BOOK.indices)
    assert np.array_equal(again.counts, BOOK.counts)
    assert again.of_query("red lamp TN-2110") == BOOK.of_query("red lamp TN-2110")
    assert again.to_bytes() == BOOK.to_bytes()


def test_the_order_of_the_products_changes_nothing() -> None:
    assert census(*SHOP[::-1]).to_bytes() == BOOK.to_bytes()


def test_an_empty_book_knows_no_word() -> None:
    for book in (TermBook.empty(), census(), TermBook.from_bytes(TermBook.empty().to_bytes())):
        asked = book.of_query("red lamp")
        assert asked.known_worth == 0.0
        assert asked.worth > 0
        assert book.count("lamp") == 0


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", b"[1, 2]\n", b"\xff\xfe", BOOK.to_bytes()[:-5], b"[99, 1, {}, 0]\nx", b"null\n", b"{}\n"]
)
def test_damaged_bytes_are_named_and_say_what_to_do(data: bytes) -> None:
    with pytest.raises(IndexDamaged, match="reindex"):
        TermBook.from_bytes(data)


@given(st.integers(0, 300), st.binary(max_size=3))
def test_any_damage_raises_the_one_error_or_gives_a_book(cut: int, noise: bytes) -> None:
    good = BOOK.to_bytes()
    with contextlib.suppress(IndexDamaged):
        TermBook.from_bytes(good[:cut] + noise + good[cut + len(noise) :])


def test_a_product_gets_both_lanes() -> None:
    kinds = KindBook((Kind(("lamp",), "lamp", 0.64),), FakeEncoder().encode_documents(["lamp"]))
    lanes = LaneMaker(BOOK, kinds).lanes(SHOP[0])
    assert set(lanes) == set(LANES)
    assert lanes["words"] == weigh(field_terms(SHOP[0]), BOOK.averages)
    assert lanes["kind"].values == pytest.approx((0.8,)), "the root of how surely the phrase names a kind"
    assert LaneMaker(BOOK, kinds).lanes({"title": "Red mug"})["kind"] == Sparse()


@given(st.sampled_from(SHOP))
def test_a_title_asked_for_is_worth_what_its_product_can_give(document: dict[str, Any]) -> None:
    """Every word of a title that is typed is known, so its product has all of the query's words."""
    asked = BOOK.of_query(document["title"])
    assert asked.worth == pytest.approx(asked.known_worth)
    held = LaneMaker(BOOK, KindBook.empty(8)).lanes(document)["words"]
    whole = {index_of(term) for term in query_terms(document["title"]) if not term.startswith(FRAGMENT)}
    assert whole <= set(held.indices)


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_query_is_a_vector_that_a_store_takes(text: str, translation: str) -> None:
    asked = BOOK.of_query(text, translation)
    checked_sparse(asked.vector, "it")
    assert 0 <= asked.known_worth <= asked.worth + 1e-9 or asked.known_worth == 0
    assert math.isfinite(asked.worth)
