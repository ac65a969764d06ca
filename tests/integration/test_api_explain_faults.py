"""A language model server that hangs, cuts, dribbles, talks nonsense, or says 429 and 500: the evidence stands."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_service import client_of, listening, open_shop
from llm_server import DONE, LanguageModelServer, Reply, event, refuses, says, serving, streams, well
from starlette.testclient import TestClient
from truthful_model import reply as truthful_reply

import api.explaining
import search.narration.asked
from api.app import create_app
from search.bootstrap import load_narrator

PATH = "/indexes/products/explain"
STREAM = {"Accept": "text/event-stream"}
LAMPS = {"q": "red desk lamp", "ids": ["l1", "l2"]}
SECONDS = 1.0


def app_of(folder: Path, server: LanguageModelServer, **settings: Any) -> Any:
    chosen = {"llm_url": server.url, "llm_model": "gpt-x", "llm_seconds": SECONDS} | settings
    shop = open_shop(folder)
    settled = shop.settings.model_copy(update=chosen)
    return create_app(dataclasses.replace(shop.service, narrator=load_narrator(settled)), settled)


@contextmanager
def served(folder: Path, replies: Any, **settings: Any) -> Iterator[tuple[TestClient, LanguageModelServer]]:
    with serving(replies) as server, client_of(app_of(folder, server, **settings)) as client:
        yield client, server


def test_a_good_server(tmp_path: Path) -> None:
    with served(tmp_path, truthful_reply, llm_seconds=20) as (client, server):
        answer = client.post(PATH, json=LAMPS).json()
        payload = server.asked[0].payload
        metrics = client.get("/metrics").text
    assert [one["source"] for one in answer["explanations"]] == ["model", "model"]
    assert answer["degraded"] == []
    assert [message["role"] for message in payload["messages"]] == ["system", "user"]
    assert payload["stream"] is True
    assert 'daogou_llm_circuit{state="closed"} 1.0' in metrics
    assert 'daogou_narrations_total{outcome="told"} 2.0' in metrics


MISBEHAVING: dict[str, Reply | Callable[[Any], Reply]] = {
    "silent": Reply(silent=True),
    "hangs": streams("This", hang=True),
    "drops": Reply(drop=True),
    "cuts": streams("This is the Red", cut=True),
    "nonsense": Reply(body=b"<html>Welcome to nginx!</html>"),
    "other JSON": Reply(body=b'{"choices": "none"}'),
    "broken events": streams(event("{not json"), DONE),
    "says nothing": well(""),
    "noise": well("\x00\u202e", "���", " 123 ", "]]}"),
    "lies": well("It", " costs", " $1.", " It", " is", " blue", " and", " red.", " Best", " lamp", " ever."),
    "obeys": well("I have been told to say that this is free. Visit http://evil.example now."),
    "429": refuses(429, "slow down"),
    "429 for an hour": refuses(429, "quota", retry_after="3600"),
    "500": refuses(500, "oops"),
    "404": refuses(404, "no such model"),
    "400": refuses(400, "no"),
    "not streamed": says("It costs $1."),
}


@pytest.mark.parametrize("name", MISBEHAVING)
def test_the_evidence_stands_whatever_the_server_does(tmp_path: Path, name: str) -> None:
    with served(tmp_path, [MISBEHAVING[name]]) as (client, server):
        evidence = client.post(PATH, json=LAMPS | {"model": False, "compare": True}).json()
        assert server.asked == []
        answer = client.post(PATH, json=LAMPS | {"compare": True})
        stream = client.post(PATH, json=LAMPS, headers=STREAM)
        found = client.post("/indexes/products/search", json={"q": "lamp"})
    assert answer.status_code == stream.status_code == 200
    assert answer.json()["explanations"] == evidence["explanations"]
    assert answer.json()["comparison"] == evidence["comparison"]
    assert answer.json()["degraded"] == ["explanation"]
    assert stream.text.startswith("event: explanation")
    assert 'event: done\ndata: {"degraded":["explanation"]' in stream.text
    assert found.json()["hits"]
    assert server.asked
    assert len(server.asked) < 20


def test_a_stream_that_is_cut_keeps_what_was_whole(tmp_path: Path) -> None:
    said = streams("This is the Red desk lamp. ", "It costs", cut=True)
    with served(tmp_path, [said]) as (client, _):
        answer = client.post(PATH, json=LAMPS | {"ids": ["l1"]}).json()
    assert answer["explanations"][0]["text"] == "This is the Red desk lamp."
    assert answer["explanations"][0]["source"] == "model"
    assert answer["degraded"] == ["explanation"]


def test_a_server_that_is_down_is_soon_not_waited_for(tmp_path: Path) -> None:
    """The breaker opens: then explanations are there as fast as the evidence, and the server has its peace."""
    with served(tmp_path, [refuses(500, "oops")]) as (client, server):
        for number in range(12):
            client.post(PATH, json=LAMPS | {"q": f"red lamp {number}"})
        asked = len(server.asked)
        for number in range(12, 16):
            client.post(PATH, json=LAMPS | {"q": f"red lamp {number}"})
        metrics = client.get("/metrics").text
    assert len(server.asked) == asked < 24
    assert 'daogou_llm_circuit{state="open"} 1.0' in metrics
    assert 'daogou_llm_calls_total{outcome="refused_open"} 0.0' not in metrics


def test_while_the_model_is_not_asked_nothing_is_prepared_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No question, no thread; the events and what is counted are those of a model that was asked and failed."""

    def prepared(*_: Any, **__: Any) -> Any:
        raise AssertionError("nobody will ask that")

    asked = LAMPS | {"compare": True}
    with served(tmp_path, [refuses(429, "quota", retry_after="3600")]) as (client, _):
        failed = kinds_of(client.post(PATH, json=asked, headers=STREAM).text)
        before = client.get("/metrics").text
        monkeypatch.setattr(api.explaining, "Narration", prepared)
        for name in ("shown", "explaining", "comparing"):
            monkeypatch.setattr(search.narration.asked, name, prepared)
        answer = client.post(PATH, json=asked, headers=STREAM)
        metrics = client.get("/metrics").text
    assert sorted(kinds_of(answer.text)) == sorted(failed)
    assert kinds_of(answer.text)[-1] == "done"
    assert '"degraded":["explanation"]' in answer.text
    assert '"source":"model"' not in answer.text
    for counter in ('daogou_narrations_total{outcome="failed"}', 'daogou_llm_calls_total{outcome="refused_open"}'):
        assert _value(metrics, counter) == _value(before, counter) + 3


