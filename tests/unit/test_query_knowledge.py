"""What a version knows of a query: which words to embed, what the catalogue calls things, how much meaning counts."""

from __future__ import annotations

from typing import Any

import pytest
from fake_encoder import FakeEncoder

from search.calibration import Calibration
from search.constraints import TEXT
from search.domain import Constraint, Query, Sparse
from search.kinds import KindBook, KindCensus
from search.knowledge import Knowledge
from search.lanes import LaneMaker, TermCensus
from search.lexicon import Lexicon
from search.terms import index_of

TITLES = (
    "Acer notebook 15 inch", "HP notebook, silver", "Dell notebook", "Laptop sleeve, black", "Sleeve for a laptop",
    "Laptop sleeve", "Red desk lamp", "Desk lamp", "无线蓝牙耳机", "入耳式耳机 红色",
)  # fmt: skip
ENGLISH_ONLY = Calibration({"en": 0.3, "zh": 0.5}, {"en": True, "zh": False}, {"en": 0.9, "zh": 0.1})
BOTH = Calibration({"en": 0.3, "zh": 0.3}, {"en": True, "zh": True}, {"en": 0.9, "zh": 0.1})
CHINESE_SHOP = Calibration({"en": 0.3, "zh": 0.5}, {"en": True, "zh": False}, {"en": 0.05, "zh": 0.95})


def knowledge(calibration: Calibration = ENGLISH_ONLY) -> Knowledge:
    terms, kinds = TermCensus(), KindCensus()
    for title in TITLES:
        terms.add({"title": title})
        kinds.add({"title": title})
    chosen = tuple(kinds.choose())
    vectors = FakeEncoder(256).encode_documents([kind.words for kind in chosen])
    return Knowledge(Lexicon.empty(), LaneMaker(terms.book(), KindBook(chosen, vectors)), calibration)


def chinese(translation: str = "", **more: Any) -> Query:
    return Query("台灯", "台灯", "zh", translation=translation, translated=1.0 if translation else 0.0, **more)


def english(text: str, **more: Any) -> Query:
    return Query(text, text, "en", **more)


def test_what_is_not_read_is_said_in_the_other_language() -> None:
    assert knowledge().spoken(chinese("desk lamp")) == "desk lamp"
    assert knowledge().spoken_language(chinese("desk lamp")) == "en"
    assert knowledge().spoken(chinese()) == "台灯", "no translation is known"
    assert knowledge().spoken_language(chinese()) == "zh"


def test_what_is_read_is_said_as_it_was_typed() -> None:
    assert knowledge(BOTH).spoken(chinese("desk lamp")) == "台灯"
    assert knowledge().spoken(english("desk lamp", translation="台灯")) == "desk lamp"


def test_meaning_counts_as_far_as_the_encoder_reads() -> None:
    read, translated, unread = (knowledge().ratio(query) for query in (english("lamp"), chinese("lamp"), chinese()))
    assert read > translated > unread > 0
    assert knowledge(BOTH).ratio(chinese()) == read
    assert knowledge(CHINESE_SHOP).ratio(english("lamp")) == unread, "it reads the query and hardly a product"


def test_a_version_that_was_never_calibrated_is_read_in_every_language() -> None:
    known = knowledge(Calibration())
    assert known.ratio(chinese()) == known.ratio(english("lamp")) == knowledge().ratio(english("lamp"))


@pytest.mark.parametrize("text", ["laptop", "cheap laptops", "Laptop"])
def test_a_thing_that_the_catalogue_calls_otherwise(text: str) -> None:
    """Titles say notebook; laptop they say of sleeves alone."""
    known = knowledge()
    assert "notebook" in known.otherwise(text)
    asked = known.words(english(text))
    assert index_of("notebook") in asked.vector.indices
    of_notebook = known.lanes.kinds.of_product({"title": "Acer notebook"})
    of_sleeve = known.lanes.kinds.of_product({"title": "Laptop sleeve"})
    kinds = known.kinds(english(text), FakeEncoder(256).encode_query(text))
    assert set(kinds.indices) & set(of_notebook.indices)
    assert not set(kinds.indices) & set(of_sleeve.indices)


def test_a_thing_that_the_catalogue_names_in_another_language() -> None:
    assert "desk lamp" in knowledge().otherwise("台灯")


@pytest.mark.parametrize("text", ["notebook", "laptop sleeve", "desk lamp", "zorblax", ""])
def test_what_it_calls_so_or_not_at_all_stays_as_it_is(text: str) -> None:
    assert knowledge().otherwise(text) == ()


def test_kinds_by_vector_where_words_are_read_and_by_name_where_they_are_not() -> None:
    known, vector = knowledge(), FakeEncoder(256).encode_query("desk lamp")
    of_lamp = set(known.lanes.kinds.of_product({"title": "Desk lamp"}).indices)
    assert set(known.kinds(english("desk lamp"), vector).indices) & of_lamp
    assert set(known.kinds(chinese("desk lamp"), vector).indices) & of_lamp
    headphones = known.kinds(Query("耳机", "耳机", "zh"), vector)
    assert headphones == known.lanes.kinds.named_in("耳机") != Sparse()
    assert known.kinds(english("desk lamp"), None) == known.lanes.kinds.named_in("desk lamp")


def test_words_that_no_product_may_have() -> None:
    ruled_out = (
        Constraint(TEXT, "!=", "gaming", (0, 1), "not gaming"),
        Constraint("colour", "!=", "red", (0, 1), "not red"),
    )
    assert knowledge().excluded(english("lamp", constraints=ruled_out)).indices == (index_of("game"),)
    assert knowledge().excluded(english("lamp")) == Sparse()


def test_how_much_of_a_text_the_catalogue_knows() -> None:
    known = knowledge()
    assert known.lanes.terms.known_share("desk lamp") == 1.0
    assert known.lanes.terms.known_share("zorblax quux") == known.lanes.terms.known_share("") == 0.0
    assert 0 < known.lanes.terms.known_share("zorblax lamp") < 0.5, "what nobody says is rarest"
