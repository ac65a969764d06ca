"""Work in progress of one reindex, in one SQLite file beside the index: what the catalogue says, and vectors so far.

The rows are read anew by every run. The vectors stay when a run is interrupted, in blocks that are written whole, so
that the next run encodes the rest in the very same blocks and ends with the very same vectors.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from search.domain import Document, Point
from search.protocols import Vectors
from search.writing import Prepared

_SCHEMA = """
DROP TABLE IF EXISTS row;
DROP TABLE IF EXISTS live;
CREATE TABLE row (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, text_hash TEXT NOT NULL,
  document_hash TEXT NOT NULL, text TEXT NOT NULL, document BLOB NOT NULL);
CREATE TABLE live (id TEXT PRIMARY KEY, text_hash TEXT NOT NULL, document_hash TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vector (text_hash TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS encoder (name TEXT PRIMARY KEY);
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """The catalogue against the live version, in products."""

    total: int
    unchanged: int
    removed: int
    live: int


@dataclass(frozen=True, slots=True)
class StagedRow:
    product_id: str
    text_hash: str
    document_hash: str
    document: Document


class Staging:
    """Open it once per run, under the reindex lock."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._base = sqlite3.connect(file, isolation_level=None)
        # A power cut may cost vectors of the last seconds, never the file.
        self._base.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        self._base.executescript(_SCHEMA)

    def close(self) -> None:
        self._base.close()

    def remove(self) -> None:
        """The run succeeded: the vectors live in the index now."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)

    def keep_vectors_of(self, encoder: str) -> None:
        """Vectors of any other encoder are dropped. `encoder` is a hash of its files."""
        with self._transaction():
            if self._base.execute("SELECT name FROM encoder").fetchall() != [(encoder,)]:
                self._base.execute("DELETE FROM vector")
                self._base.execute("DELETE FROM encoder")
                self._base.execute("INSERT INTO encoder VALUES (?)", (encoder,))

    def forget_vectors(self) -> None:
        with self._transaction():
            self._base.execute("DELETE FROM vector")

    def add_rows(self, rows: Sequence[Prepared]) -> None:
        with self._transaction():
            self._base.executemany(
                "INSERT INTO row (id, text_hash, document_hash, text, document) VALUES (?, ?, ?, ?, ?)",
                ((r.product_id, r.text_hash, r.document_hash, r.text, orjson.dumps(r.document)) for r in rows),
            )

    def add_live(self, points: Iterable[Point]) -> None:
        """What the live version holds; its vectors are not needed here."""
        with self._transaction():
            self._base.executemany(
                "INSERT INTO live VALUES (?, ?, ?)", ((p.product_id, p.text_hash, p.document_hash) for p in points)
            )

    def difference(self) -> Difference:
        same = "JOIN live USING (id) WHERE row.text_hash = live.text_hash AND row.document_hash = live.document_hash"
        return Difference(
            total=self._count("FROM row"),
            unchanged=self._count(f"FROM row {same}"),
            removed=self._count("FROM live WHERE id NOT IN (SELECT id FROM row)"),
            live=self._count("FROM live"),
        )

    def count_missing(self, reuse: bool) -> int:
        """Distinct texts that have no vector yet."""
        return self._count(f"FROM (SELECT DISTINCT text_hash {_missing(reuse)})")

    def missing(self, reuse: bool, block: int) -> Iterator[list[tuple[str, str]]]:
        """Blocks of (text_hash, text) without a vector, in catalogue order. Save each before asking for the next."""
        last = 0
        while True:
            found = self._base.execute(
                f"SELECT n, text_hash, text {_missing(reuse)} AND n > ? ORDER BY n LIMIT ?", (last, block)
            ).fetchall()
            if not found:
                return
            last = found[-1][0]
            yield list({key: (key, text) for _, key, text in found}.values())

    def save_vectors(self, text_hashes: Sequence[str], vectors: Vectors) -> None:
        """All or none of them, durable on return."""
        with self._transaction():
            self._base.executemany(
                "INSERT INTO vector VALUES (?, ?)",
                ((key, row.astype("<f4").tobytes()) for key, row in zip(text_hashes, vectors, strict=True)),
            )

    def vectors(self, text_hashes: Sequence[str]) -> dict[str, Sequence[float]]:
        """Those that were saved; each a float32 array of shape (dimension,)."""
        found: dict[str, Any] = {}
        for key in dict.fromkeys(text_hashes):
            row = self._base.execute("SELECT value FROM vector WHERE text_hash = ?", (key,)).fetchone()
            if row is not None:
                found[key] = np.frombuffer(row[0], dtype="<f4").astype(np.float32)
        return found

    def rows(self, batch: int) -> Iterator[list[StagedRow]]:
        """Every row in catalogue order."""
        last = 0
        while True:
            found = self._base.execute(
                "SELECT n, id, text_hash, document_hash, document FROM row WHERE n > ? ORDER BY n LIMIT ?",
                (last, batch),
            ).fetchall()
            if not found:
                return
            last = found[-1][0]
            yield [StagedRow(row[1], row[2], row[3], orjson.loads(row[4])) for row in found]

    def _count(self, what: str) -> int:
        return int(self._base.execute(f"SELECT count(*) {what}").fetchone()[0])

    def _transaction(self) -> _Transaction:
        return _Transaction(self._base)


class _Transaction:
    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base

    def __enter__(self) -> None:
        self._base.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._base.execute("COMMIT" if kind is None else "ROLLBACK")


def _missing(reuse: bool) -> str:
    """The rows whose text has no vector, neither saved by an earlier run nor, with `reuse`, in the live version."""
    live = (
        "AND NOT EXISTS (SELECT 1 FROM live WHERE live.id = row.id AND live.text_hash = row.text_hash)" if reuse else ""
    )
    return f"FROM row WHERE text_hash NOT IN (SELECT text_hash FROM vector) {live}"  # noqa: S608
