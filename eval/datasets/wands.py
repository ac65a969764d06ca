"""WANDS: Wayfair's products, judged by its annotators. Columns are separated by tabs, though the files are named .csv.

=============  =======================================================================================================
product.csv    product_id, product_name, product_class, category hierarchy, product_description, product_features,
               rating_count, average_rating, review_count
query.csv      query_id, query, query_class
label.csv      id, query_id, product_id, label (Exact, Partial, Irrelevant)
=============  =======================================================================================================

Source: Chen et al., ECIR 2022, and the README of the repository. Some pairs were judged more than once, not always
alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eval.datasets.dataset import Choice, Dataset, Judgement, Reading, Remote
from eval.datasets.files import find, id_at, label_at, new_id, query_at, table_rows
from eval.qrels import EvalQuery
from search.domain import Document, Json

_COMMIT = "3b74dcf4ba29ab8ff3e6a50b5b09fc627cb882b5"
_RAW = f"https://raw.githubusercontent.com/wayfair/WANDS/{_COMMIT}/dataset"

MAPPING = """\
# WANDS, as `python -m eval dataset wands` writes it.
[fields]
id = "id"
title = "title"
description = "description"
category = "category"
language = { value = "en" }

[attributes]
columns = ["attributes", "class", "rating", "rating_count", "review_count"]
"""


def open_wands(folder: Path, choice: Choice) -> Reading:
    product, query, label = find(folder, ("product.csv", "query.csv", "label.csv"), inside="dataset")
    grades = dict(choice.grades)
    return Reading(
        files=(product, query, label),
        queries=lambda: _queries(query),
        judgements=lambda: _judgements(label, grades),
        products=lambda: _products(product),
        query_columns=("query_class",),
        mapping=MAPPING,
    )


def _queries(path: Path) -> Iterator[EvalQuery]:
    once = new_id(path)
    for number, row in table_rows(path, "\t", ("query_id", "query")):
        query = once(number, id_at(path, number, row["query_id"], "query_id"))
        yield EvalQuery(query, query_at(path, number, row["query"]), (" ".join(row.get("query_class", "").split()),))


def _judgements(path: Path, grades: dict[str, float]) -> Iterator[Judgement]:
    for number, row in table_rows(path, "\t", ("query_id", "product_id", "label")):
        yield Judgement(
            id_at(path, number, row["query_id"], "query_id"),
            id_at(path, number, row["product_id"], "product_id"),
            label_at(path, number, row["label"].strip(), grades),
        )


def _products(path: Path) -> Iterator[Document]:
    for number, row in table_rows(path, "\t", ("product_id", "product_name", "product_description")):
        yield {
            "id": id_at(path, number, row["product_id"], "product_id"),
            "title": row["product_name"].strip(),
            "description": row["product_description"].strip(),
            "category": _parts(row.get("category_hierarchy", ""), "/"),
            "class": _parts(row.get("product_class", ""), "|"),
            "rating": _count(row.get("average_rating", "")),
            "rating_count": _count(row.get("rating_count", "")),
            "review_count": _count(row.get("review_count", "")),
            "attributes": features(row.get("product_features", "")),
        }


def features(text: str) -> dict[str, Json]:
    """``colour:red|colour : blue|width:3`` → {"colour": ["red", "blue"], "width": "3"}.

    A part without a colon goes on with the value before it, which had a bar in it.
    """
    found: list[tuple[str, str]] = []
    for part in text.split("|"):
        key, colon, value = part.partition(":")
        if colon and key.strip():
            found.append((key.strip(), value.strip()))
        elif found and part.strip():
            found[-1] = (found[-1][0], f"{found[-1][1]}|{part.strip()}")
    together: dict[str, list[str]] = {}
    for key, value in found:
        if value and value not in together.setdefault(key, []):
            together[key].append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in together.items() if values}


def _parts(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


def _count(text: str) -> float | int | None:
    """Pandas wrote counts as 15.0 where a column has gaps."""
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else number


WANDS = Dataset(
    name="wands",
    about="furniture and things for the home, from Wayfair",
    holds="42,994 products, 480 queries, 233,448 labels, some of them of the same pair",
    home="https://github.com/wayfair/WANDS",
    terms="MIT licence",
    citation="Chen, Liu, Liu, Sun, Baltrunas, Schroeder: WANDS: Dataset for Product Search Relevance Assessment. "
    "ECIR 2022.",
    files="product.csv, query.csv and label.csv",
    open=open_wands,
    splits=("all",),
    labels={"Exact": 2, "Partial": 1, "Irrelevant": 0},
    remotes=(
        # Git's own ids of the three contents: GitHub publishes no other checksums of them.
        Remote(f"{_RAW}/product.csv", "product.csv", digest="git:a415f7295dc0d90b3163ef606da611a4e9ddeca8"),
        Remote(f"{_RAW}/query.csv", "query.csv", 19_942, "git:acb3c1f4cf1b775f494225afec79ec2163fc3e03"),
        Remote(f"{_RAW}/label.csv", "label.csv", digest="git:2c09a0d7b1f77f6040deb5873b5a90b8ef1e3ae9"),
    ),
)
