"""Click models on simulated clicks with known examination: recovered; IPS without bias; counting clicks is biased."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from benchmark_modules import load

from eval.experiments.clicks import Resampling, by_place, fitted, shown_products, swapped, worth
from eval.experiments.counterfactual import Replay, effective, estimate
from eval.experiments.examination import Showings, Way, count, examination, reweighted
from eval.experiments.log import Log, seconds_of
from eval.qrels import Run
from search.errors import ExperimentLogError
from search.events import Event
from search.experiments.records import Impression, Started

shoppers = load("shoppers")
TRUE = shoppers.examination()


@cache
def simulated(method: str, count: int = 2500) -> tuple[Any, Any, Log, dict[str, str]]:
    """A shop, its pages, the same as a log, and what each search asked."""
    rng = np.random.default_rng(3)
    shop = shoppers.shop(rng, (0.3, 0.15), queries=20)
    seen = shoppers.pages(rng, shop, method, count)
    records = list(shoppers.records(seen, method))
    pages = [one for one in records if isinstance(one, Impression)]
    events = [one for one in records if isinstance(one, Event)]
    started = next(one for one in records if isinstance(one, Started))
    times = [np.array([seconds_of(one.timestamp) for one in each]) for each in (pages, events)]
    log = Log(started, tuple(pages), times[0], tuple(events), times[1])
    return shop, seen, log, {f"q{i}": f"query {query}" for i, query in enumerate(seen.query)}


def rankings(seen: Any, order: Any) -> Run:
    """One ranking for each query, as a run keyed by queryID."""
    return Run("new", {f"q{i}": tuple(f"{query}-{p}" for p in order[query]) for i, query in enumerate(seen.query)})


# --- examination -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("way", "method"), [("swaps", "interleave"), ("harvest", "split"), ("em", "split")])
def test_examination_is_recovered_and_click_rates_are_not_it(way: Way, method: str) -> None:
    _, seen, log, asked = simulated(method)
    model = fitted(shown_products(log, 10, None if way == "swaps" else asked), way)
    rates = seen.clicks.mean(axis=0) / seen.clicks[:, 0].mean()
    assert model.values[0] == 1
    assert model.values[1:4] == pytest.approx(TRUE[1:4], rel=0.2)
    assert np.abs(np.log(model.values[1:] / TRUE[1:])).mean() < 0.25
    assert (rates[3:] < 0.85 * TRUE[3:]).all()  # what ranks lower is worse: clicks fall faster than looks


def test_the_equations_are_solved_exactly_where_clicks_are_as_expected() -> None:
    """Clicks of any number of views that are examination times attraction give back the examination."""
    attraction, looks = np.array([0.9, 0.5, 0.2]), np.array([1.0, 0.6, 0.3])
    place, item = (grid.ravel() for grid in np.meshgrid(np.arange(3), np.arange(3)))
    rows = Showings(place, item, np.zeros(9), np.zeros(9, dtype=np.int64), (), 3, 1)
    counts = replace(
        count(replace(rows, click=np.ones(9))), views=np.arange(1.0, 10.0),
        clicks=np.arange(1.0, 10.0) * attraction[item] * looks[place],
    )  # fmt: skip
    for way in ("harvest", "em"):
        assert examination(counts, way) == pytest.approx(looks, abs=1e-4)


def test_many_products_with_two_showings_each_bias_em_and_not_the_harvest() -> None:
    rng = np.random.default_rng(8)
    items, looks = 40_000, 0.5
    attraction = rng.beta(1, 1, items)
    item = np.repeat(np.arange(items), 2)
    place = np.tile([0, 1], items)
    click = (rng.random(2 * items) < attraction[item] * np.where(place, looks, 1.0)).astype(np.float64)
    counts = count(Showings(place, item, click, item, (), 2, items))
    assert examination(counts, "harvest")[1] == pytest.approx(looks, abs=0.02)
    assert abs(examination(counts, "em", tolerance=1e-6)[1] - looks) > 0.05


def test_what_nothing_links_to_the_first_place_is_not_known() -> None:
    place, item = np.array([0, 1, 2, 3, 1]), np.array([0, 0, 1, 1, -1])
    rows = Showings(place, item, np.ones(5), np.zeros(5, dtype=np.int64), (), 5, 1)
    assert np.isnan(examination(count(rows), "harvest")).tolist() == [False, False, True, True, True]


def test_only_what_can_be_compared_is_counted_and_reweighting_is_counting_again() -> None:
    place = np.array([0, 1, 0, 0, 1, 0, 1])
    item = np.array([0, 0, 1, 2, 2, 3, 3])  # 1 at one place only, 2 never clicked
    click = np.array([1.0, 0, 1, 0, 0, 0, 1])
    unit = np.array([0, 1, 0, 0, 1, 1, 0])
    rows = Showings(place, item, click, unit, (), 2, 2)
    counts = count(rows)
    assert (counts.rows.tolist(), counts.views.tolist(), counts.clicks.tolist()) == (
        [0, 1, 5, 6],
        [1] * 4,
        [1, 0, 0, 1],
    )
    again = reweighted(counts, rows, np.array([3.0, 1.0]))
    assert (again.views.tolist(), again.clicks.tolist()) == ([3, 1, 1, 3], [3, 0, 0, 3])
    with pytest.raises(ExperimentLogError, match="Nothing that was clicked was shown at two places"):
        fitted(replace(rows, item=np.full(7, -1)), "swaps")


def test_pairs_that_a_coin_ordered() -> None:
    def pairs(*teams: str) -> list[int]:
        return swapped(Impression("q", "x", "i", "s", tuple("abcdefgh"[: max(len(teams), 3)]), "", teams=teams))

    assert pairs("", "A", "B", "B", "A", "") == [-1, 1, 1, 3, 3, -1]
    assert pairs("A", "B", "A") == [0, 0, -1]  # the page ends within a pair
    assert pairs() == [-1, -1, -1]


def test_intervals_hold_the_truth_and_the_same_seed_gives_the_same() -> None:
    _, _, log, _ = simulated("interleave")
    model = fitted(shown_products(log, 4, None), "swaps")
    places = by_place(model, Resampling(100, seed=1))
    assert places == by_place(model, Resampling(100, seed=1))
    held = [
        bounds is not None and bounds.low <= truth <= bounds.high
        for bounds, truth in zip(places.intervals, TRUE, strict=False)
    ]
    assert all(held)
    assert places.shown[0] == len(log.impressions)


# --- other rankings --------------------------------------------------------------------------------------------------


def true_worth(shop: Any, order: Any) -> float:
    """Clicks per search of shoppers whose eagerness is gamma(2, 1/2), by numbers drawn once."""
    eagerness = np.random.default_rng(0).gamma(2.0, 0.5, 4000)
    attraction = np.minimum(1.0, np.take_along_axis(shop.attraction, order, axis=1)[..., None] * eagerness).mean(axis=2)
    return float((attraction * TRUE).sum(axis=1).mean())


def test_ips_is_unbiased_and_counting_clicks_is_not() -> None:
    """300 logs of a split, valued for the variant alone: IPS hits the truth within its noise, counting does not."""
    rng = np.random.default_rng(17)
    shop = shoppers.shop(rng, (0.3, 0.15), queries=8)
    order = shop.rankings[1]
    truth, found, counted = true_worth(shop, order), [], []
    rank = np.full((8, 30), -1)
    np.put_along_axis(rank, order, np.arange(10)[None], axis=1)
    for _ in range(300):
        seen = shoppers.pages(rng, shop, "split", 150)
        replay, new = as_replay(seen, rank)
        found.append(estimate(replay, TRUE, clip=100).ips)
        counted.append((seen.clicks.ravel() * (new >= 0)).sum() / len(seen.query))
    noise = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - truth) < 4 * noise
    assert abs(np.mean(counted) - truth) > 10 * noise


def as_replay(seen: Any, rank: Any, same: bool = True) -> tuple[Replay, Any]:
    pages, places = seen.products.shape
    query = np.repeat(seen.query, places)
    new = rank[query, seen.products.ravel()]
    asked = seen.query if same else np.arange(pages)
    _, question = np.unique(asked, return_inverse=True)
    keys, item = np.unique(np.repeat(question, places) * 100 + seen.products.ravel(), return_inverse=True)
    replay = Replay(
        old=np.tile(np.arange(places), pages), new=new, click=seen.clicks.ravel().astype(np.float64),
        unit=np.repeat(seen.shopper, places), item=item, question=keys // 100,
        page_unit=seen.shopper, page_question=question, lists=np.ones((pages, places)),
    )  # fmt: skip
    return replay, new


def test_snips_varies_less_where_it_is_chance_which_products_are_shown() -> None:
    """Pages taken one by one, as without --queries: how many happen to show the variant moves IPS, and SNIPS hardly."""
    rng = np.random.default_rng(23)
    shop = shoppers.shop(rng, (3.0, 0.05), queries=8)
    rank = np.full((8, 30), -1)
    np.put_along_axis(rank, shop.rankings[1], np.arange(10)[None], axis=1)
    both = []
    for _ in range(200):
        found = estimate(as_replay(shoppers.pages(rng, shop, "split", 40), rank, same=False)[0], TRUE, clip=5)
        both.append((found.ips, found.snips))
    ips, snips = np.array(both).T
    truth = true_worth(shop, shop.rankings[1])
    assert snips.std() / snips.mean() < 0.9 * ips.std() / ips.mean()
    assert ips.mean() < truth  # what was not shown counts as not clicked
    assert abs(snips.mean() - truth) < abs(ips.mean() - truth)


def test_worked_by_hand() -> None:
    """Two shoppers ask the same: a, b and b, c. The new ranking is b, a; examination 1 and 1/2."""
    replay = Replay(
        old=np.array([0, 1, 0, 1]), new=np.array([1, 0, 0, -1]), click=np.array([1.0, 1, 1, 0]),
        unit=np.array([0, 0, 1, 1]), item=np.array([0, 1, 1, 2]), question=np.zeros(3, dtype=np.int64),
        page_unit=np.array([0, 1]), page_question=np.array([0, 0]), lists=np.ones((2, 2)),
    )  # fmt: skip
    looks = np.array([1.0, 0.5])
    found = estimate(replay, looks, clip=10)
    # on average a was looked at (1 + 0) / 2, b (1/2 + 1) / 2: weights 1/2 / 1/2 = 1, and 1 / 3/4 = 4/3 twice
    assert found.logged == 1.5
    assert found.ips == pytest.approx((1 + 4 / 3 + 4 / 3) / 2)
    assert found.overlap == 1
    assert found.snips == pytest.approx(found.ips)
    assert found.effective == pytest.approx((11 / 3) ** 2 / (1 + 32 / 9))
    cut = estimate(replay, looks, clip=1)
    assert (cut.ips, cut.cut) == (1.5, pytest.approx(2 / 3))
    assert cut.snips == pytest.approx(3 / 2.5 * 3 / 2)  # 3 clicks for 2.5 looks, and 3 looks on two pages to come
    alone = estimate(replay, looks, clip=10, weight=np.array([1.0, 0.0]))
    assert (alone.logged, alone.ips) == (2, pytest.approx(0.5 + 2))
    assert effective(np.array([])) == 0


def test_the_worth_of_a_run_from_a_log() -> None:
    shop, seen, log, asked = simulated("split")
    model = fitted(shown_products(log, 10, asked), "harvest")
    valued = worth(log, model, rankings(seen, shop.rankings[1]), 10, Resampling(60))
    truth = true_worth(shop, shop.rankings[1])
    assert valued.estimate.overlap == pytest.approx(1)
    assert valued.estimate.ips == pytest.approx(valued.estimate.snips)
    assert valued.snips_interval.low < truth < valued.snips_interval.high
    assert valued.difference_interval.low > 0
    assert (valued.searches, valued.unanswered, valued.depth) == (len(log.impressions), 0, 10)
    assert valued.estimate.logged == pytest.approx(seen.clicks.sum() / len(seen.query))


def test_a_ranking_that_was_hardly_shown_is_refused() -> None:
    shop, seen, log, asked = simulated("split")
    model = fitted(shown_products(log, 10, asked), "harvest")
    with pytest.raises(ExperimentLogError, match=r"only \d+ % was ever shown"):
        worth(log, model, rankings(seen, np.argsort(shop.attraction, axis=1)[:, :10]), 10, Resampling(5))
    with pytest.raises(ExperimentLogError, match="none of the searches"):
        worth(log, model, Run("other", {"1": ("a",)}), 10, Resampling(5))
