"""Whoever can take an event stream does not want one for that: the weights of Accept decide."""

from __future__ import annotations

import pytest

from api.wanted import prefers


@pytest.mark.parametrize(
    ("accept", "stream"),
    [
        ([], False),
        (["*/*"], False),
        (["application/json"], False),
        (["text/event-stream"], True),
        (["TEXT/Event-Stream; charset=utf-8"], True),
        (["text/event-stream, */*;q=0.1"], True),
        (["text/*, application/json;q=0.9"], True),
        (["application/json, text/event-stream"], False),
        (["application/json;q=0.5, text/event-stream"], True),
        (["application/json", "text/event-stream;q=0.8"], False),
        (["application/json;q=0.2", "text/event-stream;q=0.8"], True),
        (["text/event-stream;q=0, */*"], False),
        (["text/html"], False),
        (["text/event-stream;q=many"], True),
        (["text/event-stream;q=nan, application/json;q=2"], False),
        ([",,;q=1,"], False),
    ],
)
def test_weights(accept: list[str], stream: bool) -> None:
    assert prefers(accept, "text/event-stream", "application/json") is stream
