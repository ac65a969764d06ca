"""Values as they are shown: money, measures, names of fields, and texts of suppliers made harmless."""

from __future__ import annotations

import pytest

from search.domain import Json
from search.explanation.values import clean, columns, cut, label, measure, money, title, value


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (59.0, "USD", "$59"),
        (1299, "CNY", "¥1,299"),
        (12.5, "usd", "$12.50"),
        (9.99, "GBP", "£9.99"),
        (300, "SEK", "300 SEK"),
        (300, None, "300"),
        (300, "dollars!", "300"),
        (0, "EUR", "€0"),
        (float("nan"), "EUR", ""),
        (float("inf"), None, ""),
    ],
)
def test_money(amount: float, currency: Json, shown: str) -> None:
    assert money(amount, currency) == shown


@pytest.mark.parametrize(
    ("amount", "field", "english", "chinese"),
    [
        (38.0, "noise_db", "38 dB", "38分贝"),
        (6.1, "screen_inches", "6.1 in", "6.1英寸"),
        (1200, "watts", "1200 W", "1200瓦"),
        (20000, "battery_mah", "20,000 mAh", "20,000毫安时"),
        (4.7, "rating", "4.7", "4.7"),
        (7, "drop_mm", "7 mm", "7毫米"),
        (3, "usb_c", "3", "3"),
    ],
)
def test_measures(amount: float, field: str, english: str, chinese: str) -> None:
    assert measure(amount, field, "en") == english
    assert measure(amount, field, "zh") == chinese


@pytest.mark.parametrize(
    ("field", "english", "chinese"),
    [
        ("noise_db", "noise", "噪音"),
        ("watts", "power", "功率"),
        ("switch_type", "switch type", "轴体"),
        ("材质", "material", "材质"),
        ("attr_strange_thing", "attr strange thing", "“attr strange thing”"),
        ("奇怪字段", "“奇怪字段”", "奇怪字段"),
        ("___", "data", "参数"),
    ],
)
def test_names_of_fields(field: str, english: str, chinese: str) -> None:
    assert label(field, "en") == english
    assert label(field, "zh") == chinese


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  two \n lines\t", "two lines"),
        ("a\u202eb\u200bc\x07d", "a b c d"),
        ('say “yes” or "no"', "say 'yes' or ″no″"),
        ("empty () and ( ) and [ [] ]", "empty and and"),
        ("wow!!! ok,,", "wow! ok"),
        ("None", ""),
        ("n/a", ""),
        ("!?", ""),
        (True, "yes"),
        (12.0, "12"),
        (float("nan"), ""),
        (10**400, ""),
        ("Mat , black ; 6 mm", "Mat, black; 6 mm"),
        ({"a": 1}, ""),
        (None, ""),
    ],
)
def test_clean(text: Json, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("short", 10, "short"),
        ("Quiet mechanical keyboard, silent tactile switches", 40, "Quiet mechanical keyboard"),
        ("Quiet mechanical keyboard with silent tactile switches", 40, "Quiet mechanical keyboard with silent…"),
        ("Cushioned slip-on work sneakers for all-day standing", 40, "Cushioned slip-on work sneakers…"),
        ("A keyboard (with all of its many keys included)", 30, "A keyboard with all of its…"),
        ("Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 10, "Aaaaaaaaa…"),
        ("高腰垂感阔腿西装裤小个子九分款", 20, "高腰垂感阔腿西装裤…"),
    ],
)
def test_cut(text: str, most: int, shown: str) -> None:
    assert cut(text, most) == shown
    assert columns(shown) <= most


def test_lists_show_two_members() -> None:
    assert value(["USB-C", "None", "Bluetooth", "2.4 GHz"]) == "USB-C / Bluetooth"
    assert value([]) == ""


def test_a_title_that_is_none() -> None:
    assert title({"id": "1"}) == ""
    assert title({"id": "1", "title": 7}) == "7"
