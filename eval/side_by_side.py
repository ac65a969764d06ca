"""What a query showed before and after: the two lists of a mover beside each other, with titles and grades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eval.compare import Mover
from eval.qrels import Qrels, Run

DEPTH = 10
"""How much of each list is shown: what a shopper sees first."""


@dataclass(frozen=True, slots=True)
class ListedHit:
    """One product of a list. `title` is "" where it is not known, `grade` None where nobody judged the product.

    `rank` counts from 1; `elsewhere` is its rank in the other list, None where that lacks it down to its end.
    """

    product: str
    title: str
    grade: float | None
    rank: int
    elsewhere: int | None


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A query whose value changed, with the first hits of the baseline (`before`) and of the run (`after`), as served.

    `text` is "" where the words are not known. `depth` is how many hits a list has at most.
    """

    query: str
    text: str
    baseline_value: float
    value: float
    before: tuple[ListedHit, ...]
    after: tuple[ListedHit, ...]
    depth: int = DEPTH

    @property
    def difference(self) -> float:
        return self.value - self.baseline_value

    def only_here(self, hit: ListedHit) -> bool:
        """Whether the other list does not show the product: it fell out (of `before`) or is new (in `after`)."""
        return hit.elsewhere is None or hit.elsewhere > self.depth


def side_by_side(
    movers: Iterable[Mover],
    qrels: Qrels,
    baseline: Run,
    run: Run,
    texts: Mapping[str, str],
    titles: Mapping[str, str],
    depth: int = DEPTH,
) -> tuple[SideBySide, ...]:
    """One for each mover, in their order. `texts` by query id, `titles` by product id; both may lack any."""
    return tuple(
        SideBySide(
            query=mover.query,
            text=texts.get(mover.query, ""),
            baseline_value=mover.baseline,
            value=mover.value,
            before=_listed(_hits(baseline, mover), _hits(run, mover), _grades(qrels, mover), titles, depth),
            after=_listed(_hits(run, mover), _hits(baseline, mover), _grades(qrels, mover), titles, depth),
            depth=depth,
        )
        for mover in movers
    )


def products_shown(movers: Iterable[Mover], runs: Iterable[Run], depth: int = DEPTH) -> frozenset[str]:
    """The products whose titles `side_by_side` can use: those of any run's first hits for these queries."""
    queries = {mover.query for mover in movers}
    return frozenset(product for run in runs for query in queries for product in run.hits.get(query, ())[:depth])


def _hits(run: Run, mover: Mover) -> Sequence[str]:
    return run.hits.get(mover.query, ())


def _grades(qrels: Qrels, mover: Mover) -> Mapping[str, float]:
    return qrels.grades.get(mover.query, {})


def _listed(
    shown: Sequence[str], other: Sequence[str], grades: Mapping[str, float], titles: Mapping[str, str], depth: int
) -> tuple[ListedHit, ...]:
    ranks = {product: rank for rank, product in enumerate(other, 1)}
    return tuple(
        ListedHit(product, titles.get(product, ""), grades.get(product), rank, ranks.get(product))
        for rank, product in enumerate(shown[:depth], 1)
    )
