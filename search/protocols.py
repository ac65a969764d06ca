"""The plug-in points. Each is small, and each has at least two implementations (a fake in the tests counts)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
)

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


class Collection(Protocol):
    """The points of one index version. Safe to use from several threads."""

    @property
    def manifest(self) -> Manifest: ...

    def upsert(self, points: Sequence[Point]) -> None:
        """Insert or replace by product id; durable on return. Everything is validated before anything is written.

        Raises StoreError where a vector has the wrong dimension, is not finite or is zero.
        """
        ...

    def delete(self, product_ids: Sequence[str]) -> None:
        """Unknown ids are no error."""
        ...

    def add_fields(self, fields: dict[str, FieldKind]) -> None:
        """Make further attributes filterable: for products upserted from now on, and in the manifest."""
        ...

    def nearest(
        self, vector: Vector, limit: int, filter: Filter | None = None, fields: Sequence[str] = (), exact: bool = False
    ) -> list[Candidate]:
        """The `limit` nearest by cosine, best first, ties by point id; a candidate's `values` has the `fields` named.

        `exact` scans all vectors in full precision instead of asking the HNSW graph.
        """
        ...

    def browse(
        self, limit: int, filter: Filter | None = None, sort: SortKey | None = None, fields: Sequence[str] = ()
    ) -> list[Candidate]:
        """Up to `limit` points that pass the filter, by `sort` (number or date fields; products without one last,
        ties by point id) or else by point id. Scores are 0."""
        ...

    def retrieve(self, point_ids: Sequence[str]) -> list[Point]:
        """In the order asked for; unknown ids are left out."""
        ...

    def values(self, point_ids: Sequence[str], fields: Sequence[str]) -> dict[str, Document]:
        """The document fields named, by point id. Reading payloads is what costs: ask for those that are shown."""
        ...

    def scroll(self, vectors: bool = True, batch: int = 1000) -> Iterator[Point]:
        """Every point, ordered by point id. Without `vectors` each vector is empty."""
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

    def save_manifest(self, manifest: Manifest) -> None: ...

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


__all__ = ["Collection", "Encoder", "Json", "Progress", "Vector", "VectorStore", "Vectors"]
