"""Daogou, top to bottom: understand what was typed, retrieve candidates, turn one page of them into hits."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from search.codes import asked_codes, whole_code
from search.constraints import evidence, satisfied
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
    RecommendRequest,
    SearchRequest,
    SearchResult,
)
from search.errors import DaogouError, DocumentNotFound, EncoderMismatch, FacetError, StoreError
from search.events import Reason
from search.explanation import NOTHING_ASKED, SIMILAR, Explained, explained, saying_why
from search.facets import EVERY_VALUE, FacetHit, find_values
from search.fusion import KIND_WEIGHT, OTHERWISE_WEIGHT
from search.knowledge import Knowledge
from search.live import LiveIndexes
from search.paging import CandidateSet, by_browsing
from search.personal_look import PersonalLook, PersonalView, ProfileSource, in_turn
from search.personalization.parts import Due
from search.personalization.rerank import WINDOW
from search.protocols import Collection, Encoder, Reranker, VectorStore
from search.recommendations.others import Others
from search.recommendations.serving import Recommendations
from search.remembered import Remembered
from search.retrieval import Asked, Look, bearing, by_nearness, by_words_and_meaning
from search.second_look import SecondLook
from search.storage.payload import point_id
from search.suggestions import Entry, Suggestion, completions
from search.trained import Trained
from search.understanding import literally, understand

if TYPE_CHECKING:
    from search.recommending.blend import Recommender  # scipy takes a second to load, and most indexes have none


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

    def __init__(
        self,
        store: VectorStore,
        encoder: Encoder,
        live: LiveIndexes,
        max_total_hits: int = 1000,
        reranker: Reranker | None = None,
        reranker_top: int = 50,
        profiles: ProfileSource | None = None,
        others: Others | None = None,
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._live = live
        self._most = max_total_hits
        self._completions = Remembered(completions)
        self._knowledge = Remembered(Knowledge.of)
        self._second_look = SecondLook(reranker, reranker_top) if reranker else None
        self._personal_look = PersonalLook(profiles, self._recommender, self._due)
        self._recommendations = Recommendations(self._personal_look, others)
        self._trained: tuple[Trained[Any], ...] = (self._personal_look.rankers, self._recommendations.recommenders)
        live.when_opened(self._get_ready)

    def search(self, index: str, request: SearchRequest) -> SearchResult:
        """The page of hits that `request` asks for, with totals and facets of all its candidates.

        Raises IndexNotFound, FilterError, SortError, FacetError, StoreError.
        """
        clock = _Clock()
        with self._live.lease(index) as collection:
            known = self._knowledge.of(collection)
            query = _understood(request, known)
            clock.lap("understand")
            view = self._personal_look.at(collection, query, request)
            clock.lap("profile")
            if query.text or bearing(collection, (whole_code(query), *asked_codes(query)), request.filter):
                asked = self._asked(query, known, request)
                clock.lap("encode")
                look = in_turn(self._looking(query, collection), view.look if view else None)
                found = by_words_and_meaning(collection, asked, request, self._most, look)
            else:
                found = _browse(collection, _browsed(query, request, collection), self._most, view)
            clock.lap("retrieve")
            hits = _hits(collection, found.page, request.offset, query, view)
            version = collection.manifest.version
            clock.lap("fetch")
            if request.explain is not None and hits:
                hits = saying_why(collection, query, hits, request.explain)
                clock.lap("explain")
        degraded = found.degraded + (("lexical",) if query.text and "words" not in collection.manifest.lanes else ())
        return SearchResult(
            query, hits, found.total, found.facets, found.facet_stats, clock.laps, degraded, found.weak, version
        )

    def _asked(self, query: Query, known: Knowledge, request: SearchRequest) -> Asked:
        """What the query asks of the lanes."""
        spoken, words = known.spoken(query), known.words(query)
        ratio = known.ratio(query) if request.semantic_ratio is None else request.semantic_ratio
        vector = self._encoder.encode_query(spoken) if ratio > 0 and spoken else None
        language = known.spoken_language(query)
        return Asked(
            vector=vector,
            words=words,
            kinds=known.kinds(query, vector),
            ratio=ratio if vector is not None else 0.0,
            kind_weight=OTHERWISE_WEIGHT if known.otherwise(query.text) else KIND_WEIGHT,
            constraints=query.constraints,
            whole=whole_code(query),
            codes=asked_codes(query),
            excluded=known.excluded(query),
            sort=() if request.sort else query.sort,
            # Without a vector there is no support to compare with the noise, and who asks for meaning alone gets it.
            sensible=known.calibration.makes_sense(language),
            nothing=known.calibration.nothing(language) if vector is not None and ratio < 1 else -math.inf,
            weak=known.calibration.weak(language, words.words) if vector is not None else -math.inf,
        )

    def _looking(self, query: Query, collection: Collection) -> Look | None:
        return self._second_look.at(query, collection) if self._second_look else None

    def _due(self, collection: Collection) -> Due:
        sorts = self._recommendations.sorts(collection)
        return lambda traits, days: sorts.again(traits.product_id, traits.values.get("category", ()), days)

    def _recommender(self, collection: Collection) -> Recommender | None:
        return self._recommendations.recommenders.of(collection).recommender

    def _get_ready(self, collection: Collection) -> None:
        """Read what belongs to a version before it serves, so that no request waits for that."""
        self._knowledge.of(collection)
        self._completions.of(collection)
        self._personal_look.get_ready(collection)
        self._recommendations.get_ready(collection)

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
            found = by_nearness(collection, vector, replace(request, filter=wanted), self._most, within=others)
            clock.lap("retrieve")
            hits = _hits(collection, found.page, request.offset, NOTHING_ASKED)
            clock.lap("fetch")
            if request.explain is not None and hits:
                alike = Reason(SIMILAR, 1.0, products=(product_id,))
                hits = saying_why(collection, NOTHING_ASKED, hits, request.explain, (alike,))
                clock.lap("explain")
        return SearchResult(NOTHING_ASKED, hits, found.total, found.facets, found.facet_stats, clock.laps)

    def recommend(self, index: str, request: RecommendRequest) -> SearchResult:
        """What to show somebody who has not asked, each product with a receipt that says why it is there.

        Products that are out of stock, hidden, or bought and not used up are left out. Raises IndexNotFound,
        RequestError, FilterError, StoreError.
        """
        clock = _Clock()
        with self._live.lease(index) as collection:
            found = self._recommendations.recommend(collection, request)
            clock.lap("recommend")
            hits = _hits(collection, found.page, request.offset, NOTHING_ASKED)
            clock.lap("fetch")
            hits = tuple(replace(hit, receipt=found.receipts.get(point_id(str(hit.document["id"])))) for hit in hits)
            if request.explain is not None and hits:
                hits = saying_why(collection, NOTHING_ASKED, hits, request.explain)
                clock.lap("explain")
        return SearchResult(NOTHING_ASKED, hits, found.total, timings=clock.laps, degraded=found.degraded)

    def goes_with(self, index: str, product_ids: Sequence[str], request: RecommendRequest) -> SearchResult:
        """What to show beside these products: what others took with them, or what fits them and is of another sort.

        Raises DocumentNotFound where the index has none of them, besides what `recommend` raises.
        """
        with self._live.lease(index) as collection:
            there = collection.retrieve([point_id(product_id) for product_id in product_ids], vectors=False)
        if not there:
            raise DocumentNotFound(product_ids[0] if product_ids else "")
        basket = tuple(dict.fromkeys((*product_ids, *request.basket)))
        return self.recommend(index, replace(request, basket=basket))

    def explained(self, index: str, request: SearchRequest, ids: Sequence[str] | None = None) -> tuple[Explained, ...]:
        """Hits with all that may be said of them, in the order of `ids`; None: the whole page of `request`.

        The search is run again, so places and receipts are the very same. Products that are not on that page are read
        and explained from their documents alone, with rank 0; unknown ids are left out. Raises what `search` raises.
        """
        result = self.search(index, replace(request, facets=(), explain=None))
        hits = {str(hit.document["id"]): hit for hit in result.hits}
        with self._live.lease(index) as collection:
            away = [point_id(one) for one in ids or () if one not in hits]
            for point in collection.retrieve(away, vectors=False) if away else ():
                verdicts = evidence(result.query.constraints, point.document, collection.manifest.fields)
                hits[point.product_id] = Hit(point.document, 0, 0.0, evidence=verdicts)
            wanted = [hits[one] for one in dict.fromkeys(hits if ids is None else ids) if one in hits]
            return explained(collection, result.query, wanted, request.explain or "auto")

    def facet_search(self, index: str, request: SearchRequest, field: str, typed: str | None) -> tuple[FacetHit, ...]:
        """Values of `field` that fit what is typed of them, counted over the candidates of `request`.

        Raises what `search` raises.
        """
        if field == "*":
            raise FacetError("Attribute `*` has no facets: name one field.")
        every = replace(request, facets=(field,), offset=0, limit=0, facet_limit=EVERY_VALUE)
        return find_values(self.search(index, every).facets[field], typed)

    def suggest(self, index: str, typed: str, limit: int, past: Sequence[Entry] = ()) -> tuple[Suggestion, ...]:
        """Completions of what is typed so far; `past` are queries of others. Raises IndexNotFound."""
        with self._live.lease(index) as collection:
            return self._completions.of(collection).suggest(typed, limit, past)

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

    @contextlib.contextmanager
    def opened(self) -> Iterator[tuple[Collection, ...]]:
        """The live version of every index that can be opened, until the block ends. Raises StoreUnavailable."""
        with contextlib.ExitStack() as stack:
            found = []
            for index in self._store.indexes():
                with contextlib.suppress(DaogouError):
                    found.append(stack.enter_context(self._live.lease(index)))
            yield tuple(found)

    def refresh(self) -> None:
        """Follow indexes whose live version has changed, and what is trained for them. Call it about once a second."""
        self._live.refresh()
        for index in self._live.indexes() if self._trained else ():
            # One that was dropped meanwhile, or cannot be looked at now, has its turn again in a second.
            with contextlib.suppress(StoreError, EncoderMismatch), self._live.lease(index) as collection:
                for one in self._trained:
                    one.refresh(collection)
                self._recommendations.refresh(collection)

    def close(self) -> None:
        self._live.close()


def _understood(request: SearchRequest, known: Knowledge) -> Query:
    if request.understand:
        return understand(request.text, known.lexicon, request.ignore, request.language)
    return literally(request.text, request.language)


def _browsed(query: Query, request: SearchRequest, collection: Collection) -> SearchRequest:
    """Nothing is left to search for, as after «under $50»: everything that is known to meet the conditions."""
    fields = collection.manifest.fields
    conditions = tuple(satisfied(one) for one in query.constraints if one.strength == "must" and one.field in fields)
    both = conditions if request.filter is None else (request.filter, *conditions)
    return replace(request, filter=And(both) if both else None, sort=request.sort or query.sort)


def _browse(collection: Collection, request: SearchRequest, most: int, view: PersonalView | None) -> CandidateSet:
    if view is None:
        return by_browsing(collection, request, most)
    narrowed = replace(request, filter=view.narrowed(request.filter))
    return by_browsing(collection, narrowed, most, view.browse if view.moves else None, WINDOW)


def _hits(
    collection: Collection, page: Sequence[Candidate], offset: int, query: Query, view: PersonalView | None = None
) -> tuple[Hit, ...]:
    found = collection.retrieve([item.point_id for item in page], vectors=False)
    points = {point_id(point.product_id): point for point in found}
    present = [item for item in page if item.point_id in points]
    return tuple(
        Hit(
            document=points[item.point_id].document,
            rank=offset + number,
            score=min(1.0, max(0.0, item.score)),
            parts=view.parts(item) if view else item.parts,
            evidence=evidence(query.constraints, points[item.point_id].document, collection.manifest.fields),
            receipt=view.receipt(item, offset + number) if view else None,
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
