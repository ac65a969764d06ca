"""Simulated shoppers whose preference is known, for the benchmarks and tests of live experiments.

They click as the position-based model says: a product at place k is looked at with probability 1 / k, and then clicked
with a probability of its own, which differs from shopper to shopper by a factor. Some search once, a few search a lot.
The baseline ranks by what attracts them and some noise; the variant with less noise, so that it is better, or with
noise of the same size, so that neither is.

    python benchmarks/shoppers.py interleave|split SHOPPERS FOLDER [--noise 0.3 0.15] [--seed 1]

writes what they did as a server would have logged it, FOLDER/log.jsonl; what each search asked, FOLDER/queries.tsv; and
the ranking by what attracts them, FOLDER/best.trec, which neither variant reaches.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from search.events import Event
from search.experiments.assignment import variant_of
from search.experiments.drafting import coins_of, draft
from search.experiments.records import Impression, Method, Record, Share, Started, to_line

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rng = np.random.Generator

NAME = "simulated"
VARIANTS = ("now", "new")
PAGE = 10
DRAFTS = 64
"""Drafts of each query that are made, each with coins of its own; a page shows one of them."""

SEARCHES = 3.0
"""Searches of a shopper, on average: 1 and more, geometric."""


@dataclass(frozen=True, slots=True)
class Shop:
    """`attraction` (queries, products); `rankings` (2, queries, PAGE) of products by the baseline and the variant.

    `drafted` (queries, DRAFTS, PAGE) are products, `teams` alike: 0 the baseline, 1 the variant, -1 neither.
    """

    attraction: Floats
    rankings: Ints
    drafted: Ints
    teams: Ints


@dataclass(frozen=True, slots=True)
class Pages:
    """`shopper`, `query` (pages,); `products`, `teams`, `clicks` (pages, PAGE). A split has teams -1 and `variant`."""

    shopper: Ints
    query: Ints
    products: Ints
    teams: Ints
    clicks: NDArray[np.bool_]
    variant: Ints


def examination(places: int = PAGE) -> Floats:
    return 1.0 / np.arange(1, places + 1)


def shop(rng: Rng, noise: tuple[float, float], queries: int = 60, products: int = 30) -> Shop:
    """`noise` of the baseline and of the variant, beside attraction that is spread by about 0.2."""
    attraction = rng.beta(0.8, 3.0, size=(queries, products))
    rankings = np.stack(
        [np.argsort(-(attraction + rng.normal(0, sigma, attraction.shape)), axis=1)[:, :PAGE] for sigma in noise]
    )
    drafted = np.empty((queries, DRAFTS, PAGE), dtype=np.int64)
    teams = np.empty_like(drafted)
    for query in range(queries):
        first, second = ([str(product) for product in ranking[query]] for ranking in rankings)
        for number in range(DRAFTS):
            picks = draft(first, second, coins_of(f"{query} {number}"))[:PAGE]
            drafted[query, number] = [int(pick.product) for pick in picks]
            teams[query, number] = [-1 if pick.team is None else pick.team for pick in picks]
    return Shop(attraction, rankings, drafted, teams)


def evened(of: Shop) -> Shop:
    """Every query twice, the second time with the rankings exchanged: nobody can prefer one, whoever they are."""
    return Shop(
        np.concatenate([of.attraction, of.attraction]),
        np.concatenate([of.rankings, of.rankings[::-1]], axis=1),
        np.concatenate([of.drafted, of.drafted]),
        np.concatenate([of.teams, np.where(of.teams < 0, -1, 1 - of.teams)]),
    )


def pages(rng: Rng, of: Shop, method: Method, shoppers: int, variant_of_shopper: Ints | None = None) -> Pages:
    """What that many shoppers see and click; which variant each sees in a split is a coin's choice, or given."""
    searches = rng.geometric(1 / SEARCHES, shoppers)
    shopper = np.repeat(np.arange(shoppers), searches)
    eagerness = np.repeat(rng.gamma(2.0, 0.5, shoppers), searches)
    query = rng.integers(0, len(of.attraction), len(shopper))
    coin = rng.integers(0, 2, shoppers)
    variant = np.repeat(coin if variant_of_shopper is None else variant_of_shopper, searches)
    if method == "interleave":
        number = rng.integers(0, DRAFTS, len(shopper))
        products, teams = of.drafted[query, number], of.teams[query, number]
    else:
        products = of.rankings[variant, query]
        teams = np.full_like(products, -1)
    chance = _chance(of, query, products, eagerness)
    return Pages(shopper, query, products, teams, rng.random(chance.shape) < chance, variant)


