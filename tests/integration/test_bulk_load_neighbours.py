"""Shoppers whose events were loaded in bulk are found as neighbours before any of them comes by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from api_service import PRODUCTS, client_of
from building import build
from fake_encoder import FakeEncoder

from api.app import create_app
from search.bootstrap import open_shoppers, serve
from search.events import Event
from search.settings import Settings
from search.storage.edge import EdgeStore


def test_who_was_loaded_is_a_neighbour(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path})
    store, encoder = EdgeStore(tmp_path), FakeEncoder()
    build(store, encoder, PRODUCTS)
    kept = open_shoppers(settings, encoder.card.dimension)
    moment = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    kept.add([Event("purchase", name, moment, product) for name in ("ann", "bob") for product in ("k1", "l1")])
    kept.close()
    service = serve(store, encoder, settings)
    with client_of(create_app(service, settings)) as client:
        assert service.others.alike("products", [("k1", 1.0)], 5, None) == []
        client.post("/indexes/products/search", json={"q": "lamp"})  # opens the index
        service.profiles.tidy()
        found = service.others.alike("products", [("k1", 1.0)], 5, None)
    assert [one.shopper for one in found] == ["ann", "bob"]
