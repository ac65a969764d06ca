"""Documents out of JSON, JSON lines and CSV, and what is refused."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from api.bodies import parse_documents, parse_json, read_body
from api.errors import ApiError


def csv(text: str, delimiter: str = ",") -> list[object]:
    return list(parse_documents("text/csv", text.encode(), delimiter))


def test_json_is_one_document_or_a_list() -> None:
    assert parse_documents("application/json", b'{"id":1}') == [{"id": 1}]
    assert parse_documents("application/json", b'\xef\xbb\xbf[{"id":1},{"id":2}]') == [{"id": 1}, {"id": 2}]
    assert parse_documents("application/json", b"[]") == []


def test_of_duplicate_keys_the_last_counts() -> None:
    assert parse_json(b'{"q":"a","q":"b"}') == {"q": "b"}


def test_json_lines_skip_empty_ones() -> None:
    assert parse_documents("application/x-ndjson", b'\xef\xbb\xbf{"id":1}\r\n\n{"id":2}\n') == [{"id": 1}, {"id": 2}]


def test_csv_types_its_columns() -> None:
    text = '\ufeffid,title,price,in_stock,weight:number,new:boolean\n1,"a, ""b""",3.50,TRUE,2,false\n2,c,,,,\n'
    assert csv(text) == [
        {"id": "1", "title": 'a, "b"', "price": 3.5, "in_stock": True, "weight": 2, "new": False},
        {"id": "2", "title": "c", "price": None, "in_stock": None, "weight": None, "new": None},
    ]


def test_csv_takes_another_delimiter_and_breaks_inside_quotes() -> None:
    assert csv('id;title\n1;"two\nlines"\n', ";") == [{"id": "1", "title": "two\nlines"}]


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("application/json", b"", "A json payload is missing"),
        ("application/x-ndjson", b" \n", "A ndjson payload is missing"),
        ("text/csv", b"\xef\xbb\xbf", "A csv payload is missing"),
        ("application/json", b"null", "but it is null"),
        ("application/json", b'"x"', "but it is a string"),
        ("application/json", b"[{},3]", "Document 1 of the array must be an object, not a positive integer"),
        ("application/json", b'[{"id":NaN}]', "malformed"),
        ("application/json", b'[{"price":1e400}]', "malformed"),
        ("application/json", b'[{"title":"\\ud800"}]', "malformed"),
        ("application/json", b'[{"title":"\xff"}]', "malformed"),
        ("application/json", b"[" * 5000, "malformed"),
        ("application/x-ndjson", b'{"id":1}\n{"id":', "Line 2 of the ndjson payload is malformed"),
        ("application/x-ndjson", b'{"id":1}\n[1]', "Line 2 must be an object"),
        ("text/csv", b"id,title\n1\n", "has 1 fields; the header has 2"),
        ("text/csv", b'id,title\n1,"open\n2,b\n3,c\n', "malformed near line 4"),
        ("text/csv", b"id,id\n1,2\n", "each once"),
        ("text/csv", b"id,\n1,2\n", "name every column"),
        ("text/csv", b"id,title\n1,\xff\n", "not UTF-8 at byte 11"),
        ("text/csv", b"id,price\n1,cheap\n", "Line 2 of the csv payload: `price` must be a number"),
        ("text/csv", b"id,price\n1,nan\n", "must be a number"),
        ("text/csv", b"id,price\n1,1_0\n", "must be a number"),
        ("text/csv", b"id,in_stock\n1,maybe\n", "must be true or false"),
        ("text/csv", b"id,title\n1," + b"x" * 200_000 + b"\n", "field larger than field limit"),
    ],
)
def test_says_what_is_wrong_and_never_repeats_the_body(kind: str, body: bytes, says: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_documents(kind, body)
    assert caught.value.status == 400
    assert says in caught.value.message
    assert len(caught.value.message) < 300


class Sender:
    """Sends one chunk after another, as many as are asked for."""

    def __init__(self, chunks: int, **headers: str) -> None:
        self.sent = 0
        self._chunks = chunks
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.request = Request({"type": "http", "headers": named}, self._receive)

    async def _receive(self) -> Message:
        self.sent += 1
        return {"type": "http.request", "body": b"x" * 1000, "more_body": self.sent < self._chunks}


def test_a_body_is_read_to_its_end() -> None:
    assert asyncio.run(read_body(Sender(3).request, 3000)) == b"x" * 3000


def test_no_more_is_read_than_the_limit() -> None:
    sender = Sender(1_000_000)
    with pytest.raises(ApiError, match="maximum accepted payload size") as caught:
        asyncio.run(read_body(sender.request, 5000))
    assert (caught.value.status, sender.sent) == (413, 6)


def test_nothing_is_read_of_a_body_that_announces_too_much() -> None:
    sender = Sender(10, content_length="10000")
    with pytest.raises(ApiError, match="size limit"):
        asyncio.run(read_body(sender.request, 5000))
    assert sender.sent == 0
