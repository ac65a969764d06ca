"""What of a ledger is worth telling, the same in every language: words by where they stand, conditions merged, the
likings that count. How it is said is english.py's and chinese.py's matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from search.domain import Document
from search.explanation.bounds import Bound, bounds
from search.explanation.ledger import NEARNESS, Ledger, Liking, Word
from search.explanation.values import clean, columns
from search.storage.payload import fold

MOST_PHRASES = 3
MOST_LIKINGS = 2
MOST_MISSING = 2
_SHORT = 40
"""Columns of a query that is a few words and no prose."""

_VALUE = 32
"""Columns of a value that is shown as a whole where words of the query stand in it."""

LEAST_TOLD = 0.02
"""Effects that are smaller are in the receipt and too small for a sentence."""

LEAST_FAINT = 0.05
"""The same of products that are only near in a space of vectors, and of no common department."""

_OF_ITSELF = ("repeat", "had")
"""Parts of a reason that may name the product itself."""

LEAST_MOVED = 2
"""Places from which on it is told that a product was moved."""

Place = Literal["title", "mark", "brand", "category", "attribute", "description"]
Rest = Literal["", "missing", "meaning", "only meaning", "unsaid"]

_PLACES: tuple[Place, ...] = ("title", "mark", "brand", "category", "attribute", "description")
_FIELDS: dict[str, Place] = {"title": "title", "brand": "brand", "category": "category", "description": "description"}


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of the query as the product writes them; `typed` is what the shopper wrote, where that is another word."""

    written: str
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """Phrases that stand in one place of the product; `field` is the attribute's name. A mark is an attribute that is
    there or not: `vegan`. `whole`: the phrases are all of the value, or of members of it where `listed`."""

    place: Place
    field: str
    phrases: tuple[Phrase, ...]
    whole: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """`even`: an even place of the page, for which other words are taken where there are two ways to say the same.
    `code` is the product code that was typed. `rest` says what of the other words: some are named in `missing`, the
    rest is near in meaning, there is nothing but meaning, or nothing is to be said. `foreign` are limits in another
    currency than the price. `moved` is how many places taste
    lifted it (below 0: let it fall)."""

    document: Document
    code: Word | None = None
    heard: tuple[Heard, ...] = ()
    rest: Rest = ""
    missing: tuple[str, ...] = ()
    met: tuple[Bound, ...] = ()
    unmet: tuple[Bound, ...] = ()
    unknown: tuple[Bound, ...] = ()
    foreign: tuple[Bound, ...] = ()
    likings: tuple[Liking, ...] = ()
    moved: int = 0
    even: bool = False
    out_of_stock: bool = False
    searched: bool = False
    asked: bool = False
    corrected: tuple[tuple[str, str], ...] = field(default=())


def story(ledger: Ledger) -> Story:
    query = ledger.query
    searched = bool(query.text.strip()) and bool(query.raw.strip())
    code = next((word for word in ledger.words if word.how == "code"), None)
    heard = _heard([word for word in ledger.words if word.how != "code"], ledger.document)
    held = bounds(ledger)
    moved = ledger.base_rank - ledger.rank if ledger.base_rank is not None and query.raw else 0
    likings = _likings(ledger, moved)
    missing = tuple(said for word in ledger.missing if (said := clean(word)))
    rest = _rest(ledger, heard, missing) if searched and code is None else ""
    told = {bound.field for bound in (*held.met, *held.unmet)}  # its value is told with the condition
    return Story(
        document=ledger.document,
        code=code,
        heard=tuple(one for one in heard if one.place in ("title", "description") or one.field not in told),
        rest=rest,
        missing=missing,
        met=held.met,
        unmet=held.unmet,
        unknown=held.unknown,
        foreign=held.foreign,
        likings=likings,
        moved=moved if abs(moved) >= LEAST_MOVED else 0,
        even=ledger.rank > 0 and ledger.rank % 2 == 0,
        out_of_stock=ledger.document.get("in_stock") is False
        and not any(one.field == "in_stock" for one in held.unmet),
        searched=searched,
        asked=bool(query.raw.strip()),
        corrected=_corrected(ledger),
    )


