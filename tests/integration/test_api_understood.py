"""What was read from the words and how hits meet it, over HTTP: `understood`, `_evidence`, `weak`, and the switches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_service import PRODUCTS, client_of, open_shop
from building import build, build_as_before
from starlette.testclient import TestClient

SEARCH = "/indexes/products/search"
MORE: list[dict[str, Any]] = [
    {"id": "t1", "title": "Toner TN-2110", "brand": "Brother", "category": ["Office", "Toners"], "price": 55,
     "currency": "USD", "ean": "0012345678905", "in_stock": True},
    {"id": "t2", "title": "Toner TN-3480", "brand": "Brother", "category": ["Office", "Toners"], "price": 95,
     "currency": "USD", "in_stock": False},
    {"id": "k4", "title": "Loud mechanical keyboard, cream", "brand": "Clacker", "price": 85, "currency": "USD",
     "category": ["Electronics", "Keyboards"], "colour": "cream"},
    {"id": "k5", "title": "Loud mechanical keyboard with numbers", "brand": "Clacker", "price": 82,
     "currency": "USD", "category": ["Electronics", "Keyboards"]},
]  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client_of(open_shop(tmp_path_factory.mktemp("shop"), [*PRODUCTS, *MORE]).app()) as client:
        yield client


def find(client: TestClient, q: str, **body: Any) -> dict[str, Any]:
    answer = client.post(SEARCH, json={"q": q, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(answer: dict[str, Any]) -> list[str]:
    return [hit["id"] for hit in answer["hits"]]


def evidence(answer: dict[str, Any]) -> dict[str, list[str]]:
    return {hit["id"]: [one["verdict"] for one in hit.get("_evidence", [])] for hit in answer["hits"]}


# --- understood ------------------------------------------------------------------------------------------------------


def test_conditions_are_shown_with_the_words_they_came_from(client: TestClient) -> None:
    typed = "loud keyboard under $83, not black"
    understood = find(client, typed)["understood"]
    assert understood["language"] == "en"
    assert "keyboard" in understood["text"]
    assert "83" not in understood["text"]
    assert "black" not in understood["text"]
    price = next(one for one in understood["constraints"] if one["field"] == "price")
    colour = next(one for one in understood["constraints"] if one["field"] == "colour")
    assert (price["op"], price["value"], price["strength"]) == ("<", 83, "must")
    assert (colour["op"], colour["value"].casefold(), colour["strength"]) == ("!=", "black", "must")
    for one in understood["constraints"]:
        assert set(one) == {"field", "op", "value", "span", "text", "strength"}
        start, end = one["span"]
        assert typed[start:end] == one["text"]


def test_a_plain_query_has_no_conditions_sort_or_corrections(client: TestClient) -> None:
    assert find(client, "quiet keyboard")["understood"] == {
        "text": "quiet keyboard", "language": "en", "constraints": [],
    }  # fmt: skip


def test_conditions_in_chinese(client: TestClient) -> None:
    answer = find(client, "300元以下的耳机")
    assert answer["understood"]["language"] == "zh"
    assert any(one["field"] == "price" and one["value"] == 300 for one in answer["understood"]["constraints"])
    assert ids(answer)[0] == "z1"
    assert "z2" not in ids(answer)


def test_a_sort_that_the_words_ask_for(client: TestClient) -> None:
    answer = find(client, "cheapest mechanical keyboard")
    assert answer["understood"]["sort"] == ["price:asc"]
    assert ids(answer)[0] == "k3"
    assert find(client, "most expensive mechanical keyboard")["understood"]["sort"] == ["price:desc"]


def test_the_caller_s_sort_goes_before_that_of_the_words(client: TestClient) -> None:
    prices = [hit["price"] for hit in find(client, "cheapest mechanical keyboard", sort=["price:desc"])["hits"]]
    assert prices == sorted(prices, reverse=True)


def test_a_word_that_the_catalogue_does_not_know_is_taken_for_one_it_does(client: TestClient) -> None:
    answer = find(client, "quiet keybord")
    assert answer["understood"]["corrections"] == [{"typed": "keybord", "taken": "keyboard", "span": [6, 13]}]
    assert answer["understood"]["text"] == "quiet keyboard"
    assert answer["query"] == "quiet keybord"
    assert set(ids(answer)[:2]) == {"k1", "k2"}


# --- conditions and evidence -----------------------------------------------------------------------------------------


def test_no_hit_breaks_a_condition_and_each_says_how_it_meets_it(client: TestClient) -> None:
    answer = find(client, "mechanical keyboard under $83", limit=100)
    assert answer["hits"]
    for hit in answer["hits"]:
        by_number = {one["constraint"]: one for one in hit["_evidence"]}
        assert set(by_number) == set(range(len(answer["understood"]["constraints"])))
        for number, said in enumerate(answer["understood"]["constraints"]):
            shown = by_number[number]
            assert set(shown) == {"constraint", "verdict", "field", "value"}
            assert shown["field"] == said["field"]
            assert shown["verdict"] in ("satisfied", "unknown")
            assert shown["value"] == hit.get(said["field"])
        assert hit.get("price") is None or hit["price"] < 83


def test_what_is_not_known_comes_after_what_is(client: TestClient) -> None:
    answer = find(client, "loud mechanical keyboard, black", limit=100)
    verdicts = evidence(answer)
    assert ids(answer)[0] == "k3"
    assert "k4" not in verdicts, "cream"
    assert verdicts["k5"] == ["unknown"]
    order = ["unknown" in verdicts[name] for name in ids(answer)]
    assert order == sorted(order)


def test_an_exclusion(client: TestClient) -> None:
    answer = find(client, "loud mechanical keyboard not cream", limit=100)
    assert not {"k4", "k2"} & set(ids(answer))
    assert evidence(answer)["k3"] == ["satisfied"]
    assert evidence(answer)["k5"] == ["unknown"]


def test_a_query_of_nothing_but_conditions_browses_what_meets_them(client: TestClient) -> None:
    answer = find(client, "under $30", limit=100)
    assert answer["understood"]["text"] == ""
    assert set(ids(answer)) == {"l1", "m1"}
    assert answer["estimatedTotalHits"] == 2
    assert all(verdict == "satisfied" for verdicts in evidence(answer).values() for verdict in verdicts)


def test_totals_and_facets_are_counted_within_the_conditions(client: TestClient) -> None:
    answer = find(client, "keyboard under $100", facets=["colour", "price"], limit=1)
    whole = find(client, "keyboard under $100", limit=100)
    assert answer["estimatedTotalHits"] == len(whole["hits"])
    assert answer["facetStats"]["price"]["max"] < 100
    for colour, count in answer["facetDistribution"]["colour"].items():
        assert sum(hit.get("colour") == colour for hit in whole["hits"]) == count


def test_without_conditions_there_is_no_evidence(client: TestClient) -> None:
    assert all("_evidence" not in hit for hit in find(client, "keyboard")["hits"])
    assert all("_evidence" not in hit for hit in find(client, "")["hits"])


# --- the switches ----------------------------------------------------------------------------------------------------


def test_understand_false_takes_every_word_literally(client: TestClient) -> None:
    answer = find(client, "cheapest keybord under $83", understand=False, limit=100)
    assert answer["understood"] == {
        "text": "cheapest keybord under $83", "language": "en", "constraints": [],
    }  # fmt: skip
    assert all("_evidence" not in hit for hit in answer["hits"])
    everything = find(client, "mechanical keyboard under $83", understand=False, limit=100)
    assert "k4" in ids(everything), "it costs more"


def test_a_condition_is_switched_off_by_its_text(client: TestClient) -> None:
    typed = "mechanical keyboard under $83"
    on = find(client, typed, limit=100)
    (price,) = {one["text"] for one in on["understood"]["constraints"]}
    off = find(client, typed, ignore=[price], limit=100)
    assert off["understood"]["constraints"] == []
    assert "k4" not in ids(on)
    assert "k4" in ids(off)
    assert find(client, typed, ignore=["of another"], limit=100)["understood"] == on["understood"]


def test_one_of_two_conditions_is_switched_off(client: TestClient) -> None:
    typed = "mechanical keyboard under $83 not black"
    both = find(client, typed)["understood"]["constraints"]
    colour = next(one for one in both if one["field"] == "colour")
    left = find(client, typed, ignore=[colour["text"].upper()])["understood"]["constraints"]
    assert left == [one for one in both if one["field"] != "colour"]


@pytest.mark.parametrize(
    ("ratio", "parts"), [(0, {"lexical"}), (0.5, {"semantic", "lexical", "kind"}), (1, {"semantic"})]
)
def test_the_share_of_meaning(client: TestClient, ratio: float, parts: set[str]) -> None:
    answer = find(client, "desk lamp", hybrid={"semanticRatio": ratio}, showRankingScoreDetails=True)
    assert answer["degraded"] == []
    assert set(ids(answer)[:2]) == {"l1", "l2"}
    for hit in answer["hits"]:
        assert set(hit["_rankingScoreDetails"]) == parts
    assert answer["hits"][0]["_rankingScoreDetails"][min(parts)]["score"] > 0


def test_by_words_alone_only_what_has_one_of_them_is_found(client: TestClient) -> None:
    answer = find(client, "desk lamp", hybrid={"semanticRatio": 0}, limit=100)
    assert set(ids(answer)) == {"l1", "l2", "l3"}
    assert find(client, "zorblax", hybrid={"semanticRatio": 0}, understand=False)["hits"] == []


def test_conditions_hold_whatever_the_share(client: TestClient) -> None:
    for ratio in (0, 0.5, 1):
        answer = find(client, "desk lamp under $30", hybrid={"semanticRatio": ratio}, limit=100)
        assert "l1" in ids(answer)
        assert "l2" not in ids(answer)


@pytest.mark.parametrize("ratio", [-0.1, 1.1, "half", [1]])
def test_a_share_that_is_none_is_refused(client: TestClient, ratio: Any) -> None:
    answer = client.post(SEARCH, json={"q": "lamp", "hybrid": {"semanticRatio": ratio}})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_search_semantic_ratio"


# --- codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["TN-2110", "tn2110", "TN 2110", "0012345678905", "12345678905", "t1 toner tn-2110"])
def test_a_code_finds_its_product_first(client: TestClient, typed: str) -> None:
    answer = find(client, typed, showRankingScore=True)
    assert ids(answer)[0] == "t1"
    assert answer["hits"][0]["_rankingScore"] == 1.0
    assert "weak" not in answer


def test_a_piece_of_a_code_finds_it_too(client: TestClient) -> None:
    assert ids(find(client, "2110", understand=False))[0] == "t1"
    assert ids(find(client, "tn34", hybrid={"semanticRatio": 0}, understand=False)) == ["t2"]


# --- weak answers ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A shop whose noise was measured."""
    shop = open_shop(tmp_path_factory.mktemp("measured"), None)
    build(shop.store, shop.encoder, [*PRODUCTS, *MORE], calibrate=True)
    with client_of(shop.app()) as client:
        yield client


