"""How good a ranking is, by judgements: ndcg, recall, precision, reciprocal rank, average precision, hit rate, judged.

Conventions, the same for every metric:

- A product is relevant from grade 1 (`RELEVANT`). An unjudged product has grade 0; so has one with a negative grade.
- Every query of the qrels counts in the mean. One that the run lacks scores 0, and so does one without a relevant
  product. Queries of the run that the qrels lack are not looked at.
- A cut-off k looks at the first k hits; no cut-off means all of them.

The core works on flat arrays: only judged products can score, so a run is kept as one (query, rank, grade) entry for
each judged hit, and every metric is a handful of whole-array operations over all queries at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from eval.qrels import Qrels, Run
from search.errors import RequestError

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

RELEVANT = 1.0
"""The least grade of a relevant product, for every metric but ndcg, which weighs the grades themselves."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Judged products in ranked lists, ordered by query and then by rank. Three arrays of the same length.

    `query` is a position in `GradedRun.queries`; `rank` counts from 0.
    """

    query: Ints
    rank: Ints
    grade: Floats

    def where(self, mask: NDArray[np.bool_]) -> Entries:
        return Entries(self.query[mask], self.rank[mask], self.grade[mask])

    def top(self, cutoff: int | None) -> Entries:
        return self if cutoff is None else self.where(self.rank < cutoff)

    def relevant(self) -> Entries:
        return self.where(self.grade >= RELEVANT)

    def first_of_each_query(self) -> Ints:
        """Positions of the entries that open a new query."""
        return np.flatnonzero(np.diff(self.query, prepend=-1))


@dataclass(frozen=True, slots=True)
class GradedRun:
    """A run seen through judgements: all that a metric needs.

    `found` are the judged hits at their ranks, `ideal` all judged products best first, `hits` (one number for each
    query) how many products were returned, judged or not.
    """

    queries: tuple[str, ...]
    found: Entries
    ideal: Entries
    hits: Ints

    def count(self, entries: Entries) -> Floats:
        """How many entries each query has; shape (queries,)."""
        return np.bincount(entries.query, minlength=len(self.queries)).astype(np.float64)

    def total(self, entries: Entries, weights: Floats) -> Floats:
        """The sum of the entries' weights by query; shape (queries,)."""
        return np.bincount(entries.query, weights=weights, minlength=len(self.queries)).astype(np.float64)

    def without_unjudged(self) -> GradedRun:
        """As if the unjudged hits had not been returned: the judged ones move up."""
        hits = np.bincount(self.found.query, minlength=len(self.queries)).astype(np.int64)
        return GradedRun(self.queries, Entries(*_places(hits), self.found.grade), self.ideal, hits)


def grade_run(qrels: Qrels, run: Run) -> GradedRun:
    """Look up the grade of every hit."""
    queries = tuple(qrels.grades)
    grades_of = list(qrels.grades.values())
    hits_of = [run.hits.get(query, ()) for query in queries]
    hits = _lengths(hits_of)
    # The one loop over hits, and it runs in C: a dictionary look-up for each, NaN where there is no judgement.
    grades = _flat(map(known.get, found, repeat(np.nan)) for known, found in zip(grades_of, hits_of, strict=True))
    found = Entries(*_places(hits), grades).where(~np.isnan(grades))
    query, rank = _places(_lengths(grades_of))
    judgements = _flat(known.values() for known in grades_of)
    return GradedRun(queries, found, Entries(query, rank, judgements[np.lexsort((-judgements, query))]), hits)


def _lengths(lists: Iterable[Sized]) -> Ints:
    return np.fromiter(map(len, lists), dtype=np.int64)


def _flat(lists: Iterable[Iterable[float]]) -> Floats:
    return np.fromiter(chain.from_iterable(lists), dtype=np.float64)


def _places(lengths: Ints) -> tuple[Ints, Ints]:
    """Query and rank of every element of lists with these lengths, laid end to end."""
    starts = np.cumsum(lengths) - lengths
    return np.repeat(np.arange(len(lengths)), lengths), np.arange(lengths.sum()) - np.repeat(starts, lengths)


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Element by element; 0 where the denominator is."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


def exponential_gain(grade: Floats) -> Floats:
    """2^grade − 1 (Burges et al., Learning to rank using gradient descent, ICML 2005); 0 below grade 0."""
    return np.exp2(np.maximum(grade, 0.0)) - 1.0


def linear_gain(grade: Floats) -> Floats:
    """The grade itself (Järvelin and Kekäläinen, TOIS 20(4), 2002; trec_eval's choice); 0 below grade 0."""
    return np.maximum(grade, 0.0)


def ndcg(run: GradedRun, cutoff: int | None = None, gain: Callable[[Floats], Floats] = exponential_gain) -> Floats:
    """Σ gain / log2(rank + 1) over the hits, divided by the same sum over the best order possible; shape (queries,)."""

    def dcg(entries: Entries) -> Floats:
        top = entries.top(cutoff)
        return run.total(top, gain(top.grade) / np.log2(top.rank + 2.0))

    # Two grades a rounding error apart, swapped, can add up to a rounding error more than the ideal.
    return np.minimum(_ratio(dcg(run.found), dcg(run.ideal)), 1.0)


