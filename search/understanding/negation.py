"""What the shopper does not want: «not sony or canon», 不要小米, «anything but leather», 除了苹果以外."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.lexicon.folding import listed
from search.lexicon.phrases import Role
from search.understanding.found import Condition, Found
from search.understanding.tokens import STOP, Token, gap
from search.understanding.values import Match, Values

_LOOKS: tuple[Role, ...] = ("brand", "colour", "material", "size")
_ALL: tuple[Role, ...] = (*_LOOKS, "category", "attribute")

_EXPLICIT = re.compile(
    r"\b(?:(?:but\s+|and\s+|just\s+|definitely\s+)?not\s+(?:from|by|made\s+(?:by|of|from|with|in)|in|of|the|any|a|an)\b"
    r"|(?:but\s+|just\s+)?not\b|anything\s+(?:but|except|other\s+than)\b|any\s+(?:brand|colou?r|make|material)?\s*(?:but|except|other\s+than|besides)\b"
    r"|(?:all\s+)?but\s+(?:not|no)\b|except(?:ing)?(?:\s+for|\s+from|\s+in)?\b|exclud(?:ing|e|es)\b|other\s+than\b"
    r"|(?:apart|aside)\s+from\b|(?:do\s+not|don'?t)\s+(?:want|like|show(?:\s+me)?|need)\b|nothing\s+(?:from|by|in|made\s+of)\b"
    r"|(?:(?:that|which)\s+)?(?:isn'?t|aren'?t|is\s+not|are\s+not)\b|(?:everything|all|anything)\s+(?:but|except)\b"
    r"|instead\s+of\b|besides\b|avoid(?:ing)?\b|never\b|minus\b)\s*(?:any\s+|the\s+|a\s+|an\s+)?"
)
_SOFT = re.compile(
    r"\b(?:no|without(?:\s+any|\s+a|\s+an|\s+the)?|non|nor|free\s+(?:of|from)|rather\s+than|w/o)(?:\s+|\s?-\s?)"
)
_FREE = re.compile(r"[\s-]free\b")
_ZH_EXPLICIT = re.compile(
    r"(?:但|但是|而且|且|就)?(?:不要|别要|不想要|不买|不是|不考虑|不喜欢|不接受|别给我(?:推荐|看)?|别推荐|排除掉?|除了|除(?=[^,，。\s]{1,12}外)|除去|除开|除却|剔除)(?:掉|买)?"
)
_ZH_SOFT = re.compile(r"(?:不含有?|不带|没有|无|非|免|去除|不加)")
_ZH_BEHIND = re.compile(r"(?:以外|之外|除外)(?:的|都行|都可以|都可|均可)?")
_ZH_BEHIND_ONLY = re.compile(r"以外|之外|除外")
_ZH_CLOSE = re.compile(r"\s*(?:以外|之外|外|除外)?(?:的|都行|都可以|都可|均可)*")

_NOT_AFTER = listed(
    "just only too very so that as really for to going be sure enough included necessarily yet more less "
    "included what working all always even quite much many sold available if when where how responsible using "
    "being having it this disturb is are do does have has"
)
_ZH_NOT_AFTER = listed("太 有 了 过 很 一样 想 带 能 会 再 得 错 贵 大 小 高 低 便宜 知道 好 多 少 只 单 仅")
_ZH_GLUE = listed("的 牌 牌子 品牌 系列 款 色 颜色 材质")
_AND = re.compile(
    r"(?:,?\s*(?:\bor\b|\bnor\b|\band\b|/|&|、|和|跟|与|或者?|以及|还有)\s*(?:not\s+|no\s+|不要)?(?:from\s+|by\s+|the\s+|any\s+)?|\s*,\s*|，)"
)


@dataclass(frozen=True, slots=True)
class _Cue:
    start: int
    end: int
    explicit: bool
    behind: bool = False


def negations(text: str, row: Sequence[Token], values: Values) -> list[Found]:
    """Exclusions in `text` (lower case, what is understood already blanked), whose words are `row`; in order."""
    found: list[Found] = []
    for cue in _cues(text, row):
        if any(item.cut and cue.start < item.cut[1] and item.cut[0] < cue.end for item in found):
            continue
        found += _behind(text, row, values, cue) if cue.behind else _ahead(text, row, values, cue)
    return sorted(found, key=lambda item: item.start)


def _cues(text: str, row: Sequence[Token]) -> list[_Cue]:
    cues = [_Cue(*match.span(), True) for match in _EXPLICIT.finditer(text)]
    cues += [_Cue(*match.span(), False) for match in _SOFT.finditer(text)]
    cues += [_Cue(*match.span(), False, True) for match in _FREE.finditer(text)]
    if not text.isascii():
        cues += [_Cue(*match.span(), True) for match in _ZH_EXPLICIT.finditer(text)]
        # 无线 is a word of its own, and so is 非常: the cue has to stand at the beginning of one.
        begins = {token.start: token.end for token in row}
        cues += [_Cue(*match.span(), False) for match in _ZH_SOFT.finditer(text) if match.start() in begins]
        cues += [_Cue(*match.span(), True, True) for match in _ZH_BEHIND.finditer(text)]
    return sorted(cues, key=lambda cue: (cue.start, -cue.end))


def _ahead(text: str, row: Sequence[Token], values: Values, cue: _Cue) -> list[Found]:
    """The cue comes first, then one thing or several."""
    first = next((n for n, token in enumerate(row) if token.start >= cue.end), None)
    if first is None or text[cue.end : row[first].start].strip(" \"'“‘"):
        return []
    matches = _named(text, row, first, values, cue.explicit)
    if not matches:
        return _unknown(text, row, first, cue) if cue.explicit else []
    found, start, last = [], cue.start, matches[0].last
    while True:
        match = matches[0]
        last = match.last
        found.append(_excluded(start, row[last - 1].end, [match]))
        following = _AND.match(text, row[last - 1].end)
        if (
            following is None
            or last >= len(row)
            or (row[last].start < following.end() and row[last].start < following.end())
        ) and following is None:
            break
        after = next((n for n, token in enumerate(row) if token.start >= following.end()), None)
        if after is None or text[following.end() : row[after].start].strip():
            break
        more = [m for m in _named(text, row, after, values, cue.explicit) if m.field == match.field]
        if not more or (
            "," in following[0] and following[0].strip(" ,") == "" and not _list_goes_on(text, row, more[0])
        ):
            break
        matches, start = more, row[after].start
    return _closed(text, cue, found, row[last - 1].end)


def _list_goes_on(text: str, row: Sequence[Token], match: Match) -> bool:
    rest = text[row[match.last - 1].end :]
    return re.match(r"\s*(?:,\s*\w+\s*)*,?\s*(?:or|nor|and|/)\b", rest) is not None


def _named(text: str, row: Sequence[Token], first: int, values: Values, explicit: bool) -> list[Match]:
    """The value that an exclusion names. A soft cue («no bleed») excludes only what is surely a look."""
    matches = values.longest(row, first, text, _ALL if explicit else _LOOKS)
    matches = [match for match in matches if values.is_named_so(match, row)]
    if explicit or not matches:
        return [match for match in matches if match.role != "size" or match.value.isalpha()]
    sure = []
    for match in matches:
        if match.role == "size":
            continue
        if match.role == "brand" and values.brand_strength(match, row, ()) != "must":
            continue
        sure.append(match)
    return sure


def _unknown(text: str, row: Sequence[Token], first: int, cue: _Cue) -> list[Found]:
    """An explicit exclusion of something that is no value: the word itself is excluded."""
    token = row[first]
    if (
        token.key in _NOT_AFTER
        or token.key in _ZH_NOT_AFTER
        or token.key[0] in "太这那"
        or token.key in STOP
        or token.key.isdigit()
    ):
        return []
    if not token.han:
        if token.key.endswith("ing"):
            return []
        word = Condition("text", "!=", token.key)
        return [Found(cue.start, token.end, (word,), (cue.start, token.end))]
    last = first
    while last + 1 < len(row) and row[last + 1].han and row[last + 1].start == row[last].end and last - first < 3:
        if (
            row[last + 1].key in _ZH_GLUE
            or _ZH_BEHIND.match(text, row[last + 1].start)
            or row[last + 1].key in STOP
            or row[last + 1].key == "外"
        ):
            break
        last += 1
    end = row[last].end
    closes = _ZH_CLOSE.match(text, end)
    stop = closes.end() if closes else end
    if last > first and stop == end and stop < len(text) and text[stop] not in " ,;。，":
        return []
    word = Condition("text", "!=", text[token.start : end])
    return [Found(cue.start, end, (word,), (cue.start, stop))]


def _behind(text: str, row: Sequence[Token], values: Values, cue: _Cue) -> list[Found]:
    """The thing comes first: 苹果以外的, leather-free."""
    ends = [n for n, token in enumerate(row) if token.end == cue.start]
    if not ends:
        return []
    last = ends[-1] + 1
    for first in range(max(0, last - 5), last):
        matches = values.named(row, first, last, text, _ALL if cue.explicit else _LOOKS)
        matches = [m for m in matches if cue.explicit or (m.role in ("material", "colour"))]
        if matches:
            start, shown = row[first].start, _ZH_BEHIND_ONLY.match(text, cue.start)
            item = _excluded(start, shown.end() if shown else cue.end, matches)
            return [replace(item, cut=(start, cue.end))]
    return []


def _excluded(start: int, end: int, matches: Sequence[Match]) -> Found:
    match = matches[0]
    condition = Condition(match.field, "!=", match.value, "must", match.members)
    return Found(start, end, (condition,), (start, end))


def _closed(text: str, cue: _Cue, found: list[Found], end: int) -> list[Found]:
    """The words that close an exclusion (以外的) are its own: they go with it."""
    closes = _ZH_CLOSE.match(text, end)
    stop = closes.end() if closes else end
    last = found[-1]
    shown = re.match(r"\s*(?:以外|之外|外|除外)", text[end:])
    seen = end + shown.end() if shown and len(found) == 1 else last.end
    found[-1] = replace(last, end=seen, cut=(last.start, stop))
    if len(found) > 1:
        found[0] = replace(found[0], cut=(found[0].start, stop))
    return found


__all__ = ["gap", "negations"]