def test_a_good_answer_is_not_called_weak(measured: TestClient) -> None:
    for typed in ("quiet keyboard with silent switches", "red desk lamp", "TN-2110", "running shoes"):
        answer = find(measured, typed)
        assert answer["hits"]
        assert "weak" not in answer


def test_what_nothing_fits_is_weak_or_nothing(measured: TestClient) -> None:
    for typed in ("appendix removal recovery time", "tuxedo rental", "水管漏水维修"):
        answer = find(measured, typed, understand=False)
        assert answer.get("weak") is True
    answer = find(measured, "zorblax quux flim", understand=False, facets=["brand"])
    assert answer["weak"] is True
    if not answer["hits"]:
        assert (answer["estimatedTotalHits"], answer["facetDistribution"]) == (0, {"brand": {}})


# --- the other ways to ask -------------------------------------------------------------------------------------------


def test_by_address(client: TestClient) -> None:
    typed = "mechanical keyboard under $83"
    posted = find(client, typed)
    answer = client.get(SEARCH, params={"q": typed}).json()
    assert (ids(answer), answer["understood"]) == (ids(posted), posted["understood"])
    literal = client.get(SEARCH, params={"q": typed, "understand": "false", "hybridSemanticRatio": "0"}).json()
    wanted = find(client, typed, understand=False, hybrid={"semanticRatio": 0})
    assert (ids(literal), literal["understood"]) == (ids(wanted), wanted["understood"])
    ignored = client.get(SEARCH, params={"q": typed, "ignore": "under $83"}).json()
    assert ignored["understood"]["constraints"] == []


