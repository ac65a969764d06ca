"""Request bodies: read up to a limit, never trusted, parsed by orjson (which refuses NaN, infinities, lone surrogates).

Messages say where a body goes wrong and never repeat it.
"""

from __future__ import annotations

import asyncio
import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Sequence

import orjson
from starlette.requests import Request

from api.errors import ApiError, shorten
from search.domain import Document, Json

SEARCH_BYTES = 2**20
"""Largest body of anything that is not documents."""

IDLE_SECONDS = 30.0
"""A sender that is silent for this long is given up."""

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""A number in text. `float` alone takes more: underscores, words, the digits of any script."""

_BOM = b"\xef\xbb\xbf"
_DOCUMENT_TYPES = ("application/json", "application/x-ndjson", "text/csv")


def content_type(request: Request, accepted: Sequence[str]) -> str:
    """The media type of the body, one of `accepted`. Raises 415.

    A missing type is refused too: a browser sends such a body to any server without asking it first.
    """
    wanted = "Accepted values for the Content-Type header are: " + ", ".join(f"`{kind}`" for kind in accepted)
    sent = request.headers.get("content-type")
    if not sent:
        raise ApiError("missing_content_type", f"A Content-Type header is missing. {wanted}")
    kind = sent.partition(";")[0].strip().lower()
    if kind not in accepted:
        raise ApiError("invalid_content_type", f"The Content-Type `{shorten(kind)}` is invalid. {wanted}")
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise ApiError(
            "invalid_content_type", f"The Content-Encoding `{shorten(coding)}` is not supported; send plain."
        )
    return kind


async def read_body(request: Request, most: int) -> bytes:
    """The whole body. Raises 413 as soon as it is known to exceed `most` bytes, 408 when the sender falls silent."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > most:
        raise _too_large(most)
    body = bytearray()
    stream = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise ApiError("payload_timeout", f"Nothing of the body came for {IDLE_SECONDS:.0f} seconds.") from None
        if chunk is None:
            return bytes(body)
        if len(body) + len(chunk) > most:
            raise _too_large(most)
        body += chunk


async def read_json(request: Request) -> Json:
    """The JSON value of a body of moderate size. Raises 400 malformed_payload or missing_payload, 408, 413, 415."""
    content_type(request, ("application/json",))
    return parse_json(await read_body(request, SEARCH_BYTES))


def parse_json(body: bytes) -> Json:
    body = body.removeprefix(_BOM)
    if not body.strip():
        raise ApiError("missing_payload", "A json payload is missing.")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError("malformed_payload", f"The json payload provided is malformed. `{error}`.") from None


def parse_documents(kind: str, body: bytes, delimiter: str = ",") -> list[Document]:
    """The documents of a body of media type `kind`. Raises 400 where it is not a list of objects, in whatever shape."""
    name = {"application/json": "json", "application/x-ndjson": "ndjson", "text/csv": "csv"}[kind]
    if not body.removeprefix(_BOM).strip():
        raise ApiError("missing_payload", f"A {name} payload is missing.")
    readers: dict[str, Callable[[], list[Document]]] = {
        "json": lambda: _from_json(parse_json(body)),
        "ndjson": lambda: _from_lines(body.removeprefix(_BOM)),
        "csv": lambda: _from_csv(body, delimiter),
    }
    return readers[name]()


def document_type(request: Request) -> str:
    return content_type(request, _DOCUMENT_TYPES)


def kind_of(value: Json) -> str:
    """How messages name a JSON value, as Meilisearch does."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"a boolean: `{str(value).lower()}`"
    if isinstance(value, str):
        return f"a string: `{shorten(orjson.dumps(value[:100]).decode())}`"
    if isinstance(value, int):
        return f"{'a negative integer' if value < 0 else 'a positive integer'}: `{value}`"
    if isinstance(value, float):
        return f"a number: `{value}`"
    return "an array" if isinstance(value, list) else "an object"


def _from_json(value: Json) -> list[Document]:
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        raise ApiError(
            "malformed_payload",
            f"The json payload must be an object or an array of objects, but it is {kind_of(value)}.",
        )
    for number, item in enumerate(value):
        if not isinstance(item, dict):
            raise ApiError(
                "malformed_payload", f"Document {number} of the array must be an object, not {kind_of(item)}."
            )
    return value


def _from_lines(body: bytes) -> list[Document]:
    found: list[Document] = []
    for number, line in enumerate(body.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            item = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise ApiError(
                "malformed_payload", f"Line {number} of the ndjson payload is malformed. `{error}`."
            ) from None
        if not isinstance(item, dict):
            raise ApiError("malformed_payload", f"Line {number} must be an object, but it is {kind_of(item)}.")
        found.append(item)
    return found


def _from_csv(body: bytes, delimiter: str) -> list[Document]:
    """A header line, then rows. `name:number` and `name:boolean` in the header give a column its type.

    `price` and `in_stock` have theirs without being told; everything else is text.
    """
    try:
        text = body.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        raise ApiError("malformed_payload", f"The csv payload is not UTF-8 at byte {error.start}.") from None
    # Strict, so that an unbalanced quote is an error and not a field that swallows all later rows.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return list(_csv_documents(rows, lambda: rows.line_num))
    except csv.Error as error:
        message = f"The csv payload is malformed near line {rows.line_num}: {error}."
        raise ApiError("malformed_payload", message) from None


def _csv_documents(rows: Iterator[list[str]], line: Callable[[], int]) -> Iterator[Document]:
    header = [_column(cell) for cell in next(rows, [])]
    names = [name for name, _ in header]
    if len(set(names)) < len(names) or "" in names:
        raise ApiError("malformed_payload", "The csv header must name every column, and each once.")
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            raise ApiError(
                "malformed_payload",
                f"Line {line()} of the csv payload has {len(row)} fields; the header has {len(header)}.",
            )
        yield {name: _cell(name, kind, cell, line()) for (name, kind), cell in zip(header, row, strict=True)}


def _column(cell: str) -> tuple[str, str]:
    name, colon, kind = cell.strip().rpartition(":")
    if colon and kind in ("string", "number", "boolean"):
        return name.strip(), kind
    return cell.strip(), {"price": "number", "in_stock": "boolean"}.get(cell.strip(), "string")


def _cell(name: str, kind: str, cell: str, line: int) -> Json:
    if kind == "string":
        return cell
    value = cell.strip().lower()
    if not value:
        return None
    if kind == "boolean":
        if value in ("true", "false"):
            return value == "true"
        raise ApiError("malformed_payload", f"Line {line} of the csv payload: `{name}` must be true or false.")
    number = float(value) if NUMBER.fullmatch(value) else math.nan
    if not math.isfinite(number):
        raise ApiError("malformed_payload", f"Line {line} of the csv payload: `{name}` must be a number.")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _too_large(most: int) -> ApiError:
    size = f"{most / 2**20:g} MiB" if most >= 2**20 else f"{most / 1024:g} KiB"
    return ApiError(
        "payload_too_large",
        f"The provided payload reached the size limit. The maximum accepted payload size is {size}.",
    )
