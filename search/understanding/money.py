"""Amounts of money in a text: signs and names of currencies, and the pieces of regular expressions made of them."""

from __future__ import annotations

from search.understanding.numbers import CHINESE, ENGLISH, read_number

_SIGNS: dict[str, tuple[str, ...]] = {
    "$": ("USD", "CAD", "AUD", "HKD", "SGD", "NZD", "TWD"), "us$": ("USD",), "usd": ("USD",), "c$": ("CAD",),
    "ca$": ("CAD",), "cad": ("CAD",), "a$": ("AUD",), "au$": ("AUD",), "aud": ("AUD",), "hk$": ("HKD",),
    "hkd": ("HKD",), "£": ("GBP",), "gbp": ("GBP",), "€": ("EUR",), "eur": ("EUR",), "¥": ("CNY", "JPY"),
    "cny": ("CNY",), "rmb": ("CNY",), "jpy": ("JPY",), "inr": ("INR",), "₹": ("INR",),
}  # fmt: skip
_NAMES: dict[str, tuple[str, ...]] = {
    "us dollars": ("USD",), "us dollar": ("USD",), "dollars": _SIGNS["$"], "dollar": _SIGNS["$"], "bucks": _SIGNS["$"],
    "buck": _SIGNS["$"], "quid": ("GBP",), "pounds sterling": ("GBP",), "euros": ("EUR",), "euro": ("EUR",),
    "yuan": ("CNY",), "renminbi": ("CNY",), "yen": ("JPY",), "rupees": ("INR",),
    "元人民币": ("CNY",), "块人民币": ("CNY",), "人民币": ("CNY",), "元钱": ("CNY",), "元": ("CNY",), "圆": ("CNY",),
    "块钱": ("CNY",), "块": ("CNY",), "美元": ("USD",), "美金": ("USD",), "美刀": ("USD",), "刀": ("USD",),
    "欧元": ("EUR",), "英镑": ("GBP",), "日元": ("JPY",), "日圆": ("JPY",), "港币": ("HKD",), "港元": ("HKD",),
}  # fmt: skip
_SPELLED = {name: codes for name, codes in _NAMES.items() if name.isascii()}


def _any(names: dict[str, tuple[str, ...]]) -> str:
    ordered = sorted(names, key=len, reverse=True)
    return "|".join(
        name.replace("$", r"\$") + (r"(?![a-z])" if name[-1].isalpha() and name.isascii() else "") for name in ordered
    )


SIGN = rf"(?<![a-z])(?:{_any(_SIGNS)})\s?\$?"
AFTER = rf"(?:\s?(?:{_any({**_NAMES, **_SIGNS})}))"
CHINESE_AFTER = rf"(?:\s?(?:{_any({**_NAMES, **_SIGNS})}))"


def english(name: str) -> str:
    """A pattern of an amount: its groups are `name`_sign, `name` and `name`_after."""
    return rf"(?P<{name}_sign>{SIGN})?(?P<{name}>{ENGLISH})(?P<{name}_after>{AFTER})?"


def chinese(name: str) -> str:
    return rf"(?P<{name}_sign>{SIGN})?(?P<{name}>{CHINESE})(?P<{name}_after>{CHINESE_AFTER})?"


def currency_of(sign: str | None, after: str | None) -> tuple[str, ...]:
    """The currencies that a sign before or a name after an amount can mean, the likeliest first."""
    for token in (sign, after):
        if token:
            token = " ".join(token.split())
            bare = token if token in _SIGNS else token.rstrip("$ ") or token
            codes = _SIGNS.get(bare) or _NAMES.get(token)
            if codes:
                return codes
    return ()


__all__ = ["AFTER", "SIGN", "chinese", "currency_of", "english", "read_number"]
