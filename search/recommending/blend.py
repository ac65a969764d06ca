"""The blend of methods that is served: what was learnt from everybody, laid over a list of products for one shopper.

    recommender = from_bytes(data)                                # of search/recommending/blend_files.py
    ids = recommender.candidates(trail, limit)                    # what others' trails put first
    blend = recommender.over(ids_and_theirs, vectors, documents)  # any list; `vectors` and `documents` say what is new
    judged = blend.judge(trail)                                   # judged.total, and judged.parts that add up to it
    reason = blend.explain(trail, place)                          # which part, which step of the trail

The score is a weighted sum of parts (search/recommending/parts.py), most of them logarithms: a product of the experts'
opinions, each taken to a power that was learnt, as in logarithmic opinion pools (Genest and Zidek 1986) and as in
log-linear models of choice. Weights are learnt by maximum likelihood in search/recommending/learning.py.

Products are matched by id. One that training did not know is judged by its text, `new` and its brand; one that is gone
costs nothing. Evaluation (`python -m eval sequences`) goes through `over` and `judge`, as serving does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from search.domain import Document
from search.errors import EncoderMismatch
from search.recommending.interactions import Floats, Numbers, Trail
from search.recommending.networks import SequenceModel
from search.recommending.parts import (
    BrandPart,
    ConstantPart,
    ContentPart,
    HadPart,
    NetworkPart,
    Part,
    RepeatPart,
    TablePart,
    WordsPart,
    brand_numbers,
    popularity,
)
from search.recommending.recency import in_a_row
from search.recommending.tables import Table
from search.recommending.words import Vocabulary
from search.shopper import Step

SILENT = frozenset({"had", "popular", "new"})
"""Parts that are no reason where another spoke for the product: they say the same to everybody, or nothing for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """`total` of shape (products,); `parts` by name, same shape, each as it counts in `total`: they add up to it."""

    total: Floats
    parts: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Because:
    """The part that speaks most for a product; `product` is the place in the list of the shopper's product that made it
    speak, None where no single one did. `share` of all that speaks for it, 0..1."""

    part: str
    product: int | None
    share: float


@dataclass(frozen=True, slots=True)
class Companion:
    """A product that goes with what was asked about, and how strongly."""

    product: str
    score: float


