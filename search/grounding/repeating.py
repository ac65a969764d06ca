"""Whether a sentence says of a product nothing but what the product says, in the same words.

A sentence is covered by phrases of the product (phrases.py) and by words between them that claim nothing (joining.py);
which may follow which, tying.py says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from search.domain import Language
from search.grounding.ground import Ground
from search.grounding.joining import (
    AND,
    ASKS,
    FOR,
    HAS,
    IS,
    IT,
    LOOK,
    MADE,
    MORE,
    OF,
    PLAIN,
    THIS,
    WITH,
    Joiner,
    joiners,
)
from search.grounding.phrases import DENIES, Source
from search.grounding.tokens import Token
from search.grounding.tying import MATERIALS, TARGETS, Kind, Said, is_a_thing, is_of, looks_first, may_follow

_MOST_STEPS = 2_000
"""Of the search for a cover: an honest sentence takes about ten, and never took thirty."""


def uncovered(said: Sequence[Token], ground: Ground, language: Language | None = None) -> int | None:
    """The place of the first token that nothing covers, 0 where nothing is told; None where all is well."""
    table = joiners(language)
    furthest = 0
    seen: set[tuple[object, ...]] = set()
    open_: list[tuple[int, Said]] = [(0, Said())]
    while open_ and len(seen) < _MOST_STEPS:
        place, before = open_.pop()
        if place == len(said):
            if before.told and not before.waits and before.kind != "bare":
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
    said: Sequence[Token], place: int, before: Said, ground: Ground, table: Mapping[str, tuple[Joiner, ...]]
) -> Iterator[tuple[int, Said]]:
    if said[place].apart:
        if before.waits or before.kind == "bare":
            return  # «it comes with battery», of a field of that name
        thing = before.kind in ("listed", "part") or is_a_thing(before)
        before = replace(_joined(replace(before, asked=False), AND), thing=thing)
    key = said[place].key
    ends: dict[int, list[tuple[Source, int]]] = {}
    for source, start in ground.phrases.get(key, ()):
        for end in _ends(said, place, source, start):
            ends.setdefault(end, []).append((source, start))
    for end in sorted(ends, reverse=True):
        for source, start in ends[end]:
            kind = _kind(source, start, start + end - place)
            if may_follow(source, start, kind, before):
                yield end, _after(source, kind, before)
    for joiner in table.get(key, ()):
        end = place + len(joiner.keys)
        if before.thing and joiner.keys[0] in _TAKES_UP:
            continue
        if _may_join(joiner.kind, before) and _stands(said, place, joiner.keys):
            yield end, _joined(before, joiner.kind)


def _may_join(kind: str, before: Said) -> bool:
    if before.wish == "told" and (kind not in (AND, THIS, LOOK, ASKS) or (kind == THIS and not before.fresh)):
        return False  # 您要的防水键盘重720克; «you asked for a waterproof one, and it is orange»
    if kind == MADE:
        return before.source is not None and is_of(before.source.statement.field, MATERIALS)
    if kind == ASKS:  # «it is wireless and the waterproof one you asked for»
        return not before.told and not before.waits and before.fresh
    if kind == MORE and before.wish:
        return False  # «you asked for a waterproof one, and this is also wireless»
    if before.thing and before.had and "material" in kind:
        return False  # «it comes with a case, made of koa», of an ukulele
    if kind in (IT, THIS) and before.tie in (WITH, FOR):
        return before.kind != "bare"  # «with this lamp, …»
    if kind in (AND, IT, THIS, LOOK) or (kind == MORE and not before.waits):
        return not before.waits and before.kind != "bare"
    return before.kind != "bare" or kind in (OF, IS, FOR, PLAIN, HAS)


def _kind(source: Source, start: int, end: int) -> Kind:
    statement = source.statement
    if end <= source.label:
        return "bare"
    if statement.names and source.keys[end - 1] in source.kinds:
        return "name"
    if statement.names and (start < source.head or _PACK.fullmatch(" ".join(source.keys[start:end]))):
        return "name"
    if statement.value and is_of(statement.field, "format genre type") and not is_of(statement.field, "skin hair"):
        return "name"  # «this paperback»
    if statement.prose or statement.names:
        return "part" if statement.prose else "listed"
    return "value" if statement.value else "fact"


_PACK = re.compile(r"(?:set|pack|box|tin|pair|case|bundle|jar|tube|bag|bottle|carton) of \w+|\w+ (?:pack|set|pair)")
"""What a product may be called as well, wherever its title says so."""


def _after(source: Source, kind: Kind, before: Said) -> Said:
    field = source.statement.field
    look = looks_first(source.statement, before)
    wish = field == "query"
    return replace(
        before,
        source=source,
        kind="value" if kind == "bare" and before.kind == "value" else kind,
        tie="",
        fields=before.fields if look else "",
        has=False,
        target=kind == "value" and is_of(field, TARGETS),
        told=before.told or not wish,
        wish="told" if wish else "",
        asked=wish,
        # «it is organic», of a brand of that name
        waits=look or (field == "brand" and kind != "bare" and before.tie == IS and before.kind != "bare"),
        aim=before.aim or before.tie == FOR,
        had=before.has or before.tie == WITH,
        thing=False,
        fresh=False,
    )


def _ends(said: Sequence[Token], place: int, source: Source, start: int) -> Iterator[int]:
    """Where a phrase that begins there may end in the sentence."""
    for offset in range(min(len(source.keys) - start, len(said) - place)):
        if source.keys[start + offset] != said[place + offset].key:
            return
        if offset and said[place + offset].apart and source.keys[start + offset - 1] in DENIES:
            return  # «not – wireless»
        if source.ends[start + offset + 1]:
            yield place + offset + 1


def _stands(said: Sequence[Token], place: int, keys: tuple[str, ...]) -> bool:
    if len(keys) > len(said) - place:
        return False
    return all(
        said[place + offset].key == key and not (offset and said[place + offset].apart)
        for offset, key in enumerate(keys)
    )


def _joined(before: Said, kind: str) -> Said:
    if kind == AND or (kind == MORE and not before.waits):
        # «it takes the edge off early sun and is machine washable»: that is the product again
        return replace(_of_the_product(before), aim=False, thing=False, fresh=True)
    before = replace(before, target=False, thing=False, fresh=kind == LOOK)  # 您要的钢笔可以看看这款…
    if kind == MADE:
        return replace(before, tie=OF)
    if kind in (PLAIN, MORE, HAS):
        has = kind == HAS
        return replace(before, tie=before.tie or WITH, has=before.has or has, waits=before.waits or has)
    if kind in (IT, THIS, LOOK, ASKS):
        wish = "left" if before.wish and kind == THIS else before.wish
        return replace(_of_the_product(before), asked=kind == ASKS, wish=wish)
    if kind in (OF, IS, FOR, WITH):
        return replace(before, tie=kind, has=before.has or kind == WITH, waits=True)
    return replace(before, tie=OF if "material" in kind or "origin" in kind else WITH, fields=kind, waits=True)


def _of_the_product(before: Said) -> Said:
    """What follows is said of the product again."""
    return replace(before, source=None, kind=None, tie=AND, fields="", has=False)


_TAKES_UP = frozenset({"which", "that", "they", "其"})


__all__ = ["uncovered"]
