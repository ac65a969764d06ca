"""Whatever is typed: no error, spans that are slices, and the same again when asked again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import understanding_shop
from hypothesis import given, settings
from hypothesis import strategies as st

from search.lexicon import Lexicon
from search.understanding import literally, understand

PIECES = st.sampled_from(
    [
        "under $50", "between 20 and 40 dollars", "not", "no", "without", "except", "sony", "or", "canon", "black", "-",
        "/", "leather", "headphones", "phone", "cheapest", "in stock", "≤400", "1.5k", "TN-2110", "size 42", "for",
        "keybord", "不要", "小米", "的", "手机", "500元以下", "一千到两千", "黑色", "或者", "白色", "最便宜", "有货",
        "除了", "以外", "预算300", "评分4.5以上", "，", "　", "\u200b", "Ａ", "é", "ﬁ", "\ud800", "½", "'s", "100%",
        "£", "¥",
    ]
)  # fmt: skip
QUERY = st.lists(PIECES, max_size=12).map(" ".join) | st.lists(PIECES, max_size=12).map("".join)


@cache
def lexicon() -> Lexicon:
    return understanding_shop.lexicon()


@settings(max_examples=400, deadline=None)
@given(QUERY | st.text(st.characters(), max_size=60))
def test_anything_can_be_typed(raw: str) -> None:
    for known in (lexicon(), None):
        query = understand(raw, known)
        assert query.raw == raw
        for constraint in query.constraints:
            assert raw[slice(*constraint.span)] == constraint.text != ""
        for correction in query.corrections:
            assert raw[slice(*correction.span)] == correction.typed
        assert query.text == " ".join(query.text.split())
        assert understand(raw, known) == query


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), min_size=3000, max_size=4000) | QUERY.map(lambda text: text * 60))
def test_long_texts_are_no_trouble(raw: str) -> None:
    understand(raw, lexicon())


@pytest.mark.parametrize(
    "raw", ["a" * 50_000, "1" * 50_000, "(" * 5000, "不要" * 5000, "not " * 5000, "$" * 5000, "1-" * 3000]
)
def test_hostile_texts_are_quick(raw: str) -> None:
    understand(raw, lexicon())


@pytest.mark.parametrize("length", range(270, 310))
def test_no_number_is_cut_in_half(length: int) -> None:
    for raw in (f"{'lamp ' * 70}"[:length] + " under $5000", "灯" * length + "低于5000元"):
        values = [constraint.value for constraint in understand(raw, lexicon()).constraints if constraint.op == "<"]
        assert values in ([], [5000])


def test_what_is_left_is_mostly_understood_as_itself() -> None:
    texts = [understand(line.split("\t")[0], lexicon()).text for line in golden()]
    again = [understand(text, lexicon()).text for text in texts]
    assert sum(one == other for one, other in zip(texts, again, strict=True)) >= 0.98 * len(texts)


def golden() -> list[str]:
    path = Path(__file__).parents[1] / "golden" / "understanding.tsv"
    return [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("# ")]


@pytest.mark.parametrize(
    ("raw", "ignore", "fields", "text"),
    [
        ("quiet keyboard under $80 not cherry", ["not cherry"], ["price", "currency"], "quiet keyboard"),
        ("quiet keyboard under $80 not cherry", ["  NOT Cherry "], ["price", "currency"], "quiet keyboard"),
        ("quiet keyboard under $80 not cherry", ["under $80"], ["brand"], "quiet keyboard"),
        ("black keyboard", ["black"], [], "black keyboard"),
        ("黑色背包 500元以下", ["500元以下", "黑色"], [], "黑色背包"),
    ],
)
def test_a_constraint_can_be_switched_off(raw: str, ignore: list[str], fields: list[str], text: str) -> None:
    query = understand(raw, lexicon(), ignore=ignore)
    assert [constraint.field for constraint in query.constraints] == fields
    assert query.text == text


def test_the_members_are_the_values_of_the_catalogue() -> None:
    (colour,) = understand("black or white keyboard", lexicon()).constraints
    assert {"black", "Black", "黑色", "White", "白色", "Black,White"} <= set(colour.members)
    (brand,) = understand("索尼耳机", lexicon()).constraints
    assert set(brand.members) == {"Sony", "索尼（SONY）"}


def test_literally_reads_nothing_into_the_words() -> None:
    query = literally("cheapest TN-2110 under $50, not black")
    assert query.text == "cheapest TN-2110 under $50, not black"
    assert not query.constraints
    assert not query.sort
    assert "tn2110" in query.codes


def test_the_language_can_be_said() -> None:
    assert understand("usb", language="zh").language == "zh"