@dataclass(frozen=True, eq=False)
class Recommender:
    """What was learnt from the trails of all shoppers. Holds no trail and no shopper.

    `tables` are over `products`, as `goes` is, whose entries are complements by strength. `shares` (of all that was
    liked, lately) and `repeats` (rates) have shape (products,). `weights` by name of the part. `dimension` is that of
    the vectors it was trained with.
    """

    products: tuple[str, ...]
    dimension: int
    tables: tuple[Table, ...]
    goes: Table
    shares: Floats
    repeats: Floats
    vocabulary: Vocabulary
    weights: Mapping[str, float]
    networks: tuple[SequenceModel, ...] = ()

    @cached_property
    def rows(self) -> Mapping[str, int]:
        return {product: row for row, product in enumerate(self.products)}

    def over(self, products: Sequence[str], vectors: Floats, documents: Mapping[str, Document]) -> Blend:
        """For a list of different products: vectors of shape (len(products), dimension), unit length, zero where there
        is none. Of `documents` title and brand are read; a product may be missing there.

        Raises EncoderMismatch where the vectors are of another dimension.
        """
        if vectors.shape != (len(products), self.dimension):
            raise EncoderMismatch(
                f"The recommender was trained with vectors of {self.dimension} dimensions, and these are "
                f"{vectors.shape[-1]}: train it again with python -m indexer train-sequences."
            )
        known = self.rows
        rows = np.array([known.get(product, -1) for product in products], np.int32)
        shares, repeats = _with_none(self.shares)[rows], _with_none(self.repeats)[rows]
        parts: list[Part] = [
            ContentPart(vectors),
            WordsPart.of(self.vocabulary.rows([_text(documents, product, "title") for product in products])),
            BrandPart(brand_numbers([_text(documents, product, "brand") for product in products])),
            popularity(shares, len(self.products)),
            ConstantPart("new", (shares == 0).astype(np.float32)),
            RepeatPart(repeats),
            HadPart(len(products)),
            *(TablePart(table, rows) for table in self.tables),
            *(NetworkPart(network.over(products, vectors)) for network in self.networks),
        ]
        return Blend(len(products), tuple(parts), self.weights)

    def candidates(self, trail: Sequence[Step], limit: int) -> list[str]:
        """The products that the tables put first, best first; only such as they speak for, their own included."""
        rows = self.rows
        known = [step for step in trail if step.product in rows]
        walked = in_a_row(
            Trail.of(
                (rows[step.product] for step in known), (step.weight for step in known), (step.day for step in known)
            )
        )
        total = np.zeros(len(self.products), np.float32)
        everything = np.arange(len(self.products), dtype=np.int32)
        for table in self.tables:
            if weight := self.weights.get(table.name, 0.0):
                total += np.float32(weight) * TablePart(table, everything).values(walked)
        return [self.products[row] for row in _best(total, limit)]

    def goes_with(self, products: Sequence[str], limit: int) -> list[Companion]:
        """What others took with these products and what is not the same sort of thing; best first, none of them."""
        rows = [self.rows[product] for product in products if product in self.rows]
        total = np.zeros(len(self.products), np.float32)
        self.goes.add_up(rows, np.ones(len(rows), np.float32), total)
        total[rows] = 0
        return [Companion(self.products[row], float(total[row])) for row in _best(total, limit)]


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """A `Method` over one list of `products` products; trails are over that list."""

    products: int
    parts: tuple[Part, ...]
    weights: Mapping[str, float]

    @property
    def name(self) -> str:
        return "blend"

    def judge(self, trail: Trail) -> Judged:
        trail = in_a_row(trail)
        found: dict[str, Floats] = {}
        total = np.zeros(self.products, np.float32)
        for part in self.parts:
            if weight := self.weights.get(part.name, 0.0):
                found[part.name] = part.values(trail) * np.float32(weight)
                total += found[part.name]
        return Judged(total, found)

    def scores(self, trails: Sequence[Trail]) -> Floats:
        """Shape (len(trails), products); only the order within a row means anything."""
        found = np.empty((len(trails), self.products), np.float32)
        for row, trail in zip(found, trails, strict=True):
            row[:] = self.judge(trail).total
        return found

    def explain(self, trail: Trail, place: int, judged: Judged | None = None) -> Because | None:
        """Why the product at that place stands where it does; None where nothing speaks for it more than for others.

        What a part says is counted from what it says of the list on average (median), so that a part that thinks well
        of everything is not the reason of anything. `judged` is the answer of `judge`, where it is at hand.
        """
        judged = self.judge(trail) if judged is None else judged
        trail = in_a_row(trail)
        speak = {name: float(values[place] - np.median(values)) for name, values in judged.parts.items()}
        speak = {name: value for name, value in speak.items() if value > 0}
        if not speak:
            return None
        name = max(speak, key=lambda part: (part not in SILENT, speak[part]))
        step = next(part for part in self.parts if part.name == name).step(trail, place)
        return Because(name, None if step is None else int(trail.products[step]), speak[name] / sum(speak.values()))


def _text(documents: Mapping[str, Document], product: str, field: str) -> str:
    value = documents.get(product, {}).get(field)
    return value if isinstance(value, str) else ""


def _with_none(values: Floats) -> Floats:
    """With a 0 at the end, which −1 finds."""
    return np.append(values, np.float32(0))


def _best(scores: Floats, limit: int) -> Numbers:
    """Places of the greatest scores above 0, greatest first, of equal ones the first."""
    above = np.flatnonzero(scores > 0)
    ordered = above[np.argsort(-scores[above], kind="stable")]
    return ordered[:limit].astype(np.int32)
