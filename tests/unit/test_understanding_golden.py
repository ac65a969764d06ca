"""Queries as shoppers type them, and what they mean: expectations written by hand, before the parser was asked."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import understanding_shop

from search.domain import Constraint, Query
from search.lexicon import Lexicon
from search.understanding import understand

GOLDEN = Path(__file__).parents[1] / "golden" / "understanding.tsv"
BAR = 0.97


def rows() -> list[list[str]]:
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("# ")]


@cache
def lexicon() -> Lexicon:
    return understanding_shop.lexicon()


def shown(query: Query) -> list[str]:
    sort = " ".join(f"{key.field}:{'desc' if key.descending else 'asc'}" for key in query.sort)
    return [query.text, " ;; ".join(map(_written, query.constraints)), sort, " ".join(query.codes)]


def _written(constraint: Constraint) -> str:
    value = constraint.value
    if isinstance(value, tuple):
        said = "|".join(map(str, value))
    else:
        said = (
            str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
        )
    op = " in " if constraint.op == "in" else constraint.op
    return f"{'~' if constraint.strength == 'prefer' else ''}{constraint.field}{op}{said} [{constraint.text}]"


def test_the_golden_queries_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    table, misses = rows(), []
    for query, *expected in table:
        found = shown(understand(query, lexicon()))
        if found != expected:
            misses.append(f"{query!r}\n   expected {expected}\n   found    {found}")
    share = 1 - len(misses) / len(table)
    with capsys.disabled():
        print(f"\n{len(table)} golden queries, {share:.1%} exact", *misses, sep="\n")
    assert len(table) >= 320
    assert share >= BAR


def test_spans_are_slices_of_what_was_typed() -> None:
    for raw, *_ in rows():
        for constraint in understand(raw, lexicon()).constraints:
            assert raw[slice(*constraint.span)] == constraint.text


def test_half_of_them_are_chinese() -> None:
    languages = [understand(raw, lexicon()).language for raw, *_ in rows()]
    assert 0.35 < languages.count("zh") / len(languages) < 0.65
