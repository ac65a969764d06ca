"""What the model gets to see of products, query and evidence: one line of JSON, harmless and cut to length.

Nothing of the shopper is in it but what the evidence says: no id, no history. No link, image or id of a product either.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from search.domain import Document, Json
from search.grounding import dictates, harmless

LONGEST_QUERY = 300
LONGEST_CLAUSE = 300
MOST_CLAUSES = 12
LONGEST_NAME, LONGEST_VALUE = 40, 120
MOST_ATTRIBUTES = 24

_READ = 4
"""Times as many characters are looked at as are shown at most: an order that begins within is known as one."""

_SHORT = {"title": 200, "brand": 80, "category": 160}
_UNSEEN = frozenset(
    {"id", "title", "brand", "category", "description", "price", "currency", "image", "url", "variant_of", "language"}
)
"""Fields that are shown in their own way, or not at all. What is left are attributes."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one product in this place: clauses, each true; `open` says what is unknown or not met."""

    evidence: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()


def one_line(data: Json) -> str:
    """JSON without a line break in it, whatever the texts hold."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def explaining(document: Document, query: str, facts: Facts) -> str:
    return one_line(_filled({"query": _asked(query, LONGEST_QUERY), **_about(document, facts)}))


def comparing(documents: Sequence[Document], query: str, facts: Sequence[Facts]) -> str:
    products = [
        {"number": number, **_filled(_about(document, each))}
        for number, (document, each) in enumerate(zip(documents, facts, strict=True), start=1)
    ]
    return one_line(_filled({"query": _asked(query, LONGEST_QUERY), "products": products}))


def describing(document: Document) -> str:
    return one_line({"product": shown(document, 2000)})


def shown(document: Document, longest_description: int = 600) -> dict[str, Json]:
    """The product's fields as data. Values are texts, numbers and booleans; links and deeper JSON are left out."""
    data: dict[str, Json] = {}
    for name, most in _SHORT.items():
        value = document.get(name)
        path = " / ".join(str(level) for level in value) if isinstance(value, list | tuple) else value
        if isinstance(path, str):
            data[name] = _said(path, most)
    price, currency = document.get("price"), document.get("currency")
    if _is_number(price):
        data["price"] = f"{_plain(price)} {currency}" if isinstance(currency, str) and currency else _plain(price)
    attributes = ((name, document[name]) for name in document if name not in _UNSEEN and not name.startswith("_"))
    for name, value in attributes:
        if len(data) >= len(_SHORT) + 1 + MOST_ATTRIBUTES:
            break
        said = _value(value)
        key = _said(name, LONGEST_NAME)
        if key and key not in data and said is not None and said != "":
            data[key] = said
    data["description"] = _prose(str(document.get("description") or "")[: 4 * longest_description], longest_description)
    return _filled(data)


def _about(document: Document, facts: Facts) -> dict[str, Json]:
    return {
        "product": shown(document),
        "evidence": _clauses(facts.evidence),
        "compared": _clauses(facts.compared),
        "open": _clauses(facts.open),
    }


def _clauses(clauses: Sequence[str]) -> list[str]:
    said = (_asked(clause, LONGEST_CLAUSE) for clause in clauses[:MOST_CLAUSES])
    return [clause for clause in said if clause]


def _value(value: Json) -> Json:
    if isinstance(value, bool):
        return value
    if _is_number(value):
        return _plain(value)
    if isinstance(value, str):
        unfit = "://" in value or (len(value) > LONGEST_VALUE and dictates(value))
        return None if unfit else _said(value, LONGEST_VALUE)
    if isinstance(value, list | tuple):
        parts = [str(_value(one)) for one in value if isinstance(one, str | int | float) and _value(one) is not None]
        return _said(", ".join(parts), LONGEST_VALUE)
    return None


def _said(text: str, most: int) -> str:
    """A text of the catalogue."""
    return _remembered(text[: _READ * most], most)


@functools.lru_cache(8192)
def _remembered(text: str, most: int) -> str:
    """Of the catalogue alone, whose values come again and again: nothing that a shopper typed is remembered here."""
    return harmless(text, most)


@functools.lru_cache(8192)
def _prose(text: str, most: int) -> str:
    """A description; none where one of its sentences dictates what is to be said of the product."""
    return "" if dictates(text) else harmless(text, most)


def _asked(text: str, most: int) -> str:
    """A text of this one request."""
    return harmless(text[: _READ * most], most)


def _is_number(value: Json) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _plain(value: float) -> Json:
    """129.0 as 129: models copy what they see."""
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else value


def _filled(data: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in data.items() if value not in ("", None, [], {})}
