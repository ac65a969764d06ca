"""Statements → the phrases that may be taken out of them: whole ones, for half a phrase can say something else.

«vegan leather» is not leather, «waterproof zips» are not waterproof, «dries in an hour if hung» is not «dries in an
hour». So a phrase begins where a clause of the source does (behind what carries no meaning there) and ends where one
ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise, product

from search.explanation.values import labels
from search.grounding.reading import cut, plain_signs, unified
from search.grounding.stating import Statement
from search.grounding.tokens import Token, tokens
from search.lexicon.folding import HAN, is_han
from search.understanding.names import names

_LIGHT = frozenset([
    "it", "this", "these", "they", "that", "there", "its", "is", "have", "come", "in", "and", "also", "with",
    "plus", "but", "you", "get", "feature", "include", "offer", "cost", "for", "to", "by", "from", "on", "at",
    "of", "your", "made", "be", "which", "who", "它", "这", "款", "是", "有", "为", "而", "也", "还", "且", "并",
    "和", "与", "及", "但", "该", "其", "用", "带", "配", "含", "附", "了",
])  # fmt: skip
"""Tokens that may be left off at the beginning of a clause."""

_JOINS = frozenset({"and", "but", "with", "plus", "which", "和", "与", "及", "且", "但", "并"})
"""Tokens that begin a clause of their own."""

_GOES_ON = frozenset({"only", "though", "but", "不", "过", "但"})
"""What a later clause of the evidence begins with."""

_HAN_JOINS = frozenset({"和", "与", "及"})

_RESTRICTS = frozenset([
    "if", "unless", "until", "when", "only", "except", "provided", "once", "如", "若", "只", "除", "仅", "需",
    "须",
])  # fmt: skip
"""A clause that begins with one of these changes what the one before it says, and the one behind it where it is the
first: neither can be taken alone."""


Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A statement's tokens; `begins[i]`: a phrase may begin at token i; `ends[i]`: one may end before token i.
    `label`: so many tokens at its beginning only name the field; `head`: so many name the product, what follows in a
    title are its parts and properties."""

    statement: Statement
    keys: tuple[str, ...]
    begins: tuple[bool, ...]
    ends: tuple[bool, ...]
    label: int
    head: int
    kinds: frozenset[str] = frozenset()
    """The words that its category ends with: what ends with one of them names it, wherever its title says so."""


def source(
    statement: Statement, whole: bool = False, kinds: frozenset[str] = frozenset(), theirs: Sequence[Keys] = ()
) -> Source:
    """`whole`: nothing of it may be left off but at its beginning. `kinds`: words of what the product is. `theirs`: of
    a title, names of what it goes with: the case for a telephone is no telephone."""
    evidence = statement.field == "evidence"
    # Of «Hats, Gloves and Scarves» a cap is no scarf.
    whole = whole or (statement.field == "category" and bool(_SEVERAL.search(statement.text)))
    quoting = plain_signs(statement.text) if statement.names else unified(statement.text)
    text = _QUOTES.sub(_unquoted, quoting) if whole or evidence else quoting
    found = tokens(text, statement.names)
    begins = [False] * len(found)
    ends = [False] * len(found) + [True]
    starts = _clauses(found, text, whole, bool(statement.names or statement.label or evidence), statement.prose)
    reached = _denied_with_the_one_before(found, starts, text, statement.names)
    quoted = [evidence and _is_quoted(quoting, token) for token in found]
    if evidence:
        reached |= {start for start in starts[1:] if not _is_of_its_own(found, start, quoted, text)}
    own = 0
    for start, end in pairwise([*starts, len(found)]):
        own = own if start in reached else start
        if end == len(found):
            pass  # it ends there anyway
        elif evidence:
            ends[end] = not {
                token.key for token, apart in zip(found[own:end], quoted[own:end], strict=True) if not apart
            } <= (_LIGHT | _GOES_ON)  # «“oak”» of «“oak” and “desk” are in its title»
        else:
            # 敏感肌和眼周容易辣 says nothing of 敏感肌 before its end.
            ends[end] = not statement.prose or found[end].apart or found[end].key not in _HAN_JOINS
        place = end if start in reached else start
        while place < end:
            begins[place] = True
            if found[place].key not in _LIGHT:
                break
            place += 1
    inside = range(1, _size(statement.label))  # «works with Zigbee» is not «with Zigbee»
    begins = [begin and place not in inside for place, begin in enumerate(begins)]
    ends = [end and place not in inside for place, end in enumerate(ends)]
    head = len(found) if statement.names else 0
    if statement.field == "title" or (statement.field == "category" and not _SEVERAL.search(text)):
        head = _shorten(found, text, begins, ends, kinds)
    keys = tuple(token.key for token in found)
    for place, name in product(range(len(keys)), theirs):
        end = place + len(name)
        if keys[place:end] == name and (not place or keys[place - 1] != "for"):
            ends[end] = False
    return Source(statement, keys, tuple(begins), tuple(ends), _size(statement.label), head, kinds)


