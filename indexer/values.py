"""One reader for each canonical field: the value of a column → what a Product holds.

Empty in, None out: an empty value is no problem; an unreadable one is, and raises Unreadable with the reason. Prices
are in `prices.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

import orjson

from indexer.cleaning import RAW_LIMIT, clean, clean_name, python_list, shorten
from indexer.problems import Unreadable, excerpt
from search.domain import Json

ID_LIMIT = 512
TITLE_LIMIT = 1_000
NAME_LIMIT = 200
"""Characters of a brand and of a category level."""
LINK_LIMIT = 2_000
CATEGORY_LEVELS = 8

_NOTHING = frozenset({"nan", "null", "#n/a", "undefined", "\\n", "<na>"})
"""What programs write where there is nothing."""
_EMPTY_WORDS = _NOTHING | {"none", "n/a", "nil"}
"""Where people may mean something by it: the coating of a pan can be «none», its title cannot."""

_SEPARATORS = (">>", ">", "»", "›", "→", "|", "/")

_IN_STOCK = """
1 yes y true t on available instock limitedavailability instoreonly onlineonly 有货 现货 有现货 有 充足 在售 上架 是
"""
_OUT_OF_STOCK = """
0 no n false f off unavailable notavailable outofstock soldout discontinued backorder preorder presale
无货 缺货 无 售罄 已售罄 断货 下架 已下架 否 预售
"""
_YES, _NO = frozenset(_IN_STOCK.split()), frozenset(_OUT_OF_STOCK.split())
_BETWEEN_LINKS = re.compile(r"[\s|;]+|,(?=\s*(?:https?:)?//)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")

_LANGUAGES = {
    "english": "en", "eng": "en", "英文": "en", "英语": "en", "chinese": "zh", "zho": "zh", "chi": "zh", "cn": "zh",
    "中文": "zh", "汉语": "zh", "简体中文": "zh", "繁体中文": "zh", "german": "de", "deutsch": "de", "deu": "de",
    "ger": "de", "french": "fr", "français": "fr", "fra": "fr", "fre": "fr", "spanish": "es", "español": "es",
    "spa": "es", "italian": "it", "ita": "it", "japanese": "ja", "jpn": "ja", "日本語": "ja", "korean": "ko",
    "kor": "ko", "portuguese": "pt", "por": "pt", "dutch": "nl", "nld": "nl", "dut": "nl", "russian": "ru", "rus": "ru",
}  # fmt: skip


def is_empty(value: Json) -> bool:
    """Nothing there: null, NaN, blank, an empty list or object, or a word that programs write for nothing."""
    if type(value) is str:
        return not value or value.isspace() or (len(value) < 12 and value.strip().lower() in _EMPTY_WORDS)
    return value is None or value != value or (isinstance(value, list | dict) and not value)


def is_nothing(text: str) -> bool:
    """A word that only a program writes for nothing."""
    return len(text) < 12 and text.strip().lower() in _NOTHING


def read_id(value: Json) -> str:
    """Trimmed text, or a whole number written out; 12.0 is "12". At most ID_LIMIT characters."""
    if isinstance(value, str):
        text = clean_name(value)
    elif isinstance(value, bool | list | dict):
        raise Unreadable(f"{excerpt(value)} is no id")
    elif isinstance(value, float | Decimal) and not (math.isfinite(value) and abs(float(value)) < 2**53):
        raise Unreadable(f"{value} is no id")
    else:
        text = str(value).removesuffix(".0")
    if not text:
        raise Unreadable("the id is empty")
    if len(text) > ID_LIMIT:
        raise Unreadable(f"the id has {len(text)} characters, more than {ID_LIMIT}")
    return text


def read_text(value: Json) -> str:
    """Clean text of any length up to RAW_LIMIT. A list becomes one text, as does a Python list written out."""
    if isinstance(value, str):
        items = python_list(value[:RAW_LIMIT]) if value.lstrip()[:1] == "[" else None
        return clean(value[:RAW_LIMIT]) if items is None else " ".join(filter(None, map(clean, items)))
    if isinstance(value, list):
        return " ".join(filter(None, (read_text(item) for item in value[:1000] if not is_empty(item))))[:RAW_LIMIT]
    if isinstance(value, dict):
        for key in ("name", "title", "text", "value"):
            if isinstance(value.get(key), str):
                return read_text(value[key])
        raise Unreadable("an object, not text")
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        raise Unreadable(f"{excerpt(value)} is no text")
    return str(value)


def read_first_text(value: Json) -> str:
    """As `read_text`, but the first of several: for a brand or anything else there is one of."""
    items = as_list(value)
    if items is None:
        return read_text(value)
    return read_text(next((item for item in items if not is_empty(item)), ""))


def read_category(value: Json, separators: Sequence[str] = ()) -> tuple[str, ...]:
    """Levels from the department down: from a list, or from a path (`Home > Kitchen > Mugs`, `手机/手机通讯/手机`).

    A path is split at the first kind of separator in it, out of `separators` or else >> > » › → | and /. A list of
    paths or of lists stands for several categories, of which the first is taken.
    """
    items = as_list(value)
    if items is None:
        levels = _levels(read_text(value), separators)
    elif any(isinstance(item, list) for item in items):
        return read_category(next((item for item in items if isinstance(item, list) and item), None), separators)
    else:
        texts = [read_text(item) for item in items if not is_empty(item)]
        path = bool(texts) and (len(texts) == 1 or _is_path(texts[0], separators))
        levels = _levels(texts[0], separators) if path else texts
    kept: list[str] = []
    for level in levels:
        level = shorten(level.strip(), NAME_LIMIT)
        if level and (not kept or kept[-1] != level):
            kept.append(level)
    return tuple(kept[:CATEGORY_LEVELS])


def read_stock(value: Json) -> bool | None:
    """From a boolean, a word («in stock», «有货», schema.org/InStock) or the number of pieces there are."""
    if is_empty(value):
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = re.sub(r"[\s_-]", "", clean_name(value).lower().rsplit("/", 1)[-1])
        if word in _YES or word in _NO:
            return word in _YES
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", clean_name(value)):
            return float(clean_name(value)) > 0
    elif isinstance(value, int | float | Decimal) and math.isfinite(value) and value >= 0:
        return value > 0
    raise Unreadable(f"{excerpt(value)} does not say whether there is any")


def read_link(value: Json) -> str | None:
    """A web address or a path on the shop's own site; the first of several. Scripts and embedded data are refused."""
    items = as_list(value)
    if items is not None:
        value = next((item for item in items if not is_empty(item)), None)
    if isinstance(value, dict):
        value = next((value[key] for key in ("url", "src", "href", "link", "large", "hi_res") if value.get(key)), None)
    if is_empty(value):
        return None
    if not isinstance(value, str):
        raise Unreadable(f"{excerpt(value)} is no address")
    first, *more = _BETWEEN_LINKS.split(clean_name(value.replace("&amp;", "&")), maxsplit=1)
    scheme = _SCHEME.match(first)
    web = scheme is None or scheme[0].lower() in ("http:", "https:")
    path = "/" in first or ("." in first and not more)
    if not (web and path) or len(first) > LINK_LIMIT or set(first) & set("<>\"'"):
        raise Unreadable(f"{excerpt(value)} is no address")
    return first


