"""Words that name nothing that is sold."""

from __future__ import annotations

STOP_WORDS = frozenset(
    {"a", "all", "an", "and", "are", "as", "at", "be", "by", "compatible", "featuring", "fits", "for", "from",
     "fully", "how", "in", "into", "is", "it", "its", "includes", "including", "incl", "like", "made", "not", "of",
     "off", "on", "onto", "or", "our", "out", "over", "per", "plus", "than", "that", "the", "their", "this", "tm",
     "to", "under", "up", "use", "used", "using", "via", "w", "was", "with", "without", "you", "your", "x", "的",
     "和", "与", "及", "或", "款", "版", "个", "件", "等", "为", "在", "是", "用", "适用", "适用于", "可", "带",
     "含", "送", "新款", "正品", "官方", "包邮"}
)  # fmt: skip
"""Words at which a phrase ends: what a thing is called does not go over them."""

NO_NAME = frozenset(
    {"black", "white", "red", "blue", "green", "yellow", "grey", "gray", "silver", "gold", "pink", "purple",
     "brown", "orange", "beige", "navy", "ivory", "clear", "multicolor", "multi", "assorted", "color", "colors",
     "colour", "colours", "size", "sizes", "small", "medium", "large", "xlarge", "mini", "big", "new", "original",
     "genuine", "pack", "packs", "set", "sets", "piece", "pieces", "pcs", "count", "kit", "inch", "inches", "in",
     "ft", "feet", "mm", "cm", "oz", "ml", "lb", "lbs", "kg", "g", "qty", "each", "ea", "pair", "pairs", "series",
     "style", "model", "type", "edition", "version", "item", "items", "retail", "bulk", "box", "only", "free",
     "premium", "standard", "men", "women", "mens", "womens", "kids", "boys", "girls", "adult", "adults", "unisex",
     "toddler", "baby", "黑色", "白色", "红色", "蓝色", "绿色", "黄色", "灰色", "银色", "金色", "粉色", "紫色",
     "棕色", "橙色", "套装", "装", "男", "女", "男女", "通用", "新", "大", "小", "黑", "白", "红", "蓝"}
)  # fmt: skip
"""They end many titles and name no thing."""

LITTLE_WORDS = frozenset(
    {"a", "an", "and", "any", "at", "below", "best", "by", "cheap", "cheapest", "except", "for", "from", "in",
     "less", "more", "most", "my", "newest", "no", "not", "of", "on", "or", "over", "than", "the", "to", "top",
     "under", "up", "with", "without"}
)  # fmt: skip
"""They stand in queries rather than in catalogues."""
