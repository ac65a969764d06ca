"""The engine, for the commands that ask it. Nothing else imports it: measuring files needs neither torch nor Qdrant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from search.domain import SearchRequest, SearchResult

SearchIn: TypeAlias = Callable[[str, SearchRequest], SearchResult]
"""Searches in the index of that name."""


@contextmanager
def open_search() -> Iterator[SearchIn]:
    """Every index of the settings' data folder or server, on private snapshots. Raises what `open_engine` raises."""
    from search.bootstrap import open_engine
    from search.settings import Settings

    engine = open_engine(Settings.load())
    try:
        yield engine.search
    finally:
        engine.close()
