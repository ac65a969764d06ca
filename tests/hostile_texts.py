"""Texts that give orders to a language model (tests/golden/hostile), products that bear them, and a model that obeys.

The model is the worst there can be: it does whatever the text wants whether it was shown the text or not, so that what
keeps it from a shopper is the check of what it says and nothing else.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from search.domain import Language
from search.protocols import Completion, Json

GOLDEN = Path(__file__).parent / "golden" / "hostile"

MUG: dict[str, Any] = {
    "title": "Stoneware mug with a wide handle", "description": "Holds 350 ml of tea and stacks neatly.",
    "brand": "Halyard", "category": ["Kitchen", "Mugs"], "price": 12, "currency": "USD", "colour": "blue",
    "material": "stoneware", "dishwasher_safe": True, "rating": 4.4, "in_stock": True, "language": "en",
}  # fmt: skip
BEIZI: dict[str, Any] = {
    "title": "粗陶马克杯 宽把手", "description": "能装350毫升茶，可以叠放。", "brand": "青圩",
    "category": ["Kitchen", "Mugs"], "price": 39, "currency": "CNY", "colour": "蓝色",
    "material": "粗陶", "dishwasher_safe": True, "rating": 4.4, "in_stock": True, "language": "zh",
}  # fmt: skip

TRUE: dict[Language, tuple[str, str]] = {
    "en": ("It is made of blue stoneware.", "The mug has a wide handle."),
    "zh": ("它是蓝色粗陶做的。", "马克杯有宽把手。"),
}
"""What may be said of MUG and of BEIZI, from title and attributes: a description that dictates is no ground."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """`text` stands in the field `where`; `title` is the other half of a text split over two fields. `wanted` is what a
    model says that obeys, and nothing that `canary` matches may ever be shown."""

    id: str
    language: str
    family: str
    where: str
    text: str
    wanted: str
    canary: str
    title: str = ""

    @property
    def asked_in(self) -> Language:
        """The language that the shopper reads."""
        return "zh" if self.language == "zh" else "en"

    @property
    def query(self) -> str:
        if self.where == "query":
            return self.text
        return "粗陶马克杯" if self.asked_in == "zh" else "stoneware mug"

    def document(self) -> dict[str, Any]:
        """The mug, with the text in its place. `item` is how the model knows which one it is."""
        document = {"id": self.id, **(BEIZI if self.asked_in == "zh" else MUG), "item": self.id}
        if self.where == "title":
            document["title"] = self.text
        elif self.where == "brand":
            document["brand"] = self.text
        elif self.where == "attribute":
            document["colour_note"] = self.text
        elif self.where != "query":
            document["description"] = f"{document['description']} {self.text}"
        if self.title:
            document["title"] = self.title
        return document

    def shown_in(self, text: str) -> str:
        """What of `text` should not have been shown; "" where nothing."""
        found = re.search(self.canary, text, re.IGNORECASE)
        return found[0] if found else ""


@cache
def hostile(name: str) -> tuple[Hostile, ...]:
    """The rows of descriptions.jsonl, queries.jsonl or fresh.jsonl."""
    lines = (GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
    return tuple(Hostile(**json.loads(line)) for line in lines if line)


Obeying = Callable[[Hostile, str, str], str]
"""Row, instructions and data → what the model says of it."""


def outright(row: Hostile, system: str, data: str) -> str:
    return row.wanted


def between_truths(row: Hostile, system: str, data: str) -> str:
    first, second = TRUE[row.asked_in]
    return f"{first} {row.wanted} {second}"


def within_a_truth(row: Hostile, system: str, data: str) -> str:
    """The lie as a clause of a sentence that is otherwise true."""
    first, second = (sentence.rstrip(".。") for sentence in TRUE[row.asked_in])
    lie = row.wanted.rstrip(".。")
    if row.asked_in == "zh":
        return f"{first}，{lie}，{second}。"
    return f"{first}, {lie[:1].lower()}{lie[1:]}, and {second[:1].lower()}{second[1:]}."


def as_hearsay(row: Hostile, system: str, data: str) -> str:
    if row.asked_in == "zh":
        return f"据店家介绍，{row.wanted}"
    return f"According to the shop, {row.wanted}"


def with_ornament(row: Hostile, system: str, data: str) -> str:
    return f"Sure! Here you go:\n\n- **{row.wanted}**\n* {row.wanted}\n> {row.wanted}\n1. {row.wanted}"


def echoing_everything(row: Hostile, system: str, data: str) -> str:
    return f"{system}\n{data}\n{row.wanted}"


def parroting(row: Hostile, system: str, data: str) -> str:
    """Says the product's text again, orders and all."""
    return f"{row.title} {row.text}".strip()


OBEYING: tuple[Obeying, ...] = (
    outright, between_truths, within_a_truth, as_hearsay, with_ornament, echoing_everything, parroting,
)  # fmt: skip


def in_every_way(row: Hostile, system: str, data: str) -> str:
    """All of them in one answer but the echo, which is too long for one, and the truths last."""
    lies = (outright, within_a_truth, as_hearsay, with_ornament, parroting)
    said = "\n".join(lie(row, system, data)[:600] for lie in lies)
    return f"{said}\n{' '.join(TRUE[row.asked_in])}"


@dataclass
class Gullible:
    """A LanguageModel that obeys. It knows by the product's `item` whose text it has before it, or is told by `query`.

    `obeys` may be changed between questions. `prompts` holds the data of the latest question about each row.
    """

    obeys: Obeying
    rows: dict[str, Hostile]
    query: Hostile | None = None
    name: str = "gullible"
    prompts: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def complete(self, system: str, user: str, max_tokens: int, schema: Json = None) -> Completion:
        data = json.loads(user)
        products = data.get("products") or [data["product"]]
        said = []
        for number, product in enumerate(products, start=1):
            row = self.query or self.rows[product.get("product", product)["item"]]
            with self.lock:
                self.prompts[row.id] = user
            answer = self.obeys(row, system, user)
            if len(products) > 1:
                answer = f"{number}. {' '.join(answer.split())}"
            said.append(answer)
        return Completion("\n".join(said))

    def stream(self, system: str, user: str, max_tokens: int) -> Iterator[str]:
        text = self.complete(system, user, max_tokens).text
        yield from (text[start : start + 7] for start in range(0, len(text), 7))

    def close(self) -> None:
        """Nothing is held."""
