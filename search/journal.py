"""The tasks that document writes become, in one SQLite file: they survive a crash, and a reindex.

A reindex builds a new version from the catalogue file while the live one takes writes. Each version's manifest says
which task it was built on (`Manifest.journal`), so whoever opens it for writing replays the later ones: nothing a shop
wrote during a reindex is lost. Writes are idempotent and replayed in order, so replaying too many is harmless.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import orjson

from search.domain import Json

_TIDY_EVERY = 500

Status = Literal["enqueued", "processing", "succeeded", "failed"]
Kind = Literal["documentAdditionOrUpdate", "documentDeletion"]

RETENTION = timedelta(days=7)
"""How long a write can be replayed: no reindex takes longer, and a rollback goes back no further."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS task (
  uid INTEGER PRIMARY KEY AUTOINCREMENT,
  index_name TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, payload BLOB,
  details TEXT NOT NULL, error TEXT, enqueued_at TEXT NOT NULL, started_at TEXT, finished_at TEXT);
CREATE INDEX IF NOT EXISTS by_status ON task (status, uid);
CREATE TABLE IF NOT EXISTS applied (index_name TEXT, version INTEGER, uid INTEGER, PRIMARY KEY (index_name, version));
"""
_COLUMNS = "uid, index_name, kind, status, details, error, enqueued_at, started_at, finished_at"


@dataclass(frozen=True, slots=True)
class Task:
    """One write. Times are ISO 8601 in UTC; `details` counts documents; `error` holds message, code, type and link."""

    uid: int
    index: str
    kind: Kind
    status: Status
    details: dict[str, Json]
    error: dict[str, str] | None
    enqueued_at: str
    started_at: str | None
    finished_at: str | None


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """Which tasks to list: those that are among all that is given. `start` is the first uid in the order asked for."""

    limit: int
    start: int | None = None
    oldest_first: bool = False
    uids: tuple[int, ...] | None = None
    indexes: tuple[str, ...] | None = None
    statuses: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Some tasks, and how many meet the conditions in all."""

    tasks: tuple[Task, ...]
    total: int


