"""Which attributes of a catalogue become filterable: the ones that many products bear and that have short values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from search.documents import field_kind
from search.domain import CORE_FIELDS, CORE_KINDS, Document, FieldKind
from search.writing import MAX_FIELDS

_COVERAGE = 0.002
"""An attribute that fewer products than this share bear is shown, not filtered on."""


@dataclass(frozen=True, slots=True)
class FieldChoice:
    fields: Mapping[str, FieldKind]
    unfiltered: tuple[str, ...]


class FieldCensus:
    """Counts attribute kinds while the catalogue streams by."""

    def __init__(self) -> None:
        self._kinds: defaultdict[str, Counter[FieldKind | None]] = defaultdict(Counter)
        self._products = 0

    def add(self, document: Document) -> None:
        self._products += 1
        for name, value in document.items():
            if name not in CORE_FIELDS:
                self._kinds[name][field_kind(value)] += 1

    def choose(self) -> FieldChoice:
        """The canonical fields and the most common attributes, up to MAX_FIELDS; the same for the same products."""
        least = max(2, round(_COVERAGE * self._products)) if self._products >= 100 else 1
        usable: dict[str, tuple[int, FieldKind]] = {}
        for name, kinds in self._kinds.items():
            kind = _kind(kinds)
            if kind is not None and kinds.total() >= least:
                usable[name] = (kinds.total(), kind)
        ranked = sorted(usable, key=lambda name: (-usable[name][0], name))[: MAX_FIELDS - len(CORE_KINDS)]
        fields = dict(CORE_KINDS) | {name: usable[name][1] for name in sorted(ranked)}
        return FieldChoice(fields, tuple(sorted(set(self._kinds) - set(ranked))))


def _kind(kinds: Counter[FieldKind | None]) -> FieldKind | None:
    """The kind of nearly all values. Where dates or numbers mix with words, they are words; prose rules a field out."""
    total = kinds.total()
    best, count = max(kinds.items(), key=lambda item: (item[1], str(item[0])))
    if best is not None and count >= 0.9 * total:
        return best
    texts = kinds["text"] + kinds["date"]
    return "text" if texts >= 0.5 * total else None
