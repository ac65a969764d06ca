"""Every part of a score that a receipt can name has words in both languages: whoever adds a part adds its words."""

from __future__ import annotations

import numpy as np
import pytest

from search.domain import Document
from search.events import EVENT_TYPES, EventType, Reason
from search.explanation import SIMILAR, Liking, chinese_likings, english_likings
from search.personalization.model import PERSONAL_PARTS
from search.recommendations.judging import WEIGHTS, WITH_BASKET
from search.recommending.interactions import Interactions, Trail
from search.recommending.learning import learn
from search.recommending.sequence_readers import READERS

TEACHERS = {"en": english_likings, "zh": chinese_likings}
PRODUCT: Document = {"id": "p", "price": 25.0, "currency": "USD", "category": ["Home"]}


def of_the_blend() -> set[str]:
    """The names of the parts of a blend that was learnt, and of the networks that may be among them."""
    products = tuple(f"p{number}" for number in range(12))
    trails = tuple(Trail.of([n % 12, (n + 1) % 12, (n + 2) % 12]) for n in range(60))
    vectors = np.eye(12, 8, dtype=np.float32)
    documents: dict[str, Document] = {product: {"id": product, "title": f"Thing {product}"} for product in products}
    blend = learn(Interactions(products, trails), vectors, documents).over(products, vectors, documents)
    return {part.name for part in blend.parts} | set(READERS)


def every_part() -> set[str]:
    return {*PERSONAL_PARTS, *WEIGHTS, *WITH_BASKET, "declared", SIMILAR} | of_the_blend()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_part_has_words(language: str) -> None:
    parts = every_part()
    assert {"next", "alike", "content", "had", "gru", "neighbours", "aisle", "interest"} <= parts
    assert parts <= set(TEACHERS[language].LIKINGS)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("part", sorted(english_likings.LIKINGS))
def test_the_words_of_a_part_are_whole_whatever_is_known(language: str, part: str) -> None:
    events: tuple[EventType | None, ...] = (None, *EVENT_TYPES)
    for effect in (0.3, -0.3):
        for event in events:
            for titles in ((), ("Pull saw",), ("", "x")):
                for value in (None, "", "oak", "12–40", "0–60", "–"):
                    for declared in (False, True):
                        reason = Reason(part, effect, "material", value, ("a",) * bool(titles), event, declared)
                        said = TEACHERS[language].liking(Liking(reason, titles), PRODUCT, 30)
                        assert said
                        assert said == said.strip()
                        for bad in ("None", "nan", "“”", "  ", "{", "()", "（）"):
                            assert bad not in said, (reason, said)
