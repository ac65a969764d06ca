"""InstantSearch through instant-meilisearch, unmodified, in Node, against a real server.

tests/npm/instant.mjs plays a shop's front end, scenario by scenario, once; each test compares what its widgets showed
with what the search endpoint says of the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from api_service import PRODUCTS, build, listening, open_shop
from npm_packages import package, run_node
from pydantic import SecretStr

pytestmark = pytest.mark.npm

CHAIRS: list[dict[str, Any]] = [
    {"id": f"c{number}", "title": f"Chair model {number}", "brand": "Oak", "category": ["Home", "Chairs"],
     "price": number}
    for number in range(1, 41)
]  # fmt: skip

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    package("@meilisearch/instant-meilisearch")
    shop = open_shop(
        tmp_path_factory.mktemp("shop"), [*PRODUCTS, *CHAIRS], admin_key=SecretStr("boss"), search_key=SecretStr("shop")
    )
    build(shop.store, shop.encoder, CHAIRS[:3], "chairs")
    with listening(shop.app()) as found:
        yield found


@pytest.fixture(scope="module")
def ask(address: str) -> Ask:
    """Our own answer to a search."""

    def asked(q: str = "", index: str = "products", **body: Any) -> Any:
        answer = httpx.post(
            f"{address}/indexes/{index}/search", json={"q": q, **body}, headers={"Authorization": "Bearer shop"}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asked


@pytest.fixture(scope="module")
def seen(address: str) -> Any:
    return run_node("instant.mjs", address, "shop")


def ids(answer: Any) -> list[str]:
    return [hit["id"] for hit in answer["hits"]]


def same(shown: Any, answer: Any) -> bool:
    """The very hits in their order, and how many there are in all."""
    total = answer["estimatedTotalHits"]
    return (shown["ids"], shown["nbHits"]) == (ids(answer)[: len(shown["ids"])], total) and bool(shown["ids"])


def test_every_request_is_understood(seen: Any) -> None:
    assert seen["complaints"] == []
    assert {name: shown["failed"] for name, shown in seen.items() if "failed" in shown} == {}
    assert {one["status"] for one in seen["sent"]} == {200}
    assert {one["path"] for one in seen["sent"]} == {"/multi-search", "/indexes/products/facet-search"}
    # What it sends is what this file means to cover; a new version may send more.
    fields = {field for one in seen["sent"] for query in one["body"].get("queries", [one["body"]]) for field in query}
    assert fields == {
        "indexUid", "q", "facets", "filter", "sort", "limit", "offset", "page", "hitsPerPage", "facetName",
        "facetQuery", "attributesToHighlight", "highlightPreTag", "highlightPostTag", "attributesToCrop", "cropMarker",
    }  # fmt: skip


def test_search(seen: Any, ask: Ask) -> None:
    shown = seen["search"]
    assert same(shown["all"], ask())
    assert len(shown["all"]["ids"]) == 20
    assert shown["all"]["positions"] == list(range(1, 21))
    assert same(shown["found"], ask("desk lamp"))
    assert shown["found"]["query"] == "desk lamp"
    assert shown["title"] == ask("desk lamp")["hits"][0]["title"]


def test_chinese(seen: Any, ask: Ask) -> None:
    assert same(seen["chinese"]["chosen"], ask("耳机", filter='brand = "听潮里"'))
    assert seen["chinese"]["brands"] == ask("耳机", facets=["brand"])["facetDistribution"]["brand"]


def test_highlights_and_snippets(seen: Any) -> None:
    shown = seen["highlights"]
    mark = '<mark class="ais-Highlight-highlighted">{}</mark>'.format
    assert shown["highlighted"] == f"Red {mark('desk')} {mark('lamp')}"
    assert shown["snippet"] == '…warm <mark class="ais-Snippet-highlighted">lamp</mark> for…'
    assert [text.replace("<mark>", "").replace("</mark>", "") for text in shown["nested"]] == ["Home", "Lamps"]
    # A catalogue's text stays text: InstantSearch escapes all but the marks, which are not markup when we send them.
    assert shown["escaped"] == f"Tea &lt;b&gt;{mark('kettle')}&lt;/b&gt; &amp; more"
    assert shown["text"].startswith("&lt;script&gt;")


def test_facets_of_which_one_or_another_is_chosen(seen: Any, ask: Ask) -> None:
    """A facet's own choice leaves its counts alone, through several queries in one request."""
    shown, lantern, halyard = seen["disjunctive"], 'brand = "Lantern"', 'brand = "Halyard \\"1876\\""'
    everything = ask(facets=["*"])["facetDistribution"]
    assert shown["before"] == everything["brand"]
    assert same(shown["one"], ask(filter=lantern))
    assert shown["after"]["brands"] == everything["brand"]
    assert shown["after"]["colours"] == ask(filter=lantern, facets=["colour"])["facetDistribution"]["colour"]
    assert same(shown["two"], ask(filter=[[lantern, halyard]]))
    assert same(shown["three"], ask(filter=[[lantern, halyard], "colour = red"]))
    red = ask(filter="colour = red", facets=["brand"])["facetDistribution"]["brand"]
    assert {brand: count for brand, count in shown["end"]["brands"].items() if count} == red
    of_both = ask(filter=[[lantern, halyard]], facets=["colour"])["facetDistribution"]["colour"]
    assert shown["end"]["colours"] == of_both


