"""An explanation in Chinese: 一两句话，说清为什么推荐。"""

from __future__ import annotations

from collections.abc import Sequence

from search.constraints import TEXT
from search.domain import Json
from search.explanation.bounds import Bound
from search.explanation.chinese_likings import liking
from search.explanation.story import Heard, Phrase, Story
from search.explanation.thrift import ROOMY, Thrift, within
from search.explanation.values import amount, clean, columns, cut, label, measure, money, quoted, value
from search.storage.payload import fold


def explain(story: Story) -> str:
    """One or two sentences, never empty."""
    return within(lambda thrift: _sentences(story, thrift))


def _sentences(story: Story, thrift: Thrift) -> str:
    words, tail = _words(story, thrift)
    met = _met(story.met[: thrift.met], thrift)
    taste = _taste(story, thrift)
    against = [*_unmet(story, thrift), *_unknown(story.unknown[: thrift.unknown])]
    if story.out_of_stock:
        against.append("目前缺货")
    if words and (tail or len(story.met) > 2 or not (story.heard or story.code)):
        first, second = [words + tail * thrift.rest], [*met, *taste]
    elif words or met:
        first, second = [*([words] if words else []), *met], taste
    else:
        first, second = taste[:1], taste[1:]
    if not first:
        first = [] if against else [_by_default(story)]
    if against and not second and len(first) <= 1 and not tail:
        return _sentence(first, against)
    return "".join(filter(None, (_sentence(first), _sentence(second, against))))


def _sentence(good: Sequence[str], against: Sequence[str] = ()) -> str:
    said = "，".join(good)
    if against:
        said = f"{said}，但{'，'.join(against)}" if said else "，".join(against)
    return said + "。" if said else ""


# --- words -----------------------------------------------------------------------------------------------------------


def _words(story: Story, thrift: Thrift) -> tuple[str, str]:
    """What is told of the words, and what is told of those that are missing."""
    if story.code is not None:
        if story.code.field == "title":
            return "标题与你输入的完全一致", ""
        name = "商品编号" if story.code.field == "id" else label(story.code.field, "zh")
        return f"{name}{cut(clean(story.code.written), thrift.value)}正是你输入的", ""
    if story.heard:
        first, *others = story.heard[: thrift.places]
        said = _stands(first, story, thrift, alone=len(story.heard) == 1)
        if others:
            said += f"，{_stands(others[0], story, thrift, alone=False)}"
        return said, _tail(story, thrift)
    if story.rest == "only meaning":
        if len(story.missing) == 1 and columns(story.missing[0]) <= thrift.value:
            return f"商品信息里没有{quoted(story.missing[0])}，是按意思找到的", ""
        other = "其他" if any(bound.field != "price" for bound in story.met) else ""
        if story.even:
            return f"是按意思找到的，商品信息里没有你说的{other}词", ""
        return f"商品信息里没有你说的{other}词，是按意思找到的", ""
    if story.rest == "unsaid":
        return "用词不同，但与你说的意思相近", ""
    return "", ""


def _tail(story: Story, thrift: Thrift) -> str:
    if story.rest == "missing":
        return f"，不过没有提到{'和'.join(quoted(cut(one, thrift.value)) for one in story.missing)}"
    if story.rest == "meaning":
        return "，此外是按意思找到的" if story.even else "，其余按意思匹配"
    return ""


