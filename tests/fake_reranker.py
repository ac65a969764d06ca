"""A reranker that needs no model: it gives each text the score that it was told."""

from __future__ import annotations

from collections.abc import Sequence

from search.errors import EncoderError


class FakeReranker:
    """Scores by text, 0 for any other. Satisfies search.protocols.Reranker."""

    name = "fake/reranker"

    def __init__(self, fails: bool = False, **scores: float) -> None:
        self._fails = fails
        self._scores = scores
        self.asked = 0

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked += 1
        if self._fails:
            raise EncoderError("The reranker has no power. Plug it in.")
        return [float(self._scores.get(text, 0.0)) for text in texts]
