"""Whoever does not want to be known is nobody: every answer to them is that to an anonymous shopper, byte for byte."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from api_service import PRODUCTS, Shop, client_of, open_shop
from starlette.testclient import TestClient

from api.recommending import recommend
from api.schemas import RecommendationsBody
from search.domain import SearchRequest

SHOPPERS = 1000

BRANDS = ("Oak & Sons", "Lantern", "Quillmark")
CATALOGUE = [
    *PRODUCTS,
    *(
        {
            "id": f"c{number}", "title": f"{('Oak', 'Soft', 'Tall')[number % 3]} chair {number}", "price": 5 * number,
            "currency": "USD", "description": ("for reading at a desk", "with a lamp", "")[number % 3],
            "brand": BRANDS[number % 3], "category": ["Home", ("Chairs", "Stools")[number % 2]], "in_stock": True,
            "colour": ("black", "red", "cream")[number // 3 % 3],
        }
        for number in range(1, 31)
    ),
]  # fmt: skip
IDS = [str(row["id"]) for row in CATALOGUE]

SEARCHES: Sequence[dict[str, Any]] = (
    {"q": "chair"},
    {"q": "red desk lamp", "facets": ["brand", "colour"], "showRankingScoreDetails": True, "showRankingScore": True},
    {"q": "quiet keyboard", "limit": 2, "offset": 1, "personalize": True},
    {"q": "black chair under $100", "page": 2, "hitsPerPage": 3},
    {"q": ""},
    {"q": "", "filter": "brand = Lantern", "limit": 3},
    {"q": "chair", "sort": ["price:desc"]},
    {"q": "耳机"},
)
RECOMMENDED: Sequence[dict[str, Any]] = (
    {"limit": 6, "showRankingScore": True, "showRankingScoreDetails": True},
    {"limit": 4, "offset": 2, "diversity": 0.9},
    {"basket": ["c3"], "limit": 4, "filter": "price < 100"},
)
_CHANGES = re.compile(rb'"(?:processingTimeMs":\d+|queryID":"[^"]*")')

Ask = Callable[[TestClient, Mapping[str, Any]], bytes]


def told(answer: Any) -> bytes:
    """What is told, without what is different from request to request anyway."""
    assert answer.status_code == 200, answer.text
    return _CHANGES.sub(b"", answer.content)


def by_search(body: Mapping[str, Any]) -> Ask:
    return lambda client, who: told(client.post("/indexes/products/search", json={**body, **who}))


def by_address(body: Mapping[str, Any]) -> Ask:
    return lambda client, who: told(client.get("/indexes/products/search", params={"q": body["q"], **who}))


def by_recommending(body: Mapping[str, Any]) -> Ask:
    return lambda client, who: told(client.post("/indexes/products/recommendations", json={**body, **who}))


def by_facet(body: Mapping[str, Any]) -> Ask:
    asked = {"q": body["q"], "facetName": "brand"}
    return lambda client, who: told(client.post("/indexes/products/facet-search", json={**asked, **who}))


WAYS: Sequence[Ask] = (
    *(by_search(body) for body in SEARCHES),
    *(by_address(body) for body in SEARCHES[::3]),
    *(by_recommending(body) for body in RECOMMENDED),
    *(by_facet(body) for body in SEARCHES[:1]),
)


def multi(client: TestClient, whos: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """One search for each, in requests of many."""
    results: list[Any] = []
    for start in range(0, len(whos), 100):
        queries = [
            {"indexUid": "products", **SEARCHES[number % len(SEARCHES)], **who}
            for number, who in enumerate(whos[start : start + 100], start)
        ]
        answer = client.post("/multi-search", json={"queries": queries})
        assert answer.status_code == 200, answer.text
        results += answer.json()["results"]
    return [_CHANGES.sub(b"", orjson.dumps(result)) for result in results]


def events_of(user: str, chance: random.Random) -> list[dict[str, Any]]:
    kinds = ("view", "click", "cart", "purchase", "hide")
    number = chance.randint(1, 4)
    return [{"type": chance.choice(kinds), "user": user, "product": chance.choice(IDS)} for _ in range(number)]


def send(client: TestClient, users: Sequence[str], seed: int) -> None:
    chance = random.Random(seed)
    sent = [event for user in users for event in events_of(user, chance)]
    for start in range(0, len(sent), 1000):
        assert client.post("/events", json=sent[start : start + 1000]).status_code == 202


@contextmanager
def shop_of(folder: Path, **settings: object) -> Iterator[tuple[Shop, TestClient]]:
    shop = open_shop(folder / "data", CATALOGUE, **{"user_secret": "s", **settings})
    with client_of(shop.app()) as client:
        yield shop, client


def recommended(shop: Shop, user: str | None) -> bytes:
    """The bytes of the answer, without the way through HTTP."""
    body = RecommendationsBody.model_validate({"user": user, "limit": 5, "showRankingScore": True})
    return _CHANGES.sub(b"", orjson.dumps(recommend(shop.service, "products", body, 100)[0]))


def settle(shop: Shop) -> None:
    """What everybody does is counted in the background: have it done, or popularity changes under the test."""
    shop.service.engine.search("products", SearchRequest("open it"))
    shop.service.others.look(at_once=True)
    shop.service.engine.refresh()  # as the server does about once a second: an open version follows what was counted


def assert_nobody(client: TestClient, users: Sequence[str], every: bool = False, **with_them: Any) -> None:
    """Each of these gets what nobody known gets; in all ways, or in one way each, in turn."""
    anonymous = [way(client, with_them) for way in WAYS]
    for number, user in enumerate(users):
        for place in range(len(WAYS)) if every else [number % len(WAYS)]:
            assert WAYS[place](client, {"user": user, **with_them}) == anonymous[place], (number, place)
    plain = multi(client, [with_them] * len(SEARCHES))
    theirs = multi(client, [{"user": user, **with_them} for user in users])
    assert theirs == [plain[number % len(SEARCHES)] for number in range(len(users))]


def test_a_thousand_who_opted_out_or_were_erased(tmp_path: Path) -> None:
    with shop_of(tmp_path) as (shop, client):
        users = [f"shopper {number}" for number in range(SHOPPERS)]
        send(client, [*users, "known"], seed=1)
        for user in users[:20]:
            assert client.put(f"/users/{user}", json={"consent": False}).json()["consent"] is False
        for user in users[20:40]:
            assert client.delete(f"/users/{user}").json()["erased"] >= 2
        name, recorder = shop.service.shoppers.name, shop.service.recorder
        for user in users[40:520]:
            recorder.declare(name(user), lambda record: replace(record, consent=False))
        for user in users[520:]:
            assert recorder.forget(name(user)).points >= 2
        send(client, users[:20] + users[40:520], seed=2)  # what they do after they have opted out is not kept
        settle(shop)
        assert {event.shopper for event in shop.kept.events()} == {name("known")}
        # One search for each of all, every fifth in another way, and the list of what is recommended to each.
        assert_nobody(client, users[::5])
        plain = multi(client, [{}] * len(SEARCHES))
        for number, found in enumerate(multi(client, [{"user": user} for user in users])):
            assert found == plain[number % len(SEARCHES)], number
        assert len({recommended(shop, user) for user in [None, *users]}) == 1


def test_it_would_be_seen_if_they_were_known(tmp_path: Path) -> None:
    """The test above can fail: of those who may be known, nearly all get something else."""
    with shop_of(tmp_path) as (shop, client):
        users = [f"shopper {number}" for number in range(10)]
        send(client, users, seed=1)
        settle(shop)
        anonymous = [way(client, {}) for way in WAYS]
        other = [
            sum(way(client, {"user": user}) != plain for user in users)
            for way, plain in zip(WAYS, anonymous, strict=True)
        ]
        assert other[0] >= 8  # «chair»
        assert min(other[-4:-1]) >= 8  # recommendations
        assert {recommended(shop, user) for user in users}.isdisjoint({recommended(shop, None)})


def test_the_cold(tmp_path: Path) -> None:
    """Of whom nothing is known, or nothing that says anything."""
    with shop_of(tmp_path) as (shop, client):
        send(client, ["known"], seed=1)
        assert client.post("/events", json={"type": "search", "user": "searched"}).status_code == 202
        assert client.put("/users/declared", json={"consent": True}).status_code == 200
        settle(shop)
        assert_nobody(client, ["never seen", "searched", "declared", "耳" * 195 + "/?&%\x00"], every=True)


def test_who_is_known_and_does_not_want_it_this_time(tmp_path: Path) -> None:
    with shop_of(tmp_path) as (shop, client):
        users = [f"shopper {number}" for number in range(8)]
        send(client, users, seed=3)
        settle(shop)
        plain = [way(client, {}) for way in WAYS]
        for place, way in enumerate(WAYS):
            if place == len(WAYS) - 1:
                continue  # facet-search has no hits to personalise; below
            for who in ({"user": users[place % 8]}, {"recent": "c3,c6"}):
                asked = {**who, "personalize": False}
                if "recent" in who and way not in WAYS[len(SEARCHES) : len(SEARCHES) + 3]:
                    asked["recent"] = ["c3", "c6"]
                if way in WAYS[len(SEARCHES) : len(SEARCHES) + 3]:
                    asked["personalize"] = "false"
                assert way(client, asked) == plain[place], (place, who)
        assert multi(client, [{"user": user, "personalize": False} for user in users]) == multi(client, [{}] * 8)


def test_a_shop_that_is_the_same_for_everybody(tmp_path: Path) -> None:
    with shop_of(tmp_path, personalization=False) as (shop, client):
        users = [f"shopper {number}" for number in range(3)]
        send(client, users, seed=4)
        assert client.put("/users/shopper 1", json={"facts": {"interests": ["oak chairs"]}}).status_code == 200
        settle(shop)
        assert len(list(shop.kept.events())) >= 3  # popularity is for everybody
        assert_nobody(client, users, every=True)
        plain = told(client.post("/indexes/products/search", json={"q": "chair"}))
        assert told(client.post("/indexes/products/search", json={"q": "chair", "recent": ["c3"]})) == plain
        nobody, session = (
            told(client.post("/indexes/products/recommendations", json=body)) for body in ({}, {"recent": ["c3"]})
        )
        assert session == nobody


def test_where_consent_is_required_whoever_has_not_given_it_is_nobody(tmp_path: Path) -> None:
    with shop_of(tmp_path, consent="required") as (shop, client):
        assert client.put("/users/yes", json={"consent": True}).status_code == 200
        assert client.put("/users/withdrawn", json={"consent": True}).status_code == 200
        send(client, ["yes", "withdrawn", "no word"], seed=5)
        assert client.put("/users/withdrawn", json={"consent": None}).json()["consent"] is None
        settle(shop)
        name = shop.service.shoppers.name
        assert {event.shopper for event in shop.kept.events()} == {name("yes")}
        assert shop.kept.shopper(name("withdrawn")) is None
        assert_nobody(client, ["withdrawn", "no word", "never seen"], every=True)
        plain, theirs = (
            told(client.post("/indexes/products/search", json=body))
            for body in ({"q": "chair"}, {"q": "chair", "user": "yes"})
        )
        assert plain != theirs


EXPERIMENT = """
[[experiment]]
name = "ratio"
index = "products"
method = "{method}"
[[experiment.variant]]
name = "now"
[[experiment.variant]]
name = "meaning"
semantic_ratio = 1
"""


@pytest.mark.parametrize("method", ["split", "interleave"])
@pytest.mark.parametrize("consent", ["assumed", "required"])
def test_they_take_no_part_in_experiments(tmp_path: Path, method: str, consent: str) -> None:
    (tmp_path / "experiments.toml").write_text(EXPERIMENT.format(method=method))
    with shop_of(tmp_path, consent=consent, experiments=tmp_path / "experiments.toml") as (shop, client):
        users = ["shopper 0", "shopper 1"]
        client.put("/users/known", json={"consent": True})
        send(client, [*users, "known"], seed=6)
        seen = client.post("/indexes/products/search", json={"q": "desk lamp", "user": "known"}).json()
        assert "experiment" in seen
        if consent == "assumed":
            assert "experiment" in client.post("/indexes/products/search", json={"q": "lamp", "user": users[0]}).json()
            for user in users:
                client.put(f"/users/{user}", json={"consent": False})
        settle(shop)
        assert_nobody(client, users, every=True)
        # The client-held mode takes no part either, whoever is named with it.
        brought = {"q": "desk lamp", "recent": ["c3", "c6"]}
        plain, named = (
            told(client.post("/indexes/products/search", json=brought | who)) for who in ({}, {"user": "known"})
        )
        assert plain == named
        assert b"experiment" not in plain
        names = {user: shop.service.shoppers.name(user) for user in [*users, "known"]}
    log = b"".join(file.read_bytes() for file in (tmp_path / "data" / "experiments").glob("*"))
    assert names.pop("known").encode() in log
    assert not [user for user, name in names.items() if name.encode() in log]
