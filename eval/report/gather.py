"""Works out everything that a report holds, from runs, judgements and records."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from eval.compare import Comparison, Mover, compare, differing, lower_is_better
from eval.intervals import bootstrap_interval
from eval.metrics import BY_THEMSELVES, Floats, GradedRun, Metric, Scores, evaluate, grade_run, hopeless, recall
from eval.qrels import Qrels, Run
from eval.record import RunRecord
from eval.report.curves import Point
from eval.report.differences import Change
from eval.report.facts import Against, Estimate, Judgements, Report, RunFacts, SliceMean, Stage
from eval.side_by_side import SideBySide, products_shown, side_by_side
from eval.slices import SliceComparison, Slicing
from eval.verdicts import judged_share, leaning, verdict

TitlesOf: TypeAlias = Callable[[Iterable[str]], Mapping[str, str]]
"""Titles of those of the products that have one."""

MOVERS = 10
DEPTHS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
_TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Slices:
    """Of all runs together, or the means of the only one."""

    compared: tuple[SliceComparison, ...] = ()
    means: tuple[SliceMean, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is made of. `runs` bear the names to be shown, the baseline first; `files` and `records` go with
    them. The first metric is the one that decides; one of them is judged@k."""

    title: str
    made_at: str
    judgements: Judgements
    qrels: Qrels
    metrics: Sequence[Metric]
    runs: Sequence[Run]
    files: Sequence[str]
    records: Sequence[RunRecord | None]
    texts: Mapping[str, str] = field(default_factory=dict)
    breaking: Qrels | None = None
    permutations: int = 10_000
    seed: int = 0


def short_names(paths: Sequence[Path]) -> list[str]:
    """File names without folder and ending where that tells them apart, otherwise as much of the path as it takes."""
    for names in ([path.stem for path in paths], [path.name for path in paths]):
        if len(set(names)) == len(names):
            return names
    folders = os.path.commonpath([path.absolute().parent for path in paths])
    return [str(path.absolute().relative_to(folders)) for path in paths]


def scores_of(material: Material, judged_only: bool, metrics: Sequence[Metric] | None = None) -> list[Scores]:
    return [
        evaluate(material.qrels, run, metrics or material.metrics, judged_only, material.breaking)
        for run in material.runs
    ]


def gather(material: Material, scores: Sequence[Scores], slices: Slices, titles_of: TitlesOf) -> Report:
    """`scores` are those of `scores_of`. Raises what `titles_of` raises."""
    facts = tuple(_facts(material, i, one) for i, one in enumerate(scores))
    against = _against(material, scores, facts, slices, titles_of)
    metrics = [str(metric) for metric in material.metrics]
    return Report(
        title=material.title,
        made_at=material.made_at,
        judgements=material.judgements,
        metric=metrics[0],
        judged=_judged(material),
        weighing=hopeless(material.qrels, {metric.kind for metric in material.metrics})[1],
        breaking=str(material.breaking.source or "") if material.breaking else "",
        runs=facts,
        against=against,
        texts=material.texts,
        titles_known=any(hit.title for one in against for side in one.movers for hit in (*side.before, *side.after)),
        slice_means=slices.means,
        slice_notes=slices.notes,
        permutations=material.permutations,
    )


def _judged(material: Material) -> str:
    return next(str(metric) for metric in material.metrics if metric.kind == "judged")


# --- one run ---------------------------------------------------------------------------------------------------------


def _facts(material: Material, number: int, scores: Scores) -> RunFacts:
    run, record = material.runs[number], material.records[number]
    served = grade_run(material.qrels, run)
    measured = served.without_unjudged() if material.judgements.judged_only else served
    asked = list(record.queries.values()) if record is not None else []
    return RunFacts(
        number=number,
        letter=letter(number),
        name=run.name,
        file=material.files[number],
        record=record,
        estimates=tuple(
            Estimate(metric, scores.mean(metric), bootstrap_interval(values))
            for metric, values in scores.values.items()
        ),
        recall=recall_by_depth(measured),
        unjudged=unjudged_by_depth(served),
        shown=judged_share(scores, run, _judged(material)),
        hits=int(served.hits.sum()),
        depth=int(served.hits.max(initial=0)),
        stages=stages_of([one.milliseconds for one in asked]),
        timed=len(asked),
        silent=tuple(query for query, hits in zip(served.queries, served.hits, strict=True) if not hits),
        weak=sum(one.weak for one in asked) if record is not None else None,
        degraded=sum(bool(one.degraded) for one in asked) if record is not None else None,
    )


def letter(number: int) -> str:
    """A, B, … Z, then numbers."""
    return chr(ord("A") + number) if number < 26 else str(number + 1)


