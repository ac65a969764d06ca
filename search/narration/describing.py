"""A product's description or advertising line by a language model, checked against the product alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from search.domain import Document, Language
from search.grounding import Dropped, Ground
from search.narration.checking import Checker, joined
from search.narration.data import describing
from search.narration.prompts import Question
from search.protocols import LanguageModel

Kind = Literal["description", "advert"]

MOST_SENTENCES: dict[Kind, int] = {"description": 4, "advert": 1}


@dataclass(frozen=True, slots=True)
class Described:
    """`text` is "" where nothing grounded was left; `dropped` are the sentences that were not, with what is wrong."""

    text: str
    dropped: tuple[Dropped, ...]
    model: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


def describe(model: LanguageModel, document: Document, kind: Kind, language: Language) -> Described:
    """One call. A description has 2 to 4 sentences, fewer where some had to be dropped; an advert is one line.

    Raises LanguageModelError and its kinds.
    """
    question = Question(kind, language, describing(document, language))
    said = model.complete(question.system, question.user, question.max_tokens)
    checker = Checker(lambda: Ground.of(document, language=language), language, MOST_SENTENCES[kind])
    checker.take(said.text)
    checker.end(said.cut)
    text = joined(checker.kept, language)
    return Described(text, tuple(checker.dropped), model.name, said.prompt_tokens, said.completion_tokens)
