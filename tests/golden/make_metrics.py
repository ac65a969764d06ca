"""Writes metrics.json: random judgements and runs with the values that reference tools give them.

Made with ir_measures 0.4.3 over pytrec_eval-terrier 0.5.11 (trec_eval's own C code), for rbp over cwl-eval 1.0.12 and,
for fractional grades, which neither knows, ranx 0.3.21; numpy 2.4.6, Python 3.11, Perl for err. To make it anew:

    python -m venv /tmp/reference && /tmp/reference/bin/pip install ir_measures==0.4.3 pytrec_eval-terrier==0.5.11 cwl-eval==1.0.12 ranx==0.3.21
    /tmp/reference/bin/python tests/golden/make_metrics.py

How the tools' conventions are met:

- Ties. trec_eval ignores ranks and orders equal scores by product id, the last id first; we order them by rank. The
  inputs list tied hits in trec_eval's order, so both read the same ranking. ir_measures' own Judged and RR@k break
  ties differently, so these two are given the ranking with its ties broken; that trec_eval's values do not change by
  breaking them is asserted.
- The gain 2^grade - 1 is given to trec_eval as the mapping of grades 0..3 to 0, 1, 3, 7, and checked against ranx.
- A query of the qrels that the run lacks: ir_measures fills in 0.
- RBP has no cut-off in the tools, so for one the run is cut. ranx weighs hits by their grade where its documentation
  says 0 or 1, so it is given grades of 0 and 1; the two tools must agree.
- ERR is that of gdeval.pl, the script of the TREC web track, which ir_measures brings along. It
  fixes the greatest grade at 4 and prints five digits; a copy of it with the greatest grade of the qrels and every
  digit gives the values, after it has been seen to agree with the original to those five where both have a 4.
"""  # noqa: E501

import json
import pkgutil
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ir_measures
import numpy as np
import ranx
from ir_measures import AP, ERR, RBP, RR, Judged, P, R, Success, nDCG

BURGES = {0: 0, 1: 1, 2: 3, 3: 7}

# Our name → the measure.
MEASURES = {
    "ndcg@5": nDCG(gains=BURGES) @ 5,
    "ndcg@10": nDCG(gains=BURGES) @ 10,
    "ndcg": nDCG(gains=BURGES),
    "ndcg_lin@10": nDCG @ 10,
    "ndcg_lin": nDCG,
    "recall@5": R @ 5,
    "recall@100": R @ 100,
    "p@1": P @ 1,
    "p@10": P @ 10,
    "mrr": RR,
    "map": AP,
    "map@10": AP @ 10,
    "hit@1": Success @ 1,
    "hr@10": Success @ 10,
}
TIELESS = {"mrr@3": RR @ 3, "mrr@10": RR @ 10, "judged@5": Judged @ 5, "judged@10": Judged @ 10, "judged": Judged}
JUDGED_ONLY = {
    "ndcg@10": nDCG(gains=BURGES, judged_only=True) @ 10,
    "ndcg_lin@10": nDCG(judged_only=True) @ 10,
    "recall@5": R(judged_only=True) @ 5,
    "p@10": P(judged_only=True) @ 10,
    "mrr": RR(judged_only=True),
    "map": AP(judged_only=True),
    "hit@1": Success(judged_only=True) @ 1,
}
RANX = {
    "ndcg@10": "ndcg_burges@10",
    "ndcg": "ndcg_burges",
    "ndcg_lin@10": "ndcg@10",
    "recall@5": "recall@5",
    "p@10": "precision@10",
    "mrr@10": "mrr@10",
    "map": "map",
    "map@10": "map@10",
    "hit@1": "hit_rate@1",
}
PERSISTENCES = {"rbp": RBP(rel=1, p=0.8), "rbp.5": RBP(rel=1, p=0.5), "rbp.95": RBP(rel=1, p=0.95)}
PERSISTENCES_RANX = {"rbp": "rbp.80", "rbp.5": "rbp.50", "rbp.95": "rbp.95"}
ERR_DEPTHS = {"err@3": 3, "err@10": 10, "err": 1000}


