"""What the tests borrow from the web's own tools: the packages of tests/npm, which `make test` fetches where npm is."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "npm"
_HOW = "install Node 20 with npm, then run `make test` (or `npm ci` in tests/npm)"


def package(name: str) -> Path:
    """The folder of an installed package. Skips where it is not."""
    folder = FOLDER / "node_modules" / name
    if not (folder / "package.json").is_file():
        pytest.skip(f"no npm package {name}: {_HOW}")
    return folder


def run_node(script: str, *words: str, seconds: float = 120) -> Any:
    """What a script of tests/npm prints: one JSON value. Skips where there is no Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip(f"no Node: {_HOW}")
    done = subprocess.run([node, script, *words], cwd=FOLDER, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
