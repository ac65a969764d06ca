"""JSON lines and arrays, where one broken row costs one row."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import json_rows
from indexer.json_rows import elements, layout, lines, parse
from indexer.problems import Unreadable
from search.errors import CatalogueError


class Trickle(io.RawIOBase):
    """Gives out a few bytes at a time, so that every token is cut somewhere."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece, self._data = self._data[: self._size], self._data[self._size :]
        buffer[: len(piece)] = piece
        return len(piece)


def read(data: bytes, size: int = 1 << 20) -> list[tuple[int, Any]]:
    found: list[tuple[int, Any]] = []
    for piece in elements(io.BufferedReader(Trickle(data, size)), "f.json"):
        assert piece.data is not None
        try:
            found.append((piece.line, parse(piece.data).value))
        except Unreadable as error:
            found.append((piece.line, str(error)))
    return found


@pytest.fixture(params=[1, 5, 1 << 18])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(json_rows, "_CHUNK", request.param)
    return int(request.param)


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"[]", []),
        (b'[{"a":1},\n{"a":[2,{"b":"]}\\""}]}\n]', [(1, {"a": 1}), (2, {"a": [2, {"b": ']}"'}]})]),
        (b'{"n":2,"tags":["x"],"items":[{"a":1},\n\n{"a":2}],"z":{"q":[1]}}', [(1, {"a": 1}), (3, {"a": 2})]),
        (b'{"data":{"items":[{"a":1}]}}', [(1, {"a": 1})]),
        (b'[1, "x, y", null,\n{"a":1}]', [(1, 1), (1, "x, y"), (1, None), (2, {"a": 1})]),
    ],
)
def test_arrays(window: int, data: bytes, rows: list[Any]) -> None:
    assert read(data, window) == rows


def test_a_broken_element_costs_itself(window: int) -> None:
    rows = read(b'[{"a":1},{a:2},{"a":tru},{"a":"\\ud800"},{"a":4}]', window)
    assert [value for _, value in rows if isinstance(value, dict)] == [{"a": 1}, {"a": "�"}, {"a": 4}]
    assert "not valid JSON" in rows[1][1]


@pytest.mark.parametrize("data", [b'[{"a":1},{"a":', b'[{"a":1},{"a":"x', b'[{"a":1}', b'[{"a":1},\n{"a":[2}]'])
def test_an_array_that_ends_in_the_middle_is_an_error(window: int, data: bytes) -> None:
    with pytest.raises(CatalogueError, match="ends in the middle"):
        read(data, window)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b'{"a":1}', "no array"),
        (b'{"tags":["x"]}', "no array"),
        (b'{"a":[{"x":1}],"b":[{"y":1}]}', "more than one array"),
        (b'[{"x":1}]\n[{"y":1}]', "more than one array"),
    ],
)
def test_what_holds_no_single_array_of_objects(window: int, data: bytes, complaint: str) -> None:
    with pytest.raises(CatalogueError, match=complaint):
        read(data, window)


def test_an_element_beyond_the_limit_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "ROW_LIMIT", 1000)
    monkeypatch.setattr(json_rows, "_CHUNK", 100)
    with pytest.raises(CatalogueError, match="longer than"):
        read(b'[{"a":"' + b"x" * 5000 + b'"}]')


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a":NaN}', {"a": math.nan}),
        (b'{"a":-Infinity}', {"a": -math.inf}),
        (b'{"a":1e400}', {"a": math.inf}),
        (b'{"id":12345678901234567890123}', {"id": 12345678901234567890123}),
        (b'{"a":"one\ttab"}', {"a": "one\ttab"}),
        (b'{"a":"\\ud83d\\ude00\\ud83d"}', {"a": "😀�"}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'{"a":"caf\xe9"}', {"a": "café"}),
        (b"[1,2]", [1, 2]),
    ],
)
def test_what_a_row_is_forgiven(data: bytes, value: Any) -> None:
    assert repr(parse(data).value) == repr(value)


@pytest.mark.parametrize(
    "data", [b"{", b'{"a":1}}', b"nope", b"[" * 50_000, b'{"a":' * 50_000, b'{"a":1' + b"0" * 5000 + b"x}"]
)
def test_what_it_is_not_forgiven(data: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(data)


def test_a_number_of_thousands_of_digits_is_infinite_not_slow() -> None:
    assert parse(b'{"a":' + b"9" * 100_000 + b"}").value == {"a": math.inf}


def test_lines_are_counted_and_long_ones_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "ROW_LIMIT", 20)
    data = b'{"a":1}\n\n  \n' + b"x" * 95 + b'\n{"a":2}\r\n{"a":3}'
    found = [(piece.line, piece.data) for piece in lines(io.BufferedReader(io.BytesIO(data)))]
    assert found == [(1, b'{"a":1}\n'), (4, None), (5, b'{"a":2}\r\n'), (6, b'{"a":3}')]


@pytest.mark.parametrize(
    ("data", "extension", "kind"),
    [
        (b'{"a":1}\n{"a":2}\n', "json", "lines"),
        (b'\n[{"a":1},\n{"a":2}]', "jsonl", "array"),
        (b'[{"a":1}]', "jsonl", "array"),
        (b'[1]\n{"a":1}', "jsonl", "lines"),
        (b'{"items":[\n{"a":1}]}', "json", "object"),
        (b'{"a":1}', "jsonl", "lines"),
        (b'{"a":NaN}\n{"a":2}', "json", "lines"),
    ],
)
def test_layouts(data: bytes, extension: str, kind: str) -> None:
    assert layout(io.BufferedReader(io.BytesIO(data)), extension) == kind


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab]}"\\,', max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.text('id[{"\\', max_size=3), values, max_size=3), max_size=5),
    st.sampled_from([None, 1]),
    st.integers(1, 9),
    st.booleans(),
)
def test_any_array_is_read_as_json_reads_it(rows: list[Any], indent: int | None, size: int, wrapped: bool) -> None:
    text = json.dumps({"n": "[{", "rows": rows} if wrapped and rows else rows, indent=indent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "_CHUNK", size)
        assert [value for _, value in read(text.encode(), size)] == rows
