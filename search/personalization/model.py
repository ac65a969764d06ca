"""The weights of the score parts: what of a product's score is relevance, and what is taste.

    score = Σ weight · part

One linear sum, so that the share of each part can be told to whoever asks why. The weights are the documented ones
(docs/personalization.md), or are learned from clicks and purchases (`python -m indexer train-ranker`) and kept with the
version as an artefact. A model knows by name the parts that it was trained on and refuses to weigh others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson
from numpy.typing import NDArray

from search.errors import RankingModelMismatch

Floats64 = NDArray[np.float64]

ARTEFACT = "ranker"
"""The name under which a version keeps its learned weights, and what `degraded` says when they do not fit."""

RECIPE = "taste-1"
"""Names how the parts are worked out. Another name makes weights that were learned for the old parts useless."""

BASE_PARTS = ("score", "semantic", "lexical", "kind", "popularity")
"""What everybody's order is made of: the score of retrieval, and its parts, which weigh nothing by default."""

PERSONAL_PARTS = ("interest", "session", "brand", "category", "attributes", "price", "together", "repeat")
"""What the shopper's profile says of a product; all 0 for anonymous shoppers. search/personalization/parts has them."""

FEATURES = (*BASE_PARTS, *PERSONAL_PARTS)


@dataclass(frozen=True)
class RankingModel:
    """`weights` by the order of `features`. `recipe` is that of the parts, `trained` what is told of the training."""

    features: tuple[str, ...]
    weights: tuple[float, ...]
    recipe: str = RECIPE
    trained: Mapping[str, float | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises RankingModelMismatch unless it weighs just the parts that there are, with finite weights."""
        if self.recipe != RECIPE:
            raise _mismatch(f"they were learned for parts of the recipe {self.recipe}, and these are {RECIPE}")
        if self.features != FEATURES:
            lacking, unknown = set(FEATURES) - set(self.features), set(self.features) - set(FEATURES)
            said = [f"they lack {', '.join(sorted(lacking))}"] * bool(lacking)
            said += [f"they weigh {', '.join(sorted(unknown))}, of which nothing is known here"] * bool(unknown)
            raise _mismatch(" and ".join(said) or "they are in another order")
        if len(self.weights) != len(self.features) or not all(map(math.isfinite, self.weights)):
            raise _mismatch(f"there is not a finite weight for each of the {len(self.features)} parts")

    def weight(self, part: str) -> float:
        return self.weights[self.features.index(part)]

    @property
    def base(self) -> Floats64:
        """Shape (len(BASE_PARTS),)."""
        return np.array(self.weights[: len(BASE_PARTS)])

    @property
    def personal(self) -> Floats64:
        """Shape (len(PERSONAL_PARTS),)."""
        return np.array(self.weights[len(BASE_PARTS) :])

    @property
    def orders_as_retrieval(self) -> bool:
        """Whether everybody's order is the one that retrieval gave."""
        return self.weights[0] > 0 and not any(self.weights[1 : len(BASE_PARTS)])

    def score(self, parts: Mapping[str, float]) -> float:
        """Of one product; a part that it lacks, or that is not finite, counts as 0."""
        found = (parts.get(name, 0.0) for name in self.features)
        return sum(
            weight * part for weight, part in zip(self.weights, found, strict=True) if part and math.isfinite(part)
        )

    def scores(self, parts: Floats64) -> Floats64:
        """Shape (products,), of parts of shape (products, len(FEATURES)); NaN counts as 0."""
        summed: Floats64 = np.nan_to_num(parts, nan=0.0, posinf=0.0, neginf=0.0) @ np.array(self.weights)
        return summed

    def to_bytes(self) -> bytes:
        return orjson.dumps(
            {
                "recipe": self.recipe,
                "features": list(self.features),
                "weights": list(self.weights),
                "trained": dict(self.trained),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> RankingModel:
        """Raises RankingModelMismatch where the bytes are no model, or one for other parts."""
        try:
            read = orjson.loads(data)
            features, weights = _texts(read["features"]), tuple(float(each) for each in read["weights"])
            recipe, trained = str(read["recipe"]), dict(read.get("trained", {}))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise _mismatch(f"they cannot be read ({type(error).__name__})") from error
        return cls(features, weights, recipe, trained)


def _mismatch(what: str) -> RankingModelMismatch:
    return RankingModelMismatch(f"{what}. Learn them again with: python -m indexer train-ranker")


def _texts(read: Sequence[object]) -> tuple[str, ...]:
    if not isinstance(read, list):
        raise TypeError
    return tuple(str(each) for each in read)


DEFAULT = RankingModel(
    FEATURES,
    (
        1.0,  # score: the relevance to the words, 0..1, as it is
        0.0,  # semantic, lexical, kind: they are in the score already
        0.0,
        0.0,
        0.0,  # popularity: nothing is known of it where nobody learned
        1.6,  # interest: cosine to what they are after, above the mean of the window
        0.7,  # session: the same for what they are after now
        0.3,  # brand
        0.1,  # category
        0.2,  # attributes
        0.05,  # price
        0.35,  # together: a logarithm of odds
        1.0,  # repeat
    ),
)
"""Where nothing was learned. Each weight with its reason: docs/personalization.md."""
