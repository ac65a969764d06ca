"""The demo catalogue keeps what it promises: real breadth, two languages, shoppers, judgements that fit together."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eval.qrels import read_qrels, read_queries
from search.event_reading import Sent, read_event

DEMO = Path(__file__).parents[2] / "examples" / "demo"


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def products() -> list[dict[str, Any]]:
    return [row for file in sorted((DEMO / "catalogue").glob("*.jsonl")) for row in _lines(file)]


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return _lines(DEMO / "events.jsonl")


def test_breadth(products: list[dict[str, Any]]) -> None:
    assert len(products) >= 1200
    assert len({row["category"][0] for row in products}) >= 12
    languages = Counter(row["language"] for row in products)
    assert min(languages["en"], languages["zh"]) >= 400
    for field, share in {
        "price": 1,
        "description": 1,
        "in_stock": 1,
        "rating": 0.95,
        "colour": 0.5,
        "material": 0.5,
    }.items():
        assert sum(field in row for row in products) >= share * len(products), field
    groups = Counter(row["variant_of"] for row in products if "variant_of" in row)
    assert len(groups) >= 20
    assert min(groups.values()) >= 2


def test_ids_are_unique_and_texts_are_their_own(products: list[dict[str, Any]]) -> None:
    assert len({row["id"] for row in products}) == len(products)
    single = [row for row in products if "variant_of" not in row]
    assert len({row["title"] for row in single}) == len(single)
    assert len({row["description"] for row in single}) == len(single)
    openings = Counter(row["description"][:12] for row in single)
    assert openings.most_common(1)[0][1] <= 6


def test_prices_are_in_the_currency_of_the_language(products: list[dict[str, Any]]) -> None:
    assert all(row["currency"] == {"en": "USD", "zh": "CNY"}[row["language"]] for row in products)


def test_shoppers_and_events(products: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    shoppers = {row["user"] for row in _lines(DEMO / "shoppers.jsonl")}
    known = {row["id"] for row in products}
    assert len(shoppers) == 40
    assert len(events) >= 400
    assert {event["user"] for event in events} <= shoppers
    assert {event["type"] for event in events} == {"view", "cart", "purchase", "rating", "search", "click", "hide"}
    assert all(event["product"] in known for event in events if event["type"] != "search")
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)


def test_events_are_loaded_as_of_today(products: list[dict[str, Any]]) -> None:
    """Whenever that is: in the past, not too old, in their order; and the same events on another day."""
    spec = importlib.util.spec_from_file_location("demo_events", DEMO / "events.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ids = []
    for now in (datetime(2026, 3, 1, tzinfo=UTC), datetime.now(UTC), datetime(2031, 7, 9, 23, 59, tzinfo=UTC)):
        rows = [
            read_event(
                Sent(**{{"queryID": "query_id"}.get(name, name): value for name, value in row.items()}), str, now
            )
            for row in module.events(now)
        ]
        moments = [datetime.fromisoformat(row.timestamp) for row in rows]
        assert moments == sorted(moments)
        assert now - timedelta(days=365) < moments[0] < moments[-1] <= now
        assert now - moments[-1] < timedelta(days=1)
        ids.append([row.id for row in rows])
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids[0])) == len(ids[0])


def test_judged_queries(products: list[dict[str, Any]]) -> None:
    queries = read_queries(DEMO / "queries.tsv")
    grades = read_qrels(DEMO / "qrels.tsv").grades
    known = {row["id"] for row in products}
    assert len(queries) >= 60
    assert {query.id for query in queries} == set(grades)
    chinese = sum(any("\u4e00" <= char <= "\u9fff" for char in query.text) for query in queries)
    assert 20 <= chinese <= len(queries) - 20
    for query, judged in grades.items():
        assert set(judged) <= known, query
        assert sum(grade >= 2 for grade in judged.values()) >= 3, query
        assert 0 in judged.values(), query


def test_it_stays_small() -> None:
    assert sum(file.stat().st_size for file in DEMO.rglob("*") if file.is_file()) < 3_000_000