def click_rates(rng: Rng, of: Shop, shoppers: int) -> tuple[float, float]:
    """Share of shoppers who would click at all, under the baseline and under the variant: the same shoppers both times.

    Nobody clicks in here; the chances of all their pages are multiplied, which says more than as many clicks would.
    """
    searches = rng.geometric(1 / SEARCHES, shoppers)
    shopper = np.repeat(np.arange(shoppers), searches)
    eagerness = np.repeat(rng.gamma(2.0, 0.5, shoppers), searches)
    query = rng.integers(0, len(of.attraction), len(shopper))
    before, after = (
        1
        - np.exp(
            np.bincount(
                shopper, np.log1p(-np.minimum(_chance(of, query, ranking[query], eagerness), 1 - 1e-12)).sum(axis=1)
            )
        ).mean()
        for ranking in of.rankings
    )
    return float(before), float(after)


def _chance(of: Shop, query: Ints, products: Ints, eagerness: Floats) -> Floats:
    return np.minimum(1.0, of.attraction[query[:, None], products] * eagerness[:, None]) * examination()


def records(seen: Pages, method: Method, name: str = NAME, start: float = 1_800_000_000.0) -> Iterator[Record]:
    """The same as lines of a log, in order of time: shoppers come one after another, a minute for each page."""
    shares = tuple(Share(each, 0.5) for each in VARIANTS)
    yield Started(name, "products", method, shares, _time(start))
    for i, (shopper, clicks) in enumerate(zip(seen.shopper, seen.clicks, strict=True)):
        split = method == "split"
        yield Impression(
            query_id=f"q{i}",
            experiment=name,
            index="products",
            shopper=f"s{shopper}",
            products=tuple(f"{seen.query[i]}-{product}" for product in seen.products[i]),
            timestamp=_time(start + 60 * i + 1),
            variant=VARIANTS[seen.variant[i]] if split else "",
            teams=() if split else tuple("" if team < 0 else VARIANTS[team] for team in seen.teams[i]),
        )
        for place in np.flatnonzero(clicks):
            yield Event(
                type="click",
                shopper=f"s{shopper}",
                timestamp=_time(start + 60 * i + 5 + int(place)),
                product=f"{seen.query[i]}-{seen.products[i][place]}",
                query_id=f"q{i}",
                position=int(place) + 1,
            )


def assigned(name: str, shoppers: int) -> Ints:
    """The variant of each shopper `s0`, `s1`, … by the same function as a server's."""
    shares = [Share(each, 0.5) for each in VARIANTS]
    return np.array([VARIANTS.index(variant_of(name, shares, f"s{i}")) for i in range(shoppers)])


def clicked_by_team(seen: Pages) -> tuple[Floats, Floats]:
    """Products clicked of the baseline's and of the variant's team, of shape (pages,) each."""
    first, second = ((seen.clicks & (seen.teams == team)).sum(axis=1).astype(np.float64) for team in (0, 1))
    return first, second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method", choices=("interleave", "split"))
    parser.add_argument("shoppers", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--noise", type=float, nargs=2, default=(0.3, 0.15), help="of the baseline, and of the variant")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    of = shop(rng, options.noise)
    given = assigned(NAME, options.shoppers) if options.method == "split" else None
    seen = pages(rng, of, options.method, options.shoppers, given)
    options.folder.mkdir(parents=True, exist_ok=True)
    best = np.argsort(-of.attraction, axis=1)[:, :PAGE]
    with (
        (options.folder / "log.jsonl").open("w", encoding="utf-8") as log,
        (options.folder / "queries.tsv").open("w", encoding="utf-8") as queries,
        (options.folder / "best.trec").open("w", encoding="utf-8") as run,
    ):
        log.writelines(f"{to_line(record)}\n" for record in records(seen, options.method))
        for i, query in enumerate(seen.query):
            queries.write(f"q{i}\tquery {query}\n")
            run.writelines(f"q{i} Q0 {query}-{one} {k} {1 / k:.6f} best\n" for k, one in enumerate(best[query], 1))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


if __name__ == "__main__":
    main()
