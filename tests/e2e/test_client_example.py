"""examples/client.py, run as its reader runs it, against a shop with the demo's kitchen and groceries."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

from api_service import listening, open_shop
from commands import DEMO, ROOT
from pydantic import SecretStr

SCRIPT = ROOT / "examples" / "client.py"


def walk(folder: Path, *words: str, **settings: object) -> str:
    """What the script prints, in a shop of its own."""
    rows = [
        json.loads(line)
        for name in ("kitchen", "grocery")
        for line in (DEMO / "catalogue" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    with listening(open_shop(folder, rows, **settings).app()) as address:
        done = subprocess.run(
            [sys.executable, str(SCRIPT), address, *words], capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_walk(tmp_path: Path) -> None:
    said = walk(tmp_path)
    headings = re.findall(r"^== (.+)$", said, re.MULTILINE)
    assert len(headings) == len(set(headings)) == SCRIPT.read_text(encoding="utf-8").count('heading("')
    parts = dict(zip(headings, re.split(r"^== .+$", said, flags=re.MULTILINE)[1:], strict=True))
    assert "<em>kettle</em>" in parts["Search: a kettle for pour-over coffee"]
    assert "invalid_search_filter" in parts["A filter with a mistake in it"]
    assert "price < 70  («under $70», must)" in parts["Conditions in plain words: «kettle under $70 not black»"]
    why = parts["Why is it here?"]
    assert "condition 0: satisfied (price is " in why
    assert len(re.findall(r"^    (?!condition).+\.$", why, re.MULTILINE)) == 2  # the explanations, in sentences
    assert re.search(r"[一-鿿].*。", parts["手冲咖啡壶，不超过400元"])
    assert "5 events accepted" in parts["A new shopper looks around"]
    assert re.search(
        r"[▲▼]\d+.*\((?:interest|session|brand|category)", parts["The same words again, for the same shopper"]
    )
    assert len(parts["Recommended to them"].strip().splitlines()) == 4
    assert "(source: evidence)" in parts["Which of the first three?"]
    stream = parts["As server-sent events"]
    assert [line.split()[0] for line in stream.strip().splitlines()] == ["explanation"] * 3 + ["comparison", "done"]
    assert re.search(r"[1-9]\d* records erased", parts["Forgotten"])


def test_the_walk_with_a_search_key(tmp_path: Path) -> None:
    """All but erasing, which is for the admin key, and is said."""
    said = walk(tmp_path, "shop", admin_key=SecretStr("boss"), search_key=SecretStr("shop"))
    assert said.strip().endswith("The provided API key is invalid.")


def test_it_is_a_notebook() -> None:
    """Cells that begin with a comment, each of whole statements."""
    cells = re.split(r"^# %% ", SCRIPT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(cells) > 12
    for cell in cells[1:]:
        title, _, code = cell.partition("\n")
        assert title
        ast.parse(code)
