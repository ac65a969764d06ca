"""The products of one open version, as profiles read them, kept in memory: a rebuilt profile reads only what is new."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from search.profiles.cache import Cache
from search.profiles.census import Census
from search.profiles.traits import Traits
from search.protocols import Collection
from search.storage.payload import point_id

_MOST = 50_000
_MOST_BYTES = 64 * 2**20
_REMEMBERED_WRITES = 16


class Goods:
    """Safe to use from several threads. Holds no reference to the collection, which may be closed before it."""

    def __init__(self, census: Census) -> None:
        self.census = census
        self._traits: Cache[str, Traits] = Cache(_MOST, _MOST_BYTES, _weight)
        self._writes: deque[frozenset[str]] = deque(maxlen=_REMEMBERED_WRITES)
        self._count = 0
        self._turn = threading.Lock()

    @classmethod
    def of(cls, collection: Collection) -> Goods:
        goods = cls(Census.of(collection))
        collection.when_written(goods.written)
        return goods

    @property
    def writes(self) -> int:
        """How often products were written so far."""
        return self._count

    def written(self, product_ids: Sequence[str]) -> None:
        """These products are other ones by now."""
        changed = frozenset(product_ids)
        with self._turn:
            self._count += 1
            self._writes.append(changed)
        self._traits.forget(changed)

    def touched(self, products: AbstractSet[str], since: int) -> bool:
        """Whether any of these may have been written since so many writes."""
        if since == self._count:
            return False
        with self._turn:
            missed = self._count - since
            latest = list(self._writes)[-missed:]
        return missed > len(latest) or any(not products.isdisjoint(changed) for changed in latest)

    def traits(self, collection: Collection, products: Sequence[str]) -> dict[str, Traits]:
        """Of those that the index has."""
        found: dict[str, Traits] = {}
        missing = []
        for product in products:
            known = self._traits.get(product)
            if known is None:
                missing.append(product)
            else:
                found[product] = known
        if not missing:
            return found
        before = self._count
        for point in collection.retrieve([point_id(product) for product in missing]):
            its = found[point.product_id] = Traits.of(point, self.census)
            if before == self._count:  # or it may be the product as it was
                self._traits.put(point.product_id, its)
        return found


def _weight(traits: Traits) -> int:
    return 300 + traits.vector.nbytes + 150 * sum(map(len, traits.values.values()))
