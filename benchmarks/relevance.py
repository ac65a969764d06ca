"""Every relevance figure of the docs, measured again and put in its place: `make bench-relevance`.

    python benchmarks/relevance.py [--only SECTION ...] [--shared FOLDER] [--dry-run]

Sections: judged (what each part of retrieval adds, with intervals and significance), conditions, codes, nothing
(queries for what is not sold), demo, examples (the commands of the docs, as they stand there), gate. All but the last
three need the development data, catalogues and judgements that are not part of this project: `--shared`, or
DAOGOU_SHARED. Indexes are built with the reindex command where they are not up to date, in DAOGOU_DATA_DIR (default
here: .daogou/bench), with the encoder of the settings. Half an hour the first time on two cores, ten minutes again.

Figures stand in the docs between comments that name them (benchmarks/blocks.py), and nowhere else. `--dry-run` prints
them and leaves the docs alone. The last line is one JSON object: sections and the pages that changed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ablation import runs
from blocks import fill_files, markdown
from codes import eans, models, type_in
from demo_examples import EXAMPLES, example, examples, gate

import indexer.__main__ as indexer
from eval.compare import Comparison, compare
from eval.constraints import JudgedAnswer, judge, read_constraints, sum_up
from eval.intervals import bootstrap_interval
from eval.metrics import Metric, Scores, evaluate
from eval.nothing import FATES, ask, find_losses, manners, read_texts
from eval.qrels import EvalQuery, Qrels, Run, read_qrels, read_queries
from eval.run import DEPTH
from search.bootstrap import open_engine, open_store
from search.domain import Document, SearchRequest
from search.engine import Engine
from search.settings import Settings
from search.terms import query_terms, terms

ROOT = Path(__file__).parents[1]
TARGET = "bench-relevance"
PAGES = sorted((ROOT / "docs").glob("*.md"))
NDCG, JUDGED = Metric("ndcg", 10), Metric("judged", 10)
SAMPLE = 2000
NOT_SOLD = ROOT / "benchmarks" / "not_sold.txt"
DEMO = ROOT / "examples" / "demo"
AS_SERVED = SearchRequest()
DENSE = SearchRequest(understand=False, semantic_ratio=1.0)

Texts = dict[str, str]
"""Name of a block → what stands in it."""


@dataclass(frozen=True, slots=True)
class JudgedSet:
    name: str
    index: str
    queries: Sequence[EvalQuery]
    qrels: Qrels


@dataclass(frozen=True, slots=True)
class Bench:
    """What sections measure with. `shared` is the folder of the development data."""

    engine: Engine
    shared: Path

    def data(self, *parts: str) -> Path:
        return development_data(self.shared, *parts)

    def judged_sets(self) -> list[JudgedSet]:
        return [
            JudgedSet(
                title,
                index,
                read_queries(self.data(index, "queries.dev.tsv")),
                read_qrels(self.data(index, "qrels.dev.tsv")),
            )
            for title, index in (("Icecat", "icecat"), ("CrowdFlower", "crowdflower"))
        ]

    def documents(self, index: str) -> list[Document]:
        collection = open_store(Settings.load()).open(index, snapshot=True)
        try:
            return [point.document for point in collection.scroll(vectors=False)]
        finally:
            collection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="SECTION")
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("DAOGOU_SHARED") or ROOT.parent / "shared"))
    parser.add_argument("--dry-run", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("DAOGOU_DATA_DIR", str(ROOT / ".daogou" / "bench"))
    for index in dict.fromkeys(index for section in options.only for index in SECTIONS[section].indexes):
        reindex(index, options.shared)
    engine = open_engine(Settings.load())
    texts: Texts = {}
    try:
        for section in options.only:
            print(f"\n## {section}\n", flush=True)
            found = SECTIONS[section].measure(Bench(engine, options.shared))
            for name, text in found.items():
                print(f"<!-- {name} -->\n{text}\n", flush=True)
            texts |= found
    finally:
        engine.close()
    changed = [] if options.dry_run else fill_files(PAGES, TARGET, texts)
    print(json.dumps({"sections": options.only, "changed": [str(page.relative_to(ROOT)) for page in changed]}))


def development_data(shared: Path, *parts: str) -> Path:
    if not shared.is_dir():
        raise SystemExit(
            f"The development data are not in {shared}: name their folder with --shared or DAOGOU_SHARED, or measure "
            f"the demo shop alone with --only demo."
        )
    return shared.joinpath("data", *parts)


def reindex(index: str, shared: Path) -> None:
    """Bring the index in line with its catalogue; where it is, this takes seconds."""
    if index == "demo":
        arguments = [str(file) for file in sorted((DEMO / "catalogue").glob("*.jsonl"))]
    else:
        files = {"beauty": ("chinese", "beauty.csv"), "leyou": ("chinese", "leyou.jsonl")}
        catalogue = development_data(shared, *files.get(index, (index, "catalogue.jsonl")))
        arguments = [str(catalogue), "--mapping", str(ROOT / "examples" / "mappings" / f"{index}.toml")]
    if indexer.main(["reindex", *arguments, "--index", index]):
        raise SystemExit(f"index {index} could not be built")


# --- judged queries --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class View:
    """Runs by configuration over one choice of queries: all that were judged, or those with a relevant product."""

    name: str
    qrels: Qrels
    runs: Mapping[str, Run]

    def scores(self, way: str, judged_only: bool = False) -> Scores:
        return evaluate(self.qrels, self.runs[way], [NDCG, JUDGED], judged_only)


def measure_judged(bench: Bench) -> Texts:
    views = []
    for one in bench.judged_sets():
        asked = [query for query in one.queries if query.id in one.qrels.grades]
        found = dict(runs(bench.engine, one.index, asked, DEPTH))
        choices = {len(qrels.grades): qrels for qrels in (one.qrels.answerable(), one.qrels)}
        views += [View(f"{one.name}, {count} queries", qrels, found) for count, qrels in choices.items()]
    return {"ablation": _ablation(views), "judged": _means(views), "significance": _significance(views)}


def _ablation(views: Sequence[View]) -> str:
    header = ["configuration"] + [title for view in views for title in (view.name, "judged only", "judged@10")]
    rows = [[way, *(figure for view in views for figure in _three(view, way))] for way in views[0].runs]
    return markdown(header, rows)


def _three(view: View, way: str) -> tuple[str, str, str]:
    scores = view.scores(way)
    judged_only = view.scores(way, judged_only=True).mean(str(NDCG))
    return f"{scores.mean(str(NDCG)):.3f}", f"{judged_only:.3f}", f"{scores.mean(str(JUDGED)):.2f}"


def _means(views: Sequence[View]) -> str:
    ways = {"as served": False, "as served, judged only": True, "dense alone": False, "dense alone, judged only": True}
    rows = [
        [
            view.name,
            *(_with_interval(view.scores(way.partition(",")[0], judged_only)) for way, judged_only in ways.items()),
        ]
        for view in views
    ]
    return markdown(["ndcg@10 [95 % interval]", *ways], rows)


def _with_interval(scores: Scores) -> str:
    interval = bootstrap_interval(scores.values[str(NDCG)])
    return f"{scores.mean(str(NDCG)):.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _significance(views: Sequence[View]) -> str:
    """Over all judged queries: leaving out those that cannot score multiplies every difference by a constant."""
    rows = []
    for view in {view.runs["as served"].name: view for view in views}.values():
        others = [way for way in view.runs if way != "as served"]
        served = view.scores("as served")
        # The baseline is what is served, so that Holm corrects for all questions asked of it; the signs are turned.
        for way, one in zip(others, _ndcg(served, [view.scores(way) for way in others]), strict=True):
            rows.append(
                [
                    f"{view.name}: against {way}", f"{-one.difference:+.3f}",
                    str(one.losses), str(one.wins), str(one.ties), f"{one.p:.4f}", f"{one.p_holm:.4f}",
                ]
            )  # fmt: skip
    return markdown(["ndcg@10 as served", "difference", "better", "worse", "equal", "p", "p, Holm"], rows)


def _ndcg(baseline: Scores, others: Sequence[Scores]) -> list[Comparison]:
    return [one for one in compare(baseline, others) if one.metric == str(NDCG)]


# --- conditions, codes -----------------------------------------------------------------------------------------------


def measure_conditions(bench: Bench) -> Texts:
    file = bench.data("constraints.dev.jsonl")
    queries = read_constraints(file)
    columns: dict[str, list[JudgedAnswer]] = {}
    for way, request in (("as served", AS_SERVED), ("dense alone, nothing understood", DENSE)):
        columns[way] = [
            judge(query, bench.engine.search(query.catalogue, _asking(request, query.text)).hits) for query in queries
        ]
    sums = {way: sum_up(answers) for way, answers in columns.items()}
    rows = [
        ["violations@10", *(f"{one.violations:.1%}" for one in sums.values())],
        ["of which it is not known", *(f"{one.unknown:.1%}" for one in sums.values())],
        ["places filled", *(f"{one.places_filled:.1%}" for one in sums.values())],
        ["on topic", *(f"{one.on_topic:.1%}" for one in sums.values())],
        ["queries whose places are all filled", *(f"{one.queries_filled} of {one.queries}" for one in sums.values())],
    ]
    shown = "constraints constraints.dev.jsonl --dense"
    return {
        "conditions": markdown([f"{len(queries)} queries with conditions", *sums], rows),
        "example-constraints": example(shown, f"constraints {file} --dense"),
    }


def measure_codes(bench: Bench) -> Texts:
    documents = bench.documents("icecat")
    dice = random.Random(0)  # noqa: S311 (no secret)
    rows = []
    for name, bearers in (("EANs", eans(documents, "ean")), ("model names with a digit", models(documents, "model"))):
        chosen = dice.sample(sorted(bearers), min(SAMPLE, len(bearers)))
        figures, _ = type_in(bench.engine, "icecat", chosen, bearers)
        rows.append([name, f"{figures.codes:,}", f"{figures.typed:,}", f"{figures.first:.2%}", f"{figures.in_ten:.2%}"])
    return {"codes": markdown(["Icecat", "there are", "typed", "found first", "in the first ten"], rows)}


# --- nothing to find -------------------------------------------------------------------------------------------------


def measure_nothing(bench: Bench) -> Texts:
    asked, lost = [], []
    for one in bench.judged_sets():
        search = partial(bench.engine.search, one.index)
        strange = not_sold(bench.documents(one.index))
        real, losses, _ = find_losses(search, one.queries, one.qrels)
        for what, replies in (("queries for what it does not sell", ask(search, strange)), ("real queries", real)):
            shares = manners(replies)
            asked.append(
                [
                    f"{one.name}, {len(replies)} {what}",
                    f"{shares.nothing:.1%}",
                    f"{shares.weak:.1%}",
                    f"{shares.confident:.1%}",
                ]
            )
        fates = [f"{losses.fates[fate]:,} ({losses.share(fate):.2%})" for fate in FATES]
        lost.append([f"{one.name}, {losses.products:,} products", *fates])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "not-sold.txt"
        file.write_text("\n".join(strange), encoding="utf-8")
        real_files = [bench.data(one.index, name) for name in ("queries.dev.tsv", "qrels.dev.tsv")]
        shown = f"nothing not-sold.txt --index {one.index} --real queries.dev.tsv --qrels qrels.dev.tsv"
        command = f"nothing {file} --index {one.index} --real {real_files[0]} --qrels {real_files[1]}"
        text = example(shown, command)
    return {
        "nothing": markdown(["", "nothing", "marked weak", "answered as if sold"], asked),
        "losses": markdown(["products of grade 2 and 3", *FATES.values()], lost),
        "example-nothing": text,
    }


def not_sold(documents: Sequence[Document]) -> list[str]:
    """The queries of NOT_SOLD of which no product has all the words in its texts."""
    texts = read_texts(NOT_SOLD)
    wanted = {text: set(query_terms(text)) for text in texts if not text.startswith("#")}
    for one in documents:
        said = " ".join(str(one.get(field) or "") for field in ("title", "brand", "category", "description"))
        have = set(terms(said))
        wanted = {text: words for text, words in wanted.items() if not words <= have}
    return list(wanted)


# --- the demo shop ---------------------------------------------------------------------------------------------------


def measure_demo(bench: Bench) -> Texts:
    queries, qrels = read_queries(DEMO / "queries.tsv"), read_qrels(DEMO / "qrels.tsv")
    found: dict[str, dict[str, tuple[str, ...]]] = {"as served": {}, "dense alone": {}}
    languages: dict[str, list[str]] = {"English": [], "Chinese": []}
    for query in queries:
        for way, request in (("as served", AS_SERVED), ("dense alone", DENSE)):
            result = bench.engine.search("demo", _asking(request, query.text, DEPTH))
            found[way][query.id] = tuple(str(hit.document["id"]) for hit in result.hits)
        languages["Chinese" if result.query.language == "zh" else "English"].append(query.id)
    rows = []
    for language, ids in languages.items():
        part = Qrels({query: qrels.grades[query] for query in ids if query in qrels.grades})
        scores = [evaluate(part, Run(way, hits), [NDCG]) for way, hits in found.items()]
        rows.append([f"{language}, {len(part.grades)} queries", *(_with_interval(one) for one in scores)])
    return {"demo": markdown(["demo shop, ndcg@10", *found], rows)}


def _asking(request: SearchRequest, text: str, limit: int = 10) -> SearchRequest:
    return replace(request, text=text, limit=limit)


@dataclass(frozen=True, slots=True)
class Section:
    """`indexes` are built before, `blocks` are what `measure` gives."""

    measure: Callable[[Bench], Texts]
    indexes: tuple[str, ...]
    blocks: tuple[str, ...]


SECTIONS = {
    "judged": Section(measure_judged, ("icecat", "crowdflower"), ("ablation", "judged", "significance")),
    "conditions": Section(measure_conditions, ("icecat", "beauty", "leyou"), ("conditions", "example-constraints")),
    "codes": Section(measure_codes, ("icecat",), ("codes",)),
    "nothing": Section(measure_nothing, ("icecat", "crowdflower"), ("nothing", "losses", "example-nothing")),
    "demo": Section(measure_demo, ("demo",), ("demo",)),
    "examples": Section(lambda _: examples(), ("demo",), tuple(EXAMPLES)),
    "gate": Section(lambda _: {"gate": gate()}, (), ("gate",)),
}


if __name__ == "__main__":
    main()
