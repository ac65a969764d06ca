"""Whether a sentence says of a product nothing but what the product says, in the same words.

A sentence is covered by phrases of the product (phrases.py) and by words between them that claim nothing (joining.py).
How two phrases are put together must not say more than each of them does: «glass lid» and «steel» are no steel lid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from search.domain import Language
from search.explanation.values import label
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
from search.grounding.stating import Statement
from search.grounding.tokens import Token

_MOST_STEPS = 20_000
"""Of the search for a cover: an honest sentence takes some hundred."""


Kind = Literal["name", "listed", "part", "value", "fact", "bare"]
"""Of a phrase: it names the product; a title lists it; it is of prose and may speak of a part of the product; it is a
field's value; it is anything else that is known of the product; it only names a field."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What stands before a place. `source`, `kind`: of the phrase that is talked about; None: the product itself.
    `tie`: how what follows is tied to it, "" where it follows at once. `fields`: of what follows, it must be a value of
    one of these."""

    source: Source | None = None
    kind: Kind | None = None
    tie: str = AND
    fields: str = ""
    has: bool = False
    """It is said to be something that the product has."""
    asked: bool = False
    """It is only what was asked for."""
    target: bool = False
    """The phrase before says for whom or what the product is."""
    told: bool = False
    """Anything was told of the product so far."""
    wish: Literal["", "told", "left"] = ""
    """What was asked for was told last, or so and then the product named; and nothing that it has."""
    waits: bool = False
    """Something must follow: «it is», and no more, is no answer to «you asked for a quiet one»."""
    aim: bool = False
    """For whom or what it is was told in this clause."""
    had: bool = False
    """The phrase before was told as something that the product has."""
    thing: bool = False
    """The clause before told of something that the product has: «a lid, which is steel» is said of the lid."""
    fresh: bool = True
    """A clause begins here."""


def uncovered(said: Sequence[Token], ground: Ground, language: Language | None = None) -> int | None:
    """The place of the first token that nothing covers, 0 where nothing is told; None where all is well."""
    table = joiners(language)
    furthest = 0
    seen: set[tuple[object, ...]] = set()
    open_: list[tuple[int, _Said]] = [(0, _Said())]
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
    said: Sequence[Token], place: int, before: _Said, ground: Ground, table: Mapping[str, tuple[Joiner, ...]]
) -> Iterator[tuple[int, _Said]]:
    if said[place].apart:
        if before.waits or before.kind == "bare":
            return  # «it comes with battery», of a field of that name
        thing = before.kind in ("listed", "part") or _is_a_thing(before)
        before = replace(_joined(replace(before, asked=False), AND), thing=thing)
    key = said[place].key
    ends: dict[int, list[tuple[Source, int]]] = {}
    for source, start in ground.phrases.get(key, ()):
        for end in _ends(said, place, source, start):
            ends.setdefault(end, []).append((source, start))
    for end in sorted(ends, reverse=True):
        for source, start in ends[end]:
            kind = _kind(source, start, start + end - place)
            if _may_follow(source, start, kind, before):
                yield end, _after(source, kind, before)
    for joiner in table.get(key, ()):
        end = place + len(joiner.keys)
        if before.thing and joiner.keys[0] in _TAKES_UP:
            continue
        if _may_join(joiner.kind, before) and _stands(said, place, joiner.keys):
            yield end, _joined(before, joiner.kind)


def _may_join(kind: str, before: _Said) -> bool:
    if before.wish == "told" and (kind not in (AND, THIS, LOOK, ASKS) or (kind == THIS and not before.fresh)):
        return False  # 您要的防水键盘重720克; «you asked for a waterproof one, and it is orange»
    if kind == MADE:
        return before.source is not None and _is_of(before.source.statement.field, _MATERIALS)
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
    if statement.value and _is_of(statement.field, "format genre type") and not _is_of(statement.field, "skin hair"):
        return "name"  # «this paperback»
    if statement.prose or statement.names:
        return "part" if statement.prose else "listed"
    return "value" if statement.value else "fact"


_PACK = re.compile(r"(?:set|pack|box|tin|pair|case|bundle|jar|tube|bag|bottle|carton) of \w+|\w+ (?:pack|set|pair)")
"""What a product may be called as well, wherever its title says so."""


def _after(source: Source, kind: Kind, before: _Said) -> _Said:
    field = source.statement.field
    look = _looks_first(source.statement, before)
    wish = field == "query"
    return replace(
        before,
        source=source,
        kind="value" if kind == "bare" and before.kind == "value" else kind,
        tie="",
        fields=before.fields if look else "",
        has=False,
        target=kind == "value" and _is_of(field, _TARGETS),
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


def _joined(before: _Said, kind: str) -> _Said:
    if kind == AND or (kind == MORE and not before.waits):
        # «it takes the edge off early sun and is machine washable»: that is the product again
        return replace(
            before, source=None, kind=None, tie=AND, fields="", has=False, aim=False, thing=False, fresh=True
        )
    before = replace(before, target=False, thing=False, fresh=kind == LOOK)  # 您要的钢笔可以看看这款…
    if kind == MADE:
        return replace(before, tie=OF)
    if kind in (PLAIN, MORE, HAS):
        has = kind == HAS
        return replace(before, tie=before.tie or WITH, has=before.has or has, waits=before.waits or has)
    if kind in (IT, THIS, LOOK, ASKS):
        wish = "left" if before.wish and kind == THIS else before.wish
        return replace(before, source=None, kind=None, tie=AND, fields="", has=False, asked=kind == ASKS, wish=wish)
    if kind in (OF, IS, FOR, WITH):
        return replace(before, tie=kind, has=before.has or kind == WITH, waits=True)
    return replace(before, tie=OF if "material" in kind or "origin" in kind else WITH, fields=kind, waits=True)


def _may_follow(source: Source, start: int, kind: Kind, before: _Said) -> bool:
    statement = source.statement
    if statement.field == "query":
        return before.asked
    if before.asked or (before.wish == "told" and (statement.field not in ("evidence", "open") or before.tie != AND)):
        return False
    named = before.kind == "bare" or (before.fields and not _is_of(statement.field, "colour"))
    if statement.bound and start >= source.label and not named:
        return False
    if kind == "value" and before.tie in (OF, FOR) and before.kind != "bare" and source.keys[-1] in _TIMES:
        return False  # «it comes in 40 hours», of its battery
    if before.fields and (
        kind == "bare" or not (_is_of(statement.field, before.fields) or _looks_first(statement, before))
    ):
        return False
    if before.has and (
        statement.field in ("category", "brand") or (kind == "value" and _is_of(statement.field, "source fuel"))
    ):
        return False  # a pottery wheel in «Wheels & Kilns» has no kiln; what runs on a battery need not come with one
    behind_for = start > source.label and source.keys[start - 1] == "for"
    if (before.tie == FOR) != behind_for and (behind_for or statement.prose):
        return False  # a «case for Orvane 9» has none; «a day of cobblestones and you will regret it» is not for that
    if kind == "bare" and before.kind == "value" and before.tie in (OF, FOR):
        return before.source is not None and statement.field == before.source.statement.field  # «28 dB of noise»
    if before.kind == "bare":
        return before.source is not None and statement.field == before.source.statement.field
    if statement.names and before.tie != OF and start and source.keys[start - 1] == "in":
        return False  # «sardines in olive oil» are none
    if before.tie == FOR and _is_of(statement.field, _OWN):
        return False  # a drill in «Drills» is not for drills, nor a pan of steel for steel
    if before.tie == FOR and kind == "value" and len(source.keys) == start + 1 and source.keys[start].isdigit():
        return False  # «for 24», of a set of so many pieces
    if kind == "value" and _is_of(statement.field, _TARGETS) and before.tie != FOR and not before.target:
        return False  # what is suited for keyboards is no keyboard
    return before.kind is None or before.tie == AND or _may_be_tied(source, start, kind, before)


def _looks_first(statement: Statement, before: _Said) -> bool:
    """«made of brown leather», never «of brown»."""
    return "material" in before.fields and statement.field != "material" and _is_of(statement.field, _LOOKS)


def _may_be_tied(source: Source, start: int, kind: Kind, before: _Said) -> bool:
    """Whether what is said of the product may be tied to the phrase before, which is another thing that it says."""
    statement = source.statement
    if before.aim and (before.fields or before.tie in (OF, WITH)) and statement.field not in ("price", "evidence"):
        return False  # «for dogs made of nylon»
    if before.kind == "name":
        return True
    if statement.field == "price" and before.tie:
        return True
    if before.kind == "part":
        return False  # who knows whether it holds of that part
    if statement.field == "evidence" and not before.tie and source.keys[start] in _VERBS:
        return True  # «this set of two made of steel costs $178, the most»
    if before.tie == WITH and kind in ("fact", "listed", "name") and _is_measured(before):
        return False  # «34 hours of battery with noise cancelling»
    if _is_a_thing(before) and (before.fields or before.tie == IS or _is_of(statement.field, f"{_LOOKS} material")):
        return False  # «it comes with a case in koa», of an ukulele
    if before.kind == "listed":  # «ridged foam roller»; «six colours with 600 sheets»
        ties = {"name": "", "listed": WITH, "value": FOR}
        return kind in ties and before.tie == ties[kind]
    if kind == before.kind == "value" and (before.fields or before.tie == IS):
        # «its down is 380 g», of the weight of a jacket
        return before.source is not None and _is_of(before.source.statement.field, f"{_LOOKS} brand")
    if before.tie == FOR and before.source is not None and _is_rating(before.source):
        return False  # «rated 4.7 for dry skin»
    if before.tie in (WITH, IS, FOR) or (kind == "name" and not before.tie):
        return True
    if before.tie == OF:
        return _is_of(statement.field, f"{_LOOKS} {_AMOUNTS}")  # «quilted nylon in olive», «honey in 20 ml»
    # «blue stoneware»: a colour before a material.
    looks = before.source is not None and before.kind == "value" and _is_of(before.source.statement.field, _LOOKS)
    return looks and kind == "value" and _is_of(statement.field, f"material fabric fill {_LOOKS}")


def _is_a_thing(before: _Said) -> bool:
    """Whether the phrase before may name something that the product has, as a field of yes or no or a count do."""
    if before.kind != "fact" or before.source is None:
        return False
    return before.source.statement.field not in (
        "evidence",
        "open",
        "query",
        "price",
        "in_stock",
        "rating",
        "rating_count",
    )


def _is_measured(before: _Said) -> bool:
    """Whether the phrase before is a time or a noise, which depend on what the product does meanwhile."""
    if before.source is None or before.kind not in ("value", "fact"):
        return False
    keys = before.source.keys
    return any(key[0].isdigit() for key in keys) and not _DEPENDS.isdisjoint(keys)


def _is_rating(source: Source) -> bool:
    return source.statement.field in ("rating", "rating_count") or "rated" in source.keys


_DEPENDS = frozenset({"hour", "minute", "db", "小", "分"})
_TAKES_UP = frozenset({"which", "that", "they", "其"})
_TIMES = frozenset({"hour", "minute", "day", "month", "year", "时", "钟", "天", "月", "年"})
_VERBS = frozenset({"cost", "is", "have", "售"})


@lru_cache(4096)
def _is_of(field: str, wanted: str) -> bool:
    """Whether a field is one of those: `net_weight_g` is a weight. `wanted` may name fields that it must not be, after
    a minus."""
    said = {*label(field, "en").casefold().split(), *field.split("_")}
    named = set(wanted.split())
    unwanted = {name[1:] for name in named if name.startswith("-")}
    return not said & unwanted and (len(unwanted) == len(named) or bool(said & named))


_OWN = "material colour color brand category rating connection power flavour origin country allergens watts height"
_LOOKS = "colour color finish pattern style size"
_MATERIALS = "material fabric fibre upper wood frame"
_AMOUNTS = "volume capacity weight"
_TARGETS = "suited suits compatible compatibility works fits pet occasion activity skin hair breed chew"
"""What a product is for: «for oily skin» makes no cream an oily one."""


__all__ = ["uncovered"]
