"""What a report holds: everything worked out, nothing yet put into words or drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eval.compare import Comparison
from eval.intervals import Interval
from eval.record import RunRecord
from eval.report.curves import Point
from eval.report.differences import Change
from eval.side_by_side import SideBySide
from eval.slices import SliceComparison
from eval.verdicts import JudgedShare, Leaning, Verdict


@dataclass(frozen=True, slots=True)
class Judgements:
    """What the runs were measured by. `hopeless` are queries without a relevant product; `sha256` is of the file,
    `highest` the highest grade in it. `judge` says which grades are a model's and how it agrees with people, "" where
    there are none.
    """

    file: str
    sha256: str
    queries: int
    products: int
    hopeless: int
    highest: float
    judged_only: bool
    answerable: bool
    judge: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    metric: str
    mean: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Stage:
    """Milliseconds of one stage of a search: half of all searches took at most `p50`, 95 in 100 at most `p95`."""

    name: str
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class SliceMean:
    """A run by itself in one slice."""

    slicing: str
    slice: str
    queries: int
    mean: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run. `number` is its place in the report, from 0; `letter` stands for it in plots; `file` is as it was given.

    `estimates` follow the metrics of the report. `recall` and `unjudged` are means over depth, `unjudged` over hits.
    `shown` is how much of its first hits is judged. `silent` are the judged queries it
    answers with nothing. Without a record `stages` is empty, `weak` and `degraded` are None.
    """

    number: int
    letter: str
    name: str
    file: str
    record: RunRecord | None
    estimates: tuple[Estimate, ...]
    recall: tuple[Point, ...]
    unjudged: tuple[Point, ...]
    shown: JudgedShare
    hits: int
    depth: int
    stages: tuple[Stage, ...]
    timed: int
    silent: tuple[str, ...]
    weak: int | None
    degraded: int | None

    def mean(self, metric: str) -> float:
        return next(one.mean for one in self.estimates if one.metric == metric)


@dataclass(frozen=True, slots=True)
class Against:
    """A run against the baseline, by the metric that decides.

    `otherwise` is the same comparison with the unjudged products treated the other way, None where the metric asks no
    grade: judged@k and violations@k.
    `changes` are all queries, the largest gain first. `movers` are those that changed most, with both lists.
    """

    run: RunFacts
    verdict: Verdict
    comparison: Comparison
    others: tuple[Comparison, ...]
    otherwise: Comparison | None
    leans: Leaning | None
    changes: tuple[Change, ...]
    slices: tuple[SliceComparison, ...]
    movers: tuple[SideBySide, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """`metric` is the one that decides, `judged` the judged@k beside it. `weighing` are the metrics in which queries
    without a relevant product may score even so, by grades between 0 and 1. `breaking` is the file of products that
    break a condition, "" without one. `texts` by query id, where they are known.

    `slice_means` are of the only run, where there is no other. `slice_notes` say where slices come from.
    """

    title: str
    made_at: str
    judgements: Judgements
    metric: str
    judged: str
    weighing: tuple[str, ...]
    breaking: str
    runs: tuple[RunFacts, ...]
    against: tuple[Against, ...]
    texts: Mapping[str, str]
    titles_known: bool
    slice_means: tuple[SliceMean, ...]
    slice_notes: tuple[str, ...]
    permutations: int

    @property
    def baseline(self) -> RunFacts:
        return self.runs[0]