_SEVERAL = re.compile(r"&|,|/|\band\b|[与和及、]")
"""In a level of the category: «Wheels & Kilns» says of no wheel that it is a kiln."""


@cache
def _labels() -> frozenset[str]:
    return labels("zh")


@lru_cache(4096)
def _size(label: str) -> int:
    return len(tokens(label))


def _clauses(found: Sequence[Token], text: str, whole: bool, apart: bool, prose: bool) -> list[int]:
    """Where clauses begin. `apart`: whether none changes what another says."""
    starts = [0] if found else []
    if whole or (prose and _TAKES_BACK.search(text)):
        return starts
    for place in range(1, len(found)):
        token = found[place]
        if prose and text[found[place - 1].end : token.start].strip() == "、":
            continue  # 干皮、敏皮不要碰
        sealed = token.key in _RESTRICTS or (token.apart and found[starts[-1]].key in _RESTRICTS)
        half = token.key == "and" and place + 1 < len(found) and found[place + 1].key == "half"
        if (token.apart or token.key in _JOINS) and (apart or not sealed) and not half:
            starts.append(place)
    return starts


def _unquoted(mark: re.Match[str]) -> str:
    """A space, so that what follows stands where it stood; between Chinese signs one would part them."""
    beside = mark.string[max(0, mark.start() - 1) : mark.end() + 1].replace(mark.group(), "")
    return "\u200b" if is_han(beside) else " "


def _is_quoted(text: str, token: Token) -> bool:
    return text.count("“", 0, token.start) > text.count("”", 0, token.start)


def _is_of_its_own(found: Sequence[Token], start: int, quoted: Sequence[bool], text: str) -> bool:
    """Whether a later clause of the evidence says something without the one before, and is not what that one quotes:
    «“oak” and “desk” are in its title» says that of no desk; «costs $129, the most»; 价格¥40（你说的“50元以内”）."""
    while found[start].key in ("and", "和", "与") and start + 1 < len(found):
        start += 1
    if quoted[start]:  # “occasion”一栏包括“wedding guest”
        behind = next((place for place in range(start, len(found)) if not quoted[place]), start)
        return text.startswith("一栏", found[behind].start)
    if found[start].key < "\u3400":
        return found[start].key in _GOES_ON or found[start].key in ("it", "its", "not")
    begins = found[start].start
    return bool(_HEAD.match(text, begins)) or any(text.startswith(name, begins) for name in _labels())


def _denied_with_the_one_before(found: Sequence[Token], starts: Sequence[int], text: str, listed: bool) -> set[int]:
    """Clauses that a denial before them reaches: «no cotton, silk or wool», 不含小麦、玉米和鸡肉."""
    reached: set[int] = set()
    for before, start, end in zip(starts, starts[1:], [*starts, len(found)][2:], strict=False):
        denies = before in reached or _denies(found, before, start)
        if denies and not _denies(found, start, end) and _goes_on(found, start, end, text, listed):
            reached.add(start)
    return reached


def _denies(found: Sequence[Token], start: int, end: int) -> bool:
    return any(
        token.key in DENIES or (token.key == "free" and after is not None and after.key in ("of", "from"))
        for token, after in zip(found[start:end], [*found[start + 1 : end], None], strict=True)
    )


def _goes_on(found: Sequence[Token], start: int, end: int, text: str, listed: bool) -> bool:
    """Whether a clause is one more member of a list that is denied; a title, `listed`, has no commas in such a one."""
    token = found[start]
    if token.key in ("with", "plus"):
        return False
    if not token.apart:
        following = found[start + 1].start if start + 1 < end else token.end
        return text[token.end : following].strip().lower() not in ("a", "an", "the")
    if token.key >= "\u3400":
        return text[found[start - 1].end : token.start].strip() == "、"
    single = end - start == 1
    ends_so = any(token.key in ("or", "nor") for token in found[start : end + _FEW])
    return not listed and end - start <= _FEW and (single or ends_so)


DENIES = frozenset([
    "no", "not", "without", "nor", "不", "没", "无", "非", "未", "免", "别", "勿", "零", "除",
])  # fmt: skip
_FEW = 3
"""Tokens of a member of an English list."""


