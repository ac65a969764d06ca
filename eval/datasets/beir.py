"""BEIR, and the many sets that are published in its shape.

=================  ====================================================================================================
corpus.jsonl       {"_id", "title", "text", "metadata"}
queries.jsonl      {"_id", "text", "metadata"}: those of all splits together
qrels/SPLIT.tsv    query-id, corpus-id, score, with a header
=================  ====================================================================================================

Source: Thakur et al. 2021 and the loader of the repository, which always takes the first line for a header. Here a
first line with a number for a score is a judgement: files without a header lose none. Only the public sets can be
downloaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from eval.datasets.dataset import Choice, Dataset, Judgement, Reading, Remote
from eval.datasets.files import find, first_of, grade_at, id_at, json_rows, lines, new_id, problem_at, query_at
from eval.qrels import EvalQuery
from search.domain import Document
from search.errors import DatasetError

_ADDRESS = "https://public.ukp.informatik.tu-darmstadt.de/thakur/BEIR/datasets"

MD5 = {
    "arguana": "8ad3e3c2a5867cdced806d6503f29b99",
    "climate-fever": "8b66f0a9126c521bae2bde127b4dc99d",
    "cqadupstack": "4e41456d7df8ee7760a7f866133bda78",
    "dbpedia-entity": "c2a39eb420a3164af735795df012ac2c",
    "fever": "5a818580227bfb4b35bb6fa46d9b6c03",
    "fiqa": "17918ed23cd04fb15047f73e6c3bd9d9",
    "hotpotqa": "f412724f78b0d91183a0e86805e16114",
    "msmarco": "444067daf65d982533ea17ebd59501e4",
    "nfcorpus": "a89dba18a62ef92f7d323ec890a0d38d",
    "nq": "d4d3d2e48787a744b6f6e691ff534307",
    "quora": "18fb154900ba42a600f84b839c173167",
    "scidocs": "38121350fc3a4d2f48850f6aff52e4a9",
    "scifact": "5f7d1de60b170fc8027bb7898e2efca1",
    "trec-covid": "ce62140cb23feb9becf6270d0d1fe6d1",
    "webis-touche2020": "46f650ba5a527fc69e0a6521c5a23563",
}
"""The public sets and the digests of their archives, as BEIR's README lists them."""


def open_beir(subset: str, folder: Path, choice: Choice) -> Reading:
    place = folder / subset if subset and (folder / subset).is_dir() else folder
    corpus, queries = find(place, ("corpus.jsonl", "queries.jsonl"))
    qrels = first_of(place / "qrels" / f"{choice.split}.tsv", place / "qrels" / f"{choice.split}.tsv.gz")
    if qrels is None:
        there = sorted({path.name.split(".")[0] for path in (place / "qrels").glob("*.tsv*")})
        raise DatasetError(
            f"{place} has no qrels/{choice.split}.tsv. Its splits: {', '.join(there) or 'none'}; choose one by --split."
        )
    return Reading(
        files=(corpus, queries, qrels),
        queries=partial(_queries, queries),
        judgements=partial(_judgements, qrels),
        products=partial(_products, corpus),
    )


def _queries(path: Path) -> Iterator[EvalQuery]:
    once = new_id(path)
    for number, row in json_rows(path):
        yield EvalQuery(
            once(number, id_at(path, number, row.get("_id"), "_id")), query_at(path, number, row.get("text"))
        )


def _judgements(path: Path) -> Iterator[Judgement]:
    header = True  # the first line that is not blank may be one
    for number, line in lines(path):
        if not line.strip():
            continue
        cells = line.rstrip("\r\n").split("\t")
        if len(cells) != 3:
            raise problem_at(path, number, f"{len(cells)} columns, not the three of: query-id, corpus-id, score")
        if not (header and not _is_number(cells[2])):
            query, product = id_at(path, number, cells[0], "query-id"), id_at(path, number, cells[1], "corpus-id")
            yield Judgement(query, product, grade_at(path, number, cells[2]))
        header = False


def _is_number(text: str) -> bool:
    return text.strip().lstrip("-").replace(".", "", 1).isdigit()


def _products(path: Path) -> Iterator[Document]:
    for number, row in json_rows(path):
        yield {
            "id": id_at(path, number, row.get("_id"), "_id"),
            "title": (row.get("title") or "").strip(),
            "description": (row.get("text") or "").strip(),
        }


def beir(subset: str = "") -> Dataset:
    """BEIR's shape, or one of its sets: `scifact`, or `cqadupstack/android` for one of the forums in an archive."""
    archive = subset.split("/")[0]
    digest = MD5.get(archive)
    known = bool(digest)
    return Dataset(
        name=f"beir/{subset}" if subset else "beir",
        about="passages, facts and questions of many fields, not products; and whatever is published in that shape",
        holds=f"beir/NAME for one of: {', '.join(MD5)}",
        home="https://github.com/beir-cellar/beir",
        terms="each set has its own: look them up before you use or pass on one",
        citation="Thakur, Reimers, Rücklé, Srivastava, Gurevych: BEIR: A Heterogeneous Benchmark for Zero-shot "
        "Evaluation of Information Retrieval Models. NeurIPS Datasets and Benchmarks 2021.",
        files="corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv",
        open=partial(open_beir, subset),
        splits=("test", "dev", "train"),
        remotes=(Remote(f"{_ADDRESS}/{archive}.zip", f"{archive}.zip", digest=f"md5:{digest}", unpack=archive),)
        if known
        else (),
        cache="beir",
    )


BEIR = beir()
