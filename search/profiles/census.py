"""What the catalogue of one version holds, as far as a profile has to know: which fields tell of taste, how common each
value is, and how alike two products are that have nothing to do with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from search.lanes import LEXICON
from search.lexicon.contents import Contents, unpack
from search.lexicon.phrases import Role, phrases
from search.protocols import Collection
from search.storage.payload import fold

_USUAL: Mapping[str, Role] = {
    "brand": "brand", "category": "category", "colour": "colour", "color": "colour", "size": "size",
    "material": "material",
}  # fmt: skip
"""What is looked at where nothing is known of the catalogue."""

_SAMPLE = 256
"""Products of which it is told how alike products are. Point ids are hashes, so the first are a fair sample."""


@dataclass(frozen=True, slots=True)
class Valued:
    """A value of a field as the catalogue writes it, and its share of the products that have the field."""

    written: str
    share: float


@dataclass(frozen=True)
class Census:
    """`values` by field and folded value; `likeness` is the mean cosine of two products.

    `sizes` finds the values, as (field, folded), that a size as people say it fits: m → S-XL.
    """

    roles: Mapping[str, Role] = field(default_factory=lambda: dict(_USUAL))
    values: Mapping[str, Mapping[str, Valued]] = field(default_factory=dict)
    likeness: float = 0.0
    sizes: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, collection: Collection) -> Census:
        """Raises IndexDamaged. Worth remembering: it takes as long as to read the lexicon."""
        data = collection.artefact(LEXICON)
        likeness = _likeness(collection)
        if data is None:
            return cls(likeness=likeness)
        contents = unpack(data)
        return cls(dict(contents.roles), _values(contents), likeness, _sizes(contents))

    def share(self, name: str, folded: str) -> float:
        """Of the products that have the field, how many have the value, 0..1; 0 for one that nobody counted."""
        known = self.values.get(name, {}).get(folded)
        return known.share if known is not None else 0.0

    def fields(self, role: Role) -> list[str]:
        return [name for name, its in self.roles.items() if its == role]


def _values(contents: Contents) -> dict[str, dict[str, Valued]]:
    counts: defaultdict[str, dict[str, tuple[str, int]]] = defaultdict(dict)
    for value in contents.values:
        folded = fold(value.written)
        written, before = counts[value.field].get(folded, (value.written, 0))
        counts[value.field][folded] = (written, before + value.count)
    return {
        name: {
            folded: Valued(written, min(1.0, count / max(1, contents.present.get(name, contents.products))))
            for folded, (written, count) in held.items()
        }
        for name, held in counts.items()
    }


def _sizes(contents: Contents) -> dict[str, tuple[tuple[str, str], ...]]:
    found: defaultdict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    for value in contents.values:
        if contents.roles.get(value.field) == "size":
            for phrase in phrases(value.written, "size"):
                found[phrase][value.field, fold(value.written)] = None
    return {phrase: tuple(values) for phrase, values in found.items()}


def _likeness(collection: Collection) -> float:
    points = collection.retrieve([one.point_id for one in collection.browse(_SAMPLE)])
    return mean_cosine([point.vector for point in points])


def mean_cosine(vectors: Sequence[Sequence[float]]) -> float:
    """Of two different ones of these unit vectors; 0 where there are no two."""
    if len(vectors) < 2:
        return 0.0
    total = float(np.square(np.asarray(vectors, dtype=np.float64).sum(axis=0)).sum())
    return max(0.0, (total - len(vectors)) / (len(vectors) * (len(vectors) - 1)))


__all__ = ["Census", "Valued", "mean_cosine"]
