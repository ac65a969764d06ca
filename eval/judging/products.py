"""What a judge sees of a product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from search.domain import Json
from search.protocols import Collection
from search.storage.payload import point_id

LONGEST = 500
"""Characters of a description; who grades hundreds of rows reads no more."""

_FIELDS = ("title", "brand", "price", "currency", "category", "description", "url", "image")


@dataclass(frozen=True, slots=True)
class ProductCard:
    """Texts as a sheet shows them, "" where the product does not say."""

    title: str
    brand: str = ""
    price: str = ""
    category: str = ""
    description: str = ""
    url: str = ""
    image: str = ""


def cards_of(products: Iterable[str], collection: Collection) -> dict[str, ProductCard]:
    """The cards of those products that the index version holds."""
    points = {point_id(product): product for product in products}
    held = collection.values(list(points), _FIELDS)
    return {points[point]: card_of(document) for point, document in held.items()}


def card_of(document: Mapping[str, Json]) -> ProductCard:
    """One line each, whatever line breaks and control characters the catalogue holds."""
    price = " ".join(filter(None, (_text(document.get("price")), _text(document.get("currency")))))
    category = document.get("category")
    levels = category if isinstance(category, list) else [category]
    return ProductCard(
        title=_text(document.get("title")),
        brand=_text(document.get("brand")),
        price=price if document.get("price") is not None else "",
        category=" > ".join(filter(None, map(_text, levels))),
        description=shortened(_text(document.get("description")), LONGEST),
        url=_text(document.get("url")),
        image=_text(document.get("image")),
    )


def shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _text(value: Json) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return one_line(f"{value:.10g}" if isinstance(value, float) else str(value))
