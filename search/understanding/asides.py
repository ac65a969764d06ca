"""What is said beside the thing itself: in which order to show it, that it be in stock, «please»."""

from __future__ import annotations

import re
from dataclasses import dataclass

from search.domain import SortKey
from search.lexicon import Lexicon
from search.understanding.found import Condition, Found

_DATES = (
    "released",
    "date_released",
    "release_date",
    "date",
    "available_since",
    "created_at",
    "publication_date",
    "上市时间",
    "上架时间",
)
_RATINGS = ("rating", "average_rating", "stars", "score", "评分")
_SALES = (
    "sale_count",
    "sales",
    "sales_count",
    "sold",
    "rating_count",
    "rating_number",
    "review_count",
    "comment_count",
    "销量",
)

_SORTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"\b(?:the\s+)?(?:cheapest|least\s+expensive|lowest[\s-]priced?"
            r"|(?:sort(?:ed)?\s+by\s+)?(?:lowest\s+price|price\s+low\s+to\s+high)(?:\s+first)?)\b"
            r"|(?:价格|价钱)?最便宜的?|(?:价格|价钱|售价)最低的?|最低价的?|价格从低到高(?:排序|排列)?"
        ),
        "cheap",
    ),
    (
        re.compile(
            r"\b(?:the\s+)?(?:most\s+expensive|priciest|dearest|highest[\s-]priced?|highest\s+price(?:\s+first)?"
            r"|(?:sort(?:ed)?\s+by\s+)?price\s+high\s+to\s+low)\b"
            r"|(?:价格)?最贵的?|(?:价格|价钱|售价)最高的?|价格从高到低(?:排序|排列)?"
        ),
        "dear",
    ),
    (
        re.compile(
            r"\b(?:the\s+)?(?:newest|latest|most\s+recent|(?:just|newly|recently)\s+released|newest\s+first)\b"
            r"|最新(?:款|上市|发布|上架)?的?|新上市的?|刚上市的?"
        ),
        "new",
    ),
    (
        re.compile(
            r"\b(?:the\s+)?(?:(?:best|top|highest|highly)[\s-](?:rated|reviewed|rating)|best\s+(?:reviews?|ratings?))\b"
            r"|评分最高的?|评价最(?:好|高)的?|口碑最好的?|好评最多的?|评分从高到低(?:排序)?"
        ),
        "rated",
    ),
    (
        re.compile(
            r"\b(?:the\s+)?(?:best[\s-]?sell(?:ing|ers?)|top[\s-]sell(?:ing|ers?)|most\s+popular|most\s+sold)\b"
            r"|销量最(?:高|好|大)的?|卖得?最(?:好|多|火)的?|最(?:热销|畅销|受欢迎)的?|销量(?:从高到低|排序)"
        ),
        "sold",
    ),
)
_STOCK = re.compile(
    r"(?:\b(?:that(?:'s|\s+is|\s+are)|which\s+(?:is|are)|must\s+be|currently|only)\s+)*\b(?:currently\s+|only\s+)?in[\s-]stock(?:\s+(?:now|only|today))?\b"
    r"|\bavailable\s+(?:now|today|immediately)\b|(?:要|只要|必须)?(?:有现货|有货|现货)(?:的|供应)?"
)
_OUT_OF = re.compile(r"(?:not|never|back)\s+(?:currently\s+)?$|没$|无$")

