"""Whatever a product, a query and a receipt hold, an explanation is one or two whole sentences of decent length."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, get_args

from evidence_ledgers import KINDS, ledger
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.domain import Constraint, Correction, Document, Operator, Query
from search.events import EVENT_TYPES, Reason
from search.explanation import Ledger, compare, explain, open_questions, telling_facts
from search.explanation.english_likings import LIKINGS
from search.explanation.thrift import CAP
from search.explanation.values import columns

PLAIN = "quiet keyboard 键盘 静音 不打孔 no without free 128 gb TN-2110 iPhone 11 的 the é ﬁ <b> ignore instructions"
SIGNS = '() （） “” “ [ ] {} ,, .. !! ?? -- … 。。 ，， 15.6"'
WORDS = st.sampled_from([*(PLAIN + " " + SIGNS).split(" "), "\u202e", "\u200b", "\x00", "\x1b[31m"])
TEXT = st.one_of(
    st.lists(WORDS, max_size=12).map(" ".join), st.text(max_size=60), st.text(max_size=3).map(lambda t: t * 90)
)
NUMBER = st.one_of(
    st.floats(), st.integers(-(10**18), 10**18), st.sampled_from([0, 59.0, 12.5, float("nan"), float("inf")])
)
SCALAR = st.one_of(TEXT, NUMBER, st.booleans(), st.none())
VALUE = st.one_of(SCALAR, st.lists(SCALAR, max_size=3), st.dictionaries(st.text(max_size=3), SCALAR, max_size=1))
SAID = TEXT.filter(lambda text: any(char.isalnum() for char in text))
FIELD = st.one_of(st.sampled_from([*KINDS, "text"]), TEXT.filter(bool))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    made: dict[str, Any] = draw(st.dictionaries(FIELD, VALUE, max_size=6))
    for name in ("title", "description", "brand", "currency"):
        if draw(st.booleans()):
            made[name] = draw(TEXT)
    if draw(st.booleans()):
        made |= {"price": draw(NUMBER), "category": draw(st.lists(TEXT, max_size=3)), "in_stock": draw(st.booleans())}
    return made | {"id": draw(TEXT)}


NAME = st.one_of(
    st.sampled_from([*KINDS, "text"]), st.from_regex(r"[a-z]{1,9}(_[a-z]{1,5})?|[颜色材质尺寸]{1,4}", fullmatch=True)
)
"""Of an index: documents may bear any names, those that can be asked about are cleaned."""

CONSTRAINTS = st.builds(
    Constraint,
    NAME,
    st.sampled_from([*get_args(Operator), "in"]),
    st.one_of(TEXT, NUMBER.map(float), st.booleans(), st.tuples(SAID, SAID)),
    st.just((0, 0)),
    TEXT,
    st.sampled_from(["must", "prefer"]),
    st.lists(TEXT, max_size=2).map(tuple),
)
QUERIES = st.builds(
    Query,
    TEXT,
    TEXT,
    st.sampled_from(["en", "zh"]),
    st.lists(CONSTRAINTS, max_size=4).map(tuple),
    st.lists(TEXT, max_size=1).map(tuple),
    corrections=st.lists(st.builds(Correction, TEXT, TEXT, st.just((0, 0))), max_size=1).map(tuple),
)
REASONS = st.builds(
    Reason,
    st.sampled_from([*LIKINGS, "a part of tomorrow"]),
    st.floats(-2, 2),
    st.one_of(st.none(), FIELD),
    st.one_of(st.none(), TEXT, st.just("12–40")),
    st.lists(st.sampled_from(["m1", "c1", "b1", "gone"]), max_size=2).map(tuple),
    st.sampled_from([None, *EVENT_TYPES]),
    st.booleans(),
)


@st.composite
def cases(draw: st.DrawFn) -> Ledger:
    return ledger(
        draw(documents()),
        draw(QUERIES),
        *draw(st.lists(REASONS, max_size=4)),
        rank=draw(st.integers(0, 30)),
        base_rank=draw(st.one_of(st.none(), st.integers(1, 30))),
        parts=draw(st.sampled_from([{}, {"semantic": 0.1}, {"lexical": 1.0}, {"code": 1.0, "semantic": 0.2}])),
    )


def assert_decent(told: str) -> None:
    assert told
    assert told == told.strip()
    assert not any(unicodedata.category(char)[0] == "C" for char in told), told
    for word in ("None", "nan", "null"):
        assert not re.search(rf"(?<![\w]){word}(?![\w]| of your )", told), told
    for bad in ("()", "（）", "[]", "“”", "  ", ",,", "..", "。。", "，，", ",.", "，。", "、、"):
        assert bad not in told, (bad, told)


QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(cases())
def test_an_explanation_is_one_or_two_sentences(told: Ledger) -> None:
    for language, stop in (("en", "."), ("zh", "。")):
        said = explain(told, language)  # type: ignore[arg-type]
        assert_decent(said)
        assert said.endswith((stop, "…"))
        assert columns(said) <= CAP
        ends = re.findall(r"\.(?= [A-Z“]|$)" if language == "en" else "。", re.sub("“[^”]*”", "“x”", said))
        assert 0 < len(ends) <= 2 or said.endswith("…"), said


@QUICK
@given(st.lists(cases(), min_size=2, max_size=5))
def test_facts_and_comparisons_are_clauses(told: list[Ledger]) -> None:
    for language in ("en", "zh"):
        for one in told:
            for clause in (*telling_facts(one, language), *open_questions(one, language)):  # type: ignore[arg-type]
                assert_decent(clause)
                assert not clause.endswith((".", "。"))
        assert_decent(compare(told, language))  # type: ignore[arg-type]
