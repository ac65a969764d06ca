"""What is known in a shop: its products, and shoppers with a profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np

from search.bootstrap import Reader
from search.domain import Document
from search.protocols import Collection


def fields_of(collection: Collection, fields: Sequence[str]) -> list[Document]:
    """Of every product, its id and these fields."""
    return [
        {"id": point.product_id, **{name: point.document[name] for name in fields if name in point.document}}
        for point in collection.scroll(vectors=False)
    ]


def known_shoppers(
    reader: Reader,
    collection: Collection,
    name: Callable[[str], str],
    users: Sequence[str] | None,
    most: int,
    seed: int,
) -> list[str]:
    """Names of shoppers with a profile for this version: of these users, or of `most` of everybody, by chance.

    `name` gives the HMAC of the shop's id.
    """
    if reader.profiles is None or reader.store is None:
        return []
    if users is not None:
        names = [name(user) for user in dict.fromkeys(users)]
    else:
        every = [one for one, _ in groupby(reader.store.events(), key=lambda event: event.shopper) if one]
        names = [every[place] for place in np.random.default_rng(seed).permutation(len(every))]
    found: list[str] = []
    for one in names:
        if users is None and len(found) == most:
            break
        if reader.profiles.of(collection, one) is not None:
            found.append(one)
    return found
