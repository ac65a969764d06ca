"""How far taste may go: nothing falls by more than a few places, and nothing passes what fits the query better.

The problem is a schedule. Places are time, the product at base place i must be served by place i + most_fall, and of
those that may be served the best score goes first. Base places are distinct and ascending, so at place p such a
schedule exists as long as the first product that still waits has its deadline at p or later: whoever is served before
it makes all that wait fall by one, and the first of them is always the most pressed. Hence one rule, and it is exact:
serve the first that waits when its deadline has come, else the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

MOST_FALL = 5
"""Places that a product may fall for taste. It bounds falls and not rises: what stands at 100 may come to 1."""


def placed(scores: Sequence[float], levels: Sequence[int], most_fall: int = MOST_FALL) -> list[int]:
    """The order of products with these scores, given in their base order, as indices into it.

    Higher scores come first, ties in the base order. No product stands more than `most_fall` places behind its base
    place. `levels` say how well each meets the query's own conditions, lower is better: no product passes one of a
    lower level that stood before it. O(n · (levels + log n)).
    """
    count = len(scores)
    if len(set(levels)) <= 1:
        return _placed_alike(scores, most_fall)
    done = [False] * count
    queues = [_Queue([n for n in range(count) if levels[n] == level], scores, done) for level in sorted(set(levels))]
    order: list[int] = []
    first = 0
    for place in range(count):
        while done[first]:
            first += 1
        chosen = first
        if place < first + most_fall:
            barrier = count
            best: tuple[float, int] | None = None
            for queue in queues:
                offer = queue.best_before(barrier)
                if offer is not None and (best is None or offer < best):
                    best = offer
                barrier = min(barrier, queue.first_waiting())
            if best is not None:
                chosen = best[1]
        done[chosen] = True
        order.append(chosen)
    return order


def _placed_alike(scores: Sequence[float], most_fall: int) -> list[int]:
    """`placed` where all are of one level, as in most searches: nobody waits for a barrier, so sorting once will do."""
    count = len(scores)
    best = sorted(range(count), key=lambda n: (-scores[n], n))
    done = [False] * count
    order: list[int] = []
    first = next_best = 0
    for place in range(count):
        while done[first]:
            first += 1
        if place < first + most_fall:
            while done[best[next_best]]:
                next_best += 1
            chosen = best[next_best]
        else:
            chosen = first
        done[chosen] = True
        order.append(chosen)
    return order


class _Queue:
    """The products of one level that wait. Barriers only ever move back, so whoever was let in once stays in."""

    def __init__(self, members: Sequence[int], scores: Sequence[float], done: Sequence[bool]) -> None:
        self._members, self._scores, self._done = members, scores, done
        self._first = 0
        self._let_in = 0
        self._heap: list[tuple[float, int]] = []

    def first_waiting(self) -> int:
        """Its base place; past the end where none waits."""
        while self._first < len(self._members) and self._done[self._members[self._first]]:
            self._first += 1
        return self._members[self._first] if self._first < len(self._members) else len(self._done)

    def best_before(self, barrier: int) -> tuple[float, int] | None:
        """(−score, base place) of the best that waits and stood before the barrier."""
        while self._let_in < len(self._members) and self._members[self._let_in] < barrier:
            member = self._members[self._let_in]
            heappush(self._heap, (-self._scores[member], member))
            self._let_in += 1
        while self._heap and self._done[self._heap[0][1]]:
            heappop(self._heap)
        return self._heap[0] if self._heap else None
