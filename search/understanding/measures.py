"""Conditions on numbers other than the price: «rated over 4.5», «at least 256gb storage», 评分4.5以上.

Only where the words name a number field of the catalogue and the unit can be turned into the field's own.
"""

from __future__ import annotations

import re
from typing import cast

from search.domain import Operator
from search.lexicon import Lexicon
from search.lexicon.folding import stem
from search.understanding.found import Condition, Found
from search.understanding.numbers import CHINESE, DIGITS, read_number

RATINGS = ("rating", "average_rating", "stars", "score", "评分")
"""Names of fields that hold what buyers thought, the likeliest first."""

_MOST_STARS = 10

_BEFORE = (
    r"(?P<sense>no\s+less\s+than|at\s+least|not\s+under|min(?:imum)?(?:\s+of)?|>=|≥|no\s+more\s+than|not\s+over"
    r"|at\s+most|up\s+to|max(?:imum)?(?:\s+of)?|<=|≤|under|below|less\s+than"
    r"|(?:lighter|smaller|shorter|quieter|lower|fewer)\s+than|<|over|above|more\s+than|(?:greater|higher|better|larger|bigger|longer|heavier)\s+than|exceeding|>)"
)
_AFTER = (
    r"(?P<tail>\s*(?:\+|(?:or|and)\s+(?:more|above|higher|up|better|over)\b|(?:or|and)\s+(?:less|below|under|lower)\b"
    r"|minimum\b|max\b))"
)
_STARS = r"(?:\s*/\s*5\b|[\s-]?stars?\b(?:\s+(?:rating|reviews?)\b)?)"
_RATED = (
    re.compile(
        rf"(?:\bwith\s+)?(?:\ban?\s+)?\b(?:(?:customer|average|user)\s+)?(?:rating|ratings|rated|review\s+score|stars)\b(?:\s+(?:of|is|at|are))?\s*(?:{_BEFORE}\s*)?"
        rf"(?P<number>{DIGITS}){_STARS}?{_AFTER}?"
    ),
    re.compile(rf"(?:\bwith\s+)?{_BEFORE}\s*(?P<number>{DIGITS}){_STARS}(?P<tail>)"),
    re.compile(rf"(?:\bwith\s+)?(?P<sense>)(?P<number>{DIGITS}){_STARS}{_AFTER}"),
)
_ZH_TAIL = r"(?P<tail>(?:及)?以上|以下|以内|起|左右|)"
_ZH_SENSE = r"(?P<sense>不低于|至少|最少|大于|高于|超过|低于|小于|不超过|最多|)"
_ZH_RATED = (
    re.compile(rf"(?:评分|得分)(?:要|在|是|为)?{_ZH_SENSE}\s*(?P<number>{DIGITS})\s*[分星]?{_ZH_TAIL}"),
    re.compile(r"(?<![\d.])(?P<sense>)(?P<number>[1-5](?:\.\d)?)\s*[分星](?P<tail>(?:及)?以上)"),
)
_SENSES: tuple[tuple[str, Operator], ...] = (
    (
        r"no\s+less|at\s+least|not\s+under|min|>=|≥|\+|(?:or|and)\s+(?:more|above|higher|up|better|over)|不低于|至少|最少|起",
        ">=",
    ),
    (r"no\s+more|not\s+over|at\s+most|up\s+to|max|<=|≤|(?:or|and)\s+(?:less|below|under|lower)|不超过|最多|以内", "<="),
    (r"under|below|less|lighter|smaller|shorter|quieter|lower|fewer|<|低于|小于|以下", "<"),
    (r"over|above|more|greater|higher|better|larger|bigger|longer|heavier|exceeding|>|大于|高于|超过|(?:及)?以上", ">"),
)

_UNITS: dict[str, tuple[str, float]] = {
    "g": ("g", 1), "gram": ("g", 1), "grams": ("g", 1), "克": ("g", 1), "kg": ("g", 1000), "kgs": ("g", 1000),
    "kilos": ("g", 1000), "公斤": ("g", 1000), "千克": ("g", 1000), "斤": ("g", 500), "oz": ("g", 28.3495),
    "ounces": ("g", 28.3495), "lb": ("g", 453.592), "lbs": ("g", 453.592), "pounds": ("g", 453.592),
    "ml": ("ml", 1), "毫升": ("ml", 1), "l": ("ml", 1000), "litres": ("ml", 1000), "liters": ("ml", 1000),
    "litre": ("ml", 1000), "liter": ("ml", 1000), "升": ("ml", 1000),
    "gb": ("gb", 1), "g内存": ("gb", 1), "tb": ("gb", 1000), "mb": ("gb", 0.001),
    "mm": ("cm", 0.1), "毫米": ("cm", 0.1), "cm": ("cm", 1), "厘米": ("cm", 1), "公分": ("cm", 1), "m": ("cm", 100),
    "米": ("cm", 100), "inches": ("inch", 1), "inch": ("inch", 1), "in": ("inch", 1), '"': ("inch", 1),
    "寸": ("inch", 1), "英寸": ("inch", 1), "hours": ("hour", 1), "hour": ("hour", 1), "hrs": ("hour", 1),
    "h": ("hour", 1),
    "小时": ("hour", 1), "minutes": ("hour", 1 / 60), "分钟": ("hour", 1 / 60), "db": ("db", 1), "decibels": ("db", 1),
    "分贝": ("db", 1), "w": ("w", 1), "watts": ("w", 1), "watt": ("w", 1), "瓦": ("w", 1), "kw": ("w", 1000),
    "mah": ("mah", 1), "毫安": ("mah", 1), "毫安时": ("mah", 1), "pages": ("page", 1), "页": ("page", 1),
    "pieces": ("piece", 1), "片": ("piece", 1), "hz": ("hz", 1),
}  # fmt: skip
"""Unit → what it measures in, and how many of those it is."""

