"""Fixtures of the tests that run several rooms together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_service import client_of, open_shop
from starlette.testclient import TestClient


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a small shop that the tests of a module share: they must change nothing."""
    shop = open_shop(tmp_path_factory.mktemp("shop"))
    with client_of(shop.app()) as client:
        yield client


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[TestClient]:
    """A client of a small shop of the test's own."""
    with client_of(open_shop(tmp_path).app()) as client:
        yield client


@pytest.fixture(scope="module")
def brief_calibration() -> Iterator[None]:
    """The noise of a new version from a tenth of the phrases: to ask them all takes most of a small shop's reindex."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.calibration._PHRASES", 16)
        yield
