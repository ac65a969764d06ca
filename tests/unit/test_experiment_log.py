"""The log's writer: never in the way, whole lines only, one file a day, nothing kept longer than it may be."""

from __future__ import annotations

import errno
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from search.errors import SettingsError
from search.events import Event
from search.experiments import log as module
from search.experiments.log import RecordLog
from search.experiments.records import Impression, Record, from_line

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def event(number: int) -> Event:
    return Event("click", f"s{number}", "2026-11-28T12:00:00.000Z", f"p{number}", f"q{number}")


def read(folder: Path, day: str = "2026-11-28") -> list[Record]:
    return [from_line(line) for line in (folder / f"{day}.jsonl").read_text(encoding="utf-8").splitlines()]


def soon(holds: Callable[[], bool]) -> bool:
    for _ in range(500):
        if holds():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., RecordLog]]:
    """Logs in the folder `log`, closed at the end."""
    logs: list[RecordLog] = []

    def at(days: int = 90, most: int = module.MOST_WAITING, now: Callable[[], datetime] = lambda: NOON) -> RecordLog:
        logs.append(RecordLog(tmp_path / "log", days, now, most))
        return logs[-1]

    yield at
    for one in logs:
        one.close()


class Disk:
    """A disk that is full after `room` bytes, until it is given more."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.refused = 0
        self.largest = 0

    def write(self, file: int, data: memoryview) -> int:
        self.largest = max(self.largest, len(data))
        if not self.room:
            self.refused += 1
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = os.write(file, data[: self.room])
        self.room -= taken
        return taken


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """No room; whoever writes to the log writes here. Tries come at once."""
    disk = Disk(0)

    class Os:
        write = staticmethod(disk.write)

        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

    monkeypatch.setattr(module, "os", Os())
    monkeypatch.setattr(module, "_RETRY", 0.01)
    return disk


def test_lines_come_soon_and_are_for_the_server_alone(opened: Callable[..., RecordLog]) -> None:
    log = opened()
    assert not log.folder.exists()
    assert log.append([event(1), event(2)])
    file = log.folder / "2026-11-28.jsonl"
    assert soon(lambda: file.exists() and file.read_text().count("\n") == 2)
    assert read(log.folder) == [event(1), event(2)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.folder.stat().st_mode) == 0o700


def test_days_are_those_of_utc_at_the_time_of_writing(opened: Callable[..., RecordLog]) -> None:
    log = opened(now=lambda: datetime.fromisoformat("2026-11-28T23:30:00-02:00"))
    log.append([event(1)])
    log.close()
    assert read(log.folder, "2026-11-29") == [event(1)]


def test_closing_writes_what_waits_and_takes_no_more(opened: Callable[..., RecordLog]) -> None:
    log = opened()
    records = [event(number) for number in range(1000)]
    assert log.append(records)
    log.close()
    assert read(log.folder) == records
    assert not log.append([event(0)])
    assert log.append([])
    assert log.dropped == 0  # whoever was refused may have another way
    assert read(log.folder) == records


@pytest.mark.parametrize("torn", [b'{"kind": "event", "ty', b"x" * 200_000], ids=["short", "longer than a chunk"])
def test_a_torn_line_is_removed(opened: Callable[..., RecordLog], tmp_path: Path, torn: bytes) -> None:
    first = opened()
    first.append([event(1)])
    first.close()
    file = first.folder / "2026-11-28.jsonl"
    file.write_bytes(file.read_bytes() + torn)
    second = opened()
    second.append([event(2)])
    second.close()
    assert read(first.folder) == [event(1), event(2)]


def test_a_file_that_is_nothing_but_torn_begins_anew(opened: Callable[..., RecordLog]) -> None:
    log = opened()
    log.folder.mkdir()
    (log.folder / "2026-11-28.jsonl").write_bytes(b'{"kind"')
    log.append([event(1)])
    log.close()
    assert read(log.folder) == [event(1)]


def test_a_full_disk_delays_lines_and_tears_none_of_those_after(
    opened: Callable[..., RecordLog], full: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    """The first line fits, half of the second does: the file ends with the first until there is room again."""
    log = opened()
    line = len(module.to_line(event(1))) + 1
    full.room = line + line // 2
    with caplog.at_level(logging.WARNING):
        log.append([event(1), event(2), event(3)])
        assert soon(lambda: full.refused > 2)
        assert read(log.folder) == [event(1)]
        full.room = 10**6
        assert soon(lambda: len(read(log.folder)) == 3)
        log.close()
    assert read(log.folder) == [event(1), event(2), event(3)]
    assert log.dropped == 0
    told = [record.getMessage() for record in caplog.records]
    assert len([text for text in told if "cannot be written (" in text]) == 1  # once, however often it was tried
    assert len([text for text in told if "is written again; 0 lines were lost" in text]) == 1


def test_a_queue_that_is_full_refuses_and_what_is_given_up_is_counted_and_told_once(
    opened: Callable[..., RecordLog], full: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    log = opened(most=3 * (len(module.to_line(event(1))) + 1 + module._HELD))
    with caplog.at_level(logging.ERROR):
        assert log.append([event(1), event(2)])
        assert not log.append([event(3), event(4)])  # all or none
        assert log.append([event(5)])
        assert not log.append([event(6)])
        assert log.dropped == 0
        assert not [one for one in caplog.records if "are lost" in one.getMessage()]
        log.give_up(2)
        log.give_up(1)
        assert log.dropped == 3
        full.room = 10**6
        log.close()
    assert read(log.folder) == [event(1), event(2), event(5)]
    assert len([one for one in caplog.records if "are lost" in one.getMessage()]) == 1


def test_room_is_given_back(opened: Callable[..., RecordLog]) -> None:
    """A page that weighs more than all there is room for is taken by an empty queue."""
    log = opened(most=5)
    page = Impression("q", "x", "products", "s", tuple("abcdefgh"), "2026-11-28T12:00:00.000Z")
    for number in range(4):
        assert soon(lambda: log.append([page])), number
    log.close()
    assert [one for one in read(log.folder) if isinstance(one, Impression)] == [page] * 4


def test_the_last_of_the_disk_is_left_to_others(
    opened: Callable[..., RecordLog], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_RETRY", 0.01)
    monkeypatch.setattr(module, "_SPARE", 2**70)
    log = opened()
    with caplog.at_level(logging.ERROR):
        assert log.append([event(1)])
        assert soon(lambda: "MiB are free" in caplog.text)
    assert not list(log.folder.glob("*.jsonl"))
    monkeypatch.setattr(module, "_SPARE", 0)
    log.close()
    assert read(log.folder) == [event(1)]


def test_the_queue_is_bounded_by_what_it_holds(opened: Callable[..., RecordLog], full: Disk) -> None:
    """Not by the number of lines: ids may be long, and three bytes a character."""
    log = opened(most=100_000)
    long = Event("click", "s", "2026-11-28T12:00:00.000Z", "耳" * 512, "q" * 100)
    taken = 0
    while taken < 1000 and log.append([long]):
        taken += 1
    assert 40 < taken < 60


def test_much_is_written_block_by_block(
    opened: Callable[..., RecordLog], full: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full within the second block keeps the first and the whole lines of the second."""
    line = len(module.to_line(event(10))) + 1
    monkeypatch.setattr(module, "_BLOCK", 10 * line)
    records = [event(number) for number in range(10, 60)]
    full.room = 14 * line + line // 2
    log = opened()
    assert log.append(records)
    assert soon(lambda: full.refused > 1)
    assert read(log.folder) == records[:14]
    full.room = 10**6
    log.close()
    assert read(log.folder) == records
    assert full.largest == 10 * line


