"""The engine, for the commands that ask it. Nothing else imports it: measuring files needs neither torch nor Qdrant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from search.domain import Document, Json, SearchRequest, SearchResult
from search.errors import IndexNotFound

if TYPE_CHECKING:
    from search.engine import IndexStats

SearchIn: TypeAlias = Callable[[str, SearchRequest], SearchResult]
"""Searches in the index of that name."""

SHAPING = ("encoder_backend", "device", "reranker")
"""The settings that shape answers, or how long they take, and are no property of the index."""

OF_RERANKER = ("reranker_revision", "reranker_top")
"""Those that shape nothing without a reranker."""


@dataclass(frozen=True, slots=True)
class Indexes:
    """`stats` gives the live version of an index. `settings` are those that shape answers, for the record of a run."""

    search: SearchIn
    stats: Callable[[str], IndexStats]
    settings: Mapping[str, Json] = field(default_factory=dict)


@contextmanager
def open_indexes() -> Iterator[Indexes]:
    """Every index of the settings' data folder or server, on private snapshots. Raises what `open_engine` raises."""
    from search.bootstrap import open_engine
    from search.settings import Settings

    settings = Settings.load()
    engine = open_engine(settings)
    try:
        names = SHAPING + (OF_RERANKER if settings.reranker else ())
        yield Indexes(engine.search, engine.stats, {name: getattr(settings, name) for name in names})
    finally:
        engine.close()


@contextmanager
def open_search() -> Iterator[SearchIn]:
    """`open_indexes` for those who only search."""
    with open_indexes() as indexes:
        yield indexes.search


@dataclass(frozen=True, slots=True)
class OpenShop:
    """One index, and what is known of its shoppers. `known` gives the names (HMACs) of those with a profile: of these
    ids of the shop's, or else of so many of all, chosen by a seed. `documents` has every product, with these fields."""

    search: SearchIn
    fields: Collection[str]
    known: Callable[[Sequence[str] | None, int, int], list[str]]
    documents: Callable[[Sequence[str]], list[Document]]


@contextmanager
def open_shop(index: str) -> Iterator[OpenShop]:
    """The index and the shoppers of the settings' data folder or server, on private snapshots.

    Raises what `open_engine` and `open_shoppers` raise, and IndexNotFound.
    """
    from eval.exposure.shop import fields_of, known_shoppers
    from search.bootstrap import open_reader
    from search.settings import Settings
    from search.shoppers import Shoppers

    settings = Settings.load()
    with open_reader(settings) as reader, reader.engine.opened() as every:
        collection = next((one for one in every if one.manifest.index == index), None)
        if collection is None:
            raise IndexNotFound(index)
        yield OpenShop(
            reader.engine.search,
            collection.manifest.fields,
            partial(known_shoppers, reader, collection, lambda user: Shoppers.of(settings).name(user)),
            partial(fields_of, collection),
        )
