"""BM25F weights, against an example worked out by hand, and the form of the vectors."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.bm25 import FIELDS, K1, Lengths, field_terms, sparse, weigh
from search.domain import Sparse
from search.storage.lanes import MAX_TERMS, checked_sparse
from search.terms import FRAGMENT, index_of, stem, terms


def weight(vector: Sparse, term: str) -> float:
    return dict(zip(vector.indices, vector.values, strict=True)).get(index_of(term), 0.0)


def test_weights_of_an_example_worked_out_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two fields with round numbers: title counts 3 with b = 0.5, description 1 with b = 1; k1 = 1.

    The title has 2 terms where 4 are usual: norm 0.5 + 0.5 · 2/4 = 0.75. The description has 8 where 4 are usual:
    norm 8/4 = 2. «lamp» stands once in the title and twice in the description: f = 3/0.75 + 2/2 = 5, weight
    2 · 5 / (5 + 1) = 5/3. «red» once in the title: f = 4, weight 8/5. «oak» once in the description: f = 1/2, 2/3.
    """
    from search.bm25 import FieldWeight

    monkeypatch.setattr("search.bm25.FIELDS", {"title": FieldWeight(3.0, 0.5), "description": FieldWeight(1.0, 1.0)})
    monkeypatch.setattr("search.bm25.K1", 1.0)
    fields = {"title": ["red", "lamp"], "description": ["lamp", "oak", "lamp", "a1", "a2", "a3", "a4", "a5"]}
    found = weigh(fields, {"title": 4.0, "description": 4.0})
    assert weight(found, "lamp") == pytest.approx(5 / 3)
    assert weight(found, "red") == pytest.approx(8 / 5)
    assert weight(found, "oak") == pytest.approx(2 / 3)
    assert len(found.indices) == 8


def test_the_formula_holds_with_the_numbers_in_use() -> None:
    rule = FIELDS["title"]
    f = rule.weight / (1 - rule.b + rule.b * 2 / 5)
    assert weight(weigh({"title": ["red", "lamp"]}, {"title": 5.0}), "lamp") == pytest.approx((K1 + 1) * f / (f + K1))


def test_a_word_counts_most_in_the_title_and_least_in_an_attribute() -> None:
    averages = dict.fromkeys(FIELDS, 1.0)
    title, brand, description, attributes = (
        weight(weigh({name: ["lamp"]}, averages), "lamp") for name in ("title", "brand", "description", "attributes")
    )
    assert title > brand >= description > attributes > 0


def test_a_word_repeated_counts_more_and_never_more_than_its_bound() -> None:
    averages = {"title": 4.0}
    weights = [
        weight(weigh({"title": ["lamp"] * times + ["x"] * (8 - times)}, averages), "lamp") for times in (1, 2, 8)
    ]
    assert weights == sorted(weights)
    assert weights[-1] < K1 + 1
    assert weights[1] / weights[0] < 1.5


def test_a_word_counts_less_in_a_long_text() -> None:
    averages = {"description": 10.0}
    short = weigh({"description": ["lamp"] + ["x"] * 4}, averages)
    long = weigh({"description": ["lamp"] + ["x"] * 400}, averages)
    assert weight(short, "lamp") > weight(long, "lamp")


def test_a_piece_of_a_code_counts_less_than_a_word() -> None:
    found = weigh({"title": ["lamp", FRAGMENT + "2110"]}, {"title": 2.0})
    assert weight(found, FRAGMENT + "2110") < weight(found, "lamp")


def test_a_catalogue_without_statistics_weighs_all_the_same() -> None:
    """The first products of an index that no reindex made."""
    assert weight(weigh({"title": ["lamp"], "description": []}, {}), "lamp") > 0


def test_the_terms_of_a_document_by_field() -> None:
    document: dict[str, Any] = {
        "id": "a1", "title": "Toner TN-2110", "brand": "Brother", "category": ["Office", "Toners"],
        "description": "For the HL-2140.", "price": 55.0, "in_stock": True, "ean": "4971850123456",
        "colour": ["Black", "Grey"], "note": "x" * 81, "pages": 2600, "details": {"a": "hidden"},
    }  # fmt: skip
    found = field_terms(document)
    assert set(found) == set(FIELDS)
    assert found["title"] == terms("Toner TN-2110")
    assert found["brand"] == [stem("brother")]
    assert found["category"] == [stem("office"), stem("toner")]
    assert "hl2140" in found["description"]
    assert not any(term.startswith(FRAGMENT) for term in found["description"]), "codes of other products"
    assert found["attributes"] == [stem("black"), stem("grey")], "no codes, numbers, prose or objects"


def test_a_long_description_is_read_from_its_beginning() -> None:
    found = field_terms({"title": "Lamp", "description": "first " + "word " * 10_000 + " last"})["description"]
    assert found[0] == "first"
    assert "last" not in found


def test_the_size_of_a_vector_is_bounded_and_keeps_what_weighs_most() -> None:
    words = [f"w{number}x" for number in range(10_000)]
    found = weigh({"title": ["lamp"], "attributes": words}, {"title": 1.0, "attributes": 10.0})
    assert len(found.indices) <= MAX_TERMS
    assert weight(found, "lamp") > 0
    checked_sparse(found, "it")


def test_lengths_are_means_over_the_products_that_have_the_field() -> None:
    lengths = Lengths()
    lengths.add({"title": ["a", "b"], "brand": []})
    lengths.add({"title": ["a", "b", "c", "d"], "brand": ["x"]})
    assert lengths.averages() == {"title": 3.0, "brand": 1.0}
    assert Lengths().averages() == {}


def test_an_empty_document_has_an_empty_vector() -> None:
    assert weigh(field_terms({}), {}) == Sparse()
    assert sparse({}) == Sparse()


def test_two_terms_of_one_index_keep_the_greater_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.bm25.index_of", lambda term: 7)
    assert sparse({"a": 1.0, "b": 3.0, "c": 2.0}) == Sparse((7,), (3.0,))


WORDS = st.lists(st.sampled_from(["lamp", "red", "oak", "~2110", "x1", "灯"]), max_size=40)


@given(
    st.dictionaries(st.sampled_from(list(FIELDS)), WORDS),
    st.dictionaries(st.sampled_from(list(FIELDS)), st.floats(0, 500)),
)
def test_any_vector_is_one_that_a_store_takes(fields: dict[str, list[str]], averages: dict[str, float]) -> None:
    found = weigh(fields, averages)
    assert list(found.indices) == sorted(set(found.indices))
    assert all(0 < value < K1 + 1 and math.isfinite(value) for value in found.values)
    assert {index_of(term) for words in fields.values() for term in words} == set(found.indices)
    assert checked_sparse(found, "it") == found


@given(st.text(max_size=60), st.text(max_size=200), st.one_of(st.none(), st.text(max_size=20)))
def test_any_texts_give_a_vector(title: str, description: str, brand: str | None) -> None:
    checked_sparse(weigh(field_terms({"title": title, "description": description, "brand": brand}), {}), "it")
