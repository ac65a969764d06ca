"""Which fields of a hit are shown, and its second, formatted copy."""

from __future__ import annotations

from typing import Any

import pytest

from api.formatting import Format, select, shown
from api.highlight import terms

DOCUMENT: dict[str, Any] = {
    "id": "1",
    "title": "Quiet keyboard",
    "price": 59.0,
    "in_stock": True,
    "tags": ["quiet", "small"],
    "makers": [{"name": "Quiet Co", "age": 2}, {"name": "Other", "age": 4}],
    "size": {"width": 30, "note": "quiet size"},
}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["*"], DOCUMENT),
        (["title", "*"], DOCUMENT),
        ([], {}),
        (["nothing"], {}),
        (["price", "id"], {"id": "1", "price": 59.0}),
        (["makers.name"], {"makers": [{"name": "Quiet Co"}, {"name": "Other"}]}),
        (["size.width", "size.depth"], {"size": {"width": 30}}),
        (["title.word"], {}),
    ],
)
def test_selects_fields(names: list[str], expected: dict[str, Any]) -> None:
    assert select(DOCUMENT, names) == expected


def test_formatted_holds_what_is_retrieved_and_what_is_styled_numbers_as_text() -> None:
    hit = shown(DOCUMENT, Format(("id", "price"), highlight=("title",), before="[", after="]"), terms("quiet"))
    assert hit == {
        "id": "1",
        "price": 59.0,
        "_formatted": {"id": "1", "title": "[Quiet] keyboard", "price": "59.0"},
    }


def test_there_is_no_formatted_copy_where_nothing_is_styled() -> None:
    assert "_formatted" not in shown(DOCUMENT, Format(("*",)), terms("quiet"))
    assert "_formatted" not in shown(DOCUMENT, Format(("*",), highlight=("nothing",)), terms("quiet"))


def test_styles_reach_into_lists_and_objects() -> None:
    hit = shown(DOCUMENT, Format(("id",), highlight=("*",), before="[", after="]"), terms("quiet"))
    formatted = hit["_formatted"]
    assert formatted["tags"] == ["[quiet]", "small"]
    assert formatted["makers"] == [{"name": "[Quiet] Co", "age": "2"}, {"name": "Other", "age": "4"}]
    assert formatted["size"] == {"width": "30", "note": "[quiet] size"}
    assert formatted["in_stock"] is True


def test_a_style_for_one_inner_field_leaves_its_neighbours() -> None:
    hit = shown(DOCUMENT, Format((), highlight=("makers.name",), before="[", after="]"), terms("quiet"))
    assert hit == {"_formatted": {"makers": [{"name": "[Quiet] Co"}, {"name": "Other"}]}}


def test_crop_lengths() -> None:
    assert Format.crops(["title", "description:12", "a:b"], 10) == {"title": 10, "description": 12, "a:b": 10}
    hit = shown(DOCUMENT, Format((), crop={"title": 1}, marker="~"), terms("keyboard"))
    assert hit["_formatted"]["title"] == "~keyboard"


def test_positions_name_the_path_and_the_place_in_a_list() -> None:
    hit = shown(DOCUMENT, Format(("id",), positions=True), terms("quiet"))
    assert hit["_matchesPosition"] == {
        "title": [{"start": 0, "length": 5}],
        "tags": [{"start": 0, "length": 5, "indices": [0]}],
        "makers.name": [{"start": 0, "length": 5, "indices": [0]}],
        "size.note": [{"start": 0, "length": 5}],
    }
