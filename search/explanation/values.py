"""Values of a product as people write them: cleaned, cut to length, with currency and unit. Pure.

What suppliers wrote is data: signs that cannot be seen or that steer a terminal or a text are taken out, and so is what
would break the sentence around it.
"""

from __future__ import annotations

import math
import re
import unicodedata

from search.domain import Document, Json, Language
from search.lexicon.folding import fold, is_han, key
from search.understanding.names import names

MOST_TITLE = 40
MOST_VALUE = 32
"""Characters of a title and of any other value within a sentence; a Chinese character counts as two, as it is read."""

_SIGNS = {
    "USD": "$", "CNY": "¥", "RMB": "¥", "EUR": "€", "GBP": "£", "INR": "₹", "KRW": "₩", "CAD": "C$", "AUD": "A$",
    "HKD": "HK$", "SGD": "S$", "NZD": "NZ$", "TWD": "NT$", "JPY": "JP¥",
}  # fmt: skip

_UNITS: dict[str, tuple[str, str]] = {
    "db": ("dB", "分贝"), "g": ("g", "克"), "kg": ("kg", "千克"), "mg": ("mg", "毫克"), "lb": ("lb", "磅"),
    "lbs": ("lb", "磅"), "oz": ("oz", "盎司"), "mm": ("mm", "毫米"), "cm": ("cm", "厘米"), "m": ("m", "米"),
    "km": ("km", "公里"), "inch": ("in", "英寸"), "inches": ("in", "英寸"), "ft": ("ft", "英尺"),
    "ml": ("ml", "毫升"), "l": ("L", "升"), "litres": ("L", "升"), "liters": ("L", "升"), "gb": ("GB", "GB"),
    "tb": ("TB", "TB"), "mb": ("MB", "MB"), "mah": ("mAh", "毫安时"), "wh": ("Wh", "Wh"), "w": ("W", "瓦"),
    "watt": ("W", "瓦"), "watts": ("W", "瓦"), "kw": ("kW", "千瓦"), "v": ("V", "伏"), "volts": ("V", "伏"),
    "hz": ("Hz", "Hz"), "ghz": ("GHz", "GHz"), "nm": ("Nm", "牛米"), "lumens": ("lm", "流明"), "lm": ("lm", "流明"),
    "dpi": ("dpi", "dpi"), "mp": ("MP", "MP"), "rpm": ("rpm", "转/分"), "hours": ("hours", "小时"),
    "hrs": ("hours", "小时"), "h": ("hours", "小时"), "minutes": ("minutes", "分钟"), "min": ("minutes", "分钟"),
    "days": ("days", "天"), "months": ("months", "个月"), "years": ("years", "年"), "pages": ("pages", "页"),
    "pct": ("%", "%"), "percent": ("%", "%"),
}  # fmt: skip
"""The last piece of a field's name → its unit, in English and in Chinese."""

_ALONE = {"watts": "power", "pages": "length", "lumens": "brightness", "volts": "voltage"}
"""What is measured, where the unit is the whole name of the field."""

_NOTHING = frozenset({"", "none", "null", "nan", "n/a", "na", "-", "--", "unknown", "undefined", "无", "暂无", "未知"})
_SPACE = re.compile(r"\s+")
_EMPTY = re.compile(r"[(\[{（【「『《〈<]\s*[)\]}）】」』》〉>]")
_PLAIN = re.compile(r"[^\W_]+(?:(?: |, |-)[^\W_]+)*")
"""Words as most texts have them: there is nothing to clean."""

_DANGLING = re.compile(r"(?<=\w)(?: (?:a|an|and|&|by|for|from|in|of|on|or|the|to|with))+$", re.IGNORECASE)
_BRACKETS = re.compile(r"[()\[\]{}（）【】「」『』《》〈〉]")
_REPEATED = re.compile(r"([^\w\s])\1+")
_APART = re.compile(r" ([,.;!?])(?= |$)")
_ENDS = " \t,;:.，。；：、·|/\\-–—_*~…!?！？"
_CLOSED_BY = {"(": ")", "[": "]", "{": "}", "（": "）", "【": "】", "「": "」", "『": "』", "《": "》", "〈": "〉"}
_QUOTES = str.maketrans({"“": "'", "”": "'", '"': "″", "„": "'", "«": "'", "»": "'", "「": "'", "」": "'", "`": "'"})
_LEAST_HEAD = 12


