"""The client of OpenAI-compatible servers against a server of the test's own, which behaves as badly as they do."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from llm_server import LanguageModelServer, Reply, refuses, says, serving

from search.bootstrap import load_language_model
from search.errors import LanguageModelBusy, LanguageModelError, LanguageModelRefused, SettingsError
from search.language_models.openai_compatible import MAX_ANSWER, MAX_REQUEST, OpenAICompatible
from search.language_models.patience import Patience, once
from search.protocols import Completion
from search.settings import Settings

KEY = "sk-secret-4711"
SCHEMA = {"type": "object", "properties": {"grade": {"type": "integer"}}}


class Asking:
    """A client with a server; `pauses` are the seconds it would have slept."""

    def __init__(self, server: LanguageModelServer, patience: Patience, key: str | None) -> None:
        self.server = server
        self.pauses: list[float] = []
        self.model = OpenAICompatible(server.url, "gpt-x", key, patience, self.pauses.append)

    def ask(self, schema: object = None) -> Completion:
        return self.model.complete("be brief", "how are you?", 50, schema)


@contextmanager
def asking(*replies: Reply, patience: Patience = Patience(seconds=5), key: str | None = KEY) -> Iterator[Asking]:  # noqa: B008
    with serving(replies) as server:
        one = Asking(server, patience, key)
        try:
            yield one
        finally:
            one.model.close()


def test_the_question_goes_out_and_the_answer_comes_back() -> None:
    with asking(says(" well, 谢谢 ")) as one:
        assert one.ask(SCHEMA) == Completion("well, 谢谢", False, 100, 7)
        (asked,) = one.server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.payload == {
        "model": "gpt-x",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "how are you?"}],
        "max_tokens": 50,
        "temperature": 0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        },
    }


def test_local_servers_need_no_key() -> None:
    with asking(says("hi"), key=None) as one:
        one.ask()
        assert "authorization" not in one.server.asked[0].headers
        assert "response_format" not in one.server.asked[0].payload


def test_too_many_requests_then_well() -> None:
    with asking(refuses(429, "slow down", retry_after="3"), says("well")) as one:
        assert one.ask().text == "well"
        assert one.pauses == [3.0]


def test_retry_after_may_be_a_date() -> None:
    later = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 20))
    with asking(refuses(503, "", Retry_After=later), says("well")) as one:
        one.ask()
        assert 15 < one.pauses[0] <= 20


@pytest.mark.parametrize("value", ["soon", "-3", "1e9", "99999999999999"])
def test_retry_after_that_cannot_be_read_is_no_pause_of_years(value: str) -> None:
    with asking(refuses(429, "", Retry_After=value), says("well")) as one:
        one.ask()
        assert 0.5 <= one.pauses[0] <= 1


def test_whoever_asks_for_an_hour_is_busy() -> None:
    with asking(refuses(429, "quota", retry_after="3600"), says("well")) as one:
        with pytest.raises(LanguageModelBusy, match=r"gpt-x at 127.0.0.1 answered 429 \(quota\), asked once"):
            one.ask()
        assert one.pauses == []


def test_broken_for_good() -> None:
    with asking(refuses(500, "oops")) as one:
        with pytest.raises(LanguageModelBusy, match="asked 4 times"):
            one.ask()
        assert len(one.server.asked) == 4
        assert 0.5 <= one.pauses[0] <= 1 <= one.pauses[1] <= 2 <= one.pauses[2] <= 4


@pytest.mark.parametrize(
    "garbage",
    [
        Reply(body=b"<html>welcome</html>"),
        Reply(body=b'{"choices": []}'),
        Reply(body=b'{"choices": [{"message": {"content": 7}}]}'),
        Reply(body=b'{"choices": [{"message": "hi"}]}'),
        Reply(body=b"[" * 100_000),
        Reply(body=b"\xff\xfe\x00"),
        Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}),
        Reply(body=b'{"choices": [', cut=True),
        Reply(body=says("too late").body, slow=1.0),
        Reply(body=says("dribble").body, dribble=0.05),
    ],
    ids=["page", "no choice", "number", "no object", "deep", "bytes", "packed", "cut short", "slow", "dribbling"],
)
def test_nonsense_is_asked_again(garbage: Reply) -> None:
    with asking(garbage, says("well"), patience=Patience(seconds=0.4, tries=2)) as one:
        assert one.ask().text == "well"
        assert len(one.pauses) == 1


def test_nobody_there() -> None:
    with serving([says("hi")]) as server:
        gone = server.url
    one = OpenAICompatible(gone, "gpt-x", None, Patience(seconds=1, tries=2), lambda _: None)
    with pytest.raises(LanguageModelBusy, match=r"cannot be reached \(ConnectionRefusedError\), asked 2 times"):
        one.complete("a", "b", 1)
    one.close()


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    with (
        asking(Reply(body=b" " * (MAX_ANSWER + 1))) as one,
        pytest.raises(LanguageModelError, match="more than 4 MiB"),
    ):
        one.ask()


def test_a_question_without_measure_is_not_sent() -> None:
    with asking(says("hi")) as one:
        with pytest.raises(LanguageModelRefused, match="too many"):
            one.model.complete("", "x" * (MAX_REQUEST + 1), 5)
        assert one.server.asked == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (refuses(401, "bad key"), "DAOGOU_LLM_API_KEY"),
        (refuses(404, "model not found"), "DAOGOU_LLM_URL.*DAOGOU_LLM_MODEL.*model not found"),
        (Reply(307, headers={"Location": "http://127.0.0.1:9/elsewhere"}), "redirect"),
        (refuses(402, "Insufficient Balance"), "Insufficient Balance"),
        (Reply(204), "204"),
    ],
)
def test_what_asking_again_cannot_mend_is_said_at_once(reply: Reply, words: str) -> None:
    with asking(reply) as one:
        with pytest.raises(LanguageModelError, match=words):
            one.ask()
        assert len(one.server.asked) == 1


def test_one_request_refused() -> None:
    with asking(refuses(400, "content filter")) as one, pytest.raises(LanguageModelRefused, match="content filter"):
        one.ask(SCHEMA)


def test_what_a_server_does_not_know_is_left_out_from_then_on() -> None:
    with asking(
        refuses(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        refuses(400, "Unsupported value: 'temperature' does not support 0 with this model."),
        refuses(422, "This response_format type is unavailable now"),
        says("well"),
    ) as one:
        assert one.ask(SCHEMA).text == "well"
        assert one.ask(SCHEMA).text == "well"
        last, again = one.server.asked[-2:]
        assert len(one.server.asked) == 5
    assert last.payload == again.payload
    assert set(last.payload) == {"model", "messages", "max_completion_tokens"}
    assert one.pauses == []


def test_a_question_that_is_refused_in_every_form_changes_nothing_for_others() -> None:
    """The refusal names a parameter and means the question."""
    with asking(
        refuses(400, "This model's context holds 4096 tokens: shorten the messages or max_tokens."),
        refuses(400, "This model's context holds 4096 tokens: shorten the messages."),
        says("well"),
    ) as one:
        with pytest.raises(LanguageModelRefused, match="shorten"):
            one.ask(SCHEMA)
        assert one.ask(SCHEMA).text == "well"
        first, reduced, later = (each.payload for each in one.server.asked)
    assert "max_tokens" not in reduced
    assert later == first


def test_a_refusal_that_stays_ends() -> None:
    with asking(refuses(400, "temperature max_tokens response_format json_schema")) as one:
        with pytest.raises(LanguageModelRefused):
            one.ask(SCHEMA)
        assert len(one.server.asked) == 4


def test_running_out_of_tokens_is_told() -> None:
    with asking(says("and then", finish="length", usage={})) as one:
        assert one.ask() == Completion("and then", True, None, None)


@pytest.mark.parametrize("usage", ["much", {"prompt_tokens": -1, "completion_tokens": True}])
def test_tokens_are_counted_only_where_they_are_numbers(usage: object) -> None:
    with asking(says("hi", usage=usage)) as one:
        assert one.ask() == Completion("hi", False, None, None)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("<think>hm, {grade: 3}?</think>\n{}", "{}"),
        ("<think>never ends", ""),
        (None, ""),
        ("ok \ud800", "ok ?"),
        ("no <think>x</think>", "no <think>x</think>"),
    ],
)
def test_thoughts_are_no_answer(said: str | None, text: str) -> None:
    with asking(says(said)) as one:
        assert one.ask().text == text


def test_the_key_is_nowhere_to_be_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with asking(refuses(429, f"key {KEY} is too fast"), refuses(401, f"Incorrect key: {KEY}")) as one:
        with pytest.raises(LanguageModelError) as caught:
            one.ask()
        assert "Incorrect key: ***" in str(caught.value)
        shown = repr(one.model) + str(caught.value) + repr(caught.value) + caplog.text
    assert caplog.text
    assert KEY not in shown


@pytest.mark.parametrize("key", ["sk-abc\ndef", "sk-schlüssel", "two words"])
def test_an_impossible_key_is_refused_without_being_said(key: str) -> None:
    with pytest.raises(SettingsError, match="DAOGOU_LLM_API_KEY") as caught:
        OpenAICompatible("http://localhost/v1", "gpt-x", key)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:11434", "no web address"),
        ("ftp://models", "no web address"),
        ("", "no web address"),
        ("http://[::1", "no web address"),
        ("https://me:pass@models.example/v1", "user or password"),
        ("https://models.example/v1?key=abc", "after"),
    ],
)
def test_addresses_that_cannot_be(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        OpenAICompatible(url, "gpt-x")
    assert "pass@" not in str(caught.value)
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"), [("HTTP_PROXY", "nonsense://user:pa55@proxy"), ("SSL_CERT_FILE", "/no/such/file")]
)
def test_a_proxy_or_certificates_that_cannot_be(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as caught:
        OpenAICompatible("http://models.example/v1", "gpt-x")
    assert "pa55" not in str(caught.value)


def test_why_there_is_no_connection() -> None:
    with serving([says("hi")]) as server:
        for url, why in (
            (server.url.replace("http:", "https:"), "SSLError"),
            ("http://127.0.0.1:9", "ConnectionRefused"),
        ):
            one = OpenAICompatible(url, "gpt-x", patience=once(5))
            with pytest.raises(LanguageModelBusy, match=rf"cannot be reached \({why}"):
                one.complete("a", "b", 5)
            one.close()


def test_closing_ends_a_pause_between_two_tries() -> None:
    with serving([refuses(429, "slow down", retry_after="50")]) as server:
        one = OpenAICompatible(server.url, "gpt-x")
        threading.Timer(0.3, one.close).start()
        begun = time.monotonic()
        with pytest.raises(LanguageModelError, match="closed"):
            one.complete("a", "b", 5)
        assert time.monotonic() - begun < 20


def test_closing_gives_up_a_question_under_way() -> None:
    with serving([Reply(silent=True)]) as server:
        one = OpenAICompatible(server.url, "gpt-x")
        threading.Timer(0.3, one.close).start()
        with pytest.raises(LanguageModelError, match="closed in the middle"):
            one.complete("a", "b", 5)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "text", "text": "A "}, {"type": "text", "text": "lamp"}], "A lamp"),
        (
            [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "A lamp"}],
            "A lamp",
        ),
        ([], ""),
    ],
)
def test_an_answer_may_come_in_parts(content: Any, text: str) -> None:
    with asking(says(content)) as one:
        assert one.ask().text == text


@pytest.mark.parametrize("content", [["A lamp"], [{"type": "text", "text": 7}], {"text": "A lamp"}])
def test_parts_that_are_none(content: Any) -> None:
    with asking(says(content), patience=once(5)) as one, pytest.raises(LanguageModelBusy, match="no chat completion"):
        one.ask()


def test_the_whole_endpoint_is_an_address_too() -> None:
    with serving([says("hi")]) as server:
        one = OpenAICompatible(server.url + "/chat/completions/", "gpt-x")
        one.complete("a", "b \ud83d", 5)
        one.close()
        assert server.asked[0].path == "/v1/chat/completions"
        assert server.asked[0].payload["messages"][1]["content"] == "b ?"


# --- settings --------------------------------------------------------------------------------------------------------


def _settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(f"DAOGOU_LLM_{name.upper()}", value)
    return Settings(_env_file=None)  # type: ignore[call-arg]


def test_no_setting_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_language_model(_settings(monkeypatch)) is None


def test_settings_make_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving([says(json.dumps({"grade": 2}))]) as server:
        model = load_language_model(_settings(monkeypatch, url=server.url, model="gpt-x", api_key=KEY))
        assert model is not None
        assert model.name == "gpt-x"
        assert model.complete("a", "b", 5).text == '{"grade": 2}'
        assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
        model.close()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": "local:qwen", "url": "http://localhost/v1"}, "Unset DAOGOU_LLM_URL"),
        ({"model": "gpt-x"}, "set DAOGOU_LLM_URL"),
        ({"url": "http://localhost/v1"}, "set DAOGOU_LLM_MODEL"),
    ],
)
def test_half_set_is_said(monkeypatch: pytest.MonkeyPatch, values: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load_language_model(_settings(monkeypatch, **values))
