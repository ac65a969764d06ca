"""What comes out of a model, piece by piece → the sentences that may be shown, each as soon as it is complete."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Sequence

from search.domain import Language
from search.grounding import Dropped, Ground, faults, sentences

MOST_CHARS = 4000
"""Of one answer. What a model says beyond that is not read."""

_ENDS = ("。", "！", "？")
"""A sentence is over with these; after an English full stop a digit may still follow."""


_MARK = re.compile(r"\s*[\[\]]\s*")
_WIDE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")


def unmarked(sentence: str) -> str:
    """Without the brackets by which a model marks what it copied: they keep it to copying, the check believes none of
    them, and nobody is shown one. Next to Chinese the blank around them goes, too."""

    def between(match: re.Match[str]) -> str:
        start, end = match.span()
        wide = _WIDE.match(sentence[start - 1 : start]) or _WIDE.match(sentence[end : end + 1])
        return "" if wide or not match.group().strip("[]") else " "

    return _MARK.sub(between, sentence).strip()


class Checker:
    """Of one product: text in pieces goes in, grounded sentences come out, at most `most` of them."""

    def __init__(self, ground: Callable[[], Ground], language: Language, most: int) -> None:
        """`ground` is called once, for the first sentence: it takes some milliseconds, and a model that is down says
        nothing that would have to be checked."""
        self._ground = functools.cache(ground)
        self._language = language
        self._most = most
        self._text = ""
        self._seen = 0
        self.kept: list[str] = []
        self.dropped: list[Dropped] = []

    @property
    def full(self) -> bool:
        """Whether nothing more will come out, whatever goes in."""
        return len(self.kept) >= self._most or len(self._text) >= MOST_CHARS

    def take(self, piece: str) -> list[str]:
        """The grounded sentences that `piece` completes."""
        self._text = (self._text + piece)[:MOST_CHARS]
        if not any(mark in piece for mark in " \n.!?。！？"):
            return []
        found = sentences(self._text)
        over = len(found) if self._text.rstrip().endswith(_ENDS) else len(found) - 1
        return self._checked(found[: max(over, 0)])

    def end(self, cut: bool = False) -> list[str]:
        """What was left is a sentence, too, unless the model was `cut` off in the middle of it."""
        found = sentences(self._text)
        whole = len(found)
        if cut and found and not found[-1].rstrip("”\"'’)）」 ").endswith((".", "!", "?", *_ENDS)):
            whole -= 1
        return self._checked(found[:whole])

    def _checked(self, found: Sequence[str]) -> list[str]:
        fresh = found[self._seen :]
        self._seen = max(self._seen, len(found))
        out = []
        for sentence in map(unmarked, fresh):
            if len(self.kept) >= self._most:
                break
            wrong = faults(sentence, self._ground(), self._language)
            if wrong:
                self.dropped.append(Dropped(sentence, wrong))
            elif sentence not in self.kept:
                self.kept.append(sentence)
                out.append(sentence)
        return out


def kinds(dropped: Sequence[Dropped]) -> Counter[str]:
    """How many sentences were dropped for each kind of fault; a sentence may have several."""
    return Counter(kind for each in dropped for kind in {fault.kind for fault in each.faults})


def joined(kept: Sequence[str], language: Language) -> str:
    return ("" if language == "zh" else " ").join(kept)
