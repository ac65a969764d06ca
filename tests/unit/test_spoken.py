"""What a language model says aloud: thoughts, blanks and half signs never come out, however the text is cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.language_models.spoken import Spoken, spoken

# The same said in one expression, for whole texts: what the stream has to agree with.
_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)


def _whole(text: str) -> str:
    return _THOUGHT.sub("", text.encode("utf-8", "replace").decode()).strip()


_BITS = st.sampled_from(
    ["<think>", "</think>", "<thinking>", "</thinking>", "<th", "ink", ">", "<", "</", " ", "\n", "a", "键", "\ud800"]
)


@given(st.lists(_BITS, max_size=12), st.data())
def test_however_it_is_cut_it_is_the_same(bits: list[str], data: st.DataObject) -> None:
    text = "".join(bits)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    said = Spoken()
    pieces = [said.hear(text[start:end]) for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert "".join([*pieces, said.end()]) == _whole(text) == spoken(text)


def test_thoughts_are_never_out_for_a_moment() -> None:
    said = Spoken()
    heard = [said.hear(sign) for sign in "\n<think>he wants 5 <b> </thin not yet</think>\n\nWell, hi "]
    assert "".join(heard).startswith("Well,")
    assert said.end() == ""


def test_nothing_waits_that_need_not() -> None:
    said = Spoken()
    assert [said.hear(piece) for piece in ("A", " ", "lamp", " <b", "\n")] == ["A", "", " lamp", " <b", ""]


@pytest.mark.parametrize("end", ["<", "<thin", "  <think", "<thinking"])
def test_a_beginning_that_becomes_no_thought_is_said_after_all(end: str) -> None:
    assert spoken(end) == end.strip()
