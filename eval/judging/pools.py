"""What to have judged: the first hits of several runs together, dealt out to judges so that no system shows.

Pooling is Spärck Jones and van Rijsbergen's (1975): a run is measured fairly by judgements only if its own first hits
are among those judged. Order within a query is by a hash, so that rank and system cannot be guessed, differs from judge
to judge, and is the same whenever it is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from eval.qrels import EvalQuery, Qrels, Run


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A query and a product by their ids: what a grade belongs to."""

    query: str
    product: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one run brings: its first hits, how many of them are judged, and how many of the rest no other run has."""

    run: str
    hits: int
    judged: int
    alone: int


@dataclass(frozen=True, slots=True)
class Pool:
    """`pairs` are to be judged, query by query in the order of the query file; `judged` pairs were left out.

    `unknown` are queries of the runs that the query file lacks: nobody could judge them without their words.
    """

    pairs: tuple[Pair, ...]
    judged: int
    contributions: tuple[Contribution, ...]
    unknown: tuple[str, ...]


def pool_of(runs: Sequence[Run], queries: Sequence[EvalQuery], depth: int, known: Qrels | None = None) -> Pool:
    """The union of the first `depth` hits of all runs, without what `known` holds a grade for."""
    grades: Mapping[str, Mapping[str, float]] = known.grades if known else {}
    firsts = [
        {Pair(query.id, product) for query in queries for product in run.hits.get(query.id, ())[:depth]} for run in runs
    ]
    finders = Counter(pair for first in firsts for pair in first)
    judged = {pair for pair in finders if pair.product in grades.get(pair.query, {})}
    wanted = finders.keys() - judged
    place = {query.id: i for i, query in enumerate(queries)}
    return Pool(
        pairs=tuple(sorted(wanted, key=lambda pair: (place[pair.query], pair.product))),
        judged=len(judged),
        contributions=tuple(
            Contribution(run.name, len(first), len(first & judged), sum(finders[pair] == 1 for pair in first & wanted))
            for run, first in zip(runs, firsts, strict=True)
        ),
        unknown=tuple(sorted({query for run in runs for query in run.hits} - place.keys())),
    )


def sampled(pairs: Sequence[Pair], size: int) -> tuple[Pair, ...]:
    """`size` of the pairs, drawn by a hash, in their order: the same ones whenever it is done again."""
    drawn = frozenset(sorted(pairs, key=lambda pair: _lot("sample", pair))[:size])
    return tuple(pair for pair in pairs if pair in drawn)


def deal(pairs: Sequence[Pair], judges: int, overlap: float) -> tuple[tuple[Pair, ...], ...]:
    """The rows of each judge's sheet, in the order shown. Raises ValueError for an overlap without a second judge.

    A query goes to one judge, who so has all its products to compare. A share `overlap` of all pairs, drawn at random,
    goes to a second judge as well, whoever has the fewest rows; over all pairs these are all couples of judges.
    """
    if overlap and judges < 2:
        raise ValueError("an overlap needs two judges")
    sheets: list[set[Pair]] = [set() for _ in range(judges)]
    of_query: dict[str, list[Pair]] = {}
    for pair in pairs:
        of_query.setdefault(pair.query, []).append(pair)
    owner: dict[str, int] = {}
    for query in sorted(of_query, key=lambda query: (-len(of_query[query]), _lot("query", Pair(query, "")))):
        owner[query] = _least(sheets, range(judges))
        sheets[owner[query]].update(of_query[query])
    twice = sorted(pairs, key=lambda pair: _lot("overlap", pair))[: round(overlap * len(pairs))]
    for pair in twice:
        sheets[_least(sheets, [judge for judge in range(judges) if judge != owner[pair.query]])].add(pair)
    return tuple(_shuffled(sheet, list(of_query), f"judge {judge}") for judge, sheet in enumerate(sheets))


def _shuffled(sheet: Collection[Pair], queries: Sequence[str], purpose: str) -> tuple[Pair, ...]:
    place = {query: i for i, query in enumerate(queries)}
    return tuple(sorted(sheet, key=lambda pair: (place[pair.query], _lot(purpose, pair))))


def _least(sheets: Sequence[Collection[Pair]], among: Sequence[int]) -> int:
    return min(among, key=lambda judge: (len(sheets[judge]), judge))


def _lot(purpose: str, pair: Pair) -> bytes:
    """A number drawn for a pair: evenly spread, the same for ever, and unrelated from one purpose to the next."""
    return hashlib.sha256(json.dumps([purpose, pair.query, pair.product]).encode()).digest()
