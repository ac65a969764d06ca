"""Lines of one shopper in the log: shown, removed from every file, those on their way included, and nobody else's."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from search.errors import StoreUnavailable
from search.events import Event
from search.experiments.forgetting import lines_of, remove_lines
from search.experiments.log import LOCK, RecordLog
from search.experiments.records import Impression, from_line, to_line

NOW = "2026-11-28T09:31:09.800Z"


def event(shopper: str | None, product: str = "42") -> Event:
    return Event("view", shopper, NOW, product)


def page(shopper: str) -> Impression:
    return Impression("q-1", "ratio", "products", shopper, ("42", "7"), NOW, variant="now")


def write(file: Path, *records: Event | Impression) -> bytes:
    data = "".join(to_line(one) + "\n" for one in records).encode()
    file.write_bytes(data)
    return data


def open_log(folder: Path) -> RecordLog:
    return RecordLog(folder, 90, lambda: datetime.fromisoformat(NOW).astimezone(UTC))


def test_lines_are_found_in_the_order_of_days(tmp_path: Path) -> None:
    write(tmp_path / "2026-11-28.jsonl", event("b"), page("a"))
    write(tmp_path / "2026-11-27.jsonl", event("a"), event(None), event("aa"))
    (tmp_path / "notes.txt").write_text(to_line(event("a")) + "\n")
    assert [from_line(line) for line in lines_of(tmp_path, "a")] == [event("a"), page("a")]
    assert list(lines_of(tmp_path / "nothing", "a")) == []


def test_they_are_removed_and_everything_else_stays_to_the_byte(tmp_path: Path) -> None:
    first, second = tmp_path / "2026-11-27.jsonl", tmp_path / "2026-11-28.jsonl"
    write(first, event("a"), event("b", product='"shopper":"a'), page("a"), event(None))
    untouched = write(second, event("b"), event("ab"))
    stamp = second.stat().st_mtime_ns
    torn = first.read_bytes() + b'{"kind":"event","sho'
    first.write_bytes(torn)
    assert remove_lines(tmp_path, "a") == 2
    assert (
        first.read_bytes()
        == (to_line(event("b", product='"shopper":"a')) + "\n" + to_line(event(None)) + "\n").encode()
        + b'{"kind":"event","sho'
    )
    assert (second.read_bytes(), second.stat().st_mtime_ns) == (untouched, stamp)
    assert first.stat().st_mode & 0o077 == 0
    assert remove_lines(tmp_path, "a") == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == [first.name, second.name]


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".forgetting.0badcafe").write_text(to_line(event("a")))
    assert remove_lines(tmp_path, "a") == 0
    assert list(tmp_path.iterdir()) == []


def test_lines_on_their_way_are_forgotten_too(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    log.append([event("a"), event("b"), page("a")])
    assert [from_line(line) for line in log.lines_of("a")] == [event("a"), page("a")]
    assert log.forget("a") == 2
    log.append([event("a", "later")])
    log.close()
    held = (tmp_path / "log" / "2026-11-28.jsonl").read_text().splitlines()
    assert [from_line(line) for line in held] == [event("b"), event("a", "later")]


def test_a_log_that_goes_on_meanwhile(tmp_path: Path) -> None:
    """Written, forgotten, written on: lines go to the new file."""
    log = open_log(tmp_path)
    file = tmp_path / "2026-11-28.jsonl"
    log.append([event("a"), event("b")])
    deadline = time.monotonic() + 20
    while not (file.exists() and file.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert log.forget("a") == 1
    log.append([event("c")])
    assert log.forget("nobody") == 0
    log.close()
    assert [from_line(line) for line in file.read_text().splitlines()] == [event("b"), event("c")]
    assert sorted(one.name for one in tmp_path.iterdir()) == [LOCK, file.name]
    assert log.dropped == 0


def test_room_comes_back_with_what_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    log = RecordLog(tmp_path / "log", 90, most=1000)
    while log.append([event("a")]):
        pass
    assert log._held > 500
    assert log.forget("a") >= 3
    assert log._held == 0
    assert log.has_room()
    log.close()
    assert not log.has_room()


def test_a_file_that_cannot_be_changed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    log = open_log(tmp_path)
    monkeypatch.setattr("search.experiments.log.remove_lines", fail)
    with pytest.raises(StoreUnavailable, match="No space left"):
        log.forget("a")
    log.close()
