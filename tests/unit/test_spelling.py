"""Beginnings that are nearly right, against the definition of one edit."""

from __future__ import annotations

import edits
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.spelling import begins_nearly


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("wireless", "wireless"), ("wireless", "wirel"), ("wireless", "wirelss"), ("wireless", "wierless"),
        ("wireless", "wireeless"), ("wireless", "wirelezs"), ("wireless", "ireless"), ("wireless", "iwreless"),
        ("mouse", "mousse"), ("mouse", "mousee"), ("laptop", "lpatop"), ("a", "ab"), ("", "a"),
    ],
)  # fmt: skip
def test_one_edit_away(word: str, typed: str) -> None:
    assert begins_nearly(word, typed)


@pytest.mark.parametrize(
    ("word", "typed"),
    [("wireless", "wirlss"), ("mouse", "house!"), ("laptop", "alptpo"), ("", "ab"), ("keyboard", "board"), ("a", "bc")],
)
def test_further_away(word: str, typed: str) -> None:
    assert not begins_nearly(word, typed)


short = st.text("abc", max_size=7)


@given(short, short)
def test_as_the_definition_says(word: str, typed: str) -> None:
    assert begins_nearly(word, typed) == edits.begins_nearly(word, typed)
