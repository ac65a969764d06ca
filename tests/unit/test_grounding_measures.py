"""Numbers and their units, as people write them in both languages."""

from __future__ import annotations

import pytest

from search.grounding.measures import measures

G, CM, S, ML = "g", "cm", "s", "ml"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("around 38 db", [(38, "db")]),
        ("1 kg, 1,000 g and 一公斤", [(1000, G), (1000, G), (1000, G)]),
        ("$129 or 129 dollars", [(129, "USD"), (129, "USD")]),
        ("¥129和129元", [(129, "CNY"), (129, "CNY")]),
        ("120 x 60 x 75 cm", [(120, CM), (60, CM), (75, CM)]),
        ("8 to 12 hours", [(28_800, S), (43_200, S)]),
        ("85到115厘米", [(85, CM), (115, CM)]),
        ("rated 4.7 out of 5", [(4.7, "star")]),
        ("twenty-five 1.5 l bottles", [(25, ""), (1500, ML)]),
        ("两万毫安", [(20_000, "mah")]),
        ("百分之九十七和97 per cent", [(97, "%"), (97, "%")]),
        ("七成羊毛、四成五亚麻、一半棉", [(70, "%"), (45, "%"), (50, "%")]),
        ("minus thirty-five", [(-35, "")]),
        ("零下六度", [(-6, "deg")]),
        ("四米五，两小时半，两个半月", [(450, CM), (9000, S), (2.5, "month")]),
        ("a year, nearly a kilo", [(12, "month"), (1000, G)]),
        ("五六朵", [(5, ""), (6, "")]),
        ("a 6.1-inch screen, 5 in a box", [(6.1, "inch"), (5, "")]),
        ("1:72 and 72 pieces", [(1, "ratio"), (72, "ratio"), (72, "")]),
        ("wh-1000xm5, usb3 and one of them, 一款", []),
    ],
)
def test_measures(text: str, found: list[tuple[float, str]]) -> None:
    assert [(each.value, each.unit) for each in measures(text)] == found


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("under $150", "under"), ("about 3 kg", "about"), ("more than 20 l", "over"), ("just under a kilo", "nearly"),
        ("up to 150 kg", ""), ("30厘米左右", "about"), ("不到5公斤", "under"), ("38 db", ""),
    ],
)  # fmt: skip
def test_bounds(text: str, bound: str) -> None:
    assert [each.bound for each in measures(text)] == [bound]