def clean(value: Json) -> str:
    """One line of what can be seen, without quotes of its own; "" where nothing is said. Of any JSON value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return "" if (held := amount(value)) is None else number(held)
    if not isinstance(value, str):
        return ""
    text = unicodedata.normalize("NFC", value[:4000])
    if _PLAIN.fullmatch(text):
        return "" if text.lower() in _NOTHING else text
    if not text.isprintable():
        text = "".join(char if unicodedata.category(char)[0] not in "C" else " " for char in text)
    text = _SPACE.sub(" ", text).translate(_QUOTES)
    while (less := _EMPTY.sub("", text)) != text:
        text = less
    text = _tidy(_REPEATED.sub(r"\1", text))
    return "" if text.lower() in _NOTHING or not re.search(r"\w", text) else text


def cut(text: str, most: int) -> str:
    """A cleaned text of at most `most` columns, cut between words, before a comma where that keeps enough."""
    if columns(text) <= most:
        return _closed(text)
    head, width = "", 0
    for char in text:
        width += columns(char)
        if width > most - 1:
            break
        head += char
    comma = max(head.rfind(mark) for mark in (", ", "，", " - ", " – ", "; ", " | "))
    if comma >= _LEAST_HEAD:
        return _closed(head[:comma].rstrip(_ENDS))
    if not is_han(head[-1:]) and (space := head.rfind(" ")) > most // 3:
        head = _DANGLING.sub("", head[:space])
    return _closed(head.rstrip(_ENDS)) + "…"


def columns(text: str) -> int:
    """How wide it is read: wide characters are two."""
    if text.isascii():
        return len(text)
    wide = [char for char in set(text) if unicodedata.east_asian_width(char) in "WF"]
    return len(text) + sum(map(text.count, wide))


def _closed(text: str) -> str:
    """Without a bracket that is opened and not closed any more, and without one that closes what is not open."""
    if not _BRACKETS.search(text):
        return text.strip(_ENDS)
    stack: list[tuple[int, str]] = []
    lone: set[int] = set()
    for place, char in enumerate(text):
        if char in _CLOSED_BY:
            stack.append((place, _CLOSED_BY[char]))
        elif char in _CLOSED_BY.values():
            if stack and stack[-1][1] == char:
                stack.pop()
            else:
                lone.add(place)
    lone |= {place for place, _ in stack}
    kept = "".join(char for place, char in enumerate(text) if place not in lone) if lone else text
    return _tidy(_EMPTY.sub("", kept))


def _tidy(text: str) -> str:
    """Words apart by one space, no space before a stop, no stop at the ends."""
    return _APART.sub(r"\1", _SPACE.sub(" ", text)).strip(_ENDS)


def value(value: Json, most: int = MOST_VALUE) -> str:
    """A value for a sentence; of a list the first two members."""
    if isinstance(value, list | tuple):
        members = [each for one in value if (each := cut(clean(one), most))]
        return cut(" / ".join(members[:2]), most) if members else ""
    return cut(clean(value), most)


def quoted(text: str) -> str:
    return text if text.startswith("“") and text.endswith("”") else f"“{text}”"


def title(document: Document, most: int = MOST_TITLE) -> str:
    """ "" where the document has none."""
    return value(document.get("title"), most)


def number(value: float) -> str:
    """38 for 38.0, as many digits as the product gives, and 12,345 with a comma; "" for what is not finite."""
    if not math.isfinite(value):
        return ""
    if value == int(value) and abs(value) < 1e15:
        whole = int(value)
        return f"{whole:,}" if abs(whole) >= 10_000 else str(whole)
    return f"{value:.10g}"


def money(amount: float, currency: Json = None) -> str:
    """$59, ¥1,299, $12.50; 59 SEK where the currency has no sign of its own, 59 where it is not known."""
    if not math.isfinite(amount):
        return ""
    whole = amount == int(amount)
    digits = f"{int(amount):,}" if whole else f"{amount:,.2f}"
    code = currency.strip().upper() if isinstance(currency, str) else ""
    if code in _SIGNS:
        return _SIGNS[code] + digits
    return f"{digits} {code}" if re.fullmatch("[A-Z]{3}", code) else digits


def about(amount: float, currency: Json = None) -> str:
    """A price without its cents, where it has any to speak of besides."""
    return money(float(int(amount + 0.5)) if amount >= 10 else amount, currency)


def amount(value: Json) -> float | None:
    """A finite number, or None."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        held = float(value)
    except OverflowError:  # JSON knows no largest number
        return None
    return held if math.isfinite(held) else None


def unit(field: str, language: Language) -> str:
    """What a number field is measured in, by its name: `noise_db`; "" where that does not say."""
    pieces = fold(field).split("_")
    known = _UNITS.get(pieces[-1]) if len(pieces) > 1 or pieces[0] in _ALONE else None
    return known[language == "zh"] if known else ""


