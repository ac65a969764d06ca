"""What taste adds to the time of a search.

    python benchmarks/personal_speed.py [--products 5000] [--rounds 300] [--seed 7]

A made-up catalogue in Qdrant Edge (random vectors of 384 dimensions, brand, category, colour, price), and windows of
200 of its products. Measured:

- *reranked*: parts, order and receipts of a page of 20, the products being in memory already;
- *fetched*: the same with products and vectors taken from the shelf (search/personalization/shelf);
- *trained*: reranked with the part `together` of a trained recommender, five tables of 300 random neighbours each;
- *first time*: the same as fetched, where the store has to be read, since nobody came by these products before;
- *profile*: what a request pays for the profile of a shopper with 50 and with 10,000 events, who did nothing since.

The clock, beside it the CPU time of the thread: other work on the machine lengthens mostly the former, and the fastest
round least. Prints a table,
and as its last line one JSON object, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from no_encoder import CARD, DIMENSION, NoEncoder
from scipy import sparse

from search.bootstrap import open_shoppers
from search.domain import CORE_KINDS, Candidate, Manifest, Point
from search.events import Event
from search.personalization.company import Companies, company
from search.personalization.model import DEFAULT
from search.personalization.parts import Taste, Together
from search.personalization.rerank import WINDOW, rerank
from search.personalization.shelf import Shelf
from search.profiles.keeping import Profiles
from search.protocols import Collection
from search.recommending.blend import Recommender
from search.recommending.tables import MOST_NEIGHBOURS, Table
from search.recommending.words import Vocabulary
from search.settings import Settings
from search.shopper import Profile
from search.storage.edge import EdgeStore
from search.storage.payload import point_id

PAGE = 20


@dataclass
class Times:
    clock: list[float]
    cpu: list[float]

    def row(self) -> dict[str, float]:
        clock, cpu = np.array(self.clock) * 1000, np.array(self.cpu) * 1000
        return {
            "best": round(float(clock.min()), 2),
            "p50": round(float(np.median(clock)), 2),
            "p95": round(float(np.quantile(clock, 0.95)), 2),
            "cpu p50": round(float(np.median(cpu)), 2),
            "cpu p95": round(float(np.quantile(cpu, 0.95)), 2),
        }


def timed(rounds: int, once: Callable[[int], object]) -> dict[str, float]:
    times = Times([], [])
    for number in range(rounds):
        clock, cpu = time.perf_counter(), time.thread_time()
        once(number)
        times.clock.append(time.perf_counter() - clock)
        times.cpu.append(time.thread_time() - cpu)
    return times.row()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    wanted = parser.parse_args()
    rng = np.random.default_rng(wanted.seed)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        store = EdgeStore(settings.data_dir)
        collection = _filled(store, wanted.products, rng)
        profiles = Profiles(open_shoppers(settings, DIMENSION), NoEncoder(), settings, working=False)
        profiles.get_ready(collection)
        found = {}
        kept: dict[int, Profile] = {}
        for events in (50, 10_000):
            profiles.record(_history(f"{events:064d}", events, wanted.products, rng))
            profile = profiles.of(collection, f"{events:064d}")
            assert profile is not None  # noqa: S101 it was recorded just now
            kept[events] = profile
        windows = [_window(rng.choice(wanted.products, WINDOW, replace=False), rng) for _ in range(wanted.rounds)]
        shelf, trained = Shelf(collection), _trained(wanted.products, rng)
        for events, profile in kept.items():
            taste = Taste(profile)
            if events == 50:
                found["first time"] = timed(
                    min(50, wanted.rounds), lambda n, t=taste: _page(t, collection, Shelf(collection), windows[n])
                )
            for window in windows:
                shelf.look(collection, [one.point_id for one in window], taste.fields)
            looks = [shelf.look(collection, [one.point_id for one in window], taste.fields) for window in windows]
            found[f"profile, {events} events"] = timed(
                wanted.rounds, lambda _, name=f"{events:064d}": profiles.of(collection, name)
            )
            found[f"reranked, {events} events"] = timed(
                wanted.rounds, lambda n, p=profile, s=looks: _rerank(Taste(p), s[n], windows[n])
            )
            companies = Companies()
            found[f"company, {events} events"] = timed(wanted.rounds, lambda _, p=profile: company(trained, p))
            found[f"trained, {events} events"] = timed(
                wanted.rounds,
                lambda n, p=profile, s=looks, c=companies: _rerank(Taste(p), s[n], windows[n], c.of(trained, p)),
            )
            found[f"fetched, {events} events"] = timed(
                wanted.rounds, lambda n, p=profile: _page(Taste(p), collection, shelf, windows[n])
            )
        profiles.close()
        collection.close()
    print(
        f"{'ms for 200 candidates':32}"
        + "".join(f"{name:>10}" for name in ("best", "p50", "p95", "cpu p50", "cpu p95"))
    )
    for name, row in found.items():
        print(f"{name:32}" + "".join(f"{value:>10.2f}" for value in row.values()))
    print(json.dumps(found))


def _page(taste: Taste, collection: Collection, shelf: Shelf, window: list[Candidate]) -> object:
    seen = shelf.look(collection, [one.point_id for one in window], taste.fields)
    return _rerank(taste, seen, window)


def _rerank(taste: Taste, seen: object, window: list[Candidate], together: Together | None = None) -> object:
    done = rerank(window, [1] * len(window), taste, seen, DEFAULT, together=together)  # type: ignore[arg-type]
    page = done.candidates[:PAGE]
    return [(done.parts(one), done.receipt(one, rank)) for rank, one in enumerate(page, start=1)]


def _trained(products: int, rng: np.random.Generator) -> Recommender:
    """A recommender whose tables are full."""
    begins = np.arange(products + 1) * MOST_NEIGHBOURS

    def full(name: str, decay: float) -> Table:
        columns = rng.integers(0, products, begins[-1], dtype=np.int32)
        shares = rng.random(begins[-1], dtype=np.float32)
        return Table(name, decay, sparse.csr_matrix((shares, columns, begins), shape=(products, products)))

    tables = [full(*one) for one in (("together", 1.0), ("next", 0.1), ("later", 0.7), ("before", 0.5), ("alike", 0.5))]
    nothing = np.zeros(products, np.float32)
    ids = tuple(f"p{number}" for number in range(products))
    weights = {table.name: 1.0 for table in tables}
    return Recommender(ids, DIMENSION, tuple(tables), tables[0], nothing, nothing, Vocabulary.of([]), weights)


def _window(numbers: np.ndarray, rng: np.random.Generator) -> list[Candidate]:
    scores = np.sort(rng.uniform(0.3, 1.0, len(numbers)))[::-1]
    return [
        Candidate(point_id(f"p{number}"), float(score), parts={"semantic": float(score), "lexical": float(score)})
        for number, score in zip(numbers.tolist(), scores, strict=True)
    ]


def _history(shopper: str, events: int, products: int, rng: np.random.Generator) -> list[Event]:
    """Spread over half a year; every tenth a purchase."""
    now = datetime.now(UTC)
    return [
        Event(
            "purchase" if number % 10 == 0 else "view",
            shopper,
            (now - timedelta(days=180 * (1 - number / events), seconds=5)).isoformat(timespec="milliseconds"),
            f"p{rng.integers(products)}",
        )
        for number in range(events)
    ]


def _filled(store: EdgeStore, products: int, rng: np.random.Generator) -> Collection:
    fields = {**CORE_KINDS, "colour": "text", "material": "text"}
    collection = store.create(Manifest("products", 1, CARD, "benchmark/1", fields, products=products))  # type: ignore[arg-type]
    for start in range(0, products, 2000):
        numbers = range(start, min(start + 2000, products))
        vectors = rng.normal(size=(len(numbers), DIMENSION)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        collection.upsert(
            [
                Point(
                    f"p{number}",
                    vector.tolist(),
                    {
                        "id": f"p{number}",
                        "title": f"Thing number {number}",
                        "description": "what it is good for, at the length that descriptions have " * 5,
                        "brand": f"Brand {number % 400}",
                        "category": [f"Department {number % 20}", f"Shelf {number % 300}"],
                        "price": float(5 + number % 500),
                        "currency": "USD",
                        "colour": f"Colour {number % 12}",
                        "material": f"Material {number % 30}",
                    },
                    "t",
                    "d",
                )
                for number, vector in zip(numbers, vectors, strict=True)
            ]
        )
    return collection


if __name__ == "__main__":
    main()