# --- words -----------------------------------------------------------------------------------------------------------


def _heard(words: Sequence[Word], document: Document) -> tuple[Heard, ...]:
    """By place, what says most first."""
    rows: dict[tuple[Place, str, bool], list[Phrase]] = {}
    for word in words:
        place = _FIELDS.get(word.field, "mark" if document.get(word.field) is True else "attribute")
        whole = _whole(word, document) if place in ("brand", "category", "attribute") else ""
        written = clean(word.field.replace("_", " ") if place == "mark" else whole or word.written)
        if not written:
            continue
        phrase = Phrase(written, "" if word.how == "itself" else clean(word.typed))
        row = rows.setdefault((place, word.field, bool(whole)), [])
        twin = next((n for n, other in enumerate(row) if other.written == written), None)
        if twin is None:
            row.append(phrase)
        elif not phrase.typed:  # it says the very word, whatever else it says with it
            row[twin] = phrase
    ordered = sorted(rows.items(), key=lambda item: _PLACES.index(item[0][0]))
    return tuple(
        Heard(place, name, tuple(row[:MOST_PHRASES]), whole, isinstance(document.get(name), list))
        for (place, name, whole), row in ordered
    )


def _whole(word: Word, document: Document) -> str:
    """The value in which the word stands, where that is short: «Hiking Backpacks» says more than «Hiking»."""
    held = document.get(word.field)
    for member in held if isinstance(held, list) else [held]:
        said = clean(member) if isinstance(member, str) else ""
        if said and columns(said) <= _VALUE and fold(word.written) in fold(said):
            return said
    return ""


def _rest(ledger: Ledger, heard: tuple[Heard, ...], missing: tuple[str, ...]) -> Rest:
    """What is missing of a short query is named; of a long one nobody expects to find every word."""
    near = "semantic" in ledger.parts
    if heard:
        short = columns(ledger.query.text) <= _SHORT and len(missing) <= MOST_MISSING
        return "" if not missing else "missing" if short else "meaning" if near else ""
    if missing:
        return "only meaning" if near else "unsaid"
    said = any(one.verdict == "satisfied" and one.constraint.field != "price" for one in ledger.conditions)
    return "" if said else "unsaid"


def _corrected(ledger: Ledger) -> tuple[tuple[str, str], ...]:
    """What was typed and what it was taken for, where the product has that."""
    said = {fold(word.typed) for word in ledger.words} | {fold(word.written) for word in ledger.words}
    return tuple(
        (clean(one.typed), clean(one.taken))
        for one in ledger.query.corrections
        if clean(one.typed) and any(fold(one.taken) in each for each in said)
    )


# --- taste -----------------------------------------------------------------------------------------------------------


def _likings(ledger: Ledger, moved: int) -> tuple[Liking, ...]:
    """The strongest that speak for the product; where it fell, the strongest that speaks against it. No two of a part,
    and none that names a product twice."""
    fell = moved <= -LEAST_MOVED
    wanted = [one for one in ledger.likings if one.reason.effect <= -LEAST_TOLD]
    if not (fell and wanted):
        wanted = [one for one in ledger.likings if one.reason.effect >= LEAST_TOLD]
    found: list[Liking] = []
    for one in wanted:
        itself = one.reason.products[:1] == (ledger.product_id,) and one.reason.part not in _OF_ITSELF
        faint = one.kin is False and one.reason.part in NEARNESS and abs(one.reason.effect) < LEAST_FAINT
        vague = bool(ledger.query.raw) and 0 <= moved < LEAST_MOVED and _is_vague(one)
        if itself or faint or vague or any(one.reason.part == other.reason.part for other in found):
            continue
        named = {title for other in found for title in other.titles[:1]}
        found.append(replace(one, titles=()) if named.intersection(one.titles[:1]) else one)
        if fell and one.reason.effect < 0:
            break
    return tuple(found[:MOST_LIKINGS])


def _is_vague(one: Liking) -> bool:
    """Nearness to taste as such, of no product that can be named: in a search it is told where it moved the product."""
    return one.reason.part in NEARNESS and not one.reason.declared and (one.kin is False or not one.titles)