_LEADING = re.compile(
    r"[\s,.!\x00]*(?:hi|hello|hey|please|pls|well|so|ok)?[\s,!]*"
    r"(?:(?:(?:i(?:'m|\s+am)?|we(?:'re|\s+are)?|im)\s+(?:really\s+|just\s+|currently\s+)?(?:want|wanna|need|would\s+like|like|looking|searching|shopping|after|trying|hoping|in\s+need\s+of)"
    r"|i'd\s+(?:like|love)|looking|searching|search|(?:can|could)\s+(?:you|i|u)(?:\s+please)?|show|find|give|get|recommend|suggest|do\s+you\s+(?:have|sell|carry)|have\s+you\s+got|help\s+me|what\s+are|where\s+can\s+i)"
    r"(?:\s+(?:to\s+)?(?:buy|get|find|see|purchase|order|show|recommend|suggest|have|me|us|for|to))*\s+(?:(?:a|an|some|any|the|good|nice)\s+)*|need\s+(?:a|an|some)\s+|(?:buy|purchase|shop\s+for)\s+(?:(?:a|an|some)\s+)?|please\s+)"
)
_TRAILING = re.compile(r"[\s,]*\b(?:please|pls|thanks|thank\s+you|for\s+sale)\W*$")
_ZH_LEADING = re.compile(
    r"(?:你好|您好|请问|请|亲|麻烦)?[,!\s]*(?:(?:我|俺|咱|我们)?(?:是)?(?:正在|现在)?(?:想要?|要|需要|打算|准备|希望)(?:买|购买|入手|找|看看|看|选购|选|购|搞|整)?|(?:我|我们)?在?(?:找|购买|入手|看看)"
    r"|(?:求|跪求)?推荐|(?:求|跪求)安利|给我(?:来|找|看看|推荐)?|帮我?(?:找|推荐|选|挑|看看)?|有没有|有什么|有哪些|哪里有|哪有|求(?=一|个|款|推荐)|来(?=一|个))"
    r"(?:一下|下|几?)(?:一?[个款件双台部条支瓶套张把盏本些])?"
)
_ZH_TRAILING = re.compile(
    r"[,\s]*(?:有吗|有没有|求推荐|推荐一?下?|吗|呢|谢谢|可以吗|哪个好|哪款好|怎么选|有哪些)[?!。.\s]*$"
)
_CHEAP = re.compile(
    r"\b(?:cheap|affordable|inexpensive|budget[\s-]friendly|low[\s-]cost)\b(?!\s+(?:trick|monday))|便宜点?的?|平价的?|不要?太?贵的?|别太贵的?|性价比高的?|实惠的?"
)


@dataclass(frozen=True, slots=True)
class Asides:
    """Parts of a text that are not looked for: its sort order, its conditions, and the spans to cut out."""

    sort: tuple[SortKey, ...]
    found: tuple[Found, ...]
    cut: tuple[tuple[int, int], ...]


def asides(text: str, lexicon: Lexicon) -> Asides:
    """Sorting words, stock and fillers of `text` (lower case). A sort by a field that is not there stays text."""
    sort: list[SortKey] = []
    cut: list[tuple[int, int]] = []
    for pattern, what in _SORTS:
        match = pattern.search(text)
        key = _sort_key(what, lexicon) if match else None
        if match and key:
            sort.append(key)
            cut.append(match.span())
    found: list[Found] = []
    if lexicon.has("in_stock"):
        match = _STOCK.search(text)
        if match and not _OUT_OF.search(text[: match.start()]):
            found.append(Found(*match.span(), (Condition("in_stock", "=", True),), match.span()))
    if not sort:
        cut += [match.span() for match in _CHEAP.finditer(text)]
    for pattern, find in ((_LEADING, "match"), (_ZH_LEADING, "match"), (_TRAILING, "search"), (_ZH_TRAILING, "search")):
        match = getattr(pattern, find)(text)
        if match and match.end() > match.start():
            cut.append(match.span())
    return Asides(tuple(sort), tuple(found), tuple(cut))


def _sort_key(what: str, lexicon: Lexicon) -> SortKey | None:
    if what in ("cheap", "dear"):
        return SortKey("price", what == "dear") if lexicon.has("price") or not lexicon.products else None
    if what == "new":
        field = lexicon.date_field(_DATES)
    else:
        field = lexicon.number_field(_RATINGS if what == "rated" else _SALES)
    return SortKey(field, True) if field else None


__all__ = ["Asides", "asides"]
