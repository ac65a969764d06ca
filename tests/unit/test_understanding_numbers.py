"""Numbers in words, rendered in every form and read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.understanding import understand
from search.understanding.numbers import read_number

UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["", "", *["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]]
HAN = "零一二三四五六七八九"


def english(number: int, dash: str = " ", joint: str = " ") -> str:
    if number >= 1000:
        rest = number % 1000
        return english(number // 1000, dash, joint) + " thousand" + (" " + english(rest, dash, joint) if rest else "")
    if number >= 100:
        rest = number % 100
        return UNITS[number // 100] + " hundred" + (joint + english(rest, dash, joint) if rest else "")
    if number < 20:
        return UNITS[number]
    return TENS[number // 10] + (dash + UNITS[number % 10] if number % 10 else "")


def chinese(number: int) -> str:
    if number >= 10_000:
        rest = number % 10_000
        zero = "零" if 0 < rest < 1000 else ""
        return chinese(number // 10_000) + "万" + (zero + chinese(rest) if rest else "")
    said, zero = "", False
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, power)
        if digit:
            said += ("零" if zero else "") + HAN[digit] + unit
            zero = False
        elif said:
            zero = number > 0
    return said


@given(st.integers(1, 99_999), st.sampled_from([" ", "-"]), st.sampled_from([" ", " and "]))
def test_english_words(number: int, dash: str, joint: str) -> None:
    assert read_number(english(number, dash, joint)) == number


@given(st.integers(1, 99_999_999))
def test_chinese_words(number: int) -> None:
    assert read_number(chinese(number)) == number


@given(st.integers(0, 9_999_999), st.integers(0, 99))
def test_digits(number: int, cents: int) -> None:
    for form in (f"{number}", f"{number:,}"):
        assert read_number(form) == number
        assert read_number(f"{form}.{cents:02}") == pytest.approx(number + cents / 100)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("1k", 1000),
        ("1.5k", 1500),
        ("2 k", 2000),
        ("fifteen hundred", 1500),
        ("a hundred", 100),
        ("a couple hundred", 200),
        ("两千五", 2500),
        ("一千零五", 1005),
        ("1.5万", 15_000),
        ("3千", 3000),
        ("一万二", 12_000),
        ("百", 100),
        ("十五", 15),
        ("1千2", 1200),
    ],
)
def test_how_people_say_it(said: str, number: float) -> None:
    assert read_number(said) == number


@pytest.mark.parametrize("said", ["", "a", "and", "five six", "five twenty", "十百", "一二", "two and"])
def test_no_numbers(said: str) -> None:
    assert read_number(said) is None


PRICE = st.integers(5, 99_999)


@given(PRICE, st.sampled_from(["under ${}", "less than {} dollars", "below {:,} usd", "cheaper than ${:,}", "< ${}"]))
def test_a_price_limit_is_read_back(number: int, form: str) -> None:
    query = understand("lamp " + form.format(number))
    assert [(c.field, c.op, c.value) for c in query.constraints] == [("price", "<", number)]
    assert query.text == "lamp"


@given(PRICE)
def test_a_price_limit_in_words_is_read_back(number: int) -> None:
    for raw in (f"lamp under {english(number)} dollars", f"{chinese(number)}元以下的台灯", f"台灯 {number}元以下"):
        assert [(c.field, c.op, c.value) for c in understand(raw).constraints] == [("price", "<", number)], raw


@given(st.integers(10, 99_999), st.integers(10, 99_999))
def test_a_price_range_is_read_back(one: int, other: int) -> None:
    low, high = sorted((one, other))
    forms = (
        f"lamp ${low}-${high}",
        f"lamp ${low} to ${high}",
        f"lamp between {low} and {high} dollars",
        f"lamp from {low} to {high} usd",
        f"{low}到{high}元的台灯",
        f"{low}-{high}块的台灯",
        f"{chinese(low)}至{chinese(high)}元的台灯",
    )
    for raw in forms:
        query = understand(raw)
        assert [(c.op, c.value) for c in query.constraints] == [(">=", low), ("<=", high)], raw
        assert query.text in ("lamp", "台灯")


@pytest.mark.parametrize(
    ("raw", "low", "high"),
    [
        ("三到五百块的台灯", 300, 500),
        ("一到两千元的台灯", 1000, 2000),
        ("五到三百元的台灯", 5, 300),
        ("lamp $1-2k", 1000, 2000),
    ],
)
def test_a_unit_said_once_counts_for_both(raw: str, low: float, high: float) -> None:
    assert [(c.op, c.value) for c in understand(raw).constraints] == [(">=", low), ("<=", high)]


@given(st.floats(0.5, 9999).map(lambda value: round(value, 2)))
def test_cents_are_kept(number: float) -> None:
    (constraint,) = understand(f"lamp under ${number}").constraints
    assert constraint.value == pytest.approx(number)
