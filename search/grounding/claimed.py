"""Claims that harmless words make together: «people love it», «right for everyone», 大家都说好."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from search.grounding.fault import Fault, Kind
from search.grounding.ground import Ground

_COMPARES = re.compile(r"most|best|least|worst|than|other|else|best|number|beats|最|第一|比|更|超|胜|优于|领先|同")


def claim_faults(low: str, ground: Ground) -> Iterator[Fault]:
    """`low`: the folded sentence. What `claims.txt` finds in it must stand so in the product's text, what `risky.txt`
    finds in its title, its attributes or the evidence: a description is no ground for that."""
    for match in _listed("claims.txt").finditer(low):
        said = match.group().strip()
        if said not in ground.plain and not ground.terms.get(said):
            yield Fault(_kind(said), said)
    for match in _listed("risky.txt").finditer(low):
        said = match.group().strip()
        if said not in ground.solid:
            yield Fault(_kind(said), said)


def _kind(said: str) -> Kind:
    return "comparison" if _COMPARES.search(said) else "claim"


@cache
def _listed(name: str) -> re.Pattern[str]:
    table = files("search.grounding").joinpath("words", name).read_text(encoding="utf-8")
    lines = [line.strip() for line in table.splitlines() if line.strip() and not line.startswith("#")]
    return re.compile("|".join(f"(?:{line})" for line in lines))


__all__ = ["claim_faults"]
