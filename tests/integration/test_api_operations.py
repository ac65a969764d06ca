"""Health, readiness, metrics, keys, hosts, origins, the page and the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_service import LOCAL, Shop, client_of, open_shop
from fakes import MemoryStore
from pydantic import SecretStr
from starlette.testclient import TestClient

from search.errors import StoreUnavailable

SEARCH = "/indexes/products/search"


def test_health(reader: TestClient) -> None:
    assert reader.get("/health").json() == {"status": "available"}
    assert reader.get("/livez").json() == {"status": "alive"}
    assert reader.head("/health").status_code == 200
    version = reader.get("/version").json()
    assert set(version) == {"commitSha", "commitDate", "pkgVersion"}


def until_ready(client: TestClient) -> None:
    for _ in range(2000):
        if client.get("/readyz").status_code == 200:
            return
    raise AssertionError("it never becomes ready")


def test_ready_once_warm_and_not_while_the_store_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with client_of(open_shop(tmp_path).app()) as client:
        until_ready(client)

        def away(_: MemoryStore) -> list[str]:
            raise StoreUnavailable("The Qdrant server does not answer.")

        monkeypatch.setattr(MemoryStore, "indexes", away)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        listed = client.get("/indexes")
        assert (listed.status_code, listed.json()["code"]) == (503, "unavailable")
        assert client.get("/health").status_code == 200


def test_a_store_that_is_away_at_the_start_does_not_keep_the_server_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop(tmp_path)
    indexes = MemoryStore.indexes

    def away(_: MemoryStore) -> list[str]:
        raise StoreUnavailable("The Qdrant server does not answer.")

    monkeypatch.setattr(MemoryStore, "indexes", away)
    with client_of(shop.app()) as client:
        assert client.get("/health").status_code == 200
        monkeypatch.setattr(MemoryStore, "indexes", indexes)
        assert client.post(SEARCH, json={"q": "lamp"}).status_code == 200


def test_metrics_count_by_route_and_never_by_address(reader: TestClient) -> None:
    reader.get("/indexes/products/documents/very-special-id")
    reader.get("/no/such/place")
    reader.post(SEARCH, json={"q": "secret words"})
    answer = reader.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    told = answer.text
    assert 'route="/indexes/{index}/documents/{document_id:path}"' in told
    assert 'daogou_http_requests_total{method="POST",route="/indexes/{index}/search",status="200"}' in told
    assert 'daogou_searches_total{index="products",outcome="hits"}' in told
    assert 'daogou_search_stage_seconds_bucket{le="0.001",stage="encode"}' in told
    assert "daogou_search_queue" in told
    assert not re.search("very-special-id|no/such/place|secret", told)


def test_every_answer_bears_security_headers(reader: TestClient) -> None:
    for answer in (reader.get("/"), reader.get("/health"), reader.get("/nothing"), reader.post(SEARCH, json={})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_page_and_its_files(reader: TestClient) -> None:
    page = reader.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for path in re.findall(r'(?:src|href)="(/[^"]+)"', page.text + reader.get("/docs").text):
        assert reader.get(path).status_code == 200, path
    again = reader.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert reader.get("/page/main.js").headers["content-type"] == "text/javascript; charset=utf-8"
    for path in ("/page/nothing.js", "/page/..%2Fapp.py", "/page/%2e%2e/app.py", "/page/"):
        assert reader.get(path).status_code == 404, path


def test_the_page_asks_nobody_else_and_writes_no_html() -> None:
    """The policy would stop it; better that there is nothing to stop."""
    import api

    for file in (Path(str(api.__file__)).parent / "page").iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, file
        assert "https://" not in text, file
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|style=", text), file


def test_openapi_describes_every_route_with_its_fields(reader: TestClient) -> None:
    description = reader.get("/openapi.json").json()
    search = description["paths"][SEARCH.replace("products", "{index}")]
    assert {one["name"] for one in search["get"]["parameters"]} >= {"q", "filter", "hitsPerPage", "index"}
    body = description["components"]["schemas"]["SearchBody"]
    assert {"q", "attributesToHighlight", "semanticRatio"} <= {
        *body["properties"],
        *description["components"]["schemas"]["Hybrid"]["properties"],
    }
    told = reader.get("/openapi.json").text
    assert "HTTPValidationError" not in told
    missing = [ref for ref in re.findall(r'"#/components/schemas/([^"]+)"', told)
               if ref not in description["components"]["schemas"]]  # fmt: skip
    assert not missing


def test_unknown_paths_and_methods_are_json_errors(reader: TestClient) -> None:
    for method, path, status, code in (
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/indexes/products/nothing", 404, "not_found"),
        ("GET", "/redoc", 404, "not_found"),
        ("GET", "/indexes/", 404, "not_found"),
        ("DELETE", "/indexes/products", 405, "method_not_allowed"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("FOO", "/health", 405, "method_not_allowed"),
    ):
        answer = reader.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code), path
    assert reader.delete("/indexes/products").headers["allow"] == "GET"


# --- keys ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[TestClient]:
    shop = open_shop(tmp_path, admin_key=SecretStr("bösskey"), search_key=SecretStr("shopkey"))
    app = shop.app()
    with TestClient(app, base_url="http://shop.example", client=("203.0.113.9", 1)) as client:
        yield client


def bearer(key: str | bytes) -> dict[str, Any]:
    return {"headers": {b"Authorization": b"Bearer " + (key.encode() if isinstance(key, str) else key)}}


def test_keys_say_who_may_what(locked: TestClient) -> None:
    for path in ("/health", "/livez", "/readyz", "/", "/docs", "/openapi.json", "/page/main.js"):
        assert locked.get(path).status_code in (200, 503), path
    searches = [("POST", SEARCH), ("GET", f"{SEARCH}?q=x"), ("POST", "/multi-search"),
                ("GET", "/indexes/products/similar?id=k1"), ("GET", "/indexes/products/suggest?q=x"),
                ("POST", "/indexes/products/suggest"), ("POST", "/indexes/products/facet-search")]  # fmt: skip
    others = [("GET", "/indexes"), ("GET", "/stats"), ("GET", "/version"), ("GET", "/metrics"), ("GET", "/tasks"),
              ("GET", "/indexes/products/documents"), ("DELETE", "/indexes/products/documents"),
              ("POST", "/indexes/products/documents/fetch"), ("GET", "/nothing")]  # fmt: skip
    body: dict[str, Any] = {"json": {"queries": []}}
    for method, path in searches + others:
        extra: dict[str, Any] = body if path == "/multi-search" else {"json": {}} if method == "POST" else {}
        none = locked.request(method, path, **extra)
        assert (none.status_code, none.json()["code"]) == (401, "missing_authorization_header"), path
        assert none.headers["WWW-Authenticate"] == "Bearer"
        wrong = locked.request(method, path, **extra, **bearer("wrong"))
        assert (wrong.status_code, wrong.json()["code"], wrong.json()["type"]) == (403, "invalid_api_key", "auth"), path
        search = locked.request(method, path, **extra, **bearer("shopkey"))
        assert (search.status_code != 403) == ((method, path) in searches), path
        assert locked.request(method, path, **extra, **bearer("bösskey")).status_code not in (401, 403), path


def test_odd_keys(locked: TestClient) -> None:
    for header in (b"", b"Bearer", b"Bearer ", b"Basic shopkey", b"shopkey", b"Bearer \xff\xfe", b"Bearer shopkey x"):
        answer = locked.post(SEARCH, json={}, headers={b"Authorization": header})
        assert answer.status_code == 403, header
    assert locked.post(SEARCH, json={}, headers={b"Authorization": b"bearer  shopkey "}).status_code == 200
    assert locked.get("/stats", **bearer("bösskey".encode("latin-1"))).status_code == 200


# --- without keys: this machine only ---------------------------------------------------------------------------------


@pytest.fixture
def unlocked(tmp_path: Path) -> Shop:
    return open_shop(tmp_path, cors_origins="http://localhost:5173")


def test_without_keys_only_this_machine_is_served(unlocked: Shop) -> None:
    app = unlocked.app()
    with client_of(app) as near:
        assert near.get("/health").status_code == 200
        for client in (("203.0.113.9", 1), ("testclient", 1)):
            far = TestClient(app, base_url="http://127.0.0.1:8000", client=client)
            answer = far.get("/health")
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_client")
            assert "DAOGOU_ADMIN_KEY" in answer.json()["message"]
        for header in ("X-Forwarded-For", "Forwarded"):
            assert near.get("/health", headers={header: "203.0.113.9"}).json()["code"] == "forbidden_client"


def test_a_rebound_name_is_refused(unlocked: Shop) -> None:
    with client_of(unlocked.app()) as client:
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1:8000", "", "[::1"):
            assert client.get("/health", headers={"Host": host}).json()["code"] == "forbidden_host", host
        for host in ("localhost:8000", "127.0.0.1", "[::1]:8000", "shop.localhost", "LOCALHOST"):
            assert client.get("/health", headers={"Host": host}).status_code == 200, host


def test_other_web_pages_may_not_write(unlocked: Shop) -> None:
    with client_of(unlocked.app()) as client:
        for origin in ("https://evil.example", "null", "http://127.0.0.1:9999"):
            answer = client.delete("/indexes/products/documents", headers={"Origin": origin})
            assert answer.json()["code"] == "forbidden_host", origin
        assert client.get("/tasks", headers={"Origin": "http://127.0.0.1:8000"}).json()["total"] == 0


def test_a_listed_origin_may_call(unlocked: Shop) -> None:
    origin = {"Origin": "http://localhost:5173"}
    with client_of(unlocked.app()) as client:
        asked = {**origin, "Access-Control-Request-Method": "POST",
                 "Access-Control-Request-Headers": "authorization,content-type,x-meilisearch-client"}  # fmt: skip
        preflight = client.options(SEARCH, headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "http://localhost:5173"
        answer = client.post(SEARCH, json={}, headers=origin)
        assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
        refused = client.post("/indexes/nothing/search", json={}, headers=origin)
        assert (refused.status_code, "access-control-allow-origin" in refused.headers) == (404, True)
        other = client.options(SEARCH, headers={**asked, "Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


def test_without_listed_origins_there_is_no_cors(tmp_path: Path) -> None:
    with client_of(open_shop(tmp_path).app()) as client:
        answer = client.get("/health", headers={"Origin": "http://127.0.0.1:8000"})
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_application_closes_what_it_was_given(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    with client_of(shop.app()) as client:
        client.post(SEARCH, json={"q": "lamp"})
    with pytest.raises(Exception, match="closed database"):
        shop.service.tasks.journal.get(1)


def test_loopback_is_what_the_tests_call_from() -> None:
    assert LOCAL[0] == "127.0.0.1"
