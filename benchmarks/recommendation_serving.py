"""What a list of recommendations costs, as multiples of the cheapest question to the store: the ten nearest products.

    python benchmarks/recommendation_serving.py [--products 20000] [--shoppers 500] [--rounds 100] [--seed 7]

Products and shoppers are made up: vectors as in `vector_search.py`, in 600 families that shoppers stay in or come back
to. Everything is on disk in the embedded engine, built, closed and opened again as a server would. Each kind of request
is asked `--rounds` times, by another shopper each time, after one round that is not counted. Milliseconds are those
of the processor, so that what else runs on the machine hardly counts; carry the ratios home all the same.

Prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from lanes import made_up_vectors
from no_encoder import CARD, DIMENSION, NoEncoder

from search.domain import CORE_KINDS, LANES, Manifest, Point, RecommendRequest
from search.engine import Engine
from search.events import Event
from search.live import LiveIndexes
from search.profiles.keeping import Profiles
from search.protocols import Collection, Vectors
from search.recommendations.blended import ARTEFACT
from search.recommendations.others import Others
from search.recommending.blend_files import to_bytes
from search.recommending.interactions import Interactions, Trail
from search.recommending.learning import learn
from search.settings import Settings
from search.storage.edge import EdgeStore
from search.storage.shopper_edge import EdgeShoppers

FAMILIES = 600
STEPS = 30
BUSY = 10_000
"""Events of one very busy shopper."""

Ask = Callable[[int], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--shoppers", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    vectors = made_up_vectors(options.products, DIMENSION, rng)
    walks = walked(vectors, options.shoppers, rng)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, vectors, walks)
        kept = EdgeShoppers.open(folder, DIMENSION)
        encoder, settings = NoEncoder(), Settings(data_dir=folder)
        profiles, others = Profiles(kept, encoder, settings, working=False), Others(kept, working=False)
        live = LiveIndexes(EdgeStore(folder), encoder.card)
        engine = Engine(EdgeStore(folder), encoder, live, profiles=profiles, others=others)
        others.look(at_once=True)
        with engine.opened() as (collection,):
            profiles.keep_all(collection)
            figures = measure(engine, collection, vectors, options.rounds)
            collection.save_artefact(ARTEFACT, trained(walks, vectors))
        engine.refresh()
        with engine.opened() as (collection,):
            figures |= {f"{name}, trained": ms for name, ms in asked(engine, options.rounds).items()}
        engine.close()
        profiles.close()
    report(options, figures)


# --- data ------------------------------------------------------------------------------------------------------------


def walked(vectors: Vectors, shoppers: int, rng: np.random.Generator) -> list[list[int]]:
    """Places of the products of each shopper: near one of three that they began with."""
    walks = []
    for number in range(shoppers):
        steps = BUSY if number == 0 else STEPS
        starts = rng.integers(0, len(vectors), 3)
        near = np.argsort(-(vectors[starts] @ vectors.T), axis=1)[:, :40]
        walks.append([int(near[rng.integers(0, 3), rng.integers(0, 40)]) for _ in range(steps)])
    return walks


def build(folder: Path, vectors: Vectors, walks: Sequence[Sequence[int]]) -> None:
    store = EdgeStore(folder)
    collection = store.create(Manifest("products", 1, CARD, "", dict(CORE_KINDS), lanes=LANES))
    for start in range(0, len(vectors), 1000):
        collection.upsert([point(place, vectors) for place in range(start, min(start + 1000, len(vectors)))])
    collection.optimize()
    collection.close()
    store.publish("products", 1)
    kept, now = EdgeShoppers.open(folder, DIMENSION), datetime.now(UTC)
    for number, walk in enumerate(walks):
        ages = np.linspace(90, 0.01, len(walk))
        kept.add(
            [
                Event(
                    "purchase" if step % 5 == 0 else "view",
                    shopper(number),
                    (now - timedelta(days=float(ages[step]))).isoformat(timespec="milliseconds"),
                    f"p{place}",
                )
                for step, place in enumerate(walk)
            ]
        )
    kept.close()


def point(place: int, vectors: Vectors) -> Point:
    family = place % FAMILIES
    document = {
        "id": f"p{place}",
        "title": f"Sort {family} of the maker {place % 97}, size {place % 11}",
        "brand": f"Maker {place % 97}",
        "category": [f"Department {family % 20}", f"Shelf {family}"],
        "price": 5 + place % 200,
        "currency": "USD",
        "in_stock": place % 20 > 0,
    }
    return Point(f"p{place}", vectors[place].tolist(), document, "", "")


def shopper(number: int) -> str:
    return f"{number:064x}"


def trained(walks: Sequence[Sequence[int]], vectors: Vectors) -> bytes:
    products = tuple(f"p{place}" for place in range(len(vectors)))
    documents = {f"p{place}": point(place, vectors).document for place in range(len(vectors))}
    return to_bytes(learn(Interactions(products, tuple(Trail.of(walk) for walk in walks)), vectors, documents))


# --- measuring -------------------------------------------------------------------------------------------------------


def measure(engine: Engine, collection: Collection, vectors: Vectors, rounds: int) -> dict[str, list[float]]:
    nearest = timed(lambda number: collection.nearest(vectors[number], 10), rounds)
    return {"the ten nearest": nearest, **asked(engine, rounds)}


def asked(engine: Engine, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each request."""

    def recommend(**what: object) -> object:
        return engine.recommend("products", RecommendRequest(**what))  # type: ignore[arg-type]

    requests: dict[str, Ask] = {
        "anybody": lambda number: recommend(),
        f"shopper with {STEPS} events": lambda number: recommend(shopper=shopper(1 + number)),
        f"shopper with {BUSY} events": lambda number: recommend(shopper=shopper(0)),
        "list from the browser": lambda number: recommend(recent=(f"p{number}", f"p{number + 1}")),
        "basket": lambda number: recommend(basket=(f"p{number}",), shopper=shopper(1 + number)),
    }
    return {name: timed(ask, rounds) for name, ask in requests.items()}


def timed(ask: Ask, rounds: int) -> list[float]:
    for number in range(rounds):
        ask(number)
    found = []
    for number in range(rounds):
        started = time.process_time()
        ask(number)
        found.append((time.process_time() - started) * 1000)
    return found


def report(options: argparse.Namespace, figures: dict[str, list[float]]) -> None:
    base = float(np.median(figures["the ten nearest"]))
    print(f"{'request':<36} {'p50 ms':>8} {'p95 ms':>8} {'times':>7}")
    told = {}
    for name, milliseconds in figures.items():
        p50, p95 = (float(np.quantile(milliseconds, share)) for share in (0.5, 0.95))
        told[name] = {"ms_p50": round(p50, 3), "ms_p95": round(p95, 3), "times": round(p50 / base, 1)}
        print(f"{name:<36} {p50:>8.2f} {p95:>8.2f} {p50 / base:>7.1f}")
    print(json.dumps({"products": options.products, "shoppers": options.shoppers, "rounds": options.rounds, **told}))


if __name__ == "__main__":
    main()
