"""Understanding, top to bottom: prices, asides, exclusions, values; what is left is the text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from search.domain import Constraint, Language, Query
from search.lexicon import Lexicon
from search.understanding.asides import asides
from search.understanding.codes import codes
from search.understanding.found import Found, masked
from search.understanding.measures import measures
from search.understanding.names import names
from search.understanding.negation import negations
from search.understanding.normalise import Plain, language_of, plain
from search.understanding.positive import wanted
from search.understanding.prices import prices
from search.understanding.remainder import left
from search.understanding.sizes import sizes
from search.understanding.spelling import corrections, joined
from search.understanding.tokens import tokens
from search.understanding.translation import translated
from search.understanding.values import Values

READ = 300
"""Conditions are looked for in so many characters; what follows is text. Nobody asks longer, and time stays bounded."""


def understand(
    raw: str, lexicon: Lexicon | None = None, ignore: Sequence[str] = (), language: Language | None = None
) -> Query:
    """What `raw` asks for, as the catalogue behind `lexicon` understands it.

    `ignore` are texts of constraints that the caller switches off: the words of a wanted value are then ordinary
    words, those of a price or an exclusion vanish. Never raises, whatever the text.
    """
    lexicon = lexicon if lexicon is not None else _nothing()
    given = plain(raw)
    if not given.text:
        return Query(raw, "", language or "en")
    known = names()
    values = Values(lexicon, known)
    low = _beginning(given.lower)
    found: list[Found] = []
    for read in (measures, prices):
        stated = read(low, lexicon)
        found += stated
        low = _without(low, stated)
    coded = low
    aside = asides(low, lexicon)
    found += aside.found
    low = masked(_without(low, aside.found), list(aside.cut))
    row = tokens(low, values.is_han_brand)
    if excluded := negations(low, row, values):
        found += excluded
        low = _without(low, excluded)
        row = tokens(low, values.is_han_brand)
    found += wanted(low, row, values)
    found += sizes(low, row, values)
    found.sort(key=lambda item: (item.start, item.end))
    cuts = [*aside.cut, *(item.cut for item in found if item.cut)]
    corrected = [(token.start, token.end, made) for token, made in corrections(row, given, lexicon, known)]
    corrected += [(first.start, last.end, made) for first, last, made in joined(row, given, lexicon)]
    corrected.sort(key=lambda item: item[0])
    text = left(given, cuts, [(start, end, made.taken) for start, end, made in corrected])
    if not text and not found and not aside.sort:
        text = given.text
    small = text.lower()
    translation, share = translated(row if text == given.text else tokens(small[:READ], values.is_han_brand), known)
    return Query(
        raw=raw,
        text=text,
        language=language or language_of(given.text),
        constraints=_constraints(found, given, ignore),
        codes=codes(coded, small[:READ]),
        sort=aside.sort,
        corrections=tuple(made for _, _, made in corrected),
        translation=translation,
        translated=share,
    )


def prepare(lexicon: Lexicon) -> None:
    """Read the tables and warm `lexicon` up, so that the first query is no slower than the next: under 0.2 s."""
    lexicon.prepare()
    understand("prepar headphons", lexicon)
    understand("不要白色的", lexicon)


def literally(raw: str, language: Language | None = None) -> Query:
    """The words as they are: tidied, with the codes they may name, and nothing read into them."""
    given = plain(raw)
    low = _beginning(given.lower)
    return Query(raw, given.text, language or language_of(given.text), codes=codes(low, low))


def _beginning(low: str) -> str:
    """What is read of a text. It ends with a word: half of a number would be another number."""
    if len(low) <= READ:
        return low
    end = max(low.rfind(mark, 0, READ) for mark in " ,;，。；")
    return low[:end] if end > 0 else low[:READ].rstrip("0123456789.零一二三四五六七八九十百千万两")


def _constraints(found: Sequence[Found], given: Plain, ignore: Sequence[str]) -> tuple[Constraint, ...]:
    off = {_folded(text) for text in ignore}
    made = []
    for item in found:
        start, end = given.span(item.start, item.end)
        text = given.raw[start:end]
        if _folded(text) in off:
            continue
        for part in item.conditions:
            made.append(Constraint(part.field, part.op, part.value, (start, end), text, part.strength, part.members))
    return tuple(made)


def _folded(text: str) -> str:
    return plain(text).lower.strip()


def _without(low: str, found: Sequence[Found]) -> str:
    return masked(low, [item.cut for item in found if item.cut])


@cache
def _nothing() -> Lexicon:
    return Lexicon.empty()


__all__ = ["literally", "prepare", "understand"]
