"""Whether a sentence says of a product nothing but what the product says, in the same words.

A sentence is covered by phrases of the product (phrases.py) and by words between them that claim nothing (joining.py).
How two phrases are put together must not say more than each of them does: «glass lid» and «steel» are no steel lid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from search.domain import Language
from search.explanation.values import label
from search.grounding.ground import Ground
from search.grounding.joining import AND, ASKS, FOR, IT, OF, PLAIN, Joiner, joiners
from search.grounding.phrases import Source
from search.grounding.tokens import Token

_MOST_STEPS = 20_000
"""Of the search for a cover: an honest sentence takes some hundred."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What stands before a place: the phrase that is talked about (None: the product), whether it only names a field,
    how what follows is tied to it, of which fields it must be the value, whether it is only asked for, whether
    anything has been told of the product so far, and whether a clause begins here."""

    source: Source | None = None
    bare: bool = False
    tie: str = AND
    fields: str = ""
    asked: bool = False
    told: bool = False
    fresh: bool = True


def uncovered(said: Sequence[Token], ground: Ground, language: Language | None = None) -> int | None:
    """The place of the first token that nothing covers, 0 where nothing is told; None where all is well."""
    table = joiners(language)
    furthest = 0
    seen: set[tuple[object, ...]] = set()
    open_: list[tuple[int, _Said]] = [(0, _Said())]
    while open_ and len(seen) < _MOST_STEPS:
        place, before = open_.pop()
        if place == len(said):
            if before.told and not before.bare:
                return None
            continue
        furthest = max(furthest, place)
        mark = (place, replace(before, source=None), id(before.source))
        if mark not in seen:
            seen.add(mark)
            # The likeliest last, for that is tried first.
            open_ += reversed(list(_steps(said, place, before, ground, table)))
    return furthest


def _steps(
    said: Sequence[Token], place: int, before: _Said, ground: Ground, table: Mapping[str, tuple[Joiner, ...]]
) -> Iterator[tuple[int, _Said]]:
    if said[place].apart and before.bare:
        return  # «it comes with battery», of a field of that name
    if said[place].apart:
        before = _joined(replace(before, asked=False), AND)
    key = said[place].key
    ends: dict[int, list[tuple[Source, int, bool]]] = {}
    for source, start in ground.phrases.get(key, ()):
        for end in _ends(said, place, source, start):
            ends.setdefault(end, []).append((source, start, start + end - place <= source.label))
    for end in sorted(ends, reverse=True):
        for source, start, bare in ends[end]:
            if _may_follow(source, start, bare, before):
                fields = before.fields if before.fields and _is_of(source.statement.field, "colour") else ""
                yield end, replace(before, source=source, bare=bare, tie="", fields=fields, told=True, fresh=False)
    for joiner in table.get(key, ()):
        end = place + len(joiner.keys)
        goes = (joiner.kind != ASKS or before.fresh) and (not before.bare or joiner.kind in (OF, PLAIN))
        if goes and _stands(said, place, joiner.keys):
            yield end, _joined(before, joiner.kind)


def _ends(said: Sequence[Token], place: int, source: Source, start: int) -> Iterator[int]:
    """Where a phrase that begins there may end in the sentence."""
    for offset in range(min(len(source.keys) - start, len(said) - place)):
        if source.keys[start + offset] != said[place + offset].key:
            return
        if source.ends[start + offset + 1]:
            yield place + offset + 1


def _stands(said: Sequence[Token], place: int, keys: tuple[str, ...]) -> bool:
    if len(keys) > len(said) - place:
        return False
    return all(
        said[place + offset].key == key and not (offset and said[place + offset].apart)
        for offset, key in enumerate(keys)
    )


def _joined(before: _Said, kind: str) -> _Said:
    if kind == PLAIN:
        return replace(before, tie=before.tie or OF, fresh=False)
    if kind in (AND, IT):  # «it takes the edge off early sun and is machine washable»: that is the product again
        return replace(before, source=None, bare=False, tie=AND, fields="", fresh=kind == AND)
    if kind == ASKS:
        return replace(before, source=None, bare=False, tie=AND, fields="", asked=True, fresh=False)
    tie = FOR if kind == FOR else OF
    return replace(before, tie=tie, fields=before.fields if kind in (OF, FOR) else kind, fresh=False)


def _may_follow(source: Source, start: int, bare: bool, before: _Said) -> bool:
    statement = source.statement
    if statement.field == "query":
        return before.asked
    # «made of blue stoneware»: a colour may stand before the value that is expected.
    if before.fields and (bare or not _is_of(statement.field, before.fields)):
        return False
    behind_for = start > source.label and source.keys[start - 1] == "for"
    if (before.tie == FOR) != behind_for and (behind_for or statement.prose):
        return False  # a «case for Orvane 9» has none; «a day of cobblestones and you will regret it» is not for that
    other = before.source
    if other is None or before.tie == AND or (other is source and before.bare):
        return True
    if before.bare or other.statement.prose:
        return False
    if before.tie in (OF, FOR) or other.statement.names or statement.names:
        return True
    # «blue stoneware»: a colour before another value.
    return other.statement.value and statement.value and not bare and _is_of(other.statement.field, _LOOKS)


@lru_cache(4096)
def _is_of(field: str, wanted: str) -> bool:
    """Whether a field is one of those: `net_weight_g` is a weight. `wanted` may name fields that it must not be, after
    a minus; a colour may stand before the material that is wanted."""
    said = {*label(field, "en").casefold().split(), *field.split("_")}
    named = set(wanted.split())
    if unwanted := {name[1:] for name in named if name.startswith("-")}:
        return not said & unwanted
    return bool(said & named) or ("material" in named and bool(said & {*_LOOKS.split()}))


_LOOKS = "colour color finish pattern style size"


__all__ = ["uncovered"]
