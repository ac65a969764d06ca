"""Asks the engine every query, for everybody and for each shopper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from eval.exposure.shares import Lists
from eval.qrels import EvalQuery
from eval.run import Search
from search.domain import SearchRequest, SearchResult

RELEVANT = 1.0
"""The least grade that has relevance."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`lists` by query, those with something relevant; `hopeless` are the ids of the others. `moved` is the share of
    all lists that personalisation changed within the depth."""

    lists: Mapping[str, Lists]
    hopeless: tuple[str, ...]
    moved: float


def ask(
    search: Search,
    queries: Iterable[EvalQuery],
    shoppers: Sequence[str],
    depth: int,
    reach: int,
    grades: Callable[[str], Mapping[str, float]] | None = None,
    request: SearchRequest | None = None,
) -> Asked:
    """`grades` of a query by its id. Without them what everybody's search says is taken for the relevance: the scores
    of its first `reach` products. Raises what `search` raises."""
    asked = request or SearchRequest()
    lists: dict[str, Lists] = {}
    hopeless: list[str] = []
    moved = 0
    for query in queries:
        wanted = replace(asked, text=query.text)
        everybody = search(replace(wanted, limit=max(depth, reach), personalize=False))
        relevance = _scores(everybody, reach) if grades is None else _relevant(grades(query.id))
        if not relevance:
            hopeless.append(query.id)
            continue
        first = _products(everybody)[:depth]
        each = [_products(search(replace(wanted, limit=depth, shopper=name))) for name in shoppers]
        moved += sum(one != first for one in each)
        lists[query.id] = Lists(first, each, relevance)
    return Asked(lists, tuple(hopeless), moved / max(1, len(lists) * len(shoppers)))


def _products(result: SearchResult) -> list[str]:
    return [str(hit.document["id"]) for hit in result.hits]


def _scores(result: SearchResult, reach: int) -> dict[str, float]:
    return {str(hit.document["id"]): hit.score for hit in result.hits[:reach] if hit.score > 0}


def _relevant(grades: Mapping[str, float]) -> dict[str, float]:
    return {product: grade for product, grade in grades.items() if grade >= RELEVANT}
