"""The grades, and what each means: one text for people, for the docs and for the language model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GradeMeaning:
    grade: int
    name: str
    english: str
    chinese: str


GRADES = (
    GradeMeaning(
        3,
        "exact",
        "what was asked for, and every condition named is met",
        "正是所搜的商品，并满足搜索词中的每一个条件",
    ),
    GradeMeaning(
        2,
        "good",
        "the right kind of thing; one wish is not met or cannot be told, yet many would buy it",
        "种类正确；有一个要求未满足或无法判断，但不少人仍会购买",
    ),
    GradeMeaning(
        1,
        "related",
        "not what was asked for, but near it: an accessory, a part, a neighbouring kind",
        "不是所搜的商品，但相近：配件、零件或邻近的种类",
    ),
    GradeMeaning(
        0,
        "wrong",
        "something else, or it plainly breaks what the query demands",
        "是别的商品，或明显违背搜索词的要求",
    ),
)

SCALE = tuple(sorted(meaning.grade for meaning in GRADES))
"""From worst to best. Metrics count a product as relevant from grade 1."""


def instructions() -> str:
    """For people who grade a sheet: in English and Chinese, a line for each grade."""
    lines = [f"  {each.grade}  {each.name}: {each.english}\n     {each.chinese}" for each in GRADES]
    return "\n".join(
        [
            "Grade each product by the query alone; leave blank what you cannot tell:",
            *lines,
            "Read the whole query first. Price, brand and colour count only where it names them. Ask what a shopper "
            "who\ntyped this would want to see, not what you would buy. A comment helps whoever compares the sheets.",
        ]
    )
