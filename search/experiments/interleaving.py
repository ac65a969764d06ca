"""Two results of one search → the page of the list drafted from both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.domain import Hit, SearchResult
from search.experiments.drafting import coins_of, draft


@dataclass(frozen=True, slots=True)
class Drafted:
    """A page, and for each hit the number of the ranking that put it there; None: neither, or both at once."""

    result: SearchResult
    teams: tuple[int | None, ...]


def can_be_drafted(result: SearchResult) -> bool:
    """Whether there is a ranking by relevance worth comparing: words to answer, an answer, and no order by a field."""
    return bool(result.query.text) and result.total > 0 and not result.weak and not result.query.sort


def interleave(baseline: SearchResult, other: SearchResult, seed: str, offset: int, limit: int, most: int) -> Drafted:
    """The draft from place `offset` + 1 on, `limit` places of it. Both results hold their hits from the first place to
    the end of the page, or as many as there are.

    The list ends after `most` products, as every other. Query and facets are the baseline's. `total` is how many
    products the two have together as far as they are known here, never fewer than either has and never more than
    `most`. A product that both have is shown as the baseline shows it.
    """
    picks = draft(_ids(baseline.hits), _ids(other.hits), coins_of(seed))[:most]
    hits = {_id(hit): hit for hit in (*_fitting(other, baseline), *baseline.hits)}
    page = picks[offset : offset + limit]
    shown = tuple(replace(hits[pick.product], rank=offset + place) for place, pick in enumerate(page, start=1))
    stages = dict.fromkeys((*baseline.timings, *other.timings))
    result = replace(
        baseline,
        hits=shown,
        total=min(most, max(baseline.total, other.total, len(picks))),
        timings={one: baseline.timings.get(one, 0.0) + other.timings.get(one, 0.0) for one in stages},
        degraded=tuple(dict.fromkeys((*baseline.degraded, *other.degraded))),
    )
    return Drafted(result, tuple(pick.team for pick in page))


def _fitting(other: SearchResult, baseline: SearchResult) -> Sequence[Hit]:
    """Evidence refers to the constraints of its own query: where that was understood otherwise, it is left out."""
    if other.query.constraints == baseline.query.constraints:
        return other.hits
    return [replace(hit, evidence=()) for hit in other.hits]


def _ids(hits: Sequence[Hit]) -> list[str]:
    return [_id(hit) for hit in hits]


def _id(hit: Hit) -> str:
    return str(hit.document["id"])
