"""The grounding check against its examination, its false alarms on the demo catalogue, and what it costs.

    python benchmarks/grounding.py

Planted claims found and true sentences dropped, by set, by whether the sentence is in the product's own language, by
language and kind (tests/golden/grounding; `answered-test` is the bar, of the free sets what is true is a paraphrase and
dropped as such). Then each description of the demo shop said of its own product, where every sentence should stand that
claims nothing risky and speaks of nothing but the product, and of its neighbour in the catalogue, where hardly one
should. Times are of one core.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from search.grounding import Ground, faults, sentences, warm_up
from search.grounding.harmless import honest
from search.narration.checking import unmarked
from search.narration.data import shown

ROOT = Path(__file__).parents[1]
SETS = ["answered-test", "answered-dev", "answered-loosely", "free-dev", "free-test", "written-dev", "written-test"]
Row = dict[str, Any]


def lines(path: Path) -> Iterator[Row]:
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


def catalogue() -> dict[str, Row]:
    files = sorted((ROOT / "examples" / "demo" / "catalogue").glob("*.jsonl"))
    return {row["id"]: row for file in files for row in lines(file)}


def ground_of(row: Row, products: dict[str, Row]) -> Ground:
    product = products[row["product_id"]]
    return Ground.of(product, row["facts"], row["unknown"], row.get("query", ""), row["language"])


def examined(name: str, products: dict[str, Row]) -> None:
    rows = list(lines(ROOT / "tests" / "golden" / "grounding" / f"{name}.jsonl"))
    grounds = [ground_of(row, products) for row in rows]
    began = time.process_time()
    faulty = [
        bool(faults(unmarked(row["sentence"]), ground, row["language"]))
        for row, ground in zip(rows, grounds, strict=True)
    ]
    took = (time.process_time() - began) / len(rows)
    every: Counter[tuple[bool, str]] = Counter()
    flagged: Counter[tuple[bool, str]] = Counter()
    for row, fault in zip(rows, faulty, strict=True):
        same = products[row["product_id"]]["language"] == row["language"]
        for group in ("all", "own language" if same else "other language", row["language"], row["kind"]):
            every[row["true"], group] += 1
            flagged[row["true"], group] += fault
    print(f"\n{name}: {1e3 * took:.2f} ms a sentence")
    for true, word in ((False, "found"), (True, "dropped")):
        shares = [
            f"{group} {flagged[kind, group]}/{count}" for (kind, group), count in every.most_common() if kind is true
        ]
        print(f"  {'true' if true else 'planted'}, {word}: " + ", ".join(shares))


def spoken(products: dict[str, Row]) -> None:
    """Sentences of the demo's own descriptions: alarms, and of whom they may be said."""
    alarms = own = dropped = other = passed = 0
    rows = list(products.values())
    for row in rows:
        texts = (row["title"], row["description"])
        alarms += sum(len(sentences(text)) - len(honest(text)) for text in texts)
    for here, there in pairwise(rows[::3]):
        ground = Ground.of(here)
        for sentence in sentences(here["description"]):
            own, dropped = own + 1, dropped + bool(faults(sentence, ground))
        for sentence in sentences(there["description"]):
            other, passed = other + 1, passed + (not faults(sentence, ground))
    every = sum(len(sentences(row["title"])) + len(sentences(row["description"])) for row in rows)
    print(f"\ndemo catalogue: {alarms} of {every} honest sentences taken for orders to a model")
    print(f"  said of their own product: {dropped} of {own} dropped; of its neighbour: {passed} of {other} passed")


def prepared(products: dict[str, Row]) -> None:
    for word in ("of a product never seen", "again"):
        began = time.process_time()
        for row in products.values():
            shown(row, row["language"])
            Ground.of(row, language=row["language"])
        took = 1e3 * (time.process_time() - began) / len(products)
        print(f"  data for the model and a Ground, {word}: {took:.2f} ms")


def main() -> None:
    products = catalogue()
    warm_up()
    for name in (*SETS, "red-team"):
        examined(name, products)
    spoken(products)
    prepared(products)


if __name__ == "__main__":
    main()
