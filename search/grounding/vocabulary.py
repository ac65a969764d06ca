"""The hand-made tables: words that claim nothing, and other words for the same thing. Read once, at first use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from search.grounding.reading import MINUS, PLUS, stemmed
from search.lexicon.folding import is_han, runs
from search.understanding.names import names

LONGEST_HAN = 8
LONGEST_PHRASE = 4


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Terms are stems joined by a space in English and words as they are in Chinese.

    `supports[term, sign]`: what is true where the term is affirmed (PLUS) or denied (MINUS).
    `kinds[term]`: sorts of thing from the tables of names: brand, colour, material, goods…
    """

    neutral: frozenset[str]
    neutral_han: frozenset[str]
    supports: dict[tuple[str, int], tuple[tuple[str, int], ...]]
    kinds: dict[str, frozenset[str]]
    han: frozenset[str] = field(default_factory=frozenset)


@cache
def vocabulary() -> Vocabulary:
    folder = files("search.grounding").joinpath("words")
    neutral = {term(each) for each in _listed(folder.joinpath("neutral_en.txt").read_text(encoding="utf-8"), ",")}
    neutral_han = set(_listed(folder.joinpath("neutral_zh.txt").read_text(encoding="utf-8"), ","))
    supports: dict[tuple[str, int], dict[tuple[str, int], None]] = {}
    lines = [
        line
        for table in ("same.tsv", "translations.tsv", "implied.tsv")
        for line in folder.joinpath(table).read_text(encoding="utf-8").splitlines()
    ]
    for line in lines:
        if line.strip() and not line.startswith("#"):
            _relate(supports, line)
    strong = stronger()
    kinds: dict[str, set[str]] = {}
    for phrase, by_kind in names().same.items():
        here = term(phrase)
        kinds.setdefault(here, set()).update(by_kind)
        for aliases in by_kind.values():
            for alias in aliases:
                there = term(alias)
                if there and there != here and there not in strong:
                    supports.setdefault((here, PLUS), {})[there, PLUS] = None
                if there and there != here and here not in strong:
                    supports.setdefault((here, MINUS), {})[there, MINUS] = None
    packed = {key: tuple(value) for key, value in supports.items()}
    han = {each for each, _ in packed if is_han(each)}
    return Vocabulary(
        frozenset(neutral),
        frozenset(neutral_han),
        packed,
        {key: frozenset(value) for key, value in kinds.items()},
        frozenset(han),
    )


@cache
def stronger() -> frozenset[str]:
    """Claims that no weaker word supports."""
    table = files("search.grounding").joinpath("words", "stronger.txt").read_text(encoding="utf-8")
    return frozenset(term(each) for each in _listed(table, ","))


@cache
def term(phrase: str) -> str:
    phrase = phrase.strip().lower()
    return (
        phrase.replace(" ", "") if is_han(phrase) else " ".join(stemmed(run) for run in runs(phrase.replace("’", "'")))
    )


def _relate(supports: dict[tuple[str, int], dict[tuple[str, int], None]], line: str) -> None:
    """«a|b TAB 甲|乙»: each for each other. «a > b TAB 甲 > 乙»: a and 甲 for b and 乙. A leading - denies."""
    left: list[tuple[str, int]] = []
    right: list[tuple[str, int]] = []
    for column in line.split("\t"):
        one, _, other = column.partition(" > ")
        left += _literals(one)
        right += _literals(other)
    if not right:
        for here in left:
            for there in left:
                if here != there:
                    supports.setdefault(here, {})[there] = None
                    supports.setdefault((here[0], 3 - here[1]), {})[there[0], 3 - there[1]] = None
        return
    for here in left:
        for there in right:
            supports.setdefault(here, {})[there] = None


def _literals(column: str) -> Iterator[tuple[str, int]]:
    for each in column.split("|"):
        each = each.strip()
        sign = MINUS if each.startswith("-") else PLUS
        if name := term(each.removeprefix("-")):
            yield name, sign


def _listed(text: str, sign: str) -> list[str]:
    return [
        each.strip()
        for line in text.splitlines()
        if not line.startswith("#")
        for each in line.split(sign)
        if each.strip()
    ]


__all__ = ["LONGEST_HAN", "LONGEST_PHRASE", "Vocabulary", "stronger", "term", "vocabulary"]
