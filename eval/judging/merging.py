"""Grades of several judges → one grade for each pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Literal, TypeAlias

import numpy as np

from eval.judging.agreement import Floats
from eval.judging.pools import Pair
from eval.judging.reading import Grading
from eval.qrels import error_at

Merge: TypeAlias = Literal["median", "mean", "majority"]


@dataclass(frozen=True, slots=True)
class Grades:
    """Pairs in the order in which the sheets name them; of each, judge → grade. `judges` by name."""

    judges: tuple[str, ...]
    of: Mapping[Pair, Mapping[str, float]]

    def ratings(self, judges: Sequence[str] | None = None) -> Floats:
        """Shape (pairs, judges), NaN where a judge gave no grade; of all judges or of those named."""
        named = self.judges if judges is None else judges
        rows = [[held.get(judge, np.nan) for judge in named] for held in self.of.values()]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(named))

    def scale(self) -> tuple[float, ...]:
        """The grades that occur."""
        return tuple(sorted({grade for held in self.of.values() for grade in held.values()}))


def gathered(gradings: Iterable[Grading]) -> Grades:
    """Judges are the same whatever the case of their letters. The same grade twice counts once.

    Raises JudgementError where one judge gave a pair two different grades.
    """
    names: dict[str, str] = {}
    of: dict[Pair, dict[str, float]] = {}
    first: dict[tuple[Pair, str], Grading] = {}
    for each in gradings:
        judge = names.setdefault(each.judge.casefold(), each.judge)
        before = first.setdefault((each.pair, judge), each)
        if before.grade != each.grade:
            raise error_at(
                each.file,
                each.line,
                f"judge '{judge}' gives product '{each.pair.product}' grade {each.grade:g} for query "
                f"'{each.pair.query}', but {before.grade:g} in {before.file}, line {before.line}; keep one, or, if "
                f"these are two persons, tell them apart in the column judge or by the names of their files",
            )
        of.setdefault(each.pair, {})[judge] = each.grade
    return Grades(tuple(sorted(names.values())), of)


def merged(grades: Grades, how: Merge) -> dict[Pair, float]:
    """One grade for each pair. Median and mean may be fractions; a majority is one of the grades given."""
    rule = _RULES[how]
    return {pair: float(rule(list(held.values()))) for pair, held in grades.of.items()}


def _majority(grades: Sequence[float]) -> float:
    """The most frequent grade; of several, the lowest: a grade that half of the judges doubt is not given."""
    counts = Counter(grades)
    most = max(counts.values())
    return min(grade for grade, count in counts.items() if count == most)


_RULES: Mapping[Merge, Callable[[Sequence[float]], float]] = {"median": median, "mean": mean, "majority": _majority}
MERGES: tuple[Merge, ...] = ("median", "mean", "majority")
