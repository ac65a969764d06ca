"""The log of experiments and events: one file of JSON lines for each UTC day in which something was written.

Whoever has something to log leaves it in a queue with an end and goes on; one thread writes. A full disk or a full
queue costs lines, and never a search: `append` refuses, and what nobody brings again is counted. Files are readable by
the server's user alone and are removed when they are older than they may be. They hold whole lines: what a crash tore
is removed by whoever writes next.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, islice, takewhile
from pathlib import Path

from filelock import FileLock, Timeout

from search.errors import SettingsError, StoreUnavailable
from search.experiments.forgetting import DAY, lines_of, needle, remove_lines
from search.experiments.records import Record, to_line

log = logging.getLogger(__name__)

FOLDER = "experiments"
LOCK = ".lock"
"""Held while a file of the folder is written to."""

MOST_WAITING = 64 * 2**20
"""Bytes that may wait to be written: of lines, with what it takes to hold them."""

_HELD = 64
"""Bytes that it takes to hold a line, besides its own."""

_BLOCK = 4 * 2**20
"""Bytes after which a block of lines is written."""

_SPARE = 256 * 2**20
"""Bytes of the disk that are left to others: indexes and the journal need them more."""

_GATHER = 0.2
"""Seconds in which lines are gathered into one write."""

_RETRY = 1.0
_WATCH = 60.0
"""Seconds after which it is looked whether a day has gone by."""

_PATIENCE = 10.0
_CHUNK = 1 << 16


def on_log(moment: datetime) -> str:
    """An instant as the log has it: ISO 8601 in UTC to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _now() -> datetime:
    return datetime.now(UTC)


