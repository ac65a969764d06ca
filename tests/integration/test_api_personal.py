"""Over HTTP: what a shopper did bends the next search and what is recommended, and each hit says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from api_service import PRODUCTS, Shop, client_of, open_shop
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.schemas import GoesWithBody, RecommendationsBody

SEARCH = "/indexes/products/search"
RECOMMEND = "/indexes/products/recommendations"
GOES_WITH = "/indexes/products/goes-with"
JSON = {"Content-Type": "application/json"}

BRANDS = ("Oakley & Sons", "Lantern", "Quillmark")
CATALOGUE = [
    *PRODUCTS,
    *(
        {
            "id": f"c{number}", "title": f"{('Oak', 'Soft', 'Tall')[number % 3]} chair {number}", "price": 50,
            "currency": "USD", "description": "for reading", "brand": BRANDS[number % 3],
            "category": ["Home", "Chairs"], "in_stock": True,
        }
        for number in range(1, 31)
    ),
]  # fmt: skip
LIKES = [f"c{number}" for number in (26, 29, 23)]
"""All of one brand, Quillmark."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return open_shop(tmp_path_factory.mktemp("personal"), CATALOGUE, past_queries=True)


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[TestClient]:
    """The shopper «fan» has bought of one brand; `shop.kept` must stay as it is."""
    with client_of(shop.app()) as client:
        bought = [{"type": "purchase", "user": "fan", "product": product} for product in LIKES]
        hidden = {"type": "hide", "user": "fan", "product": "c2"}
        assert client.post("/events", json=[*bought, hidden]).status_code == 202
        yield client


