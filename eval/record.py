"""What is known of how a run came about, kept beside it: `RUN.trec.json` next to `RUN.trec`.

A run file says which products came, and nothing of where from. Its record says which index version, encoder and options
made it, with which code, how long each search took by stage, and what the engine made of each query. It holds no words
of any query, so that a record can be handed on with the run. Runs of other engines have none, and need none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from eval.qrels import replacing
from search.domain import Json
from search.errors import JudgementError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class QueryRecord:
    """One query of a run. `milliseconds` by stage, of wall clock, with `total` for the whole search.

    `constraints` is how many conditions were understood, `language` the one the query was read in.
    """

    language: str
    constraints: int
    hits: int
    weak: bool
    degraded: tuple[str, ...]
    milliseconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Software:
    """`commit` is None outside a git checkout; `dirty` says that files differed from it."""

    version: str
    commit: str | None = None
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class RunRecord:
    """`encoder` and `options` as people name them; `built_at` and `created_at` (of the run) are ISO 8601."""

    index: str
    index_version: int
    products: int
    encoder: str
    recipe: str
    learning: str
    built_at: str
    created_at: str
    software: Software
    options: Mapping[str, Json] = field(default_factory=dict)
    queries: Mapping[str, QueryRecord] = field(default_factory=dict)


def record_path(run: Path) -> Path:
    return run.with_name(f"{run.name}.json")


def write_record(run: Path, record: RunRecord) -> None:
    """Replaces the record beside `run` in one step. Raises JudgementError where it cannot be written."""
    with replacing(record_path(run)) as file:
        json.dump({"format": FORMAT, **asdict(record)}, file, ensure_ascii=False, indent=1)
        file.write("\n")


def read_record(run: Path) -> RunRecord | None:
    """The record beside `run`; None where there is none. Raises JudgementError for one that cannot be read."""
    path = record_path(run)
    if not path.exists():
        return None
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held.pop("format") != FORMAT:
            raise ValueError("another format")
        queries = {
            query: QueryRecord(**one | {"degraded": tuple(one["degraded"])})
            for query, one in held.pop("queries").items()
        }
        return RunRecord(**held | {"software": Software(**held["software"]), "queries": queries})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise JudgementError(
            f"{path} is not a record of a run ({type(error).__name__}). Remove it, or make the run again with: "
            f"python -m eval run"
        ) from error
