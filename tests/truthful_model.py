"""What a good language model would say of the narrator's questions: short, and nothing but what the data says."""

from __future__ import annotations

import json
import re
from typing import Any

from llm_server import Reply, says, well

_PIECES = re.compile(r"\s*(?:[一-鿿]|[^\s一-鿿]+)|\s+")


def truthful(data: Any) -> str:
    """`data` is that of a question about one product, or about several."""
    if "products" in data:
        return "".join(f"{one['number']}. {_of(one['product'])}\n" for one in data["products"])
    return _of(data["product"])


def _of(product: Any) -> str:
    title, price = product["title"], product.get("price", product.get("价格"))
    if any("一" <= sign <= "鿿" for sign in title):
        return f"这款{title}。" + (f"它的售价是{price}。" if price is not None else "")
    return f"This is the {title}." + (f" It costs {price}." if price is not None else "")


def reply(payload: Any) -> Reply:
    """For tests/llm_server.py: streamed where that is asked for, word by word."""
    text = truthful(json.loads(payload["messages"][-1]["content"]))
    return well(*_PIECES.findall(text)) if payload.get("stream") else says(text)
