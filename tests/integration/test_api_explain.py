"""`POST /indexes/{index}/explain`: evidence first and always, a model's grounded words where there is one."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_service import Shop, client_of, listening, open_shop
from fake_language_model import FakeLanguageModel
from starlette.testclient import TestClient
from truthful_model import truthful

from api.app import create_app
from api.explaining import Event
from api.routes.explain import EventStream
from search.narration import Narrator

PATH = "/indexes/products/explain"
STREAM = {"Accept": "text/event-stream"}
LAMPS = {"q": "red desk lamp under $30", "ids": ["l1", "l2"]}
SECONDS = 20


def with_model(shop: Shop, say: Callable[[Any], str], **options: Any) -> tuple[Any, FakeLanguageModel]:
    """The application of the shop, with a narrator over a model that says what `say` makes of the data."""
    model = FakeLanguageModel(say, **options)
    narrator = Narrator(model)
    return create_app(dataclasses.replace(shop.service, narrator=narrator), shop.settings), model


@contextmanager
def narrated(folder: Path, say: Callable[[Any], str] = truthful, **settings: Any) -> Iterator[TestClient]:
    app, _ = with_model(open_shop(folder, **settings), say)
    with client_of(app) as client:
        yield client


def events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events, read as the standard has it."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


@pytest.fixture(scope="module")
def teller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with narrated(tmp_path_factory.mktemp("teller")) as client:
        yield client


def test_without_a_model_the_evidence_speaks(reader: TestClient) -> None:
    answer = reader.post(PATH, json=LAMPS).json()
    assert [one["id"] for one in answer["explanations"]] == ["l1", "l2"]
    assert {one["source"] for one in answer["explanations"]} == {"evidence"}
    assert all(one["text"].endswith(".") for one in answer["explanations"])
    assert answer["degraded"] == []
    assert set(answer) == {"explanations", "degraded", "processingTimeMs"}


def test_the_text_is_that_of_the_search(reader: TestClient) -> None:
    asked = {"q": "quiet keyboard under $130", "explain": {"language": "en"}, "limit": 3}
    hits = reader.post("/indexes/products/search", json=asked).json()["hits"]
    told = reader.post(PATH, json=asked).json()["explanations"]
    assert [(one["id"], one["text"]) for one in told] == [(hit["id"], hit["_explanation"]) for hit in hits]


def test_in_the_language_asked_for(teller: TestClient) -> None:
    """By itself in that of the query; by a model, too."""

    def told(**asked: Any) -> str:
        answer = teller.post(PATH, json={"q": "耳机", "ids": ["z1"], **asked}).json()
        return str(answer["explanations"][0]["text"])

    assert told(model=False) == told(model=False, explain={"language": "zh"})
    assert "。" in told(model=False)
    assert "。" not in told(model=False, explain={"language": "en"})
    assert told() == "这款无线蓝牙耳机 降噪。它的售价是¥299。"
    # What the fake says is Chinese whatever it is asked for: then it is not shown.
    assert told(explain={"language": "en"}) == told(model=False, explain={"language": "en"})


def test_the_model_has_the_last_word_where_it_may(teller: TestClient) -> None:
    answer = teller.post(PATH, json=LAMPS | {"compare": True}).json()
    red, blue = answer["explanations"]
    assert red == {"id": "l1", "text": "This is the Red desk lamp. It costs $25.", "source": "model"}
    # The blue one is neither red nor under $30, and the shopper is told whatever the model says.
    assert blue["text"].startswith("This is the Blue desk lamp. It costs $35. But ")
    assert blue["source"] == "model"
    assert answer["comparison"]["source"] == "model"
    lines = answer["comparison"]["text"].splitlines()
    assert [line.partition(":")[0] for line in lines] == ["Red desk lamp", "Blue desk lamp"]
    assert answer["degraded"] == []


def test_the_model_is_not_asked_when_it_is_not_wanted(tmp_path: Path) -> None:
    app, model = with_model(open_shop(tmp_path), truthful)
    with client_of(app) as client:
        answer = client.post(PATH, json=LAMPS | {"compare": True, "model": False}).json()
    assert {one["source"] for one in (*answer["explanations"], answer["comparison"])} == {"evidence"}
    assert model.asked == []


def test_at_most_five_products_are_worded_by_the_model(teller: TestClient) -> None:
    answer = teller.post(PATH, json={"q": "", "ids": ["k1", "k2", "k3", "l1", "l2", "l3", "m1"]}).json()
    assert [one["source"] for one in answer["explanations"]] == ["model"] * 5 + ["evidence"] * 2
    assert answer["degraded"] == []


def test_events_come_in_order(tmp_path: Path) -> None:
    with narrated(tmp_path) as client:
        answer = client.post(PATH, json=LAMPS | {"compare": True}, headers=STREAM)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"].startswith("no-cache")
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["x-content-type-options"] == "nosniff"
    told = events(answer.text)
    assert [(kind, data.get("id"), data["source"]) for kind, data in told[:3]] == [
        ("explanation", "l1", "evidence"), ("explanation", "l2", "evidence"), ("comparison", None, "evidence"),
    ]  # fmt: skip
    assert told[-1][0] == "done"
    assert told[-1][1]["degraded"] == []
    for product in ("l1", "l2"):
        mine = [(kind, data) for kind, data in told[3:] if data.get("id") == product]
        assert [kind for kind, _ in mine[:-1]] == ["sentence"] * (len(mine) - 1)
        assert mine[-1][0] == "explanation"
        assert mine[-1][1]["text"] == " ".join(data["text"] for _, data in mine[:-1])
    lines = [data["text"] for kind, data in told if kind == "line"]
    assert ("comparison", {"text": "\n".join(lines), "source": "model"}) in told


def test_a_reader_that_cuts_lines_as_unicode_has_them_tears_nothing() -> None:
    text = "a\u2028b\u2029c\u0085d\x0be\r\nf 台灯"

    async def made() -> AsyncIterator[list[Event]]:
        yield [Event("sentence", {"id": "l1", "text": text})]

    async def sent() -> bytes:
        return b"".join([part async for part in EventStream(made()).body_iterator if isinstance(part, bytes)])

    lines = asyncio.run(sent()).decode().splitlines()
    assert lines[0] == "event: sentence"
    assert json.loads(lines[1].removeprefix("data: "))["text"] == text
    assert lines[2:] == [""]


def test_what_was_told_before_comes_at_once_and_costs_nothing(tmp_path: Path) -> None:
    app, model = with_model(open_shop(tmp_path), truthful)
    with client_of(app) as client:
        first = client.post(PATH, json=LAMPS | {"compare": True}).json()
        asked = len(model.asked)
        told = events(client.post(PATH, json=LAMPS | {"compare": True}, headers=STREAM).text)
    assert asked == len(model.asked) == 3
    assert not [kind for kind, _ in told if kind in ("sentence", "line")]
    last = {data["id"]: data for kind, data in told if kind == "explanation"}
    assert list(last.values()) == first["explanations"]


def test_what_the_data_does_not_bear_out_is_not_shown(tmp_path: Path) -> None:
    with narrated(tmp_path, lambda _: "It costs $9. It is the best lamp of all.") as client:
        answer = client.post(PATH, json=LAMPS | {"compare": True}).json()
        metrics = client.get("/metrics").text
    assert {one["source"] for one in (*answer["explanations"], answer["comparison"])} == {"evidence"}
    assert answer["degraded"] == ["explanation"]
    assert "$9" not in json.dumps(answer)
    assert 'daogou_narrations_total{outcome="ungrounded"} 3.0' in metrics
    assert 'daogou_narration_dropped_total{fault="number"}' in metrics
    assert 'daogou_explanations_total{source="evidence"} 3.0' in metrics


def test_a_shoppers_taste_is_in_the_evidence_and_nothing_else_of_them(tmp_path: Path) -> None:
    app, model = with_model(open_shop(tmp_path), truthful)
    with client_of(app) as client:
        bought = {"type": "purchase", "user": "secret-shopper-7", "product": "l3"}
        assert client.post("/events", json=[bought]).status_code < 300
        answer = client.post(PATH, json={"q": "lamp", "ids": ["l1"], "user": "secret-shopper-7"})
    assert answer.json()["explanations"][0]["source"] == "model"
    assert model.asked
    assert "secret-shopper-7" not in json.dumps([one[:2] for one in model.asked])


# --- what is wrong with a request ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "named"),
    [
        ({"ids": "l1"}, "invalid_explain_ids", "ids"),
        ({"ids": [str(number) for number in range(21)]}, "invalid_explain_ids", "20"),
        ({"ids": [""]}, "invalid_explain_ids", "ids"),
        ({"ids": [1.5]}, "invalid_explain_ids", "ids"),
        ({"compare": "yes"}, "invalid_explain_compare", "compare"),
        ({"compare": True, "ids": ["l1"]}, "invalid_explain_compare", "2 to 5"),
        ({"compare": True, "ids": ["1", "2", "3", "4", "5", "6"]}, "invalid_explain_compare", "names 6"),
        ({"model": 1}, "invalid_explain_model", "model"),
        ({"explain": {"language": "fr"}}, "invalid_explain_language", "language"),
        ({"q": 7}, "invalid_explain_q", "q"),
        ({"filter": "nothing = 1"}, "invalid_search_filter", "nothing"),
        ({"doggo": 1}, "bad_request", "doggo"),
    ],
)
@pytest.mark.parametrize("headers", [{}, STREAM])
def test_what_is_wrong_is_named(
    teller: TestClient, body: dict[str, Any], code: str, named: str, headers: dict[str, str]
) -> None:
    answer = teller.post(PATH, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert named in answer.json()["message"]
    assert answer.headers["content-type"] == "application/json"


def test_other_errors_are_those_of_a_search(teller: TestClient) -> None:
    assert teller.post("/indexes/nothing/explain", json={"q": "x"}, headers=STREAM).json()["code"] == "index_not_found"
    assert teller.get(PATH).status_code == 405
    assert teller.head(PATH).status_code == 405
    broken = teller.post(PATH, content="{", headers={"Content-Type": "application/json"})
    assert broken.json()["code"] == "malformed_payload"


def test_unknown_products_are_left_out(teller: TestClient) -> None:
    answer = teller.post(PATH, json={"q": "lamp", "ids": ["l1", "gone"], "compare": True}).json()
    assert [one["id"] for one in answer["explanations"]] == ["l1"]
    assert "comparison" not in answer
    assert teller.post(PATH, json={"ids": []}).json()["explanations"] == []
    assert teller.post(PATH, json={"q": "lamp", "ids": ["gone"]}, headers=STREAM).text.startswith("event: done")


def test_products_that_are_not_on_the_page_are_explained_too(teller: TestClient) -> None:
    answer = teller.post(PATH, json={"q": "red lamp", "limit": 1, "ids": ["s1", "m1"], "model": False}).json()
    assert [one["id"] for one in answer["explanations"]] == ["s1", "m1"]
    assert all(one["text"] for one in answer["explanations"])


def test_with_keys_the_search_key_will_do(tmp_path: Path) -> None:
    with narrated(tmp_path, admin_key="a" * 20, search_key="s" * 20) as client:
        assert client.post(PATH, json=LAMPS).status_code == 401
        assert client.post(PATH, json=LAMPS, headers={"Authorization": "Bearer wrong"}).status_code == 403
        for key in ("a" * 20, "s" * 20):
            assert client.post(PATH, json=LAMPS, headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_pages_of_other_origins_may_listen_where_they_are_listed(tmp_path: Path) -> None:
    with narrated(tmp_path, cors_origins="https://shop.example") as client:
        asked = STREAM | {"Origin": "https://shop.example"}
        answer = client.post(PATH, json=LAMPS, headers=asked)
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert events(answer.text)[-1][0] == "done"


def test_it_is_described(reader: TestClient) -> None:
    post = reader.get("/openapi.json").json()["paths"]["/indexes/{index}/explain"]["post"]
    assert set(post["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    assert post["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("ExplainBody")


# --- time ------------------------------------------------------------------------------------------------------------


class Slow:
    """A model that says one sentence, and the next when the test lets it."""

    name = "slow"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.stopped = threading.Event()

    def complete(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("explanations are streamed")

    def stream(self, system: str, user: str, max_tokens: int) -> Iterator[str]:
        product = json.loads(user)["product"]
        try:
            yield f"This is the {product['title']}. It"
            while not self.go.wait(0.01):
                yield ""
            yield f" costs {product['price']}. "
        finally:
            self.stopped.set()

    def close(self) -> None:
        """Nothing is held."""


@contextmanager
def behind_a_server(folder: Path, **settings: Any) -> Iterator[tuple[str, Slow, Any]]:
    shop, model = open_shop(folder, **settings), Slow()
    narrator = Narrator(model)
    app = create_app(dataclasses.replace(shop.service, narrator=narrator), shop.settings)
    with listening(app) as address:
        try:
            yield address, model, app
        finally:
            model.go.set()


def test_evidence_and_sentences_do_not_wait_for_the_model_to_end(tmp_path: Path) -> None:
    body = {"q": "red desk lamp", "ids": ["l1"]}
    with (
        behind_a_server(tmp_path, llm_seconds=30) as (address, model, _),
        httpx.stream("POST", address + PATH, json=body, headers=STREAM, timeout=SECONDS) as answer,
    ):
        lines = (line for line in answer.iter_lines() if line)
        kinds = []
        for line in lines:
            kinds.append(line)
            if line == "event: sentence":
                assert not model.go.is_set()
                assert "This is the Red desk lamp." in next(lines)
                break
        assert kinds[0] == "event: explanation"
        # Searches are answered meanwhile.
        found = httpx.post(f"{address}/indexes/products/search", json={"q": "lamp"}, timeout=SECONDS).json()
        assert found["hits"]
        model.go.set()
        assert [line for line in lines if line.startswith("event:")] == [
            "event: sentence", "event: explanation", "event: done",
        ]  # fmt: skip


def stopped_and_free(model: Slow, app: Any) -> bool:
    """Whether the model is stopped, though it was not at its end, and the thread is there for others."""
    stopped = model.stopped.wait(SECONDS) and not model.go.is_set()
    places, deadline = app.state.desk.narrations.places, time.monotonic() + SECONDS
    while places.occupied() and time.monotonic() < deadline:
        time.sleep(0.01)
    return stopped and not places.occupied()


def test_whoever_leaves_a_stream_stops_the_model(tmp_path: Path) -> None:
    body = {"q": "red desk lamp", "ids": ["l1"]}
    with behind_a_server(tmp_path, llm_seconds=60) as (address, model, app):
        with httpx.stream("POST", address + PATH, json=body, headers=STREAM, timeout=SECONDS) as answer:
            lines = answer.iter_lines()
            while next(lines) != "event: sentence":
                pass
        assert stopped_and_free(model, app)


def test_whoever_leaves_before_the_answer_stops_the_model(tmp_path: Path) -> None:
    body = {"q": "red desk lamp", "ids": ["l1"]}
    with behind_a_server(tmp_path, llm_seconds=60) as (address, model, app):
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(address + PATH, json=body, timeout=1)
        assert stopped_and_free(model, app)


def test_when_the_time_is_up_what_was_said_stands(tmp_path: Path) -> None:
    body = {"q": "red desk lamp", "ids": ["l1"]}
    with behind_a_server(tmp_path, llm_seconds=0.5) as (address, model, _):
        answer = httpx.post(address + PATH, json=body, timeout=SECONDS).json()
        assert model.stopped.wait(SECONDS)
    assert answer["explanations"] == [{"id": "l1", "text": "This is the Red desk lamp.", "source": "model"}]
    assert answer["degraded"] == ["explanation"]


def test_where_all_places_are_taken_the_evidence_stands(tmp_path: Path) -> None:
    body = {"q": "red desk lamp", "ids": ["l1"]}
    with behind_a_server(tmp_path, llm_seconds=30) as (address, _, app):
        places = app.state.desk.narrations.places
        for _ in range(places.count):
            places.take()
        answer = httpx.post(address + PATH, json=body, timeout=SECONDS)
        for _ in range(places.count):
            places.give_back()
    assert answer.status_code == 200
    assert answer.json()["explanations"][0]["source"] == "evidence"
    assert answer.json()["degraded"] == ["explanation"]
