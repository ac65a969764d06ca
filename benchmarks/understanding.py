"""How long understanding a query takes, and building and loading the lexicon that it is understood by.

    python benchmarks/understanding.py [--products 20000] [CATALOGUE [--mapping FILE]]

Without a catalogue the demo catalogue and the made-up shop of the tests are repeated up to --products, each time with
another word in the titles, so that the vocabulary grows as a real catalogue's does. The queries are the
golden ones. «First» is a query of a lexicon whose answers about titles were forgotten right before; «again» finds them
remembered. Both are processor time of the thread, so that a busy machine does not count.

Prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import understanding_shop

from indexer.catalogue import ProductRow, load_mapping, read_catalogue
from indexer.fields import FieldCensus
from search.documents import document
from search.lexicon import Lexicon, LexiconBuilder
from search.understanding import prepare, understand

GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "understanding.tsv"
SYLLABLES = ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "xa", "zu", "pel", "dor", "fin", "gal"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", nargs="*")
    parser.add_argument("--mapping")
    parser.add_argument("--products", type=int, default=20_000)
    asked = parser.parse_args()
    documents = list(_read(asked.catalogue, asked.mapping) if asked.catalogue else _made_up(asked.products))
    census = FieldCensus()
    for one in documents:
        census.add(one)
    fields = census.choose().fields
    started = time.perf_counter()
    builder = LexiconBuilder(fields)
    for one in documents:
        builder.add(one)
    added = time.perf_counter()
    data = builder.build().to_bytes()
    built = time.perf_counter()
    lexicon = Lexicon.from_bytes(data)
    prepare(lexicon)
    loaded = time.perf_counter()
    report = {
        "products": len(documents),
        "add_us_per_product": round((added - started) / max(1, len(documents)) * 1e6, 1),
        "build_s": round(built - added, 3),
        "load_s": round(loaded - built, 3),
        "bytes": len(data),
        **_timed(lexicon),
    }
    for name, value in report.items():
        print(f"{name:>24}  {value}")
    print(json.dumps(report))


def _timed(lexicon: Lexicon) -> dict[str, Any]:
    queries = [line.split("\t")[0] for line in GOLDEN.read_text(encoding="utf-8").splitlines() if line[:2] != "# "]
    for query in queries:
        understand(query, lexicon)
    first, again = [], []
    for query in queries * 3:
        lexicon.forget()
        first.append(_once(query, lexicon))
        again.append(min(_once(query, lexicon) for _ in range(3)))
    found: dict[str, Any] = {"queries": len(queries)}
    for name, taken in (("first", sorted(first)), ("again", sorted(again))):
        found[f"{name}_p50_us"] = round(taken[len(taken) // 2] * 1e6)
        found[f"{name}_p99_us"] = round(taken[int(len(taken) * 0.99)] * 1e6)
    return found


def _once(query: str, lexicon: Lexicon) -> float:
    started = time.thread_time()
    understand(query, lexicon)
    return time.thread_time() - started


def _read(paths: list[str], mapping: str | None) -> Iterator[dict[str, Any]]:
    for item in read_catalogue(paths, load_mapping(mapping) if mapping else None):
        if isinstance(item, ProductRow):
            yield document(item.product)


def _made_up(products: int) -> Iterator[dict[str, Any]]:
    dice = random.Random(7)  # noqa: S311
    held = list(understanding_shop.documents())
    for number in range(products):
        one = held[number % len(held)]
        word = "".join(dice.choices(SYLLABLES, k=3)) if number >= len(held) else ""
        yield {**one, "id": f"{one['id']}-{number}", "title": f"{one['title']} {word}".strip()}


if __name__ == "__main__":
    main()
