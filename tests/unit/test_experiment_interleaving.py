"""Two results of one search become a page: hits, places, totals, evidence, stages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from search.domain import Constraint, Evidence, FieldStats, Hit, Query, SearchResult, SortKey
from search.experiments.interleaving import can_be_drafted, interleave

RED = Constraint("colour", "=", "red", (0, 3), "red")
MET = (Evidence(0, "satisfied", "colour", "red"),)


def result(
    ids: str, total: int | None = None, constraints: tuple[Constraint, ...] = (RED,), said: str = ""
) -> SearchResult:
    hits = tuple(
        Hit({"id": one, "said": said}, rank, 1 / rank, {"lexical": 0.5}, MET) for rank, one in enumerate(ids, start=1)
    )
    return SearchResult(
        Query("red lamp", "lamp", "en", constraints),
        hits,
        len(ids) if total is None else total,
        {"brand": {said: 1}},
        {"price": FieldStats(1, 2)},
        {"retrieve": 2.0, f"only {said}": 1.0},
        (f"without {said}", "lexical"),
    )


BASELINE, OTHER = result("abcd", said="now"), result("acxd", said="new")


def test_hits_take_new_places_and_the_rest_is_the_baselines() -> None:
    drafted = interleave(BASELINE, OTHER, "seed", 0, 10, 100)
    found = drafted.result
    assert [hit.rank for hit in found.hits] == [1, 2, 3, 4, 5]
    assert {str(hit.document["id"]): hit.document["said"] for hit in found.hits} == {
        "a": "now", "b": "now", "c": "now", "d": "now", "x": "new",
    }  # fmt: skip
    teams = dict(zip((str(hit.document["id"]) for hit in found.hits), drafted.teams, strict=True))
    # After b and c the one has d next and the other x; with both taken nothing is left of either.
    assert teams == {"a": None, "b": 0, "c": 1, "d": 0, "x": 1}
    assert (found.query, found.facets, found.facet_stats) == (BASELINE.query, BASELINE.facets, BASELINE.facet_stats)
    assert found.degraded == ("without now", "lexical", "without new")
    assert found.timings == {"retrieve": 4.0, "only now": 1.0, "only new": 1.0}


@pytest.mark.parametrize(
    ("baseline", "other", "total"),
    [
        (result("abcd"), result("acxd"), 5),
        (result("ab", 90), result("ax", 4), 90),
        (result("ab", 4), result("ax", 7), 7),
    ],
)
def test_the_total_is_what_is_known_of_both(baseline: SearchResult, other: SearchResult, total: int) -> None:
    assert interleave(baseline, other, "seed", 0, 2, 100).result.total == total


def test_no_page_reaches_beyond_the_most_that_any_list_has() -> None:
    whole = interleave(BASELINE, OTHER, "seed", 0, 10, 100).result
    for offset, left in ((0, 3), (2, 1), (3, 0)):
        page = interleave(BASELINE, OTHER, "seed", offset, 10, 3)
        assert [hit.document for hit in page.result.hits] == [hit.document for hit in whole.hits[offset:3]]
        assert (len(page.teams), page.result.total) == (left, 3)


def test_a_page_is_a_piece_of_the_whole() -> None:
    whole = interleave(BASELINE, OTHER, "seed", 0, 10, 100)
    page = interleave(BASELINE, OTHER, "seed", 2, 2, 100)
    assert page.result.hits == whole.result.hits[2:4]
    assert page.teams == whole.teams[2:4]
    assert interleave(BASELINE, OTHER, "seed", 50, 2, 100).result.hits == ()


def test_evidence_for_other_conditions_is_left_out() -> None:
    """It would be read with the conditions that the answer shows: those of the baseline."""
    literal = result("acxd", constraints=())
    found = interleave(BASELINE, literal, "seed", 0, 10, 100).result.hits
    assert {str(hit.document["id"]) for hit in found if hit.evidence} == set("abcd")


def test_what_can_be_drafted() -> None:
    assert can_be_drafted(BASELINE)
    assert not can_be_drafted(replace(BASELINE, weak=True))
    assert not can_be_drafted(result("", 0))
    assert not can_be_drafted(replace(BASELINE, query=replace(BASELINE.query, text="")))
    assert not can_be_drafted(replace(BASELINE, query=replace(BASELINE.query, sort=(SortKey("price"),))))
