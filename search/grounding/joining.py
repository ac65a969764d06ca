"""The words that may stand between phrases of a product: the table `words/joining.txt`, read once, at first use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from search.domain import Language
from search.grounding.reading import unified
from search.grounding.tokens import tokens

PLAIN, AND, MORE, IT, THIS, LOOK, ASKS = "plain", "and", "more", "it", "this", "look", "asks"
IS, OF, MADE, WITH, HAS, FOR = "is", "of", "made", "with", "has", "for"


@dataclass(frozen=True, slots=True)
class Joiner:
    """`kind` is one of those above, or the names of fields whose value follows, apart by spaces."""

    keys: tuple[str, ...]
    kind: str


@cache
def joiners(language: Language | None = None) -> Mapping[str, tuple[Joiner, ...]]:
    """By the first token, the longest first; of one language or of both."""
    if language is not None:
        return {key: each for key, each in joiners().items() if (key >= "\u3400") == (language == "zh")}
    table = files("search.grounding").joinpath("words", "joining.txt").read_text(encoding="utf-8")
    found: dict[str, dict[Joiner, None]] = {}
    for line in table.splitlines():
        kind, colon, phrases = line.partition(": ")
        if colon and not line.startswith("#"):
            for phrase in phrases.split(", "):
                if keys := tuple(token.key for token in tokens(unified(phrase))):
                    found.setdefault(keys[0], {})[Joiner(keys, kind)] = None
    return {key: tuple(sorted(each, key=lambda one: -len(one.keys))) for key, each in found.items()}


__all__ = [
    "AND",
    "ASKS",
    "FOR",
    "HAS",
    "IS",
    "IT",
    "LOOK",
    "MADE",
    "MORE",
    "OF",
    "PLAIN",
    "THIS",
    "WITH",
    "Joiner",
    "joiners",
]
