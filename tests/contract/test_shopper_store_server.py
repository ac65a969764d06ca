"""What only the store of shoppers on a server promises: names of its own, and profiles of the encoder in use."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence

import pytest
from points import manifest, point
from qdrant_client import QdrantClient
from shopper_stores import DIMENSION, event, page, profile

from search.errors import RequestError, StoreUnavailable
from search.shopper import Shopper
from search.storage.manifests import check_index_name
from search.storage.server import ServerStore, connection_to
from search.storage.server_collection import Connection
from search.storage.shopper_payloads import Kept
from search.storage.shopper_server import PREFIX, ServerShoppers
from search.storage.shopper_store import PARTS, Part


@pytest.fixture
def client() -> Iterator[QdrantClient]:
    client = QdrantClient(":memory:")
    yield client
    client.close()


def shoppers_of(client: QdrantClient, dimension: int = DIMENSION) -> ServerShoppers:
    return ServerShoppers(Connection(client, "the Qdrant server"), dimension)


def test_no_index_can_have_its_names_or_take_it_along(client: QdrantClient) -> None:
    for part in PARTS:
        with pytest.raises(RequestError):
            check_index_name(f"{PREFIX}.{part}")
    kept, store = shoppers_of(client), ServerStore(client)
    kept.add([event("ann", 1)])
    assert store.indexes() == []
    for index in ("daogou", "shoppers", "events"):
        collection = store.create(manifest(index, 1))
        collection.upsert([point("1")])
        store.publish(index, 1)
    assert store.indexes() == ["daogou", "events", "shoppers"]
    for index in ("daogou", "shoppers", "events"):
        store.drop(index)
        store.discard_unpublished(index)
    assert len(kept.latest("ann", 5)) == 1
    assert len(shoppers_of(client).latest("ann", 5)) == 1


def test_another_encoder_drops_the_profiles_and_nothing_else(client: QdrantClient) -> None:
    kept = shoppers_of(client)
    kept.add([event("ann", 1)])
    record = kept.shopper("ann")
    assert record is not None
    kept.keep_profile("ann", "shop", 1, record.stamp, profile(("a", 1.0)))
    assert shoppers_of(client).profile("ann", "shop", 1, record.stamp) is not None
    reader = ServerShoppers(Connection(client, "the Qdrant server"), DIMENSION + 1, keeps_profiles=False)
    assert len(reader.latest("ann", 5)) == 1
    assert shoppers_of(client).profile("ann", "shop", 1, record.stamp) is not None
    other = shoppers_of(client, DIMENSION + 1)
    assert other.profile("ann", "shop", 1, record.stamp) is None
    assert other.shopper("ann") == record
    assert len(other.latest("ann", 5)) == 1
    assert other.purge() is False


def test_who_opts_out_in_another_process_while_events_are_written(
    client: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = shoppers_of(client), shoppers_of(client)
    write = here._write

    def opted_out_before(part: Part, points: Sequence[Kept]) -> None:
        for name in names:
            there.put(Shopper(name, False))
        names.clear()
        write(part, points)

    monkeypatch.setattr(here, "_write", opted_out_before)
    names = ["ann"]
    here.add([event("ann", 1), event("bob", 1)])
    assert here.latest("ann", 5) == []
    assert len(here.latest("bob", 5)) == 1
    names = ["eve"]
    here.add_shown([page("q1", 1, "eve")])
    assert list(here.shown("shop")) == []
    for name in ("ann", "eve"):
        kept = here.shopper(name)
        assert kept is not None
        assert kept.consent is False


def test_a_server_that_is_not_there_is_named_without_the_key() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(StoreUnavailable, match="does not answer") as told:
            ServerShoppers(connection_to(url, "the-key"), DIMENSION)
    assert url in str(told.value)
    assert "the-key" not in str(told.value)
