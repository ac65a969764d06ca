"""Completions: from what, in which order, how tolerant, and how they are kept."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import edits
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.domain import Document
from search.errors import IndexDamaged
from search.lexicon.folding import fold, is_han, runs
from search.suggestions import Entry, Suggestion, SuggestionBuilder, Suggestions, build
from search.suggestions.building import freeze_entries
from search.suggestions.choosing import highlight
from search.suggestions.frozen import Words
from search.suggestions.nearness import near

ROOT = Path(__file__).parents[2]


def shop() -> list[Document]:
    named = [
        ("Quillmark wireless mouse Q1", "Quillmark", ["Electronics", "Mice"]),
        ("Quillmark wireless mouse Q2, black", "Quillmark", ["Electronics", "Mice"]),
        ("Quillmark silent wireless mouse Q3", "Quillmark", ["Electronics", "Mice"]),
        ("Wireless mouse 2.4 GHz for left hands", "Tarn", ["Electronics", "Mice"]),
        ("Wireless keyboard K1", "Tarn", ["Electronics", "Keyboards"]),
        ("Wireless keyboard K2", "Tarn", ["Electronics", "Keyboards"]),
        ("Wireless keyboard K3", "Tarn", ["Electronics", "Keyboards"]),
        ("Mouse trap, wood", "Café Noir", ["Garden"]),
        ("Field mouse cuddly toy", "Café Noir", ["Toys"]),
        ("无线蓝牙耳机 降噪", "听潮里", ["数码", "耳机"]),
        ("头戴式蓝牙耳机", "听潮里", ["数码", "耳机"]),
        ("入耳式蓝牙耳机 白色", "听潮里", ["数码", "耳机"]),
    ]
    return [
        {"id": f"p{number}", "title": title, "brand": brand, "category": category}
        for number, (title, brand, category) in enumerate(named)
    ]


@pytest.fixture(scope="module")
def suggestions() -> Suggestions:
    return build(shop())


@pytest.fixture(scope="module")
def demo() -> Suggestions:
    lines = [
        line
        for file in sorted((ROOT / "examples/demo/catalogue").glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    builder = SuggestionBuilder()
    for line in lines:
        row: dict[str, Any] = json.loads(line)
        builder.add(row)
    return builder.build()


def texts(found: tuple[Suggestion, ...]) -> list[str]:
    return [one.text for one in found]


def test_what_things_are_called_brands_categories_and_titles(suggestions: Suggestions) -> None:
    assert suggestions.suggest("wirel")[0] == Suggestion("wireless mouse", "type", 4, ((0, 5),))
    assert suggestions.suggest("quil")[0] == Suggestion("Quillmark", "brand", 3, ((0, 4),))
    assert Suggestion("Quillmark wireless mouse", "type", 3, ((0, 5),)) in suggestions.suggest("quill")
    assert suggestions.suggest("keyb")[0] == Suggestion("Keyboards", "category", 3, ((0, 4),))
    title = Suggestion("Field mouse cuddly toy", "title", 1, ((12, 15),), "p8")
    assert suggestions.suggest("cud") == (title,)
    kinds = Counter(one.kind for one in suggestions.suggest("mouse"))
    assert set(kinds) == {"type", "title"}


def test_the_beginning_before_the_middle_and_the_frequent_before_the_rare(suggestions: Suggestions) -> None:
    found = texts(suggestions.suggest("wireless"))
    assert found[:2] == ["wireless mouse", "wireless keyboard"]
    found = texts(suggestions.suggest("mou"))
    assert found.index("wireless mouse") < found.index("Quillmark wireless mouse")


def test_earlier_words_may_stand_anywhere_and_the_last_is_unfinished(suggestions: Suggestions) -> None:
    assert "Quillmark wireless mouse" in texts(suggestions.suggest("mouse quil"))
    assert suggestions.suggest("mouse wirel")[0].text == "wireless mouse"
    assert suggestions.suggest("toy fie")[0].text == "Field mouse cuddly toy"
    assert suggestions.suggest("toy nothing") == ()


def test_a_finished_word_is_not_the_beginning_of_another_if_it_stands_alone(suggestions: Suggestions) -> None:
    keys = build([{"id": str(number), "title": title} for number, title in enumerate(["Key ring", "Keyboard", "Key"])])
    assert "Keyboard" in texts(keys.suggest("key"))
    assert set(texts(keys.suggest("key "))[:2]) == {"Key", "Key ring"}
    assert texts(suggestions.suggest("mous ")) == texts(suggestions.suggest("mous"))  # no such word, so unfinished


@pytest.mark.parametrize(
    "typed", ["wirelss", "wierless", "wirelesss", "ireless", "eireless", "wirekess mou", "wirelss m"]
)
def test_one_slip_is_forgiven(suggestions: Suggestions, typed: str) -> None:
    assert suggestions.suggest(typed)[0].text == "wireless mouse"


@pytest.mark.parametrize("typed", ["wrlss", "wirelss muose", "xyz", "q9"])
def test_two_slips_are_not_and_codes_are_never_taken_for_others(suggestions: Suggestions, typed: str) -> None:
    assert not [text for text in texts(suggestions.suggest(typed)) if "wireless" in text]


def test_case_accents_and_width_do_not_count(suggestions: Suggestions) -> None:
    for typed in ("cafe", "CAFÉ", "ｃａｆｅ", "Cafe\u0301"):
        assert suggestions.suggest(typed)[0] == Suggestion("Café Noir", "brand", 2, ((0, 4),))


def test_chinese_is_found_inside_and_taken_apart_where_it_must(suggestions: Suggestions) -> None:
    assert suggestions.suggest("耳")[0] == Suggestion("耳机", "category", 3, ((0, 1),))
    assert suggestions.suggest("蓝牙耳")[0] == Suggestion("蓝牙耳机", "type", 3, ((0, 3),))
    assert suggestions.suggest("听潮")[0].text == "听潮里"
    apart = suggestions.suggest("无线耳机")
    assert [(one.product_id, one.highlighted) for one in apart] == [("p9", ((0, 2), (4, 6)))]
    long = suggestions.suggest("头戴式蓝牙耳")
    assert [one.product_id for one in long] == ["p10"]
    assert suggestions.suggest("头戴式蓝牙音") == ()


def test_no_two_alike_and_titles_never_take_over() -> None:
    documents = [
        {"id": str(number), "title": f"Gooseneck kettle {colour}", "brand": "Tarn"}
        for number, colour in enumerate(["red", "blue", "green", "white", "black", "cream", "sage", "rust", "plum"])
    ]
    documents += [{"id": f"k{number}", "title": f"Kettle {word}"} for number, word in enumerate(["one", "two", "six"])]
    found = build([*documents, {"id": "x", "title": "KETTLES"}]).suggest("kettl", limit=8)
    keys = [fold(one.text).removesuffix("s") for one in found]
    assert len(set(keys)) == len(keys)
    assert sum(one.kind == "title" for one in found) <= 4
    assert {"type", "title"} <= {one.kind for one in found}


def test_nothing_typed_shows_what_is_frequent_and_no_single_product(suggestions: Suggestions) -> None:
    for typed in ("", "   ", "!?", "\u200b"):
        found = suggestions.suggest(typed)
        assert 3 <= len(found) <= 8
        assert "title" not in {one.kind for one in found}
        assert all(one.highlighted == () for one in found)


def test_the_limit(suggestions: Suggestions) -> None:
    assert len(suggestions.suggest("w", limit=1)) == 1
    assert suggestions.suggest("w", limit=0) == ()
    assert len(suggestions.suggest("w", limit=100)) > 4


def test_past_queries_that_the_catalogue_can_answer(suggestions: Suggestions) -> None:
    past = [
        Entry("wireless mouse for left hands", "query", 40),
        Entry("wireless mice", "query", 9),
        Entry("wireless john smith", "query", 9),
        Entry("silent mouse under 20", "query", 5),
    ]
    found = suggestions.suggest("wirel", past=past)
    assert found[0] == Suggestion("wireless mouse for left hands", "query", 40, ((0, 5),))
    assert "wireless mice" in texts(found)
    assert not [text for text in texts(found) if "john" in text]
    assert "silent mouse under 20" in texts(suggestions.suggest("mouse un", past=past))
    assert "silent mouse under 20" in texts(suggestions.suggest("", past=past))
    assert Suggestions.empty().suggest("wirel", past=past) == ()


def test_a_past_query_and_a_phrase_that_say_the_same_come_once(suggestions: Suggestions) -> None:
    past = [Entry("mouse wireless", "query", 500), Entry("wireless mouse", "query", 90)]
    found = suggestions.suggest("wire", past=past)
    assert sum(sorted(runs(fold(one.text))) == ["mouse", "wireless"] for one in found) == 1


def test_an_index_without_suggestions_has_none() -> None:
    assert Suggestions.empty().suggest("anything") == ()
    assert Suggestions.empty().suggest("") == ()
    assert build([]).suggest("x") == ()
    assert len(Suggestions.empty()) == 0


def test_bytes_and_back(demo: Suggestions) -> None:
    data = demo.to_bytes()
    again = Suggestions.from_bytes(data)
    assert again.to_bytes() == data
    assert again.entries() == demo.entries()
    for typed in ("keyb", "耳机", "w", "lpatop", "desk lam", ""):
        assert again.suggest(typed) == demo.suggest(typed)


def test_the_same_catalogue_gives_the_same_bytes() -> None:
    assert build(shop()).to_bytes() == build(shop()).to_bytes()


def test_damaged_bytes_are_named(suggestions: Suggestions) -> None:
    data = suggestions.to_bytes()
    for damaged in (
        b"", b"x", data[:10], data[:-5], data[: len(data) // 2], b"PK" + data[2:], data[:6] + b"\xff\xff" + data[8:],
        data[:8] + b"\0" * 8 + data[16:], data[:40] + bytes([data[40] ^ 1]) + data[41:], data[:16],
    ):  # fmt: skip
        with pytest.raises(IndexDamaged, match="indexer reindex"):
            Suggestions.from_bytes(damaged)


@given(st.data())
def test_no_damage_goes_unnoticed_or_does_harm(suggestions: Suggestions, data: st.DataObject) -> None:
    whole = bytearray(suggestions.to_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(IndexDamaged):
        Suggestions.from_bytes(bytes(whole))


def test_hostile_documents_are_survived() -> None:
    documents: list[Any] = [
        {"id": "1", "title": "a" * 100_000, "brand": "b" * 1000, "category": ["c" * 500]},
        {"id": "2", "title": "\ud800 lone", "brand": "\udfff"},
        {"id": "3", "title": None, "brand": 5, "category": {"a": 1}},
        {"id": "4", "title": "🙂🙂", "brand": "", "category": "Just one"},
        {"id": "5", "title": "x\x00y\nz", "category": [None, 3, "  "]},
        {},
    ]
    found = build(documents)
    assert Suggestions.from_bytes(found.to_bytes()).entries() == found.entries()
    assert found.suggest("just")[0] == Suggestion("Just one", "category", 1, ((0, 4),))
    assert all(len(entry.text) <= 160 for entry in found.entries())


@pytest.mark.parametrize(
    ("text", "typed", "spans"),
    [
        ("Wireless Mouse", ["wire", "mo"], ((0, 4), (9, 11))),
        ("Mouse Wireless", ["wire", "mo"], ((0, 2), (6, 10))),
        ("Straße 5", ["strass"], ((0, 5),)),
        ("①②", ["1"], ((0, 1),)),
        ("Café Noir", ["cafe"], ((0, 4),)),
        ("TP-LINK", ["tp", "link"], ((0, 2), (3, 7))),
        ("无线蓝牙耳机", ["无线耳机"], ((0, 2), (4, 6))),
        ("nothing", ["zzz"], ()),
    ],
)
def test_what_was_typed_is_marked(text: str, typed: list[str], spans: tuple[tuple[int, int], ...]) -> None:
    assert highlight(text, typed) == spans


words = st.lists(st.text("abc", min_size=1, max_size=7), min_size=1, max_size=30, unique=True)


@given(words, st.text("abc", min_size=4, max_size=6))
def test_near_words_are_those_of_the_definition(vocabulary: list[str], typed: str) -> None:
    frozen = freeze_entries(Entry(word, "title", 1) for word in vocabulary)._frozen
    held = [frozen.words.text(number) for number in range(len(frozen.words))]
    assert held == sorted(vocabulary)
    found = {held[number] for start, end in near(Words(frozen.words), typed.encode()) for number in range(start, end)}
    expected = {word for word in vocabulary if edits.begins_nearly(word, typed)}
    # Words that begin exactly so are found by other means, and may or may not be among these.
    exact = {word for word in vocabulary if word.startswith(typed)}
    assert found - exact == expected - exact


@given(words, st.text("abc", max_size=4))
def test_words_by_their_beginning(vocabulary: list[str], prefix: str) -> None:
    frozen = freeze_entries(Entry(word, "title", 1) for word in vocabulary)._frozen
    held = sorted(vocabulary)
    start, end = Words(frozen.words).find(prefix.encode())
    assert held[start:end] == [word for word in held if word.startswith(prefix)]


def _covers(text: str, typed: str) -> bool:
    """Every word typed begins a word of the text, or one edit of it does; Chinese characters all stand there."""
    folded = fold(text)
    held = runs(folded)
    return all(
        all(char in folded for char in word) if is_han(word) else any(edits.begins_nearly(one, word) for one in held)
        for word in runs(fold(typed))
    )


@given(st.data())
def test_every_suggestion_holds_what_was_typed(demo: Suggestions, data: st.DataObject) -> None:
    entries = demo.entries()
    text = entries[data.draw(st.integers(0, len(entries) - 1))].text
    start = data.draw(st.integers(0, max(0, len(text) - 1)))
    typed = text[start : start + data.draw(st.integers(1, 30))]
    if data.draw(st.booleans()) and len(typed) > 2:
        place = data.draw(st.integers(0, len(typed) - 2))
        typed = typed[:place] + typed[place + 1] + typed[place] + typed[place + 2 :]
    limit = data.draw(st.integers(1, 20))
    found = demo.suggest(typed, limit)
    assert len(found) <= limit
    assert all(_covers(one.text, typed) for one in found), (typed, texts(found))
    assert len({fold(one.text) for one in found}) == len(found)
    for one in found:
        assert all(0 <= begin < end <= len(one.text) for begin, end in one.highlighted)
        assert bool(one.product_id) == (one.kind == "title")


@given(st.text(max_size=300))
def test_anything_may_be_typed(demo: Suggestions, typed: str) -> None:
    for one in demo.suggest(typed):
        assert not runs(fold(typed)) or len(runs(fold(typed))) > 8 or len(typed) > 200 or _covers(one.text, typed)


def test_titles_complete_from_any_word(demo: Suggestions) -> None:
    titles = [entry for entry in demo.entries() if entry.kind == "title"]
    assert len(titles) > 1000
    found = [entry.product_id in {one.product_id for one in demo.suggest(entry.text, 20)} for entry in titles[::40]]
    assert sum(found) / len(found) > 0.95
