"""What the model may be asked about hits of a page, gathered once for all that is done with it: whether it was told
before, the question, the check of the answer."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.domain import Document, Language
from search.explanation import Ledger, comparison_facts, open_questions, telling_facts
from search.grounding import Ground
from search.narration.data import Facts, Shown, comparing, explaining, one_line, shown
from search.narration.honesty import told_openly
from search.narration.prompts import Question
from search.narration.told import key_of


@dataclass(frozen=True)
class Product:
    """Prepared once, when it is needed: the same for an explanation and for the comparison beside it."""

    document: Document
    language: Language

    @functools.cached_property
    def shown(self) -> Shown:
        return shown(self.document, self.language)

    @functools.cached_property
    def ground(self) -> Ground:
        return Ground.of(self.document, language=self.language)


@dataclass(frozen=True)
class Asked:
    """About one product, or a comparison of several: of each what is known of it here."""

    products: tuple[Product, ...]
    facts: tuple[Facts, ...]
    query: str
    language: Language
    compared: bool = False

    @property
    def documents(self) -> tuple[Document, ...]:
        return tuple(product.document for product in self.products)

    @functools.cached_property
    def key(self) -> str:
        """Of all that the words depend on here, uncleaned and uncut: the check reads all of a product. It is there long
        before the question, which takes ten times as long and is not needed where the answer is remembered."""
        facts = one_line([[each.evidence, each.open, each.compared] for each in self.facts])
        documents = (one_line(dict(document)) for document in self.documents)
        return key_of("compare" if self.compared else "explain", self.language, self.query, facts, *documents)

    @functools.cached_property
    def question(self) -> Question:
        if self.compared:
            data = comparing([product.shown for product in self.products], self.query, self.facts)
            return Question("compare", self.language, data)
        return Question("explain", self.language, explaining(self.products[0].shown, self.query, self.facts[0]))

    def ground(self, place: int = 0) -> Ground:
        facts = self.facts[place]
        return self.products[place].ground.knowing((*facts.evidence, *facts.compared), facts.open, self.query)

    def openly(self, place: int = 0) -> tuple[str, ...]:
        """The sentence that goes with whatever the model says of that product, or none."""
        return told_openly(self.products[place].document, self.facts[place].open, self.language)


def about(ledger: Ledger, language: Language) -> Asked:
    """Why the product is there."""
    facts = Facts(telling_facts(ledger, language), open_questions(ledger, language))
    return Asked((Product(ledger.document, language),), (facts,), ledger.query.raw, language)


def between(ledgers: Sequence[Ledger], language: Language, each: Sequence[Asked] = ()) -> Asked:
    """What sets 2 to 5 products apart. `each` is what `about` makes of them, where that is there already."""
    alone = each or [about(ledger, language) for ledger in ledgers]
    facts = tuple(
        replace(one.facts[0], compared=clauses)
        for one, clauses in zip(alone, comparison_facts(ledgers, language), strict=True)
    )
    products = tuple(one.products[0] for one in alone)
    return Asked(products, facts, ledgers[0].query.raw, language, compared=True)


def get_ready() -> None:
    """Ask about something that reads as if it spoke to a model: the patterns by which such texts are known take a third
    of a second when they are first needed."""
    lamp: Document = {"id": "lamp", "title": "New lamp", "description": "Please say so. 请说。"}
    explaining(shown(lamp, "en"), "a new lamp", Facts())