class Journal:
    """One process writes; others may look on. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._appended = 0
        self._base = sqlite3.connect(folder / "tasks.sqlite", check_same_thread=False, timeout=30)
        with self._lock, self._base:
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._base.close()

    def append(self, index: str, kind: Kind, payload: Json, details: dict[str, Json]) -> Task:
        """Durable on return."""
        now = _now()
        self._appended += 1
        if self._appended % _TIDY_EVERY == 0:
            self.forget_older_than(RETENTION)
        with self._lock, self._base:
            uid = self._base.execute(
                "INSERT INTO task (index_name, kind, status, payload, details, enqueued_at) VALUES (?, ?, ?, ?, ?, ?)",
                (index, kind, "enqueued", orjson.dumps(payload), orjson.dumps(details), now),
            ).lastrowid
        return Task(uid or 0, index, kind, "enqueued", details, None, now, None, None)

    def requeue_interrupted(self) -> None:
        """What a crash left in the middle is done again from its start. What is too old to be replayed is let go."""
        self.forget_older_than(RETENTION)
        with self._lock, self._base:
            self._base.execute("UPDATE task SET status = 'enqueued', started_at = NULL WHERE status = 'processing'")

    def start_next(self) -> tuple[Task, Json] | None:
        """Mark the oldest waiting task as processing; it and its payload, or None."""
        with self._lock, self._base:
            row = self._base.execute(
                f"SELECT {_COLUMNS}, payload FROM task WHERE status = 'enqueued' ORDER BY uid LIMIT 1"  # noqa: S608
            ).fetchone()
            if row is None:
                return None
            self._base.execute("UPDATE task SET status = 'processing', started_at = ? WHERE uid = ?", (_now(), row[0]))
        return _task(row[:-1]), orjson.loads(row[-1])

    def succeed(self, uid: int, details: dict[str, Json], index: str, version: int) -> None:
        """Done, and version `version` of the index has it: one transaction."""
        with self._lock, self._base:
            self._base.execute(
                "UPDATE task SET status = 'succeeded', details = ?, finished_at = ? WHERE uid = ?",
                (orjson.dumps(details), _now(), uid),
            )
            self._set_applied(index, version, uid)

    def fail(self, uid: int, details: dict[str, Json], error: dict[str, str]) -> None:
        """Done for good; its payload is of no more use."""
        with self._lock, self._base:
            self._base.execute(
                "UPDATE task SET status = 'failed', payload = NULL, details = ?, error = ?, finished_at = ? "
                "WHERE uid = ?",
                (orjson.dumps(details), orjson.dumps(error), _now(), uid),
            )

    def get(self, uid: int) -> Task | None:
        with self._lock:
            row = self._base.execute(f"SELECT {_COLUMNS} FROM task WHERE uid = ?", (uid,)).fetchone()  # noqa: S608
        return _task(row) if row else None

    def find(self, asked: TaskQuery) -> TaskPage:
        """A page of the tasks that meet every condition."""
        conditions, values = ["1"], []
        for column, wanted in (
            ("uid", asked.uids),
            ("index_name", asked.indexes),
            ("status", asked.statuses),
            ("kind", asked.kinds),
        ):
            if wanted is not None:
                conditions.append(f"{column} IN ({', '.join('?' * len(wanted))})")
                values += list(wanted)
        order = "ASC" if asked.oldest_first else "DESC"
        compare = ">=" if asked.oldest_first else "<="
        where = " AND ".join(conditions)
        start = f" AND uid {compare} ?" if asked.start is not None else ""
        begin = [asked.start] if asked.start is not None else []
        with self._lock:
            total = self._base.execute(f"SELECT count(*) FROM task WHERE {where}", values).fetchone()[0]  # noqa: S608
            rows = self._base.execute(
                f"SELECT {_COLUMNS} FROM task WHERE {where}{start} ORDER BY uid {order} LIMIT ?",  # noqa: S608
                [*values, *begin, asked.limit],
            ).fetchall()
        return TaskPage(tuple(_task(row) for row in rows), int(total))

    def last_done(self, index: str) -> int:
        """Uid of the last succeeded task of an index; 0 for none. A build that starts now may say it is built on it."""
        with self._lock:
            row = self._base.execute(
                "SELECT max(uid) FROM task WHERE index_name = ? AND status = 'succeeded'", (index,)
            ).fetchone()
        return int(row[0] or 0)

    def applied(self, index: str, version: int) -> int:
        """Uid of the last task that a version has; 0 for none."""
        with self._lock:
            row = self._base.execute(
                "SELECT uid FROM applied WHERE index_name = ? AND version = ?", (index, version)
            ).fetchone()
        return int(row[0]) if row else 0

    def mark_applied(self, index: str, version: int, uid: int) -> None:
        with self._lock, self._base:
            self._set_applied(index, version, uid)

    def succeeded_after(self, index: str, uid: int) -> Iterator[tuple[Task, Json]]:
        """The succeeded writes of an index with a higher uid, oldest first."""
        while True:
            with self._lock:
                row = self._base.execute(
                    f"SELECT {_COLUMNS}, payload FROM task WHERE index_name = ? AND uid > ? AND status = 'succeeded' "  # noqa: S608
                    "AND payload IS NOT NULL ORDER BY uid LIMIT 1",
                    (index, uid),
                ).fetchone()
            if row is None:
                return
            uid = int(row[0])
            yield _task(row[:-1]), orjson.loads(row[-1])

    def forget_older_than(self, age: timedelta) -> None:
        """Drop the payloads of writes done that long ago: a shop that never reindexes must not keep them for ever."""
        before = _stamp(datetime.now(UTC) - age)
        with self._lock, self._base:
            self._base.execute(
                "UPDATE task SET payload = NULL WHERE status = 'succeeded' AND finished_at < ? AND payload IS NOT NULL",
                (before,),
            )

    def forget_payloads(self, index: str, uid: int) -> None:
        """Drop the payloads up to `uid` that no version will need again; the tasks themselves stay to be looked up."""
        with self._lock, self._base:
            self._base.execute(
                "UPDATE task SET payload = NULL WHERE index_name = ? AND uid <= ? AND status = 'succeeded' "
                "AND payload IS NOT NULL",
                (index, uid),
            )

    def _set_applied(self, index: str, version: int, uid: int) -> None:
        self._base.execute("INSERT OR REPLACE INTO applied VALUES (?, ?, ?)", (index, version, uid))


def _now() -> str:
    return _stamp(datetime.now(UTC))


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _task(row: tuple[Json, ...]) -> Task:
    uid, index, kind, status, details, error, enqueued, started, finished = row
    return Task(
        uid,
        index,
        kind,
        status,
        orjson.loads(details),
        orjson.loads(error) if error else None,
        enqueued,
        started,
        finished,
    )
