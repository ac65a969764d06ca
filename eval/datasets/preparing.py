"""A judged set → our own files.

Judgements are held in memory, as `eval measure` will hold them; products pass through one at a time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

import orjson

from eval.datasets.dataset import Choice, Dataset, Reading
from eval.datasets.writing import assembling
from eval.qrels import MACHINE, EvalQuery
from search.domain import Document
from search.errors import DatasetError

FORMAT = 1
CATALOGUE, MAPPING, QUERIES, QRELS, JUDGE, RECORD = (
    "catalogue.jsonl",
    "mapping.toml",
    "queries.tsv",
    "qrels.tsv",
    "qrels.tsv.json",
    "dataset.json",
)
FILES = (CATALOGUE, MAPPING, QUERIES, QRELS, JUDGE, RECORD)

TITLE_LENGTH = 150
"""Characters of the text that name a product without a title."""

_T = TypeVar("_T")


class Watch(Protocol):
    """Gives back what it is given, and shows progress while that is gone through."""

    def __call__(self, items: Iterable[_T], doing: str, /) -> Iterable[_T]: ...


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written, and what was odd.

    `grades` counts judgements by grade. `repeated` are pairs judged more than once, `disagreeing` those of them with
    different grades. `not_in_catalogue` are judgements of products that the catalogue lacks: they are kept.
    """

    products: int
    queries: int
    judgements: int
    grades: Mapping[str, int]
    repeated: int = 0
    disagreeing: int = 0
    queries_without_judgement: int = 0
    judged_queries_without_text: int = 0
    judged_products_not_in_catalogue: int = 0
    judgements_not_in_catalogue: int = 0
    products_without_title: int = 0
    products_without_text: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a set to write. `queries`: at most so many. `judged_products`: leave out what nobody judged."""

    choice: Choice
    queries: int | None = None
    judged_products: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Queries that have a text and judgements, and what was judged for them: query → product → grade."""

    queries: tuple[EvalQuery, ...]
    grades: Mapping[str, Mapping[str, float]]
    machine: frozenset[tuple[str, str]] = frozenset()
    repeated: int = 0
    disagreeing: int = 0
    queries_without_judgement: int = 0
    judged_queries_without_text: int = 0


@dataclass(slots=True)
class _Catalogue:
    """Counted while the catalogue is written. `missing` are the judged products not seen so far."""

    missing: set[str]
    products: int = 0
    without_title: int = 0
    without_text: int = 0


def prepare(dataset: Dataset, reading: Reading, part: Part, out: Path, watch: Watch) -> Counts:
    """Write the files to the folder `out`, all or none. Raises DatasetError and JudgementError."""
    with assembling(out, FILES) as folder:
        selection = select(reading, part.queries, watch)
        _write_queries(folder / QUERIES, selection)
        _write_qrels(folder / QRELS, selection)
        if reading.judge is not None and selection.machine:
            shutil.copyfile(reading.judge, folder / JUDGE)
        catalogue = _write_catalogue(folder / CATALOGUE, reading, part, selection, watch)
        if reading.mapping is not None:
            (folder / MAPPING).write_text(reading.mapping, encoding="utf-8")
        counts = _counts(selection, catalogue)
        _write_record(folder / RECORD, dataset, reading, part, counts)
    return counts


def select(reading: Reading, most: int | None, watch: Watch) -> Selection:
    """All queries that have a text and judgements; of more than `most` a sample that is the same each time.

    A pair judged several times gets the mean of its grades. The sample goes by a hash of the ids: it does not depend
    on the order of the file, which may be alphabetical, and a larger sample holds every smaller one.
    """
    grades: dict[str, dict[str, float]] = {}
    again: dict[tuple[str, str], list[float]] = {}
    machine: set[tuple[str, str]] = set()
    ids: dict[str, str] = {}  # one string object for each product however many queries it was judged for
    for each in watch(reading.judgements(), "Judgements"):
        judged, product = grades.setdefault(each.query, {}), ids.setdefault(each.product, each.product)
        if product in judged:
            again.setdefault((each.query, product), [judged[product]]).append(each.grade)
        judged[product] = each.grade
        if each.machine:
            machine.add((each.query, product))
    for (query, product), several in again.items():
        grades[query][product] = sum(several) / len(several)
    texts = {query.id: query for query in reading.queries()}
    asked = [query for query in texts.values() if query.id in grades]
    if not asked:
        raise DatasetError("No query has both a text and a judgement. Do the files belong together?")
    if most is not None:
        sample = {query.id for query in sorted(asked, key=lambda query: _lot(query.id))[:most]}
        chosen = tuple(query for query in asked if query.id in sample)
    else:
        chosen = tuple(asked)
    kept = {query.id for query in chosen}
    return Selection(
        queries=chosen,
        grades={query.id: grades[query.id] for query in chosen},
        machine=frozenset(pair for pair in machine if pair[0] in kept),
        repeated=sum(query in kept for query, _ in again),
        disagreeing=sum(query in kept and len(set(several)) > 1 for (query, _), several in again.items()),
        queries_without_judgement=len(texts) - len(asked),
        judged_queries_without_text=len(grades.keys() - texts.keys()),
    )


