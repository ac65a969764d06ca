"""Search, multi-search and similar over HTTP: every parameter is honoured or answered by a 400 that names it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.schemas import SearchBody

SEARCH = "/indexes/products/search"


def find(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post(SEARCH, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(answer: dict[str, Any]) -> list[str]:
    return [hit["id"] for hit in answer["hits"]]


def test_the_shape_of_an_answer(reader: TestClient) -> None:
    answer = find(reader, q="quiet keyboard", limit=2)
    assert list(answer) == [
        "hits", "query", "processingTimeMs", "limit", "offset", "estimatedTotalHits", "queryID", "degraded",
        "understood",
    ]  # fmt: skip
    assert set(ids(answer)) == {"k1", "k2"}
    assert answer["hits"][0]["category"] == ["Electronics", "Keyboards"]
    assert not [name for name in answer["hits"][0] if name.startswith("_")]
    assert (answer["query"], answer["limit"], answer["offset"]) == ("quiet keyboard", 2, 0)
    assert isinstance(answer["processingTimeMs"], int)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", answer["queryID"])
    assert answer["degraded"] == []
    assert answer["understood"] == {"text": "quiet keyboard", "language": "en", "constraints": []}


def test_two_searches_have_two_query_ids_in_order_of_time(reader: TestClient) -> None:
    first, second = find(reader, q="lamp")["queryID"], find(reader, q="lamp")["queryID"]
    assert first[:13] <= second[:13]
    assert first != second


def test_an_empty_query_browses_everything(reader: TestClient) -> None:
    for q in ("", "   ", None):
        answer = find(reader, q=q, limit=100)
        assert answer["estimatedTotalHits"] == len(answer["hits"]) == 12


def test_pages_by_offset_neither_repeat_nor_skip(reader: TestClient) -> None:
    whole = ids(find(reader, q="desk lamp", limit=50))
    parts = [ids(find(reader, q="desk lamp", limit=2, offset=offset)) for offset in range(0, len(whole), 2)]
    assert [one for part in parts for one in part] == whole
    assert find(reader, q="desk lamp", limit=0)["hits"] == []


def test_numbered_pages(reader: TestClient) -> None:
    answer = find(reader, page=2, hitsPerPage=5)
    assert {key: answer[key] for key in ("totalHits", "totalPages", "page", "hitsPerPage")} == {
        "totalHits": 12,
        "totalPages": 3,
        "page": 2,
        "hitsPerPage": 5,
    }
    assert not {"limit", "offset", "estimatedTotalHits"} & set(answer)
    assert ids(answer) == ids(find(reader, offset=5, limit=5))
    assert find(reader, page=4, hitsPerPage=5)["hits"] == []
    assert find(reader, page=1)["hitsPerPage"] == 20
    assert find(reader, hitsPerPage=3)["page"] == 1
    nothing = find(reader, hitsPerPage=0)
    assert (nothing["hits"], nothing["totalHits"], nothing["totalPages"]) == ([], 12, 0)
    zeroth = find(reader, page=0)
    assert (zeroth["hits"], zeroth["totalPages"]) == ([], 1)


def test_a_huge_limit_is_cut_and_a_huge_offset_is_past_the_end(reader: TestClient) -> None:
    assert find(reader, limit=10**9)["limit"] == 1000
    assert find(reader, page=1, hitsPerPage=10**9)["hitsPerPage"] == 1000
    for q in ("", "lamp"):
        for offset in (12, 10**9, 2**63, 2**64 - 1):
            assert find(reader, q=q, offset=offset)["hits"] == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('brand = "Quillmark"', {"k1", "k2"}),
        ("brand = quillmark AND price < 130", {"k1"}),
        (["brand = Quillmark", "price < 130"], {"k1"}),
        ([["colour = red", "colour = blue"], "price > 30"], {"l2"}),
        ('brand = "Halyard \\"1876\\""', {"l3"}),
        ("category = 耳机", {"z1", "z2"}),
        ("in_stock = false", {"k3"}),
        ("price 20 TO 40", {"l1", "l2"}),
        ("colour IN [red, white]", {"l1", "l3"}),
        ("released > 2024-01-01", {"s1"}),
        ("variant_of EXISTS", {"k1", "k2"}),
        ("tags = office", {"k1"}),
    ],
)
def test_filters(reader: TestClient, expression: Any, expected: set[str]) -> None:
    answer = find(reader, filter=expression)
    assert set(ids(answer)) == expected
    assert answer["estimatedTotalHits"] == len(expected)


def test_filters_that_ask_nothing(reader: TestClient) -> None:
    nothing: list[Any] = [None, "", [], [[]]]
    for expression in nothing:
        assert find(reader, filter=expression)["estimatedTotalHits"] == 12


def test_facets_describe_the_whole_candidate_set(reader: TestClient) -> None:
    answer = find(reader, filter="currency = USD", facets=["brand", "price", "in_stock"], limit=1)
    assert answer["facetDistribution"]["brand"]["Quillmark"] == 2
    assert answer["facetDistribution"]["in_stock"] == {"true": 4, "false": 1}
    assert answer["facetStats"] == {"price": {"min": 12.0, "max": 140.0}}
    assert set(find(reader, facets=["*"])["facetDistribution"]) >= {"brand", "category", "price", "colour", "tags"}
    assert "facetDistribution" not in find(reader)


def test_sorting(reader: TestClient) -> None:
    prices = [hit["price"] for hit in find(reader, sort=["price:asc"], limit=100)["hits"]]
    assert prices == sorted(prices)
    by_words = [hit["price"] for hit in find(reader, q="desk lamp", sort=["price:desc"], limit=100)["hits"]]
    assert by_words == sorted(by_words, reverse=True)
    both = ids(find(reader, sort=["in_stock:desc", "price:asc"], filter="in_stock EXISTS", limit=100))
    assert both[-1] == "k3"


def test_attributes_to_retrieve(reader: TestClient) -> None:
    assert find(reader, attributesToRetrieve=["price", "id"], limit=1)["hits"][0].keys() == {"id", "price"}
    assert find(reader, attributesToRetrieve=[], limit=1)["hits"] == [{}]
    assert "title" in find(reader, attributesToRetrieve=["*"], limit=1)["hits"][0]


def test_highlighting_and_cropping(reader: TestClient) -> None:
    hit = find(
        reader, q="warm reading", filter="id = l1", attributesToRetrieve=["id", "price"],
        attributesToHighlight=["description"], attributesToCrop=["description"], cropLength=3, cropMarker="~",
        highlightPreTag="[", highlightPostTag="]", showMatchesPosition=True,
    )["hits"][0]  # fmt: skip
    assert hit["_formatted"] == {"id": "l1", "price": "25.0", "description": "A [warm] lamp~"}
    assert hit["_matchesPosition"]["description"] == [{"start": 2, "length": 4}, {"start": 16, "length": 7}]


def test_highlighting_escapes_nothing_as_meilisearch(reader: TestClient) -> None:
    hit = find(reader, q="kettle", filter="id = m2", attributesToHighlight=["*"])["hits"][0]
    assert hit["_formatted"]["title"] == "Tea <b><em>kettle</em></b> & more"


def test_chinese(reader: TestClient) -> None:
    answer = find(reader, q="无线耳机", attributesToHighlight=["title"])
    assert answer["understood"]["language"] == "zh"
    titles = {hit["id"]: hit["_formatted"]["title"] for hit in answer["hits"]}
    assert titles["z1"] == "<em>无线</em>蓝牙<em>耳机</em> 降噪"
    assert titles["z2"] == "头戴式<em>耳机</em>"


def test_ranking_scores(reader: TestClient) -> None:
    hits = find(reader, q="red desk lamp", showRankingScore=True, showRankingScoreDetails=True)["hits"]
    scores = [hit["_rankingScore"] for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    details = hits[0]["_rankingScoreDetails"]
    assert list(details) == ["semantic", "lexical", "kind"]
    assert [part["order"] for part in details.values()] == [0, 1, 2]
    assert all(0 < part["score"] <= 1 for part in details.values())
    assert find(reader, limit=1, showRankingScore=True)["hits"][0]["_rankingScore"] == 1.0


def test_ranking_score_threshold(reader: TestClient) -> None:
    hits = find(reader, q="red desk lamp", showRankingScore=True, limit=100)["hits"]
    bar = (hits[0]["_rankingScore"] + hits[1]["_rankingScore"]) / 2
    answer = find(reader, q="red desk lamp", rankingScoreThreshold=bar)
    assert (len(answer["hits"]), answer["estimatedTotalHits"]) == (1, 1)


def test_performance_details(reader: TestClient) -> None:
    details = find(reader, q="lamp", showPerformanceDetails=True)["performanceDetails"]
    assert set(details) == {"understand", "profile", "encode", "retrieve", "fetch"}
    assert all(re.fullmatch(r"[0-9.]+ms", spent) for spent in details.values())


def test_locales_overrule_the_guess(reader: TestClient) -> None:
    assert find(reader, q="耳机 sale", locales=["eng"])["understood"]["language"] == "en"
    assert find(reader, q="lamp", locales=["zh-CN"])["understood"]["language"] == "zh"
    assert find(reader, q="lamp", locales=["de", "fr"])["understood"]["language"] == "en"


@pytest.mark.parametrize(
    "body",
    [
        {"matchingStrategy": "last"},
        {"matchingStrategy": "frequency"},
        {"hybrid": {"embedder": "default"}},
        {"hybrid": {}},
        {"hybrid": {"semanticRatio": None}},
        {"attributesToSearchOn": ["*"]},
        {"retrieveVectors": False},
        {"useNetwork": False},
        {"vector": None, "media": None, "distinct": None},
        {"recent": []},
        {"recent": None, "user": ""},
        {"user": "u-1", "personalize": False, "explain": False, "understand": True, "ignore": ["not red"]},
    ],
)
def test_parameters_that_change_nothing(reader: TestClient, body: dict[str, Any]) -> None:
    assert ids(find(reader, q="lamp", **body)) == ids(find(reader, q="lamp"))
    assert find(reader, q="lamp", **body)["degraded"] == []


@pytest.mark.parametrize(
    ("body", "degraded"),
    [
        ({"hybrid": {"semanticRatio": 0.5}}, []),
        ({"personalize": True}, []),
        ({"personalize": {"userContext": "likes red"}}, ["personalization"]),
        ({"explain": True}, []),
        ({"hybrid": {"semanticRatio": 0}, "personalize": True, "explain": {"language": "zh"}}, []),
    ],
)  # fmt: skip
def test_what_was_asked_for_and_is_not_there_is_named(
    reader: TestClient, body: dict[str, Any], degraded: list[str]
) -> None:
    assert find(reader, q="lamp", **body)["degraded"] == degraded


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ({"vector": [0.1]}, "invalid_search_vector", "`vector`"),
        ({"media": {"image": "x"}}, "invalid_search_media", "`media`"),
        ({"distinct": "brand"}, "invalid_search_distinct", "`distinct`"),
        ({"retrieveVectors": True}, "invalid_search_retrieve_vectors", "`retrieveVectors`"),
        ({"useNetwork": True}, "invalid_search_use_network", "`useNetwork`"),
        ({"attributesToSearchOn": ["title"]}, "invalid_search_attributes_to_search_on", "`attributesToSearchOn`"),
        ({"matchingStrategy": "all"}, "invalid_search_matching_strategy", "`matchingStrategy`"),
        ({"hybrid": {"embedder": "openai"}}, "invalid_search_embedder", "`openai`"),
        ({"sort": ["price"]}, "invalid_search_sort", "`price`"),
        ({"sort": ["price:up"]}, "invalid_search_sort", "`price:up`"),
        ({"sort": ["_geoPoint(1,2):asc"]}, "invalid_search_sort", "_geoPoint(1,2)"),
        ({"sort": ["nothing:asc"]}, "invalid_search_sort", "`nothing`"),
        ({"facets": ["nothing"]}, "invalid_search_facets", "`nothing`"),
        ({"filter": "nothing = 1"}, "invalid_search_filter", "`nothing`"),
        ({"filter": "price <"}, "invalid_search_filter", "price <"),
        ({"filter": True}, "invalid_search_filter", "string or a list"),
        ({"filter": {"a": 1}}, "invalid_search_filter", "string or a list"),
        ({"filter": [["price < 5", ["deeper"]]]}, "invalid_search_filter", "nothing deeper"),
        ({"filter": [[None]]}, "invalid_search_filter", "nothing deeper"),
        ({"filter": "_geoRadius(1, 2, 3)"}, "invalid_search_filter", "_geoRadius"),
        ({"locales": ["english"]}, "invalid_search_locales", "`english`"),
        ({"limit": "5"}, "invalid_search_limit", "limit"),
        ({"doggo": 1}, "bad_request", "`doggo`"),
    ],
)
def test_what_cannot_be_is_named(reader: TestClient, body: dict[str, Any], code: str, says: str) -> None:
    answer = reader.post(SEARCH, json={"q": "lamp", **body})
    assert answer.status_code == 400
    error = answer.json()
    assert (error["code"], error["type"]) == (code, "invalid_request")
    assert says in error["message"]
    assert error["link"].endswith(f"#{code}")


def test_every_parameter_has_been_tried() -> None:
    """A new field of the schema comes with a test in this module."""
    told = Path(__file__).read_text(encoding="utf-8")
    assert not [name for name in SearchBody.names() if name not in told]


def test_what_instantsearch_sends(reader: TestClient) -> None:
    """As instant-meilisearch translates a search with two refinements: quoted names, marks of its own, pages."""
    query = {
        "indexUid": "products", "q": "keyboard", "facets": ["brand", "price"], "attributesToCrop": ["title:2"],
        "cropMarker": "…", "filter": [['"brand"="Quillmark"', '"brand"="Clacker"'], '"price">=79', '"price"<=130'],
        "attributesToHighlight": ["*"], "highlightPreTag": "__ais-highlight__",
        "highlightPostTag": "__/ais-highlight__", "hitsPerPage": 20, "page": 1,
    }  # fmt: skip
    empty = {"indexUid": "products", "q": "", "hitsPerPage": 0, "page": 1, "facets": ["*"]}
    found, counted = reader.post("/multi-search", json={"queries": [query, empty]}).json()["results"]
    assert {hit["id"] for hit in found["hits"]} == {"k1", "k3"}
    assert "__ais-highlight__keyboard__/ais-highlight__" in found["hits"][0]["_formatted"]["title"]
    assert counted["facetDistribution"]["currency"] == {"USD": 8, "CNY": 2, "EUR": 1}


def test_an_index_that_is_not_there(reader: TestClient) -> None:
    answer = reader.post("/indexes/nothing/search", json={})
    assert answer.status_code == 404
    assert answer.json()["code"] == "index_not_found"
    assert "python -m indexer reindex CATALOGUE --index nothing" in answer.json()["message"]


def test_get_takes_the_same_names(reader: TestClient) -> None:
    parameters = {
        "q": "desk lamp", "limit": "2", "filter": "price < 40", "facets": "brand,price", "sort": "price:desc",
        "attributesToRetrieve": "id,price", "attributesToHighlight": "title", "showRankingScore": "true",
        "hybridSemanticRatio": "0.5", "locales": "en",
    }  # fmt: skip
    answer = reader.get(SEARCH, params=parameters).json()
    body = find(
        reader, q="desk lamp", limit=2, filter="price < 40", facets=["brand", "price"], sort=["price:desc"],
        attributesToRetrieve=["id", "price"], attributesToHighlight=["title"], showRankingScore=True,
        hybrid={"semanticRatio": 0.5}, locales=["en"],
    )  # fmt: skip
    for told in (answer, body):
        del told["queryID"], told["processingTimeMs"]
    assert answer == body


def test_get_complains_like_meilisearch(reader: TestClient) -> None:
    answer = reader.get(SEARCH, params={"limit": "doggo"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_search_limit"
    assert "Invalid value in parameter `limit`: could not parse `doggo`" in answer.json()["message"]


def test_multi_search(reader: TestClient) -> None:
    queries = [{"indexUid": "products", "q": "lamp", "limit": 1}, {"indexUid": "products", "page": 1}]
    answer = reader.post("/multi-search", json={"queries": queries, "federation": None})
    assert answer.status_code == 200
    first, second = answer.json()["results"]
    assert (first["indexUid"], len(first["hits"]), second["totalHits"]) == ("products", 1, 12)
    assert first["queryID"] != second["queryID"]
    assert reader.post("/multi-search", json={"queries": []}).json() == {"results": []}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"indexUid": "nothing"}, 404, "index_not_found"),
        ({"indexUid": "n o"}, 400, "invalid_index_uid"),
        ({"indexUid": "products", "filter": "nothing = 1"}, 400, "invalid_search_filter"),
        ({"indexUid": "products", "distinct": "brand"}, 400, "invalid_search_distinct"),
        ({"indexUid": "products", "federationOptions": {}}, 400, "invalid_multi_search_federation_options"),
    ],
)
def test_multi_search_says_which_query_is_wrong(
    reader: TestClient, query: dict[str, Any], status: int, code: str
) -> None:
    answer = reader.post("/multi-search", json={"queries": [{"indexUid": "products"}, query]})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "`.queries[1]`" in answer.json()["message"]


def test_federation_is_named(reader: TestClient) -> None:
    answer = reader.post("/multi-search", json={"queries": [], "federation": {"limit": 5}})
    assert (answer.status_code, "`federation`" in answer.json()["message"]) == (400, True)


def test_similar_leaves_out_itself_and_its_variants(reader: TestClient) -> None:
    body = {"id": "k1", "embedder": "default", "limit": 3, "showRankingScore": True, "showPerformanceDetails": True}
    answer = reader.post("/indexes/products/similar", json=body).json()
    assert answer["id"] == "k1"
    assert answer["hits"][0]["id"] == "k3"
    assert not {"k1", "k2"} & {hit["id"] for hit in answer["hits"]}
    assert "_rankingScore" in answer["hits"][0]
    assert {"limit", "offset", "estimatedTotalHits", "processingTimeMs", "queryID", "performanceDetails"} <= set(answer)


def test_similar_by_address(reader: TestClient) -> None:
    parameters = {"id": "l1", "limit": "2", "filter": "colour = blue", "attributesToRetrieve": "id"}
    assert reader.get("/indexes/products/similar", params=parameters).json()["hits"] == [{"id": "l2"}]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_similar_id"),
        ({"id": "nothing"}, 404, "document_not_found"),
        ({"id": 5}, 404, "document_not_found"),
        ({"id": "k1", "embedder": "openai"}, 400, "invalid_similar_embedder"),
        ({"id": "k1", "retrieveVectors": True}, 400, "invalid_similar_retrieve_vectors"),
        ({"id": "k1", "filter": "nothing = 1"}, 400, "invalid_similar_filter"),
        ({"id": "k1", "rankingScoreThreshold": 3}, 400, "invalid_similar_ranking_score_threshold"),
        ({"id": "k1", "limit": "a"}, 400, "invalid_similar_limit"),
        ({"id": "k1", "facets": []}, 400, "bad_request"),
    ],
)
def test_similar_says_what_is_wrong(reader: TestClient, body: dict[str, Any], status: int, code: str) -> None:
    answer = reader.post("/indexes/products/similar", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_what_is_not_there_answers_404(reader: TestClient) -> None:
    assert reader.post("/indexes/products/nonsense", json={}).json()["code"] == "not_found"
    assert reader.get("/users/u-1").status_code == 404
