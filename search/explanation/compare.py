"""What sets a few products apart, by their own values and the conditions of the query alone. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from search.codes import is_code_field
from search.domain import CORE_FIELDS, Document, Json, Language
from search.explanation.ledger import Ledger
from search.explanation.values import amount, clean, cut, label, measure, money, number, title, value

MOST = 5
"""Products that can be compared at once."""

MOST_VALUES = 3
"""Attributes that are told of."""

_NAME = 32
_SKIPPED = frozenset({"released", "rating", "rating_count", "average_rating", "url", "image", "link"})
_RATINGS = ("rating", "average_rating", "评分")


@dataclass(frozen=True, slots=True)
class _Side:
    ledger: Ledger
    name: str

    @property
    def document(self) -> Document:
        return self.ledger.document


def short_name(document: Document, language: Language) -> str:
    """How a product is called in a comparison."""
    return (
        title(document, _NAME)
        or cut(clean(document.get("id")), _NAME)
        or ("this one" if language == "en" else "这一款")
    )


def compare(ledgers: Sequence[Ledger], language: Language) -> str:
    """What sets two to five products apart, a line for each of them, never empty."""
    sides = _sides(ledgers[:MOST], language)
    facts = comparison_facts(ledgers[:MOST], language)
    zh = language == "zh"
    told = []
    for side, held in zip(sides, facts, strict=True):
        if held:
            name = f"“{side.name}”"
            told.append(f"{name}{'，'.join(held)}。" if zh else f"{name} {_and(held)}.")
    if told:
        return "\n".join(told)
    return "就已知的信息，看不出它们有什么不同。" if zh else "By what is known of them, nothing sets them apart."


def comparison_facts(ledgers: Sequence[Ledger], language: Language) -> tuple[tuple[str, ...], ...]:
    """For each product, what it is in comparison with the others, as predicates: «costs $59, the least»."""
    found: list[list[str]] = [[] for _ in ledgers]
    _prices(ledgers, language, found)
    _ratings(ledgers, language, found)
    _conditions(ledgers, language, found)
    _values(ledgers, language, found)
    _stock(ledgers, language, found)
    return tuple(map(tuple, found))


def _prices(ledgers: Sequence[Ledger], language: Language, found: list[list[str]]) -> None:
    paid = [amount(one.document.get("price")) for one in ledgers]
    known = [one for one in paid if one is not None]
    sold = [one.document for one, price in zip(ledgers, paid, strict=True) if price is not None]
    currencies = {clean(one.get("currency")) for one in sold}
    if not known or (len(known) == len(ledgers) and len(set(known)) == 1 and len(currencies) == 1):
        return
    ranked = len(known) > 1 and len(currencies) == 1 and min(known) < max(known)
    zh = language == "zh"
    for held, one, price in zip(found, ledgers, paid, strict=True):
        if price is None:
            held.append("价格未标明" if zh else "has no price stated")
            continue
        said = money(price, one.document.get("currency"))
        mark = ""
        if ranked and price in (min(known), max(known)) and known.count(price) == 1:
            mark = ("最便宜" if zh else "the least") if price == min(known) else ("最贵" if zh else "the most")
        held.append(f"售价{said}{f'，{mark}' if mark else ''}" if zh else f"costs {said}{f', {mark}' if mark else ''}")


def _ratings(ledgers: Sequence[Ledger], language: Language, found: list[list[str]]) -> None:
    field = next((name for name in _RATINGS if sum(name in one.document for one in ledgers) > 1), None)
    if field is None:
        return
    stars = [amount(one.document.get(field)) for one in ledgers]
    known = [one for one in stars if one is not None]
    if len(set(known)) < 2:
        return
    zh = language == "zh"
    for held, one, star in zip(found, ledgers, stars, strict=True):
        if star is None:
            continue
        count = amount(one.document.get("rating_count"))
        of = (f"（{count:,.0f}人）" if zh else f" by {count:,.0f}") if count and count >= 1 else ""
        best = star == max(known) and known.count(star) == 1
        if zh:
            held.append(f"评分{number(star)}{of}{'，最高' if best else ''}")
        else:
            held.append(f"is rated {number(star)}{of}{', the best' if best else ''}")


def _conditions(ledgers: Sequence[Ledger], language: Language, found: list[list[str]]) -> None:
    """Where the verdicts differ. That the price meets it can be seen from the price."""
    zh = language == "zh"
    for rows in zip(*(one.conditions for one in ledgers), strict=False):
        constraint = rows[0].constraint
        if constraint.field == "currency" or len({one.verdict for one in rows}) == 1:
            continue
        text = cut(clean(constraint.text), 24)
        for held, one in zip(found, rows, strict=True):
            if text and one.verdict == "satisfied":
                held.append(f"合“{text}”" if zh else f"meets “{text}”")
            elif text and one.verdict == "violated":
                held.append(f"不合“{text}”" if zh else f"does not meet “{text}”")
            elif text:
                held.append(f"“{text}”未知" if zh else f"does not say whether it meets “{text}”")


def _values(ledgers: Sequence[Ledger], language: Language, found: list[list[str]]) -> None:
    """The attributes that most of them have and that differ, those first that every one of them has."""
    told = {one.constraint.field for each in ledgers for one in each.conditions if one.verdict != "unknown"}
    counts = Counter(
        field
        for one in ledgers
        for field in one.document
        if field not in CORE_FIELDS and field not in _SKIPPED and field not in told and not is_code_field(field)
    )
    order = [*ledgers[0].document] if ledgers else []
    fields = [
        field
        for field, count in sorted(counts.items(), key=lambda item: -item[1])
        if count > len(ledgers) / 2 and (count > 1) and _differ([one.document.get(field) for one in ledgers])
    ]
    fields.sort(key=lambda field: (-counts[field], order.index(field) if field in order else len(order)))
    for field in fields[:MOST_VALUES]:
        for held, one in zip(found, ledgers, strict=True):
            if said := _shown(field, one.document.get(field), language):
                held.append(said)


def _differ(values: Sequence[Json]) -> bool:
    shown = {clean(one) if not isinstance(one, list) else value(one) for one in values if one is not None}
    return len(shown - {""}) > 1


def _shown(field: str, held: Json, language: Language) -> str:
    zh, name = language == "zh", label(field, language)
    if isinstance(held, bool):
        if zh:
            return f"标明“{name}”" if held else f"标明并非“{name}”"
        return f"is marked “{name}”" if held else f"is marked not “{name}”"
    size = amount(held)
    said = measure(size, field, language) if size is not None else value(held, 24)
    if not said:
        return ""
    return f"{name}{'' if size is not None else '是'}{said}" if zh else f"has {said} as its {name}"


def _stock(ledgers: Sequence[Ledger], language: Language, found: list[list[str]]) -> None:
    for held, one in zip(found, ledgers, strict=True):
        if one.document.get("in_stock") is False:
            held.append("目前缺货" if language == "zh" else "is out of stock")


def _sides(ledgers: Sequence[Ledger], language: Language) -> list[_Side]:
    """With names that tell them apart: by their ids where their titles begin alike, by their places in the last."""
    names = [short_name(one.document, language) for one in ledgers]
    twice, ids = Counter(names), Counter(clean(one.product_id) for one in ledgers)
    sides = []
    for place, (one, name) in enumerate(zip(ledgers, names, strict=True), 1):
        own = clean(one.product_id)
        mark = cut(own, 16) if own and ids[own] == 1 else str(place)
        sides.append(_Side(one, name if twice[name] == 1 else f"{name} ({mark})"))
    return sides


def _and(predicates: Sequence[str]) -> str:
    if len(predicates) < 3:
        return " and ".join(predicates)
    return "; ".join(predicates[:-1]) + "; and " + predicates[-1]
