"""Telling apart what was cut off from what was ranked low, ruled out, or never there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from eval.nothing import Missed, Reply, ask, find_losses, manners, read_texts
from eval.qrels import EvalQuery, Qrels
from search.domain import Constraint, Hit, OneOf, Query, SearchRequest, SearchResult
from search.errors import JudgementError

CHEAP = Constraint("price", "<", 10.0, (4, 12), "under 10")


class Shop:
    """An index of products a to f. A search returns `shown`; one with a filter also what was ranked `low`, and what is
    `dear` if the condition is switched off. Nobody finds the others."""

    held = frozenset("abcdef")

    def __init__(self, shown: str, low: str = "", dear: str = "", weak: bool = False) -> None:
        self.shown, self.low, self.dear, self.weak = shown, low, dear, weak
        self.asked: list[SearchRequest] = []

    def search(self, request: SearchRequest) -> SearchResult:
        self.asked.append(request)
        named = set(request.filter.values) if isinstance(request.filter, OneOf) else None
        if not request.text:
            return self._result(request, [each for each in sorted(self.held) if each in (named or ())])
        reachable = self.shown if named is None else self.shown + self.low
        reachable += self.dear if CHEAP.text in request.ignore else ""
        return self._result(request, [each for each in reachable if named is None or each in named])

    def _result(self, request: SearchRequest, products: Sequence[str]) -> SearchResult:
        conditions = (CHEAP,) if self.dear and not request.ignore else ()
        hits = tuple(Hit({"id": each, "title": each.upper()}, n, 0.5) for n, each in enumerate(products, 1))
        query = Query(request.text, request.text, "en", conditions)
        return SearchResult(query, hits[: request.limit], len(hits), weak=self.weak)


QUERY = EvalQuery("q1", "mug under 10")
QRELS = Qrels({"q1": {"a": 3, "b": 2, "c": 2, "d": 2.5, "e": 1, "x": 3}})


def test_every_good_product_has_one_fate() -> None:
    shop = Shop(shown="ae", low="b", dear="c")
    replies, losses, missed = find_losses(shop.search, [QUERY], QRELS)
    assert replies == (Reply(QUERY.text, "confident", "A", 0.5),)
    assert (losses.products, losses.absent, losses.lost_to_silence) == (4, 1, 0)
    assert losses.fates == {"found": 1, "deeper": 1, "condition": 1, "lost": 1}
    assert losses.share("lost") == 0.25
    assert missed == (
        Missed("q1", QUERY.text, "b", 2, "deeper", nothing=False),
        Missed("q1", QUERY.text, "c", 2, "condition", nothing=False),
        Missed("q1", QUERY.text, "d", 2.5, "lost", nothing=False),
    )


def test_what_was_returned_is_not_asked_for_again() -> None:
    shop = Shop(shown="abcd")
    _, losses, missed = find_losses(shop.search, [QUERY], Qrels({"q1": {"a": 3, "d": 2}}))
    assert (losses.fates["found"], missed) == (2, ())
    assert shop.asked == [SearchRequest(text=QUERY.text, limit=1000)]


def test_conditions_are_switched_off_only_where_there_are_any() -> None:
    shop = Shop(shown="a")
    find_losses(shop.search, [QUERY], QRELS)
    assert all(not request.ignore for request in shop.asked)


def test_silence_loses_everything_that_is_there() -> None:
    replies, losses, missed = find_losses(Shop(shown="").search, [QUERY], QRELS)
    assert [each.manner for each in replies] == ["nothing"]
    assert (losses.fates["lost"], losses.lost_to_silence) == (4, 4)
    assert all(each.nothing for each in missed)


def test_queries_that_nobody_judged_lose_nothing() -> None:
    replies, losses, missed = find_losses(Shop(shown="a").search, [EvalQuery("q9", "mug")], QRELS)
    assert (len(replies), losses.products, losses.share("lost"), missed) == (1, 0, 0.0, ())


def test_manners() -> None:
    replies = [
        *ask(Shop(shown="").search, ["a", "b"]),
        *ask(Shop(shown="a", weak=True).search, ["c"]),
        *ask(Shop(shown="a").search, ["d"]),
    ]
    assert [each.manner for each in replies] == ["nothing", "nothing", "weak", "confident"]
    counted = manners(replies)
    assert (counted.queries, counted.nothing, counted.weak, counted.confident) == (4, 0.5, 0.25, 0.25)
    assert manners([]).queries == 0


def test_an_answer_of_nothing_is_not_counted_as_weak_too() -> None:
    (reply,) = ask(Shop(shown="", weak=True).search, ["a"])
    assert reply.manner == "nothing"


def test_texts_are_lines_or_last_columns(tmp_path: Path) -> None:
    path = tmp_path / "q.txt"
    path.write_text("garden hose\n\n 水管 \nq1\t \tgarden hose\nq2\tred shoes\n", encoding="utf-8")
    assert read_texts(path) == ("garden hose", "水管", "red shoes")
    path.write_text("\t\n")
    with pytest.raises(JudgementError, match="holds no queries"):
        read_texts(path)