def test_facets_of_which_all_must_hold(seen: Any, ask: Ask) -> None:
    shown = seen["conjunctive"]
    assert same(shown["one"], ask(filter="category = Home"))
    assert shown["between"] == ask(filter="category = Home", facets=["category"])["facetDistribution"]["category"]
    both = ask(filter=["category = Home", "category = Lamps"], facets=["category"])
    assert same(shown["two"], both)
    assert shown["after"] == both["facetDistribution"]["category"]


def test_a_menu_a_switch_and_stars(seen: Any, ask: Ask) -> None:
    shown = seen["others"]
    assert shown["menu"] == ask(facets=["currency"])["facetDistribution"]["currency"]
    assert same(shown["dollars"], ask(filter="currency = USD"))
    assert same(shown["there"], ask(filter="currency = USD AND in_stock = true"))
    assert same(shown["good"], ask(filter="currency = USD AND in_stock = true AND rating >= 4"))


def test_a_range_of_prices(seen: Any, ask: Ask) -> None:
    shown = seen["range"]
    assert {"min": shown["min"], "max": shown["max"]} == ask(facets=["price"])["facetStats"]["price"]
    assert same(shown["both"], ask(filter="price 25 TO 45"))
    assert same(shown["low"], ask(filter="price >= 100"))


def test_sorting_by_names_of_replicas(seen: Any, ask: Ask) -> None:
    shown = seen["sorted"]
    assert same(shown["cheap"], ask("lamp", sort=["price:asc"]))
    assert same(shown["dear"], ask("lamp", sort=["price:desc"]))
    assert same(shown["best"], ask("lamp"))
    assert shown["cheap"]["ids"] == shown["dear"]["ids"][::-1] != shown["best"]["ids"]


@pytest.mark.parametrize("kind", ["open", "finite"])
def test_pages(seen: Any, ask: Ask, kind: str) -> None:
    """By offset and a hit too many, as it comes; and by page with `finitePagination`, which knows the last one."""
    pages = seen["pages"][kind]["seen"]
    assert [page["ids"] for page in pages] == [ids(ask(limit=7, offset=start)) for start in range(0, 52, 7)]
    assert [page["page"] for page in pages] == list(range(8))
    assert {page["nbHits"] for page in pages} == {52}
    assert pages[-1]["positions"][-1] == 52
    assert seen["pages"][kind]["beyond"]["ids"] == []
    if kind == "finite":
        assert {page["nbPages"] for page in pages} == {ask(page=1, hitsPerPage=7)["totalPages"]} == {8}


def test_one_more_and_one_more(seen: Any, ask: Ask) -> None:
    assert seen["infinite"]["ids"] == ids(ask(limit=100))


def test_values_of_a_facet_are_looked_for(seen: Any, ask: Ask) -> None:
    counts = ask("desk lamp", facets=["brand"])["facetDistribution"]["brand"]
    assert seen["facetValues"] == {'Halyard "1876"': counts['Halyard "1876"']}


def test_nothing_is_shown_before_something_is_typed(seen: Any, ask: Ask) -> None:
    assert seen["nothingTyped"]["empty"]["ids"] == []
    assert same(seen["nothingTyped"]["typed"], ask("mug"))


def test_several_indexes_at_once(seen: Any, ask: Ask) -> None:
    assert same(seen["severalIndexes"]["products"], ask("chair"))
    assert seen["severalIndexes"]["chairs"] == ids(ask("chair", index="chairs"))


def test_what_the_words_mean_holds_there_too(seen: Any, ask: Ask) -> None:
    shown, answer = seen["ours"], ask("desk lamp under $30")
    assert answer["understood"]["constraints"]
    assert same(shown["cheap"], answer)
    assert "_evidence" in shown["fields"]
