"""The mappings in examples/mappings against the catalogues they are for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from indexer.catalogue import ProductRow, Rejected, load_mapping, read_catalogue
from search.domain import Product

MAPPINGS = Path(__file__).parents[2] / "examples" / "mappings"

pytestmark = pytest.mark.shared

CATALOGUES = {
    "icecat": ("icecat/catalogue.jsonl", 19_406, {}),
    "crowdflower": ("crowdflower/catalogue.jsonl", 9_913, {}),
    "homedepot": ("homedepot/catalogue.jsonl", 54_667, {}),
    "amazon": ("amazon/catalogue.jsonl", 19_998, {"no title": 2}),
    "office": ("histories/office.catalogue.jsonl", 3_459, {}),
    "industrial": ("histories/industrial.catalogue.jsonl", 3_686, {}),
    "litemall": ("chinese/litemall.jsonl", 239, {}),
    "newbee": ("chinese/newbee.csv", 575, {}),
    "leyou": ("chinese/leyou.jsonl", 678, {}),
    "beauty": ("chinese/beauty.csv", 3_497, {}),
}


Items = list[ProductRow | Rejected]


@pytest.fixture(scope="module")
def read(shared: Path) -> Callable[[str], Items]:
    """Reads a catalogue by name, each once."""

    @cache
    def read_once(name: str) -> Items:
        reader = read_catalogue([str(shared / "data" / CATALOGUES[name][0])], load_mapping(MAPPINGS / f"{name}.toml"))
        items = list(reader)
        assert reader.file_warnings == []
        return items

    return read_once


def find(items: Items, id: str) -> Product:
    return next(item.product for item in items if isinstance(item, ProductRow) and item.product.id == id)


def test_there_is_a_mapping_for_each() -> None:
    assert {path.stem for path in MAPPINGS.glob("*.toml")} >= set(CATALOGUES)


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_row_is_a_product_or_rejected_for_a_reason(read: Callable[[str], Items], name: str) -> None:
    _, rows, reasons = CATALOGUES[name]
    items = read(name)
    assert len(items) == rows
    assert Counter(item.problem.reason for item in items if isinstance(item, Rejected)) == reasons
    products = [item.product for item in items if isinstance(item, ProductRow)]
    assert len({product.id for product in products}) == len(products) == rows - sum(reasons.values())
    assert {field for item in items if isinstance(item, ProductRow) for field in (w.field for w in item.warnings)} <= {
        "description", "brand", *(name for product in products for name in product.attributes),
        "number_of_pieces", "number_of_items",
    }  # fmt: skip
    for product in products:
        for text in (product.title, product.description, product.brand or ""):
            assert "<!--" not in text
            assert not re.search(r"</?(?:p|br|div|b|i|li|ul|span|a|h[1-6])\b[^<>]*>", text)
            assert not text.startswith(("['", '["'))


def test_icecat(read: Callable[[str], Items]) -> None:
    product = find(read("icecat"), "2101957")
    assert (product.brand, product.price, product.currency) == ("HP", Decimal("109.95"), "USD")
    attributes = product.attributes
    assert (attributes["colour"], attributes["model"], attributes["ean"]) == ("Silver", "dv7-1211ea", ["0884420588030"])
    assert (attributes["touchscreen"], attributes["display_diagonal"]) == (False, 17)


def test_amazon(read: Callable[[str], Items]) -> None:
    product = find(read("amazon"), "B07R3DYMH6")
    assert product.price == Decimal("24.95")
    assert product.category[0] == "Home & Kitchen"
    assert product.attributes["material"] == "Glass"
    assert product.attributes["colour"] == "Clear"
    assert "best_sellers_rank" not in product.attributes


def test_leyou(read: Callable[[str], Items]) -> None:
    product = find(read("leyou"), "2600242")
    assert (product.variant_of, product.language, product.price) == ("2", "zh", Decimal(849))
    assert (product.attributes["colour"], product.attributes["memory"]) == ("白色", "3GB")
    assert product.description == "骁龙芯片！3GB运行内存！索尼1300万摄像头！华为新品全面上线，更多优惠猛戳》》"


def test_office_lists_and_style_sheets_are_gone(read: Callable[[str], Items]) -> None:
    items = read("office")
    assert find(items, "1").description == "An Amazon Brand."
    assert find(items, "2").description == ""
    assert "font-family" not in find(items, "0").description
