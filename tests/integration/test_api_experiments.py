"""Experiments over HTTP: who sees what, pages of one list, what is logged, and what nobody outside notices."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from api_service import PRODUCTS, SPLIT, Shop, build, client_of, open_shop
from starlette.testclient import TestClient

from search.errors import ExperimentError, SettingsError
from search.events import Event
from search.experiments.assignment import takes_part, variant_of
from search.experiments.records import Impression, Record, Share, Started, from_line

SEARCH = "/indexes/products/search"

MANY = [
    *PRODUCTS,
    *(
        {
            "id": f"c{number}", "title": f"{('Oak', 'Soft', 'Tall')[number % 3]} chair {number}", "price": number,
            "description": ("for reading at a desk", "with a lamp", "")[number % 3], "brand": "Oak", "in_stock": True,
        }
        for number in range(1, 41)
    ),
]  # fmt: skip


SECRET = {"user_secret": "s"}
"""So that everybody is drawn alike in every run."""

INTERLEAVE = SPLIT.replace("split", "interleave")


@contextmanager
def shop_with(folder: Path, experiments: str, **settings: object) -> Iterator[tuple[Shop, TestClient]]:
    (folder / "experiments.toml").write_text(experiments)
    shop = open_shop(folder / "data", MANY, experiments=folder / "experiments.toml", **SECRET, **settings)
    with client_of(shop.app()) as client:
        yield shop, client


def logged(shop: Shop) -> list[Record]:
    """The whole log, once the service is closed."""
    files = sorted((shop.settings.data_dir / "experiments").glob("*.jsonl"))
    return [from_line(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def impressions(shop: Shop) -> list[Impression]:
    return [record for record in logged(shop) if isinstance(record, Impression)]


def search(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post(SEARCH, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(answer: dict[str, Any]) -> list[str]:
    return [str(hit["id"]) for hit in answer["hits"]]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Equal but for what is different from request to request anyway."""
    return [(key, value) for key, value in one.items() if key not in ("queryID", "processingTimeMs")] == [
        (key, value) for key, value in other.items() if key not in ("queryID", "processingTimeMs")
    ]


def user_of(shop: Shop, variant: str) -> str:
    shares = (Share("now", 0.5), Share("meaning", 0.5))
    names = (f"u-{number}" for number in range(1000))
    return next(name for name in names if variant_of("ratio", shares, shop.service.shoppers.name(name)) == variant)


def test_a_split_shows_each_shopper_one_variant_and_logs_it(tmp_path: Path) -> None:
    with shop_with(tmp_path, SPLIT) as (shop, client):
        now, meaning = user_of(shop, "now"), user_of(shop, "meaning")
        plain, vectors = search(client, q="lamp"), search(client, q="lamp", hybrid={"semanticRatio": 1})
        assert ids(plain) != ids(vectors)
        first = search(client, q="lamp", user=now)
        assert first.pop("experiment") == {"name": "ratio", "variant": "now"}
        assert same(first, plain)
        second = search(client, q="lamp", user=meaning, limit=3, offset=2)
        assert second["experiment"] == {"name": "ratio", "variant": "meaning"}
        assert ids(second) == ids(vectors)[2:5]
        nothing = search(client, q="xyzzy", user=now, filter="price < 0")
        beyond = search(client, q="lamp", user=now, offset=500)
        facets = search(client, q="lamp", user=meaning, limit=0, facets=["brand"])
        assert facets["facetDistribution"] == search(
            client, q="lamp", hybrid={"semanticRatio": 1}, limit=0, facets=["brand"]
        )["facetDistribution"]  # fmt: skip
        assert (ids(nothing), ids(beyond), ids(facets)) == ([], [], [])
        metrics = client.get("/metrics").text
        assert 'daogou_experiment_searches_total{experiment="ratio",outcome="shown",variant="meaning"} 2.0' in metrics
    started, *shown = logged(shop)
    assert isinstance(started, Started)
    assert (started.name, started.method, started.variants) == (
        "ratio", "split", (Share("now", 0.5), Share("meaning", 0.5)),
    )  # fmt: skip
    # Counting facets and a page after the last show nothing; that nothing was found is told.
    name = shop.service.shoppers.name
    assert [
        (one.query_id, one.shopper, one.variant, one.offset, list(one.products), one.teams)
        for one in shown
        if isinstance(one, Impression)
    ] == [
        (first["queryID"], name(now), "now", 0, ids(first), ()),
        (second["queryID"], name(meaning), "meaning", 2, ids(second), ()),
        (nothing["queryID"], name(now), "now", 0, [], ()),
    ]


