"""`POST /events`: what is taken and how it is kept, and what is refused, with its place in the list."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from api_service import SPLIT, Shop, client_of, listening, open_shop
from httpx import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.schemas import EventBody
from search.errors import StoreUnavailable
from search.events import Event
from search.experiments.records import Record, from_line

JSON = {"Content-Type": "application/json"}
NOW = "2026-11-28T09:31:09.800Z"


def open_logging(folder: Path, **chosen: object) -> Shop:
    """A shop with an experiment: then events are logged. What has a fixed date is not to be too old one day."""
    (folder / "experiments.toml").write_text(SPLIT)
    return open_shop(folder / "data", experiments=folder / "experiments.toml", event_days=3650, **chosen)


@contextmanager
def shop_at(folder: Path, moment: str = NOW, **chosen: object) -> Iterator[tuple[Shop, TestClient]]:
    shop = open_logging(folder, **chosen)
    shop.service.log.now = lambda: datetime.fromisoformat(moment)
    with client_of(shop.app()) as client:
        yield shop, client


def logged(shop: Shop) -> list[Record]:
    """The events of the log."""
    files = sorted((shop.settings.data_dir / "experiments").glob("*.jsonl"))
    lines = [from_line(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if isinstance(line, Event)]


def test_every_type_and_field(tmp_path: Path) -> None:
    sent = [
        {"type": "click", "user": "u-1", "product": "42", "queryID": "q-1", "position": 3},
        {"type": "view", "user": "u-1", "product": 42},
        {"type": "cart", "user": "u-1", "product": " 42 ", "value": 5},
        {"type": "purchase", "user": "u-1", "product": "42", "value": 59.9, "timestamp": "2026-11-28T10:00:00+02:00"},
        {"type": "rating", "product": "42", "value": 4.5, "timestamp": 1764315069800},
        {"type": "search", "user": "u-1", "queryID": "q-1", "timestamp": "2026-11-28T09:00:00"},
        {"type": "hide", "user": "", "product": "42", "queryID": "", "timestamp": "2026-11-28"},
        {"type": "view", "product": "not in any index", "queryID": None, "position": None, "value": None, "user": None},
    ]
    with shop_at(tmp_path) as (shop, client):
        answer = client.post("/events", json=sent)
        assert (answer.status_code, answer.json()) == (202, {"accepted": 8})
        one = client.post("/events", json={"type": "view", "product": "7"})
        assert (one.status_code, one.json()) == (202, {"accepted": 1})
        assert client.post("/events", json=[]).json() == {"accepted": 0}
        name = shop.service.shoppers.name("u-1")
    expected = [
        Event("click", name, NOW, "42", "q-1", 3),
        Event("view", name, NOW, "42"),
        Event("cart", name, NOW, "42", value=5.0),
        Event("purchase", name, "2026-11-28T08:00:00.000Z", "42", value=59.9),
        Event("rating", None, "2025-11-28T07:31:09.800Z", "42", value=4.5),
        Event("search", name, "2026-11-28T09:00:00.000Z", None, "q-1"),
        Event("hide", None, "2026-11-28T00:00:00.000Z", "42"),
        Event("view", None, NOW, "not in any index"),
        Event("view", None, NOW, "7"),
    ]
    assert logged(shop) == expected
    kept = list(shop.kept.events())
    assert len(kept) == 9
    assert set(kept) == set(expected)


def test_without_experiments_events_are_kept_and_not_logged(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    with client_of(shop.app()) as client:
        assert client.post("/events", json=[GOOD, {**GOOD, "user": "u-1"}]).json() == {"accepted": 2}
        assert len(list(shop.kept.events())) == 2
    assert not (tmp_path / "experiments").exists()


def test_an_event_with_an_id_counts_once_of_each_shopper(tmp_path: Path) -> None:
    with shop_at(tmp_path) as (shop, client):
        sent = [{**GOOD, "user": "u-1", "id": "e-1"}, {**GOOD, "user": "u-2", "id": "e-1"}]
        for moment in ("2026-11-28T08:00:00Z", "2026-11-28T08:30:00Z"):  # whatever else it says
            assert client.post("/events", json=[{**one, "timestamp": moment} for one in sent]).status_code == 202
        assert [(one.id, one.timestamp) for one in shop.kept.events()] == [("e-1", "2026-11-28T08:00:00.000Z")] * 2
        assert client.post("/events", json={**GOOD, "id": ""}).status_code == 202
    assert [one.id for one in logged(shop)] == ["e-1"] * 4 + [None]


def test_events_of_those_who_may_not_be_known_are_accepted_and_kept_nowhere(tmp_path: Path) -> None:
    with shop_at(tmp_path) as (shop, client):
        assert client.put("/users/u-1", json={"consent": False}).status_code == 200
        sent = [{**GOOD, "user": "u-1"}, {**GOOD, "user": "u-2"}, GOOD]
        assert client.post("/events", json=sent).json() == {"accepted": 3}
        kept = [Event("click", shop.service.shoppers.name("u-2"), NOW, "42"), Event("click", None, NOW, "42")]
        assert list(shop.kept.events()) == kept
    assert logged(shop) == kept


def test_where_consent_is_required_nothing_is_kept_without(tmp_path: Path) -> None:
    with shop_at(tmp_path, consent="required") as (shop, client):
        assert client.put("/users/u-2", json={"consent": True}).status_code == 200
        assert client.post("/events", json=[{**GOOD, "user": "u-1"}, {**GOOD, "user": "u-2"}]).status_code == 202
        assert [one.shopper for one in shop.kept.events()] == [shop.service.shoppers.name("u-2")]
    assert len(logged(shop)) == 1


def test_a_store_that_cannot_keep_events_is_a_503_and_they_may_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise StoreUnavailable("The Qdrant server does not answer.")

    with shop_at(tmp_path) as (shop, client):
        with monkeypatch.context() as patched:
            patched.setattr(shop.kept, "add", refuse)
            answer = client.post("/events", json=[{**GOOD, "user": "u-1"}])
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
            assert answer.json()["code"] == "unavailable"
        assert client.post("/events", json=[{**GOOD, "user": "u-1"}]).status_code == 202
    assert len(logged(shop)) == 1  # what was refused is not in the log either


GOOD = {"type": "click", "product": "42"}


@pytest.mark.parametrize(
    ("event", "code", "message"),
    [
        ({}, "bad_request", "Missing field `type`"),
        ({"product": "42"}, "bad_request", "Missing field `type`"),
        ({**GOOD, "type": "klick"}, "invalid_event_type", "Unknown value `klick` at `.type`: expected one of 'view'"),
        ({**GOOD, "type": None}, "invalid_event_type", "`.type`"),
        (
            {**GOOD, "typ": 1},
            "bad_request",
            "Unknown field `typ`: expected one of `type`, `user`, `product`, `queryID`",
        ),
        ({**GOOD, "queryId": "x"}, "bad_request", "Unknown field `queryId`"),
        ({"type": "click"}, "invalid_event_product", "a click event needs the id of a product"),
        ({"type": "view", "product": None}, "invalid_event_product", "a view event needs"),
        ({"type": "hide", "product": " "}, "invalid_event_product", "a hide event needs"),
        ({"type": "search", "product": ""}, "invalid_event_product", "needs the id"),
        (
            {**GOOD, "product": 1.5},
            "invalid_event_product",
            "expected a string or a positive integer, but found a number",
        ),
        ({**GOOD, "product": True}, "invalid_event_product", "but found a boolean"),
        ({**GOOD, "product": "x" * 513}, "invalid_event_product", "512 characters at most"),
        ({**GOOD, "user": 5}, "invalid_event_user", "expected a string"),
        ({**GOOD, "user": "x" * 201}, "invalid_event_user", "200"),
        ({**GOOD, "queryID": 5}, "invalid_event_query_id", "at `.queryID`: expected a string"),
        ({**GOOD, "queryID": "x" * 101}, "invalid_event_query_id", "100"),
        ({**GOOD, "position": 0}, "invalid_event_position", "places count from 1"),
        ({**GOOD, "position": -1}, "invalid_event_position", "found `-1`"),
        ({**GOOD, "position": 1.0}, "invalid_event_position", "`.position`"),
        ({**GOOD, "position": "1"}, "invalid_event_position", "`.position`"),
        ({**GOOD, "position": 10**18}, "invalid_event_position", "up to 1,000,000"),
        ({"type": "rating", "product": "42"}, "invalid_event_value", "a rating event needs the stars"),
        ({"type": "rating", "product": "42", "value": 5.5}, "invalid_event_value", "stars up to 5 are expected"),
        ({**GOOD, "value": -1}, "invalid_event_value", "from 0 to 1,000,000,000"),
        ({**GOOD, "value": 1000000000.5}, "invalid_event_value", "from 0 to 1,000,000,000"),
        ({**GOOD, "value": 1e308}, "invalid_event_value", "found `1e+308`"),
        ({**GOOD, "value": "5"}, "invalid_event_value", "expected a number"),
        ({**GOOD, "value": True}, "invalid_event_value", "expected a number"),
        ({**GOOD, "id": 5}, "invalid_event_id", "expected a string"),
        ({**GOOD, "id": "x" * 101}, "invalid_event_id", "100"),
        ({**GOOD, "timestamp": "yesterday"}, "invalid_event_timestamp", "found `yesterday`"),
        ({**GOOD, "timestamp": "x" * 999}, "invalid_event_timestamp", "ISO 8601"),
        ({**GOOD, "timestamp": ""}, "invalid_event_timestamp", "ISO 8601"),
        ({**GOOD, "timestamp": "0001-01-01T00:00:00+14:00"}, "invalid_event_timestamp", "ISO 8601"),
        ({**GOOD, "timestamp": 1764315069}, "invalid_event_timestamp", "looks like seconds"),
        ({**GOOD, "timestamp": 1764315069.8}, "invalid_event_timestamp", "`.timestamp`"),
        ({**GOOD, "timestamp": -(10**18)}, "invalid_event_timestamp", "ISO 8601 or milliseconds"),
        ({**GOOD, "timestamp": "1999-12-31"}, "invalid_event_timestamp", "before the year 2000"),
        ({**GOOD, "timestamp": "2026-11-29T09:32:00Z"}, "invalid_event_timestamp", "more than a day ahead"),
        ("click", "bad_request", "expected an object, but found a string"),
        (None, "bad_request", "expected an object, but found null"),
        ([GOOD], "bad_request", "expected an object, but found an array"),
    ],
)
def test_one_wrong_event_refuses_all_and_is_named(tmp_path: Path, event: Any, code: str, message: str) -> None:
    with shop_at(tmp_path) as (shop, client):
        answer = client.post("/events", json=[GOOD, GOOD, event, GOOD])
        assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
        assert answer.json()["message"].startswith("Inside `[2]`: ")
        assert message in answer.json()["message"]
        if code.startswith("invalid_event"):
            assert answer.json()["link"] == ""
        if isinstance(event, dict):
            alone = client.post("/events", json=event).json()["message"]
            assert f"Inside `[2]`: {alone}" == answer.json()["message"]
    assert logged(shop) == list(shop.kept.events()) == []


def test_just_within_the_limits(tmp_path: Path) -> None:
    with shop_at(tmp_path) as (shop, client):
        event = {
            "type": "rating", "product": "x" * 512, "user": "耳" * 200, "queryID": "q" * 100, "position": 1_000_000,
            "value": 0, "timestamp": "2026-11-29T09:31:09Z", "id": "e" * 100,
        }  # fmt: skip
        assert client.post("/events", json=[event]).status_code == 202
        assert client.post("/events", json={**event, "type": "purchase", "value": 1e9, "id": None}).status_code == 202
        assert client.post("/events", json=[GOOD] * 1000).json() == {"accepted": 1000}
        answer = client.post("/events", json=[GOOD] * 1001)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
        assert "1,000" in answer.json()["message"]
    assert len(logged(shop)) == 1002


@pytest.mark.parametrize(
    "body",
    [
        b"", b"  ", b"{", b"null", b"5", b'"click"', b"\xff", b'[{"type":"click","product":"\\ud800"}]',
        b'[{"type":"rating","product":"1","value":NaN}]', b'[{"type":"rating","product":"1","value":1e400}]',
        b"[" * 3000 + b"]" * 3000, b"[" + b"5," * 999 + b"5]", b'{"type":{"type":{}}}', b"[[[]]]",
        b"{" + b",".join(b'"%d":0' % number for number in range(50_000)) + b"}",
    ],
    ids=range(15),
)  # fmt: skip
def test_hostile_bodies_are_a_400_with_a_short_message(reader: TestClient, body: bytes) -> None:
    answer = reader.post("/events", content=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"message", "code", "type", "link"}
    assert len(answer.content) < 1000


def test_other_bodies_and_methods(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    with listening(shop.app()) as address, Client(base_url=address, timeout=30) as client:
        for kind in (None, "text/plain", "application/x-ndjson"):
            answer = client.post("/events", content=b"[]", headers={"Content-Type": kind} if kind else {})
            assert answer.status_code == 415
        large = client.post("/events", content=b" " * (2**20 + 1), headers=JSON)
        assert (large.status_code, large.json()["code"]) == (413, "payload_too_large")
        assert client.get("/events").status_code == 405


_VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(EventBody.names()), _VALUES), max_size=3))
def test_no_event_is_a_server_error(reader: TestClient, body: list[dict[str, Any]]) -> None:
    try:
        content = orjson.dumps(body)
    except TypeError:
        return
    answer = reader.post("/events", content=content, headers=JSON)
    assert answer.status_code in (202, 400), answer.text


def test_the_search_key_may_send_and_no_one_else(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, admin_key=SecretStr("admin"), search_key=SecretStr("search"))
    app = shop.app()
    with client_of(app) as client:
        for key, status in (("search", 202), ("admin", 202), ("other", 403)):
            answer = client.post("/events", json=GOOD, headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == status
        assert client.post("/events", json=GOOD).status_code == 401


def test_events_that_find_no_room_are_refused_whole_and_may_come_again(tmp_path: Path) -> None:
    shop = open_logging(tmp_path)
    folder = shop.settings.data_dir / "experiments"
    deadline = time.monotonic() + 20
    while not list(folder.glob("*.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.02)
    folder.rename(tmp_path / "elsewhere")
    folder.write_text("a file where the folder should be")
    shop.service.log._most = 10
    with client_of(shop.app()) as client:
        assert client.post("/events", json=[GOOD] * 8).status_code == 202
        full = client.post("/events", json=[GOOD] * 5)
        assert (full.status_code, full.headers["Retry-After"]) == (503, "1")
        assert client.post("/indexes/products/search", json={"q": "lamp"}).status_code == 200
        assert "daogou_log_dropped 0.0" in client.get("/metrics").text
        assert len(list(shop.kept.events())) == 1  # equal ones are one
        folder.unlink()
        deadline = time.monotonic() + 20
        while not list(folder.glob("*.jsonl")) and time.monotonic() < deadline:
            time.sleep(0.02)
        deadline = time.monotonic() + 20
        while client.post("/events", json=[GOOD] * 5).status_code != 202 and time.monotonic() < deadline:
            time.sleep(0.02)
    assert len(logged(shop)) == 13


def test_events_are_on_the_disk_within_a_second(tmp_path: Path) -> None:
    with shop_at(tmp_path) as (shop, client):
        client.post("/events", json=GOOD)
        file = tmp_path / "data" / "experiments" / "2026-11-28.jsonl"
        deadline = time.monotonic() + 20
        while not logged(shop) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert from_line(file.read_text().splitlines()[-1]) == Event("click", None, NOW, "42")
        assert file.stat().st_mode & 0o077 == 0


def test_openapi_says_what_is_taken(reader: TestClient) -> None:
    described = reader.get("/openapi.json").json()
    body = described["paths"]["/events"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["anyOf"][0]["items"] == body["anyOf"][1] == {"$ref": "#/components/schemas/EventBody"}
    properties = described["components"]["schemas"]["EventBody"]["properties"]
    assert list(properties) == ["type", "user", "product", "queryID", "position", "value", "timestamp", "id"]
    assert set(described["paths"]["/events"]["post"]["responses"]) == {"202", "4XX", "503"}


def test_a_day_is_the_most_that_a_clock_may_be_ahead(tmp_path: Path) -> None:
    with shop_at(tmp_path) as (_, client):
        limit = datetime.fromisoformat(NOW).astimezone(UTC) + timedelta(days=1)
        for moment, status in ((limit, 202), (limit + timedelta(milliseconds=1), 400)):
            answer = client.post("/events", json={**GOOD, "timestamp": moment.isoformat()})
            assert answer.status_code == status
