"""Streams of OpenAI-compatible servers, and servers that behave as badly as they can: each case through the client and
through Careful. It always ends in time, with the right kind of error; no key is told, no thread and no connection left.
"""

from __future__ import annotations

import gc
import gzip
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from llm_server import (
    DONE,
    EVENTS,
    LanguageModelServer,
    Reply,
    counted,
    event,
    piece,
    refuses,
    says,
    serving,
    streams,
    well,
)

from search.errors import LanguageModelBusy, LanguageModelError, LanguageModelRefused
from search.language_models import openai_compatible
from search.language_models.careful import Careful
from search.language_models.openai_compatible import MAX_ANSWER, OpenAICompatible
from search.language_models.patience import Patience, once
from search.protocols import Completion, LanguageModel

KEY = "sk-secret-4711"
SOON = 0.25
SLACK = 5.0
"""Seconds that a loaded machine may add to a deadline."""


@contextmanager
def asking(
    *replies: Reply,
    patience: Patience = once(20),  # noqa: B008
) -> Iterator[tuple[LanguageModelServer, OpenAICompatible]]:
    with serving(replies) as server:
        model = OpenAICompatible(server.url, "gpt-x", KEY, patience, lambda _: None)
        try:
            yield server, model
        finally:
            model.close()


def _stream(model: LanguageModel) -> Iterator[str]:
    return model.stream("be brief", "how are you?", 50)


def _ask(model: LanguageModel, how: str) -> None:
    if how == "complete":
        model.complete("be brief", "how are you?", 50)
    else:
        list(_stream(model))


def _so_far(stream: Iterator[str], signs: int) -> str:
    """What is said up to there, in however many pieces."""
    said = ""
    while len(said) < signs:
        said += next(stream)
    return said


def _until(what: Callable[[], bool], seconds: float = 5.0) -> None:
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.01)


# --- streams ---------------------------------------------------------------------------------------------------------


def test_pieces_add_up_to_what_is_said() -> None:
    with asking(well("A red", " lamp", ", 谢谢")) as (server, model):
        assert "".join(_stream(model)) == "A red lamp, 谢谢"
    (asked,) = server.asked
    assert asked.payload == {
        "model": "gpt-x",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "how are you?"}],
        "max_tokens": 50,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert asked.headers["authorization"] == f"Bearer {KEY}"


def test_the_first_piece_does_not_wait_for_the_last() -> None:
    with asking(streams("A", 0.4, " lamp", piece(finish="stop"), DONE)) as (_, model):
        stream = _stream(model)
        begun = time.monotonic()
        assert next(stream) == "A"
        first = time.monotonic() - begun
        assert list(stream) == [" lamp"]
        assert time.monotonic() - begun - first > 0.2


def test_at_its_end_it_knows_the_whole() -> None:
    with asking(well("A red", " lamp", finish="length")) as (_, model):
        stream = _stream(model)
        assert _so_far(stream, len("A red lamp")) == "A red lamp"
        with pytest.raises(StopIteration) as end:
            next(stream)
        assert end.value.value == Completion("A red lamp", True, 100, 7)


def test_nothing_is_asked_before_somebody_listens() -> None:
    with asking(well("A")) as (server, model):
        _stream(model)
        time.sleep(0.1)
        assert server.asked == []


def test_thoughts_are_no_pieces() -> None:
    reply = well("<thi", "nk>he wants", " 5</th", "ink>", "\n\n", "A lamp", " ")
    with asking(reply) as (_, model):
        assert list(_stream(model)) == ["A lamp"]


def test_a_server_that_knows_no_streams_is_understood() -> None:
    with asking(says(" A lamp ")) as (_, model):
        assert list(_stream(model)) == ["A lamp"]


