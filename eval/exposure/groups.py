"""Products divided into groups: by the values of a field, or by what they cost among their like."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from search.domain import Document, Json
from search.storage.payload import fold

PRICE = "price"
BANDS = ("cheapest quarter", "second quarter", "third quarter", "dearest quarter")

LEAST_PRICED = 20
"""Products of one category with a price from which on they have quarters of their own: dear for a pen is cheap for a
desk. The others are divided together."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """`of` has the group of each product; `name` is the field."""

    name: str
    of: Mapping[str, str]


def by_field(documents: Iterable[Document], field: str) -> Grouping:
    """By the first value of the field; spellings that differ in case alone are one group, under the first of them."""
    spelt: dict[str, str] = {}
    groups: dict[str, str] = {}
    for document in documents:
        label = _label(document.get(field))
        groups[str(document["id"])] = spelt.setdefault(fold(label), label) if label else f"(no {field})"
    return Grouping(field, groups)


def by_price(documents: Iterable[Document]) -> Grouping:
    """By quarters of the prices in the product's narrowest category and currency. A price on the border of two quarters
    is in the cheaper one."""
    prices: dict[str, float] = {}
    shelves: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    groups: dict[str, str] = {}
    for document in documents:
        product, price = str(document["id"]), document.get(PRICE)
        groups[product] = "(no price)"
        if isinstance(price, int | float) and not isinstance(price, bool):
            prices[product] = float(price)
            category = document.get("category")
            narrowest = category[-1] if isinstance(category, list) and category else category or ""
            shelves[str(document.get("currency") or ""), str(narrowest)].append(product)
    rest: defaultdict[str, list[str]] = defaultdict(list)
    for (currency, _), products in shelves.items():
        if len(products) >= LEAST_PRICED:
            groups.update(_quarters(products, prices))
        else:
            rest[currency] += products
    for products in rest.values():
        groups.update(_quarters(products, prices))
    return Grouping(PRICE, groups)


def _quarters(products: list[str], prices: Mapping[str, float]) -> dict[str, str]:
    borders = np.quantile([prices[product] for product in products], (0.25, 0.5, 0.75))
    return {product: BANDS[int(np.searchsorted(borders, prices[product]))] for product in products}


def _label(value: Json) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return "" if first is None or isinstance(first, list | dict) else str(first).strip()
