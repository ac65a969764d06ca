"""A page of hits → their ledgers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from search.domain import Document, Hit, Query
from search.events import Reason
from search.explanation.ledger import Condition, Ledger, Liking
from search.explanation.words import Finder
from search.storage.payload import fold

Known = Callable[[Iterable[str]], Mapping[str, Document]]
"""Product ids → title and category of those that the index has."""

TOLD = ("title", "category")
"""The fields that are read of products that reasons name."""


def ledgers(query: Query, hits: Sequence[Hit], known: Known, why: Sequence[Reason] = ()) -> tuple[Ledger, ...]:
    """One for each hit of a page. `why` are reasons that all of them have besides their receipts. `known` is asked
    once, for all the products that reasons of the page name."""
    each = [(*(hit.receipt.because if hit.receipt is not None else ()), *why) for hit in hits]
    named = dict.fromkeys(key for because in each for reason in because for key in reason.products)
    others = known(named) if named else {}
    finder = Finder(query)
    return tuple(_ledger(query, hit, because, others, finder) for hit, because in zip(hits, each, strict=True))


def _ledger(
    query: Query, hit: Hit, because: Sequence[Reason], others: Mapping[str, Document], finder: Finder
) -> Ledger:
    found = finder.found(hit.document)
    receipt = hit.receipt
    return Ledger(
        product_id=str(hit.document.get("id", "")),
        document=hit.document,
        query=query,
        words=found.words,
        missing=found.missing,
        conditions=tuple(Condition(query.constraints[one.constraint], one.verdict, one.value) for one in hit.evidence),
        likings=tuple(_liking(one, hit.document, others) for one in because),
        rank=hit.rank,
        base_rank=receipt.base_rank if receipt is not None else None,
        parts=hit.parts,
    )


def _liking(reason: Reason, document: Document, others: Mapping[str, Document]) -> Liking:
    own = str(document.get("id", ""))
    named = [others[key] for key in reason.products if key != own and key in others]
    titles = tuple(title for one in named if isinstance(title := one.get("title"), str) and title)
    return Liking(reason, titles, _kin(document, named[0]) if named else None)


def _kin(one: Document, other: Document) -> bool | None:
    departments = [
        fold(str(shelf[0] if isinstance(shelf, list) else shelf))
        for each in (one, other)
        if (shelf := each.get("category"))
    ]
    return departments[0] == departments[1] if len(departments) == 2 else None
