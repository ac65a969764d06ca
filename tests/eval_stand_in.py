"""Functions in the place of the engine, for the tests of the evaluation commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from eval.commands.engine import Indexes
from eval.run import Search
from search.domain import EncoderCard, Manifest, SearchRequest, SearchResult
from search.engine import IndexStats
from search.errors import IndexNotFound

CARD = EncoderCard("tiny", "0123456789abcdef", "ff" * 32, 8, "mean", True, 128)


def manifest(index: str) -> Manifest:
    """Of version 7 of the index."""
    return Manifest(
        index, 7, CARD, "plain-2", {"brand": "text"}, products=3, created_at="2026-05-01T08:00:00+00:00", learning="l-4"
    )


def stand_in(monkeypatch: pytest.MonkeyPatch, indexes: Mapping[str, Search]) -> None:
    """Functions instead of the engine, each for an index."""

    def search(index: str, request: SearchRequest) -> SearchResult:
        if index not in indexes:
            raise IndexNotFound(index)
        return indexes[index](request)

    def stats(index: str) -> IndexStats:
        if index not in indexes:
            raise IndexNotFound(index)
        return IndexStats(manifest(index), 4)

    @contextmanager
    def open_indexes() -> Iterator[Indexes]:
        yield Indexes(search, stats, {"reranker": None})

    monkeypatch.setattr("eval.commands.engine.open_indexes", open_indexes)
