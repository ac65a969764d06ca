from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_model
from api_service import listening
from commands import Shop
from page_shop import open_page_shop, tell_past
from page_visits import Visits, visiting
from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.build(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    """A data folder with the encoder exported, once for all shops that are to have one."""
    folder = tmp_path_factory.mktemp("ready")
    tiny_model.export(model, folder)
    return folder


@pytest.fixture
def shop(tmp_path: Path, model: Path, ready: Path) -> Shop:
    return Shop(tmp_path, model, ready)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module: two sessions of Playwright must not be open in a process at once."""
    found = os.environ.get("DAOGOU_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found or not Path(found).exists():
        pytest.skip("no Chromium: apt-get install chromium, or set DAOGOU_CHROMIUM to its path")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the shop of tests/page_shop.py, whose shoppers have a past; without a language model. No test
    changes what is in it."""
    shop = open_page_shop(tmp_path_factory.mktemp("page"))
    with listening(shop.app()) as address:
        tell_past(address)
        yield address


@pytest.fixture
def visits(browser: Browser, page_address: str) -> Iterator[Visits]:
    with visiting(browser, page_address) as visits:
        yield visits
