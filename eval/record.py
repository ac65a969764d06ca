"""What is known of how a run came about, kept beside it: `RUN.trec.json` next to `RUN.trec`.

A run file says which products came, and nothing of where from. Its record says which index version, encoder and options
made it, with which code, how long each search took by stage, and what the engine made of each query. It holds no words
of any query, so that a record can be handed on with the run. Runs of other engines have none, and need none.

Two files cannot be replaced in one step. So the record holds the hash of its run, and counts only beside that very run:
one of an older run, or of a run that was edited since, is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from eval.qrels import replacing
from search.domain import EncoderCard, Json
from search.errors import JudgementError

FORMAT = 1

_GIT_SECONDS = 10.0
"""Whoever waits longer for git has a sick disk; the run goes on without a commit."""


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
    """`commit` is None outside a git checkout; `dirty` says that tracked files differed from it."""

    version: str
    commit: str | None = None
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class RunRecord:
    """`encoder` and `options` as people name them; `built_at` and `created_at` (of the run) are ISO 8601.

    `products` is how many the index held when it was asked, `machine` what the times were taken on.
    """

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
    machine: str = ""


def record_path(run: Path) -> Path:
    return run.with_name(f"{run.name}.json")


def write_record(run: Path, record: RunRecord) -> None:
    """Replaces the record beside `run` in one step: call it when the run itself is written.

    Raises JudgementError where the run cannot be read or the record not be written.
    """
    held = {"format": FORMAT, "run_sha256": _hash_of(run), **asdict(record)}
    with replacing(record_path(run)) as file:
        json.dump(held, file, ensure_ascii=False, indent=1)
        file.write("\n")


def read_record(run: Path) -> RunRecord | None:
    """The record that belongs to `run`; None where there is none, or the one beside it belongs to another run.

    Raises JudgementError for one that cannot be read.
    """
    path = record_path(run)
    if not path.exists():
        return None
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held.pop("format") != FORMAT:
            raise ValueError("another format")
        made_of = held.pop("run_sha256")
        queries = {
            query: QueryRecord(**one | {"degraded": tuple(one["degraded"])})
            for query, one in held.pop("queries").items()
        }
        record = RunRecord(**held | {"software": Software(**held["software"]), "queries": queries})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise JudgementError(
            f"{path} is not a record of a run ({type(error).__name__}). Remove it, or make the run again with: "
            f"python -m eval run"
        ) from error
    return record if made_of == _hash_of(run) else None


def _hash_of(run: Path) -> str:
    try:
        with run.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise JudgementError(f"{run} cannot be read: {error.strerror or error}") from error


def encoder_name(card: EncoderCard) -> str:
    """Name, commit and the first letters of the weights' hash: what tells two encoders apart."""
    return f"{card.model}{f'@{card.revision[:10]}' if card.revision else ''} ({card.weights[:8]})"


def software() -> Software:
    """The package's version and the commit of the checkout that this very file lies in. Asks git, so call it once."""
    try:
        installed = version("daogou")
    except PackageNotFoundError:  # run from a checkout that was never installed
        installed = "unknown"
    commit = _git("rev-parse", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no") if commit else None
    return Software(installed, commit, bool(changed))


def _git(*words: str) -> str | None:
    """What git says of our checkout; None without git, and where the package is installed outside a checkout."""
    root = Path(__file__).parents[1]
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    # Within a hook, GIT_DIR and its like speak of another repository.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603
            [git, "-C", str(root), "--no-optional-locks", *words],
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            env=clean,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def machine() -> str:
    """Enough to say whether times can be compared, and no name of a host."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
