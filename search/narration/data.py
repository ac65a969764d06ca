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

from search.domain import Document, Json, Language
from search.explanation.values import label, money, number
from search.grounding import dictates, harmless
from search.grounding.claimed import may_be_repeated
from search.grounding.dictating import believed
from search.grounding.stating import counted, is_of_a_part, month, said, truth, with_name
from search.lexicon.folding import is_han

LONGEST_QUERY = 300
LONGEST_CLAUSE = 300
MOST_CLAUSES = 12
LONGEST_NAME, LONGEST_VALUE = 40, 120
MOST_ATTRIBUTES = 24

_READ = 4
"""Times as many characters are looked at as are shown at most: an order that begins within is known as one."""

_SHORT = {"title": 200, "brand": 80, "category": 160}
_UNSEEN = frozenset([
    "id", "title", "brand", "category", "description", "price", "currency", "image", "url", "variant_of",
    "language", "rating", "rating_count", "in_stock",
])  # fmt: skip
"""Fields that are shown in their own way, or not at all. What is left are attributes."""


_QUOTES = str.maketrans("", "", "“”")

Shown = dict[str, Json]
"""What the model sees of a product."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one product in this place: clauses, each true; `open` says what is unknown or not met."""

    evidence: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()


def one_line(data: Json) -> str:
    """JSON without a line break in it, whatever the texts hold."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def explaining(product: Shown, query: str, facts: Facts) -> str:
    return one_line(_filled({"query": _asked(query, LONGEST_QUERY), **_about(product, facts)}))


def comparing(products: Sequence[Shown], query: str, facts: Sequence[Facts]) -> str:
    numbered: list[Json] = [
        {"number": number, **_filled(_about(product, each))}
        for number, (product, each) in enumerate(zip(products, facts, strict=True), start=1)
    ]
    return one_line(_filled({"query": _asked(query, LONGEST_QUERY), "products": numbered}))


def describing(document: Document, language: Language) -> str:
    return one_line({"product": shown(document, language, 2000)})


def shown(document: Document, language: Language, longest_description: int = 600) -> Shown:
    """The product's fields in words that may be repeated as they are: names of fields, units, what is yes or no and the
    values that are known in it are in `language`. Links and deeper JSON are left out."""
    data: dict[str, Json] = {}
    for name, most in _SHORT.items():
        value = document.get(name)
        path = " / ".join(str(level) for level in value) if isinstance(value, list | tuple) else value
        if isinstance(path, str):
            data[label(name, language) if name == "brand" else name] = _said(path, most)
    price, rating, ratings = document.get("price"), document.get("rating"), document.get("rating_count")
    if _is_number(price):
        data[label("price", language)] = money(price, document.get("currency"))
    if _is_number(rating):
        data[label("rating", language)] = f"{number(rating)}{'分' if language == 'zh' else ' out of 5'}"
    if _is_number(ratings):
        data["评价" if language == "zh" else "ratings"] = (
            f"{number(ratings)}{'条评价' if language == 'zh' else ' ratings'}"
        )
    stock = {"zh": {True: "有货", False: "缺货"}, "en": {True: "in stock", False: "out of stock"}}[language]
    also = [stock[held]] if isinstance(held := document.get("in_stock"), bool) else []
    attributes = ((name, document[name]) for name in document if name not in _UNSEEN and not name.startswith("_"))
    for name, value in attributes:
        if len(data) + len(also) >= len(_SHORT) + 4 + MOST_ATTRIBUTES:
            break
        if isinstance(value, bool):
            also.append(_said(truth(name, value, language)[0], LONGEST_NAME + 8).translate(_QUOTES))
            continue
        said = _value(name, value, language)
        key = _said(label(name, language), LONGEST_NAME).translate(_QUOTES)  # quoted where it is in the other language
        if key and key not in data and said:
            data[key] = said
    if also:
        data["also"] = also
    description = str(document.get("description") or "")
    if is_han(description) == (language == "zh"):  # a translation could not be checked
        data["description"] = _prose(description[: 4 * longest_description], longest_description)
    return _filled(data)


def _about(product: Shown, facts: Facts) -> dict[str, Json]:
    return {
        "product": product,
        "evidence": _clauses(facts.evidence),
        "compared": _clauses(facts.compared),
        "open": _clauses(facts.open),
    }


def _clauses(clauses: Sequence[str]) -> list[str]:
    said = (_asked(clause, LONGEST_CLAUSE) for clause in clauses[:MOST_CLAUSES])
    return [clause for clause in said if clause]


def _value(name: str, value: Json, language: Language) -> str:
    if isinstance(value, bool):
        return ""
    if _is_number(value):
        return counted(name, value, language)
    if isinstance(value, str):
        unfit = "://" in value or (len(value) > LONGEST_VALUE and dictates(value))
        words = "" if unfit else month(value, language) or said(_said(value, LONGEST_VALUE), language)
        return with_name(name, words, language) if words and is_of_a_part(name) else words
    if isinstance(value, list | tuple):
        parts = [_value(name, one, language) for one in value if isinstance(one, str | int | float)]
        return _said(("、" if language == "zh" else ", ").join(filter(None, parts)), LONGEST_VALUE)
    return ""


def _said(text: str, most: int) -> str:
    """A text of the catalogue."""
    return _remembered(text[: _READ * most], most)


@functools.lru_cache(8192)
def _remembered(text: str, most: int) -> str:
    """Of the catalogue alone, whose values come again and again: nothing that a shopper typed is remembered here."""
    return harmless(text, most)


@functools.lru_cache(8192)
def _prose(text: str, most: int) -> str:
    """A description as far as it may be repeated; none where a sentence dictates what is to be said of the product."""
    return harmless(" ".join(part for part in believed(text, True) or () if may_be_repeated(part)), most)


def _asked(text: str, most: int) -> str:
    """A text of this one request."""
    return harmless(text[: _READ * most], most)


def _is_number(value: Json) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _filled(data: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in data.items() if value not in ("", None, [], {})}
