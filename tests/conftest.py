"""Fixtures for every level of tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# Workers side by side must not fight over the cores. Read when torch is first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A busy machine must not fail a property test.
settings.register_profile("daogou", deadline=None)
settings.load_profile("daogou")


# xdist tells its workers the width of the terminal; what commands print must not depend on that here.
os.environ.pop("COLUMNS", None)

# What a shell runs in the background ignores an interrupt, and so would the commands that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the development data: DAOGOU_SHARED, or `shared` beside the checkout. Skips without it."""
    folder = Path(os.environ.get("DAOGOU_SHARED") or Path(__file__).parents[2] / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"no development data at {folder}; set DAOGOU_SHARED to its folder")
    return folder
