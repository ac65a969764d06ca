"""Product ↔ document, the embedded text, hashes, and how documents that are no products are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from search import documents
from search.domain import Product
from search.errors import DocumentError

MUG = Product(
    id="m-1",
    title="Stoneware mug",
    description="Keeps tea warm.",
    brand="Tarn",
    category=("Kitchen", "Mugs"),
    price=Decimal("12.50"),
    currency="USD",
    in_stock=True,
    attributes={"colour": "blue", "capacity_ml": 350},
)


def test_document_is_flat_and_leaves_out_what_is_unknown() -> None:
    assert documents.document(MUG) == {
        "id": "m-1", "title": "Stoneware mug", "description": "Keeps tea warm.", "brand": "Tarn",
        "category": ["Kitchen", "Mugs"], "price": 12.5, "currency": "USD", "in_stock": True,
        "colour": "blue", "capacity_ml": 350,
    }  # fmt: skip


def test_document_and_product_are_inverse() -> None:
    again = documents.product(documents.document(MUG))
    assert documents.document(again) == documents.document(MUG)
    assert again.price == Decimal("12.5")


def test_text_says_each_thing_once_and_what_identifies_first() -> None:
    assert documents.text(MUG) == "Stoneware mug, Tarn, Mugs, blue. Keeps tea warm."
    named = Product(id="1", title="Tarn blue mugs", brand="TARN", category=("Mugs",), attributes={"colour": "Blue"})
    assert documents.text(named) == "Tarn blue mugs"


def test_looks_are_said_and_what_only_filters_use_is_not() -> None:
    lamp = Product(
        id="1",
        title="Lamp",
        attributes={"颜色": "红色", "material": "oak", "watts": 9, "note": "on sale", "size": "x" * 80, "type": ["a"]},
    )
    assert documents.text(lamp) == "Lamp, oak, 红色"


def test_a_long_description_is_read_from_its_beginning() -> None:
    text = documents.text(Product(id="1", title="Lamp", description="warm " * 500))
    assert text.startswith("Lamp. warm warm")
    assert len(text) < 300


def test_a_stored_document_has_the_text_of_its_product() -> None:
    assert documents.text_of(documents.document(MUG)) == documents.text(MUG)


def test_price_is_not_in_the_text_but_in_the_document_hash() -> None:
    dearer = documents.product({**documents.document(MUG), "price": 13})
    assert documents.text(dearer) == documents.text(MUG)
    assert documents.document_hash(documents.document(dearer)) != documents.document_hash(documents.document(MUG))


def test_key_order_does_not_change_the_hash() -> None:
    document = documents.document(MUG)
    assert documents.document_hash(dict(reversed(document.items()))) == documents.document_hash(document)


@pytest.mark.parametrize(
    ("document", "clue"),
    [
        ([], "JSON object"),
        ({"title": "x"}, "needs an `id`"),
        ({"id": " ", "title": "x"}, "needs an `id`"),
        ({"id": True, "title": "x"}, "needs an `id`"),
        ({"id": "x" * 513, "title": "x"}, "longer than"),
        ({"id": 1}, "needs a `title`"),
        ({"id": 1, "title": "  "}, "needs a `title`"),
        ({"id": 1, "title": ["x"]}, "needs a `title`"),
        ({"id": 1, "title": "x", "price": "12"}, "`price` must be a number, got a string"),
        ({"id": 1, "title": "x", "price": True}, "`price` must be a number, got a boolean"),
        ({"id": 1, "title": "x", "price": -1}, "`price` must lie"),
        ({"id": 1, "title": "x", "price": float("nan")}, "`price` must lie"),
        ({"id": 1, "title": "x", "brand": 3}, "`brand` must be a string"),
        ({"id": 1, "title": "x", "category": [1]}, "`category` must be"),
        ({"id": 1, "title": "x", "in_stock": "yes"}, "`in_stock` must be true or false"),
        ({"id": 1, "title": "x", "weight": float("inf")}, "finite"),
        ({"id": 1, "title": "x", "a": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}, "levels deep"),
    ],
)
def test_refuses_what_is_no_product(document: object, clue: str) -> None:
    with pytest.raises(DocumentError) as caught:
        documents.product(document)  # type: ignore[arg-type]
    assert clue in str(caught.value)


def test_empty_values_mean_unknown() -> None:
    product = documents.product({"id": 7, "title": "x", "brand": None, "category": [], "image": "", "note": None})
    assert product == Product(id="7", title="x")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "boolean"), (3, "number"), (2.5, "number"), ("red", "text"), ("2026-01-31", "date"),
        ("2026-01-31T10:00:00Z", "date"), ("2026-13-31", "text"), ("x" * 101, None), (["a", "b"], "text"),
        ([1, 2], "number"), (["a", 1], None), ([], None), ({"a": 1}, None), (None, None),
    ],
)  # fmt: skip
def test_field_kind(value: object, kind: str | None) -> None:
    assert documents.field_kind(value) == kind
