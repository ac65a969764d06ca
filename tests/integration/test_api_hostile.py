"""Requests that break services built the obvious way: each is answered, none by a 500, and nothing lingers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest
from api_service import client_of, listening, open_shop, wait_for
from httpx import Client
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.schemas import SearchBody
from search.domain import SearchRequest, SearchResult
from search.errors import EncoderMismatch, IndexInUse, StoreUnavailable

SEARCH = "/indexes/products/search"
DOCUMENTS = "/indexes/products/documents"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{",
        b"\xff\xfe",
        b'{"q":"\\ud800"}',
        b'{"q":"\\udfff\\ud800"}',
        b'{"q":"\xed\xa0\x80"}',
        b'{"limit":NaN}',
        b'{"limit":Infinity}',
        b'{"limit":1e400}',
        b'{"limit":-1e400}',
        b'{"limit":1.0}',
        b'{"limit":999999999999999999999999}',
        b'{"filter":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        b'{"hybrid":{' + b",".join(b'"%d":0' % number for number in range(50_000)) + b"}}",
        b'{"facets":[' + b",".join([b"1"] * 200_000) + b"]}",
        b'{"sort":["' + b"x" * 100_000 + b'"]}',
        b'{"filter":"' + b"(" * 300 + b"price < 5" + b")" * 300 + b'"}',
        b'{"filter":"' + b"NOT " * 30_000 + b'price < 5"}',
        b'{"filter":"' + b'"' * 5 + b'"}',
        b'"just text"',
        b"null",
        b"[]",
        b"5",
    ],
    ids=range(25),
)
def test_a_hostile_search_is_a_400_with_a_short_message(reader: TestClient, body: bytes) -> None:
    answer = reader.post(SEARCH, content=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"message", "code", "type", "link"}
    assert len(answer.content) < 2500


def test_harmless_oddities_are_answered(reader: TestClient) -> None:
    for body in (
        b'\xef\xbb\xbf{"q":"lamp"}',
        b'{"q":"red","q":"lamp"}',
        b'{"q":"\\u0000\\u202e lamp \\ud83d\\ude00"}',
        b'{"limit":1000000000,"offset":100000000000000000}',
    ):
        assert reader.post(SEARCH, content=body, headers=JSON).status_code == 200
    assert reader.post(SEARCH, content=b'{"q":"red","q":"lamp"}', headers=JSON).json()["query"] == "lamp"
    assert reader.get(f"{SEARCH}?q=%ED%A0%80%FF").status_code == 200
    assert reader.post(SEARCH, content=b"{}", headers={"Content-Type": "Application/JSON; charset=utf-8"}).is_success


def test_a_long_query_is_cut_and_not_echoed(reader: TestClient) -> None:
    answer = reader.post(SEARCH, json={"q": "lamp " * 100_000})
    assert answer.status_code == 200
    assert len(answer.json()["query"]) == 4000


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json"]
)
def test_other_content_types_are_refused(reader: TestClient, kind: str | None) -> None:
    for path in (SEARCH, "/multi-search", f"{DOCUMENTS}/fetch", f"{DOCUMENTS}/delete-batch", f"{DOCUMENTS}/delete"):
        answer = reader.post(path, content=b"{}", headers={"Content-Type": kind} if kind else {})
        assert answer.status_code == 415, path
        assert "application/json" in answer.json()["message"]


def test_a_long_filter_list_counts_as_one_filter(reader: TestClient) -> None:
    answer = reader.post(SEARCH, json={"filter": ["price < 5"] * 20_000})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_search_filter")
    assert "100,000 characters" in answer.json()["message"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Client]:
    shop = open_shop(tmp_path, max_document_bytes=2 * 2**20)
    with listening(shop.app()) as address, Client(base_url=address, timeout=30) as client:
        yield client


def test_a_body_over_the_limit_is_413(server: Client) -> None:
    """By what it announces, and by what comes when it announces nothing."""
    for path, most in ((SEARCH, 2**20), (DOCUMENTS, 2 * 2**20)):
        for content in (b" " * (most + 1), iter([b" " * 100_000] * 3000)):
            answer = server.post(path, content=content, headers=JSON)
            assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert server.get("/health").json() == {"status": "available"}


def test_documents_nested_too_deep_or_too_large_to_keep(writer: TestClient) -> None:
    for depth in (300, 900):
        body = b'{"id":"1","title":"x","a":' + b"[" * depth + b"]" * depth + b"}"
        answer = writer.post(DOCUMENTS, content=body, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_payload")
    less_deep = writer.post(DOCUMENTS, json={"id": "1", "title": "x", "a": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]})
    task = wait_for(writer, less_deep.json())
    assert (task["status"], task["error"]["code"]) == ("failed", "invalid_document_fields")
    assert "nested" in task["error"]["message"]


def test_no_document_can_break_the_writer(writer: TestClient) -> None:
    for document in (
        {},
        {"id": None},
        {"id": True, "title": "x"},
        {"id": 1.5, "title": "x"},
        {"id": "x" * 1000, "title": "x"},
        {"id": "1", "title": ["x"]},
        {"id": "1", "title": "x", "category": {"a": 1}},
        {"id": "1", "title": "x", "price": -1},
        {"id": "1", "title": "x", "price": True},
        {"id": "1", "title": "x", "in_stock": "yes"},
    ):
        task = wait_for(writer, writer.post(DOCUMENTS, json=document).json())
        assert (task["status"], task["error"]["code"]) == ("failed", "invalid_document_fields"), document
    good = wait_for(writer, writer.post(DOCUMENTS, json={"id": "\u0000\u202e", "title": "x" * 100_000}).json())
    assert good["status"] == "succeeded"


class Stuck:
    """An engine whose searches wait until told, or fail with a given error."""

    def __init__(self, engine: Any, error: Exception | None = None) -> None:
        self._engine = engine
        self._error = error
        self.gate = threading.Event()
        self.begun = threading.Semaphore(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def search(self, index: str, request: SearchRequest) -> SearchResult:
        if request.text == "warm up":
            return self._engine.search(index, request)  # type: ignore[no-any-return]
        if self._error is not None:
            raise self._error
        self.begun.release()
        self.gate.wait(20)
        return self._engine.search(index, request)  # type: ignore[no-any-return]


def test_beyond_the_queue_is_503_and_health_answers_meanwhile(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, search_concurrency=3)
    engine = Stuck(shop.service.engine)
    object.__setattr__(shop.service, "engine", engine)
    with listening(shop.app()) as address, Client(base_url=address, timeout=30) as client:
        with ThreadPoolExecutor(3) as threads:
            waiting = [threads.submit(client.post, SEARCH, json={"q": "lamp"}) for _ in range(3)]
            for _ in range(3):
                assert engine.begun.acquire(timeout=10)
            refused = client.post(SEARCH, json={"q": "lamp"})
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
            assert refused.json()["code"] == "too_many_search_requests"
            for path in ("/health", "/livez", "/readyz", f"{DOCUMENTS}/k1"):
                assert client.get(path).status_code == 200, path
            assert "daogou_search_queue 3.0" in client.get("/metrics").text
            engine.gate.set()
            assert [one.result().status_code for one in waiting] == [200, 200, 200]
        assert client.post(SEARCH, json={"q": "lamp"}).status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StoreUnavailable("The Qdrant server does not answer."), 503, "unavailable"),
        (EncoderMismatch("Index 'products' was built with another encoder."), 503, "unavailable"),
        (IndexInUse("Another process has the index open."), 503, "unavailable"),
        (RuntimeError("what the shopper typed: secret"), 500, "internal"),
    ],
)
def test_what_goes_wrong_inside_is_told_without_secrets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception, status: int, code: str
) -> None:
    shop = open_shop(tmp_path)
    object.__setattr__(shop.service, "engine", Stuck(shop.service.engine, error))
    with client_of(shop.app()) as client, caplog.at_level(logging.INFO):
        answer = client.post(SEARCH, json={"q": "lamp"})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (answer.headers.get("Retry-After") == "1") == (status == 503)
        assert "secret" not in answer.text
        assert "secret" not in caplog.text
        assert type(error).__name__ in caplog.text
        if status == 503:
            assert answer.json()["message"] == str(error)


def test_too_many_uploads_at_once_are_429(tmp_path: Path) -> None:
    gate = threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b"["
        gate.wait(20)
        yield b"]"

    shop = open_shop(tmp_path)
    app = shop.app()
    with (
        listening(app) as address,
        Client(base_url=address, timeout=30) as client,
        ThreadPoolExecutor(4) as threads,
    ):
        waiting = [threads.submit(client.post, DOCUMENTS, content=slowly(), headers=JSON) for _ in range(4)]
        while app.state.desk.uploads.occupied() < 4:
            gate.wait(0.01)
        refused = client.post(DOCUMENTS, json=[])
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        gate.set()
        assert [one.result().status_code for one in waiting] == [202] * 4
        assert client.post(DOCUMENTS, json=[]).status_code == 202


def test_a_full_disk_is_422(writer: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("search.journal.Journal.append", full)
    answer = writer.post(DOCUMENTS, json={"id": "1", "title": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_space_left_on_device")


def test_a_silent_sender_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.bodies.IDLE_SECONDS", 0.2)
    shop = open_shop(tmp_path)
    with listening(shop.app()) as address, Client(base_url=address, timeout=30) as client:

        def silent() -> Iterator[bytes]:
            yield b"{"
            threading.Event().wait(1.0)
            yield b"}"

        answer = client.post(SEARCH, content=silent(), headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (408, "payload_timeout")


def test_the_log_shows_paths_and_neither_queries_nor_keys(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shop = open_shop(tmp_path, admin_key=SecretStr("topsecret"))
    with client_of(shop.app(), Authorization="Bearer topsecret") as client, caplog.at_level(logging.DEBUG):
        client.get(SEARCH, params={"q": "private words"})
        client.post(SEARCH, json={"q": "private words"})
        client.post(SEARCH, json={"q": "private words", "limit": "private words"})
        client.get("/nothing%0A%1B[31m/here")
        told = [record.getMessage() for record in caplog.records if record.name == "daogou.access"]
    assert told[0].startswith('127.0.0.1 "GET /indexes/products/search" 200 ')
    assert len(told) == 4
    assert all("\n" not in line and "\x1b" not in line for line in told)
    assert "private" not in "".join(told)
    assert "topsecret" not in caplog.text


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(SearchBody.names()) | st.text(max_size=8), _VALUES, max_size=5))
def test_no_body_is_a_server_error(reader: TestClient, body: dict[str, Any]) -> None:
    try:
        content = orjson.dumps(body)
    except TypeError:
        assume(False)
    answer = reader.post(SEARCH, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400), answer.text


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("abprice ()[]\"'<>=!,ANDORTI\\0123:.耳"), max_size=60),
    st.sampled_from(["", "lamp"]),
)
def test_no_filter_is_a_server_error(reader: TestClient, expression: str, q: str) -> None:
    answer = reader.post(SEARCH, json={"q": q, "filter": expression})
    assert answer.status_code in (200, 400), answer.text
