"""What is kept beside a run, and that it never stands beside another run's hits."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from eval_stand_in import CARD

from eval import record as module
from eval.record import QueryRecord, RunRecord, Software, encoder_name, read_record, record_path, software, write_record
from search.errors import JudgementError

RECORD = RunRecord(
    index="products",
    index_version=3,
    products=12,
    encoder="tiny",
    recipe="plain-2",
    learning="l-4",
    built_at="2026-05-01T08:00:00+00:00",
    created_at="2026-05-02T09:30:00+00:00",
    software=Software("0.1.0", "67386e6", dirty=True),
    options={"semantic_ratio": 0.5, "understand": True, "filter": None, "depth": 10},
    queries={
        "q1": QueryRecord("en", 1, 10, False, (), {"understand": 0.2, "total": 3.5}),
        "店": QueryRecord("zh", 0, 0, True, ("lexical",), {"total": 2.0}),
    },
    machine="Linux x86_64, 2 cores",
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "new.trec"
    path.write_text("q1 Q0 a 1 0.9 t\n")
    return path


def test_record_comes_back_as_it_was(run: Path) -> None:
    write_record(run, RECORD)
    assert record_path(run).name == "new.trec.json"
    assert read_record(run) == RECORD
    assert "店" in record_path(run).read_text(encoding="utf-8")


def test_run_without_a_record_has_none(run: Path) -> None:
    assert read_record(run) is None


def test_record_of_an_older_run_counts_as_none(run: Path) -> None:
    """As when the process died between writing the run and writing its record."""
    write_record(run, RECORD)
    old = run.read_text()
    run.write_text("q1 Q0 b 1 0.9 t\n")
    assert read_record(run) is None
    run.write_text(old)
    assert read_record(run) == RECORD


def test_record_goes_with_a_copied_run_and_is_replaced(run: Path) -> None:
    write_record(run, RECORD)
    write_record(run, replace(RECORD, index_version=4))
    copied = run.with_name("kept.trec")
    copied.write_bytes(run.read_bytes())
    record_path(copied).write_bytes(record_path(run).read_bytes())
    found = read_record(copied)
    assert found is not None
    assert found.index_version == 4


def test_record_of_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JudgementError, match=r"absent\.trec cannot be read: No such file"):
        write_record(tmp_path / "absent.trec", RECORD)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 2}', "\xff", '{"format": 1, "run_sha256": "", "queries": {"q1": {"hits": 3}}}'],
)
def test_record_that_is_none_is_refused_with_its_name(run: Path, text: str) -> None:
    record_path(run).write_bytes(text.encode("latin-1"))
    with pytest.raises(JudgementError, match=r"new\.trec\.json is not a record of a run .* Remove it, or make"):
        read_record(run)


def test_record_with_a_field_nobody_knows_is_refused(run: Path) -> None:
    write_record(run, RECORD)
    held = json.loads(record_path(run).read_text(encoding="utf-8"))
    record_path(run).write_text(json.dumps(held | {"weather": "fine"}))
    with pytest.raises(JudgementError, match="not a record"):
        read_record(run)


def test_encoder_is_named_with_commit_and_weights() -> None:
    assert encoder_name(CARD) == "tiny@0123456789 (ffffffff)"
    assert encoder_name(replace(CARD, revision=None)) == "tiny (ffffffff)"


# --- which code ------------------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module as if it lay in a checkout of its own, with nothing inherited from a hook or a user's settings."""
    (tmp_path / "eval").mkdir()
    (tmp_path / "eval" / "record.py").write_text("")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "eval" / "record.py"))
    return tmp_path


def git(folder: Path, *words: str) -> str:
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=folder, env=clean, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_commit_is_that_of_the_checkout_whatever_a_hook_says(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(checkout, "init", "--quiet")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "-m", "first")
    commit = git(checkout, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert (software().commit, software().dirty) == (commit, False)
    (checkout / "notes.txt").write_text("not tracked")
    assert not software().dirty
    (checkout / "eval" / "record.py").write_text("changed")
    assert (software().commit, software().dirty) == (commit, True)


def test_outside_a_checkout_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the package lies within someone else's checkout, as a virtual environment does."""
    inner = checkout / "lib" / "eval"
    inner.mkdir(parents=True)
    git(checkout, "init", "--quiet")
    monkeypatch.setattr(module, "__file__", str(inner / "record.py"))
    assert (software().commit, software().dirty) == (None, False)


def test_without_git_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(checkout, "init", "--quiet")
    assert software().commit is None  # no commit yet
    monkeypatch.setenv("PATH", str(checkout))
    assert software().commit is None
