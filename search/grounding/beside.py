"""Right words in a wrong place: «wireless microphone», where the speaker is wireless and the microphone is not.

Two words that stand side by side in a sentence say something together. Where the product says the opposite of the first
beside the second, or says the first of something else and it tells where a thing comes from, the two are not grounded,
though each of them is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from search.grounding.fault import Fault
from search.grounding.ground import Ground
from search.grounding.measures import ORDINALS
from search.grounding.reading import Word, stemmed

_OPPOSITES = """
wireless cordless: wired corded
large big: small mini
long: short
wide: narrow
thick: thin
hot warm: cold cool
front: back rear
inner inside: outer outside
left: right
upper top: lower bottom
soft: hard firm
single: double twin
open: closed
dry: wet
light: dark heavy
high: low
fixed: removable detachable adjustable
included: missing
无线: 有线
大: 小
长: 短
宽: 窄
厚: 薄
热: 冷 凉
前: 后
内: 外
左: 右
上: 下
软: 硬
单: 双
干: 湿
轻: 重
深: 浅
高: 低
男: 女
新: 旧
"""
_ORIGINS = re.compile(
    r"^(?:canad|ital|french|german|spanish|portugues|greek|turkish|japanes|korean|chines|indian|brazilian|kenyan|colombian|"
    r"ethiopian|american|british|english|scottish|irish|welsh|swedish|norwegian|danish|finnish|dutch|belgian|swiss|austrian|"
    r"polish|czech|russian|icelandic|australian|zealand|mexican|peruvian|egyptian|moroccan|thai|vietnames|mongolian|nepales)"
)


@cache
def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _OPPOSITES.strip().splitlines():
        left, right = ([_stem(word) for word in side.split()] for side in line.split(": "))
        for one, other in ((left, right), (right, left)):
            for word in one:
                found.setdefault(word, set()).update(other)
    return {word: frozenset(others) for word, others in found.items()}


def beside_faults(every: Sequence[Word], ground: Ground) -> Iterator[Fault]:
    """What neighbours in the sentence claim together; nothing where they are neighbours in the product as well."""
    for place, word in enumerate(every):
        following = every[place + 1] if place + 1 < len(every) else None
        if following is None or following.start - word.end > 1 or word.han != following.han:
            continue
        pair = _pair(word.key, following.key, word.han)
        if _said(pair, ground, word.han):
            continue
        wrong = any(_said(_pair(other, following.key, word.han), ground, word.han) for other in _opposed(word))
        if wrong or _from_elsewhere(word, following, ground):
            yield Fault("claim", f"{word.text}{'' if word.han else ' '}{following.text}")


def _opposed(word: Word) -> frozenset[str]:
    others = _opposites().get(word.key, frozenset())
    return others | frozenset(map(stemmed, ORDINALS)) - {word.key} if word.text in ORDINALS else others


def _from_elsewhere(word: Word, following: Word, ground: Ground) -> bool:
    """«Canadian wool» of wool filled with «Canadian-grown catnip»."""
    if word.han or not _ORIGINS.match(word.key) or word.text in ground.solid or word.text not in ground.plain:
        return False
    near = re.findall(rf"\b{re.escape(word.text)}\b((?:\W+\w+){{1,2}})", ground.plain)
    return not any(stemmed(each) == following.key for run in near for each in re.findall(r"\w+", run))


def _pair(one: str, other: str, han: bool) -> str:
    return f"{one}{other}" if han else f"{one} {other}"


def _said(pair: str, ground: Ground, han: bool) -> bool:
    return pair in ground.han if han else bool(ground.terms.get(pair, 0))


def _stem(word: str) -> str:
    return stemmed(word) if word.isascii() else word


__all__ = ["beside_faults"]
