"""How good a ranking is, by judgements: ndcg, recall, precision, reciprocal rank, average precision, hit rate,
rank-biased precision, expected reciprocal rank, violations, judged. Those for recommendations: eval/recommendation.py.

Conventions, the same for every metric:

- A product is relevant from grade 1 (`RELEVANT`). An unjudged product has grade 0; so has one with a negative grade.
- Every query of the qrels counts in the mean. One that the run lacks scores 0, and so does one without a relevant
  product, but for the metrics that weigh grades (`WEIGHING`): they count grades between 0 and 1 too. Queries of the run
  that the qrels lack are not looked at.
- A cut-off k looks at the first k hits; no cut-off means all of them.

The core works on flat arrays: only judged products can score, so a run is kept as one (query, rank, grade) entry for
each judged hit, and every metric is a handful of whole-array operations over all queries at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from eval.qrels import Qrels, Run
from search.errors import RequestError

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

RELEVANT = 1.0
"""The least grade of a relevant product, for every metric but those that weigh the grades themselves."""

WEIGHING = ("ndcg", "ndcg_lin", "err")
"""The metrics that do. Products of grades between 0 and 1, as means of several raters may be, score in them."""

BY_THEMSELVES = frozenset({"judged", "violations"})
"""The metrics that no grade plays a part in."""


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

    @property
    def top_grade(self) -> float:
        """The greatest grade of the judgements, at least 1."""
        return float(self.ideal.grade.max(initial=RELEVANT))

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


def rank_biased_precision(run: GradedRun, cutoff: int | None = None, persistence: float = 0.8) -> Floats:
    """(1 − p) Σ rel · p^(rank − 1) (Moffat and Zobel, ACM TOIS 27(1), 2008); shape (queries,).

    The expected share of relevant products among those seen by a shopper who, after each one, looks at the next with
    probability p. Not normalised: with r relevant products 1 − p^r is the most there is.
    """
    relevant = run.found.top(cutoff).relevant()
    return run.total(relevant, (1 - persistence) * np.power(persistence, relevant.rank.astype(np.float64)))


def expected_reciprocal_rank(run: GradedRun, cutoff: int | None = None, top_grade: float | None = None) -> Floats:
    """Σ over ranks r of R(r) / r · Π over earlier ranks of 1 − R, with R = (2^grade − 1) / 2^top grade; (queries,).

    The expected 1/rank at which a shopper, going down the list, is satisfied (Chapelle, Metzler, Zhang and Grinspan,
    CIKM 2009). The top grade is that of the scale; without one, the greatest grade of the judgements.
    """
    if top_grade is None:
        top_grade = run.top_grade
    found = run.found.top(cutoff)
    satisfied = exponential_gain(found.grade) / np.exp2(top_grade)
    first = found.first_of_each_query()
    lengths = np.diff(first, append=len(found.query))
    looking = np.ones(len(found.query))
    # Judged hits of some queries as the rows of a table, so that earlier ranks are the columns to the left.
    for rows in _blocks(lengths, _CELLS):
        table = np.zeros((rows.stop - rows.start, int(lengths[rows].max(initial=0))))
        filled = np.arange(table.shape[1]) < lengths[rows, None]
        start = int(first[rows.start])
        here = slice(start, start + int(lengths[rows].sum()))
        table[filled] = satisfied[here]
        unsatisfied = np.cumprod(1 - table, axis=1)
        looking[here] = np.concatenate([np.ones((len(table), 1)), unsatisfied[:, :-1]], axis=1)[filled]
    return run.total(found, looking * satisfied / (found.rank + 1.0))


_CELLS = 1 << 22


def _blocks(lengths: Ints, cells: int) -> Iterator[slice]:
    """Consecutive rows, so many at a time that a table of them has about `cells` cells."""
    step = max(1, cells // max(1, int(lengths.max(initial=1))))
    for start in range(0, len(lengths), step):
        yield slice(start, min(start + step, len(lengths)))


def violations(run: GradedRun, cutoff: int | None = None) -> Floats:
    """Products among the first k hits that break a condition of the query / those hits; shape (queries,).

    `run` is graded by what breaks conditions (grade 1 or more) instead of what is relevant. 0 where nothing was found:
    that breaks no condition, and the other metrics have it against the run.
    """
    shown = run.hits if cutoff is None else np.minimum(run.hits, cutoff)
    return _ratio(run.count(run.found.top(cutoff).relevant()), shown.astype(np.float64))


def judged(run: GradedRun, cutoff: int | None = None) -> Floats:
    """Judged products among the first k hits / those hits, 0 when there are none; shape (queries,).

    Divided by the hits there are when these are fewer than k: a short list is not less judged for being short.
    """
    shown = run.hits if cutoff is None else np.minimum(run.hits, cutoff)
    return _ratio(run.count(run.found.top(cutoff)), shown.astype(np.float64))


METRICS: Mapping[str, Callable[..., Floats]] = {
    "ndcg": ndcg,
    "ndcg_lin": ndcg_lin,
    "recall": recall,
    "p": precision,
    "mrr": reciprocal_rank,
    "map": average_precision,
    "hit": hit_rate,
    "hr": hit_rate,
    "rbp": rank_biased_precision,
    "err": expected_reciprocal_rank,
    "violations": violations,
    "judged": judged,
}
"""The names that people type. `hr` is what recommendations call `hit`."""

KNOWN = (
    "ndcg@10 ndcg_lin@10 recall@100 p@10 mrr@10 map hit@10 (or hr@10) rbp@10 (rbp.95@10: with persistence 0.95) err@10 "
    "judged@10 violations@10, with any cut-off or none"
)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with its cut-off: `str()` gives the name back, calling it gives the value of each query.

    `persistence` belongs to rbp alone, as it was typed: ".95"; "" means its default.
    """

    kind: str
    cutoff: int | None = None
    persistence: str = ""

    def __str__(self) -> str:
        return f"{self.kind}{self.persistence}" + ("" if self.cutoff is None else f"@{self.cutoff}")

    def __call__(self, run: GradedRun) -> Floats:
        if self.persistence:
            return rank_biased_precision(run, self.cutoff, float(self.persistence))
        return METRICS[self.kind](run, self.cutoff)


