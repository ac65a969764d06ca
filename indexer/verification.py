"""Checks that a new version must pass before it goes live."""

from __future__ import annotations

import hashlib

import numpy as np
import orjson

from search.domain import Manifest
from search.errors import VerificationFailed
from search.protocols import Collection
from search.storage.payload import point_id

SAMPLE = 20
_SAME = 1e-3
"""Two products may have the same text; whichever comes first, its cosine is 1 but for rounding and quantisation."""


def verify(collection: Collection, manifest: Manifest) -> None:
    """Count, dimension, finite vectors, and sample queries: each sampled product is found by its own vector, and its
    nearest are those of an exact scan. Raises VerificationFailed."""
    stored = collection.count()
    if stored != manifest.products:
        raise VerificationFailed(_because(manifest, f"it holds {stored} products instead of {manifest.products}"))
    found_exactly = wanted = 0
    ids = [candidate.point_id for candidate in collection.browse(manifest.products)]
    step = max(1, len(ids) // SAMPLE)
    for point in collection.retrieve(ids[::step][:SAMPLE]):
        vector = np.asarray(point.vector, dtype=np.float32)
        if vector.shape != (manifest.encoder.dimension,) or not np.all(np.isfinite(vector)):
            raise VerificationFailed(_because(manifest, f"the vector of product '{point.product_id}' is damaged"))
        nearest = collection.nearest(vector, 10)
        itself = any(hit.point_id == point_id(point.product_id) for hit in nearest)
        if not nearest or (not itself and nearest[0].score < 1 - _SAME):
            raise VerificationFailed(_because(manifest, f"product '{point.product_id}' is not found by its own vector"))
        exact = collection.nearest(vector, 10, exact=True)
        floor = exact[-1].score - _SAME
        found_exactly += sum(hit.score >= floor for hit in nearest)
        wanted += len(exact)
    if found_exactly < 0.9 * wanted:
        raise VerificationFailed(
            _because(manifest, f"its graph finds only {found_exactly} of {wanted} nearest products")
        )


def _because(manifest: Manifest, reason: str) -> str:
    return (
        f"Version {manifest.version} of index '{manifest.index}' was not switched to, because {reason}. The live "
        f"version is untouched. Run the reindex again; if it fails again, please report it."
    )


def checksum(collection: Collection) -> str:
    """sha256 over ids, documents and vectors of every product in id order: equal for equal indexes, however built."""
    digest = hashlib.sha256()
    for point in collection.scroll():
        digest.update(orjson.dumps([point.product_id, point.document], option=orjson.OPT_SORT_KEYS))
        digest.update(np.asarray(point.vector, dtype="<f4").tobytes())
    return digest.hexdigest()
