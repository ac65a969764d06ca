"""What a product's fields say, as statements in both languages that a sentence may repeat word for word.

A field is said in several ways, «weight 240 g», «240 g», «重量240克», for a shop's data names it `weight_g`. Prose and
titles are said in their own words only. A value is translated where the tables of names know all of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from search.domain import Document, Json, Language
from search.explanation.values import label, measure, money, number, unit
from search.lexicon.folding import is_han, key
from search.understanding.names import names

_UNREAD = frozenset({"id", "image", "url", "variant_of", "language", "currency", "price", "in_stock", "rating_count"})
"""Fields that say nothing of a product, and those that are said together with another or in a way of their own."""

_NOTHING = frozenset({"none", "no", "without", "n/a", "无", "没有", "不含"})


@dataclass(frozen=True, slots=True)
class Statement:
    """`field` is where it is from. `label`: what of it only names the field. `prose`: it is of a text about the
    product, where a phrase may be said of a part. `names`: it says what the product is. `value`: it is a field's name
    and value; `bound`: which is of no use without the name, as a laptop's 16 in is of a bag, and its ink's blue of a
    pen."""

    text: str
    field: str
    label: str = ""
    prose: bool = False
    names: bool = False
    value: bool = False
    bound: bool = False


Languages = Sequence[Language]


def statements(document: Document, language: Language | None = None) -> Iterator[Statement]:
    """All of the fields but prose, whose sentences need a look at each; in one language or both."""
    languages: Languages = ("en", "zh") if language is None else (language,)
    for name, value in document.items():
        if value is None or name in _UNREAD or name.startswith("_") or name == "description":
            continue
        if name == "category":
            levels = value if isinstance(value, list | tuple) else [value]
            yield from (Statement(str(level), name, names=True) for level in levels)
        elif name == "brand":
            yield Statement(str(value), name, names=True)
            yield from (Statement(f"{label(name, one)}: {value}", name, label(name, one)) for one in languages)
        elif name == "title":
            yield Statement(str(value), name, names=True)
        else:
            yield from _of_field(name, value, languages)
    yield from _of_price(document, languages)
    yield from _of_stock(document)
    yield from _of_ratings(document, languages)


def _in_both(value: str) -> tuple[str, ...]:
    """A value as it is, and in the other language where all of its parts are known there."""
    other = _translated(value, "en" if is_han(value) else "zh")
    return (value, other) if other else (value,)


def said(value: str, language: Language) -> str:
    """A value in `language` where that is known, else as it is."""
    return _translated(value, language) or value


@lru_cache(8192)
def _translated(value: str, language: Language) -> str:
    """ "" where a part of it is not known, or it is in that language already."""
    if len(value) > 120 or is_han(value) == (language == "zh"):
        return ""
    parts = [_word(key(part), language) for part in re.split(r"\s*[,，、/]\s*|\s+and\s+|\s*和\s*", value)]
    return ("、" if language == "zh" else ", ").join(parts) if all(parts) else ""


def _word(word: str, language: Language) -> str:
    """Of a property, never of goods: a notebook may be of paper."""
    kinds = set(names().same.get(word, ()))
    there, back = (names().chinese, names().english) if language == "zh" else (names().english, names().chinese)
    other = there.get(word, "") if kinds and kinds <= _PROPERTIES else ""
    # 中性 is unisex, or neutral of a skin: only where the way back leads to the same word is there no doubt.
    return other if key(back.get(key(other), "")) == word else ""


_PROPERTIES = frozenset({"colour", "material", "attribute", "size"})


def _of_field(name: str, value: Json, languages: Languages) -> Iterator[Statement]:
    if isinstance(value, bool):
        for language in languages:
            yield from (Statement(text, name) for text in truth(name, value, language))
    elif isinstance(value, int | float):
        if math.isfinite(value):
            yield from _of_number(name, float(value), languages)
    elif isinstance(value, str):
        if value.strip().lower() in _NOTHING:
            for language in languages:
                yield from (Statement(text, name) for text in truth(name, False, language))
        for language in languages:
            if made := month(value, language):
                yield from _labelled(name, made, language)
        for language in languages:
            for one in _in_both(value):
                yield from _labelled(name, one, language, is_of_a_part(name))
    elif isinstance(value, list | tuple):
        for each in value:
            if isinstance(each, str | int | float):
                yield from _of_field(name, each, languages)
    elif isinstance(value, dict):
        for inner, each in value.items():
            yield from _of_field(str(inner), each, languages)


def _of_number(name: str, value: float, languages: Languages) -> Iterator[Statement]:
    for language in languages:
        yield from _labelled(name, measure(value, name, language), language, _needs_its_name(name))
    if name in AGES:
        for language in languages:
            yield from _labelled(name, AGES[name][language == "zh"].format(number(value)), language)
        yield from (Statement(text.format(number(value)), name) for text in _AGES[name])
    yield from (Statement(text, name) for text in _counts(name, value))


_OF_WHAT = frozenset({"", "mm", "cm", "m", "in", "ft", "g", "kg", "mg", "lb", "oz", "ml", "cl", "L"})
"""Units that do not tell what is measured: 60 kg may be what a desk carries. A number without one would count products,
«4 ukuleles» of one with four strings."""

_PLAIN_MEASURES = frozenset([
    "weight", "net weight", "volume", "capacity", "height", "length", "width", "depth", "diameter", "thickness",
    "screen",
])  # fmt: skip
"""Of the product itself, where nothing else is said."""


def counted(name: str, value: float, language: Language) -> str:
    """A number as it may be said in a sentence: «8 pieces», «60 kg maximum load», «240 g»."""
    if name in AGES:
        return AGES[name][language == "zh"].format(number(value))
    for text in _counts(name, value):
        if is_han(text) == (language == "zh"):
            return text
    said = measure(value, name, language)
    return with_name(name, said, language) if _needs_its_name(name) else said


def _counts(name: str, value: float) -> Iterator[str]:
    """«8 pieces», 8件."""
    for word in _COUNTED.get(name.removesuffix("_count"), "").split():
        yield f"{number(value)}{'' if is_han(word) else ' '}{word}"


def with_name(name: str, value: str, language: Language) -> str:
    """«blue ink colour», 最大承重60千克."""
    named = _plain_label(name, language)
    return f"{named}{value}" if is_han(named) else f"{value} {named}"


def _needs_its_name(name: str) -> bool:
    return unit(name, "en") in _OF_WHAT and label(name, "en") not in _PLAIN_MEASURES


def is_of_a_part(name: str) -> bool:
    """The colour of its ink is not its own, nor is a light roast light, nor its wearer's height its own."""
    words = label(name, "en").split()
    return (len(words) > 1 and words[-1] in ("colour", "color", "range")) or not _OF_OTHERS.isdisjoint(words)


