"""Numbers as people write them: 1,299.50, 1.5k, «fifteen hundred», 五百, 两千五, 1.5万."""

from __future__ import annotations

import re

DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d{1,4})?"
_UNITS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen
"""
_TENS = """
twenty thirty forty fifty sixty seventy eighty ninety
"""
_VALUES = {word: number for number, word in enumerate(_UNITS.split())}
_VALUES |= {word: number for number, word in zip(range(20, 100, 10), _TENS.split(), strict=True)}
_WORD = "|".join(sorted((*_VALUES, "a", "hundred", "thousand", "couple hundred", "fourty"), key=len, reverse=True))
_VALUES["fourty"] = 40
_SPELLED = rf"(?:(?:{_WORD})\b(?:[\s-]+(?:and\s+)?(?:(?:{_WORD})\b))*)"
_HAN_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "w": 10_000, "k": 1000}
_HAN_SPELLED = r"(?:[一二两三四五六七八九十百千万][零〇一二两三四五六七八九十百千万]*)"

ENGLISH = rf"(?:{DIGITS}\s?(?:k\b|grand\b)|{DIGITS}(?![\d.,]*\d)|{_SPELLED})"
"""A number in English, as a regular expression over lower-case text."""

CHINESE = rf"(?:{DIGITS}\s?[百千万kw](?![a-z])\d?|{DIGITS}|{_HAN_SPELLED})"
"""A number in Chinese."""

_DIGITS_ONLY = re.compile(rf"({DIGITS})\s?(k|grand)?")
_MIXED = re.compile(rf"({DIGITS})\s?([百千万kw])(\d?)")
_ARTICLE = re.compile(r"(?:a|and|hundred|thousand)")


def read_number(text: str) -> float | None:
    """The number that `text`, in lower case, is; None where it is none, such as «a» alone or 百万千."""
    text = text.strip()
    if match := _DIGITS_ONLY.fullmatch(text):
        return float(match[1].replace(",", "")) * (1000 if match[2] else 1)
    if match := _MIXED.fullmatch(text):
        unit = _HAN_UNITS[match[2]]
        return float(match[1].replace(",", "")) * unit + (int(match[3]) * unit / 10 if match[3] else 0)
    return _read_spelled(text) if text.isascii() else _read_han(text)


def _read_spelled(text: str) -> float | None:
    total, current, seen = 0, 0, False
    words = text.replace("couple hundred", "two hundred").replace("-", " ").split()
    if words and words[-1] in ("a", "and"):
        return None
    last = 0
    for word in words:
        if word == "a":
            if seen:
                return None
        elif word == "hundred":
            current = (current or 1) * 100
            seen, last = True, 100
        elif word == "thousand":
            total += (current or 1) * 1000
            current, seen, last = 0, True, 1000
        elif word != "and":
            value = _VALUES[word]
            # «twenty five» is one number, «five twenty» and «five six» are not.
            if seen and current % 100 and not (20 <= last < 100 and value < 10 and value > 0):
                return None
            current += value
            seen, last = True, value
    return float(total + current) if seen else None


def _read_han(text: str) -> float | None:
    total, section, digit, last, zero = 0, 0, -1, 0, False
    for char in text:
        if char in "零〇":
            if digit >= 0:
                return None
            zero = True
        elif char in _HAN_DIGITS:
            if digit >= 0:
                return None
            digit = _HAN_DIGITS[char]
        else:
            unit = _HAN_UNITS.get(char)
            if unit is None:
                return None
            if unit == 10_000:
                if total:
                    return None
                total = ((section + max(digit, 0)) or 1) * unit
                section = 0
            else:
                if last and last < 10_000 and unit >= last:
                    return None
                section += (1 if digit < 0 else digit) * unit
            digit, last, zero = -1, unit, False
    if digit >= 0:
        # 一千五 is 1500, 两百五 is 250, but 一千零五 is 1005 and 二十五 is 25.
        section += digit * (last // 10 if last >= 100 and not zero else 1)
    return float(total + section) if total or section else None


__all__ = ["CHINESE", "DIGITS", "ENGLISH", "read_number"]
