"""A strict reading of prices: what could mean two amounts is refused, never guessed.

How a number is read, once the currency is taken off:

* spaces and apostrophes group thousands: `1 299,00`, `1'299.00`;
* with both a point and a comma, the last one is the decimal mark and the other groups: `1,299.00`, `1.299,00`;
* a mark that occurs twice groups: `1,299,000`; groups have three digits, or the Indian way two and then three;
* one mark followed by one, two or more than three digits is the decimal mark: `12.5`, `12,50`;
* one mark followed by exactly three digits could be either. `decimal` settles it, else the currency does: `$1,299`
  and `¥1,299` group with a comma, `1.299 €` with a point. In every other case (`1.299`, `$1.299`, `€1,299`) the price
  is refused; `0.299` and `1299.125`, where no group can be meant, are not.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from indexer.problems import Unreadable, excerpt

PRICE_LIMIT = Decimal(10) ** 9
"""Above this a price is taken for a mistake, such as a phone number in the wrong column."""

_FLOAT_PLACES = 6
_LONGEST = 60

_CODES = """
AED ARS AUD BDT BGN BHD BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW KWD LKR MAD MXN
MYR NGN NOK NZD OMR PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR
"""

_SYMBOLS = {
    "$": "USD", "US$": "USD", "U$S": "USD", "C$": "CAD", "CA$": "CAD", "CDN$": "CAD", "A$": "AUD", "AU$": "AUD",
    "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "SG$": "SGD", "NT$": "TWD", "R$": "BRL", "MX$": "MXN", "€": "EUR",
    "EURO": "EUR", "EUROS": "EUR", "£": "GBP", "¥": "CNY", "CN¥": "CNY", "RMB": "CNY", "元": "CNY", "圆": "CNY",
    "人民币": "CNY", "美元": "USD", "欧元": "EUR", "英镑": "GBP", "港币": "HKD", "港元": "HKD", "日元": "JPY",
    "円": "JPY", "JP¥": "JPY", "₹": "INR", "RS": "INR", "RS.": "INR", "₩": "KRW", "원": "KRW", "₽": "RUB",
    "руб": "RUB", "руб.": "RUB", "CHF.": "CHF", "FR.": "CHF", "SFR.": "CHF", "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF",
    "₺": "TRY", "TL": "TRY", "₫": "VND", "฿": "THB", "₱": "PHP", "₪": "ILS", "₦": "NGN", "₴": "UAH", "LEI": "RON",
    "KR": "", "KR.": "",
}  # fmt: skip
"""Signs → ISO 4217; "" where several countries share one. `$` and `¥` give way to what the mapping or the row says."""

_SHARED = {
    "$": {"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP"},
    "¥": {"CNY", "JPY"},
    "RS": {"INR", "PKR", "LKR"},
    "RS.": {"INR", "PKR", "LKR"},
    "£": {"GBP", "EGP"},
    "KR": {"SEK", "NOK", "DKK", "ISK"},
    "KR.": {"SEK", "NOK", "DKK", "ISK"},
}

_COMMA_GROUPS = """
USD GBP CNY JPY AUD CAD NZD HKD SGD TWD INR KRW THB PHP MXN MYR ILS AED SAR EGP NGN KES PKR LKR BDT QAR
"""
_POINT_GROUPS = """
EUR BRL DKK TRY IDR VND ARS CLP COP RON RSD ISK
"""

_TOKENS = {**{code: code for code in _CODES.split()}, **{token.upper(): code for token, code in _SYMBOLS.items()}}
_TOKEN = "|".join(sorted((re.escape(token) for token in _TOKENS), key=len, reverse=True))
_PRICE = re.compile(
    rf"(?P<sign1>[-−(]?)\s*(?P<before>(?:(?:{_TOKEN})\s*){{0,2}})(?P<sign2>[-−]?)\s*"
    rf"(?P<number>[0-9.,' ]*[0-9])(?:[.,][-–—]{{1,2}})?(?P<after>(?:\s*(?:{_TOKEN})){{0,2}})\s*\)?"
)
_TOKEN_ALONE = re.compile(_TOKEN)
_RANGE = re.compile(r"[0-9]\D*\s*(?:[-–—~～/]|\bto\b|\bor\b|至|到)\s*\D{0,4}[0-9]", re.IGNORECASE)

# Full-width forms (￥１，２９９．００), other spaces and apostrophes. Nothing else is folded: 12⁹⁹ is not 1299.
_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0xFFE5: ord("¥"), 0xFFE1: ord("£"), 0xFFE6: ord("₩"), 0x3000: 32, 0xA0: 32, 0x2007: 32, 0x2009: 32, 0x202F: 32,
    0x2019: ord("'"), 0x02BC: ord("'"), 0xB4: ord("'"), 0x60: ord("'"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Price:
    """`amount` in units of `currency` (ISO 4217), which is None where nothing names one."""

    amount: Decimal
    currency: str | None


def read_price(
    value: object, *, currency: str | None = None, decimal: str | None = None, scale: Decimal = Decimal(1)
) -> Price | None:
    """The price that `value` states, times `scale`; None where there is none to read.

    `currency` is what mapping or row say besides; a different one written in the value itself wins. `decimal` is the
    decimal mark, "." or ",". Raises Unreadable for what is ambiguous, negative, not finite, no price, or above
    PRICE_LIMIT. 0 is a price.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        amount, currency = _read_text(value, currency, decimal)
    elif isinstance(value, bool | list | dict):
        raise Unreadable(f"{excerpt(value)} is no price")
    else:
        amount = _read_number(value)
    amount *= scale
    if amount < 0:
        raise Unreadable(f"{excerpt(value)} is negative")
    if amount > PRICE_LIMIT:
        raise Unreadable(f"{excerpt(value)} is above {PRICE_LIMIT:,}: not taken for a price")
    return Price(plain(amount), currency)