def measure(amount: float, field: str, language: Language) -> str:
    """38 dB, 1.2 m, 30 mm; in Chinese 38分贝."""
    said, of = number(amount), unit(field, language)
    return f"{said}{of}" if language == "zh" or of == "%" else f"{said} {of}".strip()


def label(field: str, language: Language) -> str:
    """A field's name as people say it: noise for `noise_db`, 噪音 in Chinese."""
    known = _LABELS.get(field)
    if known is not None:
        return known[language == "zh"]
    pieces = fold(field).split("_")
    if unit(field, language):
        pieces = pieces[:-1] or [_ALONE[pieces[-1]]]
    plain = cut(clean(" ".join(piece for piece in pieces if piece)), MOST_VALUE) or (
        "data" if language == "en" else "参数"
    )
    if plain in _LABELS:
        return _LABELS[plain][language == "zh"]
    if language == "zh" and not is_han(plain):
        return names().chinese.get(key(plain), f"“{plain}”")
    if language == "en" and is_han(plain):
        known_as = {chinese: english for english, chinese in reversed(_LABELS.values())}
        return known_as.get(plain) or names().english.get(key(plain), f"“{plain}”")
    return plain


def labels(language: Language) -> frozenset[str]:
    """The names of fields that Daogou knows, as `label` gives them."""
    return frozenset(both[language == "zh"] for both in _LABELS.values())


_LABELS: dict[str, tuple[str, str]] = {
    "title": ("title", "标题"), "description": ("description", "描述"), "brand": ("brand", "品牌"),
    "category": ("category", "类目"), "price": ("price", "价格"), "currency": ("currency", "币种"),
    "in_stock": ("stock", "库存"), "language": ("language", "语言"), "id": ("id", "编号"), "model": ("model", "型号"),
    "colour": ("colour", "颜色"), "color": ("colour", "颜色"), "product colour": ("colour", "颜色"),
    "product_colour": ("colour", "颜色"), "size": ("size", "尺寸"), "material": ("material", "材质"),
    "weight": ("weight", "重量"), "noise": ("noise", "噪音"), "capacity": ("capacity", "容量"),
    "power": ("power", "功率"), "length": ("length", "长度"), "width": ("width", "宽度"),
    "height": ("height", "高度"), "depth": ("depth", "深度"), "screen": ("screen", "屏幕"),
    "storage": ("storage", "存储"), "memory": ("memory", "内存"), "ram": ("RAM", "内存"),
    "battery": ("battery", "电池"), "voltage": ("voltage", "电压"), "volume": ("volume", "容量"),
    "rating": ("rating", "评分"), "rating_count": ("number of ratings", "评分人数"), "wireless": ("wireless", "无线"),
    "waterproof": ("waterproof", "防水"), "connection": ("connection", "连接方式"),
    "power source": ("power source", "供电方式"), "gender": ("gender", "适用性别"),
    "released": ("release date", "上市日期"), "type": ("type", "类型"), "fit": ("fit", "版型"),
    "season": ("season", "季节"), "pieces": ("number of pieces", "件数"), "persons": ("number of persons", "适用人数"),
    "dpi": ("dpi", "DPI"), "compatibility": ("compatibility", "兼容"),
    "torque": ("torque", "扭矩"), "max load": ("maximum load", "最大承重"), "resolution": ("resolution", "分辨率"),
    "skin type": ("skin type", "适用肤质"), "origin": ("origin", "产地"), "diet": ("diet", "饮食标签"),
    "age from": ("starting age", "起始年龄"), "fragrance free": ("fragrance free", "无香"),
    "vegan": ("vegan", "纯素"), "organic": ("organic", "有机"), "caffeine free": ("caffeine free", "无咖啡因"),
    "machine washable": ("machine washable", "可机洗"), "battery included": ("battery included", "含电池"),
    "battery required": ("battery required", "需要电池"), "wide fit": ("wide fit", "宽楦"),
    "induction": ("suitable for induction", "适用电磁炉"), "pockets": ("with pockets", "有口袋"),
    "assembly required": ("assembly required", "需要组装"), "washable": ("washable", "可清洗"),
    "switch type": ("switch type", "轴体"), "key ingredients": ("key ingredients", "主要成分"),
    "author": ("author", "作者"), "format": ("format", "装帧"), "brightness": ("brightness", "亮度"),
    "warranty": ("warranty", "质保"), "key": ("key", "调性"),
}  # fmt: skip
"""Field names, their unit taken off → how people say them in English and in Chinese."""
