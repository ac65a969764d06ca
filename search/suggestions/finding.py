"""What was typed so far → completions. Under a millisecond, most of it numpy over slices of flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from search.lexicon.folding import fold, is_han, runs, segment
from search.suggestions import nearness
from search.suggestions.choosing import Found, choose
from search.suggestions.entries import AT_THE_START, KINDS, Entry, Kind, Suggestion, worth
from search.suggestions.frozen import Frozen, Numbers, Words, freeze, from_bytes, to_bytes
from search.suggestions.stop_words import LITTLE_WORDS

MAX_CHARS = 200
"""Of what was typed, more is not read."""

MAX_WORDS = 8

HAN_CHARS = 4
"""Characters by which a place in Chinese text is found; what a query has beyond them is compared afterwards."""

ENOUGH = 3
"""With fewer completions than this, words are taken less literally."""

TYPO_FROM = 4
"""Letters that a typed word must have before one of them may be wrong."""

_WHOLE_WORD = 0.3
_LOOSER = 1.5
_TOP = 128
_TOP_TITLES = 24

Scores = NDArray[np.float32]
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Typed:
    """`words` as folded; `done`: a space or sign follows the last one, so it is not being typed any more."""

    words: tuple[str, ...]
    done: bool

    @classmethod
    def of(cls, typed: str) -> _Typed:
        text = fold(typed[:MAX_CHARS])
        words = runs(text)
        return cls((*words[: MAX_WORDS - 1], *words[MAX_WORDS - 1 :][-1:]), not words or not text.endswith(words[-1]))


class Suggestions:
    """The completions of one index version. Immutable, and safe to use from several threads."""

    def __init__(self, frozen: Frozen) -> None:
        self._frozen = frozen
        self._words = Words(frozen.words)
        kinds, counts = frozen.kinds, frozen.counts
        prior = np.array([worth(kind, 0) for kind in KINDS], dtype=np.float32)
        tenfold = worth("title", 9) - worth("title", 0)
        self._worth: Scores = (prior[kinds] + tenfold * np.log10(1 + counts)).astype(np.float32)
        self._start: Scores = np.array([AT_THE_START[kind] for kind in KINDS], dtype=np.float32)[kinds]
        self._titles = kinds == KINDS.index("title")
        self._popular = np.flatnonzero(~self._titles)[:_TOP]
        # Many ask for the same; a copy in each version, since each has words of its own.
        self._judged = lru_cache(maxsize=16384)(self._uses_every_word)

    @classmethod
    def empty(cls) -> Suggestions:
        """Of a version that was built without."""
        return cls(freeze([], [], [], [], {}))

    @classmethod
    def from_bytes(cls, data: bytes) -> Suggestions:
        """Raises IndexDamaged unless `to_bytes` of this format wrote it."""
        return cls(from_bytes(data))

    def to_bytes(self) -> bytes:
        """Versioned and compressed."""
        return to_bytes(self._frozen)

    def __len__(self) -> int:
        return len(self._frozen.texts)

    @property
    def nbytes(self) -> int:
        """Memory that they take, in bytes, but for some small change."""
        return self._frozen.nbytes + self._worth.nbytes + self._start.nbytes

    def entries(self) -> list[Entry]:
        """Everything that can be suggested, highest worth first."""
        return [self._entry(number) for number in range(len(self))]

    def knows(self, text: str) -> bool:
        """Whether the catalogue uses each of its words (numbers count as known): so it says nothing of a person."""
        return self._judged(fold(text))

    def suggest(self, typed: str, limit: int = 8, past: Sequence[Entry] = ()) -> tuple[Suggestion, ...]:
        """At most `limit` completions, best first. Every typed word begins a word of each, or is one edit away from it.

        The last word may be unfinished, the words before may stand anywhere; Chinese is found inside longer text.
        `past` are queries that others have typed; those with a word that the catalogue does not use are left out.
        Nothing typed: what is most frequent.
        """
        asked = _Typed.of(typed)
        found = self._popularly() if not asked.words else self._literally(asked)
        found += self._recalled(asked, past)
        if asked.words and len(found) < ENOUGH:
            found += self._loosely(asked, {one.number for one in found})
        found.sort(key=lambda one: -one.score)
        return choose(found, lambda number: self._entry(number) if number >= 0 else past[~number], asked.words, limit)

    # --- by the word -------------------------------------------------------------------------------------------------

    def _literally(self, asked: _Typed) -> list[Found]:
        """Words before the last as they stand, singular or plural; the last one finished or not."""
        slots = [self._whole(word) for word in asked.words]
        if not asked.done:
            slots[-1] = [self._beginning(asked.words[-1])]
        return self._join(asked.words, slots)

    def _loosely(self, asked: _Typed, seen: set[int]) -> list[Found]:
        """Every word unfinished, runs of Chinese taken apart; then one word misspelt, the last one first."""
        words = tuple(part for word in asked.words for part in (self._parts(word) if is_han(word) else [word]))
        open_slots = [[self._beginning(word)] for word in words]
        found = [one for one in self._join(words, open_slots, _LOOSER) if one.number not in seen]
        last = len(words) - 1
        # A word before the last that the catalogue knows is no slip.
        for place in (last, *(place for place in range(last) if not _length(open_slots[place][0]))):
            if len(seen) + len(found) >= ENOUGH:
                break
            if not _may_be_misspelt(words[place]):
                continue
            close = nearness.near(self._words, words[place].encode())
            if close:
                slots = [*open_slots[:place], close, *open_slots[place + 1 :]]
                known = seen | {one.number for one in found}
                found += [one for one in self._join(words, slots, 2 * _LOOSER) if one.number not in known]
        return found

    def _join(self, words: Sequence[str], slots: Sequence[Sequence[Range]], penalty: float = 0.0) -> list[Found]:
        """Entries with a word out of every slot; the best of them, each once."""
        if not all(slots):
            return []
        numbers, inner = self._holding(slots[-1])
        begins = inner == 0
        if len(slots) > 1:
            everywhere = np.ones(len(self), dtype=bool)
            for place, slot in enumerate(slots[:-1]):
                held, within = self._holding(slot)
                here = np.zeros(len(self), dtype=bool)
                here[held] = True
                everywhere &= here
                if place == 0:
                    first = np.zeros(len(self), dtype=bool)
                    first[held[within == 0]] = True
            kept = everywhere[numbers]
            numbers = numbers[kept]
            begins = first[numbers]
        scores = self._worth[numbers] - np.float32(penalty)
        scores += np.where(begins, self._start[numbers], np.float32(0))
        if len(slots) == 1:
            whole = self._whole(words[0])[:1]
            if whole and whole[0][0] == slots[0][0][0]:
                scores[: len(self._frozen.holding(*whole[0])[0])] += np.float32(_WHOLE_WORD)
        best = np.argsort(-scores, kind="stable") if len(scores) <= _TOP else _highest(scores, _TOP)
        # Few titles are ever shown, and comparing them all with each other would cost more than finding them.
        titles = self._titles[numbers[best]]
        best = best[~titles | (np.cumsum(titles) <= _TOP_TITLES)]
        return self._verified(words, numbers[best], scores[best])

    def _holding(self, slot: Sequence[Range]) -> tuple[Numbers, NDArray[np.uint8]]:
        if len(slot) == 1:
            return self._frozen.holding(*slot[0])
        parts = [self._frozen.holding(*span) for span in slot]
        return np.concatenate([numbers for numbers, _ in parts]), np.concatenate([inner for _, inner in parts])

    def _verified(self, words: Sequence[str], numbers: Numbers, scores: Scores) -> list[Found]:
        found: dict[int, float] = {}
        for number, score in zip(numbers.tolist(), scores.tolist(), strict=True):
            found.setdefault(number, score)
        for run in (word for word in words if len(word) > HAN_CHARS and is_han(word)):
            found = {number: score for number, score in found.items() if run in fold(self._entry(number).text)}
        return [Found(score, number) for number, score in found.items()]

    def _whole(self, word: str) -> list[Range]:
        """The word itself, and its plural or singular; of Chinese, wherever it stands."""
        if is_han(word):
            return [self._beginning(word)]
        numbers = (self._words.exactly(form.encode(errors="replace")) for form in _forms(word))
        return [(number, number + 1) for number in numbers if number is not None]

    def _parts(self, run: str) -> list[str]:
        """A run of Chinese as two words that stand apart in titles: 无线耳机 as 无线 and 耳机 of 无线蓝牙耳机."""
        cut = segment(run)
        if len(cut) > 1:
            return cut
        places = sorted(range(1, len(run)), key=lambda place: abs(2 * place - len(run)))
        for place in places:
            parts = [run[:place], run[place:]]
            if all(_length(self._beginning(part)) for part in parts):
                return parts
        return cut

    def _beginning(self, word: str) -> Range:
        return self._words.find((word[:HAN_CHARS] if is_han(word) else word).encode(errors="replace"))

    # --- the rest ----------------------------------------------------------------------------------------------------

    def _popularly(self) -> list[Found]:
        return [Found(float(self._worth[number]), int(number)) for number in self._popular]

    def _recalled(self, asked: _Typed, past: Sequence[Entry]) -> list[Found]:
        found = []
        for place, entry in enumerate(past):
            text = fold(entry.text)
            words = runs(text)
            if all(_stands(word, text, words) for word in asked.words) and self.knows(entry.text):
                start = asked.words and words[0].startswith(asked.words[0])
                score = worth(entry.kind, entry.count) + (AT_THE_START[entry.kind] if start else 0.0)
                found.append(Found(score, ~place))
        return found

    def _uses_every_word(self, folded: str) -> bool:
        return all(word.isdecimal() or self._knows(word) for word in runs(folded))

    def _knows(self, word: str) -> bool:
        if is_han(word):
            return all(_length(self._beginning(part)) for part in segment(word))
        forms = (form.encode(errors="replace") for form in _forms(word))
        return word in LITTLE_WORDS or any(self._words.exactly(form) is not None for form in forms)

    def _entry(self, number: int) -> Entry:
        frozen = self._frozen
        kind: Kind = KINDS[frozen.kinds[number]]
        return Entry(frozen.texts.text(number), kind, int(frozen.counts[number]), frozen.ids.text(number))


def _forms(word: str) -> list[str]:
    """The word, and its plural or singular: never further than one edit from what was typed."""
    forms = [word, f"{word}s", f"{word}es"]
    return [*forms, word[:-1]] if word.endswith("s") and len(word) > 3 else forms


def _highest(scores: Scores, count: int) -> NDArray[np.intp]:
    """Places of the highest scores, highest first, ties in order."""
    top = np.sort(np.argpartition(-scores, count)[:count])
    return top[np.argsort(-scores[top], kind="stable")]


def _length(span: Range) -> int:
    return span[1] - span[0]


def _may_be_misspelt(word: str) -> bool:
    """Codes are no words: one digit more names another thing."""
    return len(word) >= TYPO_FROM and word.isascii() and word.isalpha()


def _stands(word: str, text: str, words: Sequence[str]) -> bool:
    return word in text if is_han(word) else any(other.startswith(word) for other in words)


__all__ = ["ENOUGH", "HAN_CHARS", "MAX_CHARS", "TYPO_FROM", "Suggestions"]
