"""TREC collections: topics, qrels and documents, as NIST and the Product Search track publish them.

=========  ==========================  ===============================================================================
role       found by its name           shapes
=========  ==========================  ===============================================================================
topics     ``*topic*``, ``*quer*``     see `eval.datasets.topics`
qrels      ``*qrel*``, no JSON         ``query_id iteration document_id grade``, between blanks or tabs; ``llm`` as
                                       iteration marks a model's grade
documents  ``*collection*``,           columns ``id TAB title TAB text``; JSON lines with docid (or id, _id), title,
           ``*corpus*``, ``*docs*``,   text (or description, contents)
           ``*documents*``
=========  ==========================  ===============================================================================

Each may be gzipped. Where a folder holds several years, ``--split 2023`` takes the topics and qrels with 2023 in
their names. Source: trec.nist.gov, and the track's list of files (trec-product-search.github.io).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from eval.datasets.dataset import Choice, Dataset, Judgement, Reading
from eval.datasets.files import first_of, grade_at, id_at, json_rows, lines, problem_at
from eval.datasets.topics import read_topics
from eval.judging.record import judge_path
from eval.qrels import MACHINE
from search.domain import Document, Json
from search.errors import DatasetError

_ROLES = {
    "qrels": ("qrel",),
    "topics": ("topic", "quer"),
    "documents": ("collection", "corpus", "docs", "documents"),
}
_JSON = (".jsonl", ".ndjson", ".json")


def open_trec(folder: Path, choice: Choice) -> Reading:
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder. Name the one that holds topics, qrels and documents.")
    topics, qrels, documents = (_the(role, folder, choice.split) for role in ("topics", "qrels", "documents"))
    return Reading(
        files=(topics, qrels, documents),
        queries=partial(read_topics, topics),
        judgements=partial(_judgements, qrels),
        products=partial(_json_products if _plain_suffix(documents) in _JSON else _products, documents),
        judge=first_of(judge_path(qrels)),
    )


def _the(role: str, folder: Path, split: str) -> Path:
    """The one file that plays a role. Raises DatasetError where there is none, or more than one."""
    found = sorted(path for path in folder.iterdir() if path.is_file() and _role(path.name) == role)
    if split and role != "documents":
        found = [path for path in found if split in path.name]
    if len(found) == 1:
        return found[0]
    names = ", ".join(path.name for path in found)
    some = f"{len(found)} files that look like {role} ({names})" if found else f"no file that looks like {role}"
    which = f" with '{split}' in its name" if split else ""
    raise DatasetError(
        f"{folder} has {some}{which}. Expected one whose name has {' or '.join(_ROLES[role])} in it; rename the files, "
        f"or choose by --split what the names of topics and qrels have in common."
    )


def _role(name: str) -> str | None:
    """«2023-queries.qrels» are qrels: the roles are tried in order. What a model left beside its qrels is JSON."""
    if name.startswith("."):
        return None
    lower = name.lower()
    role = next((role for role, words in _ROLES.items() if any(word in lower for word in words)), None)
    return None if role == "qrels" and _plain_suffix(Path(name)) in _JSON else role


def _plain_suffix(path: Path) -> str:
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def _judgements(path: Path) -> Iterator[Judgement]:
    for number, line in lines(path):
        if not line.strip():
            continue
        cells = line.rstrip("\r\n").split("\t") if line.count("\t") == 3 else line.split()
        if len(cells) != 4:
            raise problem_at(path, number, f"{len(cells)} columns, not the four of: query_id 0 document_id grade")
        query, product = id_at(path, number, cells[0], "query_id"), id_at(path, number, cells[2], "document_id")
        yield Judgement(query, product, grade_at(path, number, cells[3]), cells[1].strip() == MACHINE)


def _products(path: Path) -> Iterator[Document]:
    for number, line in lines(path):
        if line.strip():
            document, tab, rest = line.rstrip("\r\n").partition("\t")
            if not tab:
                raise problem_at(path, number, "expected document_id, a tab, the title, a tab and the text")
            title, _, text = rest.partition("\t")
            yield {
                "id": id_at(path, number, document, "document_id"),
                "title": title.strip(),
                "description": text.strip(),
            }


def _json_products(path: Path) -> Iterator[Document]:
    for number, row in json_rows(path):
        yield {
            "id": id_at(path, number, _first(row, "docid", "doc_id", "_id", "id"), "docid"),
            "title": str(_first(row, "title", "product_title") or "").strip(),
            "description": str(_first(row, "text", "description", "contents") or "").strip(),
        }


def _first(row: Document, *names: str) -> Json:
    return next((row[name] for name in names if row.get(name) is not None), None)


TREC = Dataset(
    name="trec",
    about="any TREC collection; the Product Search track judged Amazon's products anew",
    holds="Product Search 2023: 1,661,907 products, 186 queries, 115,490 judgements",
    home="https://trec.nist.gov/data.html (Product Search: https://trec-product-search.github.io)",
    terms="topics and qrels are public; documents have terms of their own, many want an agreement",
    citation="Campos, Kallumadi, Rosset, Zhai, Magnani: Overview of the TREC 2023 Product Search Track. "
    "arXiv 2311.07861.",
    files="one file each with topics (or queries), qrels, and documents (or collection, corpus) in its name",
    open=open_trec,
)
