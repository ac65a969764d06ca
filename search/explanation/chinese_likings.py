"""为什么合这位顾客的口味：收据里可能出现的每一种分数成分，各有一句中文。"""

from __future__ import annotations

from collections.abc import Mapping

from search.domain import Document
from search.events import EventType, Reason
from search.explanation.ledger import NEARNESS, SIMILAR, Liking
from search.explanation.reasons import Told, others, paying
from search.explanation.values import clean, cut, label

_DID: dict[EventType | None, str] = {
    "purchase": "买过", "cart": "加过购物车", "view": "看过", "click": "看过", "rating": "打过高分", "hide": "隐藏了",
    "search": "搜过", None: "接触过",
}  # fmt: skip


def liking(one: Liking, document: Document, most: int) -> str:
    """`most` is how long a title may be, in columns."""
    titles = [said for title in one.titles if (said := cut(clean(title), most))]
    if one.kin is False and one.reason.part in NEARNESS:
        titles = []
    told = LIKINGS.get(one.reason.part, others("", "合你已知的喜好"))  # what an older training named
    return told(one.reason, f"“{titles[0]}”" if titles else "", document)


def _near(reason: Reason, title: str, document: Document) -> str:
    if reason.declared:
        text = cut(clean(reason.value), 40)
        return f"合你说过的兴趣“{text}”" if text else "合你说过的兴趣"
    if reason.effect < 0:
        return "和你平时的选择不太像"
    return f"和你{_DID.get(reason.event, '接触过')}的{title}相近" if title else "比多数商品更接近你的口味"


def _session(reason: Reason, title: str, document: Document) -> str:
    if reason.effect < 0:
        return "和你这次想找的不太像"
    return f"和你这次{_DID.get(reason.event, '接触过')}的{title}相近" if title else "比多数商品更接近你这次想找的"


def _brand(reason: Reason, title: str, document: Document) -> str:
    return _same(reason, title, "同品牌的", "品牌是你点名喜欢的", "品牌是你喜欢的", "品牌是你平时不选的")


def _category(reason: Reason, title: str, document: Document) -> str:
    name = cut(clean(reason.value), 32)
    if name and title and reason.effect > 0:
        return f"你{_did(reason.event, f'“{name}”里的{title}')}"
    return _same(reason, title, "同类的", "是你点名喜欢的品类", "是你常选的品类", "是你平时少选的品类")


def _same(reason: Reason, title: str, how: str, named: str, liked: str, disliked: str) -> str:
    if reason.declared:
        return named
    if reason.effect < 0 and not (title and reason.event == "hide"):
        return disliked
    if not title:
        return liked
    return f"你{_did(reason.event, how + title)}"


def _attributes(reason: Reason, title: str, document: Document) -> str:
    name, held = label(reason.field or "", "zh"), cut(clean(reason.value), 32)
    said = f"{name}是{held}" if held else f"{name}合适"
    if reason.declared:
        return f"{said}，正是你说过的" if held else said
    if reason.effect < 0:
        return f"{said}，你平时少选" if held else f"{name}是你平时少选的"
    if title and held:
        return f"{said}，和你{_DID.get(reason.event, '接触过')}的{title}一样"
    return f"{said}，是你常选的" if held else said


def _price(reason: Reason, title: str, document: Document) -> str:
    said = paying(reason, document)
    if reason.declared:
        return f"在你说过的预算{said.top}以内" if said.inside else "价格合你的预算"
    spread = f"（约{said.low}至{said.high}）" if said.high else ""
    if reason.effect < 0:
        return f"价格离你平时的花费{spread}较远"
    return f"价格在你平时的花费{spread}之内" if said.inside else f"价格接近你平时的花费{spread}"


def _repeat(reason: Reason, title: str, document: Document) -> str:
    return "你已经有了" if reason.effect < 0 else "你以前买过，也许又该买了"


LIKINGS: Mapping[str, Told] = {
    "interest": _near,
    "content": _near,
    "declared": _near,
    "session": _session,
    "brand": _brand,
    "category": _category,
    "attributes": _attributes,
    "price": _price,
    "repeat": _repeat,
    "had": lambda reason, title, document: "你以前有过它",
    "together": others("选了{}的人也选了它", "和你选过同样商品的人也选了它"),
    "next": others("选了{}之后，别人常接着选它", "选了你最近选的商品之后，别人常接着选它"),
    "later": others("选了{}过些时候，别人也选了它", "选了你选过的商品，过些时候别人也选了它"),
    "before": others("选了{}的人之前有它", "和你选过同样商品的人之前有它"),
    "alike": others("选了与{}相像的商品之后，别人接着选了它", "选了与你的相像的商品之后，别人接着选了它"),
    "words": others("名字和{}相近", "名字和你以前选的相近"),
    "gru": others("", "和你选购顺序相像的人接着选了它"),
    "sasrec": others("", "和你选购顺序相像的人接着选了它"),
    "basket": others("描述和{}相近", "描述和你选的相近"),
    "aisle": others("和{}在同一片货架", "在同一片货架"),
    "neighbours": others("", "和你经历相像的顾客选了它"),
    "popular": others("", "它很受其他顾客欢迎"),
    "new": others("", "还很少有人试过它"),
    SIMILAR: others("描述和{}相近", "描述和那件商品相近"),
}
"""By part of a score. Every part that a receipt can name has to be here."""


def _did(event: EventType | None, what: str) -> str:
    if event == "cart":
        return f"把{what}加过购物车"
    return f"给{what}打过高分" if event == "rating" else f"{_DID.get(event, '接触过')}{what}"
