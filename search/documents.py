"""Product ↔ document (what people see) and Product → text (what is embedded).

Both doors that write, the bulk reindex and the documents endpoint, go through here, so that a product is the same
point whichever way it came.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

import orjson

from search.domain import CORE_FIELDS, CORE_KINDS, Document, FieldKind, Json, Product
from search.errors import DocumentError

RECIPE = "title-brand-category-looks-description/2"
"""Name of the recipe in `text`. A change there changes this name, and with it every index asks to be rebuilt."""

MAX_ID_CHARS = 512
_MAX_DESCRIPTION = 200
"""Characters. Long descriptions are about shipping, care and other products; the lane of words reads all of them."""

_MAX_ATTRIBUTE = 60
_MAX_DEPTH = 16

_SPOKEN_ATTRIBUTES = (
    "type", "product_type", "colour", "color", "product_colour", "size", "material",
    "类型", "颜色", "机身颜色", "尺寸", "材质",
)  # fmt: skip
"""Attributes that shoppers put in words; the rest is for filters and would only dilute the vector."""


def text(product: Product) -> str:
    """The text that is embedded: title, brand and narrowest category where the title lacks them, looks, description.

    The encoder reads only its first few hundred tokens, so what identifies the product comes first.
    """
    title = product.title.strip()
    parts, said = [title], title.casefold()
    spoken = [product.attributes.get(name) for name in _SPOKEN_ATTRIBUTES]
    for extra in (product.brand, product.category[-1] if product.category else None, *spoken):
        if isinstance(extra, str) and len(extra) <= _MAX_ATTRIBUTE and extra.casefold() not in said:
            parts.append(extra)
            said += " " + extra.casefold()
    head = ", ".join(parts)
    return f"{head}. {product.description[:_MAX_DESCRIPTION]}" if product.description else head


def text_of(document: Document) -> str:
    """The same text from a document as it is stored."""
    return text(product(document))


def document(product: Product) -> dict[str, Json]:
    """The flat JSON object of a product. Empty fields are left out; a price becomes a JSON number."""
    shown: dict[str, Json] = {}
    for name in CORE_FIELDS:
        value = getattr(product, name)
        if value is None or value == "" or value == ():
            continue
        if isinstance(value, Decimal):
            value = float(value)
        shown[name] = list(value) if isinstance(value, tuple) else value
    shown.update(product.attributes)
    return shown


def product(document: Document) -> Product:
    """Read a document as people send it. Raises DocumentError that names the field and what it should be.

    Null, "" and [] mean «not known» and are dropped. Unlike the catalogue reader this guesses nothing: a price is a
    number, a category a string or a list of strings.
    """
    if not isinstance(document, Mapping):
        raise DocumentError(f"A document must be a JSON object, got {_kind(document)}.")
    known = {name: value for name, value in document.items() if value is not None and value != "" and value != []}
    identifier = known.get("id")
    if isinstance(identifier, bool) or not isinstance(identifier, str | int) or not str(identifier).strip():
        raise DocumentError("A document needs an `id`: a string or an integer.")
    key = str(identifier).strip()
    if len(key) > MAX_ID_CHARS:
        raise DocumentError(f"Document id `{key[:40]}…` is longer than {MAX_ID_CHARS} characters.")
    if not isinstance(known.get("title"), str) or not known["title"].strip():
        raise DocumentError(f"Document `{key}` needs a `title`: a non-empty string.")
    strings = ("title", "description", "brand", "currency", "image", "url", "variant_of", "language")
    for name in strings:
        if name in known and not isinstance(known[name], str):
            raise DocumentError(f"Document `{key}`: `{name}` must be a string, got {_kind(known[name])}.")
    attributes = {str(name): value for name, value in known.items() if name not in CORE_FIELDS}
    for name, value in attributes.items():
        _check_json(key, name, value)
    return Product(
        id=key,
        category=_category(key, known.get("category")),
        price=_price(key, known.get("price")),
        in_stock=_boolean(key, known.get("in_stock")),
        attributes=attributes,
        **{name: cast(str, known[name]) for name in strings if name in known},
    )


def text_hash(text: str) -> str:
    """32 hex digits that change when the embedded text changes."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def document_hash(document: Document) -> str:
    """32 hex digits that change when anything in the document changes; key order does not count."""
    packed = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(packed, digest_size=16).hexdigest()


def field_kind(value: Json) -> FieldKind | None:
    """How an attribute value can be filtered; None for what cannot (objects, mixed or empty lists, long prose)."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        if _is_date(value):
            return "date"
        return "text" if len(value) <= _MAX_FILTER_TEXT else None
    if isinstance(value, list) and value:
        kinds = {field_kind(item) for item in value}
        return kinds.pop() if len(kinds) == 1 else None
    return None


_MAX_FILTER_TEXT = 100


def _is_date(value: str) -> bool:
    """ISO 8601 date or instant, cheaply: it must begin YYYY-MM-DD and hold nothing but a time after that."""
    if len(value) < 10 or value[4] != "-" or value[7] != "-" or not value[:4].isascii() or not value[:4].isdigit():
        return False
    from datetime import datetime

    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _category(key: str, value: Json) -> tuple[str, ...]:
    if value is None:
        return ()
    levels = [value] if isinstance(value, str) else value
    if not isinstance(levels, list) or not all(isinstance(level, str) for level in levels):
        raise DocumentError(f"Document `{key}`: `category` must be a string or a list of strings, broadest first.")
    return tuple(level.strip() for level in levels if level.strip())


def _price(key: str, value: Json) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DocumentError(f"Document `{key}`: `price` must be a number, got {_kind(value)}.")
    if not math.isfinite(value) or value < 0 or value > 1e9:
        raise DocumentError(f"Document `{key}`: `price` must lie between 0 and 1,000,000,000.")
    return Decimal(str(value))


def _boolean(key: str, value: Json) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise DocumentError(f"Document `{key}`: `in_stock` must be true or false, got {_kind(value)}.")


def _check_json(key: str, name: str, value: Json, depth: int = 0) -> None:
    if depth > _MAX_DEPTH:
        raise DocumentError(f"Document `{key}`: `{name}` is nested more than {_MAX_DEPTH} levels deep.")
    if isinstance(value, float) and not math.isfinite(value):
        raise DocumentError(f"Document `{key}`: `{name}` must be a finite number.")
    if isinstance(value, Mapping):
        for item in value.values():
            _check_json(key, name, item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_json(key, name, item, depth + 1)


def _kind(value: Json) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null" if value is None else type(value).__name__)


__all__ = [
    "CORE_KINDS", "MAX_ID_CHARS", "RECIPE", "document", "document_hash", "field_kind", "product", "text", "text_hash",
]  # fmt: skip
