"""A page of hits → their ledgers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from search.domain import Hit, Query
from search.events import Reason
from search.explanation.ledger import Condition, Ledger, Liking
from search.explanation.words import Finder

Titles = Callable[[Iterable[str]], Mapping[str, str]]
"""Product ids → titles of those that the index has."""


def ledgers(query: Query, hits: Sequence[Hit], titles: Titles, why: Sequence[Reason] = ()) -> tuple[Ledger, ...]:
    """One for each hit of a page. `why` are reasons that all of them have besides their receipts. `titles` is asked once,
    for all the products that reasons of the page name."""
    each = [(*(hit.receipt.because if hit.receipt is not None else ()), *why) for hit in hits]
    named = dict.fromkeys(key for because in each for reason in because for key in reason.products)
    known = titles(named) if named else {}
    finder = Finder(query)
    return tuple(_ledger(query, hit, because, known, finder) for hit, because in zip(hits, each, strict=True))


def _ledger(query: Query, hit: Hit, because: Sequence[Reason], titles: Mapping[str, str], finder: Finder) -> Ledger:
    found = finder.found(hit.document)
    receipt = hit.receipt
    return Ledger(
        product_id=str(hit.document.get("id", "")),
        document=hit.document,
        query=query,
        words=found.words,
        missing=found.missing,
        conditions=tuple(Condition(query.constraints[one.constraint], one.verdict, one.value) for one in hit.evidence),
        likings=tuple(Liking(one, tuple(titles[key] for key in one.products if key in titles)) for one in because),
        rank=hit.rank,
        base_rank=receipt.base_rank if receipt is not None else None,
        parts=hit.parts,
    )