class RecordLog:
    """Safe to use from several threads; several processes may write to one folder."""

    def __init__(self, folder: Path, days: int, now: Callable[[], datetime] = _now, most: int = MOST_WAITING) -> None:
        """`days` is how long a file is kept, `now` the clock, for tests. Nothing is created before the first record."""
        self.folder = folder
        self.now = now
        self._days = days
        self._most = most
        self._turn = threading.Condition()
        self._writing = threading.Lock()  # held by whoever touches files, or lines on their way to one
        self._waiting: deque[bytes] = deque()
        self._held = 0  # weight of all that is not on the disk yet
        self._dropped = 0
        self._closing = threading.Event()
        self._unwritten: deque[bytes] = deque()  # the writer's own
        self._troubled = False
        self._tidied: date | None = None
        self._thread = threading.Thread(target=self._work, name="daogou-log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Records that were lost since the start."""
        return self._dropped

    def check(self) -> None:
        """Raises SettingsError where nothing can be written; for those who cannot do without the log."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(self.folder, os.W_OK | os.X_OK):
                raise PermissionError("it may not be written to")
        except OSError as error:
            raise SettingsError(
                f"The log of experiments cannot be kept in {self.folder}: {error.strerror or error}. Make the folder "
                "of DAOGOU_DATA_DIR writable, or unset DAOGOU_EXPERIMENTS"
            ) from error

    def append(self, records: Sequence[Record]) -> bool:
        """Have them written, all or none: False where the queue is full. Some microseconds for each; nothing is written
        here. Whoever does not bring them again tells `give_up`."""
        if not records:
            return True
        lines = [(to_line(one) + "\n").encode(errors="replace") for one in records]
        weight = sum(map(_weight, lines))
        with self._turn:
            if self._closing.is_set() or (self._held and self._held + weight > self._most):
                return False
            self._held += weight
            self._waiting.extend(lines)
            self._turn.notify()
        return True

    def has_room(self) -> bool:
        """Whether `append` would take something now."""
        with self._turn:
            return not self._closing.is_set() and (not self._held or self._held < self._most)

    def lines_of(self, shopper: str) -> list[str]:
        """What the log holds of a shopper, as JSON, in the order in which it was written."""
        with self._writing:
            with self._turn:
                on_the_way = [line for line in (*self._unwritten, *self._waiting) if needle(shopper) in line]
            return [*lines_of(self.folder, shopper), *(line.decode().rstrip("\n") for line in on_the_way)]

    def forget(self, shopper: str) -> int:
        """Remove all lines of a shopper; how many. Reads the whole log. Raises StoreUnavailable where a file cannot be
        written: nothing is lost then, and whoever asks again goes on."""
        with self._writing:
            removed = self._forget_waiting(needle(shopper))
            if not self.folder.is_dir():
                return removed
            try:
                with FileLock(self.folder / LOCK, timeout=_PATIENCE):
                    return removed + remove_lines(self.folder, shopper)
            except (OSError, Timeout) as error:
                told = getattr(error, "strerror", None) or type(error).__name__
                raise StoreUnavailable(f"The log in {self.folder} cannot be written ({told}). Try again.") from None

    def _forget_waiting(self, wanted: bytes) -> int:
        removed = 0
        with self._turn:
            for lines in (self._unwritten, self._waiting):
                for _ in range(len(lines)):
                    line = lines.popleft()
                    if wanted in line:
                        self._held -= _weight(line)
                        removed += 1
                    else:
                        lines.append(line)
        return removed

    def give_up(self, count: int) -> None:
        """Count records as lost that `append` refused."""
        with self._turn:
            self._drop(count, "more comes than can be written")

    def close(self) -> None:
        """Write what waits. What cannot be written now is lost."""
        with self._turn:
            self._closing.set()
            self._turn.notify()
        self._thread.join(_PATIENCE)

    def _work(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._waiting or self._unwritten or self._closing.is_set(), _WATCH)
            closing = self._closing.wait(_RETRY if self._troubled else _GATHER)
            try:
                with self._writing:
                    self._write()
            except Exception as error:
                self._complain(error)
            self._tidy()
            if closing:
                self._give_up()
                return

    def _write(self) -> None:
        """Everything that waits, into today's file. Raises OSError; what is not written is kept for the next try."""
        with self._turn:
            self._unwritten.extend(self._waiting)
            self._waiting.clear()
        if not self._unwritten:
            return
        day = self.now().astimezone(UTC).date()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < _SPARE:
            raise OSError(errno.ENOSPC, f"less than {_SPARE >> 20} MiB are free", str(self.folder))
        # Opened anew each time: whoever erases a shopper's lines may put another file in its place, under this lock.
        with FileLock(self.folder / LOCK, timeout=_PATIENCE):
            file = os.open(self.folder / f"{day}.jsonl", os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                self._pour(file, _healed(file))
            finally:
                os.close(file)
        if self._troubled:
            self._troubled = False
            log.warning(
                "the log in %s is written again; %d lines were lost since the start", self.folder, self._dropped
            )

    def _pour(self, file: int, size: int) -> None:
        """Append what is unwritten to a file of `size` bytes. Only whole lines stay, however far it comes."""
        while self._unwritten:
            data = memoryview(self._block())
            done = whole = weight = 0
            try:
                while done < len(data):
                    done += os.write(file, data[done:])
            finally:
                while self._unwritten and whole + len(self._unwritten[0]) <= done:
                    line = self._unwritten.popleft()
                    whole += len(line)
                    weight += _weight(line)
                with self._turn:
                    self._held -= weight
                if whole < done:
                    os.ftruncate(file, size + whole)
            size += whole

    def _block(self) -> bytes:
        """The first unwritten lines together: as many as make a block, one at least."""
        sizes = accumulate(map(len, self._unwritten))
        count = 1 + sum(1 for _ in takewhile(lambda size: size < _BLOCK, sizes))
        return b"".join(islice(self._unwritten, count))

    def _tidy(self) -> None:
        """Remove the files of days that are too long ago; once a day."""
        today = self.now().astimezone(UTC).date()
        if self._tidied == today or not self.folder.is_dir():
            return
        self._tidied = today
        first = (today - timedelta(days=self._days)).isoformat()
        try:
            for file in self.folder.iterdir():
                if DAY.fullmatch(file.name) and file.stem < first:
                    with contextlib.suppress(FileNotFoundError):
                        file.unlink()
        except OSError as error:
            log.error("old days of the log in %s cannot be removed: %s", self.folder, error)

    def _drop(self, count: int, why: str) -> None:
        """With the turn held."""
        if not self._dropped:
            log.error("lines of the log in %s are lost: %s; daogou_log_dropped counts them", self.folder, why)
        self._dropped += count

    def _complain(self, error: Exception) -> None:
        if not self._troubled:
            # The message of an OSError names the file; of anything else it might quote a record.
            told = error if isinstance(error, OSError) else type(error).__name__
            log.error("the log in %s cannot be written (%s); trying again", self.folder, told)
        self._troubled = True

    def _give_up(self) -> None:
        with self._turn:
            lost = len(self._unwritten) + len(self._waiting)
            if lost:
                self._drop(lost, "the server stops and they cannot be written")


def _weight(line: bytes) -> int:
    return len(line) + _HELD


def _healed(file: int) -> int:
    """Size of the file without the line that a writer who was killed left unfinished, if there is one."""
    size = end = os.lseek(file, 0, os.SEEK_END)
    while end:
        begin = max(0, end - _CHUNK)
        os.lseek(file, begin, os.SEEK_SET)
        last = os.read(file, end - begin).rfind(b"\n")
        end = begin + last + 1 if last >= 0 else begin
        if last >= 0:
            break
    if end < size:
        os.ftruncate(file, end)
    return end