def read_currency(value: object) -> str | None:
    """An ISO 4217 code from a code or a sign («usd», «¥», «人民币»); None for empty. Raises Unreadable."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    text = str(value).translate(_FOLD).strip().upper()
    code = _TOKENS.get(text) or (text if re.fullmatch("[A-Z]{3}", text) else None)
    if code is None or not isinstance(value, str):
        raise Unreadable(f"{excerpt(value)} is no currency")
    return code


def plain(amount: Decimal) -> Decimal:
    """The same number without exponent and without trailing zeros, so that 59.0 and 59 are written alike."""
    amount = (amount + 0).normalize()
    return amount.quantize(Decimal(1)) if amount.as_tuple().exponent > 0 else amount  # type: ignore[operator]


def _read_number(value: object) -> Decimal:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unreadable(f"{value} is no price")
        # Binary noise such as 24.950000000000003 is not part of the price.
        return round(Decimal(repr(value)), _FLOAT_PLACES) if abs(value) < 1e15 else Decimal(value)
    if isinstance(value, int | Decimal):
        amount = Decimal(value)
        if not amount.is_finite():
            raise Unreadable(f"{value} is no price")
        return amount
    raise Unreadable(f"{excerpt(value)} is no price")


def _read_text(value: str, currency: str | None, decimal: str | None) -> tuple[Decimal, str | None]:
    text = value.strip()[: _LONGEST + 1].translate(_FOLD).upper()
    match = _PRICE.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None or (match["sign1"] == "(") != text.endswith(")"):
        why = "is a range, not one price" if _RANGE.search(text) else "is no price"
        raise Unreadable(f"{excerpt(value)} {why}")
    if match["sign1"] or match["sign2"]:
        raise Unreadable(f"{excerpt(value)} is negative")
    tokens = _TOKEN_ALONE.findall(match["before"] + " " + match["after"])
    stated = _currency_of(tokens, currency, value)
    return _amount(match["number"].strip(), stated, decimal, value), stated


def _currency_of(tokens: list[str], hint: str | None, value: str) -> str | None:
    """One currency out of the signs around a number: `$` with a hint of CAD is CAD, `US$` is not."""
    exact = {_TOKENS[token] for token in tokens if token not in _SHARED}
    if len(exact) > 1:
        raise Unreadable(f"{excerpt(value)} names two currencies")
    known = next(iter(exact), None)
    for token in (token for token in tokens if token in _SHARED):
        shared = _SHARED[token]
        if known is not None and known not in shared:
            raise Unreadable(f"{excerpt(value)} names two currencies")
        known = known or (hint if hint in shared else _TOKENS[token] or None)
    return known if tokens else hint


def _amount(number: str, currency: str | None, decimal: str | None, value: str) -> Decimal:
    for mark in (" ", "'"):
        if mark in number:
            head, *groups = number.split(mark)
            last, point, tail = groups[-1].replace(",", ".").partition(".")
            if not _grouped([head, *groups[:-1], last]) or (point and not tail.isdigit()):
                raise Unreadable(f"{excerpt(value)} is ambiguous")
            return Decimal(head + "".join(groups[:-1]) + last + point + tail)
    mark = _decimal_mark(number, currency, decimal, value)
    whole, _, places = number.partition(mark) if mark else (number, "", "")
    group = {".": ",", ",": ".", "": "," if "," in number else "."}[mark]
    if group in places or (group in whole and not _grouped(whole.split(group), indian=group == ",")):
        raise Unreadable(f"{excerpt(value)} is ambiguous")
    if group in whole and group == decimal:
        raise Unreadable(f"{excerpt(value)} is ambiguous: the decimal mark '{decimal}' groups its digits")
    return Decimal(f"{whole.replace(group, '') or '0'}.{places or '0'}")


def _decimal_mark(number: str, currency: str | None, decimal: str | None, value: str) -> str:
    """The decimal mark of a number written with points and commas only; "" where it has none."""
    points, commas = number.count("."), number.count(",")
    if not points and not commas:
        return ""
    last = "." if number.rfind(".") > number.rfind(",") else ","
    if points and commas:
        mark = last if number.count(last) == 1 else None
    elif points + commas > 1:
        mark = ""
    else:
        mark = _single_mark(number, last, currency, decimal)
    if mark is None or (decimal and mark and mark != decimal):
        raise Unreadable(f'{excerpt(value)} is ambiguous: say which mark is the decimal one (decimal = "." or ",")')
    return mark


def _single_mark(number: str, mark: str, currency: str | None, decimal: str | None) -> str | None:
    """Whether the one mark in a number is decimal (the mark), groups thousands ("") or could be either (None)."""
    whole, _, places = number.partition(mark)
    if len(places) != 3 or len(whole) > 3 or whole in ("", "0"):
        return mark
    if decimal:
        return mark if mark == decimal else ""
    grouping = {",": _COMMA_GROUPS, ".": _POINT_GROUPS}[mark]
    return "" if currency in grouping.split() else None


def _grouped(parts: list[str], indian: bool = False) -> bool:
    head, *groups = parts
    if not groups or not all(part.isdigit() for part in parts) or head.startswith("0") or len(groups[-1]) != 3:
        return False
    western = len(head) <= 3 and all(len(group) == 3 for group in groups)
    return western or (indian and len(head) <= 2 and all(len(group) == 2 for group in groups[:-1]))
