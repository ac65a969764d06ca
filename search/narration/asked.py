"""What the model may be asked about hits of a page, gathered once for all that is done with it: whether it was told
before, the question, the check of the answer."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.domain import Document, Language
from search.explanation import Ledger, comparison_facts, open_questions, telling_facts
from search.grounding import Ground
from search.narration.data import Facts, comparing, explaining, one_line
from search.narration.honesty import told_openly
from search.narration.prompts import Question
from search.narration.told import key_of


@dataclass(frozen=True)
class Asked:
    """About one product, or a comparison of several: of each the document and what is known of it here."""

    documents: tuple[Document, ...]
    facts: tuple[Facts, ...]
    query: str
    language: Language
    compared: bool = False

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
            data = comparing(self.documents, self.query, self.facts, self.language)
            return Question("compare", self.language, data)
        return Question(
            "explain", self.language, explaining(self.documents[0], self.query, self.facts[0], self.language)
        )

    def ground(self, place: int = 0) -> Ground:
        facts = self.facts[place]
        known = (*facts.evidence, *facts.compared)
        return Ground.of(self.documents[place], known, facts.open, self.query, self.language)

    def openly(self, place: int = 0) -> tuple[str, ...]:
        """The sentence that goes with whatever the model says of that product, or none."""
        return told_openly(self.documents[place], self.facts[place].open, self.language)


def about(ledger: Ledger, language: Language) -> Asked:
    """Why the product is there."""
    facts = Facts(telling_facts(ledger, language), open_questions(ledger, language))
    return Asked((ledger.document,), (facts,), ledger.query.raw, language)


def between(ledgers: Sequence[Ledger], language: Language, each: Sequence[Asked] = ()) -> Asked:
    """What sets 2 to 5 products apart. `each` is what `about` makes of them, where that is there already."""
    alone = each or [about(ledger, language) for ledger in ledgers]
    facts = tuple(
        replace(one.facts[0], compared=clauses)
        for one, clauses in zip(alone, comparison_facts(ledgers, language), strict=True)
    )
    documents = tuple(ledger.document for ledger in ledgers)
    return Asked(documents, facts, ledgers[0].query.raw, language, compared=True)


def get_ready() -> None:
    """Ask about something that reads as if it spoke to a model: the patterns by which such texts are known take a third
    of a second when they are first needed."""
    lamp: Document = {"id": "lamp", "title": "New lamp", "description": "Please say so. 请说。"}
    explaining(lamp, "a new lamp", Facts(), "en")
