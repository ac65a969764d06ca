"""The second look at the first candidates: what moves, what stays, and what happens when the model does not help."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest
from fake_reranker import FakeReranker
from hypothesis import given
from hypothesis import strategies as st

from search.errors import EncoderError
from search.reranking import InTime, Reranked, rerank

SCORES = (0.9, 0.8, 0.7, 0.6)


def test_the_first_are_reordered_and_the_rest_stays() -> None:
    done = rerank(FakeReranker(c=1.0, b=0.5), "q", ["a", "b", "c"], SCORES, weight=0.5)
    assert done == Reranked((2, 1, 0, 3), (0.85, 0.65, 0.6, 0.6), (1.0, 0.5, 0.0, None))


def test_the_weight_decides() -> None:
    model = FakeReranker(c=1.0)
    assert rerank(model, "q", ["a", "b", "c"], SCORES, weight=0).order == (0, 1, 2, 3)
    assert rerank(model, "q", ["a", "b", "c"], SCORES, weight=1).order == (2, 0, 1, 3)


def test_ties_keep_their_order() -> None:
    done = rerank(FakeReranker(), "q", list("abcd"), (0.5,) * 4)
    assert done.order == (0, 1, 2, 3)
    assert done.said == (0.0,) * 4


def test_candidates_move_only_within_their_tier() -> None:
    done = rerank(FakeReranker(d=1.0, b=1.0), "q", list("abcd"), SCORES, tiers=[0, 0, 1, 1])
    assert done.order == (1, 0, 3, 2)


def test_nothing_to_read_asks_nobody() -> None:
    assert rerank(FakeReranker(fails=True), "q", [], SCORES) == Reranked((0, 1, 2, 3), SCORES, (None,) * 4)
    assert rerank(FakeReranker(), "q", [], []) == Reranked((), (), ())


def test_more_texts_than_scores_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="2 texts for 1 scores"):
        rerank(FakeReranker(), "q", ["a", "b"], [0.5])


class Wrong(FakeReranker):
    def __init__(self, answer: Sequence[float]) -> None:
        super().__init__()
        self._answer = answer

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        return list(self._answer)


@pytest.mark.parametrize("answer", [[], [0.1], [0.1, 0.2, 0.3], [float("nan"), 0.1], [1.5, 0.1], [-0.1, 0.1]])
def test_an_answer_that_is_none_leaves_the_order(answer: list[float]) -> None:
    assert rerank(Wrong(answer), "q", ["a", "b"], SCORES) == Reranked((0, 1, 2, 3), SCORES, (None,) * 4, ("reranker",))


def test_a_failure_leaves_the_order_and_the_query_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Quoting(FakeReranker):
        def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
            raise RuntimeError(f"cannot read {query}")

    for model in (FakeReranker(fails=True), Quoting()):
        done = rerank(model, "secret words", ["a", "b"], SCORES)
        assert (done.order, done.degraded) == ((0, 1, 2, 3), ("reranker",))
    assert "the reranker failed" in caplog.text
    assert "secret" not in caplog.text


def test_a_slow_reranker_is_not_waited_for() -> None:
    go_on = threading.Event()

    class Slow(FakeReranker):
        def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
            go_on.wait(30)
            return super().rerank(query, texts)

    patient = InTime(Slow(), 0.05)
    try:
        began = time.monotonic()
        with pytest.raises(EncoderError, match="DAOGOU_RERANKER_TOP"):
            patient.rerank("q", ["a"])
        assert rerank(patient, "q", ["a", "b"], SCORES).degraded == ("reranker",)
        assert time.monotonic() - began < 20
    finally:
        go_on.set()
    assert rerank(InTime(Slow(a=1), 30), "q", ["a", "b"], SCORES).said == (1.0, 0.0, None, None)
    patient.close()


def test_in_time_passes_on_what_is_said() -> None:
    patient = InTime(FakeReranker(b=0.25), 10)
    assert (patient.name, patient.rerank("q", ["a", "b"])) == ("fake/reranker", [0.0, 0.25])
    with pytest.raises(EncoderError, match="no power"):
        InTime(FakeReranker(fails=True), 10).rerank("q", ["a"])


share = st.floats(0, 1)


@given(st.data(), st.lists(share, max_size=12), share)
def test_a_permutation_of_the_first_in_order_of_score(data: st.DataObject, scores: list[float], weight: float) -> None:
    scores.sort(reverse=True)
    shown = data.draw(st.integers(0, len(scores)))
    said = data.draw(st.lists(share, min_size=shown, max_size=shown))
    done = rerank(Wrong(said), "q", ["x"] * shown, scores, weight)
    assert sorted(done.order[:shown]) == list(range(shown))
    assert done.order[shown:] == tuple(range(shown, len(scores)))
    assert list(done.scores) == sorted(done.scores, reverse=True)
    assert all(0 <= score <= 1 for score in done.scores)
    assert done.degraded == ()