def parse_metric(text: str) -> Metric:
    """`ndcg@10` and the like, in any case of letters. Raises RequestError that lists what there is."""
    match = re.fullmatch(r"([a-z_]+)(\.[0-9]{1,6})?(?:@([1-9][0-9]{0,8}))?", text.lower())
    if match is None or match[1] not in METRICS or (match[2] and (match[1] != "rbp" or not float(match[2]))):
        raise RequestError(f"There is no metric '{text}'. There are: {KNOWN}.")
    return Metric(match[1], int(match[3]) if match[3] else None, match[2] or "")


@dataclass(frozen=True, slots=True)
class Scores:
    """What a run scored. `values` by metric name, each of shape (queries,), in the order of `queries`.

    `totals` are metrics that are one number for the whole run and nothing for a query.
    """

    run: str
    queries: tuple[str, ...]
    values: Mapping[str, Floats]
    totals: Mapping[str, float] = field(default_factory=dict)

    def mean(self, metric: str) -> float:
        return float(self.values[metric].mean())


def hopeless(qrels: Qrels, kinds: Collection[str]) -> tuple[int, tuple[str, ...]]:
    """How many queries have no relevant product, and which of these kinds of metric give points to some of them even
    so: those that weigh grades, where a grade lies between 0 and 1."""
    answerable = qrels.answerable().grades
    without = [judged for query, judged in qrels.grades.items() if query not in answerable]
    some = any(grade > 0 for judged in without for grade in judged.values())
    return len(without), tuple(kind for kind in WEIGHING if some and kind in kinds)


def evaluate(
    qrels: Qrels, run: Run, metrics: Sequence[Metric], judged_only: bool = False, breaking: Qrels | None = None
) -> Scores:
    """Each metric for each query of the qrels.

    With `judged_only` unjudged hits are removed before measuring. judged@k alone still looks at the run as it was
    served, since it would be 1 by construction, and what it says is how much was removed. violations@k looks at the run
    as it was served too, through `breaking`: products that break a condition of a query have grade 1 there. Raises
    RequestError where that is asked for and `breaking` is not there.
    """
    served = grade_run(qrels, run)
    measured = served.without_unjudged() if judged_only else served
    views = {"judged": served}
    if any(metric.kind == "violations" for metric in metrics):
        if breaking is None:
            raise RequestError("violations@k needs to know which products break a condition: --violations FILE.")
        views["violations"] = grade_run(Qrels({query: breaking.grades.get(query, {}) for query in qrels.grades}), run)
    values = {str(metric): metric(views.get(metric.kind, measured)) for metric in metrics}
    return Scores(run.name, served.queries, values)
