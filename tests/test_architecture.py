"""The walls of the house: who may import whom, how long a file may be, and what importing may do."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("search", "indexer", "api", "eval")
SOURCES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


def test_import_contracts_hold() -> None:
    """In a process of its own: import-linter silences every logger that there is, and later tests read some."""
    code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@functools.cache
def _imports(file: Path) -> frozenset[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return frozenset(found)


@pytest.mark.parametrize(
    ("libraries", "room"),
    [
        ({"qdrant_client", "qdrant_edge"}, "search/storage"),
        (
            {"torch", "transformers", "sentence_transformers", "onnxruntime", "openvino", "huggingface_hub"},
            "search/encoding",
        ),
        ({"openai", "httpx2"}, "search/language_models"),
        ({"fastapi", "starlette", "uvicorn"}, "api"),
        ({"lark"}, "search/filters.py"),
    ],
)
def test_a_library_stays_in_its_room(libraries: set[str], room: str) -> None:
    strays = [
        str(file.relative_to(ROOT))
        for file in SOURCES
        if _imports(file) & libraries and not file.relative_to(ROOT).as_posix().startswith(room)
    ]
    assert not strays


def test_files_stay_readable_in_one_sitting() -> None:
    long = {
        str(file.relative_to(ROOT)): lines for file in SOURCES if (lines := len(file.read_text().splitlines())) > 400
    }
    assert not long


def test_the_gate_alone_looks_into_evaluation() -> None:
    """Import-linter says so too; here it is said in the words of the exception."""
    strays = {
        file.relative_to(ROOT).as_posix()
        for package in ("search", "indexer", "api")
        for file in (ROOT / package).rglob("*.py")
        if "eval" in _imports(file)
    }
    assert strays
    assert all(stray.startswith("indexer/gate/") for stray in strays)


def test_evaluation_is_loaded_by_a_reindex_with_a_gate_only() -> None:
    code = "import sys, indexer.__main__; sys.exit('eval' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    "module", ["search.engine", "search.bootstrap", "indexer.__main__", "api.__main__", "eval.__main__"]
)
def test_importing_loads_no_model_library(module: str) -> None:
    """Commands like --help and status answer at once; torch is loaded when something is encoded."""
    code = f"import sys, {module}; sys.exit(any(name in sys.modules for name in ('torch', 'transformers', 'openai')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
