"""What is known of one product, and so may be said of it: the phrases of its fields and of the evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeGuard

from search.domain import Document, Language
from search.grounding.claimed import may_be_repeated
from search.grounding.dictating import believed, is_free
from search.grounding.phrases import Keys, Source, source
from search.grounding.reading import lowered, unified
from search.grounding.stating import Statement, statements
from search.grounding.tokens import tokens


@dataclass(frozen=True, slots=True)
class Ground:
    """`phrases[key]`: where a phrase may begin whose first token is `key`, as (source, place of the token).

    `solid` is what stands in title, attributes, evidence and what is open, `signs` is all punctuation of its texts.
    """

    phrases: Mapping[str, Sequence[tuple[Source, int]]]
    solid: str
    signs: frozenset[str]

    @classmethod
    def of(
        cls,
        document: Document,
        facts: Sequence[str] = (),
        unknown: Sequence[str] = (),
        query: str = "",
        language: Language | None = None,
    ) -> Ground:
        """Of a product and of what is known of it here, as `knowing` has it. `language`: of the sentences, None for
        either.

        A field in which a sentence speaks to a model is no ground, free text in which one dictates what to say of the
        product is none either."""
        held = {name: value for name, value in document.items() if _is_believed(name, value)}
        solid = list(statements({name: value for name, value in held.items() if not _is_prose(name, value)}, language))
        prose = [
            Statement(part, name, prose=True)
            for name, value in held.items()
            if _is_prose(name, value) and not name.startswith("_")
            for part in believed(value, True) or ()
            if may_be_repeated(part)
        ]
        kinds, theirs = _kinds(held), _theirs(held)
        sources = [
            _of_catalogue(one, kinds, theirs) if one.field == "title" else _of_catalogue(one, frozenset(), ())
            for one in solid
        ]
        sources += [source(one) for one in prose]
        firm = _text([one.text for one in solid])
        signs = _signs("".join(one.text for one in (*solid, *prose)))
        return cls(_by_first_token(sources), firm, signs).knowing(facts, unknown, query)

    def knowing(self, facts: Sequence[str] = (), unknown: Sequence[str] = (), query: str = "") -> Ground:
        """`facts`: clauses known to be true (conditions met, what the shopper likes). `unknown`: clauses that say what
        is not known or not met; they may be repeated whole and make nothing known. `query`: what the shopper asked for,
        which may be said to be that and nothing else."""
        sources = [source(Statement(fact, "evidence")) for fact in facts]
        sources += [source(Statement(clause, "open"), whole=True) for clause in unknown]
        if query:
            asked = source(Statement(query, "query"))
            size = len(asked.keys)
            sources.append(Source(asked.statement, asked.keys, (True,) * size, (True,) * (size + 1), 0, 0))
        phrases = dict(self.phrases)
        for key, found in _by_first_token(sources).items():
            phrases[key] = (*phrases.get(key, ()), *found)
        firm = _text([*facts, *unknown])
        return Ground(phrases, f"{self.solid}\n{firm}", self.signs | _signs(firm))


def _by_first_token(sources: Sequence[Source]) -> dict[str, Sequence[tuple[Source, int]]]:
    phrases: dict[str, list[tuple[Source, int]]] = {}
    for one in sources:
        for place, begins in enumerate(one.begins):
            if begins:
                phrases.setdefault(one.keys[place], []).append((one, place))
    return dict(phrases)


def _signs(text: str) -> frozenset[str]:
    return frozenset(char for char in text if not char.isalnum())


def _text(parts: Sequence[str]) -> str:
    return lowered(unified("\n".join(parts)))


@lru_cache(8192)
def _of_catalogue(statement: Statement, kinds: frozenset[str], theirs: tuple[Keys, ...]) -> Source:
    """Values come again and again, and nothing that a shopper typed is among them."""
    return source(statement, kinds=kinds, theirs=theirs)


def _kinds(document: Document) -> frozenset[str]:
    """The words that the last level of the category ends with: «mouse» and «trackball» of «Mice & Trackballs»."""
    category = document.get("category")
    leaf = category[-1] if isinstance(category, list | tuple) and category else category
    parts = [tokens(part) for part in re.split(r"&|,|/|\band\b", leaf)] if isinstance(leaf, str) else []
    return frozenset(part[-1].key for part in parts if part)


def _theirs(document: Document) -> tuple[Keys, ...]:
    """What it goes with, as its fields name it."""
    named = (
        value
        for name, value in document.items()
        if not {"compatible", "compatibility", "fits"}.isdisjoint(name.split("_"))
    )
    values = (one for value in named for one in (value if isinstance(value, list | tuple) else [value]))
    names = (tuple(token.key for token in tokens(unified(one))) for one in values if isinstance(one, str))
    return tuple(name for name in names if name)


def _is_prose(name: str, value: object) -> TypeGuard[str]:
    return isinstance(value, str) and is_free(name, value)


def _is_believed(name: str, value: object) -> bool:
    texts = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else []
    return all(believed(text, is_free(name, text)) is not None for text in texts if isinstance(text, str))


__all__ = ["Ground"]
