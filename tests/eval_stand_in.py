"""Functions in the place of the engine, for the tests of the evaluation commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from eval.commands.engine import SearchIn
from eval.run import Search
from search.domain import SearchRequest, SearchResult
from search.errors import IndexNotFound


def stand_in(monkeypatch: pytest.MonkeyPatch, indexes: Mapping[str, Search]) -> None:
    """Functions instead of the engine, each for an index."""

    def search(index: str, request: SearchRequest) -> SearchResult:
        if index not in indexes:
            raise IndexNotFound(index)
        return indexes[index](request)

    @contextmanager
    def open_search() -> Iterator[SearchIn]:
        yield search

    monkeypatch.setattr("eval.commands.engine.open_search", open_search)
