"""Home Depot Product Search Relevance (Kaggle, 2016): three raters and more on each pair, their mean published.

========================  ==============================================================================================
train.csv                 id, product_uid, product_title, search_term, relevance (1 to 3)
product_descriptions.csv  product_uid, product_description
attributes.csv            product_uid, name, value; may be missing. Some rows are empty
test.csv                  id, product_uid, product_title, search_term; may be missing. Here for its titles
========================  ==============================================================================================

Relevance is the mean of 1 (irrelevant), 2 (somewhat) and 3 (perfect). One less is the grade: a product that every
rater found irrelevant has grade 0 and gains nothing, and one that is relevant in our metrics (grade 1 or more) was at
least «somewhat» on the average. The files are Windows-1252, in places UTF-8. Search terms have no ids of their own: a
query is named after the first row it stands in. Titles stand only in train.csv and test.csv: without the latter the
catalogue has the products of the former.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from eval.datasets.dataset import Choice, Dataset, Judgement, Reading
from eval.datasets.files import find, first_of, grade_at, id_at, problem_at, query_at, table_rows
from eval.qrels import EvalQuery
from search.domain import Document

MAPPING = """\
# Home Depot, as `python -m eval dataset homedepot` writes it.
[fields]
id = "id"
title = "title"
description = "description"
brand = "brand"
language = { value = "en" }

[attributes]
columns = ["attributes"]
"""

_BULLET = re.compile(r"Bullet\d+")
_BRAND = "MFG Brand Name"


def open_homedepot(folder: Path, choice: Choice) -> Reading:
    train, descriptions = find(folder, ("train.csv", "product_descriptions.csv"))
    test, attributes = (first_of(folder / name, folder / f"{name}.gz") for name in ("test.csv", "attributes.csv"))
    return Reading(
        files=tuple(path for path in (train, descriptions, attributes, test) if path),
        queries=partial(_queries, train),
        judgements=partial(_judgements, train),
        products=partial(_products, [path for path in (train, test) if path], descriptions, attributes),
        mapping=MAPPING,
    )


def _train(path: Path) -> Iterator[tuple[int, str, str, dict[str, str]]]:
    """Line, id of the query, its text, the row."""
    first: dict[str, str] = {}
    needed = ("id", "product_uid", "product_title", "search_term", "relevance")
    for number, row in table_rows(path, ",", needed, windows=True):
        text = query_at(path, number, row["search_term"])
        yield number, first.setdefault(text, "hd-" + id_at(path, number, row["id"], "id")), text, row


def _queries(path: Path) -> Iterator[EvalQuery]:
    seen: set[str] = set()
    for _, query, text, _ in _train(path):
        if query not in seen:
            seen.add(query)
            yield EvalQuery(query, text)


def _judgements(path: Path) -> Iterator[Judgement]:
    for number, query, _, row in _train(path):
        relevance = grade_at(path, number, row["relevance"])
        if not 1 <= relevance <= 3:
            raise problem_at(path, number, f"relevance {relevance:g} is not between 1 and 3")
        product = id_at(path, number, row["product_uid"], "product_uid")
        yield Judgement(query, product, round(relevance - 1, 6))  # 2.33 - 1 is 1.3300000000000001


def _products(titled: list[Path], descriptions: Path, attributes: Path | None) -> Iterator[Document]:
    """Titles and attributes are in memory (about 0.5 GB in all); descriptions pass through."""
    titles: dict[str, str] = {}
    for path in titled:
        for number, row in table_rows(path, ",", ("product_uid", "product_title"), windows=True):
            titles.setdefault(id_at(path, number, row["product_uid"], "product_uid"), row["product_title"].strip())
    known = _attributes(attributes, titles) if attributes else {}
    for number, row in table_rows(descriptions, ",", ("product_uid", "product_description"), windows=True):
        product = id_at(descriptions, number, row["product_uid"], "product_uid")
        if product in titles:
            yield _product(product, titles.pop(product), row["product_description"].strip(), known.pop(product, []))
    for product, title in titles.items():  # no description
        yield _product(product, title, "", known.get(product, []))


def _product(product: str, title: str, description: str, attributes: list[tuple[str, str]]) -> Document:
    bullets = [value for name, value in attributes if _BULLET.fullmatch(name)]
    return {
        "id": product,
        "title": title,
        "description": "\n".join(text for text in (description, *bullets) if text),
        "brand": next((value for name, value in attributes if name == _BRAND), ""),
        "attributes": {name: value for name, value in attributes if name != _BRAND and not _BULLET.fullmatch(name)},
    }


def _attributes(path: Path, titles: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for _, row in table_rows(path, ",", ("product_uid", "name", "value"), windows=True):
        # Pandas read whole numbers with gaps between them as 100001.0.
        product, name, value = row["product_uid"].strip().removesuffix(".0"), row["name"].strip(), row["value"].strip()
        if product in titles and name and value:
            found.setdefault(product, []).append((sys.intern(name), value))
    return found


HOMEDEPOT = Dataset(
    name="homedepot",
    about="hardware and garden, from Home Depot",
    holds="124,428 products, 11,795 queries, 74,067 judgements",
    home="https://www.kaggle.com/competitions/home-depot-product-search-relevance/data",
    terms="Kaggle's competition rules: accept them there first; no redistribution",
    citation="Home Depot Product Search Relevance. Kaggle, 2016.",
    files="train.csv and product_descriptions.csv (and test.csv for more titles, attributes.csv for attributes)",
    open=open_homedepot,
    splits=("train",),
    grading="relevance - 1: irrelevant 0, somewhat 1, perfect 2; fractions are means of the raters",
)
