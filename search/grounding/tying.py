"""Which phrase may follow which: how two are put together must not say more than each of them does.

«glass lid» and «steel» are no steel lid, a case is not of what the ukulele in it is made of, and a cream for oily skin
is not oily.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from search.explanation.values import label
from search.grounding.joining import AND, FOR, IS, OF, WITH
from search.grounding.phrases import Source
from search.grounding.stating import Statement

Kind = Literal["name", "listed", "part", "value", "fact", "bare"]
"""Of a phrase: it names the product; a title lists it; it is of prose and may speak of a part of the product; it is a
field's value; it is anything else that is known of the product; it only names a field."""


@dataclass(frozen=True, slots=True)
class Said:
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


def may_follow(source: Source, start: int, kind: Kind, before: Said) -> bool:
    """Whether a phrase of `kind` that begins at token `start` of `source` may stand where `before` leads to."""
    statement = source.statement
    if statement.field == "query":
        return before.asked
    if before.asked or (before.wish == "told" and (statement.field not in ("evidence", "open") or before.tie != AND)):
        return False
    named = before.kind == "bare" or (before.fields and not is_of(statement.field, "colour"))
    if statement.bound and start >= source.label and not named:
        return False
    if kind == "value" and before.tie in (OF, FOR) and before.kind != "bare" and source.keys[-1] in _TIMES:
        return False  # «it comes in 40 hours», of its battery
    if before.fields and (
        kind == "bare" or not (is_of(statement.field, before.fields) or looks_first(statement, before))
    ):
        return False
    if before.has and (
        statement.field in ("category", "brand") or (kind == "value" and is_of(statement.field, "source fuel"))
    ):
        return False  # a pottery wheel in «Wheels & Kilns» has no kiln; what runs on a battery need not come with one
    behind_for = start > source.label and source.keys[start - 1] == "for"
    if (before.tie == FOR) != behind_for and (behind_for or statement.prose):
        return False  # a «case for Orvane 9» has none; «a day of cobblestones and you will regret it» is not for that
    if before.kind == "bare" or (kind == "bare" and before.kind == "value" and before.tie in (OF, FOR)):
        # «a noise of 28 dB», «28 dB of noise»
        return before.source is not None and statement.field == before.source.statement.field
    if statement.names and before.tie != OF and start and source.keys[start - 1] == "in":
        return False  # «sardines in olive oil» are none
    if before.tie == FOR and is_of(statement.field, _OWN):
        return False  # a drill in «Drills» is not for drills, nor a pan of steel for steel
    if before.tie == FOR and kind == "value" and len(source.keys) == start + 1 and source.keys[start].isdigit():
        return False  # «for 24», of a set of so many pieces
    if kind == "value" and is_of(statement.field, TARGETS) and before.tie != FOR and not before.target:
        return False  # what is suited for keyboards is no keyboard
    return before.kind is None or before.tie == AND or _may_be_tied(source, start, kind, before)


def looks_first(statement: Statement, before: Said) -> bool:
    """«made of brown leather», never «of brown»."""
    return "material" in before.fields and statement.field != "material" and is_of(statement.field, _LOOKS)


def _may_be_tied(source: Source, start: int, kind: Kind, before: Said) -> bool:
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
    if is_a_thing(before) and (before.fields or before.tie == IS or is_of(statement.field, f"{_LOOKS} material")):
        return False  # «it comes with a case in koa», of an ukulele
    if before.kind == "listed":  # «ridged foam roller»; «six colours with 600 sheets»
        ties = {"name": "", "listed": WITH, "value": FOR}
        return kind in ties and before.tie == ties[kind]
    if kind == before.kind == "value" and (before.fields or before.tie == IS):
        # «its down is 380 g», of the weight of a jacket
        return before.source is not None and is_of(before.source.statement.field, f"{_LOOKS} brand")
    if before.tie == FOR and before.source is not None and _is_rating(before.source):
        return False  # «rated 4.7 for dry skin»
    if before.tie in (WITH, IS, FOR) or (kind == "name" and not before.tie):
        return True
    if before.tie == OF:
        return is_of(statement.field, f"{_LOOKS} {_AMOUNTS}")  # «quilted nylon in olive», «honey in 20 ml»
    # «blue stoneware»: a colour before a material.
    looks = before.source is not None and before.kind == "value" and is_of(before.source.statement.field, _LOOKS)
    return looks and kind == "value" and is_of(statement.field, f"material fabric fill {_LOOKS}")


def is_a_thing(before: Said) -> bool:
    """Whether the phrase before may name something that the product has, as a field of yes or no or a count do."""
    if before.kind != "fact" or before.source is None:
        return False
    return before.source.statement.field not in _OF_THE_PRODUCT


def _is_measured(before: Said) -> bool:
    """Whether the phrase before is a time or a noise, which depend on what the product does meanwhile."""
    if before.source is None or before.kind not in ("value", "fact"):
        return False
    keys = before.source.keys
    return any(key[0].isdigit() for key in keys) and not _DEPENDS.isdisjoint(keys)


def _is_rating(source: Source) -> bool:
    return source.statement.field in ("rating", "rating_count") or "rated" in source.keys


_OF_THE_PRODUCT = frozenset({"evidence", "open", "query", "price", "in_stock", "rating", "rating_count"})
_DEPENDS = frozenset({"hour", "minute", "db", "小", "分"})
_TIMES = frozenset({"hour", "minute", "day", "month", "year", "时", "钟", "天", "月", "年"})
_VERBS = frozenset({"cost", "is", "have", "售"})


@lru_cache(4096)
def is_of(field: str, wanted: str) -> bool:
    """Whether a field is one of those: `net_weight_g` is a weight. `wanted` may name fields that it must not be, after
    a minus."""
    said = {*label(field, "en").casefold().split(), *field.split("_")}
    named = set(wanted.split())
    unwanted = {name[1:] for name in named if name.startswith("-")}
    return not said & unwanted and (len(unwanted) == len(named) or bool(said & named))


_OWN = "material colour color brand category rating connection power flavour origin country allergens watts height"
_LOOKS = "colour color finish pattern style size"
MATERIALS = "material fabric fibre upper wood frame"
_AMOUNTS = "volume capacity weight"
TARGETS = "suited suits compatible compatibility works fits pet occasion activity skin hair breed chew"
"""What a product is for: «for oily skin» makes no cream an oily one."""


__all__ = ["MATERIALS", "TARGETS", "Kind", "Said", "is_a_thing", "is_of", "looks_first", "may_follow"]
