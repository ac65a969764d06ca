"""Prices in words: «under $50», «between 20 and 40 dollars», 五百元以内, 预算300."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from search.domain import Operator
from search.lexicon import Lexicon
from search.lexicon.folding import HAN
from search.understanding.found import BLANK, Condition, Found
from search.understanding.money import chinese, currency_of, english
from search.understanding.numbers import read_number
from search.understanding.units import UNIT_AFTER, UNIT_AFTER_HAN

Sense = Literal["<", "<=", ">", ">=", "~"]

_AROUND = 0.2
"""«Around 50» prefers 40 to 60."""

_PREFIXES: dict[Sense, str] = {
    "<=": r"(?:no|not|never)\s+(?:to\s+)?(?:more|higher|greater|pricier)\s+than"
    r"|(?:no|not)\s+(?:over|above|exceeding|to\s+exceed|beyond)"
    r"|max(?:imum)?\.?(?:\s+(?:price|budget|of|is))*:?|up\s?to|at\s+(?:the\s+)?(?:very\s+)?most|within|<=|=<|≤|⩽",
    ">=": r"(?:no|not)\s+(?:less|lower|cheaper|fewer)\s+than|not\s+(?:under|below)"
    r"|at\s+(?:the\s+(?:very\s+)?)?least|at\s+minimum|start(?:s|ing)?\s+(?:at|from)|min(?:imum)?\.?(?:\s+(?:price|of|is))*:?|>=|=>|≥|⩾",
    "<": r"under(?:neath)?|below|beneath|(?:less|cheaper|lower)\s+than|less\s+expensive\s+than|<",
    ">": r"over|above|(?:more|greater|higher|pricier)\s+than|more\s+expensive\s+than|exceeding|north\s+of|>",
    "~": r"around|about|approx(?:imately|\.)?|roughly|circa|close\s+to|~",
}  # fmt: skip
_POSTFIXES: dict[Sense, str] = {
    "<=": r"(?:or|and)\s+(?:less|under|below|lower|cheaper)|max(?:imum)?\b|tops\b|at\s+(?:the\s+)?most",
    ">=": r"(?:or|and)\s+(?:more|above|higher|over|up(?:wards?)?)|at\s+(?:the\s+)?least|min(?:imum)?\b|\+",
    "~": r"or\s+so|ish\b|-ish\b",
}
_CUE = (
    r"(?:(?:that|which)\s+)?(?:is\s+|are\s+|my\s+|with\s+a\s+|at\s+a\s+|a\s+)*"
    r"\b(?:price[ds]?|price\s+range|cost(?:s|ing)?|budget(?:ed)?|spend(?:ing)?|pay(?:ing)?|sell(?:s|ing)?"
    r"|retail(?:s|ing)?)\b(?:\s+(?:is|are|of|at|for|from|in|it|to|should\s+be|must\s+be|has\s+to\s+be|anywhere"
    r"|somewhere|range|limit|cap|only|the\s+range\s+of))*"
    r"\s*[:=]?\s*"
)
_EN_RANGE = re.compile(
    rf"(?P<cue>{_CUE})?(?P<lead>\b(?:between|from|range\s+of|in\s+the|around|about)\s+)?{english('a')}"
    rf"\s*(?P<mid>-|–|—|~|\bto\b|\band\b|\bthrough\b)\s*{english('b')}(?P<tail>\s+(?:range|budget)\b)?"
)
_EN_COMPARE = re.compile(
    rf"(?P<cue>{_CUE})?(?P<sense>"
    + "|".join(rf"(?P<p{n}>(?<![a-z])(?:{words}))" for n, words in enumerate(_PREFIXES.values()))
    + rf")\s*(?:(?:about|around|roughly|a\s+price\s+of|the)\s+)?{english('a')}"
    r"(?P<both>\s*(?:or|and)\s+(?:less|under|below|more|up|above)\b|\s+max\b)?"
)
_EN_AFTER = re.compile(
    rf"(?P<cue>{_CUE})?{english('a')}\s*(?:"
    + "|".join(rf"(?P<p{n}>{words})" for n, words in enumerate(_POSTFIXES.values()))
    + ")(?![a-z])"
)
_EN_PLAIN = re.compile(rf"(?P<cue>{_CUE})?{english('a')}(?P<tail>\s+budget\b)?")
_ONLY_BUDGET = re.compile(r"budget|spend|pay|limit|cap\b")
_SENSES = tuple(_PREFIXES)
_AFTER_SENSES = tuple(_POSTFIXES)

_FREE = re.compile(
    rf"\s*(?:$|[,.;:!?)(|&{BLANK}{HAN}]|-\s|(?:and|or|but|for|with|in|on|of|please|not|no|without|that|which|who|if|to|from|each|per|total|"
    r"except|excluding|only|including|made|by|size|colou?r|any|as|is|are|preferably|ideally|thanks)\b)"
)
_ADULTS = re.compile(r"\b(?:wom[ae]n|m[ae]n|adults?|ladies|seniors?|people|skin|everyone|those|anyone|moms?|dads?)\W*$")
_YOUNG = re.compile(
    r"\b(?:kids?|child(?:ren)?|boys?|girls?|toddlers?|bab(?:y|ies)|infants?|teens?|youth|ages?|aged|players?|grades?)\W*$"
)
_WORD = re.compile(r"\s+([a-z][a-z'-]*)")
_NEED_CURRENCY = re.compile(r"max|min|within|about|approx|circa|close|~|beneath|in\b")

_ZH_BEFORE: dict[Sense, str] = {
    "<=": r"不要?超过?|不能?超过|别超过?|不超|不高于|不多于|不大于|最多|至多|最高|顶多|最贵|上限|控制在|≤|<=",
    ">=": r"不低于|不少于|不小于|至少|最少|最低|起码|起步|≥|>=",
    "<": r"低于|少于|小于|不到|不足|便宜于|<",
    ">": r"高于|超过|大于|多于|贵于|>",
    "~": r"大概|大约|约|差不多|接近",
}
_ZH_AFTER: dict[Sense, str] = {
    "<=": r"以内|之内|封顶|为限|内|预算",
    ">=": r"起步|起|打底",
    "<": r"以下|之下|及以下|往下|不到",
    ">": r"以上|之上|及以上|往上|开外",
    "~": r"左右|上下|附近|出头",
}
_ZH_CUE = (
    r"(?:(?:我的|心理)?(?:价格|价位|价钱|售价|单价|总价|定价|预算)"
    r"(?:\s*(?:区间|范围|大概|大约|差不多|只有|需要|在|是|为|要|就|约|:|,))*\s*)"
)
_ZH_RANGE = re.compile(
    rf"(?P<cue>{_ZH_CUE})?(?P<lead>介于|从|在)?{chinese('a')}\s*(?P<mid>到|至|-|~|—|–|和|与)\s*{chinese('b')}"
    r"(?P<tail>之间|以内|区间|左右)?"
)
_ZH_COMPARE = re.compile(
    rf"(?P<cue>{_ZH_CUE})?(?:"
    + "|".join(rf"(?P<p{n}>{words})" for n, words in enumerate(_ZH_BEFORE.values()))
    + rf")\s*(?:在|于)?\s*{chinese('a')}(?P<both>左右|上下|以内|以下|之内|以上)?"
)
_ZH_POST = re.compile(
    rf"(?P<cue>{_ZH_CUE})?{chinese('a')}\s*(?:的)?(?:"
    + "|".join(rf"(?P<p{n}>{words})" for n, words in enumerate(_ZH_AFTER.values()))
    + ")"
)
_ZH_MANY = re.compile(
    rf"(?P<cue>{_ZH_CUE})?(?P<a>\d{{1,7}}|[一二两三四五六七八九]?[百千万]|[一二三四五六七八九]?十)多(?P<a_after>块钱|块|元|)(?:钱)?"
)
_ZH_EITHER = re.compile(
    r"(?P<a>[一二两三四五六七八])(?P<b>[二三四五六七八九])(?P<unit>[十百千万])(?:(?P<after>块钱|块|元)|(?=的|$|[左上]))(?:左右|上下)?"
)
_ZH_PLAIN = re.compile(rf"(?P<cue>{_ZH_CUE})?{chinese('a')}")
_ZH_SENSES = tuple(_ZH_BEFORE)
_ZH_AFTER_SENSES = tuple(_ZH_AFTER)
_ZH_NOT_AFTER = re.compile(rf"\s*(?:的?(?:加减|乘|口算|数学|数字|算|整数)|{UNIT_AFTER_HAN}|[.\d]|{UNIT_AFTER})")
_ZH_NOT_BEFORE = re.compile(
    r"(?:评分|得分|好评率?|身高|体重|年龄|内存|存储|尺码|容量|功率|电池|屏幕|分辨率|像素|温度|度数|销量|评论数?|重量|长度|厚度|高度|宽度|尺寸|码数|刷新率|续航|[a-z\d.])\s*$"
)
_HAS_NUMBER = re.compile(
    r"\d|[一二两三四五六七八九十百千万]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|"
    r"twenty|thirty|fou?rty|fifty|sixty|seventy|eighty|ninety|hundred|thousand)\b"
)
_ZH_ALONE = re.compile(rf"\s*(?:的|$|[,，。{BLANK}])")
_SPELLED_LEAST = 5
_LEAST_BARE = 100
"""A range of bare numbers from here on can be one of prices: 3000-5000的笔记本."""


def prices(text: str, lexicon: Lexicon) -> list[Found]:
    """Price conditions in `text` (lower case), in order, none overlapping."""
    if not _HAS_NUMBER.search(text):
        return []
    found: list[Found] = []
    for pattern, read in _ENGLISH if text.isascii() else _READERS:
        for match in pattern.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            item = read(match, text, lexicon)
            if item is not None:
                found.append(item)
    return sorted(found, key=lambda item: item.start)


def _english_range(match: re.Match[str], text: str, lexicon: Lexicon) -> Found | None:
    low, high = read_number(match["a"]), read_number(match["b"])
    if low is None or high is None or (match["mid"] == "-" and match["a"].isalpha() and match["b"][0].isalpha()):
        return None
    if match["b"].endswith("k") and not match["a"].endswith("k") and low * 1000 <= high:
        low *= 1000
    if low > high:
        return None
    currencies = _currencies(match, "a") or _currencies(match, "b")
    if not currencies and not match["cue"]:
        joined = (match["lead"] or "").split()[:1] == ["between"] and match["mid"] == "and"
        joined = joined or ((match["lead"] or "").startswith("from") and match["mid"] == "to")
        if (
            not joined
            or not _stands_free(match, text, lexicon, "<")
            or (min(low, high) < _SPELLED_LEAST and match["a"].isalpha())
        ):
            return None
    if match["mid"] in ("and", "through") and not match["lead"] and not match["cue"]:
        return None
    return _found(match, text, lexicon, currencies, (">=", low), ("<=", high))


def _english_compare(match: re.Match[str], text: str, lexicon: Lexicon) -> Found | None:
    sense = next(_SENSES[n] for n in range(len(_SENSES)) if match[f"p{n}"])
    amount, currencies = read_number(match["a"]), _currencies(match, "a")
    if amount is None:
        return None
    if not currencies and not match["cue"]:
        if match["a"].isalpha() and amount < _SPELLED_LEAST:
            return None
        leading = match.start() == 0 or text[: match.start()].rstrip()[-1:] in (",", "", ";")
        symbol = match["sense"] in "<>≤≥" or "=" in match["sense"]
        if _NEED_CURRENCY.match(match["sense"]) and not leading and not re.search("price|budget", match["sense"]):
            return None
        if match["sense"] == "~" or (not symbol and not _stands_free(match, text, lexicon, sense)):
            return None
        if symbol and _followed_by_unit(match, text):
            return None
    return _compared(match, text, lexicon, currencies, sense, amount)


def _english_after(match: re.Match[str], text: str, lexicon: Lexicon) -> Found | None:
    number = next(n for n in range(len(_AFTER_SENSES)) if match[f"p{n}"])
    amount, currencies = read_number(match["a"]), _currencies(match, "a")
    if amount is None:
        return None
    wordy = (match[f"p{number}"] or "")[:2] in ("or", "an", "at")
    if (
        not currencies
        and not match["cue"]
        and not (
            wordy
            and _before_free(text[: match.start()])
            and _FREE.match(text, match.end())
            and lexicon.products * lexicon.has("price") >= 0
            and not match["a"].isalpha()
        )
    ):
        return None
    return _compared(match, text, lexicon, currencies, _AFTER_SENSES[number], amount)


def _english_plain(match: re.Match[str], text: str, lexicon: Lexicon) -> Found | None:
    amount, currencies = read_number(match["a"]), _currencies(match, "a")
    if amount is None or (not currencies and not match["cue"]):
        return None
    if not (match["a_after"] or "").isascii():
        return None  # left to the Chinese reader, which knows 9块9 and 两块
    if match["tail"] or (match["cue"] and _ONLY_BUDGET.search(match["cue"])):
        return _compared(match, text, lexicon, currencies, "<=", amount)
    if not currencies:
        if _followed_by_unit(match, text):
            return None
        return _compared(match, text, lexicon, currencies, "~", amount) if "price" in match["cue"] else None
    return _compared(match, text, lexicon, currencies, "~", amount)


def _chinese_range(match: re.Match[str], text: str, lexicon: Lexicon) -> Found | None:
    low, high = read_number(match["a"]), read_number(match["b"])
    if low is None or high is None:
        return None
    scale = re.search("[百千万kw]$", match["b"])
    factor = {"百": 100, "千": 1000, "万": 10_000, "k": 1000, "w": 10_000}[scale[0]] if scale else 1
    # 三到五百 is 300 to 500, and 五到三百 is 5 to 300.
    if scale and low < 10 and low * factor < high and not re.search("[百千万kw]", match["a"]):
        low *= factor
    if low > high:
        return None
    currencies = _currencies(match, "b") or _currencies(match, "a")
    between = match["tail"] in ("之间", "区间", "以内")
    if match["mid"] in "和与" and not (between or match["lead"] == "介于"):
        return None
    if not currencies and not match["cue"]:
        alone = low >= _LEAST_BARE and match["mid"] not in "和与" and _ZH_ALONE.match(text, match.end())
        if not (between or alone) or not _chinese_free(match, text):
            return None
    return _found(match, text, lexicon, currencies, (">=", low), ("<=", high))


def _chinese_compare(match: re.Match[str], text: str, lexicon: Lexicon) -> Found | None:
    sense = next(_ZH_SENSES[n] for n in range(len(_ZH_SENSES)) if match[f"p{n}"])
    amount, currencies = read_number(match["a"]), _currencies(match, "a")
    if amount is None or (not currencies and not match["cue"] and (sense == "~" or not _chinese_free(match, text))):
        return None
    if match["both"] in ("左右", "上下"):
        sense = "~"
    elif sense == "~" and match["both"] in ("以内", "之内", "以下"):
        sense = "<="
    elif sense == "~" and match["cue"] and "预算" not in match["cue"] and match["both"]:
        sense = ">"
    return _compared(match, text, lexicon, currencies, sense, amount)


def _chinese_after(match: re.Match[str], text: str, lexicon: Lexicon) -> Found | None:
    number = next(n for n in range(len(_ZH_AFTER_SENSES)) if match[f"p{n}"])
    word, sense = match[f"p{number}"], _ZH_AFTER_SENSES[number]
    amount, currencies = read_number(match["a"]), _currencies(match, "a")
    if amount is None:
        return None
    if not currencies and not match["cue"] and (word in ("内", "起", "附近", "打底") or not _chinese_free(match, text)):
        return None
    return _compared(match, text, lexicon, currencies, sense, amount)


def _chinese_many(match: re.Match[str], text: str, lexicon: Lexicon) -> Found | None:
    """200多块: two hundred and something."""
    amount = read_number(match["a"])
    if amount is None or amount < 10 or not (match["a_after"] or match["cue"]):
        return None
    step = 10 ** (len(str(int(amount))) - 1)
    codes = ("CNY",) if match["a_after"] else ()
    return _found(match, text, lexicon, codes, (">=", amount), ("<", amount + step), prefer=True)


def _chinese_either(match: re.Match[str], text: str, lexicon: Lexicon) -> Found | None:
    """三四百: three or four hundred."""
    low, high = (read_number(match[name] + match["unit"]) for name in ("a", "b"))
    step = read_number(match["unit"])
    if low is None or high is None or step is None or high - low != step:
        return None
    codes = ("CNY",) if match["after"] else ()
    return _found(match, text, lexicon, codes, (">=", low), ("<", high + step), prefer=True)


def _chinese_plain(match: re.Match[str], text: str, lexicon: Lexicon) -> Found | None:
    amount, currencies = read_number(match["a"]), _currencies(match, "a")
    if amount is None:
        return None
    if match["cue"]:
        if not currencies and not _chinese_free(match, text):
            return None
        return _compared(match, text, lexicon, currencies, "<=" if "预算" in match["cue"] else "~", amount)
    after = (match["a_after"] or "").strip()
    # 千元机 is a kind of phone and 两块 may be two bars of soap.
    if not currencies or after in ("块", "刀") or text[match.end() : match.end() + 1] == "机":
        return None
    return _compared(match, text, lexicon, currencies, "~", amount)


def _compared(
    match: re.Match[str], text: str, lexicon: Lexicon, currencies: tuple[str, ...], sense: Sense, amount: float
) -> Found:
    if sense == "~":
        low, high = round(amount * (1 - _AROUND), 2), round(amount * (1 + _AROUND), 2)
        return _found(match, text, lexicon, currencies, (">=", low), ("<=", high), prefer=True)
    return _found(match, text, lexicon, currencies, (sense, amount))


def _found(
    match: re.Match[str],
    text: str,
    lexicon: Lexicon,
    currencies: tuple[str, ...],
    *bounds: tuple[Operator, float],
    prefer: bool = False,
) -> Found:
    known = lexicon.currencies
    code = next((code for code in currencies if code in known), None)
    strange = bool(currencies and known and code is None)
    strength: Literal["must", "prefer"] = "prefer" if prefer or strange else "must"
    conditions = [Condition("price", op, _tidy(value), strength) for op, value in bounds]
    if code is not None and len(known) > 1:
        conditions.append(Condition("currency", "=", code, strength, (code,)))
    start, end = match.start(), match.end()
    while end > start and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return Found(start, end, tuple(conditions), (start, end))


def _tidy(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def _currencies(match: re.Match[str], name: str) -> tuple[str, ...]:
    return currency_of(match[f"{name}_sign"], match[f"{name}_after"])


def _stands_free(match: re.Match[str], text: str, lexicon: Lexicon, sense: Sense) -> bool:
    """Whether a bare number after a comparing word can only be a price: no unit, no age, no count follows."""
    if lexicon.products and not lexicon.has("price"):
        return False
    before, amount = text[: match.start()], read_number(match["a"]) or 0
    if _YOUNG.search(before) and amount < 18:
        return False
    if _ADULTS.search(before) and (sense not in ("<", "<=") or amount < 15):
        return False
    if _FREE.match(text, match.end()):
        return True
    word = _WORD.match(text, match.end())
    if sense not in ("<", "<=") or word is None or _followed_by_unit(match, text) or match["a"].isalpha():
        return False
    return not (word[1].endswith("s") and not word[1].endswith("ss"))


def _before_free(before: str) -> bool:
    return not (
        _YOUNG.search(before)
        or _ADULTS.search(before)
        or (
            re.search(r"[a-z]\s*$", before)
            and re.search(
                r"\b(?:size|spf|age|version|series|windows|iphone|for|gen|level|grade|model|class)\s*$", before
            )
        )
    )


def _followed_by_unit(match: re.Match[str], text: str) -> bool:
    return re.match(UNIT_AFTER, text[match.end() :]) is not None


def _chinese_free(match: re.Match[str], text: str) -> bool:
    """Whether a bare number is a price: no field is named before it, no unit or sum follows."""
    return not _ZH_NOT_AFTER.match(text, match.end()) and not _ZH_NOT_BEFORE.search(text[: match.start()])


_Reader = Callable[[re.Match[str], str, Lexicon], Found | None]
_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_ZH_EITHER, _chinese_either),
    (_ZH_RANGE, _chinese_range),
    (_EN_RANGE, _english_range),
    (_ZH_COMPARE, _chinese_compare),
    (_EN_COMPARE, _english_compare),
    (_ZH_POST, _chinese_after),
    (_EN_AFTER, _english_after),
    (_ZH_MANY, _chinese_many),
    (_ZH_PLAIN, _chinese_plain),
    (_EN_PLAIN, _english_plain),
)
_ENGLISH = tuple(reader for reader in _READERS if "english" in reader[1].__name__)

__all__ = ["prices"]