def read_language(value: Json) -> str | None:
    """An ISO 639 code: "en", "zh", … from codes with or without a country, or the language's name."""
    if is_empty(value):
        return None
    code = _language_code(value) if isinstance(value, str) else None
    if code is None:
        raise Unreadable(f"{excerpt(value)} is no language")
    return code


@lru_cache(maxsize=256)
def _language_code(text: str) -> str | None:
    name = clean_name(text).lower()
    code = re.split("[-_]", _LANGUAGES.get(name, name), maxsplit=1)[0]
    code = _LANGUAGES.get(code, code)
    return code if re.fullmatch("[a-z]{2,3}", code) else None


def as_list(value: Json) -> list[Json] | None:
    """The list that a value is, or that its text spells in JSON or Python; None for anything else."""
    if isinstance(value, list):
        return value
    if isinstance(value, str) and value.lstrip()[:1] == "[" and value.rstrip()[-1:] == "]" and len(value) < RAW_LIMIT:
        try:
            found = orjson.loads(value)
        except orjson.JSONDecodeError:
            return python_list(value)
        return found if isinstance(found, list) else None
    return None


def _is_path(text: str, separators: Sequence[str]) -> bool:
    return any(separator in text for separator in separators or (">", "»", "›", "|"))


def _levels(text: str, separators: Sequence[str]) -> list[str]:
    for separator in separators or _SEPARATORS:
        if separator in text:
            return text.split(separator)
    return [text]