_ROLE = event({"choices": [{"delta": {"role": "assistant", "content": None}, "finish_reason": None}]})
_END = piece(finish="stop")
_NO_CHOICES = event({"choices": None, "usage": {"prompt_tokens": 1}})
_PARTS = event({"choices": [{"delta": {"content": [{"type": "text", "text": "A"}]}}]})

ODD: dict[str, list[bytes | float | str]] = {
    "a role first": [_ROLE, "A", _END, DONE],
    "no mark of the end": ["A", _END],
    "more after the mark": ["A", _END, DONE, piece("B")],
    "no blank after the colon": [piece("A").replace(b"data: ", b"data:"), _END, b"data:[DONE]\n\n"],
    "CRLF": [part.replace(b"\n", b"\r\n") for part in (_ROLE, piece("A"), _END, DONE)],
    "signs of life": [b": PROCESSING\n\n", "A", b": ping\n", _END, DONE],
    "signs of life as events": [b"event: ping\ndata: {}\n\n", "A", _END, DONE],
    "names and numbers": [b"event: message\nid: 4\nretry: 10\n" + piece("A"), _END, DONE],
    "tokens without choices": ["A", _END, _NO_CHOICES, DONE],
    "a filter's word first": [event({"choices": [], "prompt_filter_results": []}), "A", _END, DONE],
    "no delta": [event({"choices": [{"delta": None}]}), "A", event({"choices": [{"finish_reason": "stop"}]}), DONE],
    "parts": [_PARTS, _END, DONE],
    "half an event, half a sign": [
        b'data: {"choices": [{"delta": {"content": "A\xe2',
        0.02,
        b'\x80\x8b"}}]}\n\n',
        _END,
    ],
}


@pytest.mark.parametrize("odd", ODD)
def test_servers_are_odd_and_understood(odd: str) -> None:
    with asking(streams(*ODD[odd])) as (_, model):
        assert "".join(_stream(model)).replace("\u200b", "") == "A"


def test_nothing_is_left_pending_when_it_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        with asking(well("A", " lamp")) as (_, model):
            list(_stream(model))
    gc.collect()
    assert not [record for record in caplog.records if record.name == "asyncio" and record.levelno >= logging.WARNING]


def test_one_connection_serves_one_question_after_another() -> None:
    with asking(well("A"), well("B"), says("C"), well("D")) as (server, model):
        assert ["".join(_stream(model)) for _ in range(4)] == ["A", "B", "C", "D"]
        assert server.opened == 1


def test_what_a_server_does_not_know_is_left_out_from_then_on() -> None:
    with asking(refuses(400, "unknown field: stream_options"), well("A"), well("B")) as (server, model):
        assert list(_stream(model)) == ["A"]
        assert list(_stream(model)) == ["B"]
        assert ["stream_options" in each.payload for each in server.asked] == [True, False, False]


def test_a_fault_before_the_first_piece_is_tried_again_and_none_after() -> None:
    broken = streams("A lamp", cut=True)
    with asking(refuses(500, "oops"), broken, patience=Patience(seconds=5, tries=3)) as (server, model):
        stream = _stream(model)
        assert next(stream) == "A lamp"
        with pytest.raises(LanguageModelBusy, match="in the middle of an answer"):
            next(stream)
        assert list(stream) == []
        assert len(server.asked) == 2


def test_closing_the_stream_closes_the_connection() -> None:
    with asking(streams("A", hang=True)) as (server, model):
        stream = _stream(model)
        assert next(stream) == "A"
        stream.close()  # type: ignore[attr-defined]
        _until(lambda: server.left == 1 and server.connected == 0)


def test_closing_from_another_thread_ends_the_waiting() -> None:
    with asking(streams("A", hang=True), patience=once(30)) as (server, model):
        stream = _stream(model)
        next(stream)
        threading.Timer(0.2, stream.close).start()  # type: ignore[attr-defined]
        begun = time.monotonic()
        with pytest.raises(LanguageModelBusy, match="was stopped"):
            next(stream)
        assert time.monotonic() - begun < 10
        _until(lambda: server.connected == 0)


