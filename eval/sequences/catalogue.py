"""Catalogue files for `eval sequences`: the usual columns, each text cleaned, no mapping.

JSON lines, or .csv and .tsv with a header. Read are `id`, `title`, `description`, `brand` and `category`, under these
names or the ones in COLUMNS. Descriptions that are lists written out the way Python prints them are joined; markup,
style sheets and entities go. `python -m indexer` does the same with far more care; what is embedded is built by the
same recipe (search/documents.py).
"""

from __future__ import annotations

import ast
import csv
import html
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from search.documents import document
from search.domain import Document, Json, Product
from search.errors import DatasetError

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "product_id", "item_id", "asin", "sku"),
    "title": ("title", "name", "product_title"),
    "description": ("description", "product_description"),
    "brand": ("brand", "manufacturer"),
    "category": ("category", "categories"),
}

_BLOCKS = re.compile(r"<!--.*?(?:-->|$)|<(style|script)\b.*?(?:</\1>|$)", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile(r"</?[a-zA-Z][^<>]*>?")


def read_catalogue(path: Path) -> tuple[Product, ...]:
    """Products in file order. Raises DatasetError, also for an id that comes twice and a product without title."""
    products: dict[str, Product] = {}
    for number, row in _rows(path):
        texts = {
            field: _text(next((row[name] for name in names if row.get(name)), None)) for field, names in COLUMNS.items()
        }
        product, title = texts["id"], texts["title"]
        if not product:
            raise _error(path, number, f"no id; it is looked for in {', '.join(COLUMNS['id'])}")
        if not title:
            raise _error(
                path, number, f"product '{product}' has no title; it is looked for in {', '.join(COLUMNS['title'])}"
            )
        if product in products:
            raise _error(path, number, f"product '{product}' is here for the second time")
        category = tuple(filter(None, (texts["category"],)))
        products[product] = Product(
            id=product, title=title, description=texts["description"], brand=texts["brand"] or None, category=category
        )
    if not products:
        raise DatasetError(
            f"{path} holds no products. Expected a JSON object a line with id, title, description, brand."
        )
    return tuple(products.values())


def documents_of(products: tuple[Product, ...]) -> dict[str, Document]:
    return {product.id: document(product) for product in products}


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Json]]]:
    try:
        if path.suffix.lower() in {".csv", ".tsv"}:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
                for cells in reader:
                    yield reader.line_num, cells
            return
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, _object(path, number, line)
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8: {error.reason} at byte {error.start}.") from error
    except csv.Error as error:
        raise DatasetError(f"{path} is no readable CSV: {error}.") from error


def _object(path: Path, number: int, line: bytes) -> Mapping[str, Json]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _error(path, number, f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise _error(path, number, "not a JSON object")
    return row


def _text(value: Json) -> str:
    if isinstance(value, list):
        return " ".join(filter(None, map(_text, value)))
    if value is None or isinstance(value, dict):
        return ""
    text = str(value).strip()
    if text.startswith(("['", '["')) and text.endswith(("']", '"]')):
        try:
            return _text(ast.literal_eval(text))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            text = text[2:-2]
    for _ in range(2):  # markup that was escaped once
        text = html.unescape(_TAGS.sub(" ", _BLOCKS.sub(" ", text)))
    return " ".join(text.split())


def _error(path: Path, number: int, problem: str) -> DatasetError:
    return DatasetError(f"{path}, line {number}: {problem}")