def test_several_searches_at_once(client: TestClient) -> None:
    queries = [
        {"indexUid": "products", "q": "mechanical keyboard under $83"},
        {"indexUid": "products", "q": "mechanical keyboard under $83", "understand": False},
        {"indexUid": "products", "q": "desk lamp", "hybrid": {"semanticRatio": 0}},
        {"indexUid": "products", "q": "cheapest keyboard", "ignore": ["x"]},
    ]
    results = client.post("/multi-search", json={"queries": queries}).json()["results"]
    assert results[0]["understood"]["constraints"]
    assert results[0]["hits"][0]["_evidence"]
    assert results[1]["understood"]["constraints"] == []
    assert set(ids(results[2])) == {"l1", "l2", "l3"}
    assert results[3]["understood"]["sort"] == ["price:asc"]
    for one, result in zip(queries, results, strict=True):
        asked = {name: value for name, value in one.items() if name not in ("indexUid", "q")}
        assert ids(result) == ids(find(client, str(one["q"]), **asked))


def test_similar_products_have_nothing_to_understand(client: TestClient) -> None:
    answer = client.post("/indexes/products/similar", json={"id": "k3"}).json()
    assert "understood" not in answer
    assert "weak" not in answer
    assert answer["hits"]
    assert all("_evidence" not in hit for hit in answer["hits"])


def test_an_index_from_before_names_what_it_lacks(tmp_path_factory: pytest.TempPathFactory) -> None:
    shop = open_shop(tmp_path_factory.mktemp("old"), None)
    build_as_before(shop.store, shop.encoder, PRODUCTS)
    with client_of(shop.app()) as old:
        answer = find(old, "red desk lamp under $30", explain=True)
        assert answer["degraded"] == ["lexical"]
        assert all(hit["_explanation"] for hit in answer["hits"])
        assert ids(answer)[0] == "l1"
        assert "l2" not in ids(answer)
        assert find(old, "")["degraded"] == []