_ZH_WORDS = {
    "内存": "memory", "运行内存": "ram", "存储": "storage", "储存": "storage", "硬盘": "storage", "重量": "weight",
    "净重": "net weight", "容量": "capacity", "屏幕": "screen", "续航": "battery", "电池": "battery", "噪音": "noise",
    "长度": "length", "功率": "watts", "承重": "max load",
}  # fmt: skip
_SAME = {"ram": "memory", "display": "screen", "disk": "storage", "weigh": "weight"}
_UNIT = "|".join(sorted((unit for unit in _UNITS if unit.isascii()), key=len, reverse=True)).replace('"', '\\"')
_ZH_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_WORD = r"(?P<word>[a-z]+(?:\s+life)?)"
_NAMED = (
    re.compile(rf"\b{_WORD}\s+(?:of\s+|is\s+)?{_BEFORE}\s*(?P<number>{DIGITS})\s?-?(?P<unit>{_UNIT})(?![a-z])"),
    re.compile(rf"{_BEFORE}\s*(?P<number>{DIGITS})\s?-?(?P<unit>{_UNIT})\s+(?:of\s+)?{_WORD}\b"),
)
_ZH_NAMED = re.compile(
    rf"(?P<word>{'|'.join(sorted(_ZH_WORDS, key=len, reverse=True))})(?:要|在)?{_ZH_SENSE}\s*"
    rf"(?P<number>{CHINESE})\s*(?P<unit>{_ZH_UNIT}){_ZH_TAIL}"
)
_GATE = re.compile(r"\d")


def measures(text: str, lexicon: Lexicon) -> list[Found]:
    """Conditions on number fields in `text` (lower case), in order, none overlapping."""
    if not lexicon.numbers or not _GATE.search(text):
        return []
    found: list[Found] = []
    if rating := lexicon.number_field(RATINGS):
        patterns = _RATED if text.isascii() else (*_RATED, *_ZH_RATED)
        for pattern in patterns:
            for match in pattern.finditer(text):
                number, op = read_number(match["number"]), _sense(match)
                if number is not None and op is not None and number <= _MOST_STARS:
                    _keep(found, match, Condition(rating, op, _tidy(number)))
    for pattern in _NAMED if text.isascii() else (*_NAMED, _ZH_NAMED):
        for match in pattern.finditer(text):
            condition = _on_field(match, lexicon)
            if condition is not None:
                _keep(found, match, condition)
    return sorted(found, key=lambda item: item.start)


def _on_field(match: re.Match[str], lexicon: Lexicon) -> Condition | None:
    number, op = read_number(match["number"]), _sense(match)
    base, factor = _UNITS[match["unit"]]
    if number is None or op is None:
        return None
    said = _ZH_WORDS.get(match["word"], match["word"]).removesuffix(" life")
    words = frozenset(_canonical(word) for word in said.split())
    if base == "g" and words & {"memory", "storage"}:
        base = "gb"  # 内存16G
    fitting = []
    for field in lexicon.numbers:
        *named, last = field.split("_")
        unit = _UNITS.get(last)
        if unit is None or unit[0] != base:
            continue
        if frozenset(map(_canonical, named or [last])) == words:
            fitting.append((field, unit[1]))
    exact = [one for one in fitting if one[1] == factor]
    if len(exact) != 1 and len(fitting) != 1:
        return None
    field, own = exact[0] if len(exact) == 1 else fitting[0]
    return Condition(field, op, _tidy(round(number * factor / own, 3)))


def _canonical(word: str) -> str:
    return _SAME.get(word, _SAME.get(stem(word), stem(word)))


def _sense(match: re.Match[str]) -> Operator | None:
    for said in (match["sense"], match["tail"] if "tail" in match.re.groupindex else None):
        if said and said.strip():
            for pattern, op in _SENSES:
                if re.match(pattern, said.strip()):
                    return op
    return None


def _keep(found: list[Found], match: re.Match[str], condition: Condition) -> None:
    if any(match.start() < other.end and other.start < match.end() for other in found):
        return
    start, end = match.span()
    while match.string[start].isspace():
        start += 1
    found.append(Found(start, end, (condition,), (start, end)))


def _tidy(value: float) -> float:
    return cast(float, int(value) if float(value).is_integer() else value)


__all__ = ["RATINGS", "measures"]
