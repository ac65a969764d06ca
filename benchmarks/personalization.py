"""What taste gains in searches, by what somebody bought next, and what it costs, by judgements of relevance.

    python benchmarks/personalization.py catalogue --shared FOLDER > review.jsonl
    python -m indexer reindex review.jsonl --index review
    python -m indexer reindex FOLDER/data/histories/office.catalogue.jsonl --index office \\
        --mapping examples/mappings/office.toml                                  # and the same for industrial
    python benchmarks/personalization.py gain --shared FOLDER [--rows 1000] [--seed 0]
    python benchmarks/personalization.py cost --shared FOLDER                    # indexes icecat and crowdflower

The data is no part of this project. Indexes are looked for in DAOGOU_DATA_DIR, made with the encoder of the settings.

A row of a data set is what somebody bought, and what they bought next. The profile is built of the former alone; the
query is the department of the latter (`review`), or the head noun of its title (`office`, `industrial`): the last word
of letters before the first preposition, comma, bracket, dash or digit that ends the noun phrase. Shoppers are split in
two halves by a hash of their id; docs/personalization.md says how weights were chosen on them. What a shop learns
from everybody (the trained tables behind `together`, what is bought again and when) is learned five times, each time
from the trails of four fifths of all shoppers, for the fifth that is left: never from the shopper who is asked.

For each half: the mean reciprocal rank (0 behind place 1000) without and with the profile, their ratio with the 95 %
interval of a bootstrap over shoppers, the median of the ranks, and how many of what was bought next fell by more than
five places.

`cost`: ndcg@10 for everybody and for two made-up shoppers a query, by the development queries of `icecat` and
`crowdflower`. `random` bought four products of the catalogue at random, so that taste can only do harm; `fitting` four
of the first hundred of the query. An unjudged product counts as irrelevant, which does taste wrong where it brings up
one that fits; so the same follows over judged products alone. The last line is one JSON object in either case.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from eval.metrics import evaluate, parse_metric
from eval.qrels import Qrels, Run, read_qrels, read_queries
from search.bootstrap import load_encoder, open_store
from search.domain import SearchRequest, SearchResult
from search.engine import Engine
from search.events import Event
from search.live import LiveIndexes
from search.personalization.parts import Due
from search.personalization.rerank import WINDOW
from search.profiles.building import build_profile
from search.profiles.census import Census
from search.protocols import Collection, Encoder, VectorStore
from search.recommendations.crowd import count
from search.recommendations.sorts import Sorts, sorts_of
from search.recommending.blend import Recommender
from search.recommending.interactions import Interactions, Trail
from search.recommending.learning import learn
from search.settings import Settings
from search.shopper import Facts, Profile
from search.storage.payload import point_id

NOW = datetime.now(UTC)
SETS = ("review", "office", "industrial")
JUDGED = ("icecat", "crowdflower")
FOLDS = 5
DEEP = 1000
BOUGHT = 4
"""Products that a made-up shopper has bought."""

AMONG = 100
"""Where those of a `fitting` shopper stand."""

_END = re.compile(r"\b(?:with|for|in|by|of|from|w/)\b|[,(\-–|/:;&+\[]|\s-\s", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z']+")


@dataclass(frozen=True)
class Row:
    """`days` are how long before NOW each product was bought."""

    shopper: str
    query: str
    target: str
    bought: tuple[str, ...]
    days: tuple[float, ...]


class OneShopper:
    """A source of profiles that knows just who is being asked about."""

    def __init__(self) -> None:
        self.profile: Profile | None = None

    def get_ready(self, collection: Collection) -> None:
        """Nothing is needed."""

    def of(self, collection: Collection, shopper: str | None) -> Profile | None:
        return self.profile if shopper else None

    def of_products(self, collection: Collection, recent: Sequence[str]) -> Profile | None:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("do", choices=("catalogue", "gain", "cost"))
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("DAOGOU_SHARED", "../shared")))
    parser.add_argument("--only", choices=SETS + JUDGED, nargs="*", default=[*SETS, *JUDGED])
    parser.add_argument("--rows", type=int, default=1000, help="of each set, at random (gain)")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    data = wanted.shared / "data"
    if wanted.do == "catalogue":
        for product in _reviewed(data):
            print(json.dumps(product))
        return
    settings = Settings.load()
    store, encoder = open_store(settings), load_encoder(settings)
    found: dict[str, object] = {}
    for name in SETS if wanted.do == "gain" else JUDGED:
        if name in wanted.only and wanted.do == "gain":
            found[name] = gain(store, encoder, data, name, wanted.rows, wanted.seed)
        elif name in wanted.only:
            found[name] = cost(store, encoder, data, name, wanted.seed)
    print(json.dumps(found))


def gain(store: VectorStore, encoder: Encoder, data: Path, name: str, most: int, seed: int) -> dict[str, object]:
    rows = list(_reviews(data) if name == "review" else _histories(data, name))
    rows = random.Random(seed).sample(rows, min(most, len(rows)))  # noqa: S311 nothing secret
    source, live = OneShopper(), LiveIndexes(store, encoder.card, snapshot=True)
    engine = Engine(store, encoder, live, DEEP, profiles=source)
    with live.lease(name) as collection:
        census = Census.of(collection)
        folds = {fold: _learnt(collection, data, name, fold) for fold in range(FOLDS)} if name != "review" else {}
        ranks: dict[int, list[tuple[str, int, int]]] = {0: [], 1: []}
        same = True
        for row in rows:
            recommender, sorts = folds.get(_fold(row.shopper), (None, Sorts()))
            engine._personal_look._recommenders = lambda _, one=recommender: one  # type: ignore[misc]
            engine._personal_look._due = lambda _, one=sorts: due_by(one)
            points = collection.retrieve([point_id(one) for one in dict.fromkeys(row.bought)])
            products = {point.product_id: point for point in points}
            source.profile = build_profile(_events(row), Facts(), products, NOW, encoder.encode_query, census)
            request = SearchRequest(row.query, limit=DEEP)
            plain = engine.search(name, request)
            mine = engine.search(name, replace(request, shopper="somebody"))
            source.profile = None
            same &= _like(plain, engine.search(name, replace(request, shopper="somebody", limit=20)))
            ranks[_half(row.shopper)].append((row.shopper, _rank(plain, row.target), _rank(mine, row.target)))
    engine.close()
    report = {"first half": summary(ranks[0], seed), "second half": summary(ranks[1], seed)}
    for half, told in report.items():
        print(f"{name:12}{half:12}" + "  ".join(f"{key} {value}" for key, value in told.items()))
    print(f"{name:12}a shopper without a history gets what everybody gets: {same}", flush=True)
    return {**report, "cold identical": same}


def cost(store: VectorStore, encoder: Encoder, data: Path, name: str, seed: int) -> dict[str, object]:
    qrels = read_qrels(data / name / "qrels.dev.tsv")
    queries = [one for one in read_queries(data / name / "queries.dev.tsv") if one.id in qrels.grades]
    chance = random.Random(seed)  # noqa: S311 nothing secret
    source, live = OneShopper(), LiveIndexes(store, encoder.card, snapshot=True)
    engine = Engine(store, encoder, live, WINDOW, profiles=source)
    runs: dict[str, dict[str, list[str]]] = {"everybody": {}, "random": {}, "fitting": {}}
    with live.lease(name) as collection:
        census = Census.of(collection)
        every = [one.point_id for one in collection.browse(collection.count())]
        for query in queries:
            request = SearchRequest(query.text, limit=WINDOW)
            runs["everybody"][query.id] = plain = _ids(engine.search(name, request))
            first = [point_id(one) for one in plain[:AMONG]]
            for who, among in (("random", every), ("fitting", first)):
                products = collection.retrieve(chance.sample(among, min(BOUGHT, len(among))))
                known = {one.product_id: one for one in products}
                row = Row(who, query.text, "", tuple(known), tuple(1.0 + n for n in range(len(known))))
                source.profile = build_profile(_events(row), Facts(), known, NOW, encoder.encode_query, census)
                runs[who][query.id] = _ids(engine.search(name, replace(request, shopper="somebody")))
    engine.close()
    asked = Qrels({one.id: qrels.grades[one.id] for one in queries})
    found: dict[str, object] = {"queries": len(queries)}
    for judged_only in (False, True):
        scores = {who: _ndcg(asked, who, hits, judged_only) for who, hits in runs.items()}
        for who, score in scores.items():
            key = who + (", judged products alone" if judged_only else "")
            found[key] = round(score, 4)
            lost = score / scores["everybody"] - 1
            print(f"{name:12}{key:34}ndcg@10 {score:.4f}  {lost:+.1%}", flush=True)
    return found


def _ndcg(qrels: Qrels, who: str, hits: dict[str, list[str]], judged_only: bool) -> float:
    return evaluate(qrels, Run(who, hits), [parse_metric("ndcg@10")], judged_only).mean("ndcg@10")


def summary(ranks: Sequence[tuple[str, int, int]], seed: int = 0) -> dict[str, object]:
    """`ranks` are (shopper, rank without, rank with), 0 for what was not found."""
    before = np.array([1 / rank if rank else 0.0 for _, rank, _ in ranks])
    after = np.array([1 / rank if rank else 0.0 for _, _, rank in ranks])
    groups = defaultdict(list)
    for number, (shopper, _, _) in enumerate(ranks):
        groups[shopper].append(number)
    each, rng = [np.array(group) for group in groups.values()], np.random.default_rng(seed)
    ratios = []
    for _ in range(1000):
        chosen = np.concatenate([each[n] for n in rng.integers(len(each), size=len(each))])
        ratios.append(after[chosen].mean() / max(before[chosen].mean(), 1e-12))
    both = [(one, other) for _, one, other in ranks if one and other]
    return {
        "queries": len(ranks),
        "shoppers": len(each),
        "mrr": round(float(before.mean()), 4),
        "personal mrr": round(float(after.mean()), 4),
        "ratio": round(float(after.mean() / before.mean()), 3),
        "interval": [round(float(bound), 2) for bound in np.quantile(ratios, (0.025, 0.975))],
        "median rank": float(np.median([one for one, _ in both])),
        "personal median rank": float(np.median([other for _, other in both])),
        "fell by more than five": sum(other - one > 5 for one, other in both),
    }


def head_noun(title: str) -> str:
    """«HP 74 Black & 75 Tri-color Ink Cartridges, 2 Cartridges» → the noun of the first piece of two words or more."""
    for piece in _END.split(title):
        words = _WORD.findall(piece)
        if len(words) >= 2:
            return str(words[-1]).lower()
    words = _WORD.findall(title)
    return str(words[-1]).lower() if words else title.lower()


def due_by(sorts: Sorts) -> Due:
    """As Engine has it."""
    return lambda traits, days: sorts.again(traits.product_id, traits.values.get("category", ()), days)


def _half(shopper: str) -> int:
    return int(hashlib.sha256(shopper.encode()).hexdigest(), 16) % 2


def _fold(shopper: str) -> int:
    return int(hashlib.sha256(shopper.encode()).hexdigest(), 16) // 2 % FOLDS


def _ids(result: SearchResult) -> list[str]:
    return [str(hit.document["id"]) for hit in result.hits]


def _rank(result: SearchResult, product: str) -> int:
    return next((hit.rank for hit in result.hits if hit.document["id"] == product), 0)


def _like(plain: SearchResult, cold: SearchResult) -> bool:
    return plain.hits[: len(cold.hits)] == cold.hits and plain.total == cold.total and cold.degraded == plain.degraded


def _events(row: Row) -> list[Event]:
    return [
        Event("purchase", "somebody", (NOW - timedelta(days=days)).isoformat(timespec="milliseconds"), product)
        for product, days in zip(row.bought, row.days, strict=True)
    ]


def _lines(file: Path) -> Iterator[dict[str, object]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _reviews(data: Path) -> Iterator[Row]:
    """In days before the last of them and one."""
    for line in _lines(data / "review_histories" / "histories.dev.jsonl"):
        history, target = line["history"], line["heldout"]
        last = max(one["timestamp_ms"] for one in history)  # type: ignore[attr-defined]
        days = tuple(1 + (last - one["timestamp_ms"]) / 86_400_000 for one in history)  # type: ignore[attr-defined]
        department = target["product"]["main_category"] or str(line["category"]).replace("_", " ")  # type: ignore[index]
        bought = tuple(one["parent_asin"] for one in history)  # type: ignore[attr-defined]
        yield Row(str(line["user_id"]), department, target["parent_asin"], bought, days)  # type: ignore[index]


def _histories(data: Path, name: str) -> Iterator[Row]:
    """Of these the order is known and no time: three days from one to the next."""
    folder = data / "histories"
    titles = {str(one["id"]): str(one["title"]) for one in _lines(folder / f"{name}.catalogue.jsonl")}
    for line in _lines(folder / f"{name}.dev.jsonl"):
        bought, target = tuple(map(str, line["history"])), str(line["target"])  # type: ignore[call-overload]
        days = tuple(3.0 * (len(bought) - place) for place in range(len(bought)))
        yield Row(str(line["user"]), head_noun(titles[target]), target, bought, days)


def _learnt(collection: Collection, data: Path, name: str, fold: int) -> tuple[Recommender, Sorts]:
    """Of the longest trail of each shopper who is not of that fold."""
    longest: dict[str, Row] = {}
    for row in _histories(data, name):
        known = longest.get(row.shopper)
        if _fold(row.shopper) != fold and (known is None or len(row.bought) > len(known.bought)):
            longest[row.shopper] = row
    whole = [replace(row, bought=(*row.bought, row.target), days=(*row.days, 0.0)) for row in longest.values()]
    points = list(collection.scroll())
    places = {point.product_id: place for place, point in enumerate(points)}
    trails = tuple(Trail.of(places[one] for one in row.bought if one in places) for row in whole)
    vectors = np.array([point.vector for point in points], dtype=np.float32)
    documents = {point.product_id: point.document for point in points}
    events = (replace(event, shopper=row.shopper) for row in whole for event in _events(row))
    crowd = count(events, NOW.timestamp() / 86_400)
    return learn(Interactions(tuple(places), trails), vectors, documents), sorts_of(collection, crowd)


def _reviewed(data: Path) -> list[dict[str, object]]:
    """Every product that a review names, as a catalogue: nothing but title, department and price is known of them."""
    found: dict[str, dict[str, object]] = {}
    for line in _lines(data / "review_histories" / "histories.dev.jsonl"):
        for one in (*line["history"], line["heldout"]):  # type: ignore[misc]
            product = one["product"]
            if product["title"]:
                found[one["parent_asin"]] = {
                    "id": one["parent_asin"],
                    "title": product["title"],
                    "category": product["main_category"],
                    "price": product["price"],
                    "currency": "USD",
                }
    return list(found.values())


if __name__ == "__main__":
    main()
