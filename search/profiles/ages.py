"""Age bands of shoppers, and what catalogues write about whom a product is for. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from search.lexicon.folding import fold

FIELDS = (
    "age_group", "age_band", "age_range", "age", "ages", "audience", "target_audience", "suited_for", "recommended_age",
    "适用年龄", "年龄段", "适用人群", "适合人群", "人群",
)  # fmt: skip
"""The fields that say whom a product is for."""

_OLDEST = 120.0
_YEARS = re.compile(r"(\d{1,3}(?:\.\d)?)\s*(?:-|–|—|~|to|至|到)\s*(\d{1,3}(?:\.\d)?)")
_FROM = re.compile(r"(\d{1,3})\s*(?:\+|and (?:over|older|up)|(?:years|yrs)\s*(?:and up|\+)|岁?以上)")
_UNDER = re.compile(r"(?:under|below|up to|<)\s*(\d{1,3})|(\d{1,3})岁?以下")
_MONTHS = re.compile(r"months?|mths?|个?月")
_STAGES: tuple[tuple[str, float, float], ...] = (
    (r"\b(?:newborns?|bab(?:y|ies)|infants?)\b|婴儿?|新生儿|宝宝", 0, 2),
    (r"\btoddlers?\b|幼儿", 1, 4),
    (r"\b(?:kids?|children|child|boys?|girls?)\b|儿童|小孩|小学生|男童|女童", 3, 12),
    (r"\b(?:teens?|teenagers?|juniors?|youths?)\b|青少年|中学生", 12, 19),
    (r"\b(?:adults?)\b|成人|成年", 18, 64),
    (r"\b(?:seniors?|elderly)\b|老人|老年|中老年", 60, _OLDEST),
)
_WORDS = tuple((re.compile(words), low, high) for words, low, high in _STAGES)


@dataclass(frozen=True, slots=True)
class Ages:
    """From `low` to `high` years, both included."""

    low: float
    high: float

    def meets(self, other: Ages) -> bool:
        return self.low <= other.high and other.low <= self.high


def ages(text: str) -> tuple[Ages, ...]:
    """What ages a band or a value names: «25-34», «65+», «under 18», «6-12 months», «kids and teens», 儿童."""
    folded = fold(text)
    scale = 1 / 12 if _MONTHS.search(folded) else 1.0
    if match := _YEARS.search(folded):
        low, high = sorted((float(match[1]), float(match[2])))
        return (Ages(low * scale, high * scale),)
    if match := _FROM.search(folded):
        return (Ages(float(match[1]) * scale, _OLDEST),)
    if match := _UNDER.search(folded):
        return (Ages(0.0, float(match[1] or match[2]) * scale),)
    named = tuple(Ages(low, high) for words, low, high in _WORDS if words.search(folded))
    if not named and folded.strip().isdigit():
        return (Ages(float(folded), float(folded)),)
    return named
