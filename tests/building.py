"""A version as a reindex makes it, without the files: learn from the products, write them, go live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from indexer.learning import LEARNING, calibrated, learn
from search import documents
from search.domain import CORE_FIELDS, CORE_KINDS, LANES, Document, FieldKind, Manifest
from search.kinds import KindBook
from search.lanes import LaneMaker, TermBook
from search.protocols import Encoder, VectorStore
from search.writing import point, prepare


def build(
    store: VectorStore,
    encoder: Encoder,
    products: Sequence[Document],
    index: str = "products",
    publish: bool = True,
    calibrate: bool = False,
    **made: Any,
) -> int:
    """The number of the new version. `calibrate` measures the noise, too; `made` is put in its manifest."""
    rows = [prepare(documents.product(product)) for product in products]
    fields = {**CORE_KINDS, **_fields([row.document for row in rows])}
    learnt = learn([row.document for row in rows], fields, encoder, None)
    manifest = Manifest(
        **{
            "index": index,
            "version": store.next_version(index),
            "encoder": encoder.card,
            "recipe": documents.RECIPE,
            "fields": fields,
            "products": len(rows),
            "created_at": "2026-01-31T12:00:00+00:00",
            "lanes": LANES,
            "learning": LEARNING,
            **made,
        }
    )
    collection = store.create(manifest)
    for name, data in learnt.artefacts.items():
        collection.save_artefact(name, data)
    collection.upsert([point(row, encoder.encode_query(row.text), learnt.lanes) for row in rows])
    if calibrate:
        collection.save_manifest(calibrated(collection, manifest, encoder, learnt))
    collection.close()
    if publish:
        store.publish(index, manifest.version)
    return manifest.version


def build_as_before(store: VectorStore, encoder: Encoder, products: Sequence[Document], index: str = "products") -> int:
    """A version from before there were lanes and artefacts: vectors and documents, nothing else."""
    rows = [prepare(documents.product(product)) for product in products]
    nothing = LaneMaker(TermBook.empty(), KindBook.empty())
    manifest = Manifest(
        index, store.next_version(index), encoder.card, documents.RECIPE, dict(CORE_KINDS), products=len(rows)
    )
    collection = store.create(manifest)
    collection.upsert([point(row, encoder.encode_query(row.text), nothing) for row in rows])
    collection.close()
    store.publish(index, manifest.version)
    return manifest.version


def _fields(rows: Sequence[Document]) -> dict[str, FieldKind]:
    """Every attribute that can be filtered on, however rare: so small is a shop of the tests."""
    found: dict[str, FieldKind] = {}
    for row in rows:
        for name, value in row.items():
            kind = documents.field_kind(value)
            if name not in CORE_FIELDS and kind is not None:
                found.setdefault(name, kind)
    return found