def test_outside_an_experiment_nothing_is_different(tmp_path: Path) -> None:
    """No user, nothing typed, another index, not in the share, or asking for what the variants differ in."""
    bare = open_shop(tmp_path / "bare", MANY)
    with (
        client_of(bare.app()) as plain,
        shop_with(tmp_path, SPLIT.replace('"split"', '"split"\nshare = 0.5')) as (shop, client),
    ):
        build(shop.store, shop.encoder, MANY, index="books")
        build(bare.store, bare.encoder, MANY, index="books")
        inside = next(
            name
            for name in (f"u-{number}" for number in range(1000))
            if takes_part("ratio", 0.5, shop.service.shoppers.name(name))
        )
        outside = next(
            name
            for name in (f"u-{number}" for number in range(1000))
            if not takes_part("ratio", 0.5, shop.service.shoppers.name(name))
        )
        for path, body in (
            (SEARCH, {"q": "lamp"}),
            (SEARCH, {"q": "lamp", "user": ""}),
            (SEARCH, {"q": "lamp", "user": None}),
            (SEARCH, {"q": "lamp", "user": outside}),
            (SEARCH, {"q": "", "user": inside}),
            (SEARCH, {"q": "  ", "user": inside, "facets": ["brand"]}),
            (SEARCH, {"q": "lamp", "user": inside, "hybrid": {"semanticRatio": 0.5}}),
            ("/indexes/books/search", {"q": "lamp", "user": inside}),
        ):
            one, other = plain.post(path, json=body), client.post(path, json=body)
            assert one.status_code == other.status_code == 200, one.text
            assert same(one.json(), other.json()), body
            assert list(one.json()) == list(other.json())
        assert "experiment" in search(client, q="lamp", user=inside)
    assert len(impressions(shop)) == 1
    assert not (tmp_path / "bare" / "experiments").exists()


def test_pages_of_an_interleaved_list(tmp_path: Path) -> None:
    """Every way to leaf through reads the same list: complete, without repeats, the same on every visit."""
    with shop_with(tmp_path, INTERLEAVE.replace("semantic_ratio = 1", "semantic_ratio = 0")) as (shop, client):
        for user in ("u-1", "u-2", "u-3"):
            asked = {"q": "tall chair", "user": user}
            whole = search(client, **asked, limit=100)
            assert whole["experiment"] == {"name": "ratio"}
            assert sorted(ids(whole)) == sorted(set(ids(whole)))
            now = ids(search(client, q="tall chair", limit=100))
            words = ids(search(client, q="tall chair", limit=100, hybrid={"semanticRatio": 0}))
            assert len(now) < len(words) < len(ids(whole))
            assert set(ids(whole)) == {*now, *words}
            assert whole["estimatedTotalHits"] == len(ids(whole))
            for size in (1, 3, 7, 20):
                pages = [search(client, **asked, limit=size, offset=at) for at in range(0, len(ids(whole)), size)]
                assert [each for page in pages for each in ids(page)] == ids(whole)
                assert [hit for page in pages for hit in page["hits"]] == whole["hits"]
            second = search(client, **asked, page=2, hitsPerPage=5)
            assert ids(second) == ids(whole)[5:10]
            assert second["totalHits"] >= len(now)
            assert "team" not in str(whole)
        assert ids(search(client, q="  Tall   CHAIR ", user="u-1", limit=100)) == ids(
            search(client, q="tall chair", user="u-1", limit=100)
        )
        lists = {tuple(ids(search(client, q="tall chair", user=f"u-{number}"))) for number in range(20)}
        assert len(lists) > 5
    pages = impressions(shop)
    assert all(len(page.teams) == len(page.products) for page in pages)
    assert all(abs(page.teams.count("now") - page.teams.count("meaning")) <= 1 for page in pages if not page.offset)
    assert {team for page in pages for team in page.teams} == {"now", "meaning", ""}
    first, last = pages[0], [page for page in pages if page.shopper == pages[0].shopper and page.offset == 7][-1]
    assert last.teams == first.teams[7 : 7 + len(last.teams)]


