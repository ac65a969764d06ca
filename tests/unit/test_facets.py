"""Values of a facet by what is typed of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.facets import MAX_HITS, FacetHit, find_values

COUNTS = {
    "Logitech": 12, "Café Noir": 3, "TP-LINK": 4, "华为（HUAWEI）": 9, "12.5": 2, "true": 1, "Hewlett Packard": 7,
    "O'Neill": 2, "C++": 1, "ＡＣＭＥ": 5, "Tarn": 2,
}  # fmt: skip


def values(typed: str | None) -> list[str]:
    return [hit.value for hit in find_values(COUNTS, typed)]


def test_nothing_typed_gives_every_value_most_frequent_first_ties_by_value() -> None:
    everything = [
        "Logitech", "华为（HUAWEI）", "Hewlett Packard", "ＡＣＭＥ", "TP-LINK", "Café Noir", "12.5", "O'Neill", "Tarn",
        "C++", "true",
    ]  # fmt: skip
    for typed in (None, "", "   "):
        assert values(typed) == everything
    assert find_values(COUNTS, "log") == (FacetHit("Logitech", 12),)
    assert find_values({}, None) == ()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("LOG", ["Logitech"]),
        ("cafe", ["Café Noir"]),
        ("CAFÉ", ["Café Noir"]),
        ("noir", ["Café Noir"]),
        ("noir ca", ["Café Noir"]),
        ("t", ["TP-LINK", "Tarn", "true"]),
        ("tp-l", ["TP-LINK"]),
        ("link", ["TP-LINK"]),
        ("ink", []),
        ("为", ["华为（HUAWEI）"]),
        ("华为 hua", ["华为（HUAWEI）"]),
        ("acme", ["ＡＣＭＥ"]),
        ("12.", ["12.5"]),
        ("c++", ["Café Noir", "C++"]),
        ("+", ["C++"]),
        ("o'n", ["O'Neill"]),
        ("zzzzz", []),
    ],
)
def test_by_the_beginning_of_any_word(typed: str, found: list[str]) -> None:
    assert values(typed) == found


def test_one_edit_is_forgiven_from_five_letters_and_only_where_nothing_fits() -> None:
    assert values("logitehc") == ["Logitech"]
    assert values("pakcard") == ["Hewlett Packard"]
    assert values("hewlet packrd") == ["Hewlett Packard"]
    assert values("lgoi") == []
    assert values("tarm") == []
    assert find_values({"Lantern": 3, "Lantorn": 1}, "lanter") == (FacetHit("Lantern", 3),)
    assert find_values({"A12345": 1}, "a12346") == ()


def test_a_hundred_at_most() -> None:
    many = {f"brand {number:04d}": number for number in range(1000)}
    hits = find_values(many, "brand")
    assert len(hits) == MAX_HITS == 100
    assert hits[0] == FacetHit("brand 0999", 999)
    assert len(find_values(many, "brand", limit=7)) == 7


@given(st.dictionaries(st.text(max_size=12), st.integers(1, 9), max_size=8), st.text(max_size=300))
def test_whatever_is_typed_gives_some_of_the_values_in_order(counts: dict[str, int], typed: str) -> None:
    hits = find_values(counts, typed)
    assert {hit.value for hit in hits} <= set(counts)
    assert list(hits) == sorted(hits, key=lambda hit: (-hit.count, hit.value))
    assert {hit.value for hit in find_values(counts, "")} == set(counts)
