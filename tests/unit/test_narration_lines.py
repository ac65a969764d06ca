"""What a model says, piece by piece: sentences as soon as they are complete, lines of a comparison by their number."""

from __future__ import annotations

import random

import pytest

from search.domain import Language
from search.grounding import Ground
from search.narration.checking import Checker, joined
from search.narration.lines import Line, Lines

MUG = {"id": "m", "title": "Stoneware mug", "brand": "Tarn", "price": 12.5, "currency": "USD", "colour": "blue"}
GROUND = Ground.of(MUG)


def pieces(text: str, seed: int) -> list[str]:
    chance, made = random.Random(seed), []
    while text:
        size = chance.randint(1, 9)
        made.append(text[:size])
        text = text[size:]
    return made


def test_a_sentence_comes_out_as_soon_as_it_is_complete() -> None:
    checker = Checker(lambda: GROUND, "en", most=3)
    assert checker.take("This stoneware mug is blue") == []
    assert checker.take(".") == []  # a number may go on after it
    assert checker.take(" It") == ["This stoneware mug is blue."]
    assert checker.take(" costs $12.50") == []
    assert checker.end(cut=True) == []
    assert checker.end() == ["It costs $12.50"]


def test_a_chinese_sentence_does_not_wait_for_the_next() -> None:
    checker = Checker(lambda: Ground.of({"id": "1", "title": "蓝色陶杯"}), "zh", most=2)
    assert checker.take("这是一只蓝色") == []
    assert checker.take("陶杯。") == ["这是一只蓝色陶杯。"]


@pytest.mark.parametrize("seed", range(20))
def test_however_it_is_cut_into_pieces(seed: int) -> None:
    text = "This stoneware mug is blue. It costs $12.50. It is from Tarn."
    checker = Checker(lambda: GROUND, "en", most=9)
    out = [sentence for piece in pieces(text, seed) for sentence in checker.take(piece)] + checker.end(cut=True)
    assert out == ["This stoneware mug is blue.", "It costs $12.50.", "It is from Tarn."]
    assert joined(out, "en") == text


def test_enough_is_enough_and_nothing_is_said_twice() -> None:
    checker = Checker(lambda: GROUND, "en", most=2)
    out = checker.take("The mug is blue. The mug is blue. It is from Tarn. It costs $12.50. ")
    assert out == ["The mug is blue.", "It is from Tarn."]
    assert checker.full
    assert checker.end() == []


def test_a_model_that_does_not_stop_is_not_read_for_ever() -> None:
    checker = Checker(lambda: GROUND, "en", most=2)
    for _ in range(1000):
        checker.take("word ")
    assert checker.full


def test_what_is_not_in_the_product_is_dropped_with_its_fault() -> None:
    checker = Checker(lambda: GROUND, "en", most=4)
    assert checker.take("It costs $9. It is red. It is blue. ") + checker.end() == ["It is blue."]
    found = [(each.sentence, {fault.kind for fault in each.faults}) for each in checker.dropped]
    assert found == [("It costs $9.", {"number"}), ("It is red.", {"colour"})]


@pytest.mark.parametrize(("language", "said"), [("en", "这是一只蓝色的杯子。"), ("zh", "This mug is blue.\n")])
def test_the_other_language_is_dropped(language: Language, said: str) -> None:
    checker = Checker(lambda: GROUND, language, most=4)
    assert checker.take(said) + checker.end() == []
    assert {fault.kind for each in checker.dropped for fault in each.faults} == {"foreign"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1. The cheapest.", Line(1, "The cheapest.")),
        ("  2) The lightest.", Line(2, "The lightest.")),
        ("**3.** Blue.", Line(3, "Blue.")),
        ("- 4: Blue.", Line(4, "Blue.")),
        ("5、最便宜。", Line(5, "最便宜。")),
        ("1。蓝色。", Line(1, "蓝色。")),
        ("1.5 litres.", Line(None, "1.5 litres.")),
        ("12. Too many.", Line(None, "12. Too many.")),
        ("Here is a comparison:", Line(None, "Here is a comparison:")),
    ],
)
def test_lines_by_their_number(text: str, line: Line) -> None:
    assert Lines().take(text + "\n") == [line]


def test_lines_come_out_when_they_are_complete() -> None:
    lines = Lines()
    assert lines.take("1. The che") == []
    assert lines.take("apest.\n\n2. Blue") == [Line(1, "The cheapest.")]
    assert lines.end() == [Line(2, "Blue")]
    assert lines.end() == []
    assert lines.take("x" * 20_000) == []
    assert lines.full
