"""Facet search over HTTP: Meilisearch's shape and errors, and the counts of the search it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_service import client_of, open_shop
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.schemas import FacetSearchBody

SEARCH = "/indexes/products/search"
FACETS = "/indexes/products/facet-search"


def hits(client: TestClient, **body: Any) -> dict[str, int]:
    answer = client.post(FACETS, json=body)
    assert answer.status_code == 200, answer.text
    return {hit["value"]: hit["count"] for hit in answer.json()["facetHits"]}


def test_the_shape_of_an_answer(reader: TestClient) -> None:
    answer = reader.post(FACETS, json={"facetName": "brand", "facetQuery": "lan"}).json()
    assert list(answer) == ["facetHits", "facetQuery", "processingTimeMs"]
    assert answer["facetHits"] == [{"value": "Lantern", "count": 2}]
    assert answer["facetQuery"] == "lan"
    assert isinstance(answer["processingTimeMs"], int)
    assert reader.post(FACETS, json={"facetName": "brand"}).json()["facetQuery"] is None


def test_every_value_when_nothing_is_typed(reader: TestClient) -> None:
    for typed in (None, "", "  "):
        found = hits(reader, facetName="brand", facetQuery=typed)
        assert list(found)[:3] == ["Lantern", "Quillmark", "听潮里"]
        assert len(found) == 6


@pytest.mark.parametrize(
    ("facet", "typed", "found"),
    [
        ("brand", "QUILL", {"Quillmark": 2}),
        ("brand", "1876", {'Halyard "1876"': 1}),
        ("brand", "潮", {"听潮里": 2}),
        ("brand", "quilmark", {"Quillmark": 2}),
        ("brand", "nothing", {}),
        ("category", "ke", {"Keyboards": 3, "Kettles": 1}),
        ("price", "1", {"1": 1, "12": 1, "129": 1, "134.5": 1, "140": 1}),
        ("in_stock", "t", {"true": 6}),
        ("tags", "off", {"office": 1}),
    ],
)
def test_by_what_is_typed(reader: TestClient, facet: str, typed: str, found: dict[str, int]) -> None:
    assert hits(reader, facetName=facet, facetQuery=typed) == found


@pytest.mark.parametrize(
    "search",
    [
        {"q": "keyboard"}, {"q": "desk lamp", "filter": "price < 100"}, {"filter": "in_stock = true"}, {},
        {"q": "lamp", "rankingScoreThreshold": 0.5}, {"q": "耳机"}, {"q": "keyboard", "filter": "colour = nothing"},
    ],
)  # fmt: skip
def test_counts_are_those_of_the_search(reader: TestClient, search: dict[str, Any]) -> None:
    facets = ["brand", "category", "colour", "price", "in_stock"]
    counted = reader.post(SEARCH, json={**search, "facets": facets}).json()["facetDistribution"]
    for facet in facets:
        assert hits(reader, facetName=facet, **search) == counted[facet]


def test_values_beyond_the_hundred_that_a_search_counts_are_found(tmp_path: Path) -> None:
    products = [{"id": str(number), "title": "Lamp", "brand": f"Maker {number:03d}"} for number in range(150)]
    with client_of(open_shop(tmp_path, products).app()) as client:
        for q in ("", "lamp"):
            assert len(hits(client, facetName="brand", q=q)) == 100
            assert hits(client, facetName="brand", q=q, facetQuery="149") == {"Maker 149": 1}


def test_what_else_a_search_takes_is_taken(reader: TestClient) -> None:
    """Clients send the fields of the search that the facet stands beside."""
    body = {
        "facetName": "brand", "facetQuery": "lan", "q": "lamp", "limit": 0, "offset": 3, "page": 2, "facets": ["price"],
        "attributesToHighlight": ["*"], "matchingStrategy": "last", "exhaustiveFacetCount": True, "sort": ["price:asc"],
        "attributesToSearchOn": ["*"], "locales": ["en"], "understand": True, "hybrid": {"semanticRatio": 1},
    }  # fmt: skip
    assert hits(reader, **body) == {"Lantern": 2}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_facet_search_facet_name"),
        ({"facetName": None}, "invalid_facet_search_facet_name"),
        ({"facetName": ["brand"]}, "invalid_facet_search_facet_name"),
        ({"facetName": "nothing"}, "invalid_facet_search_facet_name"),
        ({"facetName": "title"}, "invalid_facet_search_facet_name"),
        ({"facetName": "*"}, "invalid_facet_search_facet_name"),
        ({"facetName": ""}, "invalid_facet_search_facet_name"),
        ({"facetName": "brand", "facetQuery": 5}, "invalid_facet_search_facet_query"),
        ({"facetName": "brand", "facetQuery": ["a"]}, "invalid_facet_search_facet_query"),
        ({"facetName": "brand", "exhaustiveFacetCount": 1}, "invalid_facet_search_exhaustive_facet_count"),
        ({"facetName": "brand", "q": 5}, "invalid_search_q"),
        ({"facetName": "brand", "filter": "nothing = 1"}, "invalid_search_filter"),
        ({"facetName": "brand", "filter": "price <"}, "invalid_search_filter"),
        ({"facetName": "brand", "matchingStrategy": "some"}, "invalid_search_matching_strategy"),
        ({"facetName": "brand", "doggo": 1}, "bad_request"),
        ("brand", "bad_request"),
    ],
)
def test_what_cannot_be_is_named_as_meilisearch_does(reader: TestClient, body: Any, code: str) -> None:
    answer = reader.post(FACETS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    assert answer.json()["link"].endswith(f"#{code}")


def test_an_index_that_is_not_there(reader: TestClient) -> None:
    answer = reader.post("/indexes/nothing/facet-search", json={"facetName": "brand"})
    assert (answer.status_code, answer.json()["code"]) == (404, "index_not_found")


def test_every_parameter_of_its_own_has_been_tried() -> None:
    told = Path(__file__).read_text(encoding="utf-8")
    assert not [name for name in ("facetName", "facetQuery", "exhaustiveFacetCount") if name not in told]
    assert {"facetName", "facetQuery", "exhaustiveFacetCount"} < set(FacetSearchBody.names())


@given(st.text(max_size=50))
def test_anything_may_be_typed(reader: TestClient, typed: str) -> None:
    every = hits(reader, facetName="brand")
    answer = reader.post(FACETS, json={"facetName": "brand", "facetQuery": typed})
    assert answer.status_code == 200
    assert {hit["value"]: hit["count"] for hit in answer.json()["facetHits"]}.items() <= every.items()
