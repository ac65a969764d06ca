"""The bilingual dictionary and the off-topic phrases are data: what their readers rely on is checked here."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pytest

import search

ROOM = Path(search.__file__).parent
NAMES = ROOM / "understanding" / "names"
OFFTOPIC = ROOM / "offtopic.txt"

MINIMA = {
    "attributes": ("attribute", 250),
    "brands": ("brand", 260),
    "categories": ("category", 120),
    "colours": ("colour", 90),
    "goods": ("goods", 1300),
    "materials": ("material", 100),
    "sizes": ("size", 40),
}
"""File → the one kind its lines have, and how many lines it has at least."""

HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
WORDED = sorted(set(MINIMA) - {"sizes"})
"""Sizes are exempt from the rules of script and case: XL and A4 are written alike in both languages."""


@dataclass(frozen=True)
class Line:
    """One line of a names file: where it stands and its three columns, the first two split into alternatives."""

    where: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    kind: str


def rows(name: str) -> list[str]:
    """The raw lines of a file after its one header comment."""
    header, *lines = (NAMES / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    assert header.startswith("# ")
    return lines


def entries(name: str) -> list[Line]:
    read = []
    for number, row in enumerate(rows(name), 2):
        zh, en, kind = row.split("\t")
        read.append(Line(f"{name}.tsv:{number} {row}", tuple(zh.split("|")), tuple(en.split("|")), kind))
    return read


def test_every_file_of_names_is_known() -> None:
    assert {file.name for file in NAMES.iterdir() if file.suffix == ".tsv"} == {f"{name}.tsv" for name in MINIMA}


@pytest.mark.parametrize("name", MINIMA)
def test_three_columns_and_no_comment_below_the_header(name: str) -> None:
    assert [row for row in rows(name) if row.count("\t") != 2 or row.startswith("#")] == []


@pytest.mark.parametrize("name", MINIMA)
def test_a_file_holds_its_own_kind_and_enough_of_it(name: str) -> None:
    kind, least = MINIMA[name]
    read = entries(name)
    assert {line.kind for line in read} == {kind}
    assert len(read) >= least


@pytest.mark.parametrize("name", MINIMA)
def test_names_are_tidy(name: str) -> None:
    """No empty alternative, no stray white space, nothing that the normalising of a query would change."""
    untidy = [
        (line.where, word)
        for line in entries(name)
        for word in (*line.zh, *line.en)
        if not word or word != " ".join(word.split()) or unicodedata.normalize("NFKC", word) != word
    ]
    assert untidy == []


@pytest.mark.parametrize("name", MINIMA)
def test_a_chinese_word_stands_once_within_its_kind(name: str) -> None:
    """One Chinese word, one line: a reader never has to choose between two translations of the same kind."""
    seen: dict[str, str] = {}
    twice = []
    for line in entries(name):
        for word in line.zh:
            if word.casefold() in seen:
                twice.append((word, seen[word.casefold()], line.where))
            seen[word.casefold()] = line.where
    assert twice == []


@pytest.mark.parametrize("name", MINIMA)
def test_an_english_word_stands_once_in_its_line(name: str) -> None:
    assert [line.where for line in entries(name) if len({word.casefold() for word in line.en}) < len(line.en)] == []


@pytest.mark.parametrize("name", WORDED)
def test_each_column_is_in_its_language(name: str) -> None:
    assert [(line.where, word) for line in entries(name) for word in line.zh if not HAN.search(word)] == []
    assert [(line.where, word) for line in entries(name) for word in line.en if HAN.search(word)] == []


@pytest.mark.parametrize("name", [name for name in WORDED if name != "brands"])
def test_english_is_lower_case_but_for_brands(name: str) -> None:
    assert [(line.where, word) for line in entries(name) for word in line.en if word != word.lower()] == []


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("colours", "黑", "black"),
        ("colours", "藏青色", "navy"),
        ("materials", "不锈钢", "stainless steel"),
        ("sizes", "均码", "one size"),
        ("goods", "笔记本电脑", "laptop"),
        ("goods", "洗面奶", "cleanser"),
        ("goods", "硒鼓", "toner cartridge"),
        ("categories", "玩具", "toys"),
        ("attributes", "降噪", "noise cancelling"),
        ("brands", "兰蔻", "Lancome"),
    ],
)
def test_the_usual_name_comes_first(name: str, zh: str, en: str) -> None:
    assert [line.en[0] for line in entries(name) if zh in line.zh] == [en]


def phrases() -> list[str]:
    return [line for line in OFFTOPIC.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def test_offtopic_phrases_say_what_they_are_for() -> None:
    assert OFFTOPIC.read_text(encoding="utf-8").startswith("# ")


def test_offtopic_phrases_are_many_and_in_both_languages() -> None:
    chinese = sum(bool(HAN.search(phrase)) for phrase in phrases())
    assert len(phrases()) >= 300
    assert 0.45 <= chinese / len(phrases()) <= 0.55


def test_offtopic_phrases_are_short_tidy_and_different() -> None:
    found = phrases()
    assert [
        phrase
        for phrase in found
        if not 1 <= len(phrase.split()) <= 5
        or (HAN.search(phrase) and len(phrase) > 12)
        or phrase != " ".join(phrase.split())
        or unicodedata.normalize("NFKC", phrase) != phrase
    ] == []
    assert len({phrase.casefold() for phrase in found}) == len(found)
