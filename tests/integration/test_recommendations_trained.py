"""Recommendations in the order of a trained blend, and what is done with one that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from building import build
from fake_encoder import FakeEncoder
from fake_shoppers import MemoryShopperStore
from fakes import MemoryStore

from search.domain import RecommendRequest
from search.engine import Engine
from search.events import Event
from search.live import LiveIndexes
from search.personalization.shelf import Seen, Traits
from search.profiles.keeping import Profiles
from search.recommendations.asking import Asker, Own
from search.recommendations.blended import ARTEFACT, judge
from search.recommendations.others import Others
from search.recommending.blend_files import from_bytes, to_bytes
from search.recommending.interactions import Interactions, Trail
from search.recommending.learning import learn
from search.settings import Settings
from search.shopper import Interest, Profile, Step
from search.trained import keep

SORTS = ("lamp", "tea", "boot", "pen", "rope", "tent")
PRODUCTS = [
    {"id": f"{sort}{n}", "title": f"{sort} {'abcdef'[n]} {sort}", "brand": f"Maker {n}", "category": [sort, f"{sort}s"]}
    for sort in SORTS
    for n in range(6)
]
IDS = tuple(str(product["id"]) for product in PRODUCTS)
ANN = "a" * 64


@pytest.fixture(scope="module")
def learnt() -> bytes:
    """Whoever takes a lamp takes rope of the same number next, and then a pen."""
    encoder, random = FakeEncoder(), np.random.default_rng(5)
    vectors = np.array([encoder.encode_query(str(product["title"])) for product in PRODUCTS], np.float32)
    place = {name: number for number, name in enumerate(IDS)}
    trails = []
    for _ in range(150):
        walk = [f"{sort}{n}" for n in random.integers(0, 6, 3) for sort in ("lamp", "rope", "pen")]
        trails.append(
            Trail.of([place[f"tea{random.integers(0, 6)}"], *(place[name] for name in walk)][: random.integers(4, 9)])
        )
    documents = {str(product["id"]): product for product in PRODUCTS}
    return to_bytes(learn(Interactions(IDS, tuple(trails)), vectors, documents))


class Shop:
    def __init__(self) -> None:
        self.store, encoder, kept = MemoryStore(), FakeEncoder(), MemoryShopperStore()
        build(self.store, encoder, PRODUCTS)
        self.profiles, self.others = Profiles(kept, encoder, Settings(), working=False), Others(kept, working=False)
        live = LiveIndexes(self.store, encoder.card)
        self.engine = Engine(self.store, encoder, live, profiles=self.profiles, others=self.others)

    def keep(self, data: bytes) -> None:
        keep(self.store, "products", ARTEFACT, data)
        self.engine.refresh()

    def did(self, shopper: str, *products: str, type: str = "view") -> None:
        now = datetime.now(UTC) - timedelta(minutes=10)
        self.profiles.record(
            [
                Event(type, shopper, (now + timedelta(seconds=n)).isoformat(), each)  # type: ignore[arg-type]
                for n, each in enumerate(products)
            ]
        )


@pytest.fixture
def shop() -> Iterator[Shop]:
    opened = Shop()
    yield opened
    opened.engine.close()


def test_what_others_took_next_comes_first_once_it_was_learnt(shop: Shop, learnt: bytes) -> None:
    shop.did(ANN, "tea0", "lamp3")
    request = RecommendRequest(shopper=ANN, diversity=0)
    before = shop.engine.recommend("products", request)
    assert before.hits[0].document["id"] != "rope3", "texts alone do not know that"
    shop.keep(learnt)
    after = shop.engine.recommend("products", request)
    first = after.hits[0]
    assert first.document["id"] == "rope3"
    assert first.score == 1
    assert first.receipt is not None
    assert first.receipt.because[0].products == ("lamp3",)
    assert first.receipt.because[0].event == "view"
    assert set(first.parts) <= set(from_bytes(learnt).weights) | {"declared"}


def test_the_order_is_that_of_the_blend(shop: Shop, learnt: bytes) -> None:
    """Over the candidates, which here are all products, as `eval sequences` has it over the catalogue."""
    shop.keep(learnt)
    shop.did(ANN, "tea0", "lamp3")
    result = shop.engine.recommend("products", RecommendRequest(shopper=ANN, diversity=0, limit=100))
    with shop.engine.opened() as (collection,):
        points = {point.product_id: point for point in collection.scroll()}
        steps = shop.profiles.of(collection, ANN)
    assert steps is not None
    blend = from_bytes(learnt).over(
        IDS,
        np.array([points[name].vector for name in IDS], np.float32),
        {name: points[name].document for name in IDS},
    )
    trail = Trail.of(
        (IDS.index(step.product) for step in steps.steps),
        (1.0 for _ in steps.steps),
        (step.day for step in steps.steps),
    )
    total = dict(zip(IDS, blend.judge(trail).total.tolist(), strict=True))
    shown = [total[str(hit.document["id"])] for hit in result.hits]
    assert len(shown) == len(IDS)
    assert shown == pytest.approx(sorted(total.values(), reverse=True), abs=0.02), "vectors are kept in half precision"


def test_looking_again_and_again_says_no_more_than_looking_once(shop: Shop, learnt: bytes) -> None:
    shop.keep(learnt)
    shop.did(ANN, "tea0", "lamp3")
    shop.did("b" * 64, "tea0", "lamp3", "lamp3", "lamp3")
    once, often = (
        [hit.document["id"] for hit in shop.engine.recommend("products", RecommendRequest(name, diversity=0)).hits[:9]]
        for name in (ANN, "b" * 64)
    )
    assert once == often
    assert once[0] == "rope3"


def test_the_declared_interest_that_is_named_is_the_one_that_counted(learnt: bytes) -> None:
    recommender = from_bytes(learnt)
    axes = np.eye(recommender.dimension, dtype=np.float32)
    vectors = 0.9 * axes[0] + np.sqrt(np.float32(0.19)) * axes[1:4]
    seen = Seen(tuple(Traits(name, {}) for name in ("lamp0", "rope0", "pen0")), vectors)
    near_to_all, near_to_one = Interest(axes[0], 0.5, text="things"), Interest(axes[2], 0.5, text="rope")
    own = {"tea0": Own(Traits("tea0", {}), axes[9])}
    profile = Profile((near_to_all, near_to_one), steps=(Step("tea0", 1.0, 0.0),))
    verdict = judge(recommender, Asker(profile, ANN, (), profile.steps, own), seen)
    assert verdict is not None
    told = [reason for reason in verdict.why(1) if reason.part == "declared"]
    assert [reason.value for reason in told] == ["rope"]


def test_for_somebody_unknown_what_was_popular_in_training_stands_in(shop: Shop, learnt: bytes) -> None:
    shop.keep(learnt)
    hits = shop.engine.recommend("products", RecommendRequest()).hits
    assert {str(hit.document["id"])[:-1] for hit in hits[:12]} <= {"tea", "lamp", "rope", "pen"}
    shop.did(ANN, "tea0", "lamp3")
    shop.profiles.erase(ANN)
    assert shop.engine.recommend("products", RecommendRequest(shopper=ANN)).hits == hits


def test_learnt_complements_go_with_a_product(shop: Shop, learnt: bytes) -> None:
    shop.keep(learnt)
    hits = shop.engine.goes_with("products", ["lamp2"], RecommendRequest()).hits
    assert {hits[0].document["id"], hits[1].document["id"]} == {"rope2", "pen2"}
    assert hits[0].receipt is not None
    assert hits[0].receipt.because[0].part == "together"


def test_one_that_cannot_be_read_is_named_and_left_alone(
    shop: Shop, learnt: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    shop.did(ANN, "lamp3")
    keep(shop.store, "products", ARTEFACT, learnt[:200])
    shop.engine.refresh()
    result = shop.engine.recommend("products", RecommendRequest(shopper=ANN))
    assert result.degraded == (ARTEFACT,)
    told = [record.getMessage() for record in caplog.records if "recommender is not used" in record.getMessage()]
    assert len(told) == 1
    assert told[0].endswith("Train it again with: python -m indexer train-sequences --index products")
    assert str(result.hits[0].document["id"]).startswith("lamp")
    shop.keep(learnt)
    assert shop.engine.recommend("products", RecommendRequest(shopper=ANN)).degraded == ()
