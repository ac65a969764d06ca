"""Which codes a product can be asked for by: its id, EANs, part and model numbers, and its title as a whole. Pure."""

from __future__ import annotations

import re

from search.domain import Document, Json, Query
from search.terms import fold, is_code, squash

MENTIONED = "~"
"""Stands before a code that a title mentions. No key begins with it."""

MAX_CODES = 600
MAX_CODE_CHARS = 160
_SHORTEST = 3
_TITLE_WORDS = 4

_CODE_FIELDS = re.compile(
    r"(^|_)(ean|gtin|upc|isbn|asin|barcode)(_|$)"
    # Whole names only: the model of a processor is not that of the laptop it is in.
    r"|^((product|item|manufacturer|mfr|vendor|supplier)_)?"
    r"(mpn|sku|model|model_(number|no|name)|part_(number|no)|item_(number|no)|article_(number|no)|product_code|reference)$"
    r"|^(manufacturer|vendor|supplier)_code$"
    r"|型号|货号|条码|条形码|款号|编号"
)
_TOKEN = re.compile(r"[^\W_]+(?:[-./#][^\W_]+)*")
_GTIN = re.compile(r"0*([1-9][0-9]{5,13})")


def code_key(text: str) -> str:
    """The form in which codes compare: letters and digits alone, caseless; a GTIN without padding zeros."""
    key = squash(text)
    padded = _GTIN.fullmatch(key)
    return padded[1] if padded else key


def is_code_field(name: str) -> bool:
    """Whether a field holds codes by its name: `ean`, `model`, `part_number`, 货号."""
    return bool(_CODE_FIELDS.search(fold(name)))


def codes(document: Document) -> tuple[str, ...]:
    """The keys of every code of a product, the surest first: id, code fields, the title, codes within the title.

    The last are marked with MENTIONED: a title may name what the product goes with.
    """
    found: dict[str, None] = {}
    title = str(document.get("title", ""))
    named = [value for name, value in document.items() if is_code_field(name)]
    for value in (document.get("id"), *named, title):
        for member in value if isinstance(value, list) else [value]:
            _add(found, member)
    for token in _TOKEN.findall(title):
        if is_code(squash(token)) and code_key(token) not in found:
            _add(found, token, MENTIONED)
    return tuple(list(found)[:MAX_CODES])


def whole_code(query: Query) -> str:
    """The key that all of a query may be: of a model, or of a title; "" where it is a plain word or two."""
    key = code_key(query.raw)
    plain = not any(char.isdigit() for char in key) and len(query.raw.split()) < _TITLE_WORDS
    return "" if plain or not _SHORTEST <= len(key) <= MAX_CODE_CHARS else key


def asked_codes(query: Query) -> tuple[str, ...]:
    """The keys of the codes that stand in a query."""
    keys = map(code_key, query.codes)
    return tuple(dict.fromkeys(key for key in keys if _SHORTEST <= len(key) <= MAX_CODE_CHARS))


def _add(found: dict[str, None], value: Json, mark: str = "") -> None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return
    key = code_key(str(value))
    if _SHORTEST <= len(key) <= MAX_CODE_CHARS:
        found[mark + key] = None
