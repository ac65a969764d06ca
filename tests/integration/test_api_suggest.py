"""Suggestions over HTTP: catalogue and past queries, what is remembered of a search and what is not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_service import build, client_of, open_shop
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from search.domain import SearchRequest
from search.suggestions import ARTEFACT

SUGGEST = "/indexes/products/suggest"
SEARCH = "/indexes/products/search"


def suggest(client: TestClient, **body: Any) -> list[dict[str, Any]]:
    answer = client.post(SUGGEST, json=body)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["suggestions"]
    return found


def texts(client: TestClient, typed: str) -> list[str]:
    return [one["text"] for one in suggest(client, q=typed)]


def search(client: TestClient, times: int = 3, **body: Any) -> None:
    for _ in range(times):
        assert client.post(SEARCH, json=body).status_code == 200


@pytest.fixture
def shopper(tmp_path: Path) -> Iterator[TestClient]:
    with client_of(open_shop(tmp_path).app()) as client:
        yield client


def test_the_shape_of_an_answer(reader: TestClient) -> None:
    answer = reader.post(SUGGEST, json={"q": "keyb", "limit": 3}).json()
    assert list(answer) == ["suggestions", "q", "processingTimeMs"]
    assert (answer["q"], type(answer["processingTimeMs"])) == ("keyb", int)
    first, *_, last = answer["suggestions"]
    assert first == {"text": "keyboard", "kind": "type", "count": 3, "highlighted": [[0, 4]]}
    assert last["kind"] == "title"
    assert last["id"] in {"k1", "k2", "k3"}


def test_brands_categories_titles_and_chinese(reader: TestClient) -> None:
    assert suggest(reader, q="quil")[0] == {
        "text": "Quillmark",
        "kind": "brand",
        "count": 2,
        "highlighted": [[0, 4]],
    }
    assert suggest(reader, q="耳")[0]["text"] == "耳机"
    assert suggest(reader, q="quilmark")[0]["text"] == "Quillmark"
    assert [one["id"] for one in suggest(reader, q="odd i")] == ["a/b c"]
    assert suggest(reader, q="xyzzy") == []
    assert suggest(reader, q="")[0]["kind"] != "title"
    assert suggest(reader) == suggest(reader, q=None)


def test_limits(reader: TestClient) -> None:
    assert len(suggest(reader, q="", limit=2)) == 2
    assert suggest(reader, q="k", limit=0) == []
    assert len(suggest(reader, q="", limit=10**9)) <= 20


def test_by_address(reader: TestClient) -> None:
    found = reader.get(SUGGEST, params={"q": "lam", "limit": "2"}).json()
    assert found["suggestions"] == suggest(reader, q="lam", limit=2)
    assert reader.get(SUGGEST).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"q": 5}, "invalid_suggest_q"),
        ({"limit": "3"}, "invalid_suggest_limit"),
        ({"limit": -1}, "invalid_suggest_limit"),
        ({"doggo": 1}, "bad_request"),
        ([], "bad_request"),
    ],
)
def test_what_cannot_be_is_named(reader: TestClient, body: Any, code: str) -> None:
    answer = reader.post(SUGGEST, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_other_errors(reader: TestClient) -> None:
    assert reader.post("/indexes/nothing/suggest", json={}).json()["code"] == "index_not_found"
    assert reader.post("/indexes/n o/suggest", json={}).json()["code"] == "invalid_index_uid"
    assert reader.get(SUGGEST, params={"limit": "many"}).json()["code"] == "invalid_suggest_limit"
    assert reader.post(SUGGEST, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert reader.post(
        SUGGEST, content=b'{"q":"\\ud800"}', headers={"Content-Type": "application/json"}
    ).is_client_error


def test_what_many_asked_for_is_suggested(shopper: TestClient) -> None:
    search(shopper, times=2, q="Red Desk  Lamp")
    assert "red desk lamp" not in texts(shopper, "re")
    search(shopper, times=1, q="red desk lamp")
    assert suggest(shopper, q="re")[0] == {
        "text": "red desk lamp",
        "kind": "query",
        "count": 3,
        "highlighted": [[0, 2]],
    }
    assert "red desk lamp" in texts(shopper, "lamp des")


def test_leafing_and_counting_is_not_asking_again(shopper: TestClient) -> None:
    search(shopper, times=1, q="desk lamp red")
    search(shopper, q="desk lamp red", offset=1)
    search(shopper, q="desk lamp red", page=2, hitsPerPage=1)
    search(shopper, q="desk lamp red", limit=0)
    query = {"indexUid": "products", "q": "desk lamp red"}
    body = {"queries": [query, {**query, "hitsPerPage": 0, "facets": ["*"]}, {**query, "filter": "price > 1"}]}
    assert shopper.post("/multi-search", json=body).status_code == 200
    assert "desk lamp red" not in texts(shopper, "desk")
    assert shopper.post("/multi-search", json=body).status_code == 200
    assert "desk lamp red" in texts(shopper, "desk")


def test_what_found_nothing_or_looks_personal_or_unknown_is_not_suggested(shopper: TestClient) -> None:
    search(shopper, q="white lamp", filter="price > 100000")
    search(shopper, q="lamp jane@example.com")
    search(shopper, q="lamp 138 0013 8000")
    search(shopper, q="lamp for john smith")
    assert not [one for one in suggest(shopper, q="lamp") if one["kind"] == "query"]
    assert not [one for one in suggest(shopper, q="") if one["kind"] == "query"]


def test_past_queries_survive_a_restart_and_a_reindex(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    with client_of(shop.app()) as client:
        search(client, q="red desk lamp")
    again = open_shop(tmp_path)
    build(again.store, again.encoder, [{"id": "1", "title": "Red desk lamp of tomorrow"}])
    with client_of(again.app()) as client:
        found = suggest(client, q="red")
        assert [(one["text"], one["kind"]) for one in found[:1]] == [("red desk lamp", "query")]
        assert found[-1]["id"] == "1"


def test_the_setting_turns_it_off_and_clears_nothing(tmp_path: Path) -> None:
    with client_of(open_shop(tmp_path).app()) as client:
        search(client, q="red desk lamp")
    with client_of(open_shop(tmp_path, past_queries=False).app()) as client:
        search(client, q="blue desk lamp")
        assert "red desk lamp" not in texts(client, "red")
        assert texts(client, "lamp")
    with client_of(open_shop(tmp_path).app()) as client:
        assert "red desk lamp" in texts(client, "red")
        assert "blue desk lamp" not in texts(client, "blue")


def test_a_new_version_is_completed_from_its_own_catalogue(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    with client_of(shop.app()) as client:
        assert texts(client, "gooseneck") == []
        build(shop.store, shop.encoder, [{"id": "1", "title": "Gooseneck kettle"}])
        shop.service.engine.refresh()
        assert texts(client, "gooseneck") == ["Gooseneck kettle"]
        assert texts(client, "quill") == []


@pytest.mark.parametrize("artefact", [None, b"", b"not suggestions"])
def test_without_suggestions_the_shop_goes_on(
    tmp_path: Path, artefact: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    shop = open_shop(tmp_path)
    collection = shop.store.open("products")
    collection._artefacts.pop(ARTEFACT)
    if artefact is not None:
        collection.save_artefact(ARTEFACT, artefact)
    with client_of(shop.app()) as client:
        assert suggest(client, q="lamp") == []
        assert client.post(SEARCH, json={"q": "lamp"}).json()["hits"]
    assert ("completes nothing" in caplog.text) == (artefact is not None)


def test_typing_does_not_wait_behind_searches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = open_shop(tmp_path, search_concurrency=1)
    go_on, begun = threading.Event(), threading.Event()
    real = shop.service.engine.search

    def slow(index: str, request: SearchRequest) -> Any:
        if request.text == "slow":
            begun.set()
            go_on.wait(30)
        return real(index, request)

    with client_of(shop.app()) as client:
        monkeypatch.setattr(shop.service.engine, "search", slow)
        thread = threading.Thread(target=client.post, args=(SEARCH,), kwargs={"json": {"q": "slow"}})
        thread.start()
        try:
            assert begun.wait(30)
            assert texts(client, "lamp")
        finally:
            go_on.set()
            thread.join()


def test_nothing_typed_is_logged_or_becomes_a_metric(shopper: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    suggest(shopper, q="secret words")
    shopper.get(SUGGEST, params={"q": "secret words"})
    search(shopper, q="secret words")
    told = shopper.get("/metrics").text
    assert 'daogou_suggestions_total{index="products",outcome="empty"} 2.0' in told
    assert 'daogou_http_requests_total{method="POST",route="/indexes/{index}/suggest",status="200"}' in told
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    assert "secret" not in told + "".join(ours)


@given(st.text(max_size=300), st.integers(0, 30))
def test_anything_may_be_typed(reader: TestClient, typed: str, limit: int) -> None:
    found = suggest(reader, q=typed, limit=limit)
    assert len(found) <= min(limit, 20)
    for one in found:
        assert all(0 <= start < end <= len(one["text"]) for start, end in one["highlighted"])
