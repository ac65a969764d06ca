"""`explain` over HTTP: in every answer that lists products, in both languages, refused by name where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_service import Shop, client_of, open_shop
from starlette.testclient import TestClient

from search.domain import SearchRequest

SEARCH = "/indexes/products/search"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return open_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[TestClient]:
    with client_of(shop.app()) as client:
        yield client


def said(answer: dict[str, Any]) -> dict[str, str]:
    return {hit["id"]: hit["_explanation"] for hit in answer["hits"]}


def test_a_search_says_why_in_the_language_of_the_query(client: TestClient) -> None:
    told = said(client.post(SEARCH, json={"q": "quiet keyboard under $130", "explain": True}).json())
    assert told["k1"] == "“Quiet keyboard” is in its title, and it costs $129, under your $130."
    told = said(client.post(SEARCH, json={"q": "耳机 300元以内", "explain": True}).json())
    assert told["z1"] == "标题里有“耳机”，售价¥299，没超过你说的¥300。"


def test_the_language_can_be_chosen(client: TestClient) -> None:
    told = said(client.post(SEARCH, json={"q": "red lamp", "explain": {"language": "zh"}}).json())
    assert told["l1"].endswith("。")
    told = said(client.get(SEARCH, params={"q": "红色台灯", "explainLanguage": "en"}).json())
    assert all(one.endswith(".") for one in told.values())


def test_get_takes_it_as_well(client: TestClient) -> None:
    told = client.get(SEARCH, params={"q": "mug", "explain": "true"}).json()
    assert said(told)["m1"] == "“mug” is in its title."
    assert "_explanation" not in client.get(SEARCH, params={"q": "mug", "explain": "false"}).json()["hits"][0]


def test_nothing_is_said_unasked(client: TestClient) -> None:
    for body in ({"q": "lamp"}, {"q": "lamp", "explain": False}, {"q": "lamp", "explain": None}):
        assert all("_explanation" not in hit for hit in client.post(SEARCH, json=body).json()["hits"])


def test_each_query_of_a_multi_search_chooses_for_itself(client: TestClient) -> None:
    body = {"queries": [{"indexUid": "products", "q": "lamp", "explain": True}, {"indexUid": "products", "q": "lamp"}]}
    first, second = client.post("/multi-search", json=body).json()["results"]
    assert all(hit["_explanation"] for hit in first["hits"])
    assert all("_explanation" not in hit for hit in second["hits"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("recommendations", {}), ("recommendations", {"recent": ["l1"]}), ("goes-with", {"id": "l1"}),
        ("similar", {"id": "l1"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_recommended_says_why(client: TestClient, path: str, body: dict[str, Any], language: str) -> None:
    sent = {**body, "explain": {"language": language}}
    answer = client.post(f"/indexes/products/{path}", json=sent).json()
    assert answer["hits"]
    assert all(one.endswith("." if language == "en" else "。") for one in said(answer).values())
    assert "explanation" not in answer["degraded"]


def test_similar_names_the_product_it_was_asked_about(client: TestClient) -> None:
    told = said(client.post("/indexes/products/similar", json={"id": "l1", "explain": True}).json())
    assert told["l2"] == "Its description is close to that of “Red desk lamp”."


def test_recent_products_are_named(client: TestClient) -> None:
    answer = client.post("/indexes/products/recommendations", json={"recent": ["l1"], "explain": True}).json()
    assert any("“Red desk lamp”" in one for one in said(answer).values())


@pytest.mark.parametrize(
    ("sent", "code", "says"),
    [
        ("yes", "invalid_search_explain", "`.explain`"),
        (1, "invalid_search_explain", "`.explain`"),
        ({"language": "de"}, "invalid_search_language", "`de` at `.explain.language`"),
        ({"language": None}, "invalid_search_language", "`.explain.language`"),
        ({}, "bad_request", "`language`"),
        ({"language": "en", "tone": "warm"}, "bad_request", "Unknown field `tone` inside `.explain`"),
    ],
)
def test_what_cannot_be_is_refused_by_name(client: TestClient, sent: object, code: str, says: str) -> None:
    answer = client.post(SEARCH, json={"q": "lamp", "explain": sent})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert says in answer.json()["message"]


def test_explained_is_the_page_again_and_more(shop: Shop) -> None:
    engine = shop.service.engine
    request = SearchRequest(text="lamp under $30", limit=2, explain="en")
    page = engine.search("products", request)
    again = engine.explained("products", request)
    assert [one.hit for one in again] == list(page.hits)
    assert [one.ledger.rank for one in again] == [1, 2][: len(page.hits)]
    some = engine.explained("products", request, ["z1", "nowhere", "l1"])
    assert [one.ledger.product_id for one in some] == ["z1", "l1"]
    assert some[0].hit.rank == 0
    assert "is in another currency than your “under $30”" in some[0].hit.explanation
    assert engine.explained("products", request, []) == ()


def test_markup_in_a_title_is_text_like_any_other(client: TestClient) -> None:
    told = said(client.post(SEARCH, json={"q": "kettle script", "explain": True}).json())
    assert "<script" not in told["m2"]