def ndcg_lin(run: GradedRun, cutoff: int | None = None) -> Floats:
    """`ndcg` with the grade itself as gain; shape (queries,)."""
    return ndcg(run, cutoff, linear_gain)


def recall(run: GradedRun, cutoff: int | None = None) -> Floats:
    """Relevant products among the hits / relevant products there are; shape (queries,)."""
    return _ratio(run.count(run.found.top(cutoff).relevant()), run.count(run.ideal.relevant()))


def precision(run: GradedRun, cutoff: int | None = None) -> Floats:
    """Relevant products among the first k hits / k, also when fewer were returned; shape (queries,).

    Without a cut-off, divided by the number of hits.
    """
    relevant = run.count(run.found.top(cutoff).relevant())
    return _ratio(relevant, run.hits.astype(np.float64)) if cutoff is None else relevant / cutoff


def reciprocal_rank(run: GradedRun, cutoff: int | None = None) -> Floats:
    """1 / the rank of the first relevant hit, 0 when there is none; shape (queries,)."""
    relevant = run.found.top(cutoff).relevant()
    first = relevant.first_of_each_query()
    values = np.zeros(len(run.queries))
    values[relevant.query[first]] = 1.0 / (relevant.rank[first] + 1.0)
    return values


def average_precision(run: GradedRun, cutoff: int | None = None) -> Floats:
    """Mean over all relevant products of the precision at their rank, 0 for those not among the hits; (queries,).

    With a cut-off it is still divided by all relevant products, as trec_eval's map_cut is.
    """
    relevant = run.found.top(cutoff).relevant()
    first = relevant.first_of_each_query()
    position = np.arange(len(relevant.query))
    start = np.repeat(first, np.diff(first, append=len(position)))
    precision_there = (position - start + 1.0) / (relevant.rank + 1.0)
    return _ratio(run.total(relevant, precision_there), run.count(run.ideal.relevant()))


def hit_rate(run: GradedRun, cutoff: int | None = None) -> Floats:
    """1 when a relevant product is among the hits, otherwise 0; shape (queries,)."""
    return (run.count(run.found.top(cutoff).relevant()) > 0).astype(np.float64)


def judged(run: GradedRun, cutoff: int | None = None) -> Floats:
    """Judged products among the first k hits / those hits, 0 when there are none; shape (queries,).

    Divided by the hits there are when these are fewer than k: a short list is not less judged for being short.
    """
    shown = run.hits if cutoff is None else np.minimum(run.hits, cutoff)
    return _ratio(run.count(run.found.top(cutoff)), shown.astype(np.float64))


METRICS: Mapping[str, Callable[[GradedRun, int | None], Floats]] = {
    "ndcg": ndcg,
    "ndcg_lin": ndcg_lin,
    "recall": recall,
    "p": precision,
    "mrr": reciprocal_rank,
    "map": average_precision,
    "hit": hit_rate,
    "hr": hit_rate,
    "judged": judged,
}
"""The names that people type. `hr` is what recommendations call `hit`."""

KNOWN = "ndcg@10 ndcg_lin@10 recall@100 p@10 mrr@10 map hit@10 (or hr@10) judged@10, with any cut-off or none"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with its cut-off: `str()` gives the name back, calling it gives the value of each query."""

    kind: str
    cutoff: int | None = None

    def __str__(self) -> str:
        return self.kind if self.cutoff is None else f"{self.kind}@{self.cutoff}"

    def __call__(self, run: GradedRun) -> Floats:
        return METRICS[self.kind](run, self.cutoff)


def parse_metric(text: str) -> Metric:
    """`ndcg@10` and the like, in any case of letters. Raises RequestError that lists what there is."""
    match = re.fullmatch(r"([a-z_]+)(?:@([1-9][0-9]{0,8}))?", text.lower())
    if match is None or match[1] not in METRICS:
        raise RequestError(f"There is no metric '{text}'. There are: {KNOWN}.")
    return Metric(match[1], int(match[2]) if match[2] else None)


@dataclass(frozen=True, slots=True)
class Scores:
    """What a run scored. `values` by metric name, each of shape (queries,), in the order of `queries`."""

    run: str
    queries: tuple[str, ...]
    values: Mapping[str, Floats]

    def mean(self, metric: str) -> float:
        return float(self.values[metric].mean())


def evaluate(qrels: Qrels, run: Run, metrics: Sequence[Metric], judged_only: bool = False) -> Scores:
    """Each metric for each query of the qrels.

    With `judged_only` unjudged hits are removed before measuring. judged@k alone still looks at the run as it was
    served, since it would be 1 by construction, and what it says is how much was removed.
    """
    served = grade_run(qrels, run)
    measured = served.without_unjudged() if judged_only else served
    values = {str(metric): metric(served if metric.kind == "judged" else measured) for metric in metrics}
    return Scores(run.name, served.queries, values)
