"""Profiles over what really keeps shoppers: Qdrant Edge, on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from building import build
from fake_encoder import FakeEncoder
from fakes import MemoryStore

from search.bootstrap import open_shoppers
from search.events import Event, EventType
from search.profiles.keeping import Profiles
from search.settings import Settings
from search.shopper import Facts, Profile

ANN = "a" * 64
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ENCODER = FakeEncoder()
ROWS = [
    {"id": "k1", "title": "Quiet keyboard", "brand": "Quillmark", "category": ["Office", "Keyboards"], "price": 90.0},
    {"id": "k2", "title": "Loud keyboard", "brand": "Clacker", "category": ["Office", "Keyboards"], "price": 70.0},
    {"id": "l1", "title": "Red lamp", "brand": "Lantern", "category": ["Home", "Lamps"], "price": 25.0},
]


@contextmanager
def profiles_in(folder: Path) -> Iterator[Profiles]:
    settings = Settings(data_dir=folder)
    profiles = Profiles(open_shoppers(settings, ENCODER.card.dimension), ENCODER, settings, lambda: NOW, working=False)
    try:
        yield profiles
    finally:
        profiles.close()


def did(type_: EventType, product: str, hours: float, value: float | None = None) -> Event:
    moment = (NOW - timedelta(hours=hours)).isoformat(timespec="milliseconds")
    return Event(type_, ANN, moment, product, value=value)


EVENTS = [
    did("purchase", "k1", 50), did("view", "l1", 0.1), did("rating", "k2", 40, value=1), did("hide", "k2", 39),
    did("purchase", "late", 30),
]  # fmt: skip


def told(profile: Profile | None) -> object:
    """All of a profile, to compare it."""
    assert profile is not None
    interests = [(one.weight, one.products, one.session, one.text) for one in profile.interests]
    return interests, profile.affinities, profile.bands, profile.hidden, profile.bought, profile.steps, profile.until


def test_a_profile_survives_a_restart_and_is_what_would_be_made_anew(tmp_path: Path) -> None:
    versions = MemoryStore()
    build(versions, ENCODER, ROWS)
    collection = versions.open("products")
    with profiles_in(tmp_path) as profiles:
        assert profiles.record(EVENTS) == 5
        assert profiles.record([*EVENTS, *reversed(EVENTS)]) == 0, "what comes again is not kept again"
        profiles.declare(ANN, lambda record: replace(record, facts=Facts(interests=("blue lamp",), budget={"": 60.0})))
        first = profiles.of(collection, ANN)
        assert first is not None
        assert first.hidden == {"k2"}
        assert first.affinities["brand"]["quillmark"].products == ("k1",)
        assert first.affinities["brand"]["clacker"].weight < 0
    with profiles_in(tmp_path) as profiles:
        kept = profiles.of(collection, ANN)
        assert told(kept) == told(first)
        assert kept is not None
        for one, other in zip(kept.interests, first.interests, strict=True):
            assert np.allclose(one.vector, other.vector, atol=1e-6)
        profiles.record([did("purchase", "l1", 1)])
        changed = profiles.of(collection, ANN)
        assert changed is not None
        assert set(changed.bought) == {"k1", "late", "l1"}


def test_opting_out_and_erasing(tmp_path: Path) -> None:
    versions = MemoryStore()
    build(versions, ENCODER, ROWS)
    collection = versions.open("products")
    with profiles_in(tmp_path) as profiles:
        profiles.record(EVENTS)
        assert profiles.of(collection, ANN) is not None
        profiles.tidy()
        profiles.declare(ANN, lambda record: replace(record, consent=False))
        assert profiles.of(collection, ANN) is None
        assert profiles.record(EVENTS) == 0
        export = profiles.export(ANN, [collection])
        assert export is not None
        assert (export.record.consent, export.events, export.profiles) == (False, (), {})
    with profiles_in(tmp_path) as profiles:
        assert not profiles.known(ANN), "the word is kept"
        assert profiles.erase(ANN) == 1
        assert profiles.export(ANN) is None
        assert profiles.known(ANN)
