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
WRITTEN = ("written-dev", "written-test")
"""What careful models wrote when asked with our own prompts, and a twin of each sentence with one thing wrong in it.
The other two are free paraphrase by an examiner, which the prompts forbid: the hard examination."""

FOUND, DROPPED = 0.99, 0.02
"""The aim: at least this share of planted sentences found, at most this share of true ones dropped. It is not reached
(docs/grounding.md says by how much), because the check knows words and not what follows from them; so what is reached
is held below, and may only get better."""

REACHED = {
    WRITTEN: (0.972, 0.195, 0.066),
    FILES: (0.96, 0.363, 0.201),
}
"""Of each pair of sets: share found, share dropped, share dropped where sentence and product are in one language."""

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


def dropped_in_its_own_language(names: tuple[str, ...]) -> float:
    def own(row: Row) -> bool:
        return bool(row["true"]) and products()[row["product_id"]]["language"] == row["language"]

    every = sum(own(row) for name in names for row in rows(name))
    return sum(own(row) for name in names for row, _ in wrong(name)) / every


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


def test_the_written_sets_hold_what_they_promise() -> None:
    tables = [rows(name) for name in WRITTEN]
    assert [sum(row["true"] for row in table) for table in tables] == [252, 252]
    assert all(len(table) == 504 for table in tables)
    assert len({row["sentence"] for table in tables for row in table}) == 1008
    assert not {row["id"] for row in tables[0]} & {row["id"] for row in tables[1]}


def test_the_sets_have_no_product_in_common() -> None:
    dev, test = ({row["product_id"] for row in rows(name)} for name in FILES)
    assert not dev & test
    assert len(dev | test) >= 250


@pytest.mark.parametrize("names", [WRITTEN, FILES], ids=["written", "free prose"])
def test_what_is_reached_is_held(names: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    found, dropped = shares(names)
    own = dropped_in_its_own_language(names)
    with capsys.disabled():
        print(
            f"\n{' + '.join(names)}: {found:.1%} of planted sentences found (aim {FOUND:.0%}), {dropped:.1%} of true "
            f"ones dropped (aim {DROPPED:.0%}), {own:.1%} in the product's own language"
        )
    at_least, at_most, own_at_most = REACHED[names]
    assert found >= at_least, tell(names)
    assert dropped <= at_most, tell(names)
    assert own <= own_at_most, tell(names)
