"""`/users/{user}`: what is kept is shown, what they say of themselves is kept, and who is erased is nowhere."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from api_service import SPLIT, Shop, client_of, listening, open_shop
from httpx import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.schemas import FactsBody, UserBody
from api.users import changed
from search.domain import Json
from search.shopper import Facts

FACTS = {
    "ageBand": "25-34",
    "interests": ["oak chairs", "茶"],
    "budget": {"": 100, "Lamps": 30},
    "sizes": {"shoes": "43"},
}
SENT = [
    {"type": "purchase", "product": "l1", "value": 25, "timestamp": "2026-11-20T10:00:00Z", "id": "order-7"},
    {"type": "view", "product": "l2", "queryID": "q-1", "position": 2, "timestamp": "2026-11-21T10:00:00Z"},
    {"type": "hide", "product": "k3", "timestamp": "2026-11-22T10:00:00Z"},
]


@contextmanager
def shop_at(folder: Path, **chosen: object) -> Iterator[tuple[Shop, TestClient]]:
    """One with an experiment, so that there is a log; what has a fixed date is not too old one day."""
    (folder / "experiments.toml").write_text(SPLIT)
    shop = open_shop(
        folder / "data", experiments=folder / "experiments.toml", **{"event_days": 3650, "user_secret": "s", **chosen}
    )
    with client_of(shop.app()) as client:
        yield shop, client


def put(client: TestClient, body: Json, user: str = "u-1", status: int = 200) -> dict[str, Any]:
    answer = client.put(f"/users/{user}", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def tell(client: TestClient, user: str = "u-1") -> None:
    assert client.post("/events", json=[{**event, "user": user} for event in SENT]).status_code == 202


def test_everything_that_is_kept_is_shown(tmp_path: Path) -> None:
    with shop_at(tmp_path) as (shop, client):
        put(client, {"consent": True, "facts": FACTS})
        tell(client)
        shown = client.post("/indexes/products/search", json={"q": "lamp", "user": "u-1"}).json()
        assert shown["experiment"]["name"] == "ratio"
        found = client.get("/users/u-1").json()
        name = shop.service.shoppers.name("u-1")
    assert (found["user"], found["shopper"], found["consent"], found["facts"]) == ("u-1", name, True, FACTS)
    assert found["events"] == [
        {"type": "hide", "product": "k3", "timestamp": "2026-11-22T10:00:00.000Z"},
        {"type": "view", "product": "l2", "queryID": "q-1", "position": 2, "timestamp": "2026-11-21T10:00:00.000Z"},
        {"type": "purchase", "product": "l1", "value": 25.0, "timestamp": "2026-11-20T10:00:00.000Z", "id": "order-7"},
    ]
    profile = found["profiles"]["products"]
    assert profile["hidden"] == ["k3"]
    assert profile["products"] == {"k3": "hide", "l1": "purchase", "l2": "view"}
    assert {"oak chairs", "茶"} <= {one.get("declared") for one in profile["interests"]}
    assert {"l1", "l2"} <= {product for one in profile["interests"] for product in one.get("products", [])}
    assert {"Lantern"} <= {one["value"] for one in profile["affinities"] if one["field"] == "brand"}
    assert {"category": "Lamps", "high": 30.0, "declared": True}.items() <= next(
        band for band in profile["priceBands"] if band["category"] == "Lamps"
    ).items()
    assert [line["kind"] for line in found["log"]] == ["event"] * 3 + ["impression"]
    assert {line["shopper"] for line in found["log"]} == {name}


def test_pages_that_were_clicked_on_are_shown_and_erased(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    with client_of(shop.app()) as client:
        page = client.post("/indexes/products/search", json={"q": "lamp", "user": "u-1"}).json()
        other = client.post("/indexes/products/search", json={"q": "lamp", "user": "u-2"}).json()
        products = [hit["id"] for hit in page["hits"]]
        clicks = [("u-1", page), ("u-2", other)]
        events = [
            {"type": "click", "user": user, "product": products[0], "queryID": shown["queryID"]}
            for user, shown in clicks
        ]
        assert client.post("/events", json=events).status_code == 202
        (kept,) = client.get("/users/u-1").json()["pages"]
        assert (kept["queryID"], kept["products"], kept["index"]) == (page["queryID"], products, "products")
        client.delete("/users/u-1")
        assert [one.query_id for one in shop.kept.shown("products")] == [other["queryID"]]


def test_of_somebody_unknown_there_is_nothing(reader: TestClient) -> None:
    answer = reader.get("/users/u-404")
    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")
    assert "u-404" not in answer.text


def test_only_what_is_sent_changes_and_null_removes(writer: TestClient) -> None:
    assert put(writer, {"facts": FACTS}) == {"user": "u-1", "consent": None, "facts": FACTS}
    assert put(writer, {}) == {"user": "u-1", "consent": None, "facts": FACTS}
    assert put(writer, {"consent": True})["facts"] == FACTS
    one = put(writer, {"facts": {"budget": {"Lamps": None, "Shoes": 80.5}, "ageBand": None, "sizes": {}}})
    assert one["facts"] == {
        "interests": ["oak chairs", "茶"],
        "budget": {"": 100, "Shoes": 80.5},
        "sizes": {"shoes": "43"},
    }
    two = put(writer, {"facts": {"interests": ["tea"], "budget": None, "sizes": {"shoes": None}}})
    assert two["facts"] == {"interests": ["tea"]}
    assert two["consent"] is True
    assert put(writer, {"facts": None, "consent": None}) == {"user": "u-1", "consent": None, "facts": {}}


def test_who_opts_out_is_forgotten_but_for_that_word(tmp_path: Path) -> None:
    with shop_at(tmp_path) as (shop, client):
        put(client, {"facts": FACTS})
        tell(client)
        assert put(client, {"consent": False}) == {"user": "u-1", "consent": False, "facts": {}}
        found = client.get("/users/u-1").json()
        assert (found["consent"], found["facts"], found["events"], found["profiles"], found["log"]) == (
            False,
            {},
            [],
            {},
            [],
        )
        refused = put(client, {"facts": FACTS}, status=400)
        assert refused["code"] == "invalid_user_consent"
        assert "`consent` true" in refused["message"]
        assert put(client, {"facts": FACTS, "consent": False}, status=400)["code"] == "invalid_user_consent"
        assert put(client, {"facts": FACTS, "consent": True})["facts"] == FACTS
        record = shop.kept.shopper(shop.service.shoppers.name("u-1"))
        assert record is not None
        assert record.facts.interests == ("oak chairs", "茶")


def test_where_consent_is_required_facts_need_it_too(tmp_path: Path) -> None:
    with shop_at(tmp_path, consent="required") as (shop, client):
        assert put(client, {"facts": FACTS}, status=400)["code"] == "invalid_user_consent"
        assert put(client, {"facts": FACTS, "consent": True})["facts"] == FACTS
        tell(client)
        assert put(client, {"consent": None, "facts": None}) == {"user": "u-1", "consent": None, "facts": {}}
        assert client.get("/users/u-1").status_code == 404
        assert list(shop.kept.events()) == []


def test_who_is_erased_is_nowhere(tmp_path: Path) -> None:
    with shop_at(tmp_path) as (shop, client):
        put(client, {"facts": FACTS})
        tell(client)
        tell(client, "u-2")
        shown = client.post("/indexes/products/search", json={"q": "lamp", "user": "u-1"}).json()
        client.post(
            "/events",
            json={"type": "click", "user": "u-1", "product": shown["hits"][0]["id"], "queryID": shown["queryID"]},
        )
        answer = client.delete("/users/u-1")
        assert answer.status_code == 200
        assert (answer.json()["erased"] >= 5, answer.json()["logLines"]) == (True, 5)
        assert "purge" in answer.json()["message"]
        assert client.get("/users/u-1").status_code == 404
        again = client.delete("/users/u-1").json()
        assert (again["erased"], again["logLines"]) == (0, 0)
        erased, kept = (shop.service.shoppers.name(user) for user in ("u-1", "u-2"))
        assert {event.shopper for event in shop.kept.events()} == {kept}
        assert [page for page in shop.kept.shown("products") if page.shopper == erased] == []
        assert client.get("/users/u-2").json()["events"] != []
    data = {file: file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file()}
    assert [file for file, held in data.items() if kept.encode() in held]
    assert [file for file, held in data.items() if erased.encode() in held or b"u-1" in held] == []


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        (None, "bad_request", "expected an object"),
        ([], "bad_request", "expected an object"),
        ({"consents": True}, "bad_request", "Unknown field `consents`: expected one of `consent`, `facts`"),
        ({"consent": "yes"}, "invalid_user_consent", "expected a boolean"),
        ({"consent": 1}, "invalid_user_consent", "expected a boolean"),
        ({"facts": []}, "invalid_user_facts", "expected an object"),
        ({"facts": {"age": 30}}, "bad_request", "Unknown field `age` inside `.facts`"),
        ({"facts": {"ageBand": 30}}, "invalid_user_age_band", "`.facts.ageBand`: expected a string"),
        ({"facts": {"ageBand": ""}}, "invalid_user_age_band", "as `25-34`"),
        ({"facts": {"ageBand": "old enough"}}, "invalid_user_age_band", "as `25-34`"),
        ({"facts": {"ageBand": "1-2" * 100}}, "invalid_user_age_band", "as `25-34`"),
        ({"facts": {"interests": "tea"}}, "invalid_user_interests", "expected an array"),
        ({"facts": {"interests": ["tea", 5]}}, "invalid_user_interests", "`.facts.interests[1]`: expected a string"),
        ({"facts": {"interests": ["tea", " "]}}, "invalid_user_interests", "1 to 200"),
        ({"facts": {"interests": ["x" * 201]}}, "invalid_user_interests", "1 to 200"),
        ({"facts": {"interests": [f"x{n}" for n in range(21)]}}, "invalid_user_interests", "at most 20"),
        ({"facts": {"budget": 100}}, "invalid_user_budget", "expected an object"),
        ({"facts": {"budget": {"": 0}}}, "invalid_user_budget", "above 0"),
        ({"facts": {"budget": {"": -5}}}, "invalid_user_budget", "above 0"),
        ({"facts": {"budget": {"": True}}}, "invalid_user_budget", "above 0"),
        ({"facts": {"budget": {"": "100"}}}, "invalid_user_budget", "above 0"),
        ({"facts": {"budget": {"": 1e30}}}, "invalid_user_budget", "above 0"),
        ({"facts": {"budget": {"x" * 201: 5}}}, "invalid_user_budget", "up to 200"),
        ({"facts": {"budget": {str(n): 5 for n in range(101)}}}, "invalid_user_budget", "at most 100"),
        ({"facts": {"sizes": {"shoes": 43}}}, "invalid_user_sizes", "43"),
        ({"facts": {"sizes": {"shoes": ""}}}, "invalid_user_sizes", "1 to 40"),
        ({"facts": {"sizes": {"shoes": "x" * 41}}}, "invalid_user_sizes", "1 to 40"),
        ({"facts": {"sizes": ["43"]}}, "invalid_user_sizes", "expected an object"),
    ],
)
def test_what_is_wrong_is_named(reader: TestClient, body: Json, code: str, says: str) -> None:
    answer = reader.put(
        "/users/u-1",
        content=orjson.dumps(body) if isinstance(body, list | dict | None) else body,
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    assert says in answer.json()["message"]
    assert len(answer.content) < 600
    assert "u-1" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b'{"facts":{"interests":["\\ud800"]}}', b'{"facts":{"budget":{"":NaN}}}', b"[" * 5000 + b"]" * 5000,
        b'{"facts":{"budget":{"":1e400}}}', b'{"facts":{"budget":{"\\udfff":1}}}',
        b'{"facts":{"budget":{"":1' + b"0" * 99 + b"}}}",
    ],
    ids=range(8),
)  # fmt: skip
def test_hostile_bodies_are_a_400(reader: TestClient, body: bytes) -> None:
    answer = reader.put("/users/u-1", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert len(answer.content) < 600


@pytest.mark.parametrize("path", ["", "x" * 201, "%FF", "%ED%A0%80", "a%C3"])
def test_hostile_ids_are_a_400_that_does_not_repeat_them(reader: TestClient, path: str) -> None:
    for answer in (
        reader.get(f"/users/{path}"),
        reader.delete(f"/users/{path}"),
        reader.put(f"/users/{path}", json={}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_user_id"), answer.text
        assert "xxx" not in answer.text


def test_any_other_id_will_do(tmp_path: Path) -> None:
    """Over a real connection: the test client decodes a path twice."""
    with listening(open_shop(tmp_path).app()) as address, Client(base_url=address, timeout=30) as client:
        for user in ("耳", "a/b c", "x" * 200, "%FF", "..%2f", "?q#", "a@shop.example", "\x00\u202e"):
            path = f"/users/{quote(user, safe='')}"
            assert client.put(path, json={"consent": True}).json()["user"] == user
            assert client.post("/events", json={"type": "view", "user": user, "product": "l1"}).status_code == 202
            assert [event["product"] for event in client.get(path).json()["events"]] == ["l1"]
            assert client.delete(path).json()["erased"] >= 2


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(FactsBody.names()), _VALUES), st.none() | st.booleans())
def test_no_body_is_a_server_error(reader: TestClient, facts: dict[str, Any], consent: bool | None) -> None:
    try:
        content = orjson.dumps({"facts": facts, "consent": consent})
    except TypeError:
        return
    answer = reader.put("/users/hypothesis", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400), answer.text


def test_for_the_admin_key_alone(tmp_path: Path) -> None:
    with shop_at(tmp_path, admin_key=SecretStr("admin"), search_key=SecretStr("search")) as (_, client):
        for key, status in (("search", 403), ("other", 403), ("admin", 200)):
            headers = {"Authorization": f"Bearer {key}"}
            assert client.put("/users/u-1", json={}, headers=headers).status_code == status
            assert client.delete("/users/u-1", headers=headers).status_code == status
            assert client.get("/users/u-1", headers=headers).status_code == (404 if status == 200 else status)
        assert client.get("/users/u-1").status_code == 401


def test_nobody_is_named_in_logs_and_metrics(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with shop_at(tmp_path, admin_key=SecretStr("admin")) as (shop, client), caplog.at_level(logging.DEBUG):
        headers = {"Authorization": "Bearer admin"}
        for path in ("/users/Ada-Lovelace", "/Users/Ada-Lovelace", "/%75sers/Ada-Lovelace",
                     "/indexes/users/Ada-Lovelace", "/api/users/Ada-Lovelace"):  # fmt: skip
            client.get(path, headers=headers)
            client.get(path)  # refused before it is routed
        client.put("/users/Ada-Lovelace", json={"facts": FACTS}, headers=headers)
        client.put("/users/Ada-Lovelace", json={"facts": {"ageBand": "Ada-Lovelace"}}, headers=headers)
        client.post("/events", json={"type": "view", "user": "Ada-Lovelace", "product": 1.5}, headers=headers)
        client.post("/events", json={"type": "view", "user": "Ada-Lovelace", "product": "l1"}, headers=headers)
        client.post("/indexes/products/search", json={"q": "lamp", "user": "Ada-Lovelace"}, headers=headers)
        client.get("/indexes/products/search", params={"q": "lamp", "user": "Ada-Lovelace"}, headers=headers)
        client.post("/indexes/products/recommendations", json={"user": "Ada-Lovelace"}, headers=headers)
        client.get("/users/Ada-Lovelace", headers=headers)
        metrics = client.get("/metrics", headers=headers).text
        client.delete("/users/Ada-Lovelace", headers=headers)
        name = shop.service.shoppers.name("Ada-Lovelace")
    ours = "\n".join(
        record.getMessage() for record in caplog.records if record.name.split(".")[0] in ("daogou", "api", "search")
    )
    assert '"GET /users/…" 404' in ours
    assert '"PUT /users/…" 200' in ours
    for text in (ours, metrics):
        assert "Ada" not in text
        assert name not in text


def test_openapi_describes_it(reader: TestClient) -> None:
    described = reader.get("/openapi.json").json()
    paths, schemas = described["paths"], described["components"]["schemas"]
    verbs = paths["/users/{user}"] if "/users/{user}" in paths else paths["/users/{user:path}"]
    assert set(verbs) == {"get", "put", "delete"}
    assert verbs["put"]["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/UserBody"
    }
    assert list(schemas["UserBody"]["properties"]) == UserBody.names()
    facts = schemas["FactsBody"]["properties"]
    assert list(facts) == FactsBody.names()
    assert facts["budget"]["anyOf"][0] == {"type": "object", "additionalProperties": {"type": ["number", "null"]}}
    assert "erased" in schemas["ErasedAnswer"]["properties"]


def test_words_of_two_at_once_do_not_get_lost(tmp_path: Path) -> None:
    with shop_at(tmp_path) as (shop, _):
        name, recorder = shop.service.shoppers.name("u-1"), shop.service.recorder

        def say(number: int) -> None:
            body = UserBody.model_validate({"facts": {"budget": {f"kind {number}": number + 1}}})
            recorder.declare(name, lambda record: changed(record, body))

        threads = [threading.Thread(target=say, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        record = shop.kept.shopper(name)
        assert record is not None
        assert record.facts == Facts(budget={f"kind {number}": number + 1 for number in range(16)})