def test_facets_of_an_interleaved_list_are_those_of_the_baseline(tmp_path: Path) -> None:
    with shop_with(tmp_path, INTERLEAVE) as (_, client):
        mine = search(client, q="lamp", user="u-1", facets=["brand", "price"])
        plain = search(client, q="lamp", facets=["brand", "price"])
        assert (mine["facetDistribution"], mine["facetStats"]) == (plain["facetDistribution"], plain["facetStats"])
        assert mine["understood"] == plain["understood"]
        body = {"facetName": "brand", "q": "lamp", "user": "u-1"}
        counts = client.post("/indexes/products/facet-search", json=body).json()["facetHits"]
        assert {one["value"]: one["count"] for one in counts} == plain["facetDistribution"]["brand"]


@pytest.mark.parametrize(
    "body",
    [
        {"q": "lamp", "sort": ["price:asc"]},
        {"q": "cheapest lamp"},
        {"q": "under $50"},
        {"q": "xyzzy plugh", "filter": "price < 0"},
        {"q": "lamp", "limit": 0, "facets": ["brand"]},
        {"q": "lamp", "sort": ["price:asc"], "limit": 2, "offset": 2},
        {"q": "under $50", "limit": 2, "offset": 2},
    ],
)
def test_what_is_not_ranked_by_relevance_is_not_interleaved(tmp_path: Path, body: dict[str, Any]) -> None:
    with shop_with(tmp_path, INTERLEAVE) as (shop, client):
        mine = search(client, **body, user="u-1")
        assert "experiment" not in mine
        assert same(mine, search(client, **body))
    assert impressions(shop) == []


def test_another_index_may_be_a_variant(tmp_path: Path) -> None:
    """A product that only that index has is shown with the document that it has there."""
    variant = INTERLEAVE.replace("semantic_ratio = 1", 'index = "products-new"')
    with shop_with(tmp_path, variant) as (shop, client):
        rows = [{**row, "title": f"{row['title']} anew"} for row in MANY[::-1] if row["id"] != "l1"]
        build(shop.store, shop.encoder, [*rows, {"id": "new", "title": "Quiet lamp", "price": 3}], index="products-new")
        hits = {hit["id"]: hit["title"] for hit in search(client, q="lamp", user="u-1", limit=100)["hits"]}
        assert hits["new"] == "Quiet lamp"
        assert hits["l1"] == "Red desk lamp"
        assert hits["l2"] == "Blue desk lamp"


