"""Each test here runs on every store that keeps the VectorStore contract."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from children import Child, start
from stores import BACKENDS, Backend, opened


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """A store of its own for each test."""
    yield from opened(request.param, tmp_path)


@pytest.fixture(scope="module", params=BACKENDS)
def shared_backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """One store for all tests of a module that only read."""
    yield from opened(request.param, tmp_path_factory.mktemp("store"))


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    children: list[subprocess.Popen[str]] = []

    def started(code: str) -> subprocess.Popen[str]:
        children.append(start(code, tmp_path))
        return children[-1]

    yield started
    for process in children:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
