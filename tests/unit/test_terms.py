"""Texts become the same terms in a product and in a query."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.terms import FRAGMENT, fold, han_words, index_of, is_code, query_terms, squash, stem, terms

TEXTS = st.one_of(
    st.text(max_size=60),
    st.text("aBcé-. /'’,\"128x0TN#&_的蓝牙耳机英寸", max_size=40),
    st.lists(
        st.sampled_from(
            ["128 GB", "TN-2110", "wh-1000xm5", "the", "无线蓝牙耳机", "15.6\"", "1,299.00", "blu-ray", "10米", "a4",
             "d'été", "USB3.0", "~", "2 in 1", "３２ＧＢ", "T-shirts"]
        ),
        max_size=8,
    ).map(" ".join),
)  # fmt: skip


def plain(text: str) -> list[str]:
    return [term for term in terms(text) if not term.startswith(FRAGMENT)]


@pytest.mark.parametrize("written", ["128 GB", "128GB", "128gb", "128-gb", "128 Gb", "１２８ＧＢ"])
def test_a_number_and_its_unit_are_one_term_however_they_are_written(written: str) -> None:
    assert terms(f"drive {written} black") == [stem("drive"), "128gb", "black"]
    assert "128gb" in query_terms(written)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('15.6"', "15.6 inch"), ("15.6''", "15.6-inch"), ("15.60 inches", '15.6"'), ("500毫升", "500 ml"),
        ("13英寸", "13 inch"), ("2 litres", "2L"), ("1,299", "1299"), ("12 pcs", "12 pieces"), ("3-pack", "3 pk"),
        ("2千克", "2 kg"), ("60 watts", "60W"), ("10 pounds", "10 lb"), ("6 feet", "6ft"), ("0.50 m", "0.5m"),
    ],
)  # fmt: skip
def test_two_ways_to_write_a_measure_are_one_term(one: str, other: str) -> None:
    assert terms(one) == terms(other)
    assert len(terms(one)) == 1


def test_a_number_stays_whole() -> None:
    assert terms("2,600 pages at 1200.5") == ["2600", "page", "1200.5"]
    assert terms("007 and 1.2.3") == ["007", "1.2.3"]


def test_what_follows_a_number_and_is_no_unit_is_a_word_of_its_own() -> None:
    assert terms("iPhone 11 pro") == [stem("iphone"), "11", "pro"]
    assert terms("5 的 灯") == ["5", "灯"]


def test_another_size_is_another_term() -> None:
    assert not set(terms("128GB")) & set(terms("28 GB"))
    assert not set(terms("15.6 inch")) & set(terms("15 inch"))


@pytest.mark.parametrize("written", ["TN-2110", "tn2110", "TN.2110", "TN/2110", "ＴＮ-２１１０"])
def test_a_code_is_one_term_without_its_signs(written: str) -> None:
    assert "tn2110" in terms(f"toner {written} black")
    assert query_terms(written)[0] == "tn2110"


def test_pieces_and_beginnings_of_a_code_are_terms_of_their_own_kind() -> None:
    found = terms("Brother WH-1000XM5")
    assert {"wh1000xm5", FRAGMENT + "1000", FRAGMENT + "wh1000", FRAGMENT + "wh1000xm"} <= set(found)
    assert FRAGMENT + "xm" not in found, "two signs say nothing"
    assert set(query_terms("1000")) & set(found)
    assert set(query_terms("wh1000")) & set(found)


def test_an_ordinary_word_is_never_a_piece_of_a_code() -> None:
    assert not set(query_terms("iphone")) & {term for term in terms("iphone15pro") if term.startswith(FRAGMENT)}
    assert not any(term.startswith(FRAGMENT) for term in query_terms("red desk lamp"))


def test_pieces_of_codes_only_where_they_are_wanted() -> None:
    assert not any(term.startswith(FRAGMENT) for term in terms("TN-2110", codes=False))
    assert "tn2110" in terms("TN-2110", codes=False)


def test_chinese_is_cut_in_search_mode() -> None:
    assert terms("无线蓝牙耳机") == ["无线", "蓝牙", "耳机"]
    assert set(han_words("中国科学院计算所")) >= {"中国", "科学", "科学院"}, "longer words besides their parts"


def test_two_scripts_without_a_gap_are_two_words() -> None:
    assert terms("黑色256GB") == ["黑色", "256gb"]
    assert terms("256GB黑色") == ["256gb", "黑色"]
    assert terms("sony耳机") == [stem("sony"), "耳机"]


def test_words_that_say_nothing_are_left_out_unless_there_are_no_others() -> None:
    assert terms("The lamp with the shade") == ["lamp", "shade"]
    assert terms("的 了") == []
    assert query_terms("the lamp for me") == ["lamp"]
    assert query_terms("the who") == ["who"]
    assert query_terms("on and on") == ["on", "and"]


def test_a_word_with_a_hyphen_is_found_with_and_without() -> None:
    found = set(terms("blu-ray player"))
    for asked in ("blu-ray", "bluray", "blu ray"):
        assert set(query_terms(asked)) & found
    assert {"wifi", "tshirt"} <= set(terms("Wi-Fi T-shirt"))


def test_case_accents_and_forms_of_letters_do_not_count() -> None:
    assert terms("Café CRÈME") == terms("cafe creme")
    assert terms("ﬁne Straße") == terms("fine strasse")
    assert fold("İstanbul") == "istanbul"


def test_forms_of_an_english_word_are_one_term() -> None:
    assert terms("running shoes") == terms("run shoe")


def test_terms_keep_their_order_and_repeats_and_a_query_has_each_once() -> None:
    assert terms("red lamp red") == ["red", "lamp", "red"]
    assert query_terms("red lamp red") == ["red", "lamp"]


@pytest.mark.parametrize("nothing", ["", " ", "!?", "~", "、。", "\x00", "\ud800", "___"])
def test_a_text_without_words_has_no_terms(nothing: str) -> None:
    assert terms(nothing) == query_terms(nothing) == []


def test_an_index_is_the_same_in_every_process_and_fits_32_bits() -> None:
    assert index_of("lamp") == 1281922305
    assert index_of("lamp") != index_of("lamps")
    assert 0 <= index_of("\ud800") < 2**32


@pytest.mark.parametrize(
    ("token", "answer"),
    [("tn2110", True), ("wh1000xm5", True), ("m185", True), ("a4", False), ("2110", False), ("lamp", False),
     ("128gb", False), ("1080p", False), ("500ml", False), ("128gbx", True)],
)  # fmt: skip
def test_what_looks_like_a_product_code(token: str, answer: bool) -> None:
    assert is_code(token) is answer


def test_squashing_leaves_letters_and_digits() -> None:
    assert squash(" TN-2110/é_ ") == "tn2110e"


@given(TEXTS)
def test_whatever_the_text_both_sides_agree(text: str) -> None:
    """Every whole term that a text asks for as a query, it has as a title; pieces of codes are extra on either side."""
    asked = query_terms(text)
    assert len(asked) == len(set(asked))
    held = terms(text)
    if held:
        assert {term for term in asked if not term.startswith(FRAGMENT)} <= set(held)
    assert terms(text, codes=False) == plain(text)
    assert all(0 <= index_of(term) < 2**32 for term in [*asked, *held])


@given(TEXTS)
def test_case_and_width_never_count(text: str) -> None:
    assert terms(fold(text)) == terms(text)


@given(st.lists(st.from_regex(r"[A-Z]{1,4}-?[0-9]{3,6}[A-Z]{0,2}", fullmatch=True), min_size=1, max_size=4))
def test_every_code_in_a_title_is_found_by_itself(written: list[str]) -> None:
    held = terms("Toner " + " black ".join(written))
    for code in written:
        assert set(query_terms(code)) & set(held)
        assert set(query_terms(squash(code))) & set(held)


def test_stemming_from_many_threads_gives_one_answer() -> None:
    words = [f"{stem_}ing" for stem_ in ("print", "bak", "runn", "charg", "danc")] * 200
    wanted = terms(" ".join(words))
    answers: list[list[str]] = []

    def work() -> None:
        stem.cache_clear()
        answers.append(terms(" ".join(words)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [wanted] * 4
