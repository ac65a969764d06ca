"""Our own files: checked, counted and, if asked, cut down to fewer queries.

=======================================  =============================================================================
queries.tsv, or queries.SPLIT.tsv        ``query_id TAB text``, further columns kept
qrels.tsv, or qrels.SPLIT.tsv            ``query_id 0 product_id grade``; ``llm`` in place of 0 for a model's grade
the same with .json after it             what is known of that model; may be missing
catalogue.jsonl, or catalogue/*.jsonl    one product a line, gzipped or not
mapping.toml                             where the columns of the catalogue are not named as usual; may be missing
=======================================  =============================================================================
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from eval.datasets.dataset import Choice, Dataset, Judgement, Reading
from eval.datasets.files import first_of, json_rows
from eval.judging.record import judge_path
from eval.qrels import read_qrels, read_queries
from search.domain import Document, Json
from search.errors import DatasetError


def open_own(folder: Path, choice: Choice) -> Reading:
    queries, qrels = (_split_file(folder, stem, choice.split) for stem in ("queries", "qrels"))
    catalogue = _catalogue(folder)
    mapping = first_of(folder / "mapping.toml")
    text = mapping.read_text(encoding="utf-8") if mapping else None
    return Reading(
        files=(queries, qrels, *catalogue, *((mapping,) if mapping else ())),
        queries=partial(read_queries, queries),
        judgements=partial(_judgements, qrels),
        products=partial(_products, catalogue),
        query_columns=_columns(queries),
        mapping=text,
        verbatim=True,
        id_columns=_id_columns(mapping, text) if mapping and text is not None else ("id",),
        judge=first_of(judge_path(qrels)),
    )


def _split_file(folder: Path, stem: str, split: str) -> Path:
    name = f"{stem}.{split}.tsv" if split else f"{stem}.tsv"
    path = first_of(folder / name)
    if path is None:
        there = sorted(path.name.removeprefix(f"{stem}.").removesuffix(".tsv") for path in folder.glob(f"{stem}.*.tsv"))
        hint = f" There is {stem} for: {', '.join(there)}; choose by --split." if there else ""
        raise DatasetError(f"{folder} lacks {name}.{hint}")
    return path


def _catalogue(folder: Path) -> tuple[Path, ...]:
    single = first_of(folder / "catalogue.jsonl", folder / "catalogue.jsonl.gz")
    several = sorted((*(folder / "catalogue").glob("*.jsonl"), *(folder / "catalogue").glob("*.jsonl.gz")))
    files = (single,) if single else tuple(several)
    if not files:
        raise DatasetError(f"{folder} lacks catalogue.jsonl (or a folder catalogue with such files).")
    return files


def _columns(queries: Path) -> tuple[str, ...]:
    widest = max(len(query.columns) for query in read_queries(queries))
    return tuple(f"column_{number}" for number in range(3, 3 + widest))


def _id_columns(mapping: Path, text: str) -> tuple[str, ...]:
    """Where `[fields] id` of a mapping says the id is."""
    try:
        rule: Json = tomllib.loads(text)["fields"]["id"]
        source = rule["from"] if isinstance(rule, dict) else rule
        columns = (source,) if isinstance(source, str) else tuple(source)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise DatasetError(f"{mapping} does not say which column the id is in: {error}") from error
    return columns


def _judgements(path: Path) -> Iterator[Judgement]:
    qrels = read_qrels(path)
    for query, judged in qrels.grades.items():
        for product, grade in judged.items():
            yield Judgement(query, product, grade, (query, product) in qrels.machine)


def _products(catalogue: tuple[Path, ...]) -> Iterator[Document]:
    for path in catalogue:
        for _, row in json_rows(path):
            yield row


OWN = Dataset(
    name="own",
    about="a shop's own queries, judgements and catalogue",
    holds="what is in the folder",
    home="the folder",
    terms="yours",
    citation="",
    files="queries.tsv, qrels.tsv and catalogue.jsonl",
    open=open_own,
)