def test_many_streams_at_once_do_not_mix() -> None:
    def reply(payload: object) -> Reply:
        asked = payload["messages"][1]["content"]  # type: ignore[index]
        return well(*[f"{asked} " for _ in range(20)])

    heard: dict[str, list[str]] = {}
    with serving(reply) as server:
        model = OpenAICompatible(server.url, "gpt-x", KEY, once(20))

        def listen(name: str) -> None:
            heard[name] = "".join(model.stream("", name, 5)).split()

        threads = [threading.Thread(target=listen, args=(f"n{number}",)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        model.close()
    assert heard == {f"n{number}": [f"n{number}"] * 20 for number in range(12)}


def test_a_closed_client_takes_no_more_questions() -> None:
    with asking(well("A")) as (_, model):
        list(_stream(model))
        model.close()
        model.close()
        with pytest.raises(LanguageModelError, match="closed"):
            model.complete("a", "b", 5)
        with pytest.raises(LanguageModelError, match="closed"):
            next(_stream(model))


def test_closing_the_client_gives_up_what_is_under_way() -> None:
    with asking(Reply(silent=True), patience=once(30)) as (_, model):
        threading.Timer(0.2, model.close).start()
        begun = time.monotonic()
        with pytest.raises(LanguageModelBusy):
            list(_stream(model))
        assert time.monotonic() - begun < 10


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_nothing_of_this_machine_or_its_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", "leaked")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/leaked")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: leaked\nAuthorization: Bearer leaked")
    for key in (KEY, None):
        with serving([says("hi"), well("hi")]) as server:
            model = OpenAICompatible(server.url, "gpt-x", key, once(5))
            model.complete("a", "b", 5)
            list(_stream(model))
            model.close()
        assert len(server.asked) == 2
        for asked in server.asked:
            assert "leaked" not in str(asked)
            assert asked.headers.get("authorization") == (f"Bearer {KEY}" if key else None)
            assert set(asked.headers) - {"authorization"} == {
                "host", "accept", "content-type", "content-length", "connection", "user-agent", "accept-encoding"
            }  # fmt: skip
            assert asked.headers["user-agent"] == "daogou"


def test_what_is_asked_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with asking(says("an answer"), well("an answer")) as (_, model):
        model.complete("instructions", "how are you?", 5)
        list(_stream(model))
    assert caplog.text
    for told in (KEY, "how are you?", "instructions", "an answer"):
        assert told not in caplog.text


# --- servers that misbehave ------------------------------------------------------------------------------------------

_BUSY, _REFUSED, _WRONG = LanguageModelBusy, LanguageModelRefused, LanguageModelError
_HALF = b'{"choices": [{"message": {"content": "'


def _bomb(of: bytes) -> bytes:
    return gzip.compress(of + b"x" * (50 * 2**20), 1)


BAD: dict[str, tuple[Reply, type[LanguageModelError]]] = {
    "hangs before headers": (Reply(silent=True), _BUSY),
    "hangs after headers": (streams(hang=True), _BUSY),
    "closes at once": (Reply(drop=True), _BUSY),
    "cuts the answer": (Reply(body=_HALF, cut=True), _BUSY),
    "dribbles": (Reply(body=says("x" * 500).body, dribble=0.02), _BUSY),
    "a page": (Reply(body=b"<html>welcome</html>", headers={"Content-Type": "text/html"}), _BUSY),
    "bytes": (Reply(body=b"\xff\xfe\x00\x01" * 100), _BUSY),
    "events of bytes": (streams(b"data: \xff\xfe\n\n"), _BUSY),
    "wrong JSON": (Reply(body=b'{"result": "hello"}'), _BUSY),
    "deep JSON": (Reply(body=b"[" * 100_000), _BUSY),
    "nothing": (Reply(), _BUSY),
    "no events": (streams(), _BUSY),
    "only the end": (streams(DONE), _BUSY),
    "half an event": (streams(b'data: {"choices": [{"del', cut=True), _BUSY),
    "events that are no chunks": (streams(event({"hello": "world"})), _BUSY),
    "events of a number": (streams(event(7)), _BUSY),
    "events of no JSON": (streams(event("hello")), _BUSY),
    "deep events": (streams(event("[" * 100_000)), _BUSY),
    "chunks of numbers": (streams(event({"choices": [{"delta": {"content": 7}}]})), _BUSY),
    "an error event": (streams(event({"error": {"message": "overloaded", "code": 503}})), _BUSY),
    "an error event without a number": (streams(event({"error": {"message": "oops"}})), _BUSY),
    "an error event of the request": (
        streams(event({"error": {"message": "too long", "type": "invalid_request_error"}})), _REFUSED
    ),
    "an error event of the key": (streams(event({"error": {"message": f"bad {KEY}", "code": "401"}})), _WRONG),
    "429": (refuses(429, f"slow down, {KEY}"), _BUSY),
    "429 with Retry-After": (refuses(429, "slow down", retry_after="30"), _BUSY),
    "500": (refuses(500, "oops"), _BUSY),
    "500 that hangs": (Reply(500, headers=EVENTS, parts=[b"oops"], hang=True), _BUSY),
    "503 of a page": (Reply(503, b"<html>" * 1000), _BUSY),
    "401": (refuses(401, f"Incorrect key: {KEY}"), _WRONG),
    "404": (refuses(404, "no such model"), _WRONG),
    "a redirect": (Reply(307, headers={"Location": "http://127.0.0.1:9/"}), _WRONG),
    "400": (refuses(400, "content filter"), _REFUSED),
    "204": (Reply(204), _WRONG),
    "10 MB of one line": (Reply(body=b"data: " + b"x" * (10 * 2**20)), _WRONG),
    "10 MB of one event": (streams(b"data: " + b"x" * (10 * 2**20)), _WRONG),
    "endless blanks": (Reply(headers=EVENTS, parts=itertools.repeat(b" " * 2**20)), _WRONG),
    "endless comments": (Reply(headers=EVENTS, parts=itertools.cycle([b": ping\n\n", 0.01])), _BUSY),
    "gzip bomb": (Reply(body=_bomb(_HALF), headers={"Content-Encoding": "gzip"}), _WRONG),
    "gzip bomb of events": (Reply(body=_bomb(b"data: "), headers={"Content-Encoding": "gzip", **EVENTS}), _WRONG),
    "gzip bomb of an error": (Reply(500, _bomb(b""), {"Content-Encoding": "gzip"}), _WRONG),
    "no gzip": (Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}), _BUSY),
}  # fmt: skip


