"""Shares of exposure and relevance, worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from eval.exposure.asking import ask
from eval.exposure.groups import BANDS, LEAST_PRICED, Grouping, by_field, by_price
from eval.exposure.shares import Exposure, Lists, Share, exposures, measure
from eval.qrels import EvalQuery
from search.domain import Hit, Query, SearchRequest, SearchResult

BRANDS = Grouping("brand", {"a1": "Acme", "a2": "Acme", "b1": "Brill", "b2": "Brill", "c1": "Cusp"})
SECOND = 1 / math.log2(3)


def shares(found: Exposure) -> dict[str, Share]:
    return {one.group: one for one in found.shares}


def test_the_first_place_is_seen_most_and_a_list_counts_one() -> None:
    seen = exposures(["a", "b", "c"], 2)
    assert seen == pytest.approx({"a": 1 / (1 + SECOND), "b": SECOND / (1 + SECOND)})
    assert exposures([], 5) == {}


def test_shares_ratio_and_inequity() -> None:
    """Two queries for which Acme and Brill are equally relevant; Acme is always first."""
    lists = [Lists(["a1", "b1"], (), {"a1": 3, "b1": 3}), Lists(["a2", "b2"], (), {"a2": 0.5, "b2": 0.5})]
    found = measure(lists, BRANDS, 20, min_group=2)
    acme, brill = shares(found)["Acme"], shares(found)["Brill"]
    first = 1 / (1 + SECOND)
    assert (acme.relevance, brill.relevance) == pytest.approx((0.5, 0.5))
    assert (acme.exposure, brill.exposure) == pytest.approx((first, 1 - first))
    assert acme.ratio == pytest.approx(2 * first)
    assert (acme.products, acme.personal, acme.change_interval, acme.personal_ratio) == (2, None, None, None)
    assert found.inequity == pytest.approx(first - 0.5)
    assert (found.personal_inequity, found.change) == (None, None)
    # Both queries are alike, so other queries of the sort would be, too.
    assert found.inequity_interval.low == pytest.approx(found.inequity_interval.high)


def test_attention_adds_up_over_lists() -> None:
    """Each comes first once: over both lists everybody has what they deserve (Biega et al.)."""
    relevance = {"a1": 1.0, "b1": 1.0}
    found = measure([Lists(["a1", "b1"], (), relevance), Lists(["b1", "a1"], (), relevance)], BRANDS, 20, min_group=1)
    assert found.inequity == pytest.approx(0)
    assert found.inequity_interval.high > 0.1, "two queries prove nothing"


def test_what_taste_changes_is_the_mean_over_shoppers() -> None:
    lists = [Lists(["a1", "b1"], (["b1", "a1"], ["a1", "b1"]), {"a1": 1, "b1": 1})] * 3
    found = measure(lists, BRANDS, 1, min_group=1)
    acme = shares(found)["Acme"]
    assert (acme.exposure, acme.personal, acme.change) == pytest.approx((1.0, 0.5, -0.5))
    assert acme.personal_ratio == pytest.approx(1)
    assert acme.change_interval is not None
    assert (acme.change_interval.low, acme.change_interval.high) == pytest.approx((-1, 0)), (
        "either shopper may be drawn"
    )
    assert (found.inequity, found.personal_inequity, found.change) == pytest.approx((0.5, 0, -0.5))


def test_small_groups_are_one_together() -> None:
    lists = [Lists(["a1", "c1", "b1", "gone"], (), {"a1": 1, "a2": 1, "b1": 1, "c1": 1})]
    found = measure(lists, BRANDS, 20, min_group=2)
    assert set(shares(found)) == {"Acme", "(3 smaller ones)"}
    assert found.pooled == 3
    assert shares(found)["(3 smaller ones)"].products == 2
    assert math.fsum(one.exposure for one in found.shares) == pytest.approx(1)
    assert math.fsum(one.relevance for one in found.shares) == pytest.approx(1)


def test_a_group_without_relevance_has_no_ratio() -> None:
    found = measure([Lists(["b1"], (), {"a1": 1})] * 2, BRANDS, 20, min_group=1)
    pooled = shares(found)["(1 smaller ones)"]
    assert (pooled.relevance, pooled.exposure, pooled.ratio) == (0, 1, None)
    assert found.inequity == 1


def test_the_same_seed_gives_the_same_intervals() -> None:
    products = list(BRANDS.of)
    orders = [products[n:] + products[:n] for n in range(5)]
    lists = [
        Lists(order, (order[::-1], order[1:], order[2:]), {order[2]: 1 + n, order[0]: 2})
        for n, order in enumerate(orders)
    ]
    one, again, other = (measure(lists, BRANDS, 20, 1, resamples=300, seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_prices_are_dear_or_cheap_among_their_like() -> None:
    pens = [{"id": f"pen{n}", "price": n, "category": ["Office", "Pens"]} for n in range(1, LEAST_PRICED + 1)]
    desks = [{"id": f"desk{n}", "price": 100 * n, "category": ["Office", "Desks"]} for n in range(1, LEAST_PRICED + 1)]
    groups = by_price([*pens, *desks, {"id": "free"}, {"id": "said", "price": "20"}]).of
    assert [groups[name] for name in ("pen1", "pen5", "pen6", "pen20")] == [BANDS[0], BANDS[0], BANDS[1], BANDS[3]]
    assert groups["desk1"] == BANDS[0]
    assert (groups["free"], groups["said"]) == ("(no price)", "(no price)")


def test_few_of_a_kind_are_compared_with_the_others_in_the_same_currency() -> None:
    rows = [
        {"id": f"{money}{n}", "price": n * worth, "currency": money, "category": [f"{n}"]}
        for money, worth in (("USD", 1), ("JPY", 150))
        for n in range(1, 5)
    ]
    groups = by_price(rows).of
    assert [groups[f"USD{n}"] for n in range(1, 5)] == [*BANDS]
    assert [groups[f"JPY{n}"] for n in range(1, 5)] == [*BANDS]


def test_values_of_a_field_are_groups_whatever_their_case() -> None:
    rows = [{"id": "1", "brand": "HP"}, {"id": "2", "brand": "hp "}, {"id": "3"}, {"id": "4", "brand": ["Dell", "HP"]}]
    assert by_field(rows, "brand").of == {"1": "HP", "2": "HP", "3": "(no brand)", "4": "Dell"}


def _search(answers: dict[str | None, Sequence[str]]):  # type: ignore[no-untyped-def]
    def search(request: SearchRequest) -> SearchResult:
        products = answers[request.shopper if request.personalize else None][: request.limit]
        hits = [Hit({"id": one}, n, 1 - n / 10) for n, one in enumerate(products if request.text != "?" else (), 1)]
        return SearchResult(Query(request.text, request.text, "en"), tuple(hits), len(hits))

    return search


def test_every_query_is_asked_for_everybody_and_for_each_shopper() -> None:
    search = _search({None: ["a1", "b1", "c1"], "ann": ["b1", "a1", "c1"], "bob": ["a1", "b1", "c1"]})
    queries = [EvalQuery("1", "lamp"), EvalQuery("2", "?")]
    asked = ask(search, queries, ["ann", "bob"], 2, 3)
    assert asked.lists == {
        "1": Lists(["a1", "b1"], [["b1", "a1"], ["a1", "b1"]], pytest.approx({"a1": 0.9, "b1": 0.8, "c1": 0.7}))
    }
    assert (asked.hopeless, asked.moved) == (("2",), 0.5)
    judged = {"1": {"c1": 2.0, "a1": 0.5}, "2": {"a1": 1.0}}
    asked = ask(search, queries, [], 2, 3, judged.__getitem__)
    assert {query: one.relevance for query, one in asked.lists.items()} == {"1": {"c1": 2.0}, "2": {"a1": 1.0}}
    assert asked.moved == 0
