"""A trained sequence model over a catalogue: the steps of a shopper → how likely each product is the next.

A product is its text first: a learned projection of the vector that the index stores for it. Products that shoppers did
something with before the training have an embedding of their own on top, found by their id, and a bias for how often
they are taken. So a product that is new since then is scored by its text, one that is gone costs nothing, and a model
can be laid over any list of products of the same encoder.

A model has a few members, trained with different seeds; their scores are averaged before they become probabilities.
Training is in search/encoding/sequences.py; search/recommending/network_files.py makes bytes of `network.model`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from search.errors import EncoderMismatch
from search.recommending.interactions import Floats, Trail
from search.recommending.sequence_inputs import Steps, latest, steps_of
from search.recommending.sequence_readers import READERS, UNTIED, Weights, shapes, softmax

_BATCH = 256
"""Trails scored at once: more do not get faster, and their scores need room."""


@dataclass(frozen=True, slots=True, eq=False)
class SequenceModel:
    """What training learnt, belonging to no list of products.

    `name` is "gru" or "sasrec". `products` are the ids of those with an embedding of their own, in the order of its
    rows. Each of the `members` has, by name:

    - "projection", shape (dimension, width), and "shift" (width,): text vector → product embedding
    - "ids" (products, width): added for the products that have one
    - "read.projection", "read.shift", "read.ids" where the reader is one of UNTIED: the same for the products of the
      steps that are read; elsewhere a product is the same in both places
    - "taken" (products,), and "new" () for all others: the bias of a product in the scores
    - "scale" (): what the dot product of query and product is multiplied with
    - the weights of its reader, under the names of `sequence_readers.shapes`
    """

    name: str
    products: tuple[str, ...]
    members: tuple[Weights, ...]
    _rows: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Once, and not for each list of products: a server lays a model over new candidates at every request.
        object.__setattr__(self, "_rows", {product: row for row, product in enumerate(self.products)})

    @property
    def dimension(self) -> int:
        """Of the text vectors that it was trained with."""
        return int(self.members[0]["projection"].shape[0])

    @property
    def width(self) -> int:
        return int(self.members[0]["projection"].shape[1])

    def over(self, products: Sequence[str], vectors: Floats) -> SequenceNetwork:
        """This model for a list of products and their text vectors, shape (len(products), dimension).

        Raises EncoderMismatch where the vectors are of another dimension.
        """
        if vectors.shape != (len(products), self.dimension):
            raise EncoderMismatch(
                f"The model '{self.name}' was trained with vectors of {self.dimension} dimensions, and these are "
                f"{vectors.shape[-1]}: train it again with python -m indexer train-sequences."
            )
        found = np.array([self._rows.get(product, -1) for product in products], np.int64)
        known = found >= 0
        tables = [_embedded(member, "", vectors, found) for member in self.members]
        bias = np.zeros(len(products), np.float32)
        for member in self.members:
            bias += np.where(known, member["taken"][found], member["new"]) if len(self.products) else member["new"]
        return SequenceNetwork(
            self, vectors, found, np.concatenate(tables, axis=1), bias / np.float32(len(self.members))
        )


def _embedded(member: Weights, prefix: str, vectors: Floats, rows: NDArray[np.int64]) -> Floats:
    """Text vectors, shape (n, dimension), and rows of own embeddings, −1 for none → shape (n, width)."""
    made: Floats = vectors @ member[f"{prefix}projection"] + member[f"{prefix}shift"]
    known = rows >= 0
    made[known] += member[f"{prefix}ids"][rows[known]]
    return made


def member_shapes(name: str, products: int, dimension: int, width: int) -> dict[str, tuple[int, ...]]:
    """What every weight of a member must look like."""
    items: Mapping[str, tuple[int, ...]] = {
        "projection": (dimension, width),
        "shift": (width,),
        "ids": (products, width),
        "taken": (products,),
        "new": (),
        "scale": (),
    }
    read = {f"read.{key}": items[key] for key in ("projection", "shift", "ids")} if name in UNTIED else {}
    return dict(items) | read | shapes(name, width)


@dataclass(frozen=True, slots=True, eq=False)
class SequenceNetwork:
    """A `Method` over one list of products.

    `rows` says which of the model's own embeddings each product has, −1 for none. `tables` holds the embeddings of all
    members side by side, shape (products, members × width), so that averaging their scores is one product of matrices;
    `bias` has the shape (products,).
    """

    model: SequenceModel
    vectors: Floats
    rows: NDArray[np.int64]
    tables: Floats
    bias: Floats

    @property
    def name(self) -> str:
        return self.model.name

    def scores(self, trails: Sequence[Trail]) -> Floats:
        """The probability of each product to be the next, shape (len(trails), products); a row of zeros for a trail
        with nothing in it but dislikes."""
        found = np.zeros((len(trails), len(self.bias)), np.float32)
        read = [latest(trail) for trail in trails]
        rows = np.array([row for row, trail in enumerate(read) if len(trail)], np.int64)
        if not len(self.bias):
            return found
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            found[some] = softmax(self._logits(steps_of([read[row] for row in some])))
        return found

    def _logits(self, read: Steps) -> Floats:
        width = self.model.width
        queries = np.empty((len(read.lengths), self.tables.shape[1]), np.float32)
        # Behind the end of a trail stands −1, any product: the readers do not look at it.
        places, back = np.unique(read.products, return_inverse=True)
        prefix = "read." if self.name in UNTIED else ""
        for number, member in enumerate(self.model.members):
            embedded = _embedded(member, prefix, self.vectors[places], self.rows[places])
            steps = embedded[back.reshape(read.products.shape)] + read.features @ member["features"]
            found = READERS[self.name](member, steps, read) * member["scale"]
            queries[:, number * width : (number + 1) * width] = found
        logits: Floats = queries @ self.tables.T / np.float32(len(self.model.members)) + self.bias
        return logits