def _depths(run: GradedRun) -> list[int]:
    """Up to the longest list, and its end."""
    longest = min(int(run.hits.max(initial=0)), DEPTHS[-1])
    return [*(depth for depth in DEPTHS if depth < longest), longest] if longest else []


def recall_by_depth(run: GradedRun) -> tuple[Point, ...]:
    """Mean of recall@k over the queries."""
    return tuple(Point(depth, float(recall(run, depth).mean())) for depth in _depths(run))


def unjudged_by_depth(run: GradedRun) -> tuple[Point, ...]:
    """Of all hits in the first k places, over all queries together, the share that nobody judged."""
    points = []
    for depth in _depths(run):
        shown = int(np.minimum(run.hits, depth).sum())
        points.append(Point(depth, 1 - len(run.found.top(depth).rank) / shown))
    return tuple(points)


def stages_of(searches: Sequence[Mapping[str, float]]) -> tuple[Stage, ...]:
    """In the order in which a search goes through them, the whole of it last. A stage that a search lacks took no time.

    `searches` are milliseconds by stage.
    """
    names = dict.fromkeys(name for search in searches for name in search if name != _TOTAL)
    ordered = [*names, *([_TOTAL] if any(_TOTAL in search for search in searches) else [])]
    found = []
    for name in ordered:
        p50, p95 = np.percentile([search.get(name, 0.0) for search in searches], (50, 95))
        found.append(Stage(name, float(p50), float(p95)))
    return tuple(found)


def slice_means(scores: Scores, metric: str, slicings: Iterable[Slicing]) -> tuple[SliceMean, ...]:
    """A run by itself in each slice that holds any of its queries."""
    place = {query: i for i, query in enumerate(scores.queries)}
    found = []
    for slicing in slicings:
        for name, members in slicing.slices.items():
            values: Floats = scores.values[metric][sorted(place[query] for query in members if query in place)]
            if len(values):
                found.append(
                    SliceMean(slicing.name, name, len(values), float(values.mean()), bootstrap_interval(values))
                )
    return tuple(found)


# --- against the baseline --------------------------------------------------------------------------------------------


def _against(
    material: Material, scores: Sequence[Scores], facts: Sequence[RunFacts], slices: Slices, titles_of: TitlesOf
) -> tuple[Against, ...]:
    baseline, *runs = scores
    if not runs:
        return ()
    judged_only, first = material.judgements.judged_only, material.metrics[0]
    compared = compare(baseline, runs, material.permutations, material.seed, MOVERS)
    graded = first.kind not in BY_THEMSELVES
    others = _otherwise(material, not judged_only, first) if graded else {}
    movers = [mover for one in compared if one.metric == str(first) for mover in one.movers]
    titles = titles_of(sorted(products_shown(movers, material.runs)))
    found = []
    for place, run in enumerate(runs, 1):
        by_metric = {one.metric: one for one in compared if one.run == run.run}
        decisive = by_metric[str(first)]
        found.append(
            Against(
                run=facts[place],
                verdict=verdict(decisive),
                comparison=decisive,
                others=tuple(by_metric.values()),
                otherwise=others.get(run.run),
                leans=leaning(facts[0].shown, facts[place].shown) if graded else None,
                changes=changes(baseline, run, str(first), material.texts),
                slices=tuple(one for one in slices.compared if one.run == run.run),
                movers=_sides(material, decisive.movers, material.runs[place], titles),
            )
        )
    return tuple(found)


def _otherwise(material: Material, judged_only: bool, metric: Metric) -> dict[str, Comparison]:
    """By run, the comparison with unjudged products removed where they counted as wrong, and the other way round."""
    baseline, *runs = scores_of(material, judged_only, [metric])
    return {one.run: one for one in compare(baseline, runs, material.permutations, material.seed)}


def changes(baseline: Scores, run: Scores, metric: str, texts: Mapping[str, str]) -> tuple[Change, ...]:
    """Every query, the largest gain first (of a metric that counts what is wrong: the largest fall)."""
    before, after = baseline.values[metric], run.values[metric]
    difference = differing(before, after)
    order = np.argsort(difference if lower_is_better(metric) else -difference, kind="stable")
    return tuple(
        Change(
            run.queries[i],
            texts.get(run.queries[i], run.queries[i]),
            float(before[i]),
            float(after[i]),
            float(difference[i]),
        )
        for i in order
    )


def _sides(material: Material, movers: Sequence[Mover], run: Run, titles: Mapping[str, str]) -> tuple[SideBySide, ...]:
    return side_by_side(movers, material.qrels, material.runs[0], run, material.texts, titles)
