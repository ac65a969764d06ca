"""Queries with conditions against the real catalogues they were written for."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from indexer.catalogue import ProductRow, load_mapping, read_catalogue
from indexer.fields import FieldCensus
from search.documents import document
from search.domain import Constraint
from search.lexicon import Lexicon, LexiconBuilder
from search.understanding import understand

pytestmark = pytest.mark.shared

MAPPINGS = Path(__file__).parents[2] / "examples" / "mappings"
FILES = {
    "icecat": "icecat/catalogue.jsonl",
    "beauty": "chinese/beauty.csv",
    "leyou": "chinese/leyou.jsonl",
    "crowdflower": "crowdflower/catalogue.jsonl",
}
SIGNS = {"is": "=", "is not": "!="}


@cache
def lexicon(data: Path, name: str) -> Lexicon:
    rows = read_catalogue([str(data / FILES[name])], load_mapping(MAPPINGS / f"{name}.toml"))
    held = [document(row.product) for row in rows if isinstance(row, ProductRow)]
    census = FieldCensus()
    for one in held:
        census.add(one)
    builder = LexiconBuilder(census.choose().fields)
    for one in held:
        builder.add(one)
    return builder.build()


def test_conditions_are_the_required_ones(shared: Path) -> None:
    wrong = []
    for line in (shared / "data" / "constraints.dev.jsonl").read_text(encoding="utf-8").splitlines():
        wanted = json.loads(line)
        query = understand(wanted["q"], lexicon(shared / "data", wanted["catalogue"]))
        required = [(field, SIGNS.get(op, op)) for field, op, _ in wanted["require"]]
        found = [(made.field, made.op) for made in query.constraints]
        if sorted(required) != sorted(found) or not all(_met(one, query.constraints) for one in wanted["require"]):
            wrong.append((wanted["q"], wanted["require"], query.constraints))
        assert all(made.strength == "must" for made in query.constraints), wanted["q"]
    assert not wrong


def _met(required: list[Any], constraints: tuple[Constraint, ...]) -> bool:
    field, op, value = required
    for made in constraints:
        if made.field == field and made.op == SIGNS.get(op, op):
            if field == "price":
                if made.value == value:
                    return True
            elif made.members and all(value.casefold() in member.casefold() for member in made.members):
                return True
    return False


@pytest.mark.parametrize(("name", "most"), [("icecat", 4), ("crowdflower", 4)])
def test_plain_queries_are_left_alone(shared: Path, name: str, most: int) -> None:
    known = lexicon(shared / "data", name)
    table = (shared / "data" / name / "queries.dev.tsv").read_text(encoding="utf-8").splitlines()
    touched = []
    for line in table:
        raw = line.split("\t")[1]
        query = understand(raw, known)
        if query.constraints or query.sort or query.corrections or query.text != raw:
            touched.append((raw, query))
    assert len(touched) <= most, touched
