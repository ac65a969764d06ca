"""Ordinary English words: never taken for misspelt, and never for a brand without the catalogue's word for it.

The words are pyspellchecker's, with how often each stands in film subtitles.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from spellchecker import SpellChecker

_SELDOM = 50
"""Rarer ones are names and slips of the pen as often as words."""


def is_ordinary(word: str) -> bool:
    """Whether a folded word is in the dictionary, in whatever inflexion."""
    known = _words()
    if known.get(word, 0) > _SELDOM:
        return True
    return any(
        word.startswith(prefix) and known.get(word[len(prefix) :], 0) > _SELDOM for prefix in ("un", "re", "non", "pre")
    )


@cache
def _words() -> Mapping[str, int]:
    """Read once, when the first lexicon is got ready: some 0.4 s."""
    words: Mapping[str, int] = SpellChecker(language="en").word_frequency.dictionary
    return words


__all__ = ["is_ordinary"]
