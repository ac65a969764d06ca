"""Text → its words, each with what a negation before (or behind) it makes of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import rjieba

from search.lexicon.folding import HAN, fold, stem

PLUS, MINUS = 1, 2
"""Whether a word is affirmed or denied: bits, so that a word that is both is 3."""


@dataclass(frozen=True, slots=True)
class Word:
    """`key` is the stem of an English word, a Chinese word itself. `sign` is PLUS, MINUS, or both where unclear."""

    text: str
    key: str
    start: int
    end: int
    sign: int
    han: bool


_WORD = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+(?:['’][^\W\d_{HAN}]+)*")
_STOP = re.compile(
    rf"[,;:.!?，；：。！？()（）\n|]+(?=\s|$|[{HAN}])|\s[—–-]\s|——|[;；。！？\n|]"
    r"|\b(?:but|though|although|however|yet|while|whereas|because|since|so|unless|until|when|if|which|who|where)\b"
    r"|\band\s+(?=(?:it|they|you|should|can|will|would|is|are|has|have|\w+s|still|also|then|so|we|one)\b)"
    r"|\b(?:in|with|on|for|from|by|of|at|about)\s+(?=this|these)"
    rf"|(?<=[{HAN}])\s+(?=[^\s\d])"
    r"|但是?|却|不过|只是|可是|然而|而(?!且)|所以|因此|并且|如果|也(?=[能可会])|还(?=[能可会有带])"
)
_LIST = re.compile(r",\s*(?=(?:[\w-]+\s+){0,2}[\w-]+(?:,\s*(?:[\w-]+\s+){0,2}[\w-]+)*,?\s+(?:or|nor)\s)|\s*、\s*")
_NO = re.compile(
    r"\b(?:no(?!\s+(?:more|less|fewer|later|matter|wonder|doubt|longer\s+than|\.))|not(?!\s+(?:only|"
    r"just|merely|least|to\s+mention))|\w+n['’]t|never"
    r"|without|cannot|non|nor|neither|none|nothing(?!\s+but)|nobody|lack(?:s|ing)?|free\s+(?:of|from)|"
    r"instead\s+of|rather\s+than|except(?:\s+for)?"
    r"|exclud(?:es|ing)|avoid(?:s|ing)?|bar(?=\s+the)|too\s+\w+\s+for|(?:stay|keep|"
    r"kept)s?\s+(?:\w+\s+)?(?:well\s+)?(?:out\s+of|away\s+from)|far\s+from)\b"
    r"|\bnon-|不(?!锈|仅|但|过(?!敏)|错|论|同|只(?!是)|管|断|少(?!量)|妨|如|光|止|得不|倒翁|一样)|没有?(?!错)|无(?!论|线|比|限|花果|人机|纺|"
    r"绳|刷|框|极|数|名|印|非)|非(?!常|洲|凡|遗|但|得)"
    r"|免(?!费|疫|税)|未(?!来|必|央)|(?<![特分区差级类性个识])别(?!致|墅|针|样|人|的|处|具|说)|勿|禁止|谢绝|杜绝|避免|远离|拒绝|去除|而非|并非"
)
_WHOLE = re.compile(
    r"\b(?:not|n['’]t(?:\s+be)?|never|isn['’]t|aren['’]t)\s+(?:yet\s+)?(?:be\s+)?(?:included|supplied|"
    r"provided|part\s+of|in\s+the\s+box|needed|necessary|required)\b|\bsold\s+separately\b|\b(?:cost|"
    r"costs|are|is)\s+extra\b"
    r"|\bas\s+none\b|\b(?:is|are|says?)\s+none\b|\bas\s+none\b|\b(?:is|are|says?)\s+none\b|\bneeds?\s+buying\b|\bleft\s+out\b|\bout\s+altogether\b|\bbought\s+separately\b"
    r"|另购|另配|另买|另外[买购配]|另售|除外|不(?:包括|包含|含|附|送|带|行|可以?|支持|能用|能放|需要|用|适合|建议|推荐)(?:在内)?(?:[了的]?)(?=[，。；！？,;!?]|$)|自备|"
    r"自己[买配]|慎[选入买]|(?<!特)别买|请?绕[道行]|请勿|二选一|取舍|不让|买别的|另寻|选别的|用不了|戴不了|装不下|放不下|进不去|不可以"
)
_NOWHERE = re.compile(r"((?:[“\"][^”\"]{1,60}[”\"](?:,? (?:and|or) |, )?)+) (?:is|are) nowhere\b")
_CAUTION = re.compile(r"\b(?:careful|beware|watch out|take care|caution|mind your)\b|留心|小心|当心|注意|谨慎|介意")
"""What is said of something to be careful of is neither praise nor denial."""

_FREE = re.compile(
    r"(?<![\w-])([\w-]{1,30}(?:\s+oil|\s+soda)?)[\s-]free\b(?!\s+(?:of|from|delivery|shipping|gift|trial))"
)


def unified(text: str) -> str:
    """NFKC with plain quotes and without the blanks that some put between Chinese and the rest: the text in which
    places are counted from here on."""
    if text.isascii():
        return text
    return _BLANK.sub("", unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'"))


_BLANK = re.compile(rf"(?<=[{HAN}]) +(?=[a-zA-Z0-9$¥€£])|(?<=[a-zA-Z0-9%°℃]) +(?=[{HAN}])")


def lowered(text: str) -> str:
    low = text.lower()
    return low if len(low) == len(text) else "".join(s if len(s := char.lower()) == 1 else char for char in text)


def read(text: str) -> list[Word]:
    """The words of a unified text in order."""
    low = lowered(text)
    signs = _signs(low)
    found: list[Word] = []
    for match in _WORD.finditer(low):
        run = match.group()
        if run[0] >= "\u3400":
            place = match.start()
            for piece in cut(run):
                found.append(Word(piece, piece, place, place + len(piece), signs[place], True))
                place += len(piece)
            continue
        found.append(Word(run, stemmed(run), match.start(), match.end(), signs[match.start()], False))
    return found


@lru_cache(maxsize=16_384)
def cut(run: str) -> tuple[str, ...]:
    return tuple(rjieba.cut(run)) if len(run) > 1 else (run,)


@lru_cache(maxsize=32_768)
def stemmed(word: str) -> str:
    """The stem of a word as written; possessive and contraction off, accents too."""
    bare = fold(word).partition("'")[0]
    return stem(bare)


def _signs(low: str) -> bytearray:
    """For each character PLUS, MINUS, or both."""
    signs = bytearray([PLUS]) * (len(low) + 1)
    stops = [match.span() for match in _STOP.finditer(low)]
    lists = {match.start() for match in _LIST.finditer(low)}
    for match in _NO.finditer(low):
        start = match.end()
        end = next((stop for stop, _ in stops if stop >= match.end() and stop not in lists), len(low))
        if low[match.start()] >= "\u3400":
            noun = low.find("的", match.end(), end)
            if low[match.start()] in "无免非未":  # a prefix: 无香护手霜 is hand cream
                end = min(end, _first_word(low, match.end()))
            elif noun >= 0 and noun + 1 < end and low[noun + 1] >= "\u3400":
                end = noun
        reach = _reach(low, match.end(), end)
        for place in range(start, end):
            signs[place] = MINUS if place < reach else PLUS | MINUS
    for match in _WHOLE.finditer(low):
        begin = max((stop for _, stop in stops if stop <= match.start()), default=0)
        end = next((stop for stop, _ in stops if stop >= match.end()), len(low))
        for place in range(begin, end):
            signs[place] = MINUS
    for match in (
        _NOWHERE.finditer(low) if "nowhere" in low else ()
    ):  # «though “drill” is nowhere in its text», of the evidence
        for place in range(match.start(1), match.end(1)):
            signs[place] = MINUS
    for match in _CAUTION.finditer(low):
        begin = max((stop for _, stop in stops if stop <= match.start()), default=0)
        end = next((stop for stop, _ in stops if stop >= match.end()), len(low))
        for place in range(begin, end):
            signs[place] = PLUS | MINUS
    for match in _FREE.finditer(low):
        for place in range(match.start(1), match.end(1)):
            signs[place] = MINUS
    return signs


def _first_word(low: str, start: int) -> int:
    end = start
    while end < len(low) and low[end] >= "\u3400":
        end += 1
    return start + len(cut(low[start:end])[0]) if end > start else start + 1


def _reach(low: str, start: int, end: int) -> int:
    """How far a negation surely goes: four English words, ten Chinese characters; what is behind may be either."""
    if low[start - 1] >= "\u3400":
        return min(end, start + 10)
    place = start
    for count, match in enumerate(_WORD.finditer(low, start, end)):
        if count >= 4:
            return match.start()
        place = match.end()
    return min(end, place + 1) if place < end else end


NEGATORS = frozenset("无不免非没未")
"""Chinese words that begin with one of these, 无糖 or 不锈钢, are affirmed as they stand."""


def sign_of(piece: str, place: int, signs: dict[int, int]) -> int:
    """What a piece of Chinese at `place` is: a word that begins with its own negation is affirmed by it."""
    if piece[0] in NEGATORS and len(piece) > 1:
        return signs.get(place - 1, PLUS) if signs.get(place - 1) == MINUS else PLUS
    # What begins within its negation's word, 能进 of 不能进, is denied where it ends.
    return (
        max(signs.get(place, PLUS), signs.get(place + len(piece) - 1, PLUS))
        if len(piece) > 2
        else signs.get(place, PLUS)
    )


__all__ = ["MINUS", "NEGATORS", "PLUS", "Word", "cut", "lowered", "read", "sign_of", "stemmed", "unified"]
