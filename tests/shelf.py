"""A shelf of products made by hand: each with the cosine and the word weights that a test wants it to have."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from points import DIMENSION, manifest

from search.bm25 import sparse
from search.domain import LANES, Constraint, FieldKind, Point, SearchRequest, Sparse
from search.lanes import WordQuery
from search.paging import CandidateSet
from search.protocols import Collection, Vector, VectorStore
from search.retrieval import Asked, by_words_and_meaning
from search.storage.payload import point_id

FIELDS: Mapping[str, FieldKind] = {"id": "text", "brand": "text", "colour": "text", "price": "number"}


@dataclass(frozen=True)
class Item:
    """`cosine` is that of the product with the query; `words` and `kind` are weights of terms."""

    id: str
    cosine: float
    words: Mapping[str, float] = field(default_factory=dict)
    kind: float = 0.0
    codes: tuple[str, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)

    def point(self) -> Point:
        digest = hashlib.sha256(self.id.encode()).digest()
        vector = np.zeros(DIMENSION)
        vector[0] = self.cosine
        # What is left of the length points elsewhere, for each product elsewhere.
        vector[1 + digest[0] % (DIMENSION - 1)] = math.sqrt(1 - self.cosine**2)
        lanes = {"words": sparse(self.words), "kind": sparse({"kind": self.kind}) if self.kind else Sparse()}
        document = {"id": self.id, "title": self.id, **self.document}
        return Point(self.id, tuple(vector.tolist()), document, self.id, self.id, lanes, self.codes)


QUERY: Vector = np.eye(DIMENSION, dtype=np.float32)[0]

SHELF = (
    Item("best", 0.9, {"lamp": 1.5, "red": 1.0}, document={"price": 30, "colour": "Black", "brand": "Tarn"}),
    Item("second", 0.8, {"lamp": 1.2}, document={"price": 20, "colour": ["Red", "White"], "brand": "Oak"}),
    Item("third", 0.7, document={"price": 40, "brand": "Tarn"}),
    Item("fourth", 0.6, kind=1.0, document={"price": 10, "colour": "Red", "brand": "Oak"}),
    Item("worded", 0.1, {"lamp": 1.4, "red": 1.4}, document={"price": 5, "colour": "Black"}),
    Item("far", 0.2, document={"price": 1, "colour": "Black", "brand": "Tarn"}),
    Item("noted", 0.15, {"desk": 1.0}, document={"price": 2, "colour": "Blue"}),
    Item("coded", -0.3, codes=("tn2110", "12345678905"), document={"price": 99, "colour": "Blue", "brand": "Oak"}),
)
"""For the query `QUERY` and the words «red lamp»: the first five are found, the others are not."""


def filled(store: VectorStore, items: Sequence[Item] = SHELF, **more: Any) -> Collection:
    made = manifest("shelf", fields=FIELDS, products=len(items), **{"lanes": LANES, **more})
    collection = store.create(made)
    collection.upsert([item.point() for item in items])
    collection.optimize()
    return collection


def asked(items: Sequence[Item] = SHELF, words: Sequence[str] = ("red", "lamp"), **more: Any) -> Asked:
    """What a query asks for, its words weighed by their rarity among the items."""
    laned = [item for item in items if item.words]
    counts = {term: sum(term in item.words for item in laned) for term in words}
    worth = {term: math.log((len(laned) - n + 0.5) / (n + 0.5) + 1) for term, n in counts.items()}
    known = {term: 1.0 for term in words if counts[term]}
    query = WordQuery(sparse(known), sum(worth.values()), sum(worth[term] for term in known))
    return Asked(**{"vector": QUERY, "words": query, "kinds": sparse({"kind": 1.0}), "ratio": 0.6, **more})


def found(collection: Collection, wanted: Asked, most: int = 1000, look: Any = None, **request: Any) -> CandidateSet:
    return by_words_and_meaning(collection, wanted, SearchRequest("red lamp", **request), most, look)


def names(result: CandidateSet, items: Sequence[Item] = SHELF) -> list[str]:
    by_id = {point_id(item.id): item.id for item in items}
    return [by_id[candidate.point_id] for candidate in result.page]


def condition(field_: str, op: Any, value: Any, strength: Any = "must", members: tuple[str, ...] = ()) -> Constraint:
    return Constraint(field_, op, value, (0, 1), "x", strength, members)
