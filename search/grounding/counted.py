"""Whether the numbers of a sentence are the product's, with their unit and what they measure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from search.grounding.company import company
from search.grounding.dictionary import means
from search.grounding.fault import Fault
from search.grounding.ground import Ground, Known
from search.grounding.measures import Measure
from search.grounding.reading import Word, stemmed
from search.grounding.units import MONEY
from search.grounding.vocabulary import Vocabulary, vocabulary

_NEAR_ENOUGH = 0.03
"""«about» and «nearly» may be this far off: 980 g are nearly a kilo."""

_FAR = 1.5
"""«over 24 hours» is said of 30, not of 300: such a number would be of something else."""

_ASPECTS: dict[str, frozenset[str]] = {}
_ASPECT_TABLE = """
weight: weigh weight heavi light lighter heavier 重 重量 净重 轻
load: load hold bear support lift carri 承重 载 承 承载 可承 举 拉动
width: wide width broad across 宽
height: tall height high raise heel 高 身高 跟
length: long length cord hose cabl 长
depth: deep depth thick thin 深 厚
diameter: diamet across 直径 口径
rating: rate star score 评分
battery: batteri last charg run play hour juic 续航 电 播放 待机 用
charging: recharg charg 充电 充
drying: dri dry 干
screen: screen display 屏
noise: nois quiet loud decibel 噪 静音 分贝 声
price: price cost pay 价 售价 卖
capacity: hold capac volum litr 容量 装 容
memory: ram memori 内存 运存
storage: storag store disk 存储 硬盘
"""
_CHECKED = (("weight", "load"), ("width", "height", "length", "depth", "diameter"), ("memory", "storage"))
"""Groups of aspects that people mix up: a number known for one of a group is not said of another."""


def number_faults(found: list[Measure], low: str, every: list[Word], ground: Ground) -> Iterator[Fault]:
    words = vocabulary()
    for measure in found:
        if not _within_a_word(measure, every, ground, words) and not _is_known(measure, low, every, ground, words):
            yield Fault("number", low[measure.start : measure.end].strip())


def _within_a_word(measure: Measure, every: list[Word], ground: Ground, words: Vocabulary) -> bool:
    """Whether a Chinese number is part of a word: one that claims nothing, 两侧, or the product's, 六角形 hexagonal."""
    for word in every:
        if (
            word.han
            and word.start <= measure.start
            and measure.end < word.end + (not measure.unit)
            and len(word.key) > 1
        ):
            if word.start == measure.start and word.end == measure.end:
                return False
            if word.key in words.neutral_han or ground.terms.get(word.key, 0) & word.sign:
                return True
            return ground.is_english and means(word.key, word.sign, ground.terms)
    return False


def _is_known(measure: Measure, low: str, every: list[Word], ground: Ground, words: Vocabulary) -> bool:
    about = _aspects(measure)
    near = company(measure, low, every, words)
    candidates = [
        known
        for known in ground.numbers
        if _same_unit(measure.unit, known.unit)
        and _fits(measure, known)
        and (not known.name or known.name == _word_before(measure))
        and not (measure.unit and _at_odds(about, known))
    ]
    if not candidates or measure.unit not in ("", "%") or not near:
        return bool(candidates)
    if any(near & known.beside or low[measure.end : measure.end + 1] in known.beside for known in candidates):
        return True
    if low[measure.start : measure.end + 1] in ground.plain and measure.end < len(low) and low[measure.end] > "\u3400":
        return True
    # It counts something else there. That is wrong where the product counts the same thing differently.
    first = company(measure, low, every, words, most=1)
    return not any(first & known.beside for known in ground.numbers if known.unit == measure.unit)


def _word_before(measure: Measure) -> str:
    word = re.search(r"([^\W_]+)\s$", measure.before)
    return word.group(1) if word else ""


def _same_unit(said: str, known: str) -> bool:
    return said == known or (said, known) in _LIKE


_LIKE = frozenset({
    ("deg", "c"), ("c", "deg"), ("deg", ""), ("c", ""), ("", "deg"), ("age", "month"),
    ("month", "age"), ("age", ""), ("", "age"), ("year", ""),
    ("", "star"), ("k", ""), ("", "k"), ("month", ""), ("rpm", ""), ("", "rpm"), ("inch", "cun"), ("cun", "inch"),
    ("g", "gsm"), ("gsm", "g"),
})  # fmt: skip
"""(said, known): units that are the same where people leave one out."""


def _fits(measure: Measure, known: Known) -> bool:
    said, true = measure.value, known.value
    if {measure.unit, known.unit} == {"age", "month"}:
        said, true = (said * 12, true) if measure.unit == "age" else (said, true * 12)
    if abs(said - true) <= 1e-6 * max(abs(true), 1):
        return True
    if measure.bound in ("about", "nearly"):
        close = abs(said - true) <= _NEAR_ENOUGH * abs(true)
        return close and (measure.bound == "about" or true < said)
    if not measure.unit or (measure.unit in MONEY) != (known.unit in MONEY):
        return False
    if measure.bound == "under":
        return true <= said and (measure.unit in MONEY or true >= said / _FAR)
    if measure.bound == "over":
        return true >= said and (measure.unit in MONEY or true <= said * _FAR)
    return False


def _aspects(measure: Measure) -> frozenset[str]:
    if not _ASPECTS:
        for line in _ASPECT_TABLE.strip().splitlines():
            name, _, cues = line.partition(": ")
            _ASPECTS[name] = frozenset(cues.split())
    before = re.split(r"[,;.!?，。；！？、|\n]\s?", measure.before)[-1]
    after = re.split(r"[,;.!?，。；！？、|\n]", measure.after)[0]
    near = {stemmed(word) for word in re.findall(r"[a-z]{2,}", before)[-3:] + re.findall(r"[a-z]{2,}", after)[:2]}
    han = (
        "".join(re.findall(r"[\u3400-\u9fff]", before))[-4:] + "|" + "".join(re.findall(r"[\u3400-\u9fff]", after))[:3]
    )
    return frozenset(
        name for name, cues in _ASPECTS.items() if cues & near or any(cue in han for cue in cues if not cue.isascii())
    )


def _at_odds(about: frozenset[str], known: Known) -> bool:
    """Whether the sentence says it of one aspect, and the product of another of the same group."""
    of = frozenset(name for name, cues in _ASPECTS.items() if cues & known.aspect or name in known.aspect)
    for group in _CHECKED:
        said, true = about & set(group), of & set(group)
        if said and true and not said & true:
            return True
    return False


__all__ = ["number_faults"]