def test_what_cannot_be_written_at_the_end_is_counted(opened: Callable[..., RecordLog], full: Disk) -> None:
    log = opened()
    log.append([event(1), event(2)])
    log.close()
    assert log.dropped == 2


def test_several_threads_and_two_logs_on_one_folder(opened: Callable[..., RecordLog]) -> None:
    logs = [opened(), opened()]

    def write(log: RecordLog, begin: int) -> None:
        for number in range(begin, begin + 100):
            assert log.append([event(number)])
            if number % 25 == 0:
                time.sleep(0.02)

    threads = [threading.Thread(target=write, args=(logs[i % 2], 100 * i)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for log in logs:
        log.close()
    found = [one.product for one in read(logs[0].folder) if isinstance(one, Event)]
    assert sorted(str(product) for product in found) == sorted(f"p{number}" for number in range(600))


def test_old_days_are_removed_and_nothing_else(opened: Callable[..., RecordLog]) -> None:
    log = opened(days=2)
    log.folder.mkdir()
    for name in (
        "2026-11-25.jsonl",
        "2026-11-26.jsonl",
        "2026-11-27.jsonl",
        "2025-01-01.jsonl",
        "2025-01-01.txt",
        "notes",
    ):
        (log.folder / name).touch()
    log.append([event(1)])
    log.close()
    left = {"2026-11-26.jsonl", "2026-11-27.jsonl", "2026-11-28.jsonl", "2025-01-01.txt", "notes"}
    assert {file.name for file in log.folder.iterdir()} - {module.LOCK} == left


def test_old_days_go_while_it_runs(opened: Callable[..., RecordLog], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when nothing is written any more."""
    monkeypatch.setattr(module, "_WATCH", 0.01)
    monkeypatch.setattr(module, "_GATHER", 0.01)
    day = [NOON]
    log = opened(days=2, now=lambda: day[0])
    log.append([event(1)])
    file = log.folder / "2026-11-28.jsonl"
    assert soon(file.exists)
    day[0] = datetime(2026, 12, 1, tzinfo=UTC)
    assert soon(lambda: not file.exists())


def test_a_folder_that_cannot_be_is_told_before_it_matters(tmp_path: Path, opened: Callable[..., RecordLog]) -> None:
    log = opened()
    log.check()
    assert log.folder.is_dir()
    log.folder.rmdir()
    log.folder.write_text("no folder")
    with pytest.raises(SettingsError, match=r"cannot be kept in .*writable, or unset DAOGOU_EXPERIMENTS"):
        log.check()
