"""Where does a difference come from? Queries divided by what they are like, and the runs compared within each part.

A mean over all queries can hide that short ones won what Chinese ones lost. But whoever looks at ten slices sees one
with p below 0.05 by luck in two looks of five, so Holm's correction is applied over all the slices that are looked at,
and a slice of few queries is marked: it can show what to look at, and prove nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eval.compare import PERMUTATIONS, differing, holm, lower_is_better, randomisation_test
from eval.intervals import Interval, bootstrap_interval
from eval.metrics import Scores
from eval.qrels import EvalQuery
from eval.record import RunRecord
from search.lexicon import Lexicon
from search.lexicon.folding import is_han, runs
from search.understanding import understand
from search.understanding.normalise import language_of
from search.understanding.tokens import tokens

FEW = 25
"""Fewer queries than this are too few to tell runs apart by (Buckley and Voorhees, SIGIR 2000: at least 25)."""

LONG = 4
"""Words from which on queries are one slice."""

MOST_VALUES = 12
"""Values of a column that have slices of their own, the commonest; the others are one slice together."""

FIRST_COLUMN = 3
"""Of a query file: the first after query_id and text."""


@dataclass(frozen=True, slots=True)
class Slicing:
    """One way to divide queries: name of a slice → ids of its queries, in the order to be shown.

    A query is in one slice, or in none where nothing is known of it.
    """

    name: str
    slices: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class SliceComparison:
    """A run against the baseline over the queries of one slice, by one metric.

    `p` is that of the two-sided randomisation test, `p_holm` the same corrected over all slices compared with it.
    `interval` holds the mean difference in 95 of 100 cases. Wins are queries where the run is better.
    """

    run: str
    metric: str
    slicing: str
    slice: str
    queries: int
    baseline_mean: float
    mean: float
    difference: float
    interval: Interval
    wins: int
    losses: int
    ties: int
    p: float
    p_holm: float

    @property
    def few(self) -> bool:
        return self.queries < FEW


# --- dividing --------------------------------------------------------------------------------------------------------


def slicings(
    queries: Sequence[EvalQuery],
    record: RunRecord | None = None,
    lexicon: Lexicon | None = None,
    frequencies: Mapping[str, float] | None = None,
    columns: Iterable[int] = (),
) -> tuple[Slicing, ...]:
    """By length, language, condition, frequency and columns, without those that leave all queries in one slice.

    What the engine made of a query is taken from `record`; where that lacks it, the query is read again with `lexicon`,
    or without any. `frequencies` by query id; without them there is no head and no tail.
    """
    found = [by_length(queries), by_language(queries, record), by_constraint(queries, record, lexicon)]
    if frequencies is not None:
        found.append(by_frequency(queries, frequencies))
    found += [by_column(queries, column) for column in columns]
    return tuple(slicing for slicing in found if len(slicing.slices) > 1)


def by_length(queries: Sequence[EvalQuery]) -> Slicing:
    """Words: what blanks separate, and Chinese as it is cut into words."""
    names = {words: f"{words} word{'s' * (words > 1)}" for words in range(1, LONG)} | {LONG: f"{LONG} words and more"}
    return _divided("length", queries, names.values(), lambda query: names[min(max(words_in(query.text), 1), LONG)])


def words_in(text: str) -> int:
    return sum(len(tokens(part)) if is_han(part) else bool(runs(part)) for part in text.split())


def by_language(queries: Sequence[EvalQuery], record: RunRecord | None = None) -> Slicing:
    read = record.queries if record is not None else {}

    def language(query: EvalQuery) -> str:
        return read[query.id].language if query.id in read else language_of(query.text)

    return _divided("language", queries, (), language)


def by_constraint(
    queries: Sequence[EvalQuery], record: RunRecord | None = None, lexicon: Lexicon | None = None
) -> Slicing:
    """Whether the query demands or rules out something.

    A record of a run that took every word literally says nothing of that. Without a lexicon prices, exclusions and
    sizes are recognised; brands, colours and all else that a catalogue teaches are not.
    """
    read = record.queries if record is not None and understood(record) else {}

    def condition(query: EvalQuery) -> str:
        if query.id in read:
            return "some" if read[query.id].constraints else "none"
        return "some" if understand(query.text, lexicon).constraints else "none"

    return _divided("condition", queries, ("some", "none"), condition)


def understood(record: RunRecord) -> bool:
    """Whether the run read conditions into queries at all."""
    return record.options.get("understand") is not False


def by_frequency(queries: Sequence[EvalQuery], frequencies: Mapping[str, float]) -> Slicing:
    """The head are the most frequent queries that together make half of the traffic of these queries, the rest is tail.

    Queries as frequent as the last of the head belong to it, so that no order of the file decides. A query without a
    frequency was never asked.
    """
    counts = sorted((frequencies.get(query.id, 0.0) for query in queries), reverse=True)
    reached = np.cumsum(counts)
    least = counts[int(np.searchsorted(reached, reached[-1] / 2))] if counts else 0.0
    return _divided(
        "frequency",
        queries,
        ("head", "tail"),
        lambda query: "head" if 0 < frequencies.get(query.id, 0.0) >= least else "tail",
    )


def by_column(queries: Sequence[EvalQuery], column: int) -> Slicing:
    """By what stands in a column of the query file, counted from 1 as the file has them: 3 is the first after the text.

    The commonest value first. Beyond `MOST_VALUES` of them the queries are one slice, `others`; a query with nothing
    there is in none.
    """

    counts = Counter(text for query in queries if (text := column_of(query, column)))
    common = [text for text, _ in counts.most_common(MOST_VALUES)]
    if len(counts) == MOST_VALUES + 1:
        common = list(counts)  # a slice of its own says more than one called others
    rest = f"others ({len(counts) - len(common)} values)"
    return _divided(
        f"column {column}",
        [query for query in queries if column_of(query, column)],
        [*common, rest],
        lambda query: text if (text := column_of(query, column)) in common else rest,
    )


def column_of(query: EvalQuery, column: int) -> str:
    """What stands in that column of the query file; "" where the line is shorter."""
    return "".join(query.columns[column - FIRST_COLUMN : column - FIRST_COLUMN + 1])


def _divided(
    name: str, queries: Iterable[EvalQuery], order: Iterable[str], slice_of: Callable[[EvalQuery], str]
) -> Slicing:
    """Slices that hold a query: those of `order` first and in that order."""
    members: dict[str, set[str]] = {slice: set() for slice in order}
    for query in queries:
        members.setdefault(slice_of(query), set()).add(query.id)
    return Slicing(name, {slice: frozenset(ids) for slice, ids in members.items() if ids})


# --- comparing -------------------------------------------------------------------------------------------------------


def compare_slices(
    baseline: Scores,
    run: Scores,
    metric: str,
    slicings: Iterable[Slicing],
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> tuple[SliceComparison, ...]:
    """The run against the baseline in every slice, corrected over all of them. Both scores come from the same qrels.

    Queries that the scores lack are left out, and so are slices that have no others.
    """
    place = {query: i for i, query in enumerate(baseline.queries)}
    before, after = baseline.values[metric], run.values[metric]
    difference = differing(before, after)
    better = -1 if lower_is_better(metric) else 1
    found: list[SliceComparison] = []
    for slicing in slicings:
        for name, members in slicing.slices.items():
            here = np.array(sorted(place[query] for query in members if query in place), dtype=np.intp)
            if not len(here):
                continue
            changes = difference[here]
            baseline_mean, mean = float(before[here].mean()), float(after[here].mean())
            p = randomisation_test(changes, permutations, seed)
            found.append(
                SliceComparison(
                    run=run.run,
                    metric=metric,
                    slicing=slicing.name,
                    slice=name,
                    queries=len(here),
                    baseline_mean=baseline_mean,
                    mean=mean,
                    difference=mean - baseline_mean,
                    interval=bootstrap_interval(changes),
                    wins=int((np.sign(changes) == better).sum()),
                    losses=int((np.sign(changes) == -better).sum()),
                    ties=int((changes == 0).sum()),
                    p=p,
                    p_holm=p,
                )
            )
    return corrected(found)


def corrected(comparisons: Sequence[SliceComparison]) -> tuple[SliceComparison, ...]:
    """With Holm's correction over exactly these: call it with all that are shown together, those of every run."""
    p_values = holm([comparison.p for comparison in comparisons])
    return tuple(replace(one, p_holm=p) for one, p in zip(comparisons, p_values, strict=True))
