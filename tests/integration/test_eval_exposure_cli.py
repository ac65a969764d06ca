"""`python -m eval exposure` over a real engine and a shop in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from api_service import PRODUCTS, Shop, open_shop

from eval.__main__ import main
from eval.commands.engine import OpenShop
from eval.exposure.shop import fields_of, known_shoppers
from search.bootstrap import Reader
from search.events import Event
from search.shoppers import Shoppers


def _name(user: str) -> str:
    return Shoppers(b"secret").name(user)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
    engine = opened.service.engine

    @contextmanager
    def open_one(index: str) -> Iterator[OpenShop]:
        with engine.opened() as (collection,):
            known: Callable[[Sequence[str] | None, int, int], list[str]] = partial(
                known_shoppers, Reader(engine, opened.service.profiles, opened.kept), collection, _name
            )
            yield OpenShop(engine.search, collection.manifest.fields, known, partial(fields_of, collection))

    monkeypatch.setattr("eval.commands.engine.open_shop", open_one)
    yield opened
    opened.service.close()


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    file = tmp_path / "q.tsv"
    file.write_text("1\tdesk lamp\n2\tquiet keyboard\n3\tkeyboard under $1\n")
    return file


def _love(shop: Shop, *users: str) -> None:
    now = datetime.now(UTC)
    shop.service.profiles.record(
        [Event("purchase", _name(user), (now - timedelta(hours=n)).isoformat(), "l2") for user in users for n in (1, 2)]
    )


def test_table_and_json(shop: Shop, queries: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _love(shop, "ann", "bob")
    options = ["exposure", "--queries", str(queries), "--min-group", "1", "--resamples", "200"]
    assert main([*options, "--json"]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert (found["queries"], found["shoppers"], found["relevance"]) == (2, 2, "scores")
    assert "1 of 3 queries have no results" in told.err
    assert set(found["groups"]) == {"brand", "price"}
    shares = found["groups"]["brand"]["shares"]
    assert sum(one["relevance"] for one in shares) == pytest.approx(1)
    assert sum(one["personal"] for one in shares) == pytest.approx(1)
    assert {"Lantern", "Quillmark"} <= {one["group"] for one in shares}
    assert main(options) == 0
    table = capsys.readouterr().out
    assert "inequity" in table
    assert "2 queries × 2 shoppers" in table


def test_judgements_users_and_fields_can_be_named(
    shop: Shop, queries: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _love(shop, "ann", "bob")
    users, qrels = tmp_path / "users.txt", tmp_path / "qrels.tsv"
    users.write_text("ann\nnobody\n")
    qrels.write_text("1 0 l1 3\n1 0 l2 1\n2 0 k1 0\n")
    options = ["--users", str(users), "--qrels", str(qrels), "--by", "colour", "--min-group", "1", "--json"]
    assert main(["exposure", "--queries", str(queries), *options]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert (found["queries"], found["shoppers"], found["relevance"]) == (1, 1, "qrels")
    relevance = {one["group"]: one["relevance"] for one in found["groups"]["colour"]["shares"]}
    assert (relevance["red"], relevance["blue"]) == (0.75, 0.25)
    assert "1 of 2 shoppers nothing is known" in told.err
    assert "2 of 3 queries have no relevant product in the qrels" in told.err


def test_without_shoppers_there_is_exposure_all_the_same(
    shop: Shop, queries: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exposure", "--queries", str(queries), "--min-group", "1"]) == 0
    told = capsys.readouterr()
    assert "nothing is known of any shopper" in told.err
    assert "personal" not in told.out.split("\n")[0]


def test_what_cannot_be_is_refused(
    shop: Shop, queries: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exposure", "--queries", str(queries), "--by", "weight"]) == 2
    assert "--by weight: the index has no such field. It has: " in capsys.readouterr().err
    empty = tmp_path / "users.txt"
    empty.write_text("\n")
    assert main(["exposure", "--queries", str(queries), "--users", str(empty)]) == 1
    assert "names no shoppers" in capsys.readouterr().err
    queries.write_text("3\tkeyboard under $1\n")
    assert main(["exposure", "--queries", str(queries)]) == 1
    assert "anything relevant" in capsys.readouterr().err


def test_shoppers_are_chosen_by_a_seed(shop: Shop) -> None:
    _love(shop, *(f"user{n}" for n in range(12)))
    reader = Reader(shop.service.engine, shop.service.profiles, shop.kept)
    with shop.service.engine.opened() as (collection,):
        chosen = [known_shoppers(reader, collection, _name, None, 4, seed) for seed in (0, 0, 1)]
        every = known_shoppers(reader, collection, _name, None, 100, 0)
        documents = fields_of(collection, ("brand",))
    assert chosen[0] == chosen[1] != chosen[2]
    assert len(set(chosen[0])) == 4
    assert len(every) == 12
    assert len(documents) == len(PRODUCTS)
    assert {"id": "l1", "brand": "Lantern"} in documents