def _shorten(found: Sequence[Token], text: str, begins: list[bool], ends: list[bool], kinds: frozenset[str]) -> int:
    """«Oak Dining Chair» may be called a dining chair: what a name ends with is the thing, and what stands before it
    may be left off, but for words without which it would be another thing, as of a «faux leather jacket». Gives how
    many tokens name the thing."""
    words = {place: word for match in _HAN_RUN.finditer(text) for place, word in _word_starts(match)}
    first, head, english = True, len(found), not is_han(text)
    for place in range(1, len(found)):
        token, before = found[place], found[place - 1]
        # Of an English title the first part names the thing, or one that begins «, a»; a Chinese one may do anywhere.
        tail = token.key in _TAILS and not token.hyphened
        ended = first
        first = (
            first
            and not token.apart
            and (not tail or token.key == "of")
            and (token.hyphened or token.key not in ("with", "plus"))
        )
        if ended and not first and head == len(found) and english:
            head = place
        if token.apart and re.fullmatch(r",\s*an?\s+", text[before.end : token.start].lower()):
            first, head = True, len(found)
        code = place + 1 < len(found) and found[place + 1].start == token.end and found[place + 1].key[0].isdigit()
        spec = token.key[0].isdigit() and not before.key[0].isdigit() and before.end < token.start
        # «Surf Zinc Stick SPF 50»
        named = place + 1 < len(found) and found[place + 1].key[0].isdigit() and text[token.start : token.end].isupper()
        if ((tail or spec or code or named) and not token.hyphened) or (before.key in kinds and before.key < "\u3400"):
            ends[place] = True
        if before.key in ("for", "in") and not before.hyphened:
            begins[place] = True
        elif token.key >= "\u3400":
            if _HOLDS.match(text, text.rfind(" ", 0, token.start) + 1, token.start):
                continue
            begins[place] |= before.key < "\u3400" and token.key not in _UNITS
            begins[place] |= token.start in words and words[token.start] not in _CHANGES
        elif first and not token.hyphened and token.key not in _BELONGS and token.key not in _UNITS:
            begins[place] |= before.key not in _CHANGES
    return head


_UNITS = frozenset([
    "oz", "ml", "l", "g", "kg", "mg", "cm", "mm", "m", "inch", "in", "ft", "w", "v", "gb", "tb", "lb", "pack", "piece",
    "person", "sheet", "克", "毫", "升", "厘", "米", "英", "斤", "公", "千", "寸", "件", "包", "片", "盒", "支", "只",
    "双", "条", "瓶", "个", "码", "岁", "人", "张", "页", "瓦", "伏", "小", "分", "天", "年", "号", "代", "合", "层",
    "抽", "杯",
])  # fmt: skip


_HAN_RUN = re.compile(rf"[{HAN}]+")
_TAKES_BACK = re.compile(
    r"\b(?:extra|separately|(?:not|n't|never) (?:included|supplied)|needed|required|excluded)(?=\W*$|\s*;)|^sold\b"
    "|另[买购配]|自备|不要碰|别买",
    re.IGNORECASE,
)
"""A sentence that says at its end of what it names before that it does not come with it."""

_QUOTES = re.compile('[“”"]')
_HEAD = re.compile("不过|但|不是|只在|目前|商品信息|是按意思|用词|没有提到|有货|缺货|描述里|标题里|标明|售价")
"""What a later clause of Chinese evidence begins with that says something by itself; or with the name of a field."""
_TAILS = frozenset([
    "for", "in", "on", "by", "from", "of", "without", "to", "that", "made", "男", "女", "童",
])  # fmt: skip
"""What a name may end before."""

_CHANGES = frozenset([
    "vegan", "faux", "fake", "imitation", "artificial", "mock", "simulated", "synthetic", "semi", "half", "part",
    "partly", "non", "no", "not", "un", "anti", "less", "replacement", "toy", "model", "mini", "dummy", "pretend",
    "仿", "造", "假", "无", "不", "非", "免", "半", "防", "类", "似", "合", "成", "抗", "去", "除", "脱", "低",
    "少", "零", "代", "素", "玩具", "模型", "不含", "不加", "没有", "无添加", "未添加", "不带", "不用", "不是",
])  # fmt: skip
"""Words that make another thing of what follows them."""

_BELONGS = frozenset([
    "free", "less", "look", "style", "effect", "like", "type", "blend", "coated", "plated", "covered", "lined",
    "filled", "scented",
])  # fmt: skip
"""Words that say something of what stands before them, and nothing without it."""


_HOLDS = re.compile("自?带|送|附|配|含|需|适[合用配]|可?[装放卡]|可上|仿真|无|免(?!洗|烫|打孔)")
"""What a part of a Chinese title begins with that is not the product but said of something else: 可装15.6寸电脑."""


def _word_starts(run: re.Match[str]) -> Iterator[tuple[int, str]]:
    """Where the words of a Chinese run begin, and where goods do that end it, each with the word before it; not the
    first, which begins a clause."""
    said, place, before = run.group(), 0, ""
    for word in cut(said):
        if before:
            yield run.start() + place, before
        for inner in range(place + 1, place + len(word)):
            if "goods" in names().same.get(said[inner:].rstrip("男女童"), ()):
                yield run.start() + inner, said[inner - 1]
        place, before = place + len(word), word


__all__ = ["DENIES", "Source", "source"]
