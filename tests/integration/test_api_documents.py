"""Documents, tasks, indexes and stats over HTTP."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from api_service import client_of, open_shop, wait_for
from starlette.testclient import TestClient

DOCUMENTS = "/indexes/products/documents"


def put(client: TestClient, documents: Any, **parameters: str) -> dict[str, Any]:
    answer = client.post(DOCUMENTS, json=documents, params=parameters)
    assert answer.status_code == 202, answer.text
    return wait_for(client, answer.json())


def test_a_page_of_documents(reader: TestClient) -> None:
    answer = reader.get(DOCUMENTS, params={"limit": 5, "offset": 2, "fields": "id,title"}).json()
    assert {key: answer[key] for key in ("offset", "limit", "total")} == {"offset": 2, "limit": 5, "total": 12}
    assert [set(one) for one in answer["results"]] == [{"id", "title"}] * 5
    pages = [
        reader.get(DOCUMENTS, params={"limit": 5, "offset": offset, "fields": "id"}).json()["results"]
        for offset in (0, 5, 10, 15)
    ]
    assert len({one["id"] for page in pages for one in page}) == 12


def test_documents_by_filter_and_by_ids(reader: TestClient) -> None:
    lamps = reader.get(DOCUMENTS, params={"filter": 'category = "Lamps"'}).json()
    assert (lamps["total"], {one["id"] for one in lamps["results"]}) == (3, {"l1", "l2", "l3"})
    named = reader.post(f"{DOCUMENTS}/fetch", json={"ids": ["m1", "nothing", "k1"], "fields": ["id"]}).json()
    assert named == {"results": [{"id": "m1"}, {"id": "k1"}], "offset": 0, "limit": 20, "total": 2}
    both = reader.post(f"{DOCUMENTS}/fetch", json={"ids": ["l1", "k1"], "filter": "price < 100"}).json()
    assert [one["id"] for one in both["results"]] == ["l1"]
    assert reader.get(DOCUMENTS, params={"ids": "l1,l2"}).json()["total"] == 2
    assert reader.post(f"{DOCUMENTS}/fetch", json={}).json()["total"] == 12
    assert reader.get(DOCUMENTS, params={"limit": 10**9}).json()["limit"] == 1000
    assert reader.get(DOCUMENTS, params={"offset": 10**12}).json()["results"] == []


def test_one_document(reader: TestClient) -> None:
    assert reader.get(f"{DOCUMENTS}/k1").json()["title"] == "Quiet keyboard with silent switches"
    assert reader.get(f"{DOCUMENTS}/k1", params={"fields": "price"}).json() == {"price": 129.0}
    assert reader.get(f"{DOCUMENTS}/a%2Fb%20c").json()["title"] == "Odd id"
    missing = reader.get(f"{DOCUMENTS}/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "document_not_found")
    assert missing.json()["message"] == "Document `nothing` not found."
    assert reader.get("/indexes/nothing/documents/k1").json()["code"] == "index_not_found"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"limit": "doggo"}, "invalid_document_limit"),
        ({"offset": "-1"}, "invalid_document_offset"),
        ({"filter": "nothing = 1"}, "invalid_document_filter"),
        ({"retrieveVectors": "true"}, "invalid_document_retrieve_vectors"),
        ({"retrieveVectors": "tamo"}, "invalid_document_retrieve_vectors"),
        ({"sort": "price:asc"}, "invalid_document_sort"),
        ({"doggo": "1"}, "bad_request"),
    ],
)
def test_reading_says_what_is_wrong(reader: TestClient, parameters: dict[str, str], code: str) -> None:
    answer = reader.get(DOCUMENTS, params=parameters)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_write_is_a_task_in_meilisearchs_shape(writer: TestClient) -> None:
    answer = writer.post(DOCUMENTS, json=[{"id": "n1", "title": "Green lamp", "price": 5}])
    assert answer.status_code == 202
    accepted = answer.json()
    assert list(accepted) == ["taskUid", "indexUid", "status", "type", "enqueuedAt"]
    assert (accepted["indexUid"], accepted["status"]) == ("products", "enqueued")
    task = wait_for(writer, accepted)
    assert list(task) == [
        "uid", "indexUid", "status", "type", "details", "error", "duration", "enqueuedAt", "startedAt", "finishedAt",
        "canceledBy",
    ]  # fmt: skip
    assert (task["status"], task["type"], task["error"]) == ("succeeded", "documentAdditionOrUpdate", None)
    assert task["details"] == {"receivedDocuments": 1, "indexedDocuments": 1}
    assert task["duration"].startswith("PT")
    found = writer.post("/indexes/products/search", json={"q": "green lamp", "limit": 1}).json()
    assert found["hits"][0]["id"] == "n1"


def test_post_replaces_and_put_merges(writer: TestClient) -> None:
    put(writer, {"id": "l1", "title": "Purple lamp", "colour": "purple"})
    assert writer.get(f"{DOCUMENTS}/l1").json() == {"id": "l1", "title": "Purple lamp", "colour": "purple"}
    merged = writer.put(DOCUMENTS, json=[{"id": "l1", "price": 7, "colour": None}])
    assert wait_for(writer, merged.json())["status"] == "succeeded"
    assert writer.get(f"{DOCUMENTS}/l1").json() == {"id": "l1", "title": "Purple lamp", "price": 7.0}


def test_json_lines_and_csv(writer: TestClient) -> None:
    lines = writer.post(
        DOCUMENTS,
        content=b'{"id":"n1","title":"One"}\n{"id":2,"title":"Two"}\n',
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert wait_for(writer, lines.json())["details"]["indexedDocuments"] == 2
    table = writer.post(
        DOCUMENTS,
        params={"csvDelimiter": ";"},
        content='\ufeffid;title;price;stars:number\nn3;"Three; really";3.5;4\n'.encode(),
        headers={"Content-Type": "text/csv; charset=utf-8"},
    )
    assert wait_for(writer, table.json())["status"] == "succeeded"
    assert writer.get(f"{DOCUMENTS}/n3").json() == {"id": "n3", "title": "Three; really", "price": 3.5, "stars": 4}
    assert writer.get(f"{DOCUMENTS}/2").json()["title"] == "Two"


def test_one_bad_document_fails_its_task_and_nothing_is_written(writer: TestClient) -> None:
    task = put(writer, [{"id": "n1", "title": "Good"}, {"id": "n2", "title": "Bad", "price": "cheap"}])
    assert task["status"] == "failed"
    assert task["error"]["code"] == "invalid_document_fields"
    assert "`n2`: `price` must be a number" in task["error"]["message"]
    assert set(task["error"]) == {"message", "code", "type", "link"}
    assert writer.get(f"{DOCUMENTS}/n1").status_code == 404


def test_deleting(writer: TestClient) -> None:
    gone = [writer.delete(f"{DOCUMENTS}/k1"), writer.delete(f"{DOCUMENTS}/a%2Fb%20c")]
    gone.append(writer.post(f"{DOCUMENTS}/delete-batch", json=["k2", 5]))
    gone.append(writer.post(f"{DOCUMENTS}/delete", json={"filter": "category = Lamps AND price < 100"}))
    tasks = [wait_for(writer, answer.json()) for answer in gone]
    assert [task["details"]["deletedDocuments"] for task in tasks] == [1, 1, 1, 2]
    assert [task["type"] for task in tasks] == ["documentDeletion"] * 4
    left = {one["id"] for one in writer.get(DOCUMENTS, params={"fields": "id"}).json()["results"]}
    assert left == {"k3", "l3", "m1", "m2", "z1", "z2", "s1"}
    everything = wait_for(writer, writer.delete(DOCUMENTS).json())
    assert everything["details"]["deletedDocuments"] == 7
    assert writer.get(DOCUMENTS).json()["total"] == 0


def test_the_first_write_makes_the_index(tmp_path: Path) -> None:
    with client_of(open_shop(tmp_path, products=None).app()) as client:
        assert client.get("/indexes").json() == {"results": [], "offset": 0, "limit": 20, "total": 0}
        failed = wait_for(client, client.delete("/indexes/fresh/documents/1").json())
        assert (failed["status"], failed["error"]["code"]) == ("failed", "index_not_found")
        made = client.post("/indexes/fresh/documents", json={"id": 1, "title": "First"})
        assert wait_for(client, made.json())["status"] == "succeeded"
        assert client.get("/indexes").json()["results"][0]["uid"] == "fresh"
        assert client.post("/indexes/fresh/search", json={"q": "first"}).json()["hits"][0]["id"] == "1"


@pytest.mark.parametrize(
    ("method", "path", "arguments", "status", "code"),
    [
        ("POST", "", {"json": [1]}, 400, "malformed_payload"),
        ("POST", "", {"json": "x"}, 400, "malformed_payload"),
        ("POST", "", {"content": b"", "headers": {"Content-Type": "application/json"}}, 400, "missing_payload"),
        ("POST", "", {"content": b"[]"}, 415, "missing_content_type"),
        ("POST", "", {"content": b"[]", "headers": {"Content-Type": "doggo"}}, 415, "invalid_content_type"),
        ("POST", "", {"content": gzip.compress(b"[]"),
                      "headers": {"Content-Type": "application/json", "Content-Encoding": "gzip"}},
         415, "invalid_content_type"),
        ("POST", "?primaryKey=sku", {"json": []}, 400, "invalid_index_primary_key"),
        ("POST", "?csvDelimiter=;", {"json": []}, 415, "invalid_content_type"),
        ("POST", "?csvDelimiter=", {"json": []}, 400, "invalid_document_csv_delimiter"),
        ("POST", "?csvDelimiter=🍰", {"json": []}, 400, "invalid_document_csv_delimiter"),
        ("POST", "?skipCreation=true", {"json": []}, 400, "invalid_skip_creation"),
        ("POST", "?customMetadata=x", {"json": []}, 400, "invalid_index_custom_metadata"),
        ("POST", "?doggo=1", {"json": []}, 400, "bad_request"),
        ("POST", "/delete-batch", {"json": {"a": 1}}, 400, "bad_request"),
        ("POST", "/delete-batch", {"json": [True]}, 400, "invalid_document_id"),
        ("POST", "/delete", {"json": {}}, 400, "missing_document_filter"),
        ("POST", "/delete", {"json": {"filter": ""}}, 400, "invalid_document_filter"),
        ("POST", "/delete", {"json": {"filter": "price <"}}, 400, "invalid_document_filter"),
        ("POST", "/delete", {"json": "hello"}, 400, "bad_request"),
        ("DELETE", "/", {}, 400, "invalid_document_id"),
        ("PATCH", "", {}, 405, "method_not_allowed"),
    ],
)  # fmt: skip
def test_writing_says_what_is_wrong(
    reader: TestClient, method: str, path: str, arguments: dict[str, Any], status: int, code: str
) -> None:
    answer = reader.request(method, DOCUMENTS + path, **arguments)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert reader.get("/tasks").json()["total"] == 0


def test_primary_key_id_is_what_every_index_has(writer: TestClient) -> None:
    assert put(writer, [], primaryKey="id")["status"] == "succeeded"
    assert put(writer, [], skipCreation="false")["details"] == {"receivedDocuments": 0, "indexedDocuments": 0}


def test_tasks_are_listed_newest_first_and_by_condition(writer: TestClient) -> None:
    for number in range(3):
        put(writer, {"id": f"n{number}", "title": "New"})
    put(writer, {"id": "bad"})
    wait_for(writer, writer.delete(f"{DOCUMENTS}/n0").json())
    everything = writer.get("/tasks").json()
    assert [task["uid"] for task in everything["results"]] == [5, 4, 3, 2, 1]
    assert {key: everything[key] for key in ("total", "limit", "from", "next")} == {
        "total": 5,
        "limit": 20,
        "from": 5,
        "next": None,
    }
    page = writer.get("/tasks", params={"limit": 2, "from": 4}).json()
    assert ([task["uid"] for task in page["results"]], page["from"], page["next"]) == ([4, 3], 4, 2)
    oldest = writer.get("/tasks", params={"reverse": "true", "limit": 2}).json()
    assert ([task["uid"] for task in oldest["results"]], oldest["next"]) == ([1, 2], 3)

    def uids(**conditions: str) -> list[int]:
        return [task["uid"] for task in writer.get("/tasks", params=conditions).json()["results"]]

    assert uids(statuses="failed") == [4]
    assert uids(types="documentDeletion") == [5]
    assert uids(uids="1,3,99") == [3, 1]
    assert uids(indexUids="products", statuses="succeeded,failed") == [5, 4, 3, 2, 1]
    assert uids(indexUids="other") == []
    assert uids(statuses="canceled") == []
    assert writer.get("/tasks", params={"limit": 0}).json()["results"] == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/tasks/99", 404, "task_not_found"),
        ("/tasks/99999999999999999999999999", 404, "task_not_found"),
        ("/tasks/doggo", 400, "invalid_task_uids"),
        ("/tasks?uids=doggo", 400, "invalid_task_uids"),
        ("/tasks?statuses=doggo", 400, "invalid_task_statuses"),
        ("/tasks?types=doggo", 400, "invalid_task_types"),
        ("/tasks?indexUids=d%20oggo", 400, "invalid_index_uid"),
        ("/tasks?limit=doggo", 400, "invalid_task_limit"),
        ("/tasks?from=doggo", 400, "invalid_task_from"),
        ("/tasks?reverse=doggo", 400, "invalid_task_reverse"),
        ("/tasks?canceledBy=1", 400, "bad_request"),
        ("/indexes?limit=doggo", 400, "invalid_index_limit"),
        ("/indexes?doggo=1", 400, "bad_request"),
        ("/indexes/n%20o", 400, "invalid_index_uid"),
        ("/indexes/nothing", 404, "index_not_found"),
        ("/indexes/nothing/stats", 404, "index_not_found"),
    ],
)
def test_looking_says_what_is_wrong(reader: TestClient, path: str, status: int, code: str) -> None:
    answer = reader.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_indexes_and_stats(writer: TestClient) -> None:
    index = writer.get("/indexes/products").json()
    assert index == {
        "uid": "products",
        "createdAt": "2026-01-31T12:00:00.000000Z",
        "updatedAt": "2026-01-31T12:00:00.000000Z",
        "primaryKey": "id",
    }
    assert writer.get("/indexes").json() == {"results": [index], "offset": 0, "limit": 20, "total": 1}
    assert writer.get("/indexes", params={"offset": 1}).json()["results"] == []
    stats = writer.get("/indexes/products/stats").json()
    assert (stats["numberOfDocuments"], stats["isIndexing"]) == (12, False)
    assert stats["fieldDistribution"]["brand"] == 9
    assert "language" in stats["fieldDistribution"]
    everything = writer.get("/stats").json()
    assert everything["indexes"]["products"] == stats
    assert everything["databaseSize"] > 0
    assert everything["lastUpdate"] == "2026-01-31T12:00:00.000000Z"
    put(writer, {"id": "n1", "title": "New"})
    assert writer.get("/indexes/products/stats").json()["numberOfDocuments"] == 13
    assert writer.get("/stats").json()["lastUpdate"] > "2026-02"
