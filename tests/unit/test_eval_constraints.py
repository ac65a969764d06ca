"""Judging answers by conditions that were written down by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.constraints import Condition, ConstrainedQuery, JudgedAnswer, judge, read_constraints, sum_up
from search.domain import Document, Hit
from search.errors import JudgementError


def query(*require: Condition, available: int = 50, about: tuple[str, ...] = ("mouse",)) -> ConstrainedQuery:
    return ConstrainedQuery("a mouse", "shop", about, require, available)


def answer(query: ConstrainedQuery, *documents: Document) -> JudgedAnswer:
    hits = [Hit({"id": str(n), "title": "Mouse", **each}, n, 0.5) for n, each in enumerate(documents, 1)]
    return judge(query, hits)


@pytest.mark.parametrize(
    ("op", "value", "price", "verdict"),
    [
        ("<", 10, 9.99, "satisfied"),
        ("<", 10, 10, "violated"),
        ("<=", 10, 10, "satisfied"),
        ("<=", 10, 10.01, "violated"),
        (">", 10, 10, "violated"),
        (">", 10, 11, "satisfied"),
        (">=", 10, 10, "satisfied"),
        (">=", 10, 9, "violated"),
        ("<", 10, None, "unknown"),
        ("<", 10, "cheap", "unknown"),
        ("<", 10, True, "unknown"),
        ("<", 10, float("nan"), "unknown"),
        ("<", 10, [20, 5], "satisfied"),
        ("<", 10, [20, 15], "violated"),
        ("<", 10, [], "unknown"),
    ],
)
def test_numbers(op: str, value: float, price: object, verdict: str) -> None:
    assert Condition("price", op, value).verdict({"price": price}) == verdict


def test_missing_field_is_unknown() -> None:
    assert Condition("price", "<", 10.0).verdict({}) == "unknown"
    assert Condition("brand", "is not", "HP").verdict({}) == "unknown"


@pytest.mark.parametrize(
    ("wanted", "brand", "same"),
    [
        ("HP", "hp", True),
        ("StarTech", "StarTech.com", True),
        ("StarTech.com", "Startech", True),
        ("华为", "华为（HUAWEI）", True),
        ("HUAWEI", "华为（ＨＵＡＷＥＩ）", True),
        ("Black & Decker", "BLACK+DECKER", True),
        ("HP", "Dell", False),
        ("小米", "华为（HUAWEI）", False),
        ("小米", ["华为", "小米（MI）"], True),
    ],
)
def test_brands(wanted: str, brand: object, same: bool) -> None:
    assert Condition("brand", "is", wanted).verdict({"brand": brand}) == ("satisfied" if same else "violated")
    assert Condition("brand", "is not", wanted).verdict({"brand": brand}) == ("violated" if same else "satisfied")


@pytest.mark.parametrize(
    ("wanted", "colour", "same"),
    [
        ("black", "Black,Silver", True),
        ("black", ["Silver", "Matt Black"], True),
        ("red", "Coloured", False),
        ("red", "Dark-Red", True),
        ("金", "枫叶金", True),
        ("金", "金色", True),
        ("白", "亮黑色", False),
        ("white", "Whiteboard", False),
    ],
)
def test_colours(wanted: str, colour: object, same: bool) -> None:
    assert Condition("colour", "is", wanted).verdict({"colour": colour}) == ("satisfied" if same else "violated")


@pytest.mark.parametrize("nothing", [None, "", " ", "-", [], [None, ""]])
def test_words_that_say_nothing_are_unknown(nothing: object) -> None:
    for field in ("brand", "colour"):
        for op in ("is", "is not"):
            assert Condition(field, op, "black").verdict({field: nothing}) == "unknown"


def test_an_answer_is_judged_hit_by_hit() -> None:
    asked = query(Condition("price", "<", 10.0), Condition("colour", "is not", "black"), available=3)
    found = answer(
        asked,
        {"price": 5, "colour": "Red"},
        {"price": 15, "colour": "Black,Red"},
        {"price": 5},
        {"price": 15},
        {"price": 5, "colour": "Red", "title": "Keyboard"},
        {"price": 5, "colour": "Red", "title": "Dormouse"},
    )
    assert [hit.broken for hit in found.hits] == [
        (), ("price < 10: 15", "colour is not black: Black,Red"), (), ("price < 10: 15",), (), (),
    ]  # fmt: skip
    assert [hit.unknown for hit in found.hits] == [(), (), ("colour",), ("colour",), (), ()]
    assert [hit.on_topic for hit in found.hits] == [True, True, True, True, False, True]
    assert (found.broken, found.unknown, found.on_topic, found.fitting) == (2, 1, 5, 3)
    assert found.filled


def test_only_the_first_ten_hits_count() -> None:
    found = answer(query(Condition("price", "<", 10.0)), *[{"price": 5}] * 10, {"price": 15})
    assert (len(found.hits), found.broken) == (10, 0)
    assert found.filled


def test_a_query_is_filled_when_all_there_are_are_shown() -> None:
    asked = query(available=2)
    assert answer(asked, {}, {}, {"title": "Keyboard"}).filled
    assert not answer(asked, {}, {"title": "Keyboard"}).filled
    assert answer(query(available=0)).filled


def test_title_is_compared_caseless() -> None:
    assert query(about=("mouse", "鼠标")).is_about({"title": "无线鼠标"})
    assert query(about=("MOUSE",)).is_about({"title": "A mouse"})
    assert not query().is_about({})


def test_shares_are_of_all_hits_and_of_all_places() -> None:
    cheap = Condition("price", "<", 10.0)
    full = answer(query(cheap), *[{"price": 5}] * 9, {"price": 15})
    half = answer(query(cheap, available=4), {"price": 5}, {})
    none = answer(query(cheap, available=6))
    scores = sum_up([full, half, none])
    assert (scores.queries, scores.hits, scores.queries_filled) == (3, 12, 0)
    assert scores.violations == 1 / 12
    assert scores.unknown == 1 / 12
    assert scores.places_filled == 12 / 20
    assert scores.on_topic == 1.0
    assert sum_up([none]).violations == 0.0


# --- the file --------------------------------------------------------------------------------------------------------

GOOD = {"q": "mouse", "catalogue": "shop", "about": ["mouse"], "require": [["price", "<", 10]], "available": 3}


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    other = {
        **GOOD,
        "q": "红色鼠标",
        "require": [["colour", "is", "红"], ["brand", "is not", "HP"]],
        "note": "kept out",
    }
    path.write_text(f"\ufeff{json.dumps(GOOD)}\n\n{json.dumps(other)}\n", encoding="utf-8")
    assert read_constraints(path) == (
        ConstrainedQuery("mouse", "shop", ("mouse",), (Condition("price", "<", 10.0),), 3),
        ConstrainedQuery(
            "红色鼠标", "shop", ("mouse",), (Condition("colour", "is", "红"), Condition("brand", "is not", "HP")), 3
        ),
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "not JSON"),
        ("[]", "expected a JSON object with q, catalogue, about, require, available"),
        (json.dumps({**GOOD, "q": " "}), "'q' must be a text"),
        (json.dumps({**GOOD, "catalogue": None}), "'catalogue' must be a text"),
        (json.dumps({**GOOD, "about": []}), "'about' must be a list of words"),
        (json.dumps({**GOOD, "about": "mouse"}), "'about' must be a list of words"),
        (json.dumps({**GOOD, "require": None}), "'require' must be a list"),
        (json.dumps({**GOOD, "available": "3"}), "'available' must be a whole number"),
        (json.dumps({**GOOD, "available": True}), "'available' must be a whole number"),
        (json.dumps({**GOOD, "available": -1}), "'available' must be a whole number"),
        (json.dumps({**GOOD, "require": [["price", "<"]]}), "expected [field, operator, value]"),
        (json.dumps({**GOOD, "require": [["price", "=", 3]]}), 'no operator "="; there are: <, <=, >, >=, is, is not'),
        (json.dumps({**GOOD, "require": [["price", "<", "3"]]}), 'price < needs a number, not "3"'),
        (json.dumps({**GOOD, "require": [["price", ["<"], 3]]}), 'no operator ["<"]'),
        (json.dumps({**GOOD, "require": [["colour", "is", 3]]}), "colour is needs a word, not 3"),
        (json.dumps({**GOOD, "require": [["colour", "is", "-"]]}), 'colour is needs a word, not "-"'),
    ],
)
def test_odd_lines_are_refused_with_their_number(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + line + "\n")
    with pytest.raises(JudgementError) as caught:
        read_constraints(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert problem in str(caught.value)


def test_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text("\n")
    with pytest.raises(JudgementError, match="holds no queries"):
        read_constraints(path)
