"""Writes judgements. Grades that no person gave are marked in column 2, which TREC leaves at 0."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eval.judging.pools import Pair
from eval.qrels import MACHINE, replacing
from search.errors import JudgementError


def write_qrels(path: Path, people: Mapping[Pair, float], machine: Mapping[Pair, float] | None = None) -> None:
    """Replaces `path`: queries in the order of their first pair. Where both graded, the people's grade stands.

    Separated by tabs, so ids may hold spaces. Raises JudgementError for an id with a tab or a line break.
    """
    marked = {pair: (MACHINE, grade) for pair, grade in (machine or {}).items()}
    marked = {pair: ("0", grade) for pair, grade in people.items()} | {
        pair: mark for pair, mark in marked.items() if pair not in people
    }
    place: dict[str, int] = {}
    for pair in marked:
        place.setdefault(pair.query, len(place))
    with replacing(path) as file:
        for pair, (mark, grade) in sorted(marked.items(), key=lambda item: place[item[0].query]):
            for name in (pair.query, pair.product):
                if not name or name != name.strip() or any(sign in name for sign in "\t\n\r"):
                    raise JudgementError(
                        f"The id {name!r} cannot stand in {path}: no tabs, line breaks or outer spaces."
                    )
            file.write(f"{pair.query}\t{mark}\t{pair.product}\t{grade:.9g}\n")
