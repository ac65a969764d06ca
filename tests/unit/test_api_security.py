"""Keys, addresses, hosts and origins."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from api.security import Keys, access_to, check_exposure, is_loopback
from search.errors import SettingsError
from search.settings import Settings


def settings(**values: str) -> Settings:
    secrets = {name: SecretStr(value) for name, value in values.items() if name.endswith("_key")}
    plain = {name: value for name, value in values.items() if not name.endswith("_key")}
    return Settings.model_validate({**plain, **secrets})


@pytest.mark.parametrize(
    ("path", "access"),
    [
        ("/", "open"),
        ("/health", "open"),
        ("/livez", "open"),
        ("/readyz", "open"),
        ("/page/main.js", "open"),
        ("/multi-search", "search"),
        ("/events", "search"),
        ("/indexes/products/search", "search"),
        ("/indexes/products/similar", "search"),
        ("/indexes/products/facet-search", "search"),
        ("/indexes/products/suggest", "search"),
        ("/indexes/products/documents/search", "admin"),
        ("/indexes/a/b/search", "admin"),
        ("/health/x", "admin"),
        ("/healthy", "admin"),
        ("/page/../metrics", "admin"),
        ("/metrics", "admin"),
        ("/indexes", "admin"),
        ("/tasks", "admin"),
        ("/anything/new", "admin"),
    ],
)
def test_what_is_not_named_is_for_the_admin(path: str, access: str) -> None:
    assert access_to(path) == access


def test_keys() -> None:
    keys = Keys.of(settings(admin_key="boss", search_key="shop"))
    assert keys.allow(b"boss", "admin")
    assert keys.allow(b"boss", "search")
    assert keys.allow(b"shop", "search")
    assert not keys.allow(b"shop", "admin")
    assert not keys.allow(b"", "search")
    assert not keys.allow(b"bos", "search")
    assert not Keys.of(settings()).exist


def test_a_key_beyond_ascii_is_known_in_either_encoding() -> None:
    keys = Keys.of(settings(admin_key="schlüssel"))
    assert keys.allow("schlüssel".encode(), "admin")
    assert keys.allow("schlüssel".encode("latin-1"), "admin")
    chinese = Keys.of(settings(admin_key="钥匙"))
    assert chinese.allow("钥匙".encode(), "admin")
    assert not chinese.allow("schlüssel".encode(), "admin")


def test_a_missing_key_is_not_the_empty_key() -> None:
    assert not Keys.of(settings(search_key="shop")).allow(b"", "admin")
    assert not Keys.of(settings(search_key="shop")).allow(b"shop", "admin")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::1%lo"])
def test_this_machine(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "::", "0.0.0.0", "fe80::1", "::ffff:10.0.0.1", "localhost", "", "x"])  # noqa: S104
def test_other_machines_and_none(address: str) -> None:
    assert not is_loopback(address)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104
def test_without_keys_other_machines_are_not_served(host: str) -> None:
    with pytest.raises(SettingsError, match="DAOGOU_ADMIN_KEY"):
        check_exposure(host, settings())
    check_exposure(host, settings(admin_key="boss"))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_without_keys_this_machine_is_served(host: str) -> None:
    check_exposure(host, settings())


def test_every_origin_needs_keys() -> None:
    with pytest.raises(SettingsError, match="every web page"):
        check_exposure("127.0.0.1", settings(cors_origins="*"))
    check_exposure("127.0.0.1", settings(cors_origins="*", search_key="shop"))
    check_exposure("127.0.0.1", settings(cors_origins="http://localhost:5173"))


def test_origins_are_taken_apart() -> None:
    assert settings(cors_origins=" https://a.example/ , https://b.example,").allowed_origins == (
        "https://a.example",
        "https://b.example",
    )
