"""What requests may hold, and the complaints about the rest."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from api.errors import ApiError
from api.parsing import code_of, from_body, from_query, index_uid
from api.schemas import FetchBody, MultiSearchBody, SearchBody, SimilarBody


def by_query(**parameters: str) -> SearchBody:
    scope = {"type": "http", "query_string": urlencode(parameters).encode(), "headers": []}
    return from_query(SearchBody, Request(scope), "search")


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ({"limit": "a"}, "invalid_search_limit", 'at `.limit`: expected a positive integer, but found a string: `"a"`'),
        ({"limit": -1}, "invalid_search_limit", "found a negative integer: `-1`"),
        ({"limit": True}, "invalid_search_limit", "found a boolean: `true`"),
        ({"limit": 1.5}, "invalid_search_limit", "found a number: `1.5`"),
        ({"q": ["a"]}, "invalid_search_q", "expected a string, but found an array"),
        ({"offset": {}}, "invalid_search_offset", "found an object"),
        ({"hitsPerPage": "x"}, "invalid_search_hits_per_page", "expected a positive integer"),
        ({"facets": "brand"}, "invalid_search_facets", "expected an array"),
        ({"facets": ["brand", 3]}, "invalid_search_facets", "`.facets[1]`: expected a string"),
        ({"showRankingScore": 1}, "invalid_search_show_ranking_score", "expected a boolean"),
        ({"rankingScoreThreshold": 1.1}, "invalid_search_ranking_score_threshold", "a number between 0 and 1"),
        ({"rankingScoreThreshold": -1}, "invalid_search_ranking_score_threshold", "a number between 0 and 1"),
        ({"matchingStrategy": "some"}, "invalid_search_matching_strategy", "'last', 'all' or 'frequency'"),
        ({"hybrid": 3}, "invalid_search_hybrid_query", "expected an object"),
        ({"hybrid": {"semanticRatio": 2}}, "invalid_search_semantic_ratio", "between 0 and 1"),
        ({"hybrid": {"embedder": 2}}, "invalid_search_embedder", "expected a string"),
        ({"hybrid": {"model": 2}}, "bad_request", "Unknown field `model` inside `.hybrid`"),
        ({"personalize": 3}, "invalid_search_personalize", "a boolean or an object"),
        ({"personalize": {"context": "a"}}, "bad_request", "Unknown field `context` inside `.personalize`"),
        ({"explain": {"language": "en", "tone": "warm"}}, "bad_request", "Unknown field `tone` inside `.explain`"),
        ({"explain": {"language": "fr"}}, "invalid_search_language", "`.explain.language`: expected one of 'en'"),
        ({"personalize": {"userContext": 3}}, "invalid_search_personalize_user_context", "expected a string"),
        ({"user": "u" * 201}, "invalid_search_user", "at most 200"),
        ({"marin": 1}, "bad_request", "Unknown field `marin`: expected one of `q`, `offset`, `limit`"),
        ([], "bad_request", "expected an object, but found an array"),
        (None, "bad_request", "expected an object, but found null"),
        ("x" * 10_000, "bad_request", "but found a string"),
    ],
)
def test_names_the_field_at_fault(body: Any, code: str, says: str) -> None:
    with pytest.raises(ApiError) as caught:
        from_body(SearchBody, body, "search")
    assert caught.value.code == code
    assert says in caught.value.message
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ({}, "bad_request", "Missing field `queries`"),
        ({"queries": [{"q": "x"}]}, "missing_index_uid", "Missing field `indexUid` inside `.queries[0]`"),
        ({"queries": [{"indexUid": "p", "limit": "a"}]}, "invalid_search_limit", "`.queries[0].limit`"),
        ({"queries": [{"indexUid": "p", "nope": "a"}]}, "bad_request", "Unknown field `nope` inside `.queries[0]`"),
        ({"queries": [3]}, "bad_request", "`.queries[0]`: expected an object"),
        ({"queries": [{"indexUid": "p"}] * 101}, "bad_request", "at most 100"),
    ],
)
def test_names_the_query_at_fault(body: Any, code: str, says: str) -> None:
    with pytest.raises(ApiError) as caught:
        from_body(MultiSearchBody, body, "search")
    assert (caught.value.code, says in caught.value.message) == (code, True)


def test_null_is_the_default() -> None:
    nulls = from_body(SearchBody, dict.fromkeys(SearchBody.names()), "search")
    assert nulls == SearchBody()


def test_numbers_are_never_taken_from_text_in_a_body() -> None:
    with pytest.raises(ApiError, match="expected a positive integer"):
        from_body(SearchBody, {"limit": "5"}, "search")


def test_a_query_string_holds_the_same_names() -> None:
    asked = by_query(
        q="lamp",
        limit="5",
        facets="brand,price",
        sort="price:asc",
        showRankingScore="true",
        rankingScoreThreshold="0.5",
        filter="price < 5",
        personalize="true",
        ignore="not red,under 5",
    )
    assert asked == from_body(
        SearchBody,
        {
            "q": "lamp",
            "limit": 5,
            "facets": ["brand", "price"],
            "sort": ["price:asc"],
            "showRankingScore": True,
            "rankingScoreThreshold": 0.5,
            "filter": "price < 5",
            "personalize": True,
            "ignore": ["not red", "under 5"],
        },
        "search",
    )


def test_a_query_string_spreads_objects_as_meilisearch_does() -> None:
    asked = by_query(hybridSemanticRatio="0.9", hybridEmbedder="default", personalizeUserContext="likes red")
    assert asked == from_body(
        SearchBody,
        {"hybrid": {"semanticRatio": 0.9, "embedder": "default"}, "personalize": {"userContext": "likes red"}},
        "search",
    )
    assert (
        by_query(hybrid='{"semanticRatio":1}').hybrid
        == from_body(SearchBody, {"hybrid": {"semanticRatio": 1}}, "search").hybrid
    )
    assert by_query(filter='[["a = 1","b = 2"]]').filter == [["a = 1", "b = 2"]]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("limit", "doggo", "invalid_search_limit"),
        ("limit", "-1", "invalid_search_limit"),
        ("limit", "", "invalid_search_limit"),
        ("limit", "１２", "invalid_search_limit"),
        ("limit", "1_0", "invalid_search_limit"),
        ("limit", "9" * 40, "invalid_search_limit"),
        ("showRankingScore", "yes", "invalid_search_show_ranking_score"),
        ("rankingScoreThreshold", "nan", "invalid_search_ranking_score_threshold"),
        ("rankingScoreThreshold", "1e999", "invalid_search_ranking_score_threshold"),
        ("hybridSemanticRatio", "much", "invalid_search_semantic_ratio"),
        ("hybrid", "much", "invalid_search_hybrid_query"),
        ("hybrid", "{", "malformed_payload"),
        ("filter", "[1", "malformed_payload"),
        ("nope", "1", "bad_request"),
    ],
)
def test_complains_about_parameters(name: str, text: str, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        by_query(**{name: text})
    assert caught.value.code == code


def test_codes_follow_the_noun() -> None:
    assert code_of("similar", "rankingScoreThreshold") == "invalid_similar_ranking_score_threshold"
    with pytest.raises(ApiError) as caught:
        from_body(SimilarBody, {"id": []}, "similar")
    assert caught.value.code == "invalid_similar_id"
    with pytest.raises(ApiError) as caught:
        from_body(FetchBody, {"ids": [[]]}, "document")
    assert caught.value.code == "invalid_document_ids"


def test_every_unknown_field_of_a_hundred_thousand_costs_one_complaint() -> None:
    hostile = {"hybrid": {f"field{number}": 0 for number in range(100_000)}, "q": "x"}
    with pytest.raises(ApiError, match="Unknown field `field0`"):
        from_body(SearchBody, hostile, "search")


@pytest.mark.parametrize("name", ["products", "a-b_C9", "x" * 64])
def test_index_names(name: str) -> None:
    assert index_uid(name) == name


@pytest.mark.parametrize("name", ["", "a b", "é", "../etc", "a.b", "x" * 65, "a\n", "products__v3"])
def test_index_names_that_are_none(name: str) -> None:
    with pytest.raises(ApiError) as caught:
        index_uid(name)
    assert caught.value.code == "invalid_index_uid"
