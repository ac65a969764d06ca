"""The official Meilisearch client, unmodified, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import meilisearch
import pytest
from api_service import listening, open_shop
from meilisearch.errors import MeilisearchApiError
from meilisearch.index import Index
from pydantic import SecretStr


@pytest.fixture
def client(tmp_path: Path) -> Iterator[meilisearch.Client]:
    with listening(open_shop(tmp_path).app()) as address:
        yield meilisearch.Client(address)


@pytest.fixture
def index(client: meilisearch.Client) -> Index:
    return client.index("products")


def test_search(index: Index) -> None:
    answer = index.search(
        "quiet keyboard",
        {"limit": 2, "filter": "price < 130", "facets": ["brand"], "sort": ["price:asc"], "showRankingScore": True,
         "attributesToHighlight": ["title"], "hybrid": {"semanticRatio": 1, "embedder": "default"}},
    )  # fmt: skip
    assert answer["hits"][0]["_rankingScore"] <= 1
    assert all(hit["price"] < 130 for hit in answer["hits"])
    assert index.search("quiet keyboard")["hits"][0]["id"] in ("k1", "k2")
    assert index.search("", {"page": 2, "hitsPerPage": 5})["totalPages"] == 3


def test_documents_are_added_read_updated_and_deleted(client: meilisearch.Client, index: Index) -> None:
    added = index.add_documents([{"id": 77, "title": "Green lamp", "price": 5}])
    assert added.status == "enqueued"
    done = client.wait_for_task(added.task_uid)
    assert (done.status, done.type) == ("succeeded", "documentAdditionOrUpdate")
    assert done.details == {"receivedDocuments": 1, "indexedDocuments": 1}
    assert dict(index.get_document(77)) == {"id": "77", "title": "Green lamp", "price": 5.0}
    assert index.get_document("77", {"fields": ["title"]}).title == "Green lamp"

    index.wait_for_task(index.update_documents([{"id": "77", "colour": "green"}]).task_uid)
    assert index.get_document(77).colour == "green"
    assert index.get_document(77).price == 5

    deleted = client.wait_for_task(index.delete_document(77).task_uid)
    assert (deleted.details or {})["deletedDocuments"] == 1
    with pytest.raises(MeilisearchApiError) as caught:
        index.get_document(77)
    assert (caught.value.status_code, caught.value.code) == (404, "document_not_found")

    with pytest.warns(DeprecationWarning, match="use of ids"):
        batch = index.delete_documents(["k1", "k2"])
    client.wait_for_task(batch.task_uid)
    client.wait_for_task(index.delete_documents(filter="category = Lamps").task_uid)
    assert index.get_documents().total == 7
    client.wait_for_task(index.delete_all_documents().task_uid)
    assert index.get_documents().total == 0


def test_documents_in_other_formats_and_in_batches(client: meilisearch.Client, index: Index) -> None:
    tasks = [
        index.add_documents_ndjson(b'{"id":"n1","title":"One"}\n{"id":"n2","title":"Two"}'),
        index.add_documents_csv(b"id;title;price\nn3;Three;3.5\n", csv_delimiter=";"),
        index.add_documents_json(b'[{"id":"n4","title":"Four"}]', primary_key="id"),
        index.update_documents_csv(b"id,title\nn1,First\n"),  # type: ignore[arg-type]
        *index.add_documents_in_batches([{"id": f"b{n}", "title": "Batch"} for n in range(5)], batch_size=2),
    ]
    assert [client.wait_for_task(task.task_uid).status for task in tasks] == ["succeeded"] * 7
    found = index.get_documents({"filter": "price = 3.5", "fields": ["id", "title"]})
    assert [dict(one) for one in found.results] == [{"id": "n3", "title": "Three"}]
    assert index.get_document("n1").title == "First"


def test_documents_are_listed_by_page_filter_and_ids(index: Index) -> None:
    page = index.get_documents({"limit": 2, "offset": 1, "filter": "category = Lamps"})
    assert (len(page.results), page.total, page.offset, page.limit) == (2, 3, 1, 2)
    assert [one.id for one in index.get_documents({"ids": ["m1", "k1"]}).results] == ["m1", "k1"]


def test_multi_search_and_similar(client: meilisearch.Client, index: Index) -> None:
    answer = client.multi_search([{"indexUid": "products", "q": "lamp"}, {"indexUid": "products", "q": "耳机"}])
    assert [result["indexUid"] for result in answer["results"]] == ["products", "products"]
    nearest = index.get_similar_documents({"id": "k1", "embedder": "default", "limit": 1})
    assert nearest["hits"][0]["id"] == "k3"


def test_indexes_stats_version_health(client: meilisearch.Client, index: Index) -> None:
    assert [one.uid for one in client.get_indexes()["results"]] == ["products"]
    info = client.get_index("products")
    assert (info.primary_key, info.created_at.year if info.created_at else 0) == ("id", 2026)
    assert index.get_stats().number_of_documents == 12
    assert index.get_stats().field_distribution.price == 12
    assert client.get_all_stats()["indexes"]["products"]["isIndexing"] is False
    assert set(client.get_version()) == {"commitSha", "commitDate", "pkgVersion"}
    assert client.is_healthy()


def test_tasks(client: meilisearch.Client, index: Index) -> None:
    uids = [client.wait_for_task(index.add_documents([{"id": str(n), "title": "x"}]).task_uid).uid for n in range(3)]
    assert [task.uid for task in client.get_tasks({"limit": 2}).results] == uids[:0:-1]
    assert client.get_tasks({"statuses": ["failed"]}).total == 0
    assert index.get_tasks().total == 3
    assert client.get_task(uids[0]).finished_at is not None


def test_a_bad_document_fails_its_task(client: meilisearch.Client, index: Index) -> None:
    failed = client.wait_for_task(index.add_documents([{"id": "1"}]).task_uid)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error["code"] == "invalid_document_fields"


def test_errors_come_as_the_clients_own(client: meilisearch.Client, index: Index) -> None:
    with pytest.raises(MeilisearchApiError) as caught:
        index.search("x", {"limit": "five"})
    assert (caught.value.status_code, caught.value.code) == (400, "invalid_search_limit")
    assert caught.value.type == "invalid_request"
    assert caught.value.link
    for call, code in (
        (lambda: client.index("nothing").search("x"), "index_not_found"),
        (lambda: client.get_index("nothing"), "index_not_found"),
        (lambda: client.get_task(99), "task_not_found"),
        (lambda: index.search("x", {"filter": "nothing = 1"}), "invalid_search_filter"),
        (lambda: index.add_documents([]), "malformed_payload"),
        (lambda: client.create_index("other"), "method_not_allowed"),
        (lambda: index.get_settings(), "not_found"),
    ):
        with pytest.raises(MeilisearchApiError) as caught:
            call()
        assert caught.value.code == code


def test_keys(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, admin_key=SecretStr("boss"), search_key=SecretStr("shop"))
    with listening(shop.app()) as address:
        assert meilisearch.Client(address, "shop").index("products").search("lamp")["hits"]
        assert meilisearch.Client(address, "boss").get_all_stats()
        assert meilisearch.Client(address).is_healthy()
        for key in ("shop", "wrong", None):
            with pytest.raises(MeilisearchApiError) as caught:
                meilisearch.Client(address, key).get_all_stats()
            assert caught.value.code == "invalid_api_key"
