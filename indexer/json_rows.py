"""JSON lines and JSON arrays → values with line numbers, one at a time, so that a broken row costs that row only.

A streaming JSON parser such as ijson gives up on the whole file at the first NaN or stray byte. Arrays are therefore
cut into the texts of their elements here, and each element is parsed like a line of JSON lines.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import orjson

from indexer.cleaning import repair_surrogates
from indexer.encodings import decode_line
from indexer.problems import Unreadable
from search.domain import Json
from search.errors import CatalogueError

ROW_LIMIT = 64 << 20
"""Bytes of the longest row that is read; a longer one is rejected."""

Layout = Literal["lines", "array", "object"]

_CHUNK = 1 << 18
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}"]', re.DOTALL)
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_EXACT = 2**53
_DIGITS_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of one row and the line it begins on; `data` is None where the row was longer than ROW_LIMIT."""

    line: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A row's value; `mended` when bytes in it were no UTF-8."""

    value: Json
    mended: bool = False


def lines(stream: io.BufferedReader) -> Iterator[Piece]:
    """The physical lines of a UTF-8 stream, blank ones left out."""
    number = 0
    while data := stream.readline(ROW_LIMIT + 1):
        number += 1
        if len(data) > ROW_LIMIT:
            while data and not data.endswith(b"\n"):
                data = stream.readline(ROW_LIMIT)
            yield Piece(number, None)
        elif not data.isspace():
            yield Piece(number, data)


def layout(stream: io.BufferedReader, extension: str) -> Layout:
    """How rows are laid out, judged by how the file begins: people give `.json` to JSON lines and the reverse."""
    head = stream.peek().lstrip()
    first, _, more = head.partition(b"\n")
    if more.strip() and _is_json(first):
        return "lines"
    if head.startswith(b"["):
        return "array"
    return "object" if extension == "json" and head.startswith(b"{") else "lines"


def parse(data: bytes) -> Parsed:
    """The value of one row. Raises Unreadable.

    NaN and Infinity are let through (as floats) for the fields to judge, lone surrogates become U+FFFD, control
    characters inside strings and bytes that are no UTF-8 are tolerated.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _parse_leniently(data)
    if type(value) is dict:
        for item in value.values():
            # orjson turns integers above 64 bits into floats, which would change an id.
            if type(item) is float and (item >= _EXACT or item <= -_EXACT):
                return _parse_leniently(data)
    return Parsed(value)


def elements(stream: io.BufferedReader, name: str) -> Iterator[Piece]:
    """The elements of the array that a file is, or of the one array of objects inside the object that a file is.

    Raises CatalogueError where there is no such array, more than one, or the file ends before it does.
    """
    return _Cutter(stream, name).elements()


def _is_json(data: bytes) -> bool:
    try:
        parse(data)
    except Unreadable:
        return False
    return True


def _parse_leniently(data: bytes) -> Parsed:
    text, mended = decode_line(data)
    try:
        value = _DECODER.decode(text.strip().strip("\0\ufeff"))
        if _ESCAPED_SURROGATE.search(text):
            value = _repair(value)
    except json.JSONDecodeError as error:
        raise Unreadable(f"not valid JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise Unreadable("nested too deeply to be a product") from None
    return Parsed(value, mended)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS_LIMIT else float("inf")


_DECODER = json.JSONDecoder(strict=False, parse_int=_integer)


def _repair(value: Json) -> Json:
    if isinstance(value, str):
        return repair_surrogates(value)
    if isinstance(value, list):
        return [_repair(item) for item in value]
    if isinstance(value, dict):
        return {repair_surrogates(key): _repair(item) for key, item in value.items()}
    return value


class _Cutter:
    """Finds where elements begin and end by counting brackets outside strings, in a window that moves over the file.

    Positions are offsets in the whole file; `_base` is that of the window's first byte.
    """

    def __init__(self, stream: io.BufferedReader, name: str) -> None:
        self._stream, self._name = stream, name
        self._window, self._base = b"", 0
        self._keep: int | None = None
        self._counted, self._line = 0, 1  # `_line` is the line that position `_counted` lies on
        self._tokens: Iterator[tuple[bytes, int, int]] = self._scan()

    def elements(self) -> Iterator[Piece]:
        if not self._find_array(top=True):
            raise CatalogueError(
                f"{self._name} holds no array of products. Give a JSON array of objects, an object holding one, "
                "or one object a line (.jsonl)"
            )
        yield from self._array()
        if self._find_array(top=False):
            raise CatalogueError(
                f"{self._name} holds more than one array of objects. Leave only the one with the products in it"
            )

    def _find_array(self, top: bool) -> bool:
        """Moves behind the `[` of the next array of objects that lies in nothing but objects, or is the whole file."""
        arrays, opened = 0, False
        for byte, begin, end in self._tokens:
            if opened and byte == b"{":
                self._keep = begin
                self._tokens = chain([(byte, begin, end)], self._tokens)
                return True
            opened = False
            if byte == b"[":
                if top:
                    self._keep = end
                    return True
                opened = not arrays
                arrays += 1
            elif byte == b"]":
                arrays -= 1
            top = False
        return False

    def _array(self) -> Iterator[Piece]:
        """The elements up to the closing bracket, scalars between the objects included."""
        depth, start = 0, self._keep or 0
        for byte, begin, end in self._tokens:
            if depth == 0:
                yield from self._scalars(start, begin)
                start = begin
                if byte == b"]":
                    self._keep = None
                    return
            if byte in b"[{":
                depth += 1
            elif byte in b"]}":
                depth -= 1
            if depth == 0:
                yield Piece(self._line_of(start), self._slice(start, end))
                self._keep = start = end
        line = self._line_of(start)
        raise CatalogueError(
            f"{self._name} ends in the middle: what begins on line {line} is never closed. Export it again, or as JSON "
            "lines, where a broken row costs only itself"
        )

    def _scalars(self, start: int, end: int) -> Iterator[Piece]:
        for part in self._slice(start, end).split(b","):
            if part.strip():
                yield Piece(self._line_of(start), part)

    def _scan(self) -> Iterator[tuple[bytes, int, int]]:
        """Brackets and whole strings (as `"`) with their positions."""
        position = 0
        while self._refill(position):
            for match in _TOKEN.finditer(self._window, position - self._base):
                position = self._base + match.start()
                token = match[0]
                if token == b'"':
                    break  # the string goes on behind the window
                position = self._base + match.end()
                yield token[:1], self._base + match.start(), position
            else:
                position = self._base + len(self._window)

    def _refill(self, position: int) -> bool:
        more = self._stream.read(max(_CHUNK, len(self._window)))
        if not more:
            return False
        keep = position if self._keep is None else self._keep
        if self._base + len(self._window) - keep > ROW_LIMIT:  # all of it one element
            raise CatalogueError(
                f"{self._name}: what begins on line {self._line_of(keep)} is longer than {ROW_LIMIT >> 20} MB; is a "
                "quotation mark or a bracket missing there? Mend it, or export JSON lines"
            )
        self._line_of(keep)
        self._window = self._window[keep - self._base :] + more
        self._base = keep
        return True

    def _slice(self, start: int, end: int) -> bytes:
        return self._window[start - self._base : end - self._base]

    def _line_of(self, position: int) -> int:
        """The line a position lies on; positions are asked for in rising order."""
        if position > self._counted:
            self._line += self._window.count(b"\n", self._counted - self._base, position - self._base)
            self._counted = position
        return self._line
