"""The plug-in points. Each is small, and each has at least two implementations (a fake in the tests counts)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from search.domain import (
    Candidate,
    Document,
    EncoderCard,
    FieldKind,
    Filter,
    IndexState,
    Json,
    Manifest,
    Point,
    SortKey,
    Sparse,
)
from search.events import Event, EventType
from search.shopper import Profile, Shopper, Shown

Vectors = NDArray[np.float32]
"""Shape (n, dimension), rows of unit length."""

Vector = NDArray[np.float32]
"""Shape (dimension,), unit length."""

Progress = Callable[[int], None]
"""Called with the number of items just done."""


class Encoder(Protocol):
    """Texts → vectors of unit length, so that a dot product is the cosine."""

    @property
    def card(self) -> EncoderCard: ...

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Shape (len(texts), card.dimension), in the order of `texts`. Raises EncoderError."""
        ...

    def encode_query(self, text: str) -> Vector:
        """Shape (card.dimension,). Raises EncoderError."""
        ...


class Reranker(Protocol):
    """A model that reads query and product together: slower than an encoder and closer to the truth."""

    @property
    def name(self) -> str: ...

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, 0..1, in the order of `texts`. Raises EncoderError."""
        ...


@dataclass(frozen=True, slots=True)
class Completion:
    """What a language model said. `cut` is True where it had more to say and ran out of tokens.

    Tokens are counted by the server that bills them; None where it does not say.
    """

    text: str
    cut: bool = False
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class LanguageModel(Protocol):
    """A model that follows instructions. What it says is a guess to be checked, never a fact."""

    @property
    def name(self) -> str: ...

    def complete(self, system: str, user: str, max_tokens: int, schema: Json = None) -> Completion:
        """The answer to `user` under the instructions of `system`, as little random as the model allows.

        `schema` is a JSON schema (an object) that the answer shall keep to: a wish, since not every server knows how,
        so check the answer. Safe to call from several threads. Raises LanguageModelError and its kinds.
        """
        ...

    def stream(self, system: str, user: str, max_tokens: int) -> Iterator[str]:
        """The same answer in pieces, as they come: their sum is what `complete` would say. Closing the iterator stops
        the model. Raises LanguageModelError and its kinds, before the first piece or after any.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A shopper who is like another one: `score` 0..1, and what they did, as (product id, weight), the latest last."""

    shopper: str
    score: float
    steps: tuple[tuple[str, float], ...]


class Collection(Protocol):
    """The points of one index version. Safe to use from several threads."""

    @property
    def manifest(self) -> Manifest: ...

    def upsert(self, points: Sequence[Point]) -> None:
        """Insert or replace by product id; durable on return. Everything is validated before anything is written.

        Lanes that the manifest does not name are not stored, nor are empty ones. Raises StoreError, naming the product,
        where its vector has the wrong dimension, is not finite or is zero, or where a lane is not what Sparse says.
        """
        ...

    def delete(self, product_ids: Sequence[str]) -> None:
        """Unknown ids are no error."""
        ...

    def when_written(self, call: Callable[[Sequence[str]], object]) -> None:
        """Have `call` told the ids of products right after they were written or deleted through this object."""
        ...

    def add_fields(self, fields: dict[str, FieldKind]) -> None:
        """Make further attributes filterable: for products upserted from now on, and in the manifest."""
        ...

    def nearest(self, vector: Vector, limit: int, filter: Filter | None = None, exact: bool = False) -> list[Candidate]:
        """The `limit` nearest by cosine, best first, ties by point id.

        The answer depends on the limit, since a search of the HNSW graph for more looks further: whoever shows pages
        asks for the same limit each time and cuts them out of the answer. `exact` scans all vectors in full precision.
        Where more products share the last score than there is room for, which of them are in is the store's choice.
        """
        ...

    def matching(self, lane: str, query: Sparse, limit: int, filter: Filter | None = None) -> list[Candidate]:
        """The `limit` products whose sparse vector has the greatest dot product with the query: those above 0, best
        first, ties by point id; among more that share the last score than there is room for, the store chooses.

        On the lane "words" each weight of the query is multiplied by the rarity of its term,
        ln((N − n + 0.5) / (n + 0.5) + 1), where N products have the lane and n of them the term; products deleted or
        replaced since the version was optimised may still count. An empty list where the version lacks the lane.
        """
        ...

    def similarity(self, vector: Vector, point_ids: Sequence[str]) -> dict[str, float]:
        """The exact cosine of each of these products, by point id; unknown ids are left out.

        Asking for the same ids again, here or in `relevance`, is cheaper than asking for others.
        """
        ...

    def relevance(self, lane: str, query: Sparse, point_ids: Sequence[str]) -> dict[str, float]:
        """The score that `matching` would give each of these products, by point id; those without a match are left
        out."""
        ...

    def passing(self, point_ids: Sequence[str], filter: Filter) -> set[str]:
        """Those of the products that pass the filter. Raises FilterError."""
        ...

    def by_code(self, codes: Sequence[str], limit: int, filter: Filter | None = None) -> list[str]:
        """The first `limit` ids, in order, of the products that bear any of these codes, written exactly so."""
        ...

    def browse(
        self, limit: int, filter: Filter | None = None, sort: SortKey | None = None, fields: Sequence[str] = ()
    ) -> list[Candidate]:
        """Up to `limit` points that pass the filter, by `sort` (number or date fields; products without one last,
        ties by point id) or else by point id. Scores are 0."""
        ...

    def retrieve(self, point_ids: Sequence[str], vectors: bool = True) -> list[Point]:
        """In the order asked for; unknown ids are left out. Without `vectors` each vector is empty.

        Points that are read have no lanes: those are made anew from the document whenever it is written.
        """
        ...

    def values(self, point_ids: Sequence[str], fields: Sequence[str]) -> dict[str, Document]:
        """The document fields named, by point id. Reading payloads is what costs: ask for those that are shown."""
        ...

    def scroll(self, vectors: bool = True, batch: int = 1000) -> Iterator[Point]:
        """Every point, ordered by point id, without lanes. Without `vectors` each vector is empty."""
        ...

    def count(self, filter: Filter | None = None) -> int: ...

    def facet(self, field: str, filter: Filter | None = None, limit: int = 100) -> dict[str, int]:
        """Values of an indexed field with exact counts, most frequent first, ties by value.

        Text values appear as written in the documents, booleans as 'true' and 'false', numbers in shortest form.
        """
        ...

    def value_range(self, field: str, filter: Filter | None = None) -> tuple[float, float] | None:
        """Least and greatest value of a number field; None when no product has one."""
        ...

    def optimize(self) -> None:
        """Build the graph over everything upserted so far. Blocks, maybe with the GIL: never while serving."""
        ...

    def save_manifest(self, manifest: Manifest) -> None:
        """Raises StoreError where its lanes are not those that the version was created with."""
        ...

    def save_artefact(self, name: str, data: bytes) -> None:
        """Keep bytes with the version, in place of those kept under that name before; durable on return.

        Readers get the old bytes or the new, never a mixture. They are copied with the version and removed with it.
        """
        ...

    def artefact(self, name: str) -> bytes | None:
        """The bytes kept under that name; None where there are none. Raises IndexDamaged where the version is gone."""
        ...

    def artefact_stamp(self, name: str) -> str | None:
        """Another one whenever the bytes under that name were replaced, by whatever process; None where there are none.

        Cheap enough to be asked about once a second. Raises IndexDamaged where the version is gone.
        """
        ...

    def close(self) -> None:
        """Flush and release. Twice is no error."""
        ...


class VectorStore(Protocol):
    """Versions of indexes. A version is built unseen and becomes live in one atomic step."""

    def indexes(self) -> list[str]:
        """Names of the indexes with a live version, sorted."""
        ...

    def state(self, index: str) -> IndexState:
        """Raises IndexNotFound. Cheap enough to be asked about once a second."""
        ...

    def create(self, manifest: Manifest) -> Collection:
        """An empty version `manifest.version`, unseen until published. Raises StoreError if it exists."""
        ...

    def next_version(self, index: str) -> int:
        """One more than any version that exists in any state; 1 for a new index."""
        ...

    def open(self, index: str, version: int | None = None, snapshot: bool = False) -> Collection:
        """The live version, or the one named.

        The embedded engine allows one opener for each version, and that is the serving process. Everyone else asks
        for a `snapshot`: a private copy as of now, gone when closed, whose writes reach nobody.
        Raises IndexNotFound, IndexInUse, IndexDamaged.
        """
        ...

    def artefact(self, index: str, version: int, name: str) -> bytes | None:
        """As `Collection.artefact`, of a version that need not be open here. Raises IndexNotFound without a version."""
        ...

    def keep_artefact(self, index: str, version: int, name: str, data: bytes) -> None:
        """As `Collection.save_artefact`, into a version that another process may have open and serve.

        For what is learnt while a version serves: see search/trained. Raises IndexNotFound without such a version.
        """
        ...

    def publish(self, index: str, version: int) -> None:
        """Make it live in one atomic step; the version that was live becomes `previous`, and any other is removed.

        The version must be closed (embedded engine) and complete.
        """
        ...

    def discard_unpublished(self, index: str) -> None:
        """Remove versions that were never published: what an interrupted build left behind."""
        ...

    def drop(self, index: str) -> None:
        """Remove the index with all its versions. Raises IndexNotFound."""
        ...


class ShopperStore(Protocol):
    """What is kept of shoppers: their events, their word on consent, the profiles made of these. Safe to use from
    several threads. What was added is durable on return.

    Everything is in Qdrant, in a collection of its own that no index owns: a reindex does not touch it.
    """

    def add(self, events: Sequence[Event]) -> int:
        """Keep those that are not kept yet, in whatever order they come; how many that were.

        The stamps of their shoppers change. Events of nobody known are kept too, for what they say of products; those
        of shoppers who want nothing kept (`consent` False) are not. All are validated before any is written. Raises
        StoreError, which names no shopper and quotes nothing.
        """
        ...

    def latest(self, shopper: str, limit: int, types: Sequence[EventType] = ()) -> list[Event]:
        """The shopper's last events, newest first, ties by id; of these types alone, where any are given."""
        ...

    def events(self, since: str = "") -> Iterator[Event]:
        """Everybody's events from that instant on, each shopper's together and in order of time; events of nobody
        known come last. For training; no snapshot is taken, so what is added meanwhile may or may not be there."""
        ...

    def shopper(self, name: str) -> Shopper | None:
        """What is kept of the shopper besides the events; None: nothing is. One read by id."""
        ...

    def names(self) -> Iterator[str]:
        """Every shopper of whom there are events, in any order; no snapshot is taken."""
        ...

    def shoppers(self, names: Sequence[str]) -> list[Shopper]:
        """The same of many at once; of whom nothing is kept is left out."""
        ...

    def put(self, shopper: Shopper) -> Shopper:
        """Keep this record in place of what was kept, with a new stamp; the record as kept.

        Where its `consent` is False, everything else is forgotten, as with `erase`, and of the record no more than that
        word is kept.
        """
        ...

    def keep_profile(self, shopper: str, index: str, version: int, stamp: str, profile: Profile) -> None:
        """Keep a profile, its interests as vectors, in place of the one that was kept for this shopper and index.

        Nothing happens where the shopper's stamp is another one by now.
        """
        ...

    def profile(self, shopper: str, index: str, version: int, stamp: str) -> Profile | None:
        """The profile kept for just this version and stamp; None where there is none."""
        ...

    def neighbours(self, index: str, steps: Sequence[tuple[str, float]], limit: int, but: str = "") -> list[Neighbour]:
        """Shoppers whose products overlap most with these (product id, weight), the nearest first, without `but`.

        By the dot product of what profiles of that index are kept, each as a vector over products of unit length.
        """
        ...

    def add_shown(self, shown: Sequence[Shown]) -> None:
        """Keep pages of results that were clicked on; one that is kept already is replaced."""
        ...

    def shown(self, index: str, since: str = "") -> Iterator[Shown]:
        """In order of time."""
        ...

    def pages_of(self, shopper: str) -> list[Shown]:
        """All pages of one shopper, of whatever index, in order of time."""
        ...

    def erase(self, shopper: str) -> int:
        """Forget the shopper at once and altogether; how many events, profiles, pages and records that were.

        What is left of their bytes in files goes with the next `purge`.
        """
        ...

    def expire(self, before: str, stop: Callable[[], bool] | None = None) -> int:
        """Forget all events and pages older than that instant; how many. Their shoppers' profiles go with them, and the
        stamps of these change; a shopper of whom nothing is left is unknown again. Where `stop` says so it ends in the
        middle."""
        ...

    def purge(self, stop: Callable[[], bool] | None = None) -> bool:
        """Remove the bytes of what was forgotten from the files of the store, if there are any. May take long for a
        large store; others read and write meanwhile. Where `stop` says so it ends, and is done another time. False: the
        store's server does that in its own time. Raises StoreError, and is done another time then."""
        ...

    def close(self) -> None: ...


__all__ = [
    "Collection", "Completion", "Encoder", "Json", "LanguageModel", "Neighbour", "Progress", "Reranker", "ShopperStore",
    "Vector", "VectorStore", "Vectors",
]  # fmt: skip
