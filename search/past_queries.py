"""What shoppers have asked for, as counts without persons: to complete what the next one types.

A query is counted only if it found something and does not look personal, folded, by index and day: no shopper, no
address, no time of day. It is suggested once it came in MIN_TIMES requests, weighs half after HALF_LIFE_DAYS, and is
forgotten FORGOTTEN_AFTER_DAYS after it was last asked for. Nothing here is ever logged.

Counts live in memory, where recording one costs microseconds, and are saved to one SQLite file of the data folder every
now and then, beside the index versions: a reindex keeps them. Losing the last seconds in a crash loses nothing that
matters.
"""

from __future__ import annotations

import contextlib
import heapq
import logging
import re
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from search.lexicon.folding import fold, is_han, runs
from search.suggestions.entries import Entry

log = logging.getLogger(__name__)

MIN_TIMES = 3
"""Requests that must have asked for it before anybody is shown it."""

HALF_LIFE_DAYS = 30
FORGOTTEN_AFTER_DAYS = 90

MAX_QUERIES = 10_000
"""Queries that an index remembers; past them the least frequent are forgotten."""

MAX_CHARS = 60
SAVED_EVERY = 15.0
"""Seconds between two savings."""

_ROOM = MAX_QUERIES // 5
_MAX_SHOWN = 30
_MAX_TRIED = 1_000
_FORMAT = 1
_DAY = 86_400

# Telephone, card and article numbers, however they are grouped.
_LONG_NUMBER = re.compile(r"\d(?:[\s().+/_-]{0,3}\d){6}")
_ADDRESS = re.compile(r"@|://|\bwww\.")

_SCHEMA = """
create table if not exists queries (
    index_name text not null, query text not null, times integer not null, weight real not null, day integer not null,
    primary key (index_name, query)
) without rowid
"""


@dataclass(slots=True)
class _Count:
    """`weight` as of `day` (days since 1970); `times` never decays."""

    times: int
    weight: float
    day: int


def normal(query: str) -> str | None:
    """The form in which a query is counted; None for one that is not: nothing in it, too long, or it looks personal."""
    if len(query) > 4 * MAX_CHARS:
        return None
    text = " ".join("".join(char if char.isprintable() else " " for char in fold(query)).split())
    if not runs(text) or len(text) > MAX_CHARS or _ADDRESS.search(text) or _LONG_NUMBER.search(text):
        return None
    return text


