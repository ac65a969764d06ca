"""What sets a few products apart."""

from __future__ import annotations

from evidence_ledgers import KEYBOARD, LAMP, asking, ledger, wanting

from search.domain import Document
from search.explanation import Ledger, compare, comparison_facts, short_name

LOUD: Document = {
    **KEYBOARD, "id": "k2", "title": "Bramble gaming keyboard", "price": 79.99, "noise_db": 62.0, "wireless": False,
    "rating": 4.3, "rating_count": 2790, "in_stock": False, "colour": "black",
}  # fmt: skip
PLAIN: Document = {"id": "k3", "title": "Plain keyboard", "category": ["Keyboards"]}
QUIET = wanting("noise_db", "<=", 40, "at most 40 dB")


def rows(*documents: Document) -> tuple[Ledger, ...]:
    return tuple(ledger(one, asking("keyboard", QUIET)) for one in documents)


def test_two_products() -> None:
    assert compare(rows(KEYBOARD, LOUD), "en") == (
        "“Hush 87 quiet mechanical…” costs $59, the least; is rated 4.7 by 1,832, the best; meets “at most 40 dB”; has "
        "charcoal as its colour; and is marked “wireless”.\n"
        "“Bramble gaming keyboard” costs $79.99, the most; is rated 4.3 by 2,790; does not meet “at most 40 dB”; has "
        "black as its colour; is marked not “wireless”; and is out of stock."
    )
    assert compare(rows(KEYBOARD, LOUD), "zh") == (
        "“Hush 87 quiet mechanical…”售价$59，最便宜，评分4.7（1,832人），最高，"
        "合“at most 40 dB”，颜色是charcoal，标明“无线”。\n"
        "“Bramble gaming keyboard”售价$79.99，最贵，评分4.3（2,790人），"
        "不合“at most 40 dB”，颜色是black，标明并非“无线”，目前缺货。"
    )


def test_what_is_not_known_is_told() -> None:
    facts = comparison_facts(rows(KEYBOARD, PLAIN), "en")
    assert facts[0][:1] == ("costs $59",)
    assert facts[1] == ("has no price stated", "does not say whether it meets “at most 40 dB”")


def test_prices_in_two_currencies_have_no_order() -> None:
    facts = comparison_facts((ledger(KEYBOARD, asking("")), ledger(LAMP, asking(""))), "en")
    assert (facts[0][0], facts[1][0]) == ("costs $59", "costs ¥259")


def test_alike_products_are_alike() -> None:
    assert compare(rows(PLAIN, {**PLAIN, "id": "k4"}), "en") == "By what is known of them, nothing sets them apart."
    assert compare(rows(PLAIN, {**PLAIN, "id": "k4"}), "zh") == "就已知的信息，看不出它们有什么不同。"


def test_products_that_are_called_the_same_have_their_ids() -> None:
    told = compare(rows({**PLAIN, "price": 5.0}, {**PLAIN, "id": "k4", "price": 6.0}), "en")
    assert told == "“Plain keyboard (k3)” costs 5, the least.\n“Plain keyboard (k4)” costs 6, the most."


def test_names() -> None:
    assert short_name(KEYBOARD, "en") == "Hush 87 quiet mechanical…"
    assert short_name({"id": "x-1"}, "en") == "x-1"
    assert short_name({}, "zh") == "这一款"


def test_products_without_any_name_are_numbered() -> None:
    told = compare(rows({"id": "", "price": 5.0}, {"id": "", "price": 6.0, "currency": ["odd"]}), "en")
    assert told == "“this one (1)” costs 5, the least.\n“this one (2)” costs 6, the most."
