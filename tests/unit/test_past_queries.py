"""Past queries: counted without persons, suggested when many asked, forgotten in time."""

from __future__ import annotations

import logging
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import past_queries
from search.past_queries import FORGOTTEN_AFTER_DAYS, MAX_QUERIES, MIN_TIMES, PastQueries, normal
from search.suggestions import Entry


class Calendar:
    def __init__(self) -> None:
        self.day = 20_000

    def __call__(self) -> int:
        return self.day


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def past(tmp_path: Path, calendar: Calendar) -> PastQueries:
    return PastQueries(tmp_path / "data", calendar)


def ask(past: PastQueries, query: str, times: int = MIN_TIMES, index: str = "products") -> None:
    for _ in range(times):
        past.record(index, query)


def texts(past: PastQueries, typed: str = "", index: str = "products") -> list[str]:
    return [entry.text for entry in past.completing(index, typed)]


def test_shown_once_asked_for_three_times(past: PastQueries) -> None:
    ask(past, "Wireless  Mouse", MIN_TIMES - 1)
    assert texts(past) == []
    past.record("products", "wireless mouse ")
    assert past.completing("products", "wir") == [Entry("wireless mouse", "query", 3)]
    assert texts(past, index="other") == []


def test_by_every_word_typed(past: PastQueries) -> None:
    ask(past, "wireless mouse")
    ask(past, "蓝牙耳机")
    for typed in ("wir", "mou", "mouse wire", "WIRELESS M", ""):
        assert "wireless mouse" in texts(past, typed)
    assert texts(past, "ouse") == []
    assert texts(past, "wireless keyb") == []
    assert texts(past, "耳机") == ["蓝牙耳机"]


@pytest.mark.parametrize(
    "query",
    [
        "jane@example.com", "mail jane @ home", "13800138000", "call 138 0013 8000", "+49 (170) 123-4567",
        "555-123-4567", "4006381333931", "https://example.com/me", "www.example.com", "x" * 61, "a " * 40, "", "  ",
        "?!", "\u200b", "１３８００１３８０００", "١٢٣٤٥٦٧",
    ],
)  # fmt: skip
def test_what_may_be_personal_is_never_counted(past: PastQueries, query: str, tmp_path: Path) -> None:
    assert normal(query) is None
    ask(past, query, 10)
    past.save()
    assert texts(past) == []
    assert not (tmp_path / "data" / "past_queries.sqlite").exists()


@pytest.mark.parametrize(
    ("query", "counted"),
    [
        ("  Café\tNOIR ", "cafe noir"),
        ("ｉＰｈｏｎｅ １５", "iphone 15"),
        ("usb\u0000c", "usb c"),
        ("mouse under $20", "mouse under $20"),
        ("TN-2110", "tn-2110"),
        ("500元以内 手机", "500元以内 手机"),
        ("12 x 24 inch", "12 x 24 inch"),
    ],
)
def test_queries_are_counted_folded(query: str, counted: str) -> None:
    assert normal(query) == counted


def test_kept_across_restarts_and_readable_by_the_server_alone(tmp_path: Path, calendar: Calendar) -> None:
    first = PastQueries(tmp_path, calendar)
    ask(first, "desk lamp", 5)
    ask(first, "once only", 1)
    first.close()
    second = PastQueries(tmp_path, calendar)
    assert second.completing("products", "de") == [Entry("desk lamp", "query", 5)]
    ask(second, "once only", 2)
    assert "once only" in texts(second)
    mode = (tmp_path / "past_queries.sqlite").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    rows = sqlite3.connect(tmp_path / "past_queries.sqlite").execute("select * from queries").fetchall()
    assert sorted(rows) == [("products", "desk lamp", 5, 5.0, 20_000), ("products", "once only", 1, 1.0, 20_000)]


def test_the_frequent_of_late_come_first_and_the_old_are_forgotten(
    past: PastQueries, calendar: Calendar, tmp_path: Path
) -> None:
    ask(past, "old fashion", 8)
    calendar.day += 60
    ask(past, "new fashion", 4)
    assert past.completing("products", "") == [Entry("new fashion", "query", 4), Entry("old fashion", "query", 2)]
    calendar.day += FORGOTTEN_AFTER_DAYS - 60
    assert set(texts(past)) == {"new fashion", "old fashion"}
    calendar.day += 1
    assert texts(past) == ["new fashion"]
    past.save()
    again = PastQueries(tmp_path / "data", calendar)
    assert texts(again) == ["new fashion"]
    calendar.day += 1000
    again.save()
    assert sqlite3.connect(tmp_path / "data" / "past_queries.sqlite").execute("select * from queries").fetchall() == []


def test_the_least_frequent_make_room(past: PastQueries) -> None:
    ask(past, "kept", 3)
    for number in range(MAX_QUERIES + 500):
        past.record("products", f"rare {number}")
    past.save()
    assert len(past._indexes["products"]) == MAX_QUERIES
    assert texts(past) == ["kept"]
    for number in range(3 * MAX_QUERIES):
        past.record("products", f"flood {number}")
    assert len(past._indexes["products"]) <= 1.2 * MAX_QUERIES
    past.save()
    assert texts(past) == ["kept"]


def test_saved_now_and_then(past: PastQueries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "data" / "past_queries.sqlite"
    past.record("products", "lamp")
    past.save_if_due()
    assert not file.exists()
    monkeypatch.setattr(past_queries, "SAVED_EVERY", 0.0)
    past.save_if_due()
    assert file.exists()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\1" * 5000])
def test_a_damaged_file_is_put_aside(
    tmp_path: Path, calendar: Calendar, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "past_queries.sqlite").write_bytes(content)
    past = PastQueries(tmp_path, calendar)
    ask(past, "desk lamp")
    assert texts(past) == ["desk lamp"]
    past.close()
    assert (tmp_path / "past_queries.damaged").read_bytes() == content
    assert texts(PastQueries(tmp_path, calendar)) == ["desk lamp"]
    assert "cannot be read" in caplog.text


def test_a_file_of_a_later_format_is_put_aside(tmp_path: Path, calendar: Calendar) -> None:
    file = sqlite3.connect(tmp_path / "past_queries.sqlite")
    file.execute("pragma user_version = 99")
    file.close()
    past = PastQueries(tmp_path, calendar)
    ask(past, "desk lamp")
    past.close()
    assert texts(past) == ["desk lamp"]


def test_a_disk_that_cannot_be_written_stops_nothing(
    tmp_path: Path, calendar: Calendar, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    past = PastQueries(tmp_path / "file" / "data", calendar)
    ask(past, "secret lamp")
    past.save()
    past.save()
    assert texts(past) == ["secret lamp"]
    assert "could not be saved" in caplog.text
    assert "secret" not in caplog.text


def test_nothing_that_was_typed_is_logged(past: PastQueries, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ask(past, "secret lamp")
    past.completing("products", "secret")
    past.save()
    assert "secret" not in caplog.text


def test_many_threads_lose_no_count(past: PastQueries) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(ask, past, "desk lamp", 250)
            pool.submit(past.save)
            pool.submit(past.completing, "products", "desk")
    assert past.completing("products", "desk") == [Entry("desk lamp", "query", 2000)]


@given(st.text(max_size=100))
def test_what_is_counted_is_short_folded_and_stays_so(query: str) -> None:
    text = normal(query)
    assert text is None or (0 < len(text) <= 60 and "@" not in text and text == " ".join(text.split()))
    assert text is None or normal(text) == text