@dataclass(frozen=True)
class Shape:
    """`empty` queries are missing from the run, `barren` ones have only grade 0; judged and depth are upper limits."""

    queries: int
    products: int
    judged: int
    depth: int
    score: Callable[[random.Random], float]
    grade: Callable[[random.Random], float]
    empty: int = 0
    barren: int = 0


def make_case(random_: random.Random, shape: Shape):
    """Judgements, and a run with scores, best first."""
    ids = [f"p{i:03}" for i in range(shape.products)]
    qrels, run = {}, {}
    for number in range(shape.queries):
        query = f"q{number}"
        sample = random_.sample(ids, random_.randint(1, shape.judged))
        qrels[query] = {product: 0 if number < shape.barren else shape.grade(random_) for product in sample}
        if number < shape.queries - shape.empty:
            found = random_.sample(ids, random_.randint(1, shape.depth))
            scores = {product: shape.score(random_) for product in found}
            # ties as trec_eval orders them, by product id, the last first
            run[query] = dict(sorted(scores.items(), key=lambda hit: (hit[1], hit[0]), reverse=True))
    run["a query nobody judged"] = {"p001": 1.0}
    return qrels, run


def without_ties(run):
    return {query: {p: float(-rank) for rank, p in enumerate(hits)} for query, hits in run.items()}


def by_query(measures, qrels, run):
    """Our name → query → value, 0 for the missing.

    One measure at a time: asked for nDCG with and without `gains` at once, ir_measures may apply the gains to both.
    """
    values = {name: dict.fromkeys(qrels, 0.0) for name in measures}
    for name, measure in measures.items():
        for metric in ir_measures.iter_calc([measure], qrels, run):
            if metric.query_id in qrels:
                values[name][metric.query_id] = metric.value
    return values


def by_query_ranx(qrels, run, names=RANX):
    """Our name → query → value. From plain dictionaries: ranx.Qrels would cut fractional grades off."""
    run = {query: run.get(query, {"nothing": 1.0}) for query in qrels}  # ranx pairs queries by their order
    scores = ranx.evaluate(qrels, run, list(names.values()), return_mean=False)
    return {ours: dict(zip(qrels, map(float, scores[theirs]), strict=True)) for ours, theirs in names.items()}


def rbp(qrels, run, cutoff="", fractional=False):
    """Our name with the cut-off → query → value. `run` has no ties."""
    if cutoff:
        run = {query: dict(list(hits.items())[: int(cutoff[1:])]) for query, hits in run.items()}
    relevant = {query: {p: int(grade >= 1) for p, grade in grades.items()} for query, grades in qrels.items()}
    values = by_query_ranx(relevant, run, PERSISTENCES_RANX)
    if not fractional:
        theirs, values = values, by_query(PERSISTENCES, qrels, run)
        assert_same(values, theirs)
    return {name + cutoff: values[name] for name in values}


def err(qrels, run):
    """Our name → query → value, after a look at whether the changed script is still the script."""
    for query, value in by_query({"err@10": ERR @ 10}, *numbered(qrels, run))["err@10"].items():
        assert abs(value - gdeval(qrels, run, 10, top_grade=4)[f"q{query}"]) < 0.6e-5, query
    top_grade = max(grade for grades in qrels.values() for grade in grades.values())
    return {name: gdeval(qrels, run, depth, top_grade) for name, depth in ERR_DEPTHS.items()}


