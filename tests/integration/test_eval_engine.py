"""Evaluation of a real engine, over a small shop in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from api_service import PRODUCTS, Shop, open_shop

from eval.__main__ import main
from eval.commands.engine import SearchIn
from eval.nothing import find_losses
from eval.qrels import EvalQuery, Qrels

QUERIES = ("quiet keyboard", "desk lamp under $30", "lamp not red", "耳机 300元以内", "tea", "garden hose", "$50")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    opened = open_shop(tmp_path)

    @contextmanager
    def open_search() -> Iterator[SearchIn]:
        yield opened.service.engine.search

    monkeypatch.setattr("eval.commands.engine.open_search", open_search)
    yield opened
    opened.service.close()


@pytest.mark.parametrize("text", QUERIES)
def test_asking_for_a_product_by_name_finds_out_why_it_was_not_returned(shop: Shop, text: str) -> None:
    """The depth is beyond this shop: whatever was not returned was ruled out or cut off, and all are accounted for."""
    every = {str(product["id"]): 3.0 for product in PRODUCTS}
    search = partial(shop.service.engine.search, "products")
    (reply,), losses, missed = find_losses(search, [EvalQuery("q", text)], Qrels({"q": {**every, "absent": 3.0}}))
    assert (losses.products, losses.absent) == (len(every), 1)
    assert losses.fates["deeper"] == 0
    assert losses.fates["found"] + len(missed) == len(every)
    assert all(each.nothing == (reply.manner == "nothing") for each in missed)


def test_conditions_rule_out_what_breaks_them(shop: Shop) -> None:
    search = partial(shop.service.engine.search, "products")
    _, _, missed = find_losses(search, [EvalQuery("q", "desk lamp under $30")], Qrels({"q": {"l1": 3, "l2": 3}}))
    assert [(each.product, each.fate) for each in missed] == [("l2", "condition")]


def test_constraints_from_file_to_figures(shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(
        '{"q": "desk lamp under $30", "catalogue": "products", "about": ["lamp"], "require": [["price", "<", 30]],'
        ' "available": 1}\n'
    )
    assert main(["constraints", str(file), "--dense", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["served"]["violations@10"], found["served"]["queries_filled"]) == (0, 1)
    assert found["dense"]["violations@10"] > 0
