"""Small products, vectors and manifests for tests of whatever stores them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from search.domain import EncoderCard, FieldKind, Manifest, Point
from search.protocols import Vector

DIMENSION = 8

FIELDS: Mapping[str, FieldKind] = {
    "id": "text",
    "brand": "text",
    "category": "text",
    "price": "number",
    "in_stock": "boolean",
    "size": "text",
    "released": "date",
    "weights": "number",
    "颜色": "text",
    'odd "name\\ 100% .[0]': "text",
}


def card(dimension: int = DIMENSION) -> EncoderCard:
    return EncoderCard("tests/model", None, "0" * 64, dimension, "mean", True, 256)


def manifest(index: str, version: int = 1, fields: Mapping[str, FieldKind] = FIELDS, **more: Any) -> Manifest:
    return Manifest(index, version, card(), "recipe/1", dict(fields), **more)


def direction(seed: object, dimension: int = DIMENSION) -> Vector:
    """A unit vector that depends on the seed alone."""
    number = int.from_bytes(hashlib.sha256(repr(seed).encode()).digest()[:8], "big")
    vector = np.random.default_rng(number).normal(size=dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def point(product_id: str, vector: Iterable[float] | None = None, **document: Any) -> Point:
    """A product with the document given besides its id, and a vector of its own."""
    chosen = direction(product_id) if vector is None else vector
    return Point(
        product_id, tuple(map(float, chosen)), {"id": product_id, **document}, f"t-{product_id}", f"d-{product_id}"
    )