_OF_OTHERS = frozenset({"scent", "notes", "roast"})


AGES = {"age_from": ("{} years and up", "{}岁以上"), "age_months_from": ("{} months and up", "{}个月以上")}
"""Fields of the least age, and how it is said in English and in Chinese."""

_AGES = {
    "age_from": (
        "{} years and up", "age {} and up", "ages {} and up", "from {} years", "from age {}", "{}岁以上", "{}岁及以上",
        "{}岁起", "满{}岁",
    ),
    "age_months_from": ("{} months and up", "from {} months", "{}个月以上", "{}个月起", "满{}个月"),
}  # fmt: skip
_COUNTED = {
    "pieces": "pieces 件 片 颗", "pack": "pack 件装 个装 支装 包 件 条 双", "pages": "pages 页",
    "ports": "ports 个接口 口",
    "seats": "seats 座", "wheels": "wheels 轮", "players": "players", "serves": "servings people 人",
    "persons": "people persons person 人", "gears": "gears 档", "sheet": "sheets 张 页", "card_slots": "slots 个卡位",
    "strings": "strings 弦", "keys": "keys 键", "stitches": "stitches 种针迹", "compartments": "compartments 格",
    "steps": "steps 级 步", "exposures": "exposures 张",
}  # fmt: skip
"""What the number of a field counts."""

_DATE = re.compile(r"(\d{4})-(\d\d)-\d\d\b.*")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def month(value: str, language: Language) -> str:
    """May 2023 or 2023年5月 of a date as data has it, 2023-05-11; "" of anything else."""
    date = _DATE.fullmatch(value)
    if not date or not 1 <= int(date[2]) <= 12:
        return ""
    return f"{date[1]}年{int(date[2])}月" if language == "zh" else f"{_MONTHS[int(date[2]) - 1]} {date[1]}"


def _plain_label(name: str, language: Language) -> str:
    """Without the quotation marks that it has where it is in the other language."""
    return label(name, language).strip("“”")


def _labelled(name: str, value: str, language: Language, bound: bool = False) -> Iterator[Statement]:
    """The value with its name before it, and behind it: «240 g weight», «dry skin type», «dry skin»."""
    field_label = label(name, language)
    plain = _plain_label(name, language)
    yield Statement(f"{field_label}: {value}", name, field_label, value=True, bound=bound)
    yield Statement(f"{value}{'' if is_han(plain) else ' '}{plain}", name)
    words = field_label.split()
    if len(words) > 1 and words[-1] == "type":
        yield Statement(f"{value} {' '.join(words[:-1])}", name)
    if field_label.startswith("适用"):
        yield Statement(f"{value}{field_label[2:]}", name)
    if field_label == "颜色" and is_han(value) and not value.endswith("色"):
        yield Statement(f"{value}色", name, value=True)
    yield from (Statement(said.format(value), name) for said in _EXTENT.get(field_label, ()))