class PastQueries:
    """Safe to use from several threads. Whatever happens to the file, searches go on."""

    def __init__(self, data_dir: Path, today: Callable[[], int] | None = None) -> None:
        """`today` is the number of the day, for tests. The file is read when it is first needed."""
        self._path = data_dir / "past_queries.sqlite"
        self._today = today or (lambda: int(time.time() // _DAY))
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._indexes: defaultdict[str, dict[str, _Count]] = defaultdict(dict)
        self._changed: set[tuple[str, str]] = set()
        self._shown: dict[str, str] = {}  # by index, the lines of what may be suggested
        self._loaded = False
        self._saved_at = time.monotonic()

    def record(self, index: str, query: str) -> None:
        """Count a query that found something. Microseconds; nothing is written here."""
        text = normal(query)
        if text is None:
            return
        self._load()
        today = self._today()
        with self._lock:
            counts = self._indexes[index]
            held = counts.get(text)
            if held is None:
                if len(counts) >= MAX_QUERIES + _ROOM:
                    return  # until the next saving makes room
                counts[text] = _Count(1, 1.0, today)
            else:
                held.weight = _decayed(held, today) + 1
                held.times += 1
                held.day = today
                if held.times == MIN_TIMES:
                    self._shown[index] = self._shown.get(index, "") + _line(text)
            self._changed.add((index, text))

    def completing(self, index: str, typed: str) -> list[Entry]:
        """Queries asked for often enough that hold every word typed, each as the beginning of a word; best first.

        Chinese may stand anywhere. Nothing typed: the most frequent. Thirty at most, out of 10,000 in a millisecond.
        """
        self._load()
        wanted = [word if is_han(word) else f" {word}" for word in runs(fold(typed[:MAX_CHARS]))]
        today = self._today()
        with self._lock:
            counts = self._indexes.get(index, {})
            texts = _fitting(self._shown.get(index, ""), wanted)
            held = [(text, counts[text]) for text in texts if text in counts]
            weighed = [(_decayed(one, today), text) for text, one in held if today - one.day <= FORGOTTEN_AFTER_DAYS]
        weighed.sort(key=lambda item: (-item[0], item[1]))
        return [Entry(text, "query", max(1, round(weight))) for weight, text in weighed]

    def save_if_due(self) -> None:
        """Called about once a second by whoever has a thread for it."""
        if self._changed and time.monotonic() - self._saved_at >= SAVED_EVERY:
            self.save()

    def save(self) -> None:
        """Forget what is old or too much, and write what changed. A file that cannot be written is logged, no more."""
        with self._saving:
            self._saved_at = time.monotonic()
            with self._lock:
                self._forget()
                changed, self._changed = self._changed, set()
                rows = [
                    (index, text, held.times, held.weight, held.day)
                    for index, text in changed
                    if (held := self._indexes[index].get(text)) is not None
                ]
                gone = [pair for pair in changed if pair[1] not in self._indexes[pair[0]]]
            if not rows and not gone:
                return
            try:
                with self._file() as file:
                    file.executemany("insert or replace into queries values (?, ?, ?, ?, ?)", rows)
                    file.executemany("delete from queries where index_name = ? and query = ?", gone)
            except (sqlite3.Error, OSError) as error:
                log.error("past queries could not be saved to %s: %s", self._path, type(error).__name__)
                with self._lock:
                    self._changed |= changed

    def close(self) -> None:
        self.save()

    def _load(self) -> None:
        if self._loaded:
            return
        with self._saving:
            if self._loaded:
                return
            rows: list[tuple[str, str, int, float, int]] = []
            try:
                if self._path.exists():
                    with self._file() as file:
                        rows = file.execute("select index_name, query, times, weight, day from queries").fetchall()
            except (sqlite3.Error, OSError) as error:
                log.error("past queries in %s cannot be read (%s); counting anew", self._path, type(error).__name__)
                with contextlib.suppress(OSError):
                    self._path.replace(self._path.with_suffix(".damaged"))
            with self._lock:
                for index, text, times, weight, day in rows:
                    self._indexes[index][text] = _Count(int(times), float(weight), int(day))
                self._forget()
            self._loaded = True

    def _forget(self) -> None:
        """What is old or too much, and put the rest in order. With the lock held."""
        today = self._today()
        for index, counts in self._indexes.items():
            gone = {text for text, held in counts.items() if today - held.day > FORGOTTEN_AFTER_DAYS}
            spare = len(counts) - len(gone) - MAX_QUERIES
            if spare > 0:
                left = ((_decayed(held, today), text) for text, held in counts.items() if text not in gone)
                gone |= {text for _, text in heapq.nsmallest(spare, left)}
            for text in gone:
                del counts[text]
                self._changed.add((index, text))
            often = [(-_decayed(held, today), text) for text, held in counts.items() if held.times >= MIN_TIMES]
            self._shown[index] = "".join(_line(text) for _, text in sorted(often))

    @contextlib.contextmanager
    def _file(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Only the server's own user may read what its shoppers ask for.
        self._path.touch(mode=0o600, exist_ok=True)
        file = sqlite3.connect(self._path, timeout=5)
        try:
            with file:
                version = file.execute("pragma user_version").fetchone()[0]
                if version not in (0, _FORMAT):
                    raise sqlite3.DatabaseError("another format")
                file.execute(_SCHEMA)
                file.execute(f"pragma user_version = {_FORMAT}")
                yield file
        finally:
            file.close()


@lru_cache(maxsize=2 * MAX_QUERIES)
def _line(text: str) -> str:
    """Its words as they are told apart, each after a space, and the query as it is shown."""
    return f" {' '.join(runs(text))}\t{text}\n"


def _fitting(lines: str, wanted: Sequence[str]) -> list[str]:
    """The first queries whose line holds every one of `wanted`. One long text is searched faster than many."""
    found: list[str] = []
    needle = max(wanted, key=len, default="")
    start = 0
    for _ in range(_MAX_TRIED):
        at = lines.find(needle, start)
        if at < 0 or not lines:
            break
        begin, end = lines.rfind("\n", 0, at + 1) + 1, lines.index("\n", at)
        line = lines[begin:end]
        if all(word in line for word in wanted):
            found.append(line.partition("\t")[2])
        start = end + 1
        if len(found) == _MAX_SHOWN or start == len(lines):
            break
    return found


def _decayed(held: _Count, today: int) -> float:
    return held.weight * float(0.5 ** (max(0, today - held.day) / HALF_LIFE_DAYS))


__all__ = ["FORGOTTEN_AFTER_DAYS", "MAX_QUERIES", "MIN_TIMES", "PastQueries", "normal"]
