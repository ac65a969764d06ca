"""Team-draft interleaving: two rankings → one list in which each has as good places as the other. Pure functions.

After Radlinski, Kurup and Joachims, How does clickthrough data reflect retrieval quality? (CIKM 2008): in each round a
coin says which team picks first, then each team picks its best product that is not in the list yet. Clicks on a team's
products speak for it.

Two departures, both where a click can say nothing about which ranking is better:

- A product that both teams would pick next takes the next place without a team, and a new round begins. As published it
  goes to the team that the coin favours: credit by chance, zero on average, which only adds noise to the difference.
- When one ranking has run out, the rest of the other follows without a team. As published the list ends there; a shop
  must not lose products, but they stand where nobody competed.

So what is in the list after a round does not depend on the coins; they only say who is first in each pair. A shopper
who clicks without looking at the products therefore gives both teams the same credit on average, for whatever
probability of a click at each place, and in every beginning of the list the teams differ by one product at most.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Literal

Team = Literal[0, 1]


@dataclass(frozen=True, slots=True)
class Pick:
    """A product of the list and who put it there: 0 the first ranking, 1 the second, None neither."""

    product: str
    team: Team | None


def draft(first: Sequence[str], second: Sequence[str], coins: Iterable[bool]) -> tuple[Pick, ...]:
    """Every product of both rankings, each once. A true coin lets the second team pick first; one for each round.

    The first n picks depend on the first n products of each ranking alone: pages can be cut from rankings that are
    known down to the end of the page.
    """
    picks: list[Pick] = []
    taken: set[str] = set()
    flips = iter(coins)
    for one, other in _rounds(first, second, taken):
        if one == other:
            pair: tuple[Pick, ...] = (Pick(one, None),)
        else:
            pair = (Pick(one, 0), Pick(other, 1))
            if next(flips):
                pair = pair[::-1]
        picks += pair
        taken.update((one, other))
    for product in chain(first, second):
        if product not in taken:
            picks.append(Pick(product, None))
            taken.add(product)
    return tuple(picks)


def coins_of(seed: str) -> Iterator[bool]:
    """Fair coins without an end, the same for the same seed everywhere: bits of SHA-256 of block number and seed."""
    for block in count():
        bits = int.from_bytes(hashlib.sha256(f"{block}\0{seed}".encode()).digest(), "big")
        for place in range(256):
            yield bool(bits >> place & 1)


def _rounds(first: Sequence[str], second: Sequence[str], taken: set[str]) -> Iterator[tuple[str, str]]:
    """What each team would pick next, as long as both have something; the caller adds to `taken` in between."""
    i = j = 0
    while True:
        while i < len(first) and first[i] in taken:
            i += 1
        while j < len(second) and second[j] in taken:
            j += 1
        if i == len(first) or j == len(second):
            return
        yield first[i], second[j]
