"""Which words of a query a product has, and where; and what is said to be missing must be missing."""

from __future__ import annotations

import pytest
from evidence_ledgers import KEYBOARD, asking

from search.domain import Constraint, Document, Query
from search.explanation.words import Finder, mentions


def found(text: str, document: Document = KEYBOARD, **known: object) -> list[tuple[str, str, str, str]]:
    words = Finder(asking(text, **known)).found(document).words  # type: ignore[arg-type]
    return [(word.typed, word.field, word.written, word.how) for word in words]


def missing(text: str, document: Document = KEYBOARD) -> tuple[str, ...]:
    return Finder(asking(text)).found(document).missing


def titled(title: str, **more: object) -> Document:
    return {"id": "x", "title": title, **more}


def test_words_in_a_row_are_one_where_the_product_has_them_in_a_row() -> None:
    assert found("mechanical keyboards quiet") == [
        ("mechanical keyboards", "title", "mechanical keyboard", "itself"),
        ("quiet", "title", "quiet", "itself"),
    ]


def test_words_in_the_order_of_the_query_each_where_it_says_most() -> None:
    assert [row[:2] for row in found("office bluetooth keyboard quillmark")] == [
        ("office", "description"),
        ("bluetooth", "connection"),
        ("keyboard", "title"),
        ("quillmark", "brand"),
    ]


@pytest.mark.parametrize(
    ("typed", "title", "written"),
    [
        ("bluray", "Blu-ray player", "Blu-ray"),
        ("blu-ray", "Bluray player", "Bluray"),
        ("t-shirt", "Cotton T-Shirts", "T-Shirts"),
        ("128 gb", "Phone 128GB black", "128GB"),
        ("15.6 inch", 'Laptop 15.6" grey', '15.6"'),
        ("café", "Cafe table", "Cafe"),
        ("running", "Runs for miles", "Runs"),
        ("耳机", "无线蓝牙耳机", "耳机"),
        ("不打孔", "强力挂钩 免打孔", "免打孔"),
        ("white cast", "Sunscreen, No White Cast", "No White Cast"),
        ("no sugar", "Biscuits without sugar", "without sugar"),
        ("fragrance free", "Fragrance-Free cream", "Fragrance-Free"),
    ],
)
def test_words_meet_in_any_of_their_forms(typed: str, title: str, written: str) -> None:
    assert [row[2:] for row in found(typed, titled(title))] == [(written, "itself")]


@pytest.mark.parametrize(
    ("typed", "title", "written", "how"),
    [
        ("键盘", "Quiet keyboard", "keyboard", "other name"),
        ("keyboard", "静音键盘", "键盘", "other name"),
        ("laptop", "HP Notebook 14", "Notebook", "other name"),
        ("orthopedic", "Orthopaedic dog bed", "Orthopaedic", "itself"),
        ("gray", "Grey lamp", "Grey", "itself"),
        ("2110", "Toner TN-2110", "TN-2110", "part of a code"),
        ("tn2110", "Toner TN-2110", "TN-2110", "itself"),
    ],
)
def test_a_word_may_stand_there_under_another_name(typed: str, title: str, written: str, how: str) -> None:
    assert [row[2:] for row in found(typed, titled(title))] == [(written, how)]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("no rubber", "Rubber mat"),
        ("without handle", "Pan with handle"),
        ("sugar-free", "Sugar cubes"),
        ("不打孔", "置物架 需打孔"),
        ("the a of 的", "The king of 的"),
        ("induction", "Motion sensor light"),
        ("实木", "床头柜 原木色"),
        ("包", "面包机"),
    ],
)
def test_what_does_not_answer_the_query_is_not_found(typed: str, title: str) -> None:
    assert found(typed, titled(title)) == []


def test_a_mark_is_a_word_by_its_name() -> None:
    assert found("vegan cream", titled("Cream", vegan=True)) == [
        ("vegan", "vegan", "vegan", "itself"),
        ("cream", "title", "Cream", "itself"),
    ]
    assert found("vegan", titled("Cream", vegan=False)) == []


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("quiet rosewood", ("rosewood",)),
        ("rosewood quiet zebra", ("rosewood", "zebra")),
        ("quiet offices", ()),
        ("rosewood zebra", ("rosewood zebra",)),
        ("iphone 11", ("iphone 11",)),
        ("keyboard 20-30 cm", ()),
        ("keyboard 5 kg", ()),
        ("keyboard 40 db", ()),
        ("keyboard no rosewood", ()),
        ("keyboard for my mother", ("mother",)),
    ],
)
def test_missing_words_are_nowhere(text: str, lacks: tuple[str, ...]) -> None:
    assert missing(text) == lacks


def test_where_something_may_be_there_and_cannot_be_shown_nothing_is_missing() -> None:
    assert missing("phone rosewood", titled("Telephones")) == ()


def test_a_code_is_told_alone() -> None:
    assert found("QK-87H quiet", codes=["qk87h"]) == [("QK-87H", "model", "QK-87H", "code")]
    title = "Hush 87 quiet mechanical keyboard"
    assert found(title, titled(title)) == [(title, "title", title, "code")]


def test_what_a_condition_says_is_no_word_of_its_own() -> None:
    black = Constraint("colour", "=", "black", (0, 5), "black")
    query = Query("black keyboard", "black keyboard", "en", (black,))
    assert [word.typed for word in Finder(query).found(KEYBOARD).words] == ["keyboard"]


def test_long_queries_and_documents_stay_quick_and_small() -> None:
    query = asking(" ".join(f"word{number}" for number in range(5000)))
    huge = {**KEYBOARD, "description": "word1 " * 200_000}
    assert len(Finder(query).found(huge).words) <= 24


def test_mentions_reads_every_text() -> None:
    assert mentions(KEYBOARD, "silent switch")
    assert mentions(KEYBOARD, "bluetooth")
    assert not mentions(KEYBOARD, "gaming")
    assert not mentions(KEYBOARD, "")
