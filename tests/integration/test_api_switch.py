"""A running server follows an index to its new version: no restart, no failed request."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from api_service import PRODUCTS, build, client_of, listening, open_shop, wait_for
from httpx import Client

SEARCH = "/indexes/products/search"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.work.REFRESH_SECONDS", 0.02)


def versions(number: int) -> list[dict[str, Any]]:
    """The whole shop, with the number of the version in every title and one more product in each."""
    return [{**product, "title": f"{product['title']} v{number}"} for product in PRODUCTS] + [
        {"id": f"x{extra}", "title": f"Extra lamp v{number}"} for extra in range(number)
    ]


def test_switches_under_a_prober_cost_no_request(tmp_path: Path) -> None:
    """Every answer is whole and of one version, and the versions only go up."""
    shop = open_shop(tmp_path, versions(1))
    stop = threading.Event()
    seen: list[int] = []
    wrong: list[str] = []

    def probe(address: str) -> None:
        with Client(base_url=address, timeout=30) as client:
            last = 0
            while not stop.is_set():
                answer = client.post(SEARCH, json={"q": "lamp", "limit": 100})
                if answer.status_code != 200 or not answer.json()["hits"]:
                    wrong.append(answer.text)
                    continue
                found = {int(hit["title"].rpartition("v")[2]) for hit in answer.json()["hits"]}
                if len(found) != 1 or max(found) < last:
                    wrong.append(f"versions {found} after {last}")
                last = max(found)
                seen.append(last)

    with listening(shop.app()) as address:
        probers = [threading.Thread(target=probe, args=(address,)) for _ in range(2)]
        for prober in probers:
            prober.start()
        try:
            for number in range(1, 7):
                if number > 1:
                    build(shop.store, shop.encoder, versions(number))
                deadline = time.monotonic() + 20
                while number not in seen and time.monotonic() < deadline:
                    time.sleep(0.005)
        finally:
            stop.set()
            for prober in probers:
                prober.join()
    assert not wrong
    assert set(seen) == {1, 2, 3, 4, 5, 6}


def test_a_write_during_a_rebuild_is_not_lost(tmp_path: Path) -> None:
    """The new version was built from the file alone; what was written meanwhile is replayed on it."""
    shop = open_shop(tmp_path, versions(1))
    with client_of(shop.app()) as client:
        written = client.post("/indexes/products/documents", json={"id": "mine", "title": "Written meanwhile"})
        assert wait_for(client, written.json())["status"] == "succeeded"
        build(shop.store, shop.encoder, versions(2))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if client.get("/indexes/products/documents/k1").json()["title"].endswith("v2"):
                break
        assert client.get("/indexes/products/documents/k1").json()["title"].endswith("v2")
        assert client.get("/indexes/products/documents/mine").json()["title"] == "Written meanwhile"


def test_a_dropped_index_is_gone_and_a_new_one_is_found(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    with client_of(shop.app()) as client:
        assert client.post(SEARCH, json={}).status_code == 200
        shop.store.drop("products")
        deadline = time.monotonic() + 20
        while client.post(SEARCH, json={}).status_code == 200 and time.monotonic() < deadline:
            time.sleep(0.005)
        assert client.post(SEARCH, json={}).json()["code"] == "index_not_found"
        build(shop.store, shop.encoder, PRODUCTS, "other")
        assert client.post("/indexes/other/search", json={"q": "lamp"}).json()["hits"]
