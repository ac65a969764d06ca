"""Both lists of a query: which hits are new, which fell out, and how that looks in a terminal."""

from __future__ import annotations

import pytest

from eval.commands.compare_text import side_by_side_text
from eval.compare import Mover
from eval.qrels import Qrels, Run
from eval.side_by_side import ListedHit, SideBySide, products_shown, side_by_side
from eval.tables import display_width, shortened

QRELS = Qrels({"q1": {"a": 3.0, "b": 0.0, "c": 1.5}})
BASE = Run("base.trec", {"q1": ["b", "x", "a", "y"]})
NEW = Run("new.trec", {"q1": ["a", "c", "b"]})
TITLES = {"a": "Cast iron pan", "b": "碳钢炒锅 不粘", "c": "Skillet"}


def shown(depth: int = 2) -> SideBySide:
    (side,) = side_by_side([Mover("q1", 0.25, 1.0)], QRELS, BASE, NEW, {"q1": "iron pan"}, TITLES, depth)
    return side


def test_hits_with_grades_titles_and_their_rank_in_the_other_list() -> None:
    side = shown()
    assert (side.query, side.text, side.baseline_value, side.value, side.difference) == (
        "q1",
        "iron pan",
        0.25,
        1,
        0.75,
    )
    assert side.before == (ListedHit("b", "碳钢炒锅 不粘", 0.0, 1, 3), ListedHit("x", "", None, 2, None))
    assert side.after == (ListedHit("a", "Cast iron pan", 3.0, 1, 3), ListedHit("c", "Skillet", 1.5, 2, None))


def test_what_the_other_list_shows_further_down_is_new_here_all_the_same() -> None:
    side = shown()
    assert [side.only_here(hit) for hit in (*side.before, *side.after)] == [True, True, True, True]
    deeper = shown(3)
    assert [hit.product for hit in deeper.before if deeper.only_here(hit)] == ["x"]
    assert [hit.product for hit in deeper.after if deeper.only_here(hit)] == ["c"]


def test_a_query_without_results_or_words() -> None:
    (side,) = side_by_side([Mover("q9", 0.5, 0.0)], QRELS, Run("base", {"q9": ["z"]}), Run("new", {}), {}, {})
    assert (side.text, side.after) == ("", ())
    assert side.before == (ListedHit("z", "", None, 1, None),)
    assert side_by_side_text(side, "map", "base", "new", 80).splitlines() == [
        "q9",
        "map  0.5000 → 0.0000  -0.5000",
        "  # grade  now  base                   |   # grade  was  new",
        "- 1     –    –  z                      |     no hits",
    ]


def test_titles_are_asked_for_what_is_shown_and_no_more() -> None:
    runs = (BASE, NEW, Run("other", {"q1": ["m", "n", "o"], "q2": ["p"]}))
    assert products_shown([Mover("q1", 0, 1), Mover("q7", 0, 1)], runs, depth=2) == {"b", "x", "a", "c", "m", "n"}


def test_the_lists_in_a_terminal() -> None:
    assert side_by_side_text(shown(4), "ndcg@10", "base.trec", "new.trec", 80).splitlines() == [
        "q1 iron pan",
        "ndcg@10  0.2500 → 1.0000  +0.7500",
        "  # grade  now  base.trec              |   # grade  was  new.trec",
        "  1     0    3  b  碳钢炒锅 不粘       |   1     3    3  a  Cast iron pan",
        "- 2     –    –  x                      | + 2   1.5    –  c  Skillet",
        "  3     3    1  a  Cast iron pan       |   3     0    1  b  碳钢炒锅 不粘",
        "- 4     –    –  y                      |",
    ]


@pytest.mark.parametrize("width", [20, 80, 101, 120, 400])
def test_the_lists_fit_the_terminal_and_stand_below_each_other(width: int) -> None:
    """Whatever ids, titles and names of files are like; narrower than 80 columns is not attempted."""
    ids = ["0d2c9f1e-5b7a-4c83-9a51-6de27c1b1a40", "a" * 200, "短", "é" * 50, "tab\tid"]
    titles = {product: f"超长标题{product}\x1b[31m red\r\n" * 20 for product in ids[:4]}
    for known in (titles, {}):
        base, new = Run("b" * 90, {"q": ids}), Run("n", {"q": ids[::-1]})
        qrels = Qrels({"q": {ids[0]: 0.333333333}})
        (side,) = side_by_side([Mover("q", 0, 1)], qrels, base, new, {"q": "words " * 99}, known, 5)
        lines = side_by_side_text(side, "map", base.name, new.name, width).splitlines()
        assert len(lines) == 8
        assert max(map(display_width, lines)) <= min(max(width, 80), 160)
        assert all(line.isprintable() for line in lines)
        bars = {display_width(line[: line.index(" | ")]) for line in lines[2:]}
        assert len(bars) == 1


def test_ranks_of_any_depth_stay_in_their_columns() -> None:
    ids = [f"p{i}" for i in range(20_000)]
    base, new = Run("base", {"q": ids}), Run("new", {"q": ids[::-1]})
    (side,) = side_by_side([Mover("q", 0, 1)], QRELS, base, new, {}, {}, 120)
    lines = side_by_side_text(side, "map", "base", "new", 80).splitlines()
    assert len({line.index("|") for line in lines[2:]}) == 1
    assert max(map(display_width, lines)) <= 80
    assert lines[-1].split() == ["-120", "–", "19881", "p119", "|", "+120", "–", "19881", "p19880"]


def test_shortened_counts_columns_and_lets_nothing_steer_the_terminal() -> None:
    assert shortened("short", 5) == "short"
    assert shortened("longer", 5) == "long…"
    assert shortened("碳钢炒锅", 8) == "碳钢炒锅"
    assert shortened("碳钢炒锅", 7) == "碳钢炒…"
    assert shortened("碳钢炒锅", 6) == "碳钢…"
    assert shortened("two words", 5) == "two…"
    assert shortened(" a\x1b[2J\n b\u202e ", 20) == "a [2J b"
    assert [shortened("long", width) for width in (0, 1, 2)] == ["", "…", "l…"]
