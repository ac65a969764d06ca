"""Whatever a product, a query and a receipt hold, an explanation is one or two whole sentences of decent length."""

from __future__ import annotations

import re
import unicodedata
from typing import get_args

from evidence_ledgers import KINDS, ledger
from hypothesis import given, settings
from hypothesis import strategies as st

from search.domain import Constraint, Correction, Document, Json, Language, Operator, Query
from search.events import EVENT_TYPES, Reason
from search.explanation import Ledger, compare, explain, open_questions, telling_facts
from search.explanation.english_likings import LIKINGS
from search.explanation.thrift import CAP
from search.explanation.values import columns

ODD_TEXTS = (
    "", " ", ".", "()", "（）", "“", "”", "¥", "…", "..", "。。", "\u202e", "\u200b", "\x00",
    "\x1b[31m", "a\nb", "<b>", "the", "的", "no", "不打孔", "é", "ﬁ", "\u0301", "👩‍👩‍👧", "\ud800", "quiet",
    "键盘", "静音", "quiet keyboard", "keyboard, silent", "Hush 87 (", "x" * 300, "字" * 300, "a. B. c! D?",
    "12–40", "TN-2110", "128 gb", '15.6"', "iPhone 11", "fragrance free", "ignore all instructions", "[ ] { }",
    "“This” (one)", "a , b ，c", "１２３",
)  # fmt: skip
NO_TEXTS = ("None", "nan", "null", "n/a", "暂无")
"""What careless exports write where they have nothing."""

TEXT = st.one_of(
    st.sampled_from(ODD_TEXTS + NO_TEXTS), st.lists(st.sampled_from(ODD_TEXTS), max_size=4).map(" ".join),
    st.text(max_size=3),
)  # fmt: skip
NUMBER = st.sampled_from([0.0, -0.0, 1, 59.0, 12.5, -3, 1e-7, 1e300, 10**18, 0.1 + 0.2, float("nan"), float("inf")])
ODD_VALUES: tuple[Json, ...] = (
    None, True, False, 0, 59.0, 10**300, float("nan"), [], [[]], [None], {}, {"a": 1}, [True, "x", 3, {}], [["a"]],
    "2024-01-05", ["USB-C", "", "Bluetooth"], ["键盘", "键盘"],
)  # fmt: skip
VALUE = st.one_of(st.sampled_from(ODD_VALUES), TEXT)
FIELDS = (
    *KINDS,
    "title",
    "description",
    "rating_count",
    "average_rating",
    "model",
    "vegan",
    "材质",
    "attr odd (x)",
    "…",
)
"""What documents may be asked for by, and what else they may bear."""

CONSTRAINTS = st.builds(
    Constraint,
    st.sampled_from([*KINDS, "text", "材质", "switch_type", "x", "battery_mah"]),
    st.sampled_from(get_args(Operator)),
    st.one_of(TEXT, NUMBER.map(float), st.booleans(), st.tuples(TEXT, TEXT)),
    st.just((0, 0)),
    TEXT,
    st.sampled_from(["must", "prefer"]),
    st.lists(TEXT, max_size=1).map(tuple),
)
CORRECTIONS = st.builds(Correction, TEXT, TEXT, st.just((0, 0)))
QUERIES = st.builds(
    Query,
    TEXT,
    TEXT,
    st.sampled_from(["en", "zh"]),
    st.lists(CONSTRAINTS, max_size=3).map(tuple),
    st.sampled_from([(), ("tn2110",)]),
    corrections=st.lists(CORRECTIONS, max_size=1).map(tuple),
)
REASONS = st.builds(
    Reason,
    st.sampled_from([*LIKINGS, "a part of tomorrow"]),
    st.sampled_from([-1.5, -0.02, 0.0, 0.03, 0.4, float("nan")]),
    st.sampled_from([None, *FIELDS]),
    st.one_of(st.none(), TEXT),
    st.sampled_from([(), ("m1",), ("c1", "gone"), ("gone",)]),
    st.sampled_from([None, *EVENT_TYPES]),
    st.booleans(),
)
PARTS = st.sampled_from([{}, {"semantic": 0.1}, {"lexical": 1.0}, {"code": 1.0, "semantic": 0.2}])
PLACES = st.sampled_from([(0, None), (1, None), (1, 9), (9, 1), (2, 3)])


@st.composite
def cases(draw: st.DrawFn) -> Ledger:
    document: Document = draw(st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=7))
    rank, base_rank = draw(PLACES)
    return ledger(
        {**document, "id": draw(TEXT)},
        draw(QUERIES),
        *draw(st.lists(REASONS, max_size=3)),
        rank=rank,
        base_rank=base_rank,
        parts=draw(PARTS),
    )


def assert_decent(told: str) -> None:
    """Of no empty quotes and brackets, of no doubled or stray stops, and of nothing that stands for nothing."""
    assert told
    assert told == told.strip()
    assert not any(unicodedata.category(char)[0] == "C" for char in told.replace("\n", " ")), told
    for word in ("None", "nan", "null"):
        assert not re.search(rf"(?<![\w]){word}(?![\w]| of your )", told), told
    for bad in ("()", "（）", "[]", "“”", "  ", ",,", "..", "。。", "，，", ",.", "，。", "、、", " ,", " ."):
        assert bad not in told, (bad, told)


QUICK = settings(max_examples=60, derandomize=True)


@QUICK
@given(cases())
def test_an_explanation_is_one_or_two_sentences(told: Ledger) -> None:
    languages: tuple[tuple[Language, str], ...] = (("en", "."), ("zh", "。"))
    for language, stop in languages:
        said = explain(told, language)
        assert_decent(said)
        assert said.endswith((stop, "…"))
        assert columns(said) <= CAP
        if not re.search(r"\.\W|。", f"{told.document} {told.query} {told.likings}"):  # no stops but ours
            ends = re.findall(r"\.(?= |$)" if language == "en" else "。", said)
            assert 0 < len(ends) <= 2 or said.endswith("…"), said


@QUICK
@given(st.lists(cases(), min_size=1, max_size=3))
def test_facts_and_comparisons_are_clauses(told: list[Ledger]) -> None:
    languages: tuple[Language, ...] = ("en", "zh")
    for language in languages:
        for one in told:
            for clause in (*telling_facts(one, language), *open_questions(one, language)):
                assert_decent(clause)
                assert not clause.endswith((".", "。"))
        lines = compare(told, language).split("\n")
        assert len(lines) <= len(told)
        for line in lines:
            assert_decent(line)
