"""Whether a sentence is grounded: it repeats what is known of the product, word for word, and adds nothing.

Nobody can tell by words alone whether a paraphrase says the same. So none is let through: what is asked of a model
(search/narration/prompts.py) is to join the product's own phrases, and this looks whether it did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from search.domain import Language
from search.grounding.claimed import claim_faults
from search.grounding.fault import Fault, Kind
from search.grounding.ground import Ground
from search.grounding.joining import joiners
from search.grounding.never_shown import never_shown
from search.grounding.reading import lowered, unified
from search.grounding.repeating import uncovered
from search.grounding.splitting import joined, sentences
from search.grounding.tokens import Token, tokens
from search.lexicon.folding import is_han, key
from search.understanding.names import names

_REPEATS = 4
"""Times a telling word may stand in a sentence: who says it more often has lost their way."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that is not shown, and why: never without a fault."""

    sentence: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Grounded:
    kept: str
    dropped: tuple[Dropped, ...]


def grounded(text: str, ground: Ground, language: Language | None = None) -> Grounded:
    """The sentences of `text` that may be shown, as one text ("" for none), and the others with their faults."""
    kept: list[str] = []
    dropped: list[Dropped] = []
    for sentence in sentences(text):
        found = faults(sentence, ground, language)
        if found:
            dropped.append(Dropped(sentence, found))
        else:
            kept.append(sentence)
    return Grounded(joined(kept), tuple(dropped))


def faults(sentence: str, ground: Ground, language: Language | None = None) -> tuple[Fault, ...]:
    """What is wrong with a sentence said of the product, the first place of it; () where all of it is grounded.
    `language`: what was asked for, a sentence in the other language is foreign."""
    text = unified(sentence)
    never = tuple(never_shown(sentence, ground, language))
    if never:
        return never
    wrong = list(claim_faults(lowered(text), ground.solid))
    said = tokens(text)
    place = uncovered(said, ground, language) if said else None
    if place is not None:
        wrong.append(_fault(said, place, text, language))
    elif not said or _repeats(said):
        wrong.append(Fault("claim", sentence))
    return tuple(dict.fromkeys(wrong))


def _repeats(said: Sequence[Token]) -> bool:
    words = Counter(token.key for token in said if token.key < "\u3400" and token.key not in joiners())
    pairs = Counter(one.key + other.key for one, other in pairwise(said) if one.key >= "\u3400" <= other.key)
    return max((*words.values(), *pairs.values()), default=0) > _REPEATS


def _fault(said: Sequence[Token], place: int, text: str, language: Language | None) -> Fault:
    word = text[said[place].start : said[place].end]
    run = text[said[place].start :][:6] if is_han(word) else word
    if said[place].key[0].isdigit() or said[place].key in "$¥€£":
        return Fault("number", run if is_han(word) else text[said[place].start :].split(" ")[0].rstrip(".,;"))
    if said[place].key in joiners() and said[place].key not in joiners(language):
        return Fault("foreign", run)
    return Fault(_kind(run, text, said[place].start), run)


_NAMED: tuple[Kind, ...] = ("brand", "colour", "material")


def _kind(run: str, text: str, start: int) -> Kind:
    for length in range(len(run), 0, -1) if is_han(run) else (len(run),):
        kinds = names().same.get(key(run[:length]), {})
        for kind in _NAMED:
            if kind in kinds:
                return kind
    return "name" if run[0].isupper() and text[:start].strip() else "claim"


__all__ = ["Dropped", "Grounded", "faults", "grounded"]
