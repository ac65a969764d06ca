"""Who is erased leaves no byte in any file of the data folder, and no word in any log line: through the whole service,
with Qdrant Edge, an experiment that logs, past queries, a journal and private copies."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from api_service import PRODUCTS, client_of
from building import build
from byte_search import holding
from fake_encoder import FakeEncoder
from starlette.testclient import TestClient

from api.app import create_app
from search.bootstrap import Service, open_shoppers, serve
from search.settings import Settings
from search.storage.edge import EdgeStore

EXPERIMENT = """
[[experiment]]
name = "ratio"
index = "products"
method = "interleave"
[[experiment.variant]]
name = "now"
[[experiment.variant]]
name = "meaning"
semantic_ratio = 1
"""
USER = "ann.smith-93781@shop.example"
OTHER = "bob.jones-11223@shop.example"


@contextmanager
def service_in(folder: Path, **chosen: object) -> Iterator[tuple[Service, TestClient]]:
    (folder / "experiments.toml").write_text(EXPERIMENT)
    settings = Settings.model_validate(
        {"data_dir": folder / "data", "experiments": folder / "experiments.toml", **chosen}
    )
    store, encoder = EdgeStore(settings.data_dir), FakeEncoder()
    if not store.indexes():
        build(store, encoder, PRODUCTS)
    service = serve(store, encoder, settings)
    with client_of(create_app(service, settings)) as client:
        yield service, client


def live(service: Service, client: TestClient, user: str, own: str) -> list[str]:
    """Everything that a shopper can do; what is theirs alone. Products that no index has are kept, too."""
    found = client.post("/indexes/products/search", json={"q": "desk lamp", "user": user}).json()
    query = found["queryID"]
    sent = [
        {"type": "view", "product": f"late-{own}"},
        {
            "type": "purchase",
            "product": "l1",
            "queryID": found["queryID"],
            "position": 1,
            "value": 25,
            "id": f"o-{own}",
        },
        {"type": "click", "product": found["hits"][0]["id"], "queryID": query, "position": 1},
        {"type": "hide", "product": f"hidden-{own}"},
    ]
    assert client.post("/events", json=[{**event, "user": user} for event in sent]).status_code == 202
    facts = {"interests": [f"walking with {own}"], "sizes": {"": f"size-{own}"}}
    assert client.put(f"/users/{user}", json={"consent": True, "facts": facts}).status_code == 200
    client.post("/indexes/products/search", json={"q": "lamp", "user": user})  # makes a profile
    client.post("/indexes/products/recommendations", json={"user": user})
    name = service.shoppers.name(user)
    return [name, f"late-{own}", f"o-{own}", f"hidden-{own}", f"walking with {own}", f"size-{own}", query]


def test_who_is_erased_leaves_no_byte(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="search")
    caplog.set_level(logging.DEBUG, logger="api")
    data = tmp_path / "data"
    with service_in(tmp_path) as (service, client):
        hers = live(service, client, USER, "annsown")
        his = live(service, client, OTHER, "bobsown")
        service.profiles.tidy(at_once=True)
    with service_in(tmp_path) as (service, client):  # the log is on the disk now, and the store was opened again
        client.post("/indexes/products/search", json={"q": "red lamp", "user": USER})
        copy = open_shoppers(Settings.model_validate({"data_dir": data}), FakeEncoder().card.dimension, writable=False)
        copy.close()
        before = holding(data, hers)
        assert all(before.values()), before
        places = " ".join(name for names in before.values() for name in names)
        assert "shoppers/" in places
        assert "experiments/" in places
        assert client.delete(f"/users/{USER}").status_code == 200
        service.profiles.tidy(at_once=True)
        while_open = holding(data, hers)
        assert not any(while_open.values()), while_open
        assert client.get(f"/users/{USER}").status_code == 404
        assert service.profiles.export(service.shoppers.name(USER)) is None
    closed = holding(data, [*hers, USER])
    assert not any(closed.values()), closed
    kept = holding(data, his)
    assert all(kept.values()), kept
    assert not holding(data, [OTHER])[OTHER], "the shop's own id is never written"
    told = caplog.text
    assert not [needle for needle in (*hers, *his, USER, OTHER) if needle in told]


def test_who_opts_out_leaves_that_word_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with service_in(tmp_path) as (service, client):
        hers = live(service, client, USER, "annsown")
        assert client.put(f"/users/{USER}", json={"consent": False, "facts": None}).status_code == 200
        client.post("/events", json={"type": "view", "user": USER, "product": "after-annsown"})
        client.post("/indexes/products/search", json={"q": "lamp", "user": USER})
        service.profiles.tidy(at_once=True)
    left = holding(data, [*hers, "after-annsown"])
    name = left.pop(hers[0])
    assert name
    assert all(file.startswith("shoppers/") for file in name)
    assert not any(left.values()), left
