"""What a catalogue sells, read off its titles."""

from __future__ import annotations

from search.suggestions.phrases import MIN_PRODUCTS, Phrase, PhraseMiner, phrases_of


def mined(*titles: str, brand: str | None = None) -> dict[str, Phrase]:
    miner = PhraseMiner()
    for title in titles:
        miner.add(title, brand)
    return {phrase.key: phrase for phrase in miner.phrases()}


def test_phrases_end_where_something_else_begins() -> None:
    found = mined(
        "Wireless Mouse M185, black", "Quiet Wireless Mouse for laptops", "Wireless mouse (2.4 GHz)",
        "Red gaming mouse",
    )  # fmt: skip
    assert found["wireless mouse"] == Phrase("wireless mouse", "wireless mouse", 3)
    assert found["mouse"].products == 4
    assert "wireless" not in found  # never ends a part
    assert "mouse m185" not in found
    assert not [key for key in found if "for" in key.split()]


def test_a_piece_of_a_longer_phrase_is_none() -> None:
    found = mined(*(f"USB flash drive {number} GB" for number in (8, 16, 32, 64)))
    assert set(found) == {"usb flash drive"}
    assert found["usb flash drive"].text == "USB flash drive"


def test_words_are_spelt_as_most_people_do() -> None:
    found = mined("iPad Case", "iPad Case", "iPad case", "ipad case", "IPAD CASE")
    assert found["ipad case"].text == "iPad case"
    shouting = mined("LASER PRINTER", "LASER PRINTER", "LASER PRINTER")
    assert shouting["laser printer"].text == "laser printer"


def test_colours_sizes_and_numbers_name_nothing() -> None:
    found = mined(*["Desk lamp black"] * 3, *["Desk lamp, large"] * 3, *["Lamp 40 W"] * 3)
    assert "black" not in found
    assert "large" not in found
    assert not [key for key in found if any(char.isdigit() for char in key)]


def test_the_brand_is_no_part_of_what_it_is() -> None:
    titles = [f"Quill & Mark fountain pen {colour}" for colour in ("red", "blue", "green")]
    assert "mark fountain pen" in mined(*titles)
    assert set(mined(*[title.split(" red")[0] for title in titles], brand="Quill & Mark")) <= {"fountain pen", "pen"}


def test_chinese_is_cut_into_words_and_joined_again() -> None:
    found = mined("蓝牙耳机 降噪", "无线蓝牙耳机", "头戴式蓝牙耳机 2024")
    assert "蓝牙耳机" in {phrase.text for phrase in found.values()}


def test_few_titles_make_no_phrase() -> None:
    assert mined(*["Laser printer"] * (MIN_PRODUCTS - 1)) == {}
    assert mined() == {}


def test_phrases_of_a_title() -> None:
    known = mined(*["Laser printer A4"] * 3)
    assert phrases_of("Fast laser printer, white", None, known) == {"laser printer"}
    assert phrases_of("Printer, laser", None, known) == set()


def test_hostile_titles_are_survived() -> None:
    mined("", " ", "'", "--", "\ud800x" * 3, "a" * 100_000, "の" * 500, "🙂" * 50, "x " * 10_000)
