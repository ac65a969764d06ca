"""Figures in the docs: every block is filled by the script that it names, and filling touches nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from benchmark_modules import load

ROOT = Path(__file__).parents[2]
blocks = load("blocks")

PAGE = """# Page

<!-- make bench-relevance: one -->
old
<!-- end: one -->
Text with 0.757.
<!-- make bench-relevance: two -->
<!-- end: two -->
<!-- make bench-other: one -->
other
<!-- end: one -->
"""


def test_blocks_are_filled_and_nothing_else_is_touched() -> None:
    filled = blocks.fill(PAGE, "bench-relevance", {"one": "new\n", "two": r"| a \1 |"})
    assert filled == PAGE.replace("old", "new").replace("two -->\n<!-- end", "two -->\n| a \\1 |\n<!-- end")
    assert blocks.fill(filled, "bench-relevance", {"one": "new", "two": r"| a \1 |"}) == filled
    assert blocks.blocks(filled, "bench-relevance") == ["one", "two"]


def test_a_text_without_a_block_is_an_error_and_changes_no_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    with pytest.raises(KeyError, match="three"):
        blocks.fill_files([page], "bench-relevance", {"one": "new", "three": "x"})
    assert page.read_text() == PAGE
    assert blocks.fill_files([page], "bench-relevance", {"one": "new"}) == [page]
    assert blocks.fill_files([page], "bench-relevance", {"one": "new"}) == []


def test_tables() -> None:
    assert blocks.markdown(["a", "b"], [["x", "1"]]) == "| a | b |\n|---|---:|\n| x | 1 |"


def test_the_docs_have_room_for_every_figure_and_every_room_is_filled() -> None:
    relevance = load("relevance")
    made = [name for section in relevance.SECTIONS.values() for name in section.blocks]
    pages = [page.read_text(encoding="utf-8") for page in relevance.PAGES]
    assert sorted(name for page in pages for name in blocks.blocks(page, relevance.TARGET)) == sorted(made)
    assert len(set(made)) == len(made)
    assert f"\n{relevance.TARGET}: install\n" in (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in pages:
        for name in blocks.blocks(page, relevance.TARGET):
            text = page.partition(f"<!-- make {relevance.TARGET}: {name} -->\n")[2].partition("<!-- end")[0]
            assert text.startswith(("| ", "```")), f"{name} is empty; run make bench-relevance"


def test_what_is_not_sold_calibrates_nothing() -> None:
    wanted = set((ROOT / "benchmarks" / "not_sold.txt").read_text(encoding="utf-8").splitlines())
    noise = set((ROOT / "search" / "offtopic.txt").read_text(encoding="utf-8").splitlines())
    assert len(wanted) > 200
    assert not {line for line in wanted & noise if line and not line.startswith("#")}


def test_every_benchmark_says_how_to_run_it() -> None:
    for file in sorted((ROOT / "benchmarks").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        if 'if __name__ == "__main__"' in text:
            assert f"python benchmarks/{file.name}" in (ast.get_docstring(ast.parse(text)) or ""), file.name