def _lot(query: str) -> bytes:
    return hashlib.blake2b(query.encode(), digest_size=16).digest()


def _write_queries(path: Path, selection: Selection) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for query in selection.queries:
            file.write("\t".join((query.id, query.text, *query.columns)) + "\n")


def _write_qrels(path: Path, selection: Selection) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for query, judged in selection.grades.items():
            for product, grade in judged.items():
                mark = MACHINE if (query, product) in selection.machine else "0"
                file.write(f"{query}\t{mark}\t{product}\t{grade:.9g}\n")


def _write_catalogue(path: Path, reading: Reading, part: Part, selection: Selection, watch: Watch) -> _Catalogue:
    judged = frozenset(product for judgements in selection.grades.values() for product in judgements)
    counted = _Catalogue(missing=set(judged))
    with path.open("wb") as file:
        for row in watch(reading.products(), "Products"):
            product = _id(row, reading)
            if part.judged_products and product not in judged:
                continue
            written = row if reading.verbatim else _named(row, counted)
            if written is None:
                continue
            counted.missing.discard(product)
            counted.products += 1
            file.write(orjson.dumps(written) + b"\n")
    if len(counted.missing) == len(judged):
        raise DatasetError(
            f"None of the {len(judged):,} judged products is in the catalogue. Do the files belong together? "
            f"The first is '{next(iter(selection.grades[selection.queries[0].id]))}'."
        )
    return counted


def _id(row: Document, reading: Reading) -> str:
    return next((str(row[name]).strip() for name in reading.id_columns if row.get(name) not in (None, "")), "")


def _named(row: Document, counted: _Catalogue) -> Document | None:
    """Without empty columns, and with a title: every product of our catalogues has one. None where there is no text."""
    filled = {column: value for column, value in row.items() if value not in (None, "", [], {})}
    if "title" not in filled:
        text = " ".join(str(filled.get("description", "")).split())
        if not text:
            counted.without_text += 1
            return None
        counted.without_title += 1
        filled["title"] = _beginning(text)
        if filled["title"] == text:
            del filled["description"]
    return filled


def _beginning(text: str) -> str:
    if len(text) <= TITLE_LENGTH:
        return text
    return text[: TITLE_LENGTH + 1].rpartition(" ")[0] or text[:TITLE_LENGTH]


def _counts(selection: Selection, catalogue: _Catalogue) -> Counts:
    grades = Counter(grade for judged in selection.grades.values() for grade in judged.values())
    return Counts(
        products=catalogue.products,
        queries=len(selection.queries),
        judgements=grades.total(),
        grades={f"{grade:.9g}": grades[grade] for grade in sorted(grades, reverse=True)},
        repeated=selection.repeated,
        disagreeing=selection.disagreeing,
        queries_without_judgement=selection.queries_without_judgement,
        judged_queries_without_text=selection.judged_queries_without_text,
        judged_products_not_in_catalogue=len(catalogue.missing),
        judgements_not_in_catalogue=sum(
            product in catalogue.missing for judged in selection.grades.values() for product in judged
        ),
        products_without_title=catalogue.without_title,
        products_without_text=catalogue.without_text,
    )


def _write_record(path: Path, dataset: Dataset, reading: Reading, part: Part, counts: Counts) -> None:
    record = {
        "format": FORMAT,
        "name": dataset.name,
        "split": part.choice.split,
        "locale": part.choice.locale,
        "most_queries": part.queries,
        "only_judged_products": part.judged_products,
        "home": dataset.home,
        "terms": dataset.terms,
        "citation": dataset.citation,
        "files": [{"name": file.name, "bytes": file.stat().st_size} for file in reading.files],
        "grades": dict(part.choice.grades) or dataset.grading,
        "query_columns": ["query_id", "text", *reading.query_columns],
        "counts": asdict(counts),
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    path.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
