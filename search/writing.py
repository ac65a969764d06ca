"""Products into a collection: only what changed is encoded, and a batch is checked whole before any is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search import documents
from search.codes import codes
from search.domain import CORE_FIELDS, Document, FieldKind, Point, Product
from search.errors import DocumentError, EncoderMismatch
from search.knowledge import lanes_of
from search.lanes import LaneMaker
from search.live import check_encoder
from search.protocols import Collection, Encoder
from search.remembered import Remembered
from search.storage.payload import point_id

MAX_FIELDS = 64
"""Filterable fields of one index. At 20,000 products each costs some 5 MB of memory and half a second of building."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A product ready to be encoded: its document, the text of its vector, and the hashes of both."""

    product_id: str
    text: str
    document: Document
    text_hash: str
    document_hash: str


def prepare(product: Product) -> Prepared:
    text = documents.text(product)
    document = documents.document(product)
    return Prepared(product.id, text, document, documents.text_hash(text), documents.document_hash(document))


class Writer:
    """Adds, merges and removes documents of a serving collection."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._lanes = Remembered(lanes_of)

    def put(self, collection: Collection, sent: Sequence[Document], merge: bool = False) -> int:
        """Insert or replace the documents; with `merge`, fields not sent keep their values and null removes one.

        Returns how many were written. Raises DocumentError, with nothing written, if any is not a product; raises
        EncoderMismatch where the collection was built by another encoder or recipe.
        """
        check_encoder(collection.manifest, self._encoder.card)
        if collection.manifest.recipe != documents.RECIPE:
            raise EncoderMismatch(
                f"Index '{collection.manifest.index}' was built with the document recipe {collection.manifest.recipe}, "
                f"and this version of Daogou writes {documents.RECIPE}. Rebuild it: python -m indexer reindex "
                f"CATALOGUE --index {collection.manifest.index}"
            )
        keys = list(dict.fromkeys(_key(document) for document in sent))
        stored = {point.product_id: point for point in collection.retrieve([point_id(key) for key in keys])}
        latest: dict[str, Document] = {}
        for document in sent:
            key = _key(document)
            before = latest.get(key, stored[key].document if key in stored else {})
            latest[key] = {**before, **document, "id": key} if merge else document
        prepared = [prepare(documents.product(document)) for document in latest.values()]
        changed = [item for item in prepared if _differs(item, stored.get(item.product_id))]
        new_fields = _new_fields(collection, changed)
        if new_fields:
            collection.add_fields(new_fields)
        collection.upsert(self._points(changed, stored, self._lanes.of(collection)))
        return len(prepared)

    def _points(self, prepared: Sequence[Prepared], stored: Mapping[str, Point], lanes: LaneMaker) -> list[Point]:
        """Encode the texts that changed; take the other vectors from the points that are there."""
        fresh = [item for item in prepared if _needs_vector(item, stored.get(item.product_id))]
        new = self._encoder.encode_documents([item.text for item in fresh])
        vectors: dict[str, Sequence[float]] = {key: kept.vector for key, kept in stored.items()}
        vectors |= {item.product_id: vector for item, vector in zip(fresh, new, strict=True)}
        return [point(item, vectors[item.product_id], lanes) for item in prepared]


def point(prepared: Prepared, vector: Sequence[float], lanes: LaneMaker) -> Point:
    document = prepared.document
    return Point(
        prepared.product_id,
        vector,
        document,
        prepared.text_hash,
        prepared.document_hash,
        lanes.lanes(document),
        codes(document),
    )


def _key(document: Document) -> str:
    identifier = document.get("id") if isinstance(document, Mapping) else None
    if isinstance(identifier, bool) or not isinstance(identifier, str | int) or not str(identifier).strip():
        raise DocumentError("A document needs an `id`: a string or an integer.")
    return str(identifier).strip()


def _differs(item: Prepared, stored: Point | None) -> bool:
    return stored is None or stored.document_hash != item.document_hash or stored.text_hash != item.text_hash


def _needs_vector(item: Prepared, stored: Point | None) -> bool:
    return stored is None or stored.text_hash != item.text_hash


def _new_fields(collection: Collection, prepared: Sequence[Prepared]) -> dict[str, FieldKind]:
    """Attributes that no product of the index bore before become filterable, as long as there is room."""
    manifest = collection.manifest
    known = {*manifest.fields, *manifest.unfiltered, *CORE_FIELDS}
    room = MAX_FIELDS - len(manifest.fields)
    found: dict[str, FieldKind] = {}
    for item in prepared:
        for name, value in item.document.items():
            if name in known or name in found or len(found) >= room:
                continue
            kind = documents.field_kind(value)
            if kind is not None:
                found[name] = kind
    return found


__all__ = ["MAX_FIELDS", "Prepared", "Writer", "point", "prepare"]
