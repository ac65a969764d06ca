"""The examination of search/grounding: a thousand sentences by somebody who had not read it, tests/golden/grounding."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from search.domain import Document
from search.grounding import Ground, faults

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "grounding"
FILES = ("dev", "test")
FOUND, DROPPED = 0.99, 0.02
"""At least this share of planted sentences must be found; of true ones at most this share dropped."""

Row = dict[str, Any]


@cache
def products() -> dict[str, Document]:
    files = sorted((ROOT / "examples" / "demo" / "catalogue").glob("*.jsonl"))
    read = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return {product["id"]: product for product in read}


@cache
def rows(name: str) -> tuple[Row, ...]:
    return tuple(map(json.loads, (GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()))


@cache
def wrong(name: str) -> tuple[tuple[Row, str], ...]:
    """The rows that grounding judges otherwise than the examiner, each with what it found."""
    judged = []
    for row in rows(name):
        ground = Ground.of(products()[row["product_id"]], row["facts"], row["unknown"])
        found = faults(row["sentence"], ground)
        if bool(found) == row["true"]:
            judged.append((row, ", ".join(f"{fault.kind} {fault.text!r}" for fault in found)))
    return tuple(judged)


def shares(names: tuple[str, ...]) -> tuple[float, float]:
    """(share of planted sentences found, share of true ones dropped)."""
    every = [row for name in names for row in rows(name)]
    missed = [row for name in names for row, _ in wrong(name)]
    planted, true = sum(not row["true"] for row in every), sum(row["true"] for row in every)
    return 1 - sum(not row["true"] for row in missed) / planted, sum(row["true"] for row in missed) / true


def tell(names: tuple[str, ...]) -> str:
    found, dropped = shares(names)
    lines = [f"{' + '.join(names)}: {found:.1%} of planted sentences found, {dropped:.1%} of true ones dropped"]
    for name in names:
        for row, said in wrong(name):
            verdict = (
                f"dropped for {said}" if row["true"] else f"passed, though: {row['kind']} {row.get('planted', '')}"
            )
            lines.append(f"  {row['id']} {row['product_id']} {row['sentence']}\n      {verdict}")
    return "\n".join(lines)


@pytest.mark.parametrize("name", FILES)
def test_each_set_holds_what_it_promises(name: str) -> None:
    table = rows(name)
    assert len(table) == 500
    assert sum(row["true"] for row in table) == 250
    assert len({row["sentence"] for row in table}) == 500
    assert 0.4 < sum(row["language"] == "zh" for row in table) / 500 < 0.5
    for row in table:
        document = json.dumps(products()[row["product_id"]], ensure_ascii=False).casefold()
        assert row.get("planted", "\n").casefold() not in document, row["id"]


def test_the_sets_have_no_product_in_common() -> None:
    dev, test = ({row["product_id"] for row in rows(name)} for name in FILES)
    assert not dev & test
    assert len(dev | test) >= 250


@pytest.mark.parametrize("names", [FILES, ("dev",), ("test",)], ids=["both", "dev", "test"])
def test_planted_claims_are_found_and_true_ones_kept(
    names: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    found, dropped = shares(names)
    with capsys.disabled():
        print(f"\n{tell(names)}" if names == FILES else "")
    assert found >= FOUND, tell(names)
    assert dropped <= DROPPED, tell(names)
