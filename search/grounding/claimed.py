"""Claims that prose is no ground for: anybody may have written into it, and these do harm where they are wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from search.grounding.dictating import is_about_words
from search.grounding.fault import Fault
from search.grounding.reading import lowered, unified

_COMPARES = re.compile(r"most|best|least|worst|than|other|else|number|beats|最|第一|比|更|超|胜|优于|领先|同")


def claim_faults(low: str, solid: str) -> Iterator[Fault]:
    """`low`: the folded sentence. What `risky.txt` finds in it must stand in the product's title, its attributes or the
    evidence, `solid`."""
    for match in _risky().finditer(low):
        said = match.group().strip()
        if said not in solid:
            yield Fault("comparison" if _COMPARES.search(said) else "claim", said)


def may_be_repeated(sentence: str) -> bool:
    """Whether a sentence of a description claims nothing that takes more than a description, and speaks of the product
    alone."""
    return not is_about_words(sentence) and _risky().search(lowered(unified(sentence))) is None


@cache
def _risky() -> re.Pattern[str]:
    table = files("search.grounding").joinpath("words", "risky.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in table.splitlines() if line.strip() and not line.startswith("#")]
    return re.compile("|".join(f"(?:{line})" for line in lines))


__all__ = ["claim_faults", "may_be_repeated"]