_EXTENT = {
    "length": ("{} long",), "width": ("{} wide",), "height": ("{} high", "{} tall"), "depth": ("{} deep",),
    "thickness": ("{} thick",), "长度": ("长{}",), "宽度": ("宽{}",), "高度": ("高{}",), "厚度": ("厚{}",),
}  # fmt: skip


def truth(name: str, holds: bool, language: Language) -> tuple[str, ...]:
    """Ways to say that a field of yes or no is the one or the other, the plainest first."""
    said = _plain_label(name, language)
    if language == "zh":
        if holds:
            return (said, f"{said}是")
        denied = (f"{no}{said}" for no in ("不", "没有", "无", "不是", "不支持", "不带", "非", "不能"))
        return (_denied(said), *denied, f"没{said}", f"{said}否")
    if holds:
        return (said, f"{said} yes", *_done(said, ""))
    return (*(f"{no} {said}" for no in ("not", "is not", "no", "non", "without")), f"{said} no", *_done(said, "not "))


def _denied(said: str) -> str:
    """不防水, 没有口袋, 不是无线: as one says it."""
    if said[:1] in "防可需含适支能耐抗":
        return f"不{said}"
    return f"没{said}" if said.startswith("有") and said != "有机" else f"不是{said}"


_PARTICIPLE = re.compile(r"(.+) (required|included|free)")


def _done(said: str, no: str) -> tuple[str, ...]:
    """«battery not included», «battery is not required», «not free of fragrance»."""
    match = _PARTICIPLE.fullmatch(said)
    if not match:
        return ()
    what, how = match.groups()
    if how in ("required", "included"):
        return (f"{what} {no}{how}", f"{what} is {no}{how}")
    return (f"{no}{how} of {what}",)


def _of_price(document: Document, languages: Languages) -> Iterator[Statement]:
    price = document.get("price")
    if isinstance(price, bool) or not isinstance(price, int | float) or not math.isfinite(price):
        return
    currency = document.get("currency")
    code = currency.upper() if isinstance(currency, str) else ""
    amounts = [money(float(price), currency), f"{number(price)} {code}", f"{price:.2f} {code}"]
    amounts += [f"{number(price)}{word}" for word in _MONEY.get(code, ())]
    if amounts[0].startswith(("$", "¥", "€", "£")):
        amounts.append(f"{amounts[0][0]}{price:.2f}")
    for amount in amounts:
        yield from (Statement(f"{label('price', one)}: {amount}", "price", label("price", one)) for one in languages)


_MONEY = {
    "USD": ("美元", "美金", " dollars"), "CNY": ("元", "人民币", " yuan"), "EUR": ("欧元", " euros"),
    "GBP": ("英镑", " pounds"), "JPY": ("日元", " yen"), "HKD": ("港元", "港币"),
}  # fmt: skip


def _of_stock(document: Document) -> Iterator[Statement]:
    if document.get("in_stock") is True:
        yield from (Statement(text, "in_stock") for text in ("in stock", "available", "有货", "现货", "有现货"))
    elif document.get("in_stock") is False:
        yield from (Statement(text, "in_stock") for text in ("out of stock", "not in stock", "缺货", "没有货", "无货"))


def _of_ratings(document: Document, languages: Languages) -> Iterator[Statement]:
    rating, count = document.get("rating"), document.get("rating_count")
    if isinstance(rating, int | float) and not isinstance(rating, bool) and math.isfinite(rating):
        shown = number(float(rating))
        for language in languages:
            stars = f"{shown}分" if language == "zh" else f"{shown} out of 5"
            yield from _labelled("rating", stars, language)
            yield from _labelled("rating", shown, language)
        yield from (Statement(text, "rating") for text in (f"rated {shown} out of 5", f"rated {shown}"))
        yield from (Statement(text, "rating") for text in (f"{shown} stars", f"{shown} out of 5 stars", f"{shown}星"))
    if isinstance(count, int) and not isinstance(count, bool):
        for text in ("{} ratings", "{} reviews", "{}条评价", "{}人评价", "{}人评分", "{}个评分"):
            yield Statement(text.format(count), "rating_count")


__all__ = ["Statement", "counted", "is_of_a_part", "month", "said", "statements", "truth", "with_name"]
