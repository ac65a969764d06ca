"""Why a product suits the shopper, in English: a clause for every part of a score that a receipt can name."""

from __future__ import annotations

from collections.abc import Mapping

from search.domain import Document
from search.events import EventType, Reason
from search.explanation.ledger import NEARNESS, SIMILAR, Liking
from search.explanation.reasons import Told, others, paying
from search.explanation.values import clean, cut, label

_DID: dict[EventType | None, str] = {
    "purchase": "bought", "view": "looked at", "click": "looked at",
    "hide": "hid", "search": "searched for", None: "came by",
}  # fmt: skip


def liking(one: Liking, document: Document, most: int) -> str:
    """`most` is how long a title may be, in columns."""
    titles = [said for title in one.titles if (said := cut(clean(title), most))]
    if one.kin is False and one.reason.part in NEARNESS:
        titles = []
    told = LIKINGS.get(one.reason.part, others("", "it suits what is known of you"))  # what an older training named
    return told(one.reason, f"“{titles[0]}”" if titles else "", document)


def _near(reason: Reason, title: str, document: Document) -> str:
    if reason.declared:
        text = cut(clean(reason.value), 40)
        return f"it fits your interest in “{text}”" if text else "it fits the interests that you named"
    if reason.effect < 0:
        return "it is less like what you usually go for"
    if title:
        return f"it is like {title}, which you {_did(reason.event)}"
    return "it is nearer than most to what you go for"


def _session(reason: Reason, title: str, document: Document) -> str:
    if reason.effect < 0:
        return "it is less like what you are after on this visit"
    return (
        f"it is like {title}, which you {_did(reason.event)} on this visit"
        if title
        else "it is nearer than most to what you are after now"
    )


def _brand(reason: Reason, title: str, document: Document) -> str:
    named, liked, disliked = (f"its brand is one that you {verb}" for verb in ("named", "like", "pass over"))
    return _same(reason, title, "of the same brand", named, liked, disliked)


def _category(reason: Reason, title: str, document: Document) -> str:
    name = cut(clean(reason.value), 32)
    if name and title and reason.effect > 0:
        return f"you {_did(reason.event, title)}, which is in “{name}”, too"
    return _same(reason, title, "in the same category", "you named its category", "you often choose from its category",
                 "you rarely choose from its category")  # fmt: skip


def _same(reason: Reason, title: str, how: str, named: str, liked: str, disliked: str) -> str:
    if reason.declared:
        return named
    if reason.effect < 0:
        return f"you {_did(reason.event, title, how)}" if title and reason.event == "hide" else disliked
    return f"you {_did(reason.event, title, how)}" if title else liked


def _attributes(reason: Reason, title: str, document: Document) -> str:
    name, held = label(reason.field or "", "en"), cut(clean(reason.value), 32)
    said = f"its {name} is {held}" if held else f"its {name} suits you"
    if reason.declared:
        return f"{said}, as you named it" if held else said
    if reason.effect < 0:
        return f"{said}, which you rarely choose" if held else f"its {name} is one that you rarely choose"
    if title and held:
        return f"{said} like that of {title}, which you {_did(reason.event)}"
    return f"{said}, which you often choose" if held else said


def _price(reason: Reason, title: str, document: Document) -> str:
    said = paying(reason, document)
    if reason.declared:
        return f"it is within the budget that you named ({said.top})" if said.inside else "its price suits your budget"
    spread = f" (about {said.low} to {said.high})" if said.high else ""
    if reason.effect < 0:
        return f"its price is further from what you usually pay{spread}"
    return f"its price is {'within' if said.inside else 'near'} what you usually pay{spread}"


def _repeat(reason: Reason, title: str, document: Document) -> str:
    return "you have it already" if reason.effect < 0 else "you bought it before and may be ready for more"


LIKINGS: Mapping[str, Told] = {
    "interest": _near,
    "content": _near,
    "declared": _near,
    "session": _session,
    "brand": _brand,
    "category": _category,
    "attributes": _attributes,
    "price": _price,
    "repeat": _repeat,
    "had": lambda reason, title, document: "you have had it before",
    "together": others("people who took {} took this, too", "people who took what you took went on to this"),
    "next": others("after {} others often went on to this", "others often went on to this from what you took last"),
    "later": others("some time after {} others came to this", "others came to this some time after what you took"),
    "before": others("others who took {} had this before", "others who took what you took had this before"),
    "alike": others("others went on to this from products like {}", "others went on to this from products like yours"),
    "words": others("its name is close to that of {}", "its name is close to what you chose before"),
    "gru": others("", "others who had chosen in the same order as you went on to this"),
    "sasrec": others("", "others who had chosen in the same order as you went on to this"),
    "basket": others("its description is close to that of {}", "its description is close to what you chose"),
    "aisle": others("it is from the same part of the shop as {}", "it is from the same part of the shop"),
    "neighbours": others("", "shoppers with a history like yours took it"),
    "popular": others("", "it is popular with other shoppers"),
    "new": others("", "hardly anybody has tried it yet"),
    SIMILAR: others("its description is close to that of {}", "its description is close to that product's"),
}  # fmt: skip
"""By part of a score: how a reason is told. Every part that a receipt can name has to be here."""


def _did(event: EventType | None, title: str = "", how: str = "") -> str:
    """«bought “X” of the same brand», or «bought» alone."""
    what = f" {title} {how}".rstrip() if title else ""
    if event == "cart":
        return f"put{what} in your cart"
    return f"rated{what} well" if event == "rating" else f"{_DID.get(event, 'came by')}{what}"