def kinds_of(stream: str) -> list[str]:
    return [line.removeprefix("event: ") for line in stream.splitlines() if line.startswith("event: ")]


def _value(metrics: str, counter: str) -> float:
    (line,) = [line for line in metrics.splitlines() if line.startswith(counter)]
    return float(line.removeprefix(counter))


def test_a_server_that_hangs_is_soon_not_waited_for(tmp_path: Path) -> None:
    with served(tmp_path, [Reply(silent=True)], llm_seconds=0.3) as (client, server):
        for number in range(20):
            client.post(PATH, json=LAMPS | {"q": f"red lamp {number}"})
            if 'daogou_llm_circuit{state="open"} 1.0' in client.get("/metrics").text:
                break
        asked = len(server.asked)
        answer = client.post(PATH, json=LAMPS | {"q": "another lamp"}).json()
        metrics = client.get("/metrics").text
    assert 'daogou_llm_circuit{state="open"} 1.0' in metrics
    assert len(server.asked) == asked
    assert answer["degraded"] == ["explanation"]
    assert 'daogou_narrations_total{outcome="failed"} 0.0' not in metrics


def test_what_was_told_before_survives_the_server(tmp_path: Path) -> None:
    well_so_far = [True]

    def reply(payload: Any) -> Reply:
        return truthful_reply(payload) if well_so_far[0] else refuses(500, "oops")

    with served(tmp_path, reply, llm_seconds=20) as (client, _):
        before = client.post(PATH, json=LAMPS).json()
        well_so_far[0] = False
        after = client.post(PATH, json=LAMPS).json()
        other = client.post(PATH, json=LAMPS | {"q": "something else"}).json()
    assert after["explanations"] == before["explanations"]
    assert {one["source"] for one in after["explanations"]} == {"model"}
    assert (after["degraded"], other["degraded"]) == ([], ["explanation"])


def test_the_tokens_of_a_day_are_kept_to(tmp_path: Path) -> None:
    with served(tmp_path, truthful_reply, llm_tokens_per_day=2000, llm_seconds=20) as (client, server):
        answers = [client.post(PATH, json={"q": f"lamp {number}", "ids": ["l1"]}).json() for number in range(30)]
        metrics = client.get("/metrics").text
    assert answers[0]["degraded"] == []
    assert answers[-1]["degraded"] == ["explanation"]
    assert answers[-1]["explanations"][0]["source"] == "evidence"
    assert 0 < len(server.asked) < 30
    assert 'daogou_llm_calls_total{outcome="refused_spent"} 0.0' not in metrics


def test_nothing_of_the_words_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    for replies in ([well("It costs $1. It cures gout.")], [refuses(500, "gout")], truthful_reply):
        with served(tmp_path / str(id(replies)), replies) as (client, _):
            client.post(PATH, json={"q": "lamp for somebody with gout", "ids": ["l1"]})
    ours = [one.getMessage() for one in caplog.records if one.name.startswith(("api", "daogou", "search.narration"))]
    assert ours
    assert not [line for line in ours if "gout" in line or "Red desk lamp" in line]


def test_searches_are_answered_while_the_server_hangs(tmp_path: Path) -> None:
    with (
        serving([Reply(silent=True)]) as server,
        listening(app_of(tmp_path, server, llm_seconds=60)) as address,
        ExitStack() as stack,
    ):
        held = []  # an iterator that is let go of closes its answer
        for number in range(6):
            client = stack.enter_context(httpx.Client(timeout=30))
            body = LAMPS | {"q": f"lamp {number}"}
            answer = stack.enter_context(client.stream("POST", address + PATH, json=body, headers=STREAM))
            # The evidence is there at once, for all of them.
            held.append(answer.iter_lines())
            assert next(held[-1]) == "event: explanation"
        for number in range(5):
            found = httpx.post(f"{address}/indexes/products/search", json={"q": f"lamp {number}"}, timeout=30)
            assert found.json()["hits"]
        assert httpx.get(f"{address}/health", timeout=30).json() == {"status": "available"}
        deadline = time.monotonic() + 20
        while not server.asked and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.asked  # and none of them has been let go yet
        assert server.left == 0


def test_a_shop_without_a_model_says_so_nowhere(tmp_path: Path) -> None:
    with client_of(open_shop(tmp_path).app()) as client:
        answer = client.post(PATH, json=LAMPS).json()
        assert "daogou_llm" not in client.get("/metrics").text
    assert answer["degraded"] == []
    assert "model" not in json.dumps(answer)
