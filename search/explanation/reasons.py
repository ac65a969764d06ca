"""What clauses about reasons share in every language: their form, and what a price says to what a shopper pays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from search.domain import Document
from search.events import Reason
from search.explanation.values import about, amount, money

Told = Callable[[Reason, str, Document], str]
"""The reason, the title of the shopper's own product it came from ("" where none is known), and the product itself."""


def others(sentence: str, without: str) -> Told:
    """Says `sentence` with the title in it, or `without` where there is none."""
    return lambda reason, title, document: sentence.format(title) if title and sentence else without


@dataclass(frozen=True, slots=True)
class Paying:
    """`top` is the most of the band; `low` and `high` are its ends in round figures, "" where they are not known.
    `inside`: whether the product's price is known to lie within, or for a declared budget not above it."""

    top: str
    low: str
    high: str
    inside: bool


def paying(reason: Reason, document: Document) -> Paying:
    """Of a reason of the part `price`, whose value is «12–40»."""
    low, _, high = (reason.value or "").partition("–")
    paid, currency = amount(document.get("price")), document.get("currency")
    try:
        bottom, top = float(low), float(high)
    except ValueError:
        bottom = top = -1.0
    if reason.declared:
        return Paying(money(top, currency), "", "", paid is not None and top >= 0 and paid <= top)
    if not top > bottom >= 0:
        return Paying("", "", "", False)
    inside = paid is not None and bottom <= paid <= top
    return Paying(money(top, currency), about(bottom, currency), about(top, currency), inside)
