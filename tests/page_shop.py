"""A shop for the tests of the search page: 276 products of the demo, two invented shoppers with a past, four indexes.

`products` is what the page opens with; `measured` knows its noise, so that it can call an answer weak; `old` was built
before there were words to look up, so that its answers are degraded; `small` has seven products, of which one has a
page in the shop.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from api_service import PRODUCTS, Shop, build, open_shop
from building import build_as_before
from commands import DEMO
from fake_language_model import FakeLanguageModel

from search.language_models.careful import Careful
from search.narration import Narrator

FILES = ("kitchen", "electronics", "grocery")
SHOPPERS = [
    {"user": "u-bean", "name": "Beatrix", "language": "en", "about": "Drinks coffee from morning to night."},
    {"user": "u-ear", "name": "小耳朵", "language": "zh", "about": "坐地铁上班，离不开耳机。"},
]
HISTORY = {"u-bean": ("FD-1119", "FD-1117", "FD-1116"), "u-ear": ("EL-1072", "EL-1081", "EL-1083")}


def demo_products() -> list[dict[str, Any]]:
    files = [DEMO / "catalogue" / f"{name}.jsonl" for name in FILES]
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def open_page_shop(folder: Path) -> Shop:
    shoppers = folder / "shoppers.jsonl"
    shoppers.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in SHOPPERS), encoding="utf-8")
    shop = open_shop(folder / "data", None, page_shoppers=shoppers, past_queries=True)
    rows = demo_products()
    build(shop.store, shop.encoder, rows)
    kitchen = [row for row in rows if row["category"][0] == "Kitchen & Dining"]
    build(shop.store, shop.encoder, kitchen, "measured", calibrate=True)
    build_as_before(shop.store, shop.encoder, rows[:30], "old")
    build(shop.store, shop.encoder, PRODUCTS[:7], "small")
    return shop


def with_model(shop: Shop, say: Callable[[Any], str]) -> Shop:
    """The shop with a language model: `say` gets the data of a question and gives what the model says to it."""
    narrator = Narrator(Careful(FakeLanguageModel(say), seconds=60))  # a busy machine is no slow model
    return dataclasses.replace(shop, service=dataclasses.replace(shop.service, narrator=narrator))


def tell_past(address: str) -> None:
    """The shoppers' past, told to the server there: each looked at what HISTORY says, and bought it."""
    events = [
        {"type": kind, "user": user, "product": product}
        for user, bought in HISTORY.items()
        for product in bought
        for kind in ("view", "purchase")
    ]
    assert httpx.post(f"{address}/events", json=events).status_code == 202
