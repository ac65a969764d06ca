"""When a query has nothing to find, measured with encoders whose noise is known."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest
from fake_encoder import FakeEncoder

from search.calibration import (
    Calibration,
    calibrate,
    off_topic,
    reads_chinese,
    strange,
    support,
)
from search.domain import Language
from search.protocols import Progress, Vector, Vectors

EVERY: tuple[Language, ...] = ("en", "zh")
SHARES = {"en": 0.75, "zh": 0.25}


class Bilingual(FakeEncoder):
    """Knows the things of both languages as one, by the number of the pair in the calibration's own list."""

    def encode_query(self, text: str) -> Vector:
        from search.calibration import _SAME

        number = next((n for n, pair in enumerate(_SAME) if text in pair), 0)
        vector = np.full(self.card.dimension, 0.01, dtype=np.float32)
        vector[number] = 1
        unit: Vector = vector / np.linalg.norm(vector)
        return unit


class Blind(FakeEncoder):
    """Everything in Chinese is one and the same to it."""

    def encode_query(self, text: str) -> Vector:
        return super().encode_query(text if text.isascii() else "unknown unknown")

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        raise AssertionError("queries are enough")


def measured(cosines: dict[Language, float], spread: float = 0.1) -> Calibration:
    """Of an index whose nearest product has a cosine spread evenly around one for each language."""
    order = {phrase: number for language in EVERY for number, phrase in enumerate(sorted(off_topic(language)))}

    def best(phrase: str) -> float:
        language: Language = "en" if phrase.isascii() else "zh"
        return cosines[language] + spread * (order[phrase] % 101 / 100 - 0.5)

    return calibrate(Bilingual(), best, lambda phrase: 0.0, SHARES)


def test_noise_is_measured_on_many_phrases_in_both_languages() -> None:
    for language in EVERY:
        assert len(off_topic(language)) >= 100
        assert len(set(off_topic(language))) == len(off_topic(language))
    assert not set(off_topic("en")) & set(off_topic("zh"))


def test_what_lies_in_the_noise_and_has_no_word_of_the_query_is_no_answer() -> None:
    found = measured({"en": 0.3, "zh": 0.6})
    for language, middle in (("en", 0.3), ("zh", 0.6)):
        assert support(middle, 0.0) < found.nothing(language)  # type: ignore[arg-type]
        assert support(middle + 0.03, 0.0) < found.nothing(language)  # type: ignore[arg-type]


def test_what_rises_above_the_noise_is_an_answer() -> None:
    found = measured({"en": 0.3, "zh": 0.6})
    assert support(0.75, 0.0) > found.nothing("en")
    assert support(0.3, 1.0) > found.nothing("en"), "by its words alone"
    assert support(0.75, 1.0) > found.weak("en")


def test_each_language_has_a_measure_of_its_own() -> None:
    found = measured({"en": 0.3, "zh": 0.6})
    assert found.nothing("zh") - found.nothing("en") == pytest.approx(0.3, abs=0.02)


def test_an_answer_is_weak_before_it_is_none() -> None:
    found = measured({"en": 0.3, "zh": 0.3})
    assert found.nothing("en") < found.weak("en")


def test_a_louder_noise_raises_the_measure() -> None:
    assert measured({"en": 0.5, "zh": 0.5}).nothing("en") > measured({"en": 0.2, "zh": 0.2}).nothing("en")
    assert measured({"en": 0.5, "zh": 0.5}, 0.4).nothing("en") > measured({"en": 0.5, "zh": 0.5}, 0.1).nothing("en")


def test_phrases_that_the_catalogue_knows_are_no_noise() -> None:
    """A shop of pianos must not take «piano tuner» for noise."""
    phrases = off_topic("en")
    sold = set(phrases[::3])
    chosen = strange("en", lambda phrase: 1.0 if phrase in sold else 0.0)
    assert chosen
    assert not sold & set(chosen)


def test_a_catalogue_of_everything_is_measured_by_what_it_knows_least() -> None:
    known = {phrase: 0.6 + number / 10_000 for number, phrase in enumerate(off_topic("en"))}
    chosen = strange("en", known.__getitem__)
    assert len(chosen) >= 20
    assert max(known[phrase] for phrase in chosen) < 0.61


def test_more_words_or_a_greater_cosine_support_more() -> None:
    assert support(0.5, 0.5) > support(0.5, 0.0)
    assert support(0.5, 0.5) > support(0.4, 0.5)
    assert support(0.5, 50.0) <= support(0.5, 2.0), "a word that many times over says no more"
    assert support(0.5, 0.0) == 0.5


def test_an_index_that_was_never_calibrated_has_an_answer_to_everything() -> None:
    none = Calibration.from_json({})
    for language in EVERY:
        assert none.nothing(language) == none.weak(language) == -math.inf
        assert none.reads_language(language)


def test_whether_an_encoder_reads_chinese() -> None:
    assert reads_chinese(Bilingual())
    assert not reads_chinese(Blind())
    assert not reads_chinese(FakeEncoder()), "it knows no word of another language"


def test_the_calibration_says_what_the_encoder_reads() -> None:
    found = calibrate(Bilingual(), lambda phrase: 0.2, lambda phrase: 0.0, SHARES)
    assert found.reads_language("en")
    assert found.reads_language("zh")
    assert not calibrate(Blind(), lambda phrase: 0.2, lambda phrase: 0.0, SHARES).reads_language("zh")


def test_in_a_language_that_is_not_read_the_words_alone_say_whether_there_is_an_answer() -> None:
    """Cosines mean nothing there, however high they are."""
    found = calibrate(Blind(), lambda phrase: 0.9, lambda phrase: 0.0, SHARES)
    assert support(0.0, 1.0) > found.nothing("zh")
    assert support(0.0, 0.0) < found.nothing("zh") < found.weak("zh") < support(0.0, 1.5)


def test_cosines_make_sense_where_words_and_most_products_are_read() -> None:
    reads = {"en": True, "zh": False}
    for share, sense in ((1.0, True), (0.9, True), (0.05, False), (0.0, False)):
        found = Calibration({}, reads, {"en": share, "zh": 1 - share})
        assert found.readable() == pytest.approx(share)
        assert found.makes_sense("en") is sense
        assert not found.makes_sense("zh")
    assert Calibration().makes_sense("zh")


def test_json_round_trip() -> None:
    found = measured({"en": 0.3, "zh": 0.6})
    again = Calibration.from_json(json.loads(json.dumps(found.to_json())))
    assert again == found
    assert again.products == SHARES


def test_an_empty_index_is_calibrated_too() -> None:
    found = calibrate(FakeEncoder(), lambda phrase: 0.0, lambda phrase: 0.0, {})
    assert math.isfinite(found.nothing("en"))
