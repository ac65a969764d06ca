"""How much is told, so that an explanation stays within its length: all of it first, then less and less."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from search.explanation.values import columns, cut

CAP = 220
"""Columns of an explanation at most: characters of English, or half as many of Chinese."""


@dataclass(frozen=True, slots=True)
class Thrift:
    """How much of each is told. `title` and `value` are columns, the others counts. What is not met is always told; of
    it at most `unmet`."""

    title: int = 40
    value: int = 32
    phrases: int = 3
    places: int = 2
    likings: int = 2
    moved: bool = True
    met: int = 4
    unmet: int = 3
    unknown: int = 3
    rest: bool = True


LEVELS = (
    Thrift(),
    Thrift(likings=1),
    Thrift(likings=1, moved=False),
    Thrift(title=30, value=24, likings=1, moved=False, phrases=2),
    Thrift(title=30, value=24, likings=1, moved=False, phrases=2, places=1, unknown=2),
    Thrift(title=24, value=20, likings=1, moved=False, phrases=2, places=1, unknown=2, met=2),
    Thrift(title=24, value=20, likings=0, moved=False, phrases=2, places=1, unknown=2, met=2),
    Thrift(title=20, value=16, likings=0, moved=False, phrases=1, places=1, unknown=1, met=1, unmet=2, rest=False),
    Thrift(title=16, value=12, likings=0, moved=False, phrases=1, places=1, unknown=1, met=1, unmet=1, rest=False),
)
"""What goes first is what matters least: a second liking, then places, the words in other fields, taste."""


ROOMY = Thrift(title=60, value=60, phrases=4, places=4, met=9, unmet=9, unknown=9, likings=5)
"""For a language model, which says it in words of its own."""


def within(tell: Callable[[Thrift], str], cap: int = CAP) -> str:
    """The fullest telling that is not too long."""
    told = ""
    for level in LEVELS:
        told = tell(level)
        if columns(told) <= cap:
            return told
    return cut(told, cap)