def find(client: TestClient, path: str = SEARCH, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(answer: dict[str, Any]) -> list[str]:
    return [str(hit["id"]) for hit in answer["hits"]]


def test_the_receipt(client: TestClient) -> None:
    plain, theirs = find(client, q="chair", limit=30), find(client, q="chair", limit=30, user="fan")
    assert theirs["degraded"] == []
    assert all("_personalization" not in hit for hit in plain["hits"])
    receipts = [hit["_personalization"] for hit in theirs["hits"]]
    assert [receipt["rank"] for receipt in receipts] == list(range(1, len(receipts) + 1))
    base = [hit for hit in ids(plain) if hit != "c2"]
    assert "c2" not in ids(theirs)
    assert ids(theirs) != base
    risen = [receipt for receipt in receipts if receipt["rank"] < receipt["baseRank"]]
    assert risen
    assert max(receipt["rank"] - receipt["baseRank"] for receipt in receipts) <= 5
    reasons = [reason for receipt in risen for reason in receipt["because"]]
    brand = next(reason for reason in reasons if reason["part"] == "brand" and reason["effect"] > 0)
    assert (brand["field"], brand["value"], brand["event"]) == ("brand", "Quillmark", "purchase")
    assert set(brand["products"]) <= set(LIKES)
    for reason in reasons:
        assert (
            {"part", "effect"} <= set(reason) <= {"part", "effect", "field", "value", "products", "event", "declared"}
        )
        assert None not in reason.values()


def test_pages_neither_repeat_nor_skip(client: TestClient) -> None:
    whole = ids(find(client, q="chair", limit=25, user="fan"))
    pages = [
        hit for offset in range(0, 25, 5) for hit in ids(find(client, q="chair", limit=5, offset=offset, user="fan"))
    ]
    assert pages == whole


def test_details_have_the_profile(client: TestClient) -> None:
    hit = find(client, q="chair", limit=1, user="fan", showRankingScoreDetails=True)["hits"][0]
    assert {"profile", "brand"} <= set(hit["_rankingScoreDetails"])
    plain = find(client, q="chair", limit=1, showRankingScoreDetails=True)["hits"][0]
    assert "profile" not in plain["_rankingScoreDetails"]


def test_by_address_and_in_multi_search(client: TestClient) -> None:
    theirs = ids(find(client, q="chair", user="fan"))
    assert ids(client.get(SEARCH, params={"q": "chair", "user": "fan"}).json()) == theirs
    assert ids(client.get(SEARCH, params={"q": "chair", "user": "fan", "personalize": "false"}).json()) != theirs
    queries = [{"indexUid": "products", "q": "chair", "user": user} for user in ("fan", "nobody")]
    first, second = client.post("/multi-search", json={"queries": queries}).json()["results"]
    assert ids(first) == theirs
    assert ids(second) == ids(find(client, q="chair"))


def test_a_facet_counts_what_the_search_finds(client: TestClient) -> None:
    asked = {"q": "chair", "user": "fan"}
    counts = find(client, facets=["brand"], **asked)["facetDistribution"]["brand"]
    hits = find(client, "/indexes/products/facet-search", facetName="brand", **asked)["facetHits"]
    assert {hit["value"]: hit["count"] for hit in hits} == counts


def test_what_is_brought_with_the_request_counts_and_is_kept_nowhere(shop: Shop, client: TestClient) -> None:
    before = (len(list(shop.kept.events())), shop.service.feedback.waiting)
    brought = find(client, q="chair", recent=LIKES)
    assert ids(brought) != ids(find(client, q="chair"))
    reasons = [reason for hit in brought["hits"] for reason in hit["_personalization"]["because"]]
    assert {event for reason in reasons if (event := reason.get("event"))} == {"view"}
    assert ids(client.get(SEARCH, params={"q": "chair", "recent": ",".join(LIKES)}).json()) == ids(brought)
    # Whoever is named with it does not count.
    assert ids(find(client, q="chair", recent=LIKES, user="fan")) == ids(brought)
    find(client, RECOMMEND, recent=LIKES)
    for _ in range(5):
        find(client, q="tall chair", recent=LIKES)
    assert (len(list(shop.kept.events())), shop.service.feedback.waiting - 1) == before  # the one plain search
    assert shop.kept.shopper(shop.service.shoppers.name("")) is None
    assert shop.service.past is not None
    assert shop.service.past.completing("products", "tall") == []
    for _ in range(5):
        find(client, q="tall chair")
    assert [entry.text for entry in shop.service.past.completing("products", "tall")] == ["tall chair"]


def test_declared_facts_count_at_once(client: TestClient) -> None:
    assert client.put("/users/declared", json={"facts": {"interests": ["oak"]}}).status_code == 200
    theirs = find(client, q="chair", user="declared")
    reasons = [reason for hit in theirs["hits"] for reason in hit["_personalization"]["because"]]
    assert any(reason.get("declared") for reason in reasons)
    client.delete("/users/declared")
    assert ids(find(client, q="chair", user="declared")) == ids(find(client, q="chair"))


def test_recommendations(client: TestClient) -> None:
    answer = find(client, RECOMMEND, user="fan", limit=5, showRankingScore=True, attributesToRetrieve=["id", "brand"])
    assert set(answer) == {"hits", "processingTimeMs", "limit", "offset", "estimatedTotalHits", "queryID", "degraded"}
    assert (answer["limit"], answer["offset"], len(answer["hits"])) == (5, 0, 5)
    for hit in answer["hits"]:
        assert set(hit) == {"id", "brand", "_rankingScore", "_recommendation"}
        assert 0 <= hit["_rankingScore"] <= 1
        assert hit["_recommendation"]["because"]
    assert not {"c2", *LIKES} & set(ids(answer))
    assert answer["hits"][0]["brand"] == "Quillmark"
    pages = [
        hit for offset in range(0, 10, 2) for hit in ids(find(client, RECOMMEND, user="fan", limit=2, offset=offset))
    ]
    assert pages == ids(find(client, RECOMMEND, user="fan", limit=10))


def test_recommendations_for_nobody_a_session_and_a_basket(client: TestClient) -> None:
    nobody = find(client, RECOMMEND, limit=5)
    assert len(nobody["hits"]) == 5
    session = find(client, RECOMMEND, limit=5, recent=["l1", "l2"])
    assert session["hits"][0]["id"] != nobody["hits"][0]["id"]
    basket = find(client, RECOMMEND, limit=5, basket=["l1"])
    assert "l1" not in ids(basket)
    assert all(hit["price"] < 40 for hit in find(client, RECOMMEND, limit=5, filter="price < 40")["hits"])
    assert ids(find(client, RECOMMEND, limit=5, recent=LIKES, personalize=False)) == ids(nobody)


def test_diversity(client: TestClient) -> None:
    def brands(diversity: float) -> int:
        return len(
            {hit.get("brand") for hit in find(client, RECOMMEND, user="fan", limit=6, diversity=diversity)["hits"]}
        )

    assert brands(1.0) > brands(0.0)


def test_goes_with(client: TestClient) -> None:
    one = find(client, GOES_WITH, id="l1", limit=4)
    assert len(one["hits"]) == 4
    assert "l1" not in ids(one)
    assert all(hit["_recommendation"]["because"] for hit in one["hits"])
    several = find(client, GOES_WITH, ids=["l1", "c3"], limit=4)
    assert not {"l1", "c3"} & set(ids(several))


@pytest.mark.parametrize(
    ("path", "body", "code", "says"),
    [
        (SEARCH, {"recent": "c1"}, "invalid_search_recent", "expected an array"),
        (SEARCH, {"recent": [1.5]}, "invalid_search_recent", "`.recent[0]`"),
        (SEARCH, {"recent": [None]}, "invalid_search_recent", "`.recent[0]`"),
        (SEARCH, {"recent": [""]}, "invalid_search_recent", "1 to 512"),
        (SEARCH, {"recent": ["x" * 513]}, "invalid_search_recent", "1 to 512"),
        (SEARCH, {"recent": [str(n) for n in range(51)]}, "invalid_search_recent", "50"),
        (SEARCH, {"user": 5}, "invalid_search_user", "expected a string"),
        (SEARCH, {"user": "x" * 201}, "invalid_search_user", "200"),
        (RECOMMEND, {"q": "lamp"}, "bad_request", "Unknown field `q`"),
        (RECOMMEND, {"user": ["u"]}, "invalid_recommendations_user", "expected a string"),
        (RECOMMEND, {"basket": {}}, "invalid_recommendations_basket", "expected an array"),
        (RECOMMEND, {"basket": ["", "c1"]}, "invalid_recommendations_basket", "1 to 512"),
        (RECOMMEND, {"recent": [True]}, "invalid_recommendations_recent", "`.recent[0]`"),
        (RECOMMEND, {"diversity": 1.5}, "invalid_recommendations_diversity", "between 0 and 1"),
        (RECOMMEND, {"diversity": "much"}, "invalid_recommendations_diversity", "a number"),
        (RECOMMEND, {"personalize": "no"}, "invalid_recommendations_personalize", "a boolean"),
        (RECOMMEND, {"limit": -1}, "invalid_recommendations_limit", "a positive integer"),
        (RECOMMEND, {"filter": "price <"}, "invalid_recommendations_filter", ""),
        (RECOMMEND, {"filter": "nothing = 1"}, "invalid_recommendations_filter", "nothing"),
        (GOES_WITH, {}, "missing_goes_with_id", "`id` of one"),
        (GOES_WITH, {"id": "c1", "ids": ["c2"]}, "missing_goes_with_id", "`ids` of several"),
        (GOES_WITH, {"id": 1.5}, "invalid_goes_with_id", "expected a string"),
        (GOES_WITH, {"id": " "}, "invalid_goes_with_id", "1 to 512"),
        (GOES_WITH, {"ids": [str(n) for n in range(51)]}, "invalid_goes_with_ids", "50"),
        (GOES_WITH, {"user": "u"}, "bad_request", "Unknown field `user`"),
        (GOES_WITH, {"id": "c1", "filter": "nothing = 1"}, "invalid_goes_with_filter", "nothing"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, path: str, body: dict[str, Any], code: str, says: str) -> None:
    answer = client.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    assert says in answer.json()["message"]
    assert len(answer.content) < 1200


def test_what_is_not_there_is_a_404(client: TestClient) -> None:
    assert client.post(GOES_WITH, json={"id": "no such"}).json()["code"] == "document_not_found"
    for path in (RECOMMEND, GOES_WITH):
        answer = client.post(path.replace("products", "nothing"), json={"id": "c1"} if path == GOES_WITH else {})
        assert (answer.status_code, answer.json()["code"]) == (404, "index_not_found")


@pytest.mark.parametrize("path", [SEARCH, RECOMMEND, GOES_WITH])
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"user":"\\ud800"}', b'{"recent":["\\udfff"]}', b'{"diversity":NaN}', b'{"limit":1e400}'],
)
def test_hostile_bodies_are_a_400(client: TestClient, path: str, body: bytes) -> None:
    answer = client.post(path, content=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert len(answer.content) < 1500


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(RECOMMEND, RecommendationsBody), (GOES_WITH, GoesWithBody)]).flatmap(
        lambda one: st.tuples(st.just(one[0]), st.dictionaries(st.sampled_from(one[1].names()), _VALUES, max_size=4))
    )
)
def test_no_body_is_a_server_error(client: TestClient, asked: tuple[str, dict[str, Any]]) -> None:
    try:
        content = orjson.dumps(asked[1])
    except TypeError:
        return
    answer = client.post(asked[0], content=content, headers=JSON)
    assert answer.status_code in (200, 400, 404), answer.text


def test_the_search_key_may_ask(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, admin_key=SecretStr("admin"), search_key=SecretStr("search"))
    with client_of(shop.app(), Authorization="Bearer search") as client:
        assert client.post(RECOMMEND, json={"user": "u"}).status_code == 200
        assert client.post(GOES_WITH, json={"id": "l1"}).status_code == 200


def test_openapi_describes_them(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    for path, model in (("recommendations", RecommendationsBody), ("goes-with", GoesWithBody)):
        body = described["paths"][f"/indexes/{{index}}/{path}"]["post"]["requestBody"]["content"]["application/json"][
            "schema"
        ]
        assert body == {"$ref": f"#/components/schemas/{model.__name__}"}
        assert list(described["components"]["schemas"][model.__name__]["properties"]) == model.names()
    assert "recent" in described["components"]["schemas"]["SearchBody"]["properties"]
