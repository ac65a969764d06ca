"""Each test here runs on every store that keeps the VectorStore contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from stores import BACKENDS, Backend, opened


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """A store of its own for each test."""
    yield from opened(request.param, tmp_path)


@pytest.fixture(scope="module", params=BACKENDS)
def shared_backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """One store for all tests of a module that only read."""
    yield from opened(request.param, tmp_path_factory.mktemp("store"))
