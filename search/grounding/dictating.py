"""Free text that tells somebody what to say of the product: none of it is believed, and no model gets to see it.

`orders.py` takes single sentences out that plainly speak to a model. That is not enough for a description, which has
room to prepare an order in one sentence, to give it in the next, and to word it as politely as it likes. So here the
net is wide, and the whole text goes: the product still has its title and its attributes.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files

from search.grounding.cleaning import plain, skeleton
from search.grounding.harmless import honest
from search.grounding.orders import spaced
from search.grounding.splitting import sentences
from search.lexicon.folding import is_han

LONGEST_VALUE = 200
"""Characters. A longer text of a product is free text, wherever it stands; so is every `description`."""

_READ = 20_000
_PICTURES = re.compile("[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]")


def is_free(name: str, value: str) -> bool:
    """Whether a field's text is prose rather than a value."""
    return name == "description" or len(value) > LONGEST_VALUE


def dictates(text: str) -> bool:
    """Whether any sentence of a free text speaks to whoever writes about the product, or to a model."""
    return believed(text, free=True) is None


@lru_cache(4096)
def believed(text: str, free: bool) -> tuple[str, ...] | None:
    """The sentences of a text of the catalogue, made plain; None where one of them speaks to a model, or, in a `free`
    text, to whoever writes about the product: who gives orders in one sentence is not believed in the next."""
    text = _PICTURES.sub("", text[:_READ]) if free else text[:_READ]
    parts = [part for part in sentences(text) if plain(part)]
    kept = honest(text)
    if len(kept) < len(parts) or (free and any(is_dictation(part) for part in parts)):
        return None
    return tuple(part for part in kept if not (free and _is_foreign(part)))


def _is_foreign(sentence: str) -> bool:
    """Whether a sentence is neither English nor Chinese, so that nobody here can tell what it says: without a word of
    the English grammar, where it has letters that English lacks or is so long that it would have one."""
    words = _LATIN.findall(sentence.lower())
    if is_han(sentence):
        return False
    if (english := sum(word in _ENGLISH for word in words)) or len(words) < _FEW:
        return sum(word in _OTHER for word in words) > english + 1
    if any(not word.isascii() for word in words):
        return True
    return len(words) >= _MANY and _SHORT.isdisjoint(words)


_FEW, _MANY = 4, 8
_LATIN = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset([
    "the", "and", "of", "with", "without", "is", "are", "was", "it", "its", "this", "that", "you", "your", "has",
    "have", "not", "than", "for", "from", "into", "over", "under", "but", "if", "when", "once", "each", "every",
    "all", "before", "after", "above", "below", "within", "until", "about", "nothing", "they", "one", "by", "at", "to",
])  # fmt: skip
_OTHER = frozenset([
    "de", "het", "een", "dat", "der", "das", "und", "ist", "ein", "eine", "dem", "nicht", "el", "los", "las", "que",
    "una", "por", "para", "le", "les", "des", "du", "et", "est", "une", "dans", "pour", "pas", "il", "gli", "di", "che",
    "och", "att", "det", "som", "av", "med", "til", "ikke", "nie", "jest", "dan", "yang", "dengan", "untuk", "door",
    "zet", "er",
])  # fmt: skip
"""The commonest words of other languages that are no English ones."""
_SHORT = frozenset({"in", "on", "as", "or", "no", "a", "an", "so", "up"})
"""English words that other languages have, too."""


def is_dictation(sentence: str) -> bool:
    """Whether a single sentence does."""
    return _pattern("dictates.txt").search(skeleton(plain(sentence))) is not None


def is_about_words(sentence: str) -> bool:
    """Whether a sentence of prose speaks of words, of writers or of readers, and not only of the product."""
    return _pattern("about_words.txt").search(skeleton(plain(sentence))) is not None


@cache
def _pattern(name: str) -> re.Pattern[str]:
    table = files("search.grounding").joinpath("words", name).read_text(encoding="utf-8")
    lines = [line.strip() for line in table.splitlines() if line.strip() and not line.startswith("#")]
    return re.compile("|".join(f"(?:{spaced(line)})" for line in lines))


__all__ = ["believed", "dictates", "is_about_words", "is_dictation", "is_free"]
