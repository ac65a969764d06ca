"""Titles: from a file, and from an index."""

from __future__ import annotations

from pathlib import Path

import pytest
from api_service import Shop, open_shop

from eval.titles import read_titles, titles_of
from search.errors import JudgementError


def written(folder: Path, text: str) -> Path:
    path = folder / "titles.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_titles(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeffa 1\tIron  pan\t29.90\nb\t碳钢炒锅\n\na 1\tIron  pan\n")
    assert read_titles(path) == {"a 1": "Iron  pan", "b": "碳钢炒锅"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\tpan\nb\n", "line 2: expected product_id, a tab and the title"),
        ("a\t \n", "line 1: expected"),
        ("\tpan\n", "line 1: expected"),
        ("a\tpan\na\tpot\n", "line 2: product 'a' had another title before: 'pan'; keep one"),
    ],
)
def test_odd_lines_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(JudgementError, match=r"titles\.tsv") as caught:
        read_titles(written(tmp_path, text))
    assert problem in str(caught.value)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path, [{"id": "k1", "title": "Quiet keyboard"}, {"id": "t1", "title": "绿茶"}])


def test_titles_of_an_index(shop: Shop) -> None:
    try:
        collection = shop.store.open("products", snapshot=True)
        assert titles_of(["t1", "absent", "k1"], collection) == {"k1": "Quiet keyboard", "t1": "绿茶"}
        assert titles_of([], collection) == {}
    finally:
        shop.service.close()
