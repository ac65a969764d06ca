"""Daogou, top to bottom: understand what was typed, retrieve candidates, turn one page of them into hits."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.domain import (
    And,
    Candidate,
    Compare,
    Document,
    Exists,
    Filter,
    Hit,
    Manifest,
    Not,
    Query,
    SearchRequest,
    SearchResult,
)
from search.errors import DocumentNotFound
from search.live import LiveIndexes
from search.protocols import Collection, Encoder, VectorStore
from search.retrieval import by_browsing, by_meaning
from search.storage.payload import point_id
from search.understanding import understand


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Some documents of an index, and how many there are in all that pass the filter."""

    documents: tuple[Document, ...]
    total: int


@dataclass(frozen=True, slots=True)
class IndexStats:
    """The live version and how many products it holds now, writes since its build included."""

    manifest: Manifest
    products: int


class Engine:
    """The three doors' one way in. Safe to use from several threads."""

    def __init__(self, store: VectorStore, encoder: Encoder, live: LiveIndexes, max_total_hits: int = 1000) -> None:
        self._store = store
        self._encoder = encoder
        self._live = live
        self._most = max_total_hits

    def search(self, index: str, request: SearchRequest) -> SearchResult:
        """The page of hits that `request` asks for, with totals and facets of all its candidates.

        Raises IndexNotFound, FilterError, SortError, FacetError, StoreError.
        """
        clock = _Clock()
        query = understand(request.text)
        clock.lap("understand")
        with self._live.lease(index) as collection:
            if query.text:
                vector = self._encoder.encode_query(query.text)
                clock.lap("encode")
                found = by_meaning(collection, vector, request, self._most)
            else:
                found = by_browsing(collection, request, self._most)
            clock.lap("retrieve")
            hits = _hits(collection, found.page, request.offset, semantic=bool(query.text))
            clock.lap("fetch")
        return SearchResult(query, hits, found.total, found.facets, found.facet_stats, clock.laps)

    def similar(self, index: str, product_id: str, request: SearchRequest) -> SearchResult:
        """Products whose descriptions are nearest to this one's; itself and its variants are left out.

        Raises DocumentNotFound besides what `search` raises. `request.text` is not used.
        """
        clock = _Clock()
        with self._live.lease(index) as collection:
            stored = collection.retrieve([point_id(product_id)])
            if not stored:
                raise DocumentNotFound(product_id)
            others = _besides(stored[0].document)
            wanted = And((*others.parts, request.filter)) if request.filter is not None else others
            vector = np.asarray(stored[0].vector, dtype=np.float32)
            found = by_meaning(collection, vector, replace(request, filter=wanted), self._most, within=others)
            clock.lap("retrieve")
            hits = _hits(collection, found.page, request.offset, semantic=True)
            clock.lap("fetch")
        return SearchResult(Query("", "", "en"), hits, found.total, found.facets, found.facet_stats, clock.laps)

    def document(self, index: str, product_id: str) -> Document:
        """Raises IndexNotFound, DocumentNotFound."""
        with self._live.lease(index) as collection:
            found = collection.retrieve([point_id(product_id)])
        if not found:
            raise DocumentNotFound(product_id)
        return found[0].document

    def documents(
        self,
        index: str,
        offset: int,
        limit: int,
        filter: Filter | None = None,
        ids: Sequence[str] | None = None,
    ) -> DocumentPage:
        """A page of documents in a stable order; with `ids`, those products in that order."""
        with self._live.lease(index) as collection:
            if ids is not None:
                points = collection.retrieve([point_id(product_id) for product_id in ids])
                return DocumentPage(tuple(p.document for p in points[offset : offset + limit]), len(points))
            total = collection.count(filter)
            reach = min(offset + limit, total)
            page = collection.browse(reach, filter)[offset:] if reach > offset else []
            points = collection.retrieve([candidate.point_id for candidate in page])
        return DocumentPage(tuple(point.document for point in points), total)

    def indexes(self) -> list[Manifest]:
        """The live version of every index, by name."""
        return [self._store.state(index).live for index in self._store.indexes()]

    def stats(self, index: str) -> IndexStats:
        with self._live.lease(index) as collection:
            return IndexStats(collection.manifest, collection.count())

    def field_counts(self, index: str) -> dict[str, int]:
        """How many products have a value in each filterable field, the empty fields left out."""
        with self._live.lease(index) as collection:
            counts = {name: collection.count(Exists(name)) for name in collection.manifest.fields}
        return {name: count for name, count in counts.items() if count}

    def refresh(self) -> None:
        """Follow indexes whose live version has changed. Call it about once a second."""
        self._live.refresh()

    def close(self) -> None:
        self._live.close()


def _hits(collection: Collection, page: Sequence[Candidate], offset: int, semantic: bool) -> tuple[Hit, ...]:
    points = {point_id(point.product_id): point for point in collection.retrieve([item.point_id for item in page])}
    present = [item for item in page if item.point_id in points]
    return tuple(
        Hit(
            document=points[item.point_id].document,
            rank=offset + number,
            score=min(1.0, max(0.0, item.score)),
            parts={"semantic": item.score} if semantic else {},
        )
        for number, item in enumerate(present, start=1)
    )


def _besides(document: Document) -> And:
    """Every other product that is no variant of this one."""
    itself = Compare("id", "!=", str(document["id"]))
    group = document.get("variant_of")
    return And((itself, Not(Compare("variant_of", "=", group)))) if group else And((itself,))


class _Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.laps[stage] = (now - self._last) * 1000
        self._last = now
