"""By which phrases a value is found: «华为（HUAWEI）» by 华为 and huawei, «Black,Silver» by black and by silver."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from search.domain import FieldKind
from search.lexicon.folding import HAN, fold, is_han, key, listed, runs

Role = Literal["brand", "category", "colour", "material", "size", "attribute"]

_ROLES: dict[Role, tuple[str, ...]] = {
    "brand": ("brand",),
    "category": ("category",),
    "colour": (
        "colour", "color", "product_colour", "product_color", "colours", "colors", "颜色", "机身颜色", "颜色分类",
        "color_name", "colour_name", "色号",
    ),
    "material": ("material", "materials", "材质", "材料", "面料", "fabric", "fabric_type", "material_type", "材质成分"),
    "size": ("size", "sizes", "尺码", "尺寸", "大小", "shoe_size", "clothing_size", "size_name"),
}  # fmt: skip
_NEVER = re.compile(
    r"(?:^|_)(?:id|ean|gtin|upc|isbn\w*|asin|sku|mpn|model|url|image|number|date|dimensions?|weight|temperature|humidity"
    r"|compatib\w*|certification|pages?|version|resolution|author|publisher|manufacturer|name|code|part|lines?)(?:_|$)|型号|尺寸|标准|提示|重量|规格"
)
_COMPANY = listed(
    "inc ltd llc co corp corporation company companies technology technologies tech electronics international "
    "group gmbh ag sa srl bv limited systems products brand brands com net org usa industries enterprises"
)
_SHOP_TAIL = re.compile(r"(?:制造商|官方旗舰店|旗舰店|专卖店|公司|品牌|集团|股份)+$")
_PARTS = re.compile(r"[,，;；/／|、&＋+]|\band\b|\bwith\b|\s-\s|[（(【\[]|[)）】\]]|和|与")
_BRAND_PARTS = re.compile(r"[/／|]|[（(【\[]|[)）】\]]")
_HAN_RUN = re.compile(rf"[{HAN}]+")
_TONES = "黑白红橙黄绿青蓝紫粉灰棕褐金银米驼"
_ONE_CHARACTER = frozenset("棉麻铜铁木竹皮玉藤纸瓷陶铝钢羊")
"""Materials that one character names; of 合金 or 水银 the last one names another thing."""
_MAX_GRAM = 4
_SIZE_PARTS = re.compile(r"[,，;；/／|、]|\bor\b")
_LETTERS = ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl", "4xl", "5xl", "6xl")
_SAME_LETTERS = {"2xl": "xxl", "3xl": "xxxl", "2xs": "xxs", "xxxxl": "4xl"}
_LETTER = "|".join((*_LETTERS, *_SAME_LETTERS))
_LETTER_RANGE = re.compile(rf"({_LETTER})\s*(?:-|–|to|~|至|到)\s*({_LETTER})")
_NUMBER_RANGE = re.compile(r"((?:us|eu|uk)\s*)?(\d{1,2}(?:\.5)?)\s*(?:-|–|to|~|至|到)\s*(\d{1,2}(?:\.5)?)码?")
_MOST_SIZES = 20
"""A range wider than this is of something else, such as ages in months."""


def role_of(field: str, kind: FieldKind) -> Role | None:
    """What a shopper would mean by naming a value of the field; None for what nobody puts into words."""
    for role, names in _ROLES.items():
        if field in names:
            return role
    if kind == "text" and field.endswith(("_colour", "_color")):
        return "colour"
    if kind not in ("text", "boolean") or field in ("id", "currency", "language", "variant_of", "in_stock"):
        return None
    return None if _NEVER.search(field) else "attribute"


def rank_in_role(field: str, role: Role) -> int:
    """Which of several fields of one role is the one that is meant: the lowest."""
    names = _ROLES.get(role, ())
    return names.index(field) if field in names else len(names)


def phrases(value: str, role: Role) -> set[str]:
    """The keys (see `folding.key`) that find `value`."""
    if role == "brand":
        return set(_brand(value))
    if role in ("colour", "material"):
        return set(_looks(value, role))
    return set(_sizes(value) if role == "size" else _whole(value))


def _whole(value: str) -> Iterator[str]:
    cut = runs(fold(value))
    if cut:
        yield " ".join(cut)


def _brand(value: str) -> Iterator[str]:
    folded = fold(value)
    yield from _named(folded)
    for part in _BRAND_PARTS.split(folded):
        yield from _named(part)


def _named(folded: str) -> Iterator[str]:
    """A brand's name and how people shorten it: without Inc., in one word, without the shop's tail."""
    folded = _SHOP_TAIL.sub("", folded.strip())
    cut = runs(folded)
    if not cut:
        return
    forms = [cut]
    while len(cut) > 1 and cut[-1] in _COMPANY:
        cut = cut[:-1]
        forms.append(cut)
    if "'" in folded:
        forms.append(runs(folded.replace("'", "")))
    if len(cut) > 1 and any(is_han(run) for run in cut) and any(not is_han(run) for run in cut):
        forms.append([run for run in cut if is_han(run)])
        forms.append([run for run in cut if not is_han(run)])
    for form in forms:
        whole = " ".join(form)
        if len(whole) > 1:
            yield whole
            if 1 < len(form) <= 3 and whole.isascii():
                yield "".join(form)


def _looks(value: str, role: Role) -> Iterator[str]:
    """Every run of up to four words of each part, and the ends of Chinese ones: 枫叶金 is found by 金."""
    folded = fold(value)
    yield from _whole(value)
    for part in _PARTS.split(folded):
        words = [run for run in runs(part) if not is_han(run)]
        for start in range(len(words)):
            for end in range(start + 1, min(len(words), start + _MAX_GRAM) + 1):
                if not words[start].isdigit():
                    yield " ".join(words[start:end])
        for run in _HAN_RUN.findall(part):
            yield from _tones(run) if role == "colour" else _stuffs(run)


def _tones(run: str) -> Iterator[str]:
    bare = run.removesuffix("色")
    yield run
    for length in range(1, min(len(bare), _MAX_GRAM) + 1):
        tail = bare[-length:]
        yield tail
        yield tail + "色"
    for place, char in enumerate(run):
        following = run[place + 1 : place + 2]
        mixed = len(bare) <= 3 and all(other in _TONES for other in bare)
        if char in _TONES and (following == "色" or mixed):
            yield char
            yield char + "色"


def _sizes(value: str) -> Iterator[str]:
    """What a size fits: S-XL is found by s, m, l and xl, «US 5-11» by 5, 5.5 … 11 and by us 5."""
    folded = fold(value)
    yield from _whole(value)
    for part in _SIZE_PARTS.split(folded):
        yield from _whole(part)
        if match := _LETTER_RANGE.fullmatch(part.strip()):
            first, last = (_LETTERS.index(_SAME_LETTERS.get(size, size)) for size in match.groups())
            yield from _LETTERS[first : last + 1]
        elif (match := _NUMBER_RANGE.fullmatch(part.strip())) and float(match[3]) - float(match[2]) <= _MOST_SIZES:
            low, high = float(match[2]), float(match[3])
            for half in range(int(2 * low), int(2 * high) + 1):
                said = key(f"{half / 2:g}")
                yield said
                if match[1]:
                    yield f"{match[1].strip()} {said}"


def _stuffs(run: str) -> Iterator[str]:
    for length in range(1, min(len(run), 6) + 1):
        tail = run[-length:]
        if length > 1 or tail in _ONE_CHARACTER or run == tail:
            yield tail
    for start in range(len(run)):
        for length in (2, 3, 4):
            if start + length <= len(run):
                yield run[start : start + length]


__all__ = ["Role", "phrases", "rank_in_role", "role_of"]
