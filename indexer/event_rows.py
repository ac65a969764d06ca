"""Event files → Events, with a reason for every row that is none. Fields and checks are those of `POST /events`.

Files are read as catalogues are (formats, gzip, encodings, broken rows). Cells of a table are text, so numbers in them
are read as numbers, and empty cells as absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, TypeAlias

from indexer.files import FileOptions, Header, RawRow, read_rows
from indexer.mapping import nearest
from indexer.problems import Problem, Rejected, Unreadable, excerpt
from indexer.sources import Progress, locate
from indexer.values import is_empty, read_id
from search.domain import Json
from search.errors import CatalogueError, EventError
from search.event_reading import MAX_NAME_CHARS, MAX_USER_CHARS, Sent, read_event
from search.events import EVENT_TYPES, Event, EventType

FIELDS = ("type", "user", "product", "queryID", "position", "value", "timestamp", "id")

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}(\.0*)?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class EventRow:
    """A row that is an event."""

    event: Event


Row: TypeAlias = EventRow | Rejected


class EventFiles:
    """The rows of event files, in their order; can be gone through once. "-" is JSON lines on `stdin`.

    `bytes_read` of `bytes_total` (None with standard input) is for a progress bar. `name` hides shoppers' ids. Raises
    CatalogueError for files that cannot be read, at once or while reading.
    """

    def __init__(self, paths: Sequence[str], name: Callable[[str], str], now: datetime, stdin: BinaryIO) -> None:
        self._sources = [locate(path) for path in paths]
        places = [source.path for source in self._sources]
        for source in self._sources:
            if places.count(source.path) > 1:
                raise CatalogueError(f"{source.name} is named twice. Name each file once")
        sizes = [source.size for source in self._sources]
        self.bytes_total: int | None = None if None in sizes else sum(size or 0 for size in sizes)
        self.bytes_read = 0
        self._name = name
        self._now = now
        self._stdin = stdin

    def __iter__(self) -> Iterator[Row]:
        for source in self._sources:
            before, progress = self.bytes_read, Progress()
            for row in read_rows(source, progress, self._stdin, FileOptions(), Header()):
                self.bytes_read = before + progress.bytes_read
                yield self._read(source.name, row)
            self.bytes_read = before + (source.size or progress.bytes_read)

    def _read(self, file: str, row: RawRow) -> Row:
        if row.values is None or row.note:
            # What was replaced may have told one shopper or product from another.
            return _rejected(file, row, None, row.reason or row.note)
        try:
            return EventRow(read_event(_sent(row.values), self._name, self._now))
        except EventError as error:
            return _rejected(file, row, error.field, error.why)


def _rejected(file: str, row: RawRow, field: str | None, reason: str) -> Rejected:
    event = row.values.get("id") if row.values else None
    shown = event if isinstance(event, str) and len(event) <= MAX_NAME_CHARS else None
    return Rejected(Problem(file, row.line, shown, field, reason, "rejected"))


def _sent(values: dict[str, Json]) -> Sent:
    """The fields with the types that they must have. Raises EventError."""
    for field in values:
        if field not in FIELDS:
            raise EventError(field, f"no field of an event{nearest(field, FIELDS)} There are {', '.join(FIELDS)}")
    told = {field: value for field, value in values.items() if not is_empty(value)}
    timestamp = _timestamp(told.get("timestamp"))
    if timestamp is None:
        raise EventError("timestamp", "a row of a file must say when it was: ISO 8601 or milliseconds since 1970")
    return Sent(
        type=_type(told.get("type")),
        user=_text("user", told.get("user"), MAX_USER_CHARS),
        product=_text("product", told.get("product"), None),
        query_id=_text("queryID", told.get("queryID"), MAX_NAME_CHARS),
        position=_whole("position", told.get("position")),
        value=_number(told.get("value")),
        timestamp=timestamp,
        id=_text("id", told.get("id"), MAX_NAME_CHARS),
    )


def _type(value: Json) -> EventType:
    text = value.strip() if isinstance(value, str) else value
    for known in EVENT_TYPES:
        if text == known:
            return known
    found = "there is none" if value is None else f"found {excerpt(value)}"
    raise EventError("type", f"one of {', '.join(EVENT_TYPES)} is expected; {found}")


def _text(field: str, value: Json, most: int | None) -> str | None:
    """Text or a whole number; of ids no length is checked here where `most` is None."""
    if value is None:
        return None
    # The ids of shoppers stay as they are written: a request that names them is hidden in just this form.
    try:
        text = value if isinstance(value, str) and most is not None else read_id(value)
    except Unreadable as error:
        raise EventError(field, str(error)) from None
    if most is not None and len(text) > most:
        raise EventError(field, f"at most {most} characters are expected; these are {len(text)}")
    return text


def _timestamp(value: Json) -> str | int | None:
    if isinstance(value, str):
        text = value.strip()
        # Eight digits are a date.
        return int(text.partition(".")[0]) if _WHOLE.fullmatch(text) and len(text) > 8 else text
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise EventError("timestamp", f"ISO 8601 or milliseconds since 1970 are expected; found {excerpt(value)}")


def _whole(field: str, value: Json) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value.strip().partition(".")[0])
    raise EventError(field, f"a whole number is expected; found {excerpt(value)}")


def _number(value: Json) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if abs(value) < 1e300 else 1e300
    if type(value).__name__ == "Decimal" or (isinstance(value, str) and _NUMBER.fullmatch(value.strip())):
        return float(value)
    raise EventError("value", f"a number is expected; found {excerpt(value)}")
