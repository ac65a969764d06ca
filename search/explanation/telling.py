"""Ledgers → words: of one hit, and of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from search.domain import Document, Hit, Language, Query
from search.events import Reason
from search.explanation import chinese, english
from search.explanation.gathering import TOLD, ledgers
from search.explanation.ledger import Explained, Ledger
from search.explanation.story import story
from search.protocols import Collection
from search.storage.payload import point_id


def explain(ledger: Ledger, language: Language) -> str:
    """Why the product is there: one or two whole sentences, never empty, at most thrift.CAP columns."""
    told = story(ledger)
    return chinese.explain(told) if language == "zh" else english.explain(told)


def telling_facts(ledger: Ledger, language: Language) -> tuple[str, ...]:
    """What is known to be true of the hit, as clauses without a full stop: what a model may put into other words."""
    told = story(ledger)
    return chinese.telling(told) if language == "zh" else english.telling(told)


def open_questions(ledger: Ledger, language: Language) -> tuple[str, ...]:
    """What the query asks for and the product does not meet, or does not state, as clauses without a full stop."""
    told = story(ledger)
    return chinese.questions(told) if language == "zh" else english.questions(told)


def explained(
    collection: Collection,
    query: Query,
    hits: Sequence[Hit],
    wanted: Language | Literal["auto"],
    why: Sequence[Reason] = (),
) -> tuple[Explained, ...]:
    """The hits with their explanations, and what these are made of; `why` are reasons that all of the hits have besides
    their own. Reads the titles of the products that reasons name, once for all hits. Raises StoreError."""
    rows = ledgers(query, hits, lambda named: _known(collection, named), why)
    language = query.language if wanted == "auto" else wanted
    return tuple(
        Explained(replace(hit, explanation=explain(row, language)), row) for hit, row in zip(hits, rows, strict=True)
    )


def saying_why(
    collection: Collection,
    query: Query,
    hits: Sequence[Hit],
    wanted: Language | Literal["auto"],
    why: Sequence[Reason] = (),
) -> tuple[Hit, ...]:
    """The hits alone of `explained`."""
    return tuple(one.hit for one in explained(collection, query, hits, wanted, why))


def _known(collection: Collection, product_ids: Iterable[str]) -> dict[str, Document]:
    by_point = {point_id(one): one for one in product_ids}
    return {by_point[point]: values for point, values in collection.values(list(by_point), TOLD).items()}