@pytest.mark.parametrize("method", ["split", "interleave"])
@pytest.mark.parametrize("option", ['index = "gone"', 'filter = "no_such_field = 1"'])
def test_a_variant_that_cannot_be_searched_takes_nothing_from_the_shopper(
    tmp_path: Path, method: str, option: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = SPLIT.replace("split", method).replace("semantic_ratio = 1", option)
    with shop_with(tmp_path, text) as (shop, client), caplog.at_level(logging.ERROR):
        user, plain = user_of(shop, "meaning"), search(client, q="lamp")
        for _ in range(3):
            mine = search(client, q="lamp", user=user)
            assert ids(mine) == ids(plain)
            assert (mine.pop("experiment", None) is not None) == (method == "split")
            assert same(mine, plain)
        variant = "meaning" if method == "split" else ""
        assert (
            f'daogou_experiment_searches_total{{experiment="ratio",outcome="baseline instead",variant="{variant}"}} 3.0'
            in client.get("/metrics").text
        )
        body = {"facetName": "brand", "q": "lamp", "user": user}
        assert client.post("/indexes/products/facet-search", json=body).status_code == 200
        bad = client.post(SEARCH, json={"q": "lamp", "user": user, "filter": "unknown = 1"})
        assert (bad.status_code, bad.json()["code"]) == (400, "invalid_search_filter")
        assert "unknown" in bad.json()["message"]
    # Whoever was drawn for a variant counts for it, whatever they then got: else the variants' shoppers would differ.
    shown = impressions(shop)
    assert [one.variant for one in shown] == (["meaning"] * 3 if method == "split" else [])
    told = [record.getMessage() for record in caplog.records if "cannot be searched" in record.getMessage()]
    assert len(told) == 1
    assert "variant meaning" in told[0]


def test_in_a_multi_search_each_search_is_an_impression(tmp_path: Path) -> None:
    with shop_with(tmp_path, SPLIT) as (shop, client):
        queries = [
            {"indexUid": "products", "q": "lamp", "user": "u-1"},
            {"indexUid": "products", "q": "lamp", "user": "u-1", "limit": 0, "facets": ["brand"]},
            {"indexUid": "products", "q": "chair", "user": "u-2"},
            {"indexUid": "products", "q": "chair"},
        ]
        results = client.post("/multi-search", json={"queries": queries}).json()["results"]
        by_address = client.get(SEARCH, params={"q": "mug", "user": "u-1"}).json()
    assert [one.query_id for one in impressions(shop)] == [
        results[0]["queryID"], results[2]["queryID"], by_address["queryID"],
    ]  # fmt: skip


def test_a_multi_search_that_fails_showed_nothing(tmp_path: Path) -> None:
    with shop_with(tmp_path, SPLIT) as (shop, client):
        queries = [
            {"indexUid": "products", "q": "lamp", "user": "u-1"},
            {"indexUid": "products", "q": "lamp", "filter": "unknown = 1"},
        ]
        assert client.post("/multi-search", json={"queries": queries}).status_code == 400
    assert impressions(shop) == []


def test_pages_that_cannot_be_logged_are_counted(tmp_path: Path) -> None:
    with shop_with(tmp_path, SPLIT) as (shop, client):
        shop.service.log.close()
        search(client, q="lamp", user="u-1")
        search(client, q="lamp")
        assert "daogou_log_dropped 1.0" in client.get("/metrics").text


def test_an_interleaved_list_ends_where_every_list_ends(tmp_path: Path) -> None:
    text = INTERLEAVE.replace("semantic_ratio = 1", "semantic_ratio = 0")
    with shop_with(tmp_path, text, max_total_hits=10) as (_, client):
        pages = [search(client, q="chair", user="u-1", page=page, hitsPerPage=4) for page in range(1, 6)]
        assert "experiment" in pages[0]
        assert [len(ids(page)) for page in pages] == [4, 4, 2, 0, 0]
        assert {page["totalHits"] for page in pages} == {10}
        assert len({one for page in pages for one in ids(page)}) == 10


def test_the_log_holds_neither_words_nor_ids_of_shoppers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with shop_with(tmp_path, SPLIT) as (shop, client), caplog.at_level(logging.DEBUG):
        search(client, q="lamp private-words", user="alice@shop.example")
        event = {"type": "click", "user": "alice@shop.example", "product": "l1"}
        assert client.post("/events", json=event).status_code == 202
    files = [file for file in tmp_path.rglob("*") if file.is_file() and file.name != "past_queries.sqlite"]
    assert any(file.suffix == ".jsonl" for file in files)
    for file in files:
        assert b"alice" not in file.read_bytes(), file
        assert b"private-words" not in file.read_bytes(), file
    assert "alice" not in caplog.text
    assert len({one.shopper for one in logged(shop) if isinstance(one, Impression | Event)}) == 1


def test_what_is_wrong_is_told_before_anything_serves(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DAOGOU_EXPERIMENTS"):
        open_shop(tmp_path, experiments=tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[[experiment]]\nnme = 1")
    with pytest.raises(ExperimentError, match=r"bad\.toml: experiment 1: nme: .*Did you mean 'name'"):
        open_shop(tmp_path, experiments=tmp_path / "bad.toml")


def test_every_start_is_told(tmp_path: Path) -> None:
    for _ in range(2):
        with shop_with(tmp_path, SPLIT) as (shop, _):
            pass
    assert [type(record) for record in logged(shop)] == [Started, Started]
