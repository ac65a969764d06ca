"""What a field of a usual name lets one say besides its value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

CODES = frozenset({"spf", "upf", "iso"})
"""Fields whose name and number are written as one word, SPF50."""

_SAID = """
age_from: child 孩子 儿童
age_months_from: babi 宝宝
pages: page 页
max_pet_kg: pet
serves: peopl person
persons: peopl person
weight_g: weight 重量
noise_db: nois 噪音
battery_hours: batteri charg 续航
battery_days: batteri charg 续航
gears: speed gear
max_load_kg: load 承重
laptop_inch: laptop 笔记本
capacity_l: capac 容量
capacity_ml: capac 容量
price: price
rating: rate score star
watts: power 功率
max_watts: power 功率
"""

_COUNTED = """
rating_count: review rate buyer shopper 条 人 评价 评论
pack_count: pack set box pair piec 双 条 支 只 片 包 件 盒 袋
pieces: piec part 件 颗 块 片
age_from: year child age 岁
persons: person peopl two 人
serves: peopl person serv 人
"""


def said_of(name: str) -> frozenset[str]:
    """Words (stems) that may be said wherever a field of this name has a number."""
    return _table(_SAID).get(name, frozenset())


def counted_by(name: str) -> frozenset[str]:
    """What the number of such a field counts."""
    return _table(_COUNTED).get(name, frozenset())


@cache
def _table(text: str) -> Mapping[str, frozenset[str]]:
    rows = [line.partition(": ") for line in text.strip().splitlines()]
    return {name: frozenset(words.split()) for name, _, words in rows}


__all__ = ["CODES", "counted_by", "said_of"]