SLOW = {"hangs before headers", "hangs after headers", "dribbles", "500 that hangs", "endless comments"}
"""What nothing but the deadline ends. The others end by themselves, and are given the time for it."""

LONG = {"10 MB of one event", "endless blanks", "too much"}
"""What is read in ticks until it is too much: seconds, were that 4 MiB, as it is in the cases that are read at once."""


@pytest.fixture
def _little_is_too_much(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if bad in LONG:
        monkeypatch.setattr(openai_compatible, "MAX_ANSWER", 2**20)


@pytest.mark.usefixtures("_little_is_too_much")
@pytest.mark.parametrize("how", ["complete", "stream"])
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_server_costs_no_more_than_the_deadline(bad: str, how: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reply, kind = BAD[bad]
    if bad.startswith("an error event of") and how == "complete":
        kind = LanguageModelBusy  # events are nonsense to whoever asked for none
    seconds = SOON if bad in SLOW else 20.0
    others = set(threading.enumerate())
    with serving([reply]) as server:
        client = OpenAICompatible(server.url, "gpt-x", KEY, once(seconds))
        for model in (client, Careful(client, seconds)):
            begun = time.monotonic()
            with pytest.raises(LanguageModelError) as caught:
                _ask(model, how)
            assert time.monotonic() - begun < seconds + SLACK
            assert type(caught.value) is kind
            assert KEY not in str(caught.value) + repr(caught.value) + caplog.text
        client.close()
        _until(lambda: server.connected == 0)
    _until(lambda: not [one for one in set(threading.enumerate()) - others if "language-model" in one.name])


MIDWAY: dict[str, tuple[list[bytes | float | str], dict[str, bool], type[LanguageModelError]]] = {
    "hangs": ([], {"hang": True}, _BUSY),
    "cuts": ([], {"cut": True}, _BUSY),
    "ends without its end": ([], {}, _BUSY),
    "ends with the mark alone": ([DONE], {}, _BUSY),
    "nonsense": ([event("hello")], {}, _BUSY),
    "no chunk": ([event({"hello": "world"})], {}, _BUSY),
    "bytes": ([b"data: \xff\xfe\n\n"], {}, _BUSY),
    "an error": ([event({"error": {"message": "overloaded"}})], {}, _BUSY),
    "a refusal": ([event({"error": {"message": "filtered", "code": 400}})], {}, _REFUSED),
    "the key": ([event({"error": {"message": f"expired {KEY}", "code": 401}})], {}, _WRONG),
    "too much": ([piece("x" * 2**20)] * 5, {}, _WRONG),
}


@pytest.mark.usefixtures("_little_is_too_much")
@pytest.mark.parametrize("careful", [False, True], ids=["client", "careful"])
@pytest.mark.parametrize("bad", MIDWAY)
def test_what_came_before_the_fault_is_given(bad: str, careful: bool) -> None:
    rest, how, kind = MIDWAY[bad]
    seconds = SOON if bad == "hangs" else 20.0
    with asking(streams("A", " red", *rest, **how), patience=once(seconds)) as (server, client):
        model: LanguageModel = Careful(client, seconds) if careful else client
        stream = _stream(model)
        begun = time.monotonic()
        assert _so_far(stream, len("A red")) == "A red"
        with pytest.raises(LanguageModelError) as caught:
            list(stream)
        assert time.monotonic() - begun < seconds + SLACK
        assert type(caught.value) is kind
        assert KEY not in str(caught.value)
        assert list(stream) == []
        _until(lambda: server.connected == 0 or not how.get("hang", False))
    assert len(server.asked) == 1


def test_a_bomb_takes_no_memory_to_speak_of() -> None:
    """What is unpacked is counted as it comes, so that the rest is never unpacked."""
    import tracemalloc

    reply, _ = BAD["gzip bomb"]
    with asking(reply) as (_, model):
        tracemalloc.start()
        with pytest.raises(LanguageModelError, match="more than 4 MiB"):
            model.complete("a", "b", 5)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 8 * MAX_ANSWER


def test_an_answer_that_is_packed_though_none_was_asked_for_is_read() -> None:
    packed = Reply(body=gzip.compress(says("well").body), headers={"Content-Encoding": "gzip"})
    with asking(packed) as (_, model):
        assert model.complete("a", "b", 5).text == "well"


def test_tokens_of_nonsense_are_not_counted() -> None:
    with asking(streams("A", piece(finish="stop"), counted("many", True), DONE)) as (_, model):
        stream = _stream(model)
        next(stream)
        with pytest.raises(StopIteration) as caught:
            next(stream)
        assert caught.value.value == Completion("A", False, None, None)


def test_one_retry_of_careful_mends_a_bad_server() -> None:
    with asking(refuses(500, "oops"), well("A lamp"), patience=once(3)) as (server, client):
        careful = Careful(client)
        assert list(_stream(careful)) == ["A lamp"]
        assert len(server.asked) == 2
        assert careful.counters().tokens == 107
        assert careful.counters().answered == 1
