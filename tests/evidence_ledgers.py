"""Ledgers that tests of explanations are made of, gathered as the engine gathers them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from search.constraints import evidence
from search.domain import Constraint, Correction, Document, FieldKind, Hit, Language, Query
from search.events import Reason, Receipt
from search.explanation import Ledger, ledgers

KEYBOARD: Document = {
    "id": "k1", "title": "Hush 87 quiet mechanical keyboard, silent switches",
    "description": "Made for people who share an office. No fan, no noise.", "brand": "Quillmark",
    "category": ["Electronics", "Keyboards"], "price": 59.0, "currency": "USD", "in_stock": True,
    "colour": "charcoal", "noise_db": 38.0, "wireless": True, "material": "PBT plastic", "size": "tenkeyless",
    "model": "QK-87H", "connection": ["USB-C", "Bluetooth"], "rating": 4.7, "rating_count": 1832,
}  # fmt: skip

LAMP: Document = {
    "id": "l1", "title": "暖光台灯 可调亮度 白色", "description": "放在床头，睡前看书不刺眼。", "brand": "灯下白",
    "category": ["家居", "台灯"], "price": 259.0, "currency": "CNY", "颜色": "奶油白", "watts": 9.0,
}  # fmt: skip

KINDS: Mapping[str, FieldKind] = {
    "price": "number", "currency": "text", "brand": "text", "category": "text", "in_stock": "boolean", "colour": "text",
    "颜色": "text", "noise_db": "number", "wireless": "boolean", "material": "text", "size": "text", "rating": "number",
    "watts": "number", "released": "date",
}  # fmt: skip

OTHERS: Mapping[str, Document] = {
    "m1": {"title": "Quillmark Glide mouse", "category": ["Electronics", "Mice"]},
    "c1": {"title": "Ceramic pet fountain, 2 L", "category": ["Pets"]},
    "b1": {"title": "灯下白 床头灯", "category": ["家居"]},
}


def asking(
    text: str,
    *constraints: Constraint,
    raw: str | None = None,
    language: Language = "en",
    codes: Sequence[str] = (),
    corrections: Sequence[Correction] = (),
) -> Query:
    return Query(
        text if raw is None else raw, text, language, constraints, tuple(codes), corrections=tuple(corrections)
    )


def wanting(field: str, op: str, value: object, text: str = "…", strength: str = "must", *members: str) -> Constraint:
    return Constraint(field, op, value, (0, 0), text, strength, members)  # type: ignore[arg-type]


def known(named: Iterable[str]) -> dict[str, Document]:
    return {one: OTHERS[one] for one in named if one in OTHERS}


def ledger(
    document: Document,
    query: Query,
    *because: Reason,
    rank: int = 1,
    base_rank: int | None = None,
    parts: Mapping[str, float] | None = None,
) -> Ledger:
    """As of a hit at `rank` that everybody sees at `base_rank`; found by meaning and words unless `parts` says else."""
    receipt = Receipt(base_rank or rank, rank, because) if because or base_rank else None
    found = {"semantic": 0.4, "lexical": 0.2} if parts is None else parts
    hit = Hit(document, rank, 0.5, found, evidence(query.constraints, document, KINDS), receipt)
    (only,) = ledgers(query, [hit], known)
    return only
