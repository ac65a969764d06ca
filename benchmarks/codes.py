"""Does an EAN or a model number, typed as a query, find its product first?

    python benchmarks/codes.py CATALOGUE... --mapping FILE.toml [--index products] [--sample 2000] [--seed 0]

The index is the live one in `DAOGOU_DATA_DIR`, built from the same catalogue. Typed are a sample of the EANs, and a
sample of the model numbers of four characters or more with a digit that only one product bears; each as it is written.
An EAN that several products bear counts as found when one of them comes first. The first --misses of each sort are
listed with what came first instead.

Prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from indexer.catalogue import ProductRow, load_mapping, read_catalogue
from search.bootstrap import open_engine
from search.documents import document
from search.domain import Document, Json, SearchRequest
from search.engine import Engine
from search.settings import Settings

Bearers = Mapping[str, frozenset[str]]
"""A code as written → the ids of the products that bear it."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A code whose product did not come first, and what did: "" for nothing."""

    code: str
    first: str
    title: str


@dataclass(frozen=True, slots=True)
class Figures:
    codes: int
    typed: int
    first: float
    in_ten: float
    ms_p50: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", nargs="+")
    parser.add_argument("--mapping")
    parser.add_argument("--index", default="products")
    parser.add_argument("--sample", type=int, default=2000, help="codes of each sort")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ean", default="ean", metavar="FIELD")
    parser.add_argument("--model", default="model", metavar="FIELD")
    parser.add_argument("--misses", type=int, default=20)
    options = parser.parse_args()
    documents = [
        document(row.product)
        for row in read_catalogue(options.catalogue, load_mapping(options.mapping) if options.mapping else None)
        if isinstance(row, ProductRow)
    ]
    dice = random.Random(options.seed)  # noqa: S311 (no secret)
    engine = open_engine(Settings.load())
    report: dict[str, dict[str, float]] = {}
    try:
        print("| typed | codes | typed | found first | in the first ten | p50 ms |")
        print("|---|---:|---:|---:|---:|---:|")
        missed: dict[str, Sequence[Miss]] = {}
        for name, bearers in (("EAN", eans(documents, options.ean)), ("model", models(documents, options.model))):
            chosen = dice.sample(sorted(bearers), min(options.sample, len(bearers)))
            if not chosen:
                continue
            figures, missed[name] = type_in(engine, options.index, chosen, bearers)
            report[name] = {field: getattr(figures, field) for field in Figures.__slots__}
            print(
                f"| {name} | {figures.codes:,} | {figures.typed:,} | {figures.first:.2%} | {figures.in_ten:.2%} "
                f"| {figures.ms_p50:.1f} |",
                flush=True,
            )
    finally:
        engine.close()
    for name, misses in missed.items():
        print(f"\n{name}: {len(misses)} missed")
        for miss in misses[: options.misses]:
            print(f"  {miss.code} → {miss.first or 'nothing'} {miss.title[:80]}")
    print(json.dumps(report))


def eans(documents: Iterable[Document], field: str) -> Bearers:
    return _bearers(documents, field)


def models(documents: Iterable[Document], field: str) -> Bearers:
    """Those of four characters or more with a digit that one product bears, caseless."""
    bearers = _bearers(documents, field)
    together: defaultdict[str, set[str]] = defaultdict(set)
    for code, ids in bearers.items():
        together[code.casefold()] |= ids
    return {
        code: ids
        for code, ids in bearers.items()
        if len(code) >= 4 and any(sign.isdigit() for sign in code) and len(together[code.casefold()]) == 1
    }


def _bearers(documents: Iterable[Document], field: str) -> Bearers:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in documents:
        for code in _codes(one.get(field)):
            found[code].add(str(one["id"]))
    return {code: frozenset(ids) for code, ids in found.items()}


def _codes(value: Json) -> list[str]:
    members = value if isinstance(value, list) else [value]
    return [text for member in members if member is not None and (text := str(member).strip())]


def type_in(engine: Engine, index: str, codes: Sequence[str], bearers: Bearers) -> tuple[Figures, list[Miss]]:
    misses, in_ten, times = [], 0, []
    for code in codes:
        started = time.perf_counter()
        hits = engine.search(index, SearchRequest(text=code, limit=10)).hits
        times.append((time.perf_counter() - started) * 1000)
        ids = [str(hit.document["id"]) for hit in hits]
        in_ten += not bearers[code].isdisjoint(ids)
        if not ids or ids[0] not in bearers[code]:
            title = str(hits[0].document.get("title", "")) if hits else ""
            misses.append(Miss(code, ids[0] if ids else "", title))
    count = len(codes)
    p50 = sorted(times)[count // 2]
    return Figures(len(bearers), count, 1 - len(misses) / count, in_ten / count, round(p50, 2)), misses


if __name__ == "__main__":
    main()
