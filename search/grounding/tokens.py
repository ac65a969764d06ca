"""Text → tokens that are compared when a sentence repeats what a product says: words, numbers, Chinese characters.

Two texts that differ in case, articles, plural, commas within a number or punctuation have the same tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from search.grounding.reading import lowered
from search.lexicon.folding import HAN, fold


@dataclass(frozen=True, slots=True)
class Token:
    """`start` and `end` are places in the unified text. `apart`: what stands between the token before and this one
    parts phrases, as a comma does; `hyphened`: a hyphen ties it to the one before."""

    key: str
    start: int
    end: int
    apart: bool
    hyphened: bool = False


_TOKEN = re.compile(
    rf"(?P<number>\d+(?:,\d{{3}})*(?:\.\d+)?)|(?P<han>[{HAN}])|(?P<word>[^\W\d_{HAN}]+(?:['’][^\W\d_{HAN}]+)*)"
    r"|(?P<minus>(?<![a-z0-9)])[-−–](?=\d))|(?P<sign>[$¥￥€£₹₩%°℃℉+″′×&])"
)
_PARTS = re.compile(
    r"[,;:.!?，；：。！？、()（）【】\[\]|\n~～…—“”\"«»「」『』《》〈〉]|\s[-–/]\s|\s[-–](?=\D)|/(?=\s)"
)

_IGNORED = frozenset({"a", "an", "the", "的"})
"""Whether one of these is there makes no difference to what is said."""

_SPELLED = {"×": "x", "￥": "¥", "−": "-", "–": "-", "℃": "°c", "℉": "°f"}


def tokens(text: str, listed: bool = False) -> list[Token]:
    """Of a unified text. A quotation mark parts phrases, and so does a space between Chinese words; in a `listed` text,
    as a title is one, also a space between Chinese and the rest."""
    low = _INCHES.sub("″", lowered(text))
    found: list[Token] = []
    end, apart = 0, False
    for match in _TOKEN.finditer(low):
        between = low[end : match.start()]
        apart = apart or bool(
            _PARTS.search(between) or (between.isspace() and found and _apart(found[-1].key, match.group(), listed))
        )
        for key in _keys(match):
            if key not in _IGNORED:
                found.append(Token(key, match.start(), match.end(), apart, between == "-"))
                apart = False
        end = match.end()
    return found


_INCHES = re.compile(r"(?<=\d)\"")


def _apart(before: str, after: str, listed: bool) -> bool:
    sides = (before >= "\u3400", after >= "\u3400")
    return any(sides) if listed else all(sides)


def _keys(match: re.Match[str]) -> tuple[str, ...]:
    said = match.group()
    if match["number"]:
        plain = said.replace(",", "")
        return (plain.rstrip("0").rstrip(".") if "." in plain else plain,)
    if match["word"]:
        return _words(said)
    return tuple(_SPELLED.get(said, said))


@lru_cache(maxsize=32_768)
def _words(said: str) -> tuple[str, ...]:
    """isn't is «is not»; what a possessive adds says nothing; batteries is battery."""
    bare = fold(said.replace("’", "'"))
    if bare.endswith("n't"):
        return ({"ca": "can", "wo": "will"}.get(bare[:-3], bare[:-3]), "not")
    if bare == "cannot":
        return ("can", "not")
    head, _, tail = bare.partition("'")
    if head in _NO_PLURALS:
        return (head,)
    if tail in ("re", "ll", "ve"):
        return (head, {"re": "is", "ll": "will", "ve": "have"}[tail])
    if head.endswith("ies") and len(head) > 4:
        return (head[:-3] + "y",)
    if head.endswith(("sses", "shes", "ches", "xes", "zes")):
        return (head[:-2],)
    if head.endswith("s") and not head.endswith(("ss", "us", "is")) and len(head) > 3:
        return (head[:-1],)
    return (_VERBS.get(head, head),)


_NO_PLURALS = frozenset({"shorts", "tights", "flats", "briefs", "glasses", "greens", "basics", "classics", "irons"})
"""What looks like the plural of a word that says something else: shorts are not short."""

_VERBS = {"are": "is", "was": "is", "were": "is", "has": "have", "does": "do"}

__all__ = ["Token", "tokens"]
