"""Amazon's Shopping Queries (ESCI): hard queries in English, Spanish and Japanese with up to 40 judged products each.

===========================================  ==========================================================================
shopping_queries_dataset_examples.parquet    example_id, query, query_id, product_id, product_locale, esci_label,
                                             small_version, large_version, split
shopping_queries_dataset_products.parquet    product_id, product_title, product_description, product_bullet_point,
                                             product_brand, product_color, product_locale
shopping_queries_dataset_sources.csv         query_id, source; may be missing
===========================================  ==========================================================================

Source: Reddy et al. 2022 (arXiv 2206.06588) and the README of the repository. One product id may occur once in each
locale, with other texts, so one locale is one shop.

The competition's nDCG gained 1, 0.1, 0.01 and 0 for E, S, C and I. With gain 2^grade - 1, grades 3, 1, 0, 0 give 7,
1, 0, 0: near enough, in whole numbers that every tool reads, and neither the case for a phone nor its charger passes
for the phone in recall. (E 3, S 0.7655, C 0.0976 are the competition's proportions exactly; `--grade` takes them.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from eval.datasets.dataset import Choice, Dataset, Judgement, Reading, Remote
from eval.datasets.files import find, first_of, id_at, label_at, query_at, refuse_pointer, table_rows
from eval.qrels import EvalQuery
from search.domain import Document
from search.errors import DatasetError

EXAMPLES = "shopping_queries_dataset_examples.parquet"
PRODUCTS = "shopping_queries_dataset_products.parquet"
SOURCES = "shopping_queries_dataset_sources.csv"
LANGUAGES = {"us": "en", "es": "es", "jp": "ja"}
ROWS_AT_ONCE = 4096

_COMMIT = "7916cdf6ab75a462e77f20ab40428a10923998d5"
_MEDIA = f"https://media.githubusercontent.com/media/amazon-science/esci-data/{_COMMIT}/shopping_queries_dataset"
_RAW = f"https://raw.githubusercontent.com/amazon-science/esci-data/{_COMMIT}/shopping_queries_dataset"


def open_esci(folder: Path, choice: Choice) -> Reading:
    examples, products = find(folder, (EXAMPLES, PRODUCTS), inside="shopping_queries_dataset")
    sources = first_of(examples.with_name(SOURCES))
    return Reading(
        files=(examples, products, *((sources,) if sources else ())),
        queries=partial(_queries, examples, sources, choice),
        judgements=partial(_judgements, examples, choice),
        products=partial(_products, products, choice.locale),
        query_columns=("source",) if sources else (),
    )


def _queries(path: Path, sources: Path | None, choice: Choice) -> Iterator[EvalQuery]:
    source = _sources(sources) if sources else {}
    texts: dict[str, str] = {}
    for number, row in _examples(path, choice, ("query_id", "query")):
        query, text = id_at(path, number, row["query_id"], "query_id"), query_at(path, number, row["query"])
        before = texts.get(query)
        if before is None:
            texts[query] = text
            yield EvalQuery(query, text, (source.get(query, ""),) if sources else ())
        elif before != text:
            raise _problem(path, number, f"query {query} is '{text}' here and '{before}' before")


def _judgements(path: Path, choice: Choice) -> Iterator[Judgement]:
    grades = dict(choice.grades)
    for number, row in _examples(path, choice, ("query_id", "product_id", "esci_label")):
        yield Judgement(
            id_at(path, number, row["query_id"], "query_id"),
            id_at(path, number, row["product_id"], "product_id"),
            label_at(path, number, row["esci_label"], grades),
        )


def _products(path: Path, locale: str) -> Iterator[Document]:
    columns = ("product_id", "product_title", "product_description", "product_bullet_point", "product_brand")
    for number, row in _rows(path, (*columns, "product_color", "product_locale"), {"product_locale": locale}):
        texts = (row["product_bullet_point"], row["product_description"])
        yield {
            "id": id_at(path, number, row["product_id"], "product_id"),
            "title": (row["product_title"] or "").strip(),
            "description": "\n".join(text.strip() for text in texts if text and text.strip()),
            "brand": (row["product_brand"] or "").strip(),
            "colour": (row["product_color"] or "").strip(),
            "language": LANGUAGES.get(locale, locale),
        }


def _examples(path: Path, choice: Choice, columns: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    version, _, split = choice.split.partition("-")
    wanted = {"product_locale": choice.locale, f"{version}_version": 1, "split": split}
    return _rows(path, (*columns, *wanted), wanted)


def _rows(path: Path, columns: tuple[str, ...], wanted: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Numbered rows in which the columns of `wanted` have those values; a few thousand are in memory at a time."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    refuse_pointer(path)
    try:
        # A buffer instead of whole row groups: pandas writes a million rows into one.
        with pq.ParquetFile(path, buffer_size=2**20, pre_buffer=False) as file:
            lacking = [column for column in columns if column not in file.schema_arrow.names]
            if lacking:
                raise DatasetError(f"{path} has no column '{lacking[0]}'; it has: {', '.join(file.schema_arrow.names)}")
            start = 1
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=list(columns)):
                numbered = batch.append_column("_row", pa.array(range(start, start + batch.num_rows)))
                start += batch.num_rows
                for column, value in wanted.items():
                    numbered = numbered.filter(pc.equal(numbered.column(column), value))
                for row in numbered.to_pylist():
                    yield row["_row"], row
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{path} is no readable Parquet file: {error}. Download it again.") from error


def _sources(path: Path) -> dict[str, str]:
    return {row["query_id"].strip(): row["source"].strip() for _, row in table_rows(path, ",", ("query_id", "source"))}


def _problem(path: Path, number: int, problem: str) -> DatasetError:
    return DatasetError(f"{path}, row {number}: {problem}")


ESCI = Dataset(
    name="esci",
    about="every department of Amazon, hard queries; English, Spanish, Japanese",
    holds="small: 48,300 queries, 1,118,011 judgements; large: 130,652 queries, 2,621,288 judgements",
    home="https://github.com/amazon-science/esci-data",
    terms="Apache-2.0",
    citation="Reddy, Màrquez, Valero, Rao, Zaragoza, Bandyopadhyay, Biswas, Xing, Subbian: Shopping Queries Dataset: "
    "A Large-Scale ESCI Benchmark for Improving Product Search. 2022. arXiv 2206.06588.",
    files=f"{EXAMPLES} and {PRODUCTS}",
    open=open_esci,
    splits=("small-test", "small-train", "large-test", "large-train"),
    locales=("us", "es", "jp"),
    labels={"E": 3, "S": 1, "C": 0, "I": 0},
    remotes=(
        # Sizes and digests are those of the git-lfs pointers in the repository.
        Remote(
            f"{_MEDIA}/{EXAMPLES}",
            EXAMPLES,
            51_286_808,
            "sha256:4a735b693b4a424a6fc67f5be6e4c811495c488bbf66d02a602d308b2744263a",
        ),
        Remote(
            f"{_MEDIA}/{PRODUCTS}",
            PRODUCTS,
            1_108_857_465,
            "sha256:25124442d064d64b26f74082d6fa09438d679efc0c183cf28d19064a2b65a265",
        ),
        Remote(f"{_RAW}/{SOURCES}", SOURCES, 1_682_802, "git:de6d44dada3678af9954506f7c486b4a8914099c"),
    ),
)
