"""A comparison as the model says it, line by line → its lines as they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from search.domain import Document, Language
from search.explanation import short_name
from search.grounding import Dropped
from search.narration.asked import Asked
from search.narration.checking import Checker, joined
from search.narration.lines import Line

MOST_SENTENCES = 2
"""Of an explanation, and of each line of a comparison."""


class Compared:
    """Lines of a comparison → those that may be shown, as they will be, in the order of the products.

    A product of which the model said nothing grounded has what sets it apart as the evidence says it, so that the
    comparison is one of them all; not before something of the model's own is shown.
    """

    def __init__(self, asked: Asked, dropped: list[Dropped]) -> None:
        self._asked = asked
        self._facts = asked.facts
        self._language = asked.language
        self._names = _names(asked.documents, self._language)
        self._dropped = dropped
        self._shown = 0  # products whose line is out, from the first on
        self._spoke = False

    @property
    def full(self) -> bool:
        return self._shown == len(self._facts)

    def take(self, lines: Sequence[Line], cut: bool = False) -> Iterator[str]:
        for line in lines:
            # A line about no product, or about one that has its line, cannot be checked and shown as what it is.
            if line.number is None or not self._shown < line.number <= len(self._facts):
                continue
            place = line.number - 1
            checker = Checker(partial(self._asked.ground, place), self._language, MOST_SENTENCES)
            checker.take(line.text)
            checker.end(cut)
            self._dropped += checker.dropped
            if checker.kept:
                self._spoke = True
                yield from self._from_evidence(place)
                yield self._line(place, joined((*checker.kept, *self._asked.openly(place)), self._language))
                self._shown = line.number

    def rest(self) -> Iterator[str]:
        if self._spoke:
            yield from self._from_evidence(len(self._facts))

    def _from_evidence(self, end: int) -> Iterator[str]:
        while self._shown < end:
            facts = self._facts[self._shown]
            clauses = facts.compared or facts.evidence[:1]
            if clauses:
                stop, between = ("。", "；") if self._language == "zh" else (".", "; ")
                yield self._line(self._shown, between.join(clauses).rstrip(".。") + stop)
            self._shown += 1

    def _line(self, place: int, text: str) -> str:
        return f"{self._names[place]}{'：' if self._language == 'zh' else ': '}{text}"


def _names(documents: Sequence[Document], language: Language) -> list[str]:
    """As they are called in a comparison; by their ids, too, where their titles begin alike."""
    names = [short_name(document, language) for document in documents]
    return [
        name if names.count(name) == 1 else f"{name} ({document.get('id')})"
        for name, document in zip(names, documents, strict=True)
    ]