def gdeval(qrels, run, depth, top_grade):
    """Query → ERR."""
    script = pkgutil.get_data("ir_measures", "bin/gdeval.pl").decode()
    for theirs, ours in (("$MAX_JUDGMENT = 4;", f"$MAX_JUDGMENT = {top_grade};"), ("%.5f,%.5f", "%.17g,%.17g")):
        assert script.count(theirs) == 1
        script = script.replace(theirs, ours)
    qrels_by_number, run_by_number = numbered(qrels, run)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("gdeval.pl", "qrels", "run")]
        files[0].write_text(script)
        files[1].write_text(
            "".join(f"{q} 0 {p} {grade}\n" for q, j in qrels_by_number.items() for p, grade in j.items())
        )
        files[2].write_text(
            "".join(f"{q} Q0 {p} 0 {s!r} t\n" for q, hits in run_by_number.items() for p, s in hits.items())
        )
        lines = subprocess.run(
            ["perl", *map(str, files), str(depth)], check=True, capture_output=True, text=True
        ).stdout.splitlines()
    found = {f"q{query}": float(value) for _, query, _, value in (line.split(",") for line in lines[1:])}
    return {query: found.get(query, 0.0) for query in qrels}


def numbered(qrels, run):
    """gdeval.pl wants whole numbers for queries."""
    return (
        {query.removeprefix("q"): grades for query, grades in qrels.items()},
        {query.removeprefix("q"): hits for query, hits in run.items() if query in qrels},
    )


def assert_same(one, other):
    for name in one.keys() & other.keys():
        for query, value in one[name].items():
            assert abs(value - other[name][query]) < 1e-12, (name, query, value, other[name][query])


def main() -> None:
    random_ = random.Random(20240229)

    def untied(r):
        return r.random()

    def tied(r):
        return r.randint(0, 4) / 4

    def graded(r):
        return r.choice((0, 0, 1, 2, 3))

    shapes = {
        "plain": Shape(queries=12, products=60, judged=25, depth=40, score=untied, grade=graded),
        "ties": Shape(queries=12, products=60, judged=25, depth=40, score=tied, grade=graded),
        "holes": Shape(queries=12, products=60, judged=20, depth=30, score=tied, grade=graded, empty=4, barren=3),
        "barely judged": Shape(queries=12, products=150, judged=8, depth=30, score=untied, grade=graded),
        "deep": Shape(queries=4, products=400, judged=120, depth=250, score=untied, grade=graded),
        "nothing found": Shape(queries=3, products=20, judged=5, depth=5, score=untied, grade=graded, empty=3),
    }
    cases = []
    for name, shape in shapes.items():
        qrels, run = make_case(random_, shape)
        values = by_query(MEASURES, qrels, run)
        assert_same(values, by_query(MEASURES, qrels, without_ties(run)))
        values |= by_query(TIELESS, qrels, without_ties(run))
        assert_same(values, by_query_ranx(qrels, without_ties(run)))
        values |= rbp(qrels, without_ties(run)) | rbp(qrels, without_ties(run), "@10")
        values |= err(qrels, run)
        judged_only = by_query(JUDGED_ONLY, qrels, run)
        cases.append(case(name, "ir_measures", qrels, run, values, judged_only))
    qrels, run = make_case(
        random_, Shape(12, 60, 25, 40, untied, lambda r: r.choice((1.0, 1.33, 1.67, 2.0, 2.33, 2.5, 3.0)), empty=2)
    )
    values = by_query_ranx(qrels, without_ties(run))
    values |= rbp(qrels, without_ties(run), fractional=True) | rbp(qrels, without_ties(run), "@10", fractional=True)
    cases.append(case("fractions", "ranx", qrels, run, values, {}))

    target = Path(__file__).with_name("metrics.json")
    text = json.dumps({"cases": cases}, indent=None, separators=(",", ":"))
    target.write_text(text.replace('{"name"', '\n{"name"') + "\n", encoding="utf-8")
    print(f"{target}: {len(cases)} cases, {target.stat().st_size:,} bytes", file=sys.stderr)


def case(name, tool, qrels, run, values, judged_only):
    means = {metric: float(np.mean(list(scores.values()))) for metric, scores in values.items()}
    run = {query: [[product, score] for product, score in hits.items()] for query, hits in run.items()}
    return {
        "name": name, "tool": tool, "qrels": qrels, "run": run,
        "values": values, "means": means, "judged_only": judged_only,
    }  # fmt: skip


if __name__ == "__main__":
    main()
