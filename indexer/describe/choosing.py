"""Which products are described: those named, or those that pass a filter, of the version that is live at the start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from search.domain import Document, Filter
from search.protocols import Collection
from search.storage.payload import point_id

BATCH = 200


@dataclass(frozen=True, slots=True)
class Chosen:
    """`points` by the store's ids, in a stable order; `unknown` are ids asked for that the index does not have."""

    points: tuple[str, ...]
    unknown: tuple[str, ...] = ()


def choose(collection: Collection, ids: Sequence[str] | None, filter: Filter | None, limit: int | None) -> Chosen:
    """Raises FilterError."""
    if ids is not None:
        wanted = {point_id(product): product for product in dict.fromkeys(ids)}
        there = {point_id(one.product_id) for one in collection.retrieve(list(wanted), vectors=False)}
        unknown = tuple(product for point, product in wanted.items() if point not in there)
        return Chosen(tuple(point for point in wanted if point in there)[:limit], unknown)
    total = collection.count(filter)
    reach = total if limit is None else min(limit, total)
    return Chosen(tuple(found.point_id for found in collection.browse(reach, filter)) if reach else ())


def documents(collection: Collection, chosen: Chosen) -> Iterator[Document]:
    """A few hundred at a time: a catalogue may be larger than memory."""
    for start in range(0, len(chosen.points), BATCH):
        for point in collection.retrieve(chosen.points[start : start + BATCH], vectors=False):
            yield point.document
