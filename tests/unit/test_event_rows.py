"""Event files row by row: what is an event, and what is said of a row that is none."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from indexer.event_rows import EventFiles, EventRow
from indexer.problems import Problem, Rejected
from search.errors import CatalogueError
from search.events import Event

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
AT = "2026-11-02T10:00:00.000Z"
VIEW = {"type": "view", "user": "u", "product": "p", "timestamp": AT}


def read(*paths: Path | str, stdin: bytes = b"") -> tuple[list[Event], list[Problem]]:
    rows = list(EventFiles([str(path) for path in paths], lambda user: f"<{user}>", NOW, io.BytesIO(stdin)))
    return (
        [row.event for row in rows if isinstance(row, EventRow)],
        [row.problem for row in rows if isinstance(row, Rejected)],
    )


def jsonl(folder: Path, *rows: object) -> Path:
    file = folder / "events.jsonl"
    file.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return file


def test_every_field_in_json_lines(tmp_path: Path) -> None:
    told = {**VIEW, "type": "purchase", "queryID": "q", "position": 3, "value": 59.9, "id": "o 1"}
    events, problems = read(jsonl(tmp_path, told, {"type": "search", "timestamp": 1793613600000}))
    assert problems == []
    assert events == [
        Event("purchase", "<u>", AT, "p", "q", 3, 59.9, "o 1"),
        Event("search", None, AT),
    ]


def test_a_table_is_text_and_empty_cells_are_absent(tmp_path: Path) -> None:
    file = tmp_path / "events.csv.gz"
    with gzip.open(file, "wt", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["type", "user", "product", "queryID", "position", "value", "timestamp", "id"])
        rows.writerow(["purchase", " u ", " 42 ", "q", "3", "59.90", "2026-11-02 18:00:00+08:00", ""])
        rows.writerow(["view", "", "42.0", "", "3.0", "", "1793613600000", "7"])
        rows.writerow(["search", "007", "", "", "", "", "20261102T100000", ""])
    events, problems = read(file)
    assert problems == []
    assert events == [
        # The shop's id of a shopper is hidden as it is written; that of a product is trimmed, as in catalogues.
        Event("purchase", "< u >", AT, "42", "q", 3, 59.9),
        Event("view", None, AT, "42.0", None, 3, None, "7"),
        Event("search", "<007>", AT),
    ]


def test_parquet_has_types_of_its_own(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "type": ["view", "rating"],
            "user": [12, None],
            "product": pa.array([5.0, 6.0]),
            "value": [None, 4],
            "timestamp": pa.array([datetime(2026, 11, 2, 10), datetime(2026, 11, 2, 10)], pa.timestamp("us")),
        }
    )
    pq.write_table(table, tmp_path / "events.parquet")
    events, problems = read(tmp_path / "events.parquet")
    assert problems == []
    assert events == [Event("view", "<12>", AT, "5"), Event("rating", None, AT, "6", value=4.0)]


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"type": "klick"}, "type", "one of view, cart"),
        ({"type": None}, "type", "there is none"),
        ({"usr": "x"}, "usr", "did you mean 'user'"),
        ({"product": None}, "product", "a view event needs"),
        ({"product": True}, "product", "no id"),
        ({"product": "x" * 513}, "product", "512"),
        ({"user": "x" * 201}, "user", "200"),
        ({"user": ["secret"]}, "user", "no id"),
        ({"queryID": "x" * 101}, "queryID", "100"),
        ({"position": "first"}, "position", "a whole number"),
        ({"position": 0}, "position", "places count from 1"),
        ({"position": 1.5}, "position", "a whole number"),
        ({"value": "12,50"}, "value", "a number"),
        ({"value": -1}, "value", "from 0 to"),
        ({"value": "1e999"}, "value", "from 0 to"),
        ({"value": True}, "value", "a number"),
        ({"type": "rating"}, "value", "stars"),
        ({"type": "rating", "value": 80}, "value", "stars up to 5"),
        ({"timestamp": None}, "timestamp", "must say when"),
        ({"timestamp": "yesterday"}, "timestamp", "ISO 8601"),
        ({"timestamp": 1793613600}, "timestamp", "looks like seconds"),
        ({"timestamp": "1793613600"}, "timestamp", "looks like seconds"),
        ({"timestamp": "1999-01-01"}, "timestamp", "before the year 2000"),
        ({"timestamp": "2026-12-24"}, "timestamp", "ahead"),
        ({"timestamp": {}}, "timestamp", "must say when"),
        ({"timestamp": 1.5}, "timestamp", "ISO 8601"),
    ],
)
def test_what_is_no_event_says_why(tmp_path: Path, changes: dict[str, Any], field: str, reason: str) -> None:
    file = jsonl(tmp_path, VIEW, {**VIEW, **changes, "id": "o-1"}, VIEW)
    events, problems = read(file)
    assert len(events) == 2
    assert [(one.file, one.line, one.id, one.field, one.severity) for one in problems] == [
        (str(file), 2, "o-1", field, "rejected")
    ]
    assert reason in problems[0].reason


def test_rows_that_cannot_be_read_cost_only_themselves(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    good = json.dumps({**VIEW, "product": "é"}, ensure_ascii=False).encode()  # so that the file is in UTF-8
    file.write_bytes(b"\n".join([good, b"{", b"[1]", good.replace(b'"u"', b'"\xff"'), good]) + b"\n")
    events, problems = read(file)
    assert len(events) == 2
    assert [one.line for one in problems] == [2, 3, 4]
    assert [one.field for one in problems] == [None, None, None]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    file = jsonl(tmp_path, VIEW)
    with pytest.raises(CatalogueError, match="twice"):
        read(file, file)
    with pytest.raises(CatalogueError, match="no file"):
        read(tmp_path / "nothing.jsonl")
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(file.read_bytes() * 50)[:-9])
    with pytest.raises(CatalogueError, match="ends in the middle"):
        read(cut)


def test_standard_input_and_how_far_it_came(tmp_path: Path) -> None:
    assert len(read("-", stdin=json.dumps(VIEW).encode())[0]) == 1
    file = jsonl(tmp_path, *[VIEW] * 3)
    files = EventFiles([str(file)], str, NOW, io.BytesIO())
    assert files.bytes_total == file.stat().st_size
    list(files)
    assert files.bytes_read == files.bytes_total
