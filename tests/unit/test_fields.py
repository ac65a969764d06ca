"""Which attributes become filterable."""

from __future__ import annotations

from indexer.fields import FieldCensus
from search.domain import CORE_KINDS, FieldKind
from search.writing import MAX_FIELDS


def choose(documents: list[dict[str, object]]) -> tuple[dict[str, FieldKind], tuple[str, ...]]:
    census = FieldCensus()
    for document in documents:
        census.add(document)
    choice = census.choose()
    return {name: kind for name, kind in choice.fields.items() if name not in CORE_KINDS}, choice.unfiltered


def test_canonical_fields_are_always_filterable() -> None:
    assert set(CORE_KINDS) <= set(FieldCensus().choose().fields)


def test_kinds_are_those_of_nearly_all_values() -> None:
    documents: list[dict[str, object]] = [
        {
            "id": str(n),
            "title": "t",
            "colour": "red",
            "watts": n,
            "released": "2026-01-01",
            "sizes": ["S", "M"],
            "wifi": True,
        }
        for n in range(20)
    ]
    documents[0]["watts"] = "many"
    fields, unfiltered = choose(documents)
    assert fields == {"colour": "text", "released": "date", "sizes": "text", "watts": "number", "wifi": "boolean"}
    assert unfiltered == ()


def test_mixed_kinds_are_words_and_prose_is_none() -> None:
    documents: list[dict[str, object]] = [
        {"version": "2026-01-01" if n % 2 else "beta", "notes": "x" * 300, "either": n if n % 2 else True}
        for n in range(20)
    ]
    fields, unfiltered = choose(documents)
    assert fields == {"version": "text"}
    assert unfiltered == ("either", "notes")


def test_rare_attributes_are_left_out_of_a_large_catalogue_only() -> None:
    rare = [{"odd": "x"}, *({"id": str(n)} for n in range(5000))]
    assert choose(rare) == ({}, ("odd",))
    assert choose(rare[:50]) == ({"odd": "text"}, ())


def test_the_most_common_attributes_win_when_there_are_too_many() -> None:
    documents: list[dict[str, object]] = [{f"a{k}": "v" for k in range(n)} for n in range(1, 201)]
    fields, unfiltered = choose(documents)
    assert len(fields) == MAX_FIELDS - len(CORE_KINDS)
    assert "a0" in fields
    assert "a199" in unfiltered