def _stands(heard: Heard, story: Story, thrift: Thrift, alone: bool) -> str:
    """标题里有“静音键盘”。"""
    phrases = heard.phrases[: thrift.phrases]
    said = "".join(_phrase(one, story, thrift) for one in phrases)
    if any(one.typed for one in phrases):
        said = "、".join(_phrase(one, story, thrift) for one in phrases)
    if heard.place == "brand":
        plain = heard.whole and len(phrases) == 1 and said == quoted(cut(phrases[0].written, thrift.value))
        return f"品牌是{cut(phrases[0].written, thrift.value)}" if plain else f"品牌里有{said}"
    if heard.place == "category" and heard.whole:
        return f"类目是{said}"
    if heard.place == "mark":
        return f"标明{quoted(label(heard.field, 'zh'))}"
    if heard.place == "attribute":
        how = "一项提到" if not heard.whole else "包括" if heard.listed else "是"
        name = label(heard.field, "zh")
        return f"{name}{'一栏' if name.endswith('”') and heard.whole else ''}{how}{said}"
    if heard.place == "description":
        return f"只在描述里提到{said}" if alone else f"描述里提到{said}"
    return f"{label(heard.place, 'zh')}里有{said}"


def _phrase(phrase: Phrase, story: Story, thrift: Thrift) -> str:
    said = quoted(cut(phrase.written, thrift.value))
    if phrase.typed:
        return f"{said}（你说的{quoted(cut(phrase.typed, thrift.value))}）"
    typed = next((typed for typed, taken in story.corrected if fold(taken) in fold(phrase.written)), "")
    return f"{said}（你输入的是{quoted(cut(typed, thrift.value))}）" if typed else said


# --- conditions ------------------------------------------------------------------------------------------------------


def _met(bounds: Sequence[Bound], thrift: Thrift) -> list[str]:
    return [said for bound in bounds if (said := _meets(bound, thrift))]


def _meets(bound: Bound, thrift: Thrift) -> str:
    field, op, name = bound.field, bound.constraint.op, label(bound.field, "zh")
    wanted = _wanted(bound, thrift)
    if field == TEXT:
        return f"没有提到你不要的{quoted(wanted)}" if op == "!=" and wanted else ""
    if isinstance(bound.shown, bool):
        if field == "in_stock":
            return "有货" if bound.shown else "缺货"
        return f"标明{quoted(name)}" if bound.shown else f"标明并非{quoted(name)}"
    held = amount(bound.shown)
    if held is not None and op != "!=":
        return _within(bound, held)
    shown = value(bound.shown, thrift.value)
    if not shown:
        return ""
    if op == "!=":
        return f"{name}是{shown}，不是{wanted}" if wanted else f"{name}是{shown}"
    if op in ("=", "in") and wanted and field not in ("brand", "category") and not _says(shown, bound.wanted):
        return f"{name}是{shown}，属于{wanted}"
    if field == "category":
        return f"属于{quoted(shown)}类"
    return f"{name}是{shown}"


def _within(bound: Bound, held: float) -> str:
    """售价¥79，在你的¥100以内。"""
    is_price = bound.field == "price"
    shown = _said(bound, held)
    what = f"售价{shown}" if is_price else f"{label(bound.field, 'zh')}{shown}"
    if bound.low is not None and bound.high is not None:
        return f"{what}，在你要的{_said(bound, bound.low)}到{_said(bound, bound.high)}之间"
    limit = amount(bound.wanted[0])
    if limit is None:
        return what
    if held == limit:
        return f"{what}，正好合你的要求"
    asked = _said(bound, limit)
    sense = {"<": "低于你说的{}", "<=": "没超过你说的{}", ">": "高于你说的{}", ">=": "不低于你说的{}"}.get(
        bound.constraint.op
    )
    return f"{what}，{sense.format(asked)}" if sense else f"{what}，接近你说的{asked}"


def _unmet(story: Story, thrift: Thrift) -> list[str]:
    foreign = [
        f"售价{money(paid, bound.currency)}，与你说的{quoted(cut(clean(bound.constraint.text), 24))}不是同一种货币"
        for bound in story.foreign
        if (paid := amount(bound.shown)) is not None
    ]
    told = [*(_against(bound, thrift) for bound in story.unmet[: thrift.unmet]), *foreign]
    return list(dict.fromkeys(told))


