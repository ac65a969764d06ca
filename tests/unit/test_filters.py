"""The filter language: what is read, and how wrong input is answered."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.domain import And, Compare, Exists, Filter, Not, OneOf, Or
from search.errors import FilterError
from search.filters import MAX_DEPTH, parse_filter

BRAND = Compare("brand", "=", "Logitech")
CHEAP = Compare("price", "<", "80")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("brand = Logitech", BRAND),
        ("brand=Logitech", BRAND),
        ('"brand" = "Logitech"', BRAND),
        ("brand = 'Two Words'", Compare("brand", "=", "Two Words")),
        (r'brand = "say \"hi\" \\ bye"', Compare("brand", "=", 'say "hi" \\ bye')),
        ("颜色 = 雾蓝", Compare("颜色", "=", "雾蓝")),
        ("brand = Logitech AND price < 80", And((BRAND, CHEAP))),
        ("brand = Logitech and price < 80", And((BRAND, CHEAP))),
        ("brand = Logitech OR price < 80 AND price < 80", Or((BRAND, And((CHEAP, CHEAP))))),
        ("(brand = Logitech OR price < 80) AND price < 80", And((Or((BRAND, CHEAP)), CHEAP))),
        ("NOT brand = Logitech AND price < 80", And((Not(BRAND), CHEAP))),
        ("NOT NOT brand = Logitech", BRAND),
        ("price 10 TO 20", And((Compare("price", ">=", "10"), Compare("price", "<=", "20")))),
        ("brand IN [a, 'b c',]", OneOf("brand", ("a", "b c"))),
        ("brand NOT IN [a]", Not(OneOf("brand", ("a",)))),
        ("brand IN []", OneOf("brand", ())),
        ("brand EXISTS", Exists("brand")),
        ("brand NOT EXISTS", Not(Exists("brand"))),
        ("brand IS NULL", Not(Exists("brand"))),
        ("brand IS NOT EMPTY", Exists("brand")),
        ("released >= 2026-01-31", Compare("released", ">=", "2026-01-31")),
        ("order = notable", Compare("order", "=", "notable")),
        (["brand = Logitech", "price < 80"], And((BRAND, CHEAP))),
        ([["brand = Logitech", "price < 80"], "price < 80"], And((Or((BRAND, CHEAP)), CHEAP))),
        ("", None),
        (None, None),
        ([], None),
        ([[], ""], None),
    ],
)
def test_reads(expression: object, expected: Filter | None) -> None:
    assert parse_filter(expression) == expected


@pytest.mark.parametrize(
    ("expression", "clue"),
    [
        ("brand =", "too early"),
        ("brand", "too early"),
        ("brand = a b", "character 11"),
        ("brand = = a", "character 9"),
        ('brand = "a', "quote is not closed"),
        ("(brand = a", "too early"),
        ("brand = a)", "character 10"),
        ("price > cheap", "number or a date"),
        ("price 1 TO x", "number or a date"),
        ("price > inf", "number or a date"),
        ("brand CONTAINS x", "CONTAINS"),
        ("brand STARTS WITH x", "STARTS WITH"),
        ("_geoRadius(1, 2, 3)", "_geoRadius"),
        ("(" * (MAX_DEPTH + 1) + "a = b" + ")" * (MAX_DEPTH + 1), "levels deep"),
        ("a = b" * 50_000, "characters"),
        ({"brand": "a"}, "string or a list"),
        ([[["a = b"]]], "nothing deeper"),
        ([7], "holds strings"),
    ],
)
def test_says_what_is_wrong(expression: object, clue: str) -> None:
    with pytest.raises(FilterError, match=r".") as caught:
        parse_filter(expression)
    assert clue in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_long_chain_of_not_is_no_deep_nesting() -> None:
    assert parse_filter("NOT " * 20_000 + "brand = Logitech") == BRAND


@given(st.text(max_size=60))
def test_any_text_is_either_read_or_refused(text: str) -> None:
    with contextlib.suppress(FilterError):
        parse_filter(text)


@given(st.text(min_size=1).filter(lambda text: "\\" not in text))
def test_any_value_can_be_quoted(value: str) -> None:
    quoted = value.replace('"', '\\"')
    assert parse_filter(f'brand = "{quoted}"') == Compare("brand", "=", value)
