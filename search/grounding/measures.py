"""The numbers of a text with their units: 38 dB, $129, «two-pack», 两万毫安, 一公斤. English and Chinese.

Units of one dimension are brought to one of them where that is exact (1 kg = 1000 g, a year = 12 months), never where
it is not (inches stay inches). What a number without a unit counts is told by the words beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from search.grounding.units import MONEY, currencies, units
from search.understanding.numbers import read_number

Bound = Literal["", "about", "over", "under", "nearly"]


@dataclass(frozen=True, slots=True)
class Measure:
    """`unit` is a dimension of units.py, a currency, or "" for a plain number. `start`, `end`: its place in the text.

    `before` and `after` are the few characters around it, for finding out what is measured.
    """

    value: float
    unit: str
    start: int
    end: int
    bound: Bound = ""
    before: str = ""
    after: str = ""


ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
)
_WORD = "|".join(sorted(_SMALL.split(), key=len, reverse=True))
_SPELLED = (
    rf"(?:(?:{_WORD}|an?(?=[\s-]+(?:hundred|thousand|dozen)))\b(?:[\s-]+(?:and\s+)?(?:{_WORD}|hundred|thousand)\b)*"
    rf"|\b(?:a\s+)?(?:hundred|thousand)\b(?:\s+(?:and\s+)?(?:{_WORD})\b)*)"
)
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_HAN_DIGIT = "零〇一二两三四五六七八九"
_HAN_NUMBER = (
    rf"(?:[{_HAN_DIGIT}]?[十百千][{_HAN_DIGIT}十百千万]*"
    rf"|[{_HAN_DIGIT}]+[万亿]?[{_HAN_DIGIT}千百十]*)(?:点[{_HAN_DIGIT}]+)?"
)
_SIGN = r"(?:us\$|hk\$|[$¥￥€£]|\b(?:usd|rmb|cny|eur|gbp)\b|人民币)"


@cache
def _pattern() -> re.Pattern[str]:
    latin = "|".join(re.escape(unit).replace(r"\-", r"[\s-]?") for unit in _longest(True))
    han = "|".join(map(re.escape, _longest(False)))
    unit = rf"(?:[\s-]?(?P<latin>{latin})(?![a-z])|\s?(?P<han>{han}))"
    number = (
        rf"(?<![a-z0-9_.])(?P<digits>{_DIGITS})(?:\s?(?P<scale>[百千万亿])(?![百千万亿]))?|"
        rf"(?P<spelled>\b{_SPELLED}|\ban?(?=[\s-](?:kilo|kg|kilogram|year|month|week|lit[er]{{2}}|"
        rf"met[er]{{2}}|pound|hour|mile|gallon)\b))|百分之(?P<share>{_DIGITS}|{_HAN_NUMBER})|"
        rf"(?P<wholly>百分之?百)|(?P<half_of>一半)|(?P<tenths>[一二三四五六七八九]成[一二三四五六七八九半]?)(?!分|人|套|品)|"
        rf"(?<![0-9.])(?P<hans>{_HAN_NUMBER})"
    )
    return re.compile(
        rf"(?:(?P<sign>{_SIGN})\s?)?(?P<minus>(?<![\w\d])[-−–]|\bminus\s|零下|负)?(?:{number})"
        rf"(?P<unit>{unit})?(?P<half>半|(?<=米)[一二三四五六七八九](?![十百千个只条]))?(?:\s?/\s?5\b|\s+out\s+of\s+(?:5|five)\b)?"
    )


def measures(text: str) -> list[Measure]:
    """The numbers of a folded text, in order. «one» and 一 count only before a unit, for they are mostly no number;
    what is part of a word, such as the 5 of «wh-1000xm5», is none."""
    found: list[Measure] = []
    for match in _pattern().finditer(text):
        if (hans := match["hans"]) and len(hans) == 2 and all(char in "一二三四五六七八九" for char in hans):
            # 五六朵 is five or six of them.
            unit = units().get(match["han"] or match["latin"] or "", ("", 1.0))
            for place, char in enumerate(hans):
                value = round(_digit(char) * unit[1], 6)
                at = match.start("hans") + place
                found.append(
                    Measure(value, unit[0], at, at + 1, "", text[max(0, at - 24) : at], text[at + 1 : at + 25])
                )
            continue
        made = _made(match, text)
        if made is not None:
            found.append(made)
    return _shared_units(found, text)


def _made(match: re.Match[str], text: str) -> Measure | None:
    start, end = match.span()
    if match["digits"] and _within_a_word(text, match):
        return None
    if match["half_of"]:
        return Measure(50.0, "%", start, end, "", text[max(0, start - 24) : start], text[end : end + 24])
    if match["wholly"] or match["tenths"]:
        return Measure(
            _tenths(match["tenths"]), "%", start, end, "", text[max(0, start - 24) : start], text[end : end + 24]
        )
    value = _value(match)
    if value is None:
        return None
    unit = match["latin"] or match["han"] or ""
    dimension, factor = units().get(re.sub(r"\s", "-", unit) if unit not in units() else unit, ("", 1.0))
    if match["share"]:
        dimension, factor = "%", 1.0
    if match["sign"]:
        dimension, factor = currencies()[match["sign"].strip()], 1.0
        end = match.end() if not unit or units().get(unit, ("",))[0] in MONEY else match.start("unit")
    elif "/" in match.group() or " out of " in match.group():
        dimension, factor = "star", 1.0
    if unit in ("in", "a", "s", "k", "m", "l", "j", "f", "c", "h", "v", "w", "g") and not _close(match, text):
        dimension, factor, end = "", 1.0, match.start("unit")
    if text[:start].endswith("第"):  # 第三天 counts none
        dimension, factor = "", 1.0
    if unit == "年" and 1000 <= value <= 2100:
        dimension, factor = "year", 1.0
    if value == 1 and not dimension and (match["spelled"] or match["hans"]):
        return None
    if unit.startswith("个半"):
        value += 0.5
    if re.match(r"\s?[:：]\s?\d", text[match.end() :]) or re.search(r"\d\s?[:：]\s?$", text[: match.start()]):
        dimension, factor = "ratio", 1.0
    if half := match["half"]:
        value += 0.5 if half == "半" else _digit(half) / 10
    if match["minus"] and dimension in ("c", "f", "deg", ""):
        value = -value
    if not dimension and match["unit"] and end == match.end():
        end = match.start("unit")
    before, after = text[max(0, start - 24) : start], text[end : end + 24]
    if not dimension and before.endswith("身高"):
        dimension = "cm"
    return Measure(round(value * factor, 6), dimension, start, end, _bound(before, after), before, after)


def _tenths(text: str | None) -> float:
    if not text:
        return 100.0
    return 10.0 * _digit(text[0]) + (5 if text[2:] == "半" else _digit(text[2]) if text[2:] else 0)


def _within_a_word(text: str, match: re.Match[str]) -> bool:
    """wh-1000xm5, usb3, h2o, 14k, 2e: letters stuck to digits, unless they are a unit."""
    start, end = match.start("digits"), match.end("digits")
    if start and (text[start - 1].isascii() and text[start - 1].isalpha()):
        return True
    if start > 1 and text[start - 1] == "-" and text[start - 2].isascii() and text[start - 2].isalpha():
        return True
    rest = text[end : end + 1]
    return bool(rest) and rest.isascii() and rest.isalpha() and not match["unit"]


def _close(match: re.Match[str], text: str) -> bool:
    """Whether a unit of one letter (or «in») is one: 5 m, 5m, 5-in; not «5 in a box»."""
    after = text[match.end() : match.end() + 2]
    unit = match["latin"]
    if unit == "in":
        if after[:1] == "-":
            return False
        return (
            text[match.start("latin") - 1] != " "
            or not re.match(r"\s(?:a|the|one|each|all|its|total|your|every)?", after + " ")
            or not after.strip()
        )
    if unit == "a":
        return bool(match["digits"]) and (
            text[match.start("latin") - 1] != " " or not after.strip() or after[0] in ",.;:)"
        )
    if unit == "s":
        return bool(match["digits"]) and text[match.start("latin") - 1] not in "-'"
    return bool(match["digits"])


def _value(match: re.Match[str]) -> float | None:
    if digits := match["digits"]:
        scale = {"百": 100, "千": 1000, "万": 10_000, "亿": 1e8}.get(match["scale"] or "", 1)
        return float(digits.replace(",", "")) * scale
    if spelled := match["spelled"]:
        words = spelled.replace("-", " ")
        if words in ("a", "an"):
            return 1.0
        return read_number(" ".join(words.split()))
    return _han(match["share"] or match["hans"])


def _han(text: str) -> float | None:
    if text[0].isdigit():
        return float(text.replace(",", ""))
    whole, _, part = text.partition("点")
    value = read_number(whole)
    if value is None and all(char in _HAN_DIGIT for char in whole):
        if whole in ("零", "〇"):
            value = 0.0
        elif len(whole) > 2:  # 二〇二四; 三四 is «three or four»
            value = float("".join(str(_digit(char)) for char in whole))
    if value is None:
        return None
    return value + (float("0." + "".join(str(_digit(char)) for char in part)) if part else 0.0)


def _digit(char: str) -> int:
    return 2 if char == "两" else 0 if char == "〇" else "零一二三四五六七八九".index(char)


def _shared_units(found: list[Measure], text: str) -> list[Measure]:
    """«120 x 60 x 75 cm», «8 to 12 hours», 85到115厘米: the unit of the last is that of all."""
    made = list(found)
    for index in range(len(made) - 2, -1, -1):
        here, there = made[index], made[index + 1]
        between = text[here.end : there.start]
        if re.fullmatch(r"\s*(?:[x×*~～–—/-]|to|or|and|by|至|到|乘|或|和)\s*", between):
            if not here.unit and there.unit and there.unit not in MONEY:
                factor = _factor(there, text)
                made[index] = Measure(
                    round(here.value * factor, 6),
                    there.unit,
                    here.start,
                    here.end,
                    here.bound,
                    here.before,
                    there.after,
                )
            elif here.unit in MONEY and not there.unit:
                made[index + 1] = Measure(
                    there.value, here.unit, there.start, there.end, there.bound, there.before, there.after
                )
    return made


def _factor(measure: Measure, text: str) -> float:
    written = re.search(r"[^\d\s.,\-]+$", text[measure.start : measure.end])
    return units().get(written.group().strip("-"), ("", 1.0))[1] if written else 1.0


_BOUNDS: tuple[tuple[Bound, str], ...] = (
    ("over", r"(?:over|more than|above|at least|upwards of|no less than|beyond|exceeds?"
     r"|超过|多于|高于|大于|至少|不少于|不低于)\s*$"),
    ("nearly", r"(?:nearly|almost|just under|close to|将近|接近|近|差不多)\s*(?:an?\s)?$"),
    ("under", (
        r"(?:under|below|less than|fewer than|at most|no more than|not over|within|cheaper than|lighter "
        r"than|不到|低于|少于|小于|以内|不超过|未超|没超过|没超出|未超过)\s*(?:your\s+|的|您的|你的|预算)?\W*$"
    )),
    ("about", r"(?:about|around|roughly|approximately|approx\.?|some|circa|ca\.?"
     r"|大约|约|大概|约莫|左右)\s*(?:an?\s)?$"),
)  # fmt: skip
_BEHIND: tuple[tuple[Bound, str], ...] = (
    ("over", r"^\s*(?:\+|or more|or over|plus\b|多|以上|出头)"),
    ("under", r"^\s*(?:or less|or under|以下|以内|不到)"),
    ("about", r"^\s*(?:or so|左右|上下)"),
)


def _bound(before: str, after: str) -> Bound:
    for bound, pattern in _BOUNDS:
        if re.search(pattern, before):
            return bound
    for bound, pattern in _BEHIND:
        if re.search(pattern, after):
            return bound
    return ""


def _longest(latin: bool) -> Iterator[str]:
    return iter(
        sorted(
            (unit for unit in units() if unit.isascii() == latin or (latin and unit in "°c°f℃℉″°")),
            key=len,
            reverse=True,
        )
    )


__all__ = ["ORDINALS", "Measure", "measures"]
