"""Prices are read strictly: what could mean two amounts is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.prices import PRICE_LIMIT, Price, read_currency, read_price
from indexer.problems import Unreadable


@pytest.mark.parametrize(
    ("value", "amount", "currency"),
    [
        ("$1,299.00", "1299", "USD"),
        ("￥99", "99", "CNY"),
        ("¥1，299", "1299", "CNY"),
        ("￥１，２９９．５０", "1299.5", "CNY"),
        ("1.299,00 €", "1299", "EUR"),
        ("1.299 €", "1299", "EUR"),
        ("EUR 12", "12", "EUR"),
        ("12 元", "12", "CNY"),
        ("人民币99元", "99", "CNY"),
        ("1 299,00 kr", "1299", None),
        ("1\u202f299,00 €", "1299", "EUR"),
        ("1'299.00 CHF", "1299", "CHF"),
        ("CHF 1’299.–", "1299", "CHF"),
        ("12,-", "12", None),
        ("Rs. 1,20,000", "120000", "INR"),
        ("US$5", "5", "USD"),
        ("HK$ 30", "30", "HKD"),
        ("CAD $12", "12", "CAD"),
        ("$12 CAD", "12", "CAD"),
        ("$.99", "0.99", "USD"),
        ("12,50", "12.5", None),
        ("1299.125", "1299.125", None),
        ("0.299", "0.299", None),
        ("1,299,000", "1299000", None),
        ("1.299.000", "1299000", None),
        ("0", "0", None),
        (0, "0", None),
        (4995, "4995", None),
        (24.95, "24.95", None),
        (24.950000000000003, "24.95", None),
        (Decimal("19.90"), "19.9", None),
    ],
)
def test_what_can_be_read(value: object, amount: str, currency: str | None) -> None:
    assert read_price(value) == Price(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("12-15", "range"),
        ("$12 – $15", "range"),
        ("12 to 15", "range"),
        ("1.299", "ambiguous"),
        ("1,299", "ambiguous"),
        ("$1.299", "ambiguous"),
        ("€1,299", "ambiguous"),
        ("1,2,3", "ambiguous"),
        ("1.299,000.00", "ambiguous"),
        ("1 29", "ambiguous"),
        ("-5", "negative"),
        ("$-5", "negative"),
        ("−5 €", "negative"),
        ("(5.00)", "negative"),
        (-0.01, "negative"),
        ("NaN", "no price"),
        (float("nan"), "no price"),
        (float("inf"), "no price"),
        ("Infinity", "no price"),
        ("call us", "no price"),
        ("from $12", "no price"),
        ("12元起", "no price"),
        ("9.99/each", "no price"),
        ("12²", "no price"),
        ("12¢", "no price"),
        ("1e3", "no price"),
        ("$5 EUR", "two currencies"),
        (True, "no price"),
        ([12], "no price"),
        ("12" + " " * 80 + "3", "no price"),
        (PRICE_LIMIT + 1, "above"),
        ("99999999999", "above"),
        (10**400, "above"),
    ],
)
def test_what_is_refused(value: object, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_price(value)


@pytest.mark.parametrize("value", [None, "", "  ", "\t"])
def test_nothing_is_no_price_and_no_error(value: object) -> None:
    assert read_price(value) is None


def test_a_hint_settles_what_is_ambiguous() -> None:
    assert read_price("1.299", decimal=",") == Price(Decimal(1299), None)
    assert read_price("1.299", decimal=".") == Price(Decimal("1.299"), None)
    assert read_price("1,299", currency="USD") == Price(Decimal(1299), "USD")
    with pytest.raises(Unreadable):
        read_price("1.299", currency="USD")
    with pytest.raises(Unreadable, match="decimal mark"):
        read_price("1,299,000", decimal=",")
    with pytest.raises(Unreadable):
        read_price("12,50", decimal=".")


def test_the_value_s_own_currency_wins_and_a_shared_sign_gives_way() -> None:
    assert read_price("€12", currency="USD") == Price(Decimal(12), "EUR")
    assert read_price("$12", currency="CAD") == Price(Decimal(12), "CAD")
    assert read_price("¥1,200", currency="JPY") == Price(Decimal(1200), "JPY")
    assert read_price("12 kr", currency="SEK") == Price(Decimal(12), "SEK")
    assert read_price("12 kr", currency="USD") == Price(Decimal(12), None)


def test_scale_is_exact() -> None:
    assert read_price(10995, scale=Decimal("0.01")) == Price(Decimal("109.95"), None)
    assert str(read_price(4000, scale=Decimal("0.01")).amount) == "40"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("value", "code"), [("usd", "USD"), ("￥", "CNY"), ("人民币", "CNY"), ("XAU", "XAU"), (" ", None)]
)
def test_currencies(value: str, code: str | None) -> None:
    assert read_currency(value) == code


def test_what_is_no_currency() -> None:
    for value in ("dollars", 840, "U S"):
        with pytest.raises(Unreadable):
            read_currency(value)


amounts = st.decimals(min_value=0, max_value=10**8, places=2, allow_nan=False)


@given(amounts, st.sampled_from(["${:,.2f}", "{:,.2f} USD", "USD {:.2f}", "US$ {:,.2f}"]))
def test_what_is_written_the_american_way_reads_back(amount: Decimal, form: str) -> None:
    assert read_price(form.format(amount)) == Price(amount, "USD")


@given(amounts, st.sampled_from([".", " ", "'", "\u00a0", ""]))
def test_what_is_written_the_european_way_reads_back(amount: Decimal, group: str) -> None:
    whole, places = f"{amount:,.2f}".split(".")
    assert read_price(f"{whole.replace(',', group)},{places} €") == Price(amount, "EUR")


@given(st.text(max_size=70))
def test_any_text_gives_a_price_nothing_or_a_reason(text: str) -> None:
    try:
        price = read_price(text)
    except Unreadable:
        return
    assert price is None or 0 <= price.amount <= PRICE_LIMIT