def _against(bound: Bound, thrift: Thrift) -> str:
    field, op, name = bound.field, bound.constraint.op, label(bound.field, "zh")
    wanted = _wanted(bound, thrift)
    held, limit = amount(bound.shown), amount(bound.wanted[0])
    if held is not None and limit is not None and op != "!=":
        what = f"售价{_said(bound, held)}" if field == "price" else f"{name}{_said(bound, held)}"
        asked = _said(bound, limit)
        sense = "超出你说的" if op in ("<", "<=") else "不到你说的" if op in (">", ">=") else "不是你说的"
        return f"{what}，{sense}{asked}"
    if isinstance(bound.shown, bool):
        if field == "in_stock":
            return "有货" if bound.shown else "目前缺货"
        return f"标明{quoted(name)}" if bound.shown else f"标明并非{quoted(name)}"
    shown = value(bound.shown, thrift.value) or "别的"
    if field == TEXT:
        return f"里面提到了你不要的{quoted(wanted)}"
    if op == "!=":
        return f"{name}是{shown}，而你不想要它" if field == "brand" else f"{name}是{shown}，正是你不想要的"
    if not wanted:
        return f"{name}是{shown}"
    return f"{name}写的是{shown}，而你{'更想要' if bound.wish else '要的是'}{wanted}"


def _unknown(bounds: Sequence[Bound]) -> list[str]:
    named: dict[str, None] = {}
    whether: dict[str, None] = {}
    for bound in bounds:
        if bound.field == TEXT:
            if text := cut(clean(bound.wanted[0]), 24):
                whether[quoted(text)] = None
        elif isinstance(bound.wanted[0], bool):
            whether["有货" if bound.field == "in_stock" else quoted(label(bound.field, "zh"))] = None
        else:
            named[label(bound.field, "zh")] = None
    said = [f"{'、'.join(named)}未标明"] if named else []
    return said + [f"是否{one}未标明" for one in whether]


def _wanted(bound: Bound, thrift: Thrift) -> str:
    return "或".join(dict.fromkeys(said for one in bound.wanted if (said := cut(clean(one), thrift.value))))


def _said(bound: Bound, number: float) -> str:
    return money(number, bound.limits) if bound.field == "price" else measure(number, bound.field, "zh")


def _says(shown: str, wanted: Sequence[Json]) -> bool:
    return any(fold(clean(one)) in fold(shown) for one in wanted if clean(one))


# --- taste -----------------------------------------------------------------------------------------------------------


def _taste(story: Story, thrift: Thrift) -> list[str]:
    told = [liking(one, story.document, thrift.title) for one in story.likings[: thrift.likings]]
    if thrift.moved and story.moved and thrift.likings:
        against = any(one.reason.effect < 0 for one in story.likings)
        if told and (story.moved > 0 or against):
            told[-1] += f"，因此为你{'提前' if story.moved > 0 else '后移'}了{abs(story.moved)}位"
        elif story.moved < 0 and not told:
            told.append(f"为更合你口味的商品让了{-story.moved}位")
    return told


def _by_default(story: Story) -> str:
    shelf = story.document.get("category")
    name = value(shelf[-1:] if isinstance(shelf, list) else shelf)
    if story.asked:
        return f"它是{quoted(name)}里的一款" if name else "它是余下的商品之一"
    return f"带你看看{quoted(name)}里的商品" if name else "带你看看别的商品"


# --- for others who tell ---------------------------------------------------------------------------------------------


def telling(story: Story) -> tuple[str, ...]:
    """Clauses that are true of the product, each by itself."""
    words, tail = _words(story, ROOMY)
    told = [words + tail if story.rest == "missing" else words, *_met(story.met, ROOMY)]
    told += [liking(one, story.document, ROOMY.title) for one in story.likings]
    told += ["目前缺货"] if story.out_of_stock else []
    return tuple(one for one in told if one)


def questions(story: Story) -> tuple[str, ...]:
    """Clauses that say what is not met, and what is not known."""
    return (*_unmet(story, ROOMY), *(each for one in story.unknown for each in _unknown([one])))
