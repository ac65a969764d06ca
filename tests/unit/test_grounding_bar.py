"""The examination of search/grounding: what models answered to our own prompts, and a lie in a twin of each."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from search.domain import Document, Language
from search.grounding import Ground, faults
from search.narration.checking import unmarked

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "grounding"

ANSWERED = "answered-test"
"""The bar: answers to the prompts that are asked, written blind when the check was done."""

FREE = ("free-dev", "free-test", "written-dev", "written-test", "answered-loosely")
"""Sentences in other words than the product's, which the prompts forbid. Lies in them must be found all the same."""

FOUND, DROPPED = 0.99, 0.02
"""At least this share of planted sentences is found, at most this share of true ones dropped."""

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
def ground_of(product: str, facts: tuple[str, ...], unknown: tuple[str, ...], query: str, language: Language) -> Ground:
    """The same for a true sentence and its twin."""
    return Ground.of(products()[product], facts, unknown, query, language)


@cache
def judged(name: str, true: bool) -> tuple[tuple[Row, str], ...]:
    """The true or the planted rows, each with what is wrong with it in the eyes of the check, "" for nothing."""
    found = []
    for row in (row for row in rows(name) if row["true"] is true):
        ground = ground_of(
            row["product_id"], (*row["facts"],), (*row["unknown"],), row.get("query", ""), row["language"]
        )
        wrong = faults(unmarked(row["sentence"]), ground, row["language"])
        found.append((row, ", ".join(f"{fault.kind} {fault.text!r}" for fault in wrong)))
    return tuple(found)


def share(name: str, true: bool) -> float:
    """Of the true or of the planted sentences, those that are dropped."""
    verdicts = [bool(wrong) for _, wrong in judged(name, true)]
    return sum(verdicts) / len(verdicts)


def mistakes(name: str, true: bool) -> str:
    lines = [
        f"  {row['id']} {row['product_id']} {row['sentence']}\n      "
        + (f"dropped for {wrong}" if true else f"passed, though: {row['kind']} {row.get('planted', '')}")
        for row, wrong in judged(name, true)
        if bool(wrong) is true
    ]
    return "\n".join([f"{name}:", *lines])


@pytest.mark.parametrize(("name", "pairs"), [(ANSWERED, 500), ("answered-dev", 1000)])
def test_each_set_holds_what_it_promises(name: str, pairs: int) -> None:
    table = rows(name)
    assert sum(row["true"] for row in table) >= pairs
    assert sum(not row["true"] for row in table) >= pairs
    assert len({row["sentence"] for row in table}) == len({row["id"] for row in table}) == len(table)
    assert 0.3 < sum(row["language"] == "zh" for row in table) / len(table) < 0.6
    assert sum(row["language"] != products()[row["product_id"]]["language"] for row in table) > 0.2 * len(table)
    kinds = Counter(row["kind"] for row in table if not row["true"])
    assert len(kinds) >= 20
    # What is built of the product's own words is the hard part.
    cunning = ("flipped negation", "swapped attribute", "cut short", "wish told as fact", "wrong subject")
    assert sum(kinds[kind] for kind in cunning) >= 0.35 * kinds.total()


def test_the_bar_is_not_what_the_check_was_developed_with() -> None:
    dev, test = (
        {(row["product_id"], row["query"], row["task"]) for row in rows(name)} for name in ("answered-dev", ANSWERED)
    )
    assert not {one for one in dev & test if one[1]}
    sentences = [{row["sentence"] for row in rows(name)} for name in ("answered-dev", ANSWERED)]
    assert not sentences[0] & sentences[1]


@pytest.mark.parametrize("name", [ANSWERED, "answered-dev"])
def test_what_is_true_is_shown_and_what_is_not_is_not(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found, dropped = share(name, true=False), share(name, true=True)
    with capsys.disabled():
        print(f"\n{name}: {found:.1%} of planted sentences found, {dropped:.1%} of true ones dropped")
    assert found >= FOUND, mistakes(name, true=False)
    assert dropped <= DROPPED, mistakes(name, true=True)


@pytest.mark.parametrize("name", FREE)
def test_lies_in_free_prose_are_found(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = share(name, true=False)
    with capsys.disabled():
        print(f"\n{name}: {found:.1%} of planted sentences found")
    assert found >= FOUND, mistakes(name, true=False)


def test_what_a_red_team_found_is_found() -> None:
    """Sentences that passed an earlier check, written by those who had read it."""
    assert len(rows("red-team")) > 250
    assert [row["sentence"] for row, wrong in judged("red-team", true=False) if not wrong] == []
